"""Booking: an agreed change carried out. A holder is asked first; the old slot stands meanwhile."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from services.booking import holds
from services.booking.change_door import live_change, move_change
from services.booking.lesson_door import move_lesson, tell_lesson
from services.booking.models import Change, Lesson
from services.contracts.booking import Place, Retime, Slot
from services.kit.auth import Caller, Role


def ask(session: Session, lesson: Lesson, change: Change, *, by: Caller, at: datetime) -> None:
    """Tell the lecturer service what is agreed: it asks the holder and answers by staffing."""
    retime = Retime(
        change_id=change.id,
        revision=lesson.revision + 1,
        slot=slot_of(change),
        place=Place.model_validate(change.place),
    )
    change.retime_revision = retime.revision
    plain = retime.model_dump(mode="json")
    tell_lesson(session, lesson, "retime_asked", by=by, at=at, note=change.reason, retime=plain)


def kept(session: Session, lesson: Lesson, *, by: Caller, at: datetime) -> None:
    """The holder comes along: slot, place and revision taken, the old hold let go."""
    _take_over(session, lesson, _agreed(session, lesson), "retime_kept", by=by, at=at)


def applied(session: Session, lesson: Lesson, change: Change, *, by: Caller, at: datetime) -> None:
    """The new slot holds at once, and its seat is open."""
    _take_over(session, lesson, change, "retime_applied", by=by, at=at)


def moot(session: Session, lesson: Lesson, *, by: Caller, at: datetime) -> None:
    """There is no holder left to ask: the new slot holds at once."""
    applied(session, lesson, _agreed(session, lesson), by=by, at=at)


def dropped(session: Session, lesson: Lesson, *, why: str, by: Caller, at: datetime) -> None:
    """The holder cannot: the new hold is let go and the old date stands."""
    change = _agreed(session, lesson)
    if change.hold_id is not None:
        holds.drop(session, lesson, at=at, only=change.hold_id)
    tell_lesson(session, lesson, "retime_dropped", by=by, at=at, note=why, retime=None)
    move_change(
        session, change, "apply_conflict", by=by, at=at, allowed=Role.SYSTEM, reason_code=why
    )


def slot_of(change: Change) -> Slot:
    return Slot(starts_at=change.starts_at, ends_at=change.ends_at)


def _take_over(
    session: Session, lesson: Lesson, change: Change, verb: str, *, by: Caller, at: datetime
) -> None:
    holds.drop(session, lesson, at=at, but=change.hold_id)
    move_lesson(
        session,
        lesson,
        verb,
        by=by,
        at=at,
        allowed=Role.SYSTEM,
        note=change.reason or None,
        starts_at=change.starts_at,
        ends_at=change.ends_at,
        place=change.place,
        revision=lesson.revision + 1,
        retime=None,
    )
    move_change(session, change, "apply_ok", by=by, at=at, allowed=Role.SYSTEM)


def _agreed(session: Session, lesson: Lesson) -> Change:
    change = live_change(session, lesson.id)
    assert change is not None, "a retime is told only for an agreed change"
    assert lesson.retime is not None and UUID(lesson.retime["change_id"]) == change.id
    return change
