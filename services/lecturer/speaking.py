"""Lecturer: who may know of an offer or an assignment, and who may speak for its lecturer."""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlmodel import Session

from services.kit import db
from services.kit.auth import Caller, Role
from services.kit.errors import Forbidden, Invalid, NotFound
from services.lecturer.models import Assignment, Lecturer, Offer, Seat

DISTRICT_WIDE = (Role.SCHEDULER, Role.SUPERVISOR, Role.ADMINISTRATOR)
OURSELVES = (Role.SYSTEM, Role.TIMER)


@dataclass(frozen=True)
class Behalf:
    """The lecturer somebody speaks for, how he was reached, and what he said."""

    lecturer_id: UUID
    channel: str | None = None
    note: str | None = None


def offer_for(session: Session, offer_id: UUID, by: Caller) -> Offer:
    """The offer, as far as the caller may know of it; not locked. 404 otherwise."""
    offer = db.get(session, Offer, offer_id, what="offer")
    _see(session, offer, by, what="offer")
    return offer


def assignment_for(session: Session, assignment_id: UUID, by: Caller) -> Assignment:
    """The assignment, as far as the caller may know of it; not locked. 404 otherwise."""
    assignment = db.get(session, Assignment, assignment_id, what="assignment")
    _see(session, assignment, by, what="assignment")
    return assignment


def seat_for(session: Session, lesson_id: UUID, by: Caller) -> Seat:
    """The seat, for the district and for the lesson's school. 403 for a lecturer."""
    by.needs(*DISTRICT_WIDE, *OURSELVES, Role.TOWNSHIP)
    seat = db.get(session, Seat, lesson_id, what="seat")
    if seat.district != by.district or not _allowed(seat, by):
        raise NotFound("not_found", what="seat", id=str(lesson_id))
    return seat


def lecturer_of(session: Session, lecturer_id: UUID, by: Caller) -> Lecturer:
    """A lecturer of the caller's district, or 404."""
    lecturer = db.get(session, Lecturer, lecturer_id, what="lecturer")
    if lecturer.district != by.district:
        raise NotFound("not_found", what="lecturer", id=str(lecturer_id))
    return lecturer


def speaker(session: Session, row: Offer | Assignment, by: Caller, behalf: Behalf | None) -> Caller:
    """The caller as the one who says a lecturer's verb.

    The scheduler, or a clerk of the lesson's school, may say it on his behalf: for this lecturer,
    with the channel he was reached by and a note (422 otherwise).
    """
    if behalf is None:
        return by
    if not by.has(Role.SCHEDULER) and not _clerk(session, row.lesson_id, by):
        raise Forbidden("not_yours_to_say", roles=["scheduler", "township"])
    if behalf.lecturer_id != row.lecturer_id:
        raise Invalid("another_lecturer", lecturer_id=str(behalf.lecturer_id))
    if not (behalf.channel or "").strip() or not (behalf.note or "").strip():
        raise Invalid("channel_and_note_required")
    return replace(by, on_behalf_of=behalf.lecturer_id, channel=behalf.channel)


def _see(session: Session, row: Offer | Assignment, by: Caller, *, what: str) -> None:
    hidden = row.district != by.district
    if not hidden and not by.has(*DISTRICT_WIDE, *OURSELVES):
        his = by.has(Role.LECTURER) and by.lecturer_id == row.lecturer_id
        hidden = not his and not _clerk(session, row.lesson_id, by)
    if hidden:
        raise NotFound("not_found", what=what, id=str(row.id))


def _clerk(session: Session, lesson_id: UUID, by: Caller) -> bool:
    seat = session.get(Seat, lesson_id)
    return by.has(Role.TOWNSHIP) and seat is not None and seat.school_id == by.school_id


def _allowed(seat: Seat, by: Caller) -> bool:
    return by.has(*DISTRICT_WIDE, *OURSELVES) or seat.school_id == by.school_id
