"""Booking: township schools, their venues, and the days they do not teach."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking import targets
from services.booking.models import BlockedDate, School, Venue
from services.booking.rules import SchoolTimes
from services.booking.seeing import READERS, check_version
from services.kit import db
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict, Forbidden, NotFound

MOST_BLOCKED = 366


def school_for(session: Session, school_id: UUID, by: Caller, *, lock: bool = False) -> School:
    """A school of the caller's district; schools know of each other."""
    by.needs(*READERS)
    school = db.get(session, School, school_id, lock=lock)
    if school.district != by.district:
        raise NotFound("not_found", what="school", id=str(school_id))
    return school


def times(session: Session, school: School, first: date, last: date) -> SchoolTimes:
    """When the school may teach, with its blocked dates of a period."""
    blocked = session.scalars(
        sa.select(col(BlockedDate.on))
        .where(col(BlockedDate.school_id) == school.id)
        .where(col(BlockedDate.on).between(first, last))
    )
    return SchoolTimes(school.evening_class, school.saturday_class, frozenset(blocked))


def put(
    session: Session,
    school_id: UUID,
    facts: dict[str, Any],
    *,
    wanted: Sequence[targets.Wanted] = (),
    if_match: int | None,
    by: Caller,
) -> tuple[School, bool]:
    """Add a school under an id of the client's choice, or write it anew; True when new. What is
    None stays as it is, and so do the targets of years that are not `wanted`. 409 `code_taken`."""
    by.needs(Role.ADMINISTRATOR)
    school = session.get(School, school_id, with_for_update=True)
    if school is not None and school.district != by.district:
        raise NotFound("not_found", what="school", id=str(school_id))
    given = {name: value for name, value in facts.items() if value is not None}
    if school is not None:
        check_version(school.version, if_match)
    _check_code_is_free(session, given["code"], school_id, by)
    new = school is None
    if school is None:
        school = School(id=school_id, district=by.district, **given)
    else:
        for name, value in given.items():
            setattr(school, name, value)
        school.version += 1
    session.add(school)
    session.flush()
    targets.put(session, school, wanted)
    return school, new


def close(session: Session, school_id: UUID, *, by: Caller, at: datetime) -> School:
    """It sends no new letters; those it has sent go on."""
    school = _kept(session, school_id, by)
    if school.closed_at is not None:
        raise Conflict("wrong_state", machine="school", verb="close", state="closed")
    school.closed_at = at
    school.version += 1
    session.flush()
    return school


def reopen(session: Session, school_id: UUID, *, by: Caller) -> School:
    school = _kept(session, school_id, by)
    if school.closed_at is None:
        raise Conflict("wrong_state", machine="school", verb="reopen", state="open")
    school.closed_at = None
    school.version += 1
    session.flush()
    return school


def check_open(session: Session, school_id: UUID) -> None:
    """409 `school_closed`."""
    school = session.get_one(School, school_id)
    if school.closed_at is not None:
        raise Conflict("school_closed", school=school.name)


def put_times(
    session: Session,
    school_id: UUID,
    *,
    evening_class: bool,
    saturday_class: bool,
    if_match: int | None,
    by: Caller,
) -> School:
    """Permit evenings and Saturdays; what is already placed stays."""
    by.needs(Role.ADMINISTRATOR, Role.SCHEDULER)
    school = school_for(session, school_id, by, lock=True)
    check_version(school.version, if_match)
    school.evening_class, school.saturday_class = evening_class, saturday_class
    school.version += 1
    session.flush()
    return school


def put_contacts(
    session: Session, school_id: UUID, facts: dict[str, Any], *, if_match: int | None, by: Caller
) -> School:
    """Who answers for the school: written by its own clerk, or by an administrator."""
    by.needs(Role.TOWNSHIP, Role.ADMINISTRATOR)
    if not by.has(Role.ADMINISTRATOR) and by.school_id != school_id:
        raise Forbidden("not_your_school")
    school = school_for(session, school_id, by, lock=True)
    check_version(school.version, if_match)
    for name, value in facts.items():
        if value is not None:
            setattr(school, name, value)
    school.version += 1
    session.flush()
    return school


def put_venue(
    session: Session, venue_id: UUID, facts: dict[str, Any], *, if_match: int | None, by: Caller
) -> tuple[Venue, bool]:
    """Create or replace a venue of one's own school (an administrator: of any); True when new."""
    by.needs(Role.TOWNSHIP, Role.ADMINISTRATOR)
    venue = session.get(Venue, venue_id, with_for_update=True)
    school = _own_school(session, facts.pop("school_id") or by.school_id, by)
    if venue is None:
        place = {"lat": school.lat, "lon": school.lon}
        placed = place | {k: v for k, v in facts.items() if v is not None}
        venue = Venue(id=venue_id, district=by.district, school_id=school.id, **placed)
        session.add(venue)
        session.flush()
        return venue, True
    if venue.district != by.district:
        raise NotFound("not_found", what="venue", id=str(venue_id))
    if venue.school_id != school.id:
        raise Conflict("venue_of_another_school")
    check_version(venue.version, if_match)
    for name, value in facts.items():
        if value is not None:
            setattr(venue, name, value)
    venue.version += 1
    session.flush()
    return venue, False


def block(session: Session, school_id: UUID, on: date, *, reason: str, by: Caller) -> BlockedDate:
    """From now on nothing is wished or placed there on that day; doing it twice changes nothing."""
    school = _blocking(session, school_id, by)
    row = BlockedDate(school_id=school.id, on=on, district=school.district, reason=reason)
    merged = session.merge(row)
    session.flush()
    return merged


def unblock(session: Session, school_id: UUID, on: date, *, by: Caller) -> None:
    school = _blocking(session, school_id, by)
    gone = sa.delete(BlockedDate).where(col(BlockedDate.school_id) == school.id)
    found = session.execute(gone.where(col(BlockedDate.on) == on).returning(col(BlockedDate.on)))
    if found.first() is None:
        raise NotFound("not_found", what="blocked_date", id=on.isoformat())


def blocked(session: Session, school_id: UUID, by: Caller) -> Sequence[BlockedDate]:
    school = school_for(session, school_id, by)
    return session.exec(
        select(BlockedDate)
        .where(BlockedDate.school_id == school.id)
        .order_by(col(BlockedDate.on).desc())
        .limit(MOST_BLOCKED)
    ).all()


def _blocking(session: Session, school_id: UUID, by: Caller) -> School:
    by.needs(Role.TOWNSHIP, Role.SCHEDULER, Role.ADMINISTRATOR)
    if not by.has(Role.SCHEDULER, Role.ADMINISTRATOR) and by.school_id != school_id:
        raise Forbidden("not_your_school")
    return school_for(session, school_id, by)


def _kept(session: Session, school_id: UUID, by: Caller) -> School:
    by.needs(Role.ADMINISTRATOR)
    return school_for(session, school_id, by, lock=True)


def _check_code_is_free(session: Session, code: str, school_id: UUID, by: Caller) -> None:
    mine = select(School.id).where(School.district == by.district, School.code == code)
    if session.exec(mine.where(School.id != school_id)).first() is not None:
        raise Conflict("code_taken", given=code)


def _own_school(session: Session, school_id: UUID | None, by: Caller) -> School:
    if not by.has(Role.ADMINISTRATOR) and school_id != by.school_id:
        raise Forbidden("not_your_school")
    if school_id is None:
        raise NotFound("not_found", what="school", id=None)
    return school_for(session, school_id, by)
