"""Lecturer: the scheduler sends offers by hand, or starts the ladder."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlmodel import Session

from services.kit.auth import Caller, Role
from services.kit.errors import Conflict, Invalid
from services.lecturer import candidates, ladder, seats, speaking
from services.lecturer.eligibility import WAIVABLE
from services.lecturer.held import Held, hold
from services.lecturer.ladder import Asked
from services.lecturer.models import Offer

Mode = Literal["in_turn", "parallel", "open", "manual"]


def dispatch(
    session: Session,
    lesson_id: UUID,
    *,
    lecturer_ids: Sequence[UUID] = (),
    mode: Mode | None = None,
    waive: Sequence[str] = (),
    reason: str | None = None,
    by: Caller,
    at: datetime,
) -> list[Offer]:
    """Ask these lecturers now, beside whoever is asked already; or, without names, let the ladder
    climb in this mode. Returns the live offers.

    409 `not_eligible` with everybody's reasons, and nothing is sent; `seat_not_open`.
    """
    by.needs(Role.SCHEDULER)
    speaking.seat_for(session, lesson_id, by)
    for lecturer_id in lecturer_ids:
        speaking.lecturer_of(session, lecturer_id, by)
    held = hold(session, lesson_id)
    if held.seat.starts_at is None or not ladder.wanting(held):
        raise Conflict("seat_not_open", state=held.seat.state)
    if ladder.over(held, at):
        raise Conflict("lesson_started", starts_at=held.slot[0].isoformat())
    _check_waivers(held, waive, reason)
    if mode is not None or not lecturer_ids:
        held.staff.ladder_mode = mode or _usual(held)
        held.staff.ladder_waive, held.staff.ladder_reason = sorted(waive), reason
    if lecturer_ids:
        asked = _able(held, list(dict.fromkeys(lecturer_ids)), frozenset(waive))
        ladder.send(held, asked, by=by, at=at, note=reason or "")
    seats.settle(held, cause="dispatch", by=by, at=at)
    return held.live


def _usual(held: Held) -> str:
    usual = ladder.mode(held)
    return "in_turn" if usual == "manual" else usual


def _check_waivers(held: Held, waive: Sequence[str], reason: str | None) -> None:
    """Only rules the school can agree to, only while the lesson is at risk, and with a reason."""
    if not waive:
        return
    if unknown := sorted(set(waive) - WAIVABLE):
        raise Invalid("not_waivable", codes=unknown, waivable=sorted(WAIVABLE))
    if held.seat.state != "at_risk":
        raise Conflict("waive_only_at_risk", state=held.seat.state)
    if not (reason or "").strip():
        raise Invalid("reason_required")


def _able(held: Held, lecturer_ids: list[UUID], waive: frozenset[str]) -> list[Asked]:
    refused: dict[str, list[dict[str, Any]]] = {}
    for lecturer_id in lecturer_ids:
        before = ladder.tried_before(held, lecturer_id)
        against = [{"code": f"already_{before}"}] if before else []
        against += candidates.why_not(held.session, held.seat, lecturer_id, waive=waive)
        if against:
            refused[str(lecturer_id)] = against
    if refused:
        raise Conflict("not_eligible", lecturers=refused)
    return [Asked(id, 0, ladder.needed_waivers(held, id, waive)) for id in lecturer_ids]
