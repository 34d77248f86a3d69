"""Booking: a lesson catches up with its staffing, move by move, in one transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.booking import lesson_rules, retimes
from services.booking.lesson_door import move_lesson
from services.booking.models import Lesson, StaffingCopy
from services.contracts.lecturer import StaffingChanged
from services.kit.auth import Caller, Role
from services.kit.numbers import Numbers

# Whose doing the loss was is known where the holder was lost.
LOSSES = {"no_show_no_rescue", "abort_none", "abort_some"}


def heard(session: Session, lesson_id: UUID) -> StaffingChanged | None:
    """The staffing as last told."""
    copy = session.get(StaffingCopy, lesson_id)
    return StaffingChanged.model_validate(copy.body) if copy else None


def follow(session: Session, lesson: Lesson, *, by: Caller, at: datetime) -> None:
    """Every move the staffing asks for, until it asks for none. The lesson is locked."""
    staffing = heard(session, lesson.id)
    numbers = Numbers.of(session, lesson.district)
    while staffing is not None:
        verb = lesson_rules.next_verb(lesson, staffing, now=at, numbers=numbers)
        match verb:
            case None:
                return
            case "retime_kept":
                retimes.kept(session, lesson, by=by, at=at)
            case "retime_applied":
                retimes.moot(session, lesson, by=by, at=at)
            case "apply_conflict":
                retimes.dropped(session, lesson, why=_why(staffing), by=by, at=at)
            case _:
                _move(session, lesson, verb, staffing, by=by, at=at)


def _why(staffing: StaffingChanged) -> str:
    """Why an agreed change cannot be carried out."""
    if staffing.retime_answer in ("refused", "expired"):
        return f"holder_{staffing.retime_answer}"
    return "conflict" if staffing.retime_answer == "conflict" else "slot_passed"


def _move(
    session: Session,
    lesson: Lesson,
    verb: str,
    staffing: StaffingChanged,
    *,
    by: Caller,
    at: datetime,
) -> None:
    facts: dict[str, Any] = {}
    if verb == "handover":
        facts["handovers"] = staffing.handovers
    if verb in LOSSES and staffing.fault:
        facts["fault"] = staffing.fault
    move_lesson(
        session,
        lesson,
        verb,
        by=by,
        at=at,
        allowed=Role.SYSTEM,
        note=staffing.cause,
        **facts,
    )
