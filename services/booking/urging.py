"""Booking: a school urges the district (催办), once per working day. No state changes."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from services.booking import calendar, order_door, steps
from services.booking.models import Lesson, Order
from services.booking.seeing import order_for
from services.booking.states import LessonState, OrderState
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict
from services.kit.numbers import Numbers
from services.kit.outbox import Happened

URGED = "booking.order.urged"


def urge(
    session: Session, order_id: UUID, *, note: str | None = None, by: Caller, at: datetime
) -> Order:
    """The schedulers are told that the letter waits. 409 `nothing_to_urge` when it does not wait
    for them, `urged_already` until another working day has begun."""
    by.needs(Role.TOWNSHIP)
    order = order_for(session, order_id, by, lock=True)
    if not steps.may_urge(OrderState(order.state), _lessons(session, order.id)):
        raise Conflict("nothing_to_urge", state=str(order.state))
    last = last_urged(session, [order.id]).get(order.id)
    if last is not None and not may_again(session, order.district, last, at):
        raise Conflict("urged_already", at=last.isoformat())
    order_door.tell(session, order, "urged", "urge", by=by, at=at, note=note, reason=note)
    return order


def last_urged(session: Session, ids: Iterable[UUID]) -> dict[UUID, datetime]:
    """When each letter was last urged; the history itself is the memory."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows: Any = session.execute(
        sa.select(col(Happened.key), sa.func.max(col(Happened.at)))
        .where(col(Happened.key).in_(wanted), col(Happened.subject) == URGED)
        .group_by(col(Happened.key))
    )
    return {key: at for key, at in rows}


def may_again(session: Session, district: str, last: datetime, at: datetime) -> bool:
    """Has a working day begun since?"""
    zone = Numbers.of(session, district).zone
    then, today = last.astimezone(zone).date(), at.astimezone(zone).date()
    days = calendar.between(session, district, then, max(today, then + timedelta(days=1)))
    return days.workdays_until(then, today, most=1) > 0


def _lessons(session: Session, order_id: UUID) -> dict[LessonState, int]:
    rows = session.execute(
        sa.select(col(Lesson.state), sa.func.count())
        .where(col(Lesson.order_id) == order_id)
        .group_by(col(Lesson.state))
    )
    return {LessonState(state): count for state, count in rows}
