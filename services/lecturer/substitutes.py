"""Lecturer: whom the district wants to be asked first when a lecturer loses his lessons."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.kit.auth import Caller
from services.kit.errors import Conflict, Invalid
from services.lecturer import candidates, ladder, speaking
from services.lecturer.held import Held, hold
from services.lecturer.ladder import Asked
from services.lecturer.models import Assignment, Lecturer, Seat
from services.lecturer.seeing import KEEPERS
from services.lecturer.states import HOLDING

# By lesson, who is asked first; None: nobody is asked, the district does something else about it.
Substitutes = Mapping[UUID, UUID | None]
NOBODY_NAMED: Substitutes = {}
BY_HAND = "manual"


def check(
    session: Session,
    lecturer: Lecturer,
    promises: Sequence[tuple[Assignment, Seat | None]],
    chosen: Substitutes,
    *,
    by: Caller,
    at: datetime,
) -> None:
    """Only the district names them. 422 `not_among_them` for lessons he does not lose; 409
    `not_eligible` with the reasons against everybody who may not, by lesson."""
    if not chosen:
        return
    by.needs(*KEEPERS)
    loses = {one.lesson_id for one, _ in promises if one.state in HOLDING}
    if strange := sorted(str(id) for id in chosen.keys() - loses):
        raise Invalid("not_among_them", lessons=strange)
    refused: dict[str, list[dict[str, Any]]] = {}
    for lesson_id, lecturer_id in sorted(chosen.items()):
        if lecturer_id is None:
            continue
        speaking.lecturer_of(session, lecturer_id, by)
        held = hold(session, lesson_id, lecturer_ids=[lecturer.id])
        if against := _against(held, lecturer_id, at):
            refused[str(lesson_id)] = [{"lecturer_id": str(lecturer_id), **one} for one in against]
    if refused:
        raise Conflict("not_eligible", lessons=refused)


def ask_first(held: Held, chosen: Substitutes, *, by: Caller, at: datetime) -> None:
    """His seat is empty: the chosen one is asked, or nobody for now. Whoever comes after him is
    found by the ladder."""
    lesson_id = held.seat.lesson_id
    if lesson_id not in chosen:
        return
    lecturer_id = chosen[lesson_id]
    if lecturer_id is None:
        held.staff.ladder_mode, held.staff.ladder_on = BY_HAND, False
    elif not ladder.over(held, at):
        ladder.send(held, [Asked(lecturer_id, 0)], by=by, at=at)


def _against(held: Held, lecturer_id: UUID, at: datetime) -> list[dict[str, Any]]:
    if before := ladder.tried_before(held, lecturer_id):
        return [{"code": f"already_{before}"}]
    if ladder.over(held, at):
        return [{"code": "lesson_started"}]
    return [dict(reason) for reason in candidates.why_not(held.session, held.seat, lecturer_id)]
