"""Booking: a line of a repair is done, by the verbs everybody uses."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.booking import changes
from services.booking.follow import heard
from services.booking.lesson_door import take
from services.booking.lesson_rules import CHANGEABLE
from services.booking.models import Lesson
from services.booking.place_checks import Asked
from services.booking.repair_models import RepairLine
from services.booking.repair_rules import Action
from services.kit.auth import Caller
from services.kit.errors import Conflict, Refusal

DONE, ASKED, SKIPPED, LEFT = "done", "asked", "skipped", "left"


def adopt(session: Session, line: RepairLine, *, reason: str, by: Caller, at: datetime) -> None:
    """Whole or not at all; the line says which."""
    attempt = session.begin_nested()
    try:
        line.outcome = _adopt(session, line, reason, by, at)
        attempt.commit()
    except Refusal as refusal:
        attempt.rollback()
        line.outcome, line.outcome_code = SKIPPED, refusal.code
        line.outcome_facts = refusal.facts


def _adopt(session: Session, line: RepairLine, reason: str, by: Caller, at: datetime) -> str:
    lesson = take(session, line.lesson_id, by=by)
    _check_fresh(session, lesson, line)
    match Action(line.action):
        case Action.SUBSTITUTE:
            return DONE  # the lecturer room asks him when the leave is saved
        case Action.MOVE:
            _move(session, lesson, line, reason, by, at)
            return DONE
        case Action.MOVE_PLACE | Action.ASK:
            changes.propose(session, lesson.id, asked=_asked(line), reason=reason, by=by, at=at)
            return ASKED
    raise Conflict("nothing_proposed", lesson_id=str(lesson.id))


def _move(
    session: Session, lesson: Lesson, line: RepairLine, reason: str, by: Caller, at: datetime
) -> None:
    """Another of the school's own wishes. The same lecturer is asked whether he comes along;
    another one is asked first for the seat."""
    stays = line.lecturer_id == line.was_lecturer_id
    changes.move_as_wished(
        session,
        lesson.id,
        asked=Asked(starts_at=line.starts_at, ends_at=line.ends_at),
        first=line.lecturer_id,
        lose_holder=not stays,
        reason=reason,
        by=by,
        at=at,
    )


def _check_fresh(session: Session, lesson: Lesson, line: RepairLine) -> None:
    """409 `changed_since_repair` when it is not any more what it was when the repair was made. That
    its lecturer is lost is what the repair is about."""
    said = heard(session, lesson.id)
    now_by = said.holder_id if said is not None and said.revision >= lesson.revision else None
    same_lesson = (
        lesson.revision == line.revision
        and lesson.state in CHANGEABLE
        and lesson.place == line.was_place
        and lesson.starts_at == line.was_starts_at
    )
    if not same_lesson or now_by not in (None, line.was_lecturer_id, line.lecturer_id):
        facts: dict[str, Any] = {"state": str(lesson.state), "version": lesson.version}
        raise Conflict("changed_since_repair", **facts)


def _asked(line: RepairLine) -> Asked:
    """The slot and place of a proposal."""
    place, named = line.place or {}, dict[str, Any]()
    if line.place is not None and line.place != line.was_place:
        id = UUID(str(place["resource_id"]))
        named = {"site_id": id} if place["kind"] == "site" else {"venue_id": id}
    return Asked(starts_at=line.starts_at, ends_at=line.ends_at, **named)
