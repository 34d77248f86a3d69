"""Booking: what a school does with its letter. One function per verb of the table."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking import (
    births,
    calendar,
    checks,
    deadlines,
    fixing,
    numbering,
    order_door,
    schools,
)
from services.booking.lesson_rules import FAULTS
from services.booking.models import Lesson, Order, OrderLine
from services.booking.rules import fault_of
from services.booking.seeing import check_version, order_for, see
from services.booking.states import ORDER, UNDER_WAY, OrderState
from services.kit import db, timers
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict, Forbidden, Invalid
from services.kit.ids import uuid7

MOST_LINES = 500

CANCELLED = {
    "cancel_order": "cancelled_by_school",
    "cancel_order_by_district": "cancelled_by_district",
}

Facts = Mapping[str, Any]


def put(
    session: Session,
    order_id: UUID,
    letter: Facts,
    lines: Sequence[dict[str, Any]],
    *,
    if_match: int | None,
    by: Caller,
    at: datetime,
) -> tuple[Order, bool]:
    """Create or replace a draft; in a returned letter only what was named may change. True when
    new. Lines are columns of `OrderLine`, in their order."""
    by.needs(Role.TOWNSHIP)
    if len(lines) > MOST_LINES:
        raise Invalid("too_many_lines", most=MOST_LINES, given=len(lines))
    order = session.get(Order, order_id, with_for_update=True)
    if order is None:
        return _create(session, order_id, letter, lines, by=by, at=at), True
    see(by, order.district, order.school_id, what="order", id=order_id)
    check_version(order.version, if_match)
    if order.state == OrderState.DRAFT:
        session.execute(sa.delete(OrderLine).where(col(OrderLine.order_id) == order.id))
        _insert_lines(session, order.id, lines)
        deadlines.watch_draft(session, order, lines, at)
    elif order.state == OrderState.RETURNED:
        fixing.check(session, order, letter, lines)
        fixing.replace_lines(session, order, lines)
    else:
        raise Conflict("wrong_state", machine="order", verb="put", state=str(order.state))
    for name in fixing.LETTER_FIELDS:
        setattr(order, name, letter[name])
    order.version += 1
    session.flush()
    return order, False


def _create(
    session: Session,
    order_id: UUID,
    letter: Facts,
    lines: Sequence[dict[str, Any]],
    *,
    by: Caller,
    at: datetime,
) -> Order:
    if by.school_id is None:
        raise Forbidden("school_required")
    schools.check_open(session, by.school_id)
    order = Order(
        id=order_id,
        district=by.district,
        school_id=by.school_id,
        created_at=at,
        created_by=by.id,
        **{name: letter[name] for name in fixing.LETTER_FIELDS},
    )
    session.add(order)
    session.flush()
    _insert_lines(session, order_id, lines)
    deadlines.watch_draft(session, order, lines, at)
    return order


def _insert_lines(session: Session, order_id: UUID, lines: Sequence[dict[str, Any]]) -> None:
    rows = [
        {**line, "id": uuid7(), "order_id": order_id, "position": position}
        for position, line in enumerate(lines, 1)
    ]
    db.insert_many(session, OrderLine, rows)


def submit(session: Session, order_id: UUID, *, by: Caller, at: datetime) -> Order:
    """To the district, with a number of its own; every line becomes requested lessons.
    422 `lines_invalid` with all errors of all lines, 409 `school_closed`."""
    order = _mine(session, order_id, "submit", by)
    schools.check_open(session, order.school_id)
    lines, on = _checked(session, order, at)
    for line in lines:
        births.snapshot(line, on)
    session.flush()
    lessons = births.bear(session, order, lines, on, at)
    due_at = _await_review(session, order, lines, on, at)
    local = at.astimezone(on.numbers.zone)
    # Last of all rows: until the commit nobody else in the district gets a number.
    number = numbering.next_number(session, order.district, local.year)
    order_door.move(
        session,
        order,
        "submit",
        by=by,
        at=at,
        due_at=due_at,
        number=number,
        submitted_at=at,
        review_due_at=due_at,
    )
    births.announce(session, lessons, by=by, at=at)
    return order


def resubmit(session: Session, order_id: UUID, *, by: Caller, at: datetime) -> Order:
    """A returned letter, mended: checked again, its lessons follow its lines."""
    order = _mine(session, order_id, "resubmit", by)
    lines, on = _checked(session, order, at)
    for line in lines:
        births.snapshot(line, on)
    timers.stop(session, order.id, "fix_deadline")
    due_at = _await_review(session, order, lines, on, at)
    order_door.move(
        session,
        order,
        "resubmit",
        by=by,
        at=at,
        due_at=due_at,
        review_due_at=due_at,
        fix_due_at=None,
        fix_fields=[],
        reason=None,
    )
    births.follow(session, order, lines, on, verb="resubmitted", by=by, at=at)
    return order


def discard(
    session: Session, order_id: UUID, *, reason: str | None = None, by: Caller, at: datetime
) -> Order:
    """A draft that will not be sent."""
    order = _mine(session, order_id, "discard", by)
    end: dict[str, Any] = {
        "reason": reason,
        "reason_code": "discarded",
        "fault": "school",
        "notice": "early",
    }
    return order_door.move(session, order, "discard", by=by, at=at, note=reason, **end)


def withdraw(
    session: Session, order_id: UUID, *, reason: str | None = None, by: Caller, at: datetime
) -> Order:
    """Taken back before it was approved; its requested lessons end with it."""
    order = _mine(session, order_id, "withdraw", by)
    return deadlines.end(
        session, order, "withdraw", "withdrawn", fault="school", reason=reason, by=by, at=at
    )


def cancel_order(
    session: Session,
    order_id: UUID,
    *,
    reason: str,
    reason_code: str | None = None,
    fault: str | None = None,
    by: Caller,
    at: datetime,
) -> Order:
    """An approved letter ends before any lesson has begun (409 `lessons_under_way`); its lessons
    are cancelled with it. By the school or by the district, whoever calls."""
    order = order_for(session, order_id, by, lock=True)
    verb = ORDER.resolve("cancel_order", OrderState(order.state), by.roles)
    if fault is not None and fault not in FAULTS:
        raise Invalid("fault_unknown", faults=FAULTS)
    begun = session.exec(
        select(Lesson.id)
        .where(Lesson.order_id == order.id)
        .where(col(Lesson.state).in_(UNDER_WAY))
        .order_by("position", "day_index")
    ).all()
    if begun:
        raise Conflict("lessons_under_way", lessons=[str(lesson) for lesson in begun])
    return deadlines.end(
        session,
        order,
        verb,
        reason_code
        or ("cancelled_by_school" if verb == "cancel_order" else "cancelled_by_district"),
        fault=fault or fault_of(by),
        reason=reason,
        by=by,
        at=at,
    )


def reopen(session: Session, order_id: UUID, *, reason: str, by: Caller, at: datetime) -> Order:
    """A closed letter is taken up again, so that a verified lesson can be."""
    order = order_for(session, order_id, by, lock=True)
    again: dict[str, Any] = {"reason": reason, "reason_code": None, "fault": None, "notice": None}
    return order_door.move(session, order, "reopen", by=by, at=at, note=reason, **again)


def lines_of(session: Session, order_id: UUID) -> Sequence[OrderLine]:
    return session.exec(
        select(OrderLine).where(OrderLine.order_id == order_id).order_by("position")
    ).all()


def _mine(session: Session, order_id: UUID, verb: str, by: Caller) -> Order:
    """The letter, locked, when the verb is open; refused before anything is written."""
    order = order_for(session, order_id, by, lock=True)
    ORDER.move(verb, OrderState(order.state), by.roles)
    return order


def _checked(
    session: Session, order: Order, at: datetime
) -> tuple[Sequence[OrderLine], checks.Ground]:
    lines = lines_of(session, order.id)
    on = checks.ground(session, order, lines, at)
    if errors := checks.problems(order, lines, on, at):
        raise Invalid("lines_invalid", errors=errors)
    return lines, on


def _await_review(
    session: Session,
    order: Order,
    lines: Sequence[OrderLine],
    on: checks.Ground,
    at: datetime,
) -> datetime:
    """The district's clock, and the end of the last wished slot, whichever comes first."""
    workdays = on.numbers.int("review_working_days")
    due_at = calendar.due_after(on.calendar, at, workdays, on.numbers.zone)
    timers.stop(session, order.id, "stale_or_dates_past")
    timers.start(session, order.id, "review_sla", due_at)
    timers.start(session, order.id, "all_dates_past", deadlines.last_wish(lines))
    return due_at
