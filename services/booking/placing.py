"""Booking: a lesson gets its time and place (排课), loses them, waits for them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import Session

from services.booking import holds, joined, place_checks, season_checks
from services.booking.follow import follow, heard
from services.booking.lesson_door import move_lesson, resolve, take
from services.booking.lesson_rules import has_holder
from services.booking.models import Lesson
from services.booking.place_checks import Asked
from services.contracts.booking import Place, Slot
from services.kit.auth import Caller
from services.kit.errors import Conflict


class Placed(NamedTuple):
    """The lesson, and what the scheduler should know of its place."""

    lesson: Lesson
    warnings: list[dict[str, Any]]


def place(
    session: Session,
    lesson_id: UUID,
    *,
    asked: Asked,
    mode: str = "in_turn",
    lecturers: Sequence[UUID] | None = None,
    wanted_only: bool = False,
    override: str | None = None,
    batch: UUID | None = None,
    season_id: UUID | None = None,
    by: Caller,
    at: datetime,
) -> Placed:
    """Slot and place taken, a fresh ladder asked for. `lecturers`, ranked, stand in place of the
    school's wishes; `wanted_only` asks nobody else; `season_id`: whose allocation; `batch`: the
    plan it belongs to. 409: a code of `place_checks`, `season_open` without a reason (`override`),
    or `place_taken`."""
    lesson = take(session, lesson_id, by=by)
    verb = resolve(session, lesson, "place", by=by)
    slot, where = _wanted(session, lesson, asked, by, at)
    season_checks.check(session, by.district, slot, override=override, season_id=season_id)
    found = place_checks.warnings_of(session, lesson, slot, where, at=at)
    holds.hold(session, (lesson, slot, where), by=by)
    facts: dict[str, Any] = {"mode": mode, "override_reason": override}
    facts["wanted_only"] = wanted_only
    if lecturers is not None:
        facts["wanted_lecturers"] = [str(lecturer) for lecturer in lecturers]
    facts |= taken(lesson, slot, where)
    move_lesson(session, lesson, verb, by=by, at=at, note=override, batch=batch, **facts)
    return Placed(lesson, found)


def unplace(
    session: Session, lesson_id: UUID, *, reason: str | None = None, by: Caller, at: datetime
) -> Lesson:
    """Back to the pile: the hold is let go, offers end."""
    lesson = take(session, lesson_id, by=by)
    verb = resolve(session, lesson, "unplace", by=by)
    facts: dict[str, Any] = {}
    if lesson.joined_to is not None:
        facts["place"] = joined.wished_place(session, lesson, by=by)
    return move_lesson(session, lesson, verb, by=by, at=at, note=reason, **facts)


def park(
    session: Session, lesson_id: UUID, *, reason: str | None = None, by: Caller, at: datetime
) -> Lesson:
    """候补: it waits until a place is let go at a time it wished for."""
    lesson = take(session, lesson_id, by=by)
    verb = resolve(session, lesson, "park", by=by)
    return move_lesson(session, lesson, verb, by=by, at=at, note=reason)


def suspend(session: Session, lesson_id: UUID, *, reason: str, by: Caller, at: datetime) -> Lesson:
    """暂缓: place and holder stay for `suspend_hold_days`."""
    lesson = take(session, lesson_id, by=by)
    verb = resolve(session, lesson, "suspend", by=by)
    return move_lesson(session, lesson, verb, by=by, at=at, note=reason, suspend_reason=reason)


def resume(
    session: Session,
    lesson_id: UUID,
    *,
    asked: Asked,
    note: str | None = None,
    by: Caller,
    at: datetime,
) -> Placed:
    """Go on: as it was when place and holder are still there, with an open seat when not, or at
    another time or place. 409 `slot_needed` when the old slot has passed."""
    lesson = take(session, lesson_id, by=by)
    resolve(session, lesson, "resume", by=by)
    assert lesson.starts_at is not None
    if asked.is_empty and lesson.starts_at <= at:
        raise Conflict("slot_needed", starts_at=lesson.starts_at.isoformat())
    if asked.is_empty and holds.is_held(session, lesson):
        if has_holder(lesson, heard(session, lesson.id)):
            _resumed(session, lesson, "resume_intact", by, at, note)
        else:
            # A revision of its own, so that whoever said no before may be asked again.
            facts = {"revision": lesson.revision + 1, "agreed_assignment": None}
            _resumed(session, lesson, "resume_broken", by, at, note, **facts)
        return Placed(lesson, [])
    slot, where = _wanted(session, lesson, asked, by, at)
    found = place_checks.warnings_of(session, lesson, slot, where, at=at)
    hold_id = holds.hold(session, (lesson, slot, where), by=by).get(lesson.id)
    holds.drop(session, lesson, at=at, but=hold_id)
    verb = "resume_broken" if asked.is_empty else "new_slot"
    _resumed(session, lesson, verb, by, at, note, **taken(lesson, slot, where))
    return Placed(lesson, found)


def _resumed(
    session: Session,
    lesson: Lesson,
    verb: str,
    by: Caller,
    at: datetime,
    note: str | None,
    **facts: Any,
) -> None:
    move_lesson(session, lesson, verb, by=by, at=at, note=note, suspend_reason=None, **facts)
    follow(session, lesson, by=by, at=at)


def _wanted(
    session: Session, lesson: Lesson, asked: Asked, by: Caller, at: datetime
) -> tuple[Slot, Place]:
    slot = place_checks.slot_asked(lesson, asked)
    where = place_checks.place_asked(session, lesson, asked, by=by)
    place_checks.check(session, lesson, slot, where, at=at)
    return slot, where


def taken(lesson: Lesson, slot: Slot, where: Place) -> dict[str, Any]:
    """A new slot is a new revision: nobody has declined it yet."""
    return {
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "place": where.model_dump(mode="json"),
        "revision": lesson.revision + 1,
        "agreed_assignment": None,
    }
