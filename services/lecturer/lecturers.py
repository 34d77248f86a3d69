"""Lecturer: lecturers, the pools they are in, what they may teach and how much."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import Session, col

from services.contracts.lecturer import LecturerChanged
from services.kit.auth import Caller, Role
from services.kit.db import insert_many
from services.kit.errors import Conflict, Invalid, NotFound
from services.kit.numbers import Numbers
from services.kit.outbox import tell
from services.lecturer import losses
from services.lecturer.eligibility import Rules
from services.lecturer.models import Assignment, CourseCopy, Lecturer, Qualification
from services.lecturer.seeing import KEEPERS, check_version, kept, lock_seats


def put(
    session: Session,
    id: UUID,
    facts: dict[str, Any],
    *,
    if_match: int | None,
    by: Caller,
    at: datetime,
) -> Lecturer:
    """Take a lecturer into a pool, or correct what is written of him; the newest version wins only
    by name (If-Match). 409 `code_taken`, 422 `courses_unknown`."""
    by.needs(*KEEPERS)
    lock_seats(session, id)
    row = session.get(Lecturer, id, with_for_update=True, populate_existing=True)
    _check_code(session, id, facts["code"], by.district)
    if row is None:
        row = Lecturer(id=id, district=by.district, version=0, **facts)
        session.add(row)
    else:
        if row.district != by.district:
            raise NotFound("not_found", what="lecturer", id=str(id))
        check_version(row.version, if_match)
        row.sqlmodel_update(facts)
    changed(session, row, "put", by=by, at=at)
    losses.settle_offers(session, row, by=by, at=at)
    return row


def qualify(
    session: Session,
    id: UUID,
    *,
    courses: Sequence[UUID],
    if_match: int | None,
    by: Caller,
    at: datetime,
) -> Lecturer:
    """Say which courses he may teach, all of them. What he has promised stays promised."""
    row = kept(session, id, by)
    check_version(row.version, if_match)
    wanted = sorted(set(courses))
    known = select(col(CourseCopy.id)).where(
        col(CourseCopy.id).in_(wanted), col(CourseCopy.district) == by.district
    )
    unknown = set(wanted) - set(session.execute(known).scalars())
    if unknown:
        raise Invalid("courses_unknown", courses=sorted(str(course) for course in unknown))
    session.execute(delete(Qualification).where(col(Qualification.lecturer_id) == id))
    insert_many(session, Qualification, [{"lecturer_id": id, "course_id": c} for c in wanted])
    changed(session, row, "qualify", courses=wanted, by=by, at=at)
    losses.settle_offers(session, row, by=by, at=at)
    return row


def deactivate(
    session: Session, id: UUID, *, reason: str, force: bool = False, by: Caller, at: datetime
) -> Lecturer:
    """He is asked no more. 409 `holds_lessons` while he has promised some, unless forced."""
    row = kept(session, id, by)
    if row.status == "inactive":
        raise Conflict("already_inactive")
    to_come = losses.promised(session, row, col(Assignment.ends_at) > at)
    losses.check(session, row, to_come, force=force, by=by)
    row.status = "inactive"
    changed(session, row, "deactivate", reason=reason, by=by, at=at)
    losses.take_away(session, row, to_come, code="lecturer_inactive", by=by, at=at)
    losses.settle_offers(session, row, by=by, at=at)
    return row


def activate(session: Session, id: UUID, *, reason: str, by: Caller, at: datetime) -> Lecturer:
    """He may be asked again."""
    row = kept(session, id, by)
    if row.status == "active":
        raise Conflict("already_active")
    row.status = "active"
    changed(session, row, "activate", reason=reason, by=by, at=at)
    return row


def raise_cap(
    session: Session, id: UUID, *, cap: str, limit: int, reason: str, by: Caller, at: datetime
) -> Lecturer:
    """More lessons a day, week or month for this one lecturer, with a reason that is kept."""
    by.needs(Role.SCHEDULER)
    row = kept(session, id, by)
    usual = usual_caps(session, row)
    if limit <= usual[cap]:
        raise Invalid("not_a_raise", cap=cap, usual=usual[cap])
    raised = {"limit": limit, "reason": reason, "by": str(by.id), "at": at.isoformat()}
    row.caps = {**row.caps, cap: raised}
    changed(session, row, "raise_cap", reason=reason, by=by, at=at)
    return row


def reset_cap(
    session: Session, id: UUID, *, cap: str, reason: str, by: Caller, at: datetime
) -> Lecturer:
    """Back to the usual number; what was promised under the raised one stays."""
    by.needs(Role.SCHEDULER)
    row = kept(session, id, by)
    if cap not in row.caps:
        raise Conflict("cap_not_raised", cap=cap)
    row.caps = {name: raised for name, raised in row.caps.items() if name != cap}
    changed(session, row, "reset_cap", reason=reason, by=by, at=at)
    return row


def usual_caps(session: Session, row: Lecturer) -> dict[str, int]:
    """What holds for this lecturer as long as nothing is raised."""
    rules = Rules.of(Numbers.of(session, row.district))
    return {"day": rules.day_cap, "week": row.max_sessions_per_week, "month": rules.month_cap}


def changed(
    session: Session, row: Lecturer, verb: str, *, by: Caller, at: datetime, **facts: Any
) -> None:
    """The one door of a lecturer's row: the next version, and what happened."""
    row.version += 1
    session.flush()
    tell(
        session,
        LecturerChanged(
            fact="changed",
            key=row.id,
            version=row.version,
            district=row.district,
            at=at,
            by=by.actor(),
            verb=verb,
            code=row.code,
            name=row.name,
            pool=row.pool,
            status=row.status,
            caps={name: raised["limit"] for name, raised in row.caps.items()},
            **facts,
        ),
    )


def _check_code(session: Session, id: UUID, code: str, district: str) -> None:
    other = select(col(Lecturer.id)).where(
        col(Lecturer.code) == code, col(Lecturer.district) == district, col(Lecturer.id) != id
    )
    if session.execute(other).first() is not None:
        raise Conflict("code_taken", taken=code)
