"""Lecturer: how a promise to teach is kept alive, given back, taken over or ended."""

from dataclasses import replace as with_
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from services.kit import auth
from services.kit.auth import Caller
from services.kit.errors import Conflict, Invalid, NotFound
from services.lecturer import clocks, commitments, doors, ladder, seats, speaking, staffing
from services.lecturer.held import Held, hold
from services.lecturer.ladder import Asked
from services.lecturer.models import Assignment, Offer
from services.lecturer.speaking import Behalf
from services.lecturer.states import ASSIGNMENT


def reconfirm(
    session: Session,
    assignment_id: UUID,
    *,
    note: str | None = None,
    behalf: Behalf | None = None,
    by: Caller,
    at: datetime,
) -> Assignment:
    """I am still coming: nobody has to ask again."""
    held, mine, by = take(session, assignment_id, by, behalf)
    mine.reconfirmed_at = at
    doors.move_assignment(held, mine, "reconfirm", by=by, at=at, note=note)
    clocks.start(held, mine, at=at)
    seats.settle(held, cause="reconfirm", by=by, at=at)
    return mine


def release(
    session: Session,
    assignment_id: UUID,
    *,
    reason: str | None = None,
    note: str | None = None,
    behalf: Behalf | None = None,
    by: Caller,
    at: datetime,
) -> Assignment:
    """Early, with a reason: the seat is free at once. Late: a request, and a stand-by is sought
    before anybody lets go."""
    held, mine, by = take(session, assignment_id, by, behalf)
    ASSIGNMENT.resolve("release", mine.state, doors.roles(by))
    if at >= mine.starts_at:
        raise Conflict("lesson_started", starts_at=mine.starts_at.isoformat())
    early = timedelta(hours=held.numbers.int("notice_early_hours"))
    if mine.starts_at - at >= early:
        if not (reason or "").strip():
            raise Invalid("reason_required")
        doors.move_assignment(held, mine, "release_early", by=by, at=at, reason=reason, note=note)
        staffing.lose(held, "released")
    else:
        doors.move_assignment(
            held, mine, "release_late_request", by=by, at=at, reason=reason, note=note
        )
        clocks.start(held, mine, at=at)
    seats.settle(held, cause="release", by=by, at=at)
    return mine


def grant(
    session: Session,
    assignment_id: UUID,
    *,
    note: str | None = None,
    by: Caller,
    at: datetime,
) -> Assignment:
    """The scheduler lets him go although nobody has taken over yet."""
    held, mine, by = take(session, assignment_id, by, None)
    doors.move_assignment(held, mine, "grant", by=by, at=at, note=note)
    staffing.lose(held, "released")
    seats.settle(held, cause="grant", by=by, at=at)
    return mine


def refuse(
    session: Session,
    assignment_id: UUID,
    *,
    note: str | None = None,
    by: Caller,
    at: datetime,
) -> Assignment:
    """The promise stands."""
    return _stays(session, assignment_id, "refuse", None, note, by, at)


def withdraw_request(
    session: Session,
    assignment_id: UUID,
    *,
    note: str | None = None,
    behalf: Behalf | None = None,
    by: Caller,
    at: datetime,
) -> Assignment:
    """He can come after all."""
    return _stays(session, assignment_id, "withdraw_request", behalf, note, by, at)


def replace(
    session: Session,
    assignment_id: UUID,
    *,
    lecturer_id: UUID,
    channel: str,
    note: str,
    by: Caller,
    at: datetime,
) -> Assignment:
    """Make before break: another lecturer has agreed by phone, the old one is free; or nothing of
    both, with the reason. Returns the new promise."""
    held, mine, by = take(session, assignment_id, by, None, lecturer_id)
    ASSIGNMENT.move("replace", mine.state, by.roles)
    if held.seat.revision != mine.revision:
        raise Conflict("revision_stale", revision=held.seat.revision)
    offer = agreed(held, lecturer_id, by=by, at=at, note=note)

    def end_old(old: Assignment) -> None:
        # Not the note: it says who agreed to come.
        doors.move_assignment(held, old, "replace", by=by, at=at)

    for_new = with_(by, on_behalf_of=lecturer_id, channel=channel)
    new = commitments.commit(held, offer, "accept", end_old=end_old, by=for_new, at=at, note=note)
    seats.settle(held, cause="replace", by=by, at=at)
    return new


def reconfirm_missed(session: Session, assignment_id: UUID, at: datetime) -> None:
    """The clock: the lesson is near and he has not said again that he comes."""
    held, mine, by = by_clock(session, assignment_id)
    if mine.reconfirmed_at is not None:
        raise Conflict("reconfirmed")
    doors.move_assignment(held, mine, "reconfirm_missed", by=by, at=at)
    seats.settle(held, cause="reconfirm_missed", by=by, at=at)


def appeal_upheld(
    session: Session,
    assignment_id: UUID,
    *,
    note: str | None = None,
    by: Caller,
    at: datetime,
) -> Assignment:
    """He was there, or could not be: the no-show no longer counts against him."""
    held, mine, by = take(session, assignment_id, by, None)
    doors.move_assignment(
        held, mine, "appeal_upheld", by=by, at=at, fault="none", reason=note, note=note
    )
    if held.staff.lost == "no_show" and held.staff.revision == mine.revision:
        held.staff.fault = "none"
    seats.settle(held, cause="appeal_upheld", by=by, at=at)
    return mine


def take(
    session: Session,
    assignment_id: UUID,
    by: Caller,
    behalf: Behalf | None,
    *lecturer_ids: UUID,
) -> tuple[Held, Assignment, Caller]:
    """The promise with its seat, locked, and who is speaking."""
    mine = speaking.assignment_for(session, assignment_id, by)
    by = speaking.speaker(session, mine, by, behalf)
    for lecturer_id in lecturer_ids:
        speaking.lecturer_of(session, lecturer_id, by)
    held = hold(session, mine.lesson_id, lecturer_ids=lecturer_ids)
    session.refresh(mine)
    return held, mine, by


def by_clock(session: Session, assignment_id: UUID) -> tuple[Held, Assignment, Caller]:
    mine = session.get(Assignment, assignment_id)
    if mine is None:
        raise NotFound("not_found", what="assignment", id=str(assignment_id))
    return take(session, assignment_id, auth.timer(mine.district), None)


def agreed(held: Held, lecturer_id: UUID, *, by: Caller, at: datetime, note: str) -> Offer:
    """An offer for somebody who has said yes by phone; 409 when he is the holder himself."""
    if held.holder is not None and held.holder.lecturer_id == lecturer_id:
        raise Conflict("already_the_holder")
    known = [offer for offer in held.live if offer.kind == "seat"]
    for offer in known:
        if offer.lecturer_id == lecturer_id and offer.state == "pending":
            return offer
        if offer.lecturer_id == lecturer_id:
            raise Conflict("already_offered", state=str(offer.state))
    return ladder.send(held, [Asked(lecturer_id, 0)], by=by, at=at, note=note)[0]


def _stays(
    session: Session,
    assignment_id: UUID,
    verb: str,
    behalf: Behalf | None,
    note: str | None,
    by: Caller,
    at: datetime,
) -> Assignment:
    held, mine, by = take(session, assignment_id, by, behalf)
    doors.move_assignment(held, mine, verb, by=by, at=at, note=note)
    clocks.start(held, mine, at=at)
    seats.settle(held, cause=verb, by=by, at=at)
    return mine
