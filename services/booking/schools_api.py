"""Booking over HTTP: schools and venues, days, numbers, and the mix."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlmodel import col

from services.booking import calendar, editions, queries, schools
from services.booking.mix_schemas import MixOut
from services.booking.models import Venue
from services.booking.schemas import Day
from services.booking.school_answer_schemas import shown
from services.booking.school_schemas import (
    BlockedAllOut,
    BlockedIn,
    BlockedOut,
    DayIn,
    DayOut,
    NumberIn,
    NumbersOut,
    SchoolIn,
    SchoolOut,
    SchoolsOut,
    TimesIn,
    VenueIn,
    VenueOut,
    VenuesOut,
    YearOut,
)
from services.booking.seeing import READERS
from services.kit.auth import Role
from services.kit.numbers import Numbers
from services.kit.web import IfMatch, Now, Router, Tx, Who, etag, page

router = Router(tags=["schools"])

Limit = Annotated[int, Query(ge=1, le=100)]
Year = Annotated[int, Query(ge=calendar.FIRST_YEAR, le=calendar.LAST_YEAR)]


@router.get("/schools")
def all_schools(tx: Tx, who: Who) -> SchoolsOut:
    """The township schools of the district."""
    return SchoolsOut(items=shown(tx, queries.all_schools(tx, who), who))


@router.get("/schools/{school_id}")
def one_school(school_id: UUID, tx: Tx, who: Who, response: Response) -> SchoolOut:
    school = schools.school_for(tx, school_id, who)
    etag(response, school.version)
    return shown(tx, [school], who)[0]


@router.put("/schools/{school_id}", responses={201: {"model": SchoolOut}})
def put_school(
    school_id: UUID, body: SchoolIn, tx: Tx, who: Who, match: IfMatch, response: Response
) -> SchoolOut:
    """Add a school under an id of the client's choice, or change it (If-Match), with the targets
    of the years named (administrator)."""
    school, created = schools.put(
        tx, school_id, body.facts(), wanted=body.wanted(), if_match=match, by=who
    )
    response.status_code = 201 if created else 200
    etag(response, school.version)
    return shown(tx, [school], who)[0]


@router.post("/schools/{school_id}/close")
def close(school_id: UUID, tx: Tx, who: Who, now: Now, response: Response) -> SchoolOut:
    """No new letters from it; those it has sent go on (administrator)."""
    school = schools.close(tx, school_id, by=who, at=now)
    etag(response, school.version)
    return shown(tx, [school], who)[0]


@router.post("/schools/{school_id}/reopen")
def reopen(school_id: UUID, tx: Tx, who: Who, response: Response) -> SchoolOut:
    """It may send letters again (administrator)."""
    school = schools.reopen(tx, school_id, by=who)
    etag(response, school.version)
    return shown(tx, [school], who)[0]


@router.put("/schools/{school_id}/times")
def put_times(
    school_id: UUID, body: TimesIn, tx: Tx, who: Who, match: IfMatch, response: Response
) -> SchoolOut:
    """Permit evenings and Saturdays (scheduler, administrator); If-Match names the school's
    version."""
    school = schools.put_times(tx, school_id, **body.model_dump(), if_match=match, by=who)
    etag(response, school.version)
    return shown(tx, [school], who)[0]


@router.get("/schools/{school_id}/blocked")
def blocked(school_id: UUID, tx: Tx, who: Who) -> BlockedAllOut:
    """Days on which the school takes no lessons, latest first."""
    rows = schools.blocked(tx, school_id, who)
    return BlockedAllOut(items=[BlockedOut.model_validate(row) for row in rows])


@router.put("/schools/{school_id}/blocked/{on}")
def block(school_id: UUID, on: Day, body: BlockedIn, tx: Tx, who: Who) -> BlockedOut:
    """Block a day; what is already placed stays."""
    row = schools.block(tx, school_id, on, reason=body.reason, by=who)
    return BlockedOut.model_validate(row)


@router.delete("/schools/{school_id}/blocked/{on}", status_code=204)
def unblock(school_id: UUID, on: Day, tx: Tx, who: Who) -> None:
    schools.unblock(tx, school_id, on, by=who)


@router.get("/venues")
def all_venues(
    tx: Tx,
    who: Who,
    school_id: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> VenuesOut:
    """Rooms of the schools of the district."""
    chosen = queries.venues(tx, who, school_id)
    rows, following = page(tx, chosen, by=[col(Venue.id)], cursor=cursor, limit=limit)
    return VenuesOut(items=[VenueOut.model_validate(row) for row in rows], next=following)


@router.put("/venues/{venue_id}", responses={201: {"model": VenueOut}})
def put_venue(
    venue_id: UUID, body: VenueIn, tx: Tx, who: Who, match: IfMatch, response: Response
) -> VenueOut:
    """Create or replace (If-Match) a room of your school; an administrator of any school."""
    venue, created = schools.put_venue(tx, venue_id, body.model_dump(), if_match=match, by=who)
    response.status_code = 201 if created else 200
    etag(response, venue.version)
    return VenueOut.model_validate(venue)


@router.get("/calendar")
def year(tx: Tx, who: Who, now: Now, year: Year | None = None) -> YearOut:
    """The work calendar of a year, every day of it; by default this year's."""
    return _year(tx, who, year or now.astimezone(Numbers.of(tx, who.district).zone).year)


@router.put("/calendar/{on}")
def put_day(on: Day, body: DayIn, tx: Tx, who: Who, now: Now) -> YearOut:
    """Set one day (administrator); the whole year is told."""
    calendar.put_day(tx, on, **body.model_dump(), by=who, at=now)
    return _year(tx, who, on.year)


@router.get("/numbers")
def numbers(tx: Tx, who: Who) -> NumbersOut:
    """Deadlines, lead times, caps and tolerances of the district."""
    who.needs(*READERS, Role.LECTURER)
    return _numbers(tx, who)


@router.put("/numbers/{name}")
def put_number(name: str, body: NumberIn, tx: Tx, who: Who, now: Now) -> NumbersOut:
    """Set one number (administrator); all of them are told."""
    editions.put_number(tx, name, **body.model_dump(), by=who, at=now)
    return _numbers(tx, who)


@router.get("/mix")
def mix(
    tx: Tx, who: Who, now: Now, school_id: UUID | None = None, year: Year | None = None
) -> MixOut:
    """40/40/20 of a school's lessons in a year, by count and by class hours. A township sees its
    own; the district without `school_id` the sum of all."""
    of, found = queries.meter(tx, school_id=school_id, year=year, by=who, at=now)
    return MixOut.of(found, school_id=school_id or who.school_id, year=of)


def _year(tx: Tx, who: Who, of: int) -> YearOut:
    who.needs(*READERS, Role.LECTURER)
    days, provisional = calendar.year(tx, who.district, of)
    return YearOut(
        year=of,
        version=editions.version_of(tx, calendar.year_id(who.district, of)),
        provisional=provisional,
        days=[DayOut.model_validate(day) for day in days],
    )


def _numbers(tx: Tx, who: Who) -> NumbersOut:
    return NumbersOut(
        version=editions.version_of(tx, editions.numbers_id(who.district)),
        values=Numbers.of(tx, who.district).all(),
    )
