"""Lecturer: when a lecturer may be asked: his weekly half-days, and his leave."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col

from services.contracts.booking import Slot
from services.kit.auth import Caller
from services.kit.db import insert_many
from services.kit.errors import Conflict, Invalid, NotFound
from services.lecturer import losses
from services.lecturer import substitutes as standing_in
from services.lecturer.eligibility import HALF_DAYS
from services.lecturer.lecturers import changed
from services.lecturer.models import Assignment, Availability, Leave, Lecturer
from services.lecturer.seeing import check_version, his_or_kept
from services.lecturer.substitutes import NOBODY_NAMED, Substitutes

LONGEST_LEAVE = timedelta(days=732)


def set_half_days(
    session: Session,
    lecturer_id: UUID,
    *,
    half_days: Sequence[str],
    if_match: int | None,
    by: Caller,
    at: datetime,
) -> Lecturer:
    """His week from now on, all of it. What he has promised stays promised."""
    row = his_or_kept(session, lecturer_id, by)
    check_version(row.version, if_match)
    wanted = sorted(set(half_days))
    if unknown := sorted(set(wanted) - HALF_DAYS):
        raise Invalid("half_days_unknown", half_days=unknown)
    session.execute(delete(Availability).where(col(Availability.lecturer_id) == lecturer_id))
    insert_many(
        session, Availability, [{"lecturer_id": lecturer_id, "half_day": h} for h in wanted]
    )
    changed(session, row, "set_availability", half_days=wanted, by=by, at=at)
    losses.settle_offers(session, row, by=by, at=at)
    return row


def take_leave(
    session: Session,
    lecturer_id: UUID,
    id: UUID,
    *,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    force: bool = False,
    substitutes: Substitutes = NOBODY_NAMED,
    by: Caller,
    at: datetime,
) -> tuple[Leave, bool]:
    """His leave, and whether it is new. 409 `holds_lessons` with the lessons he has promised in
    that time, unless the district forces it: then he loses them, and whoever it names is asked
    first; 409 `not_eligible` when one of those may not."""
    lecturer = his_or_kept(session, lecturer_id, by)
    before = session.get(Leave, id)
    if before is not None:
        return _same(before, lecturer_id, starts_at, ends_at), False
    if ends_at <= starts_at or ends_at - starts_at > LONGEST_LEAVE:
        raise Invalid("leave_invalid", longest_days=LONGEST_LEAVE.days)
    if ends_at <= at:
        raise Conflict("in_the_past", ends_at=ends_at.isoformat())
    lessons = losses.promised(
        session,
        lecturer,
        col(Assignment.starts_at) < ends_at,
        col(Assignment.ends_at) > starts_at,
    )
    losses.check(session, lecturer, lessons, force=force, by=by)
    standing_in.check(session, lecturer, lessons, substitutes, by=by, at=at)
    row = Leave(
        id=id,
        lecturer_id=lecturer_id,
        district=lecturer.district,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
        forced=bool(lessons),
    )
    session.add(row)
    _leave_changed(session, lecturer, row, "take_leave", reason, by=by, at=at)
    losses.take_away(session, lecturer, lessons, code="leave", chosen=substitutes, by=by, at=at)
    losses.settle_offers(session, lecturer, by=by, at=at)
    return row, True


def undo_leave(
    session: Session, lecturer_id: UUID, id: UUID, *, reason: str, by: Caller, at: datetime
) -> Leave:
    """He is not away after all; what he lost meanwhile stays lost."""
    lecturer = his_or_kept(session, lecturer_id, by)
    row = session.get(Leave, id)
    if row is None or row.lecturer_id != lecturer_id:
        raise NotFound("not_found", what="leave", id=str(id))
    if row.undone_at is not None:
        raise Conflict("already_undone", undone_at=row.undone_at.isoformat())
    row.undone_at, row.undo_reason = at, reason
    _leave_changed(session, lecturer, row, "undo_leave", reason, by=by, at=at)
    return row


def _same(row: Leave, lecturer_id: UUID, starts_at: datetime, ends_at: datetime) -> Leave:
    """The same PUT again is answered the same; a leave is never rewritten."""
    if row.lecturer_id != lecturer_id:
        raise NotFound("not_found", what="leave", id=str(row.id))
    if (row.starts_at, row.ends_at) != (starts_at, ends_at) or row.undone_at is not None:
        raise Conflict("leave_is_kept", id=str(row.id))
    return row


def _leave_changed(
    session: Session,
    lecturer: Lecturer,
    row: Leave,
    verb: str,
    reason: str,
    *,
    by: Caller,
    at: datetime,
) -> None:
    slot = Slot(starts_at=row.starts_at, ends_at=row.ends_at)
    changed(session, lecturer, verb, leave=slot, reason=reason, by=by, at=at)
