"""Booking: the one door of a letter. State, facts, version, event together.

It knows nothing of lessons but their states, so that lessons may knock here when they are settled.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from services.booking.models import Lesson, Order, OrderLine, School
from services.booking.states import ORDER, SETTLED, LessonState, OrderState
from services.contracts.booking import OrderChanged
from services.kit import outbox, timers
from services.kit.auth import Caller, system

ENDS = {
    OrderState.REJECTED,
    OrderState.WITHDRAWN,
    OrderState.EXPIRED,
    OrderState.CANCELLED,
    OrderState.CLOSED,
}


def move(
    session: Session,
    order: Order,
    verb: str,
    *,
    by: Caller,
    at: datetime,
    note: str | None = None,
    due_at: datetime | None = None,
    **facts: Any,
) -> Order:
    """Move it; the caller has locked it. A letter that ends keeps no deadline of its own."""
    was = OrderState(order.state)
    found = ORDER.move(verb, was, by.roles)
    order.state = found.target
    for name, value in facts.items():
        setattr(order, name, value)
    order.version += 1
    order.ended_at = at if order.state in ENDS else None
    if order.state in ENDS:
        timers.stop(session, order.id)
    session.add(order)
    session.flush()
    _tell(session, order, found.fact, verb, was, by=by, at=at, note=note, due_at=due_at)
    return order


def tell(
    session: Session,
    order: Order,
    fact: str,
    verb: str,
    *,
    by: Caller,
    at: datetime,
    note: str | None = None,
    reason: str | None = None,
) -> None:
    """Something about the letter that moves nothing; the caller has locked it."""
    order.version += 1
    session.flush()
    state = OrderState(order.state)
    _tell(session, order, fact, verb, state, by=by, at=at, note=note, reason=reason)


def _tell(
    session: Session,
    order: Order,
    fact: str,
    verb: str,
    was: OrderState,
    *,
    by: Caller,
    at: datetime,
    note: str | None,
    due_at: datetime | None = None,
    reason: str | None = None,
) -> None:
    lines, returned = _lines(session, order.id)
    outbox.tell(
        session,
        OrderChanged(
            fact=fact,
            key=order.id,
            version=order.version,
            district=order.district,
            at=at,
            by=by.actor(),
            verb=verb,
            was=was,
            state=order.state,
            note=note,
            number=order.number,
            school_id=order.school_id,
            school_name=session.get_one(School, order.school_id).name,
            lines=lines,
            lines_returned=returned,
            reason=reason or order.reason,
            reason_code=order.reason_code,
            due_at=due_at,
        ),
    )


def settle(session: Session, order_id: UUID, *, at: datetime) -> None:
    """Close the letter when its last lesson is settled, cancel it when none was held.

    The lock comes first: of two lessons that settle at once the second sees the first.
    """
    session.flush()
    order = session.get(
        Order, order_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if order is None or order.state != OrderState.APPROVED:
        return
    rows = session.execute(
        sa.select(col(Lesson.state), col(Lesson.fault), col(Lesson.notice))
        .where(col(Lesson.order_id) == order_id)
        .distinct()
    ).all()
    if not rows or any(LessonState(state) not in SETTLED for state, _, _ in rows):
        return
    by = system(order.district)
    if any(state == LessonState.VERIFIED for state, _, _ in rows):
        end: dict[str, Any] = {"reason_code": "delivered", "fault": "none", "notice": "after_start"}
        move(session, order, "all_lessons_settled_some_verified", by=by, at=at, **end)
        return
    faults = {fault for _, fault, _ in rows if fault}
    notices = [notice for _, _, notice in rows if notice]
    end = {
        "reason_code": "no_lesson_held",
        "fault": faults.pop() if len(faults) == 1 else "none",
        "notice": max(notices, key=NOTICES.index, default="early"),
    }
    move(session, order, "all_lessons_settled_none_verified", by=by, at=at, **end)


NOTICES = ("early", "late", "same_day", "after_start")


def _lines(session: Session, order_id: UUID) -> tuple[int, int]:
    """How many, and how many of them are with the school to be mended."""
    returned = sa.case((col(OrderLine.review) == "returned", 1), else_=0)
    counted = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(returned), 0))
    row = session.execute(counted.where(col(OrderLine.order_id) == order_id)).one()
    return int(row[0]), int(row[1])
