"""Booking: what was held is attested, disputed, resolved. Hours count only from here (评单)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.booking.follow import heard
from services.booking.lesson_door import move_lesson, resolve, take
from services.booking.lessons import settled
from services.booking.models import Lesson, Order
from services.booking.states import OrderState
from services.kit.auth import Caller
from services.kit.errors import Conflict, Invalid


def attest(
    session: Session,
    lesson_id: UUID,
    *,
    attendance: int,
    minutes: int | None = None,
    note: str | None = None,
    by: Caller,
    at: datetime,
) -> Lesson:
    """How many came and how long it was taught: by the school, or by the district for it.

    `minutes` are those the lecturer service reported unless named; never more than the slot
    (422 `minutes_beyond_slot`).
    """
    lesson = take(session, lesson_id, by=by)
    verb = resolve(session, lesson, "attest", by=by)
    facts = _verified(session, lesson, minutes, attendance)
    facts |= {"attested_at": at, "attested_by": by.id, "attest_note": note}
    move_lesson(session, lesson, verb, by=by, at=at, note=note, **facts)
    return settled(session, lesson, at=at)


def dispute(session: Session, lesson_id: UUID, *, reason: str, by: Caller, at: datetime) -> Lesson:
    """The school says it was not as reported; the supervisor resolves it."""
    lesson = take(session, lesson_id, by=by)
    verb = resolve(session, lesson, "dispute", by=by)
    facts: dict[str, Any] = {"disputed_at": at, "dispute_reason": reason}
    return move_lesson(session, lesson, verb, by=by, at=at, note=reason, **facts)


def resolve_verified(
    session: Session,
    lesson_id: UUID,
    *,
    resolution: str,
    attendance: int | None = None,
    minutes: int | None = None,
    by: Caller,
    at: datetime,
) -> Lesson:
    """It counts, with these minutes."""
    lesson = take(session, lesson_id, by=by)
    verb = resolve(session, lesson, "resolve_verified", by=by)
    facts = _verified(session, lesson, minutes, attendance or lesson.attendance)
    facts["resolution"] = resolution
    move_lesson(session, lesson, verb, by=by, at=at, note=resolution, **facts)
    return settled(session, lesson, at=at)


def resolve_written_off(
    session: Session,
    lesson_id: UUID,
    *,
    resolution: str,
    fault: str | None = None,
    by: Caller,
    at: datetime,
) -> Lesson:
    """It does not count."""
    lesson = take(session, lesson_id, by=by)
    verb = resolve(session, lesson, "resolve_written_off", by=by)
    facts: dict[str, Any] = {"resolution": resolution, "verified_minutes": None}
    if fault is not None:
        facts["fault"] = fault
    move_lesson(session, lesson, verb, by=by, at=at, note=resolution, **facts)
    return settled(session, lesson, at=at)


def reopen(session: Session, lesson_id: UUID, *, reason: str, by: Caller, at: datetime) -> Lesson:
    """What was verified is doubted: it counts no more until resolved. A closed letter is reopened
    first (409 `order_closed`)."""
    lesson = take(session, lesson_id, by=by)
    verb = resolve(session, lesson, "reopen", by=by)
    order = session.get_one(Order, lesson.order_id)
    if order.state != OrderState.APPROVED:
        raise Conflict("order_closed", order_id=str(order.id), state=str(order.state))
    facts: dict[str, Any] = {"disputed_at": at, "dispute_reason": reason}
    facts |= dict.fromkeys(("resolution", "verified_minutes", "reason_code", "fault", "notice"))
    return move_lesson(session, lesson, verb, by=by, at=at, note=reason, **facts)


def minutes_taught(session: Session, lesson: Lesson) -> int:
    """As the lecturer service reported; the planned minutes when it said nothing of them."""
    staffing = heard(session, lesson.joined_to or lesson.id)
    taught = staffing.minutes_taught if staffing is not None else None
    return lesson.minutes if taught is None else min(taught, _longest(lesson))


def _verified(
    session: Session, lesson: Lesson, minutes: int | None, attendance: int | None
) -> dict[str, Any]:
    longest = _longest(lesson)
    if minutes is not None and minutes > longest:
        raise Invalid("minutes_beyond_slot", most=longest, given=minutes)
    taught = minutes_taught(session, lesson) if minutes is None else minutes
    return {"verified_minutes": taught, "attendance": attendance}


def _longest(lesson: Lesson) -> int:
    assert lesson.starts_at is not None and lesson.ends_at is not None
    return int((lesson.ends_at - lesson.starts_at).total_seconds() // 60)
