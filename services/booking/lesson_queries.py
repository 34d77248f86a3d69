"""Booking: what is read of lessons and changes. A list page is two queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.booking.change_door import LIVE, sides
from services.booking.lesson_door import find
from services.booking.lesson_rules import CHANGEABLE
from services.booking.models import Change, Lesson, Order, OrderLine, School, StaffingCopy
from services.booking.place_checks import Asked, place_asked, slot_asked
from services.booking.seeing import DISTRICT_WIDE, READERS
from services.booking.states import CHANGE, LESSON, ChangeState, LessonState
from services.contracts.booking import Slot
from services.contracts.lecturer import StaffingChanged
from services.kit import clock
from services.kit.auth import Caller
from services.kit.errors import Malformed
from services.kit.numbers import Numbers
from services.kit.outbox import Happened


@dataclass(frozen=True)
class Full:
    """A lesson with what stands around it."""

    lesson: Lesson
    line: OrderLine
    order: Order
    school_name: str
    staffing: StaffingChanged | None
    change_id: UUID | None


@dataclass(frozen=True)
class Wanted:
    """Which lessons of a list."""

    states: Sequence[LessonState] = ()
    first: str | None = None
    last: str | None = None
    school_id: UUID | None = None
    order_id: UUID | None = None


def lessons(by: Caller, wanted: Wanted, numbers: Numbers) -> SelectOfScalar[Lesson]:
    """Lessons the caller may know of. `first` and `last` are days, or instants with an offset, of
    their start; a day as `last` is included."""
    by.needs(*READERS)
    chosen = select(Lesson).where(Lesson.district == by.district)
    if not by.has(*DISTRICT_WIDE):
        chosen = chosen.where(Lesson.school_id == by.school_id)
    if wanted.states:
        chosen = chosen.where(col(Lesson.state).in_(wanted.states))
    if wanted.school_id is not None:
        chosen = chosen.where(Lesson.school_id == wanted.school_id)
    if wanted.order_id is not None:
        chosen = chosen.where(Lesson.order_id == wanted.order_id)
    if wanted.first is not None:
        chosen = chosen.where(col(Lesson.starts_at) >= moment(wanted.first, numbers))
    if wanted.last is not None:
        chosen = chosen.where(col(Lesson.starts_at) < moment(wanted.last, numbers, after=True))
    return chosen


def moment(text: str, numbers: Numbers, *, after: bool = False) -> datetime:
    """A day or an instant of a query string, in which a plus sign may have become a blank."""
    try:
        if len(text) <= len("2026-12-01"):
            on = date.fromisoformat(text) + timedelta(days=after)
            return clock.midnight(on, numbers.zone)
        at = datetime.fromisoformat(text.replace(" ", "+"))
        if at.tzinfo is None:
            raise ValueError
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Malformed("date_invalid", given=text) from error


def full(session: Session, rows: Sequence[Lesson]) -> list[Full]:
    """The rows with what stands around them, in one query, in their order."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    seat = sa.func.coalesce(col(Lesson.joined_to), col(Lesson.id))
    found = session.execute(
        sa.select(Lesson.id, OrderLine, Order, School.name, StaffingCopy.body, Change.id)  # type: ignore[call-overload]
        .join(OrderLine, col(OrderLine.id) == col(Lesson.line_id))
        .join(Order, col(Order.id) == col(Lesson.order_id))
        .join(School, col(School.id) == col(Lesson.school_id))
        .outerjoin(StaffingCopy, col(StaffingCopy.lesson_id) == seat)
        .outerjoin(Change, (col(Change.lesson_id) == col(Lesson.id)) & col(Change.state).in_(LIVE))
        .where(col(Lesson.id).in_(ids))
    ).all()
    around = {row[0]: row for row in found}
    return [
        Full(row, line, order, school, StaffingChanged.model_validate(body) if body else None, id)
        for row in rows
        for _, line, order, school, body, id in [around[row.id]]
    ]


def one(session: Session, lesson_id: UUID, *, by: Caller) -> Full:
    """404 for what the caller may not know; 403 for lecturers."""
    return full(session, [find(session, lesson_id, by)])[0]


def moves(found: Full, by: Caller) -> list[str]:
    """What the caller may say next; verbs that could only be refused now are left out."""
    lesson, staffing = found.lesson, found.staffing
    open_now = LESSON.open_to(LessonState(lesson.state), by.roles)
    if lesson.retime is not None:
        open_now = [verb for verb in open_now if verb == "cancel"]
    if staffing is None or not staffing.waived or staffing.status != "held":
        open_now = [verb for verb in open_now if verb != "downgrade_agreed"]
    return open_now


def changeable(found: Full) -> bool:
    """May a change be proposed?"""
    return found.lesson.state in CHANGEABLE and found.change_id is None


def happened(session: Session, lesson_id: UUID, *, by: Caller) -> SelectOfScalar[Happened]:
    """What happened to a lesson and its changes."""
    lesson = find(session, lesson_id, by)
    about = sa.select(col(Change.id)).where(col(Change.lesson_id) == lesson.id)
    key = col(Happened.key)
    return select(Happened).where((key == lesson.id) | key.in_(about))


def wished(session: Session, lesson_id: UUID, *, by: Caller) -> tuple[list[Slot], dict[str, Any]]:
    """The wished slots as they would be placed, and the question about them to the lecturers."""
    found = one(session, lesson_id, by=by)
    lesson, numbers = found.lesson, range(len(found.lesson.wishes))
    slots = [slot_asked(lesson, Asked(wish=number)) for number in numbers]
    return slots, {
        "district": lesson.district,
        "lesson_id": str(lesson.id),
        "course_id": str(lesson.course_id),
        "pools": (found.line.snapshot or {}).get("eligible_pools", []),
        "slots": [slot.model_dump(mode="json") for slot in slots],
        "place": place_asked(session, lesson, Asked(), by=by).model_dump(mode="json"),
    }


def changes(
    by: Caller, *, state: ChangeState | None, lesson_id: UUID | None, school_id: UUID | None
) -> SelectOfScalar[Change]:
    """Changes the caller may know of."""
    by.needs(*READERS)
    chosen = select(Change).where(Change.district == by.district)
    if not by.has(*DISTRICT_WIDE):
        chosen = chosen.where(Change.school_id == by.school_id)
    if state is not None:
        chosen = chosen.where(Change.state == state)
    if lesson_id is not None:
        chosen = chosen.where(Change.lesson_id == lesson_id)
    if school_id is not None:
        chosen = chosen.where(Change.school_id == school_id)
    return chosen


def change_moves(change: Change, by: Caller, numbers: Numbers) -> list[str]:
    """What the caller may say next, as proposer or as the other side."""
    open_now = CHANGE.open_to(ChangeState(change.state), sides(change, by))
    last = change.round >= numbers.int("change_rounds")
    return [verb for verb in open_now if not (last and verb == "counter")]
