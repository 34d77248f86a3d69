"""Lecturer: who may know of whom. A lecturer knows of himself; a school of names to wish for."""

from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, select

from services.kit import db
from services.kit.auth import Caller, Role
from services.kit.errors import Missing, NotFound, Stale
from services.lecturer.models import Assignment, Lecturer, Offer, Staffing
from services.lecturer.states import LIVE_OFFER

KEEPERS = (Role.SCHEDULER, Role.ADMINISTRATOR)
DISTRICT_WIDE = (*KEEPERS, Role.SUPERVISOR)


def lecturer_for(session: Session, id: UUID, by: Caller, *, lock: bool = False) -> Lecturer:
    """The lecturer, as far as the caller may know of him: 404 for another's row."""
    by.needs(*DISTRICT_WIDE, Role.TOWNSHIP, Role.LECTURER)
    row = db.get(session, Lecturer, id, lock=lock, what="lecturer")
    if row.district != by.district or not (by.has(*DISTRICT_WIDE) or _allowed(row, by)):
        raise NotFound("not_found", what="lecturer", id=str(id))
    return row


def own_or_kept(session: Session, id: UUID, by: Caller, *, lock: bool = False) -> Lecturer:
    """The lecturer himself or whoever keeps the pools; a school has no business here."""
    by.needs(*DISTRICT_WIDE, Role.LECTURER)
    return lecturer_for(session, id, by, lock=lock)


def kept(session: Session, id: UUID, by: Caller) -> Lecturer:
    """For a change by the district: 403 for others, the row is locked."""
    by.needs(*KEEPERS)
    lock_seats(session, id)
    return lecturer_for(session, id, by, lock=True)


def his_or_kept(session: Session, id: UUID, by: Caller) -> Lecturer:
    """For a change by the lecturer himself or by the district; the row is locked."""
    by.needs(*KEEPERS, Role.LECTURER)
    lock_seats(session, id)
    return lecturer_for(session, id, by, lock=True)


def check_version(version: int, if_match: int | None) -> None:
    """Changing what exists names its newest version: 428 without, 412 with an older one."""
    if if_match is None:
        raise Missing("if_match_required", version=version)
    if if_match != version:
        raise Stale("version_stale", version=version)


def _allowed(row: Lecturer, by: Caller) -> bool:
    if by.has(Role.LECTURER) and by.lecturer_id == row.id:
        return True
    return by.has(Role.TOWNSHIP) and row.status == "active"


def lock_seats(session: Session, lecturer_id: UUID) -> None:
    """A change of a lecturer may cost him seats: they are locked before him, as accepting does, so
    that nobody waits for somebody who waits for him."""
    promised = select(Assignment.lesson_id).where(
        Assignment.lecturer_id == lecturer_id, col(Assignment.live)
    )
    asked = select(Offer.lesson_id).where(
        Offer.lecturer_id == lecturer_id, col(Offer.state).in_(LIVE_OFFER)
    )
    his = or_(col(Staffing.lesson_id).in_(promised), col(Staffing.lesson_id).in_(asked))
    session.exec(select(Staffing.lesson_id).where(his).order_by("lesson_id").with_for_update())
