"""Lecturer: lecturers with everything the rules look at, loaded in one query per table."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, String, case, func, select, type_coerce
from sqlmodel import Session

from services.lecturer.eligibility import Ask, Away, Engagement, Person, Term
from services.lecturer.models import (
    Appointment,
    Assignment,
    Availability,
    Leave,
    Lecturer,
    Qualification,
)
from services.lecturer.places import Spot, spot
from services.lecturer.states import LIVE_ASSIGNMENT, AssignmentState

# What counts as given or promised: for caps, ways, load and experience.
COUNTED = frozenset({*LIVE_ASSIGNMENT, AssignmentState.FULFILLED})
NEIGHBOUR = timedelta(hours=12)  # no way within a district is longer
PERSON = (
    *("id", "code", "name", "pool", "status", "max_sessions_per_week"),
    *("home_school_id", "home_lat", "home_lon", "caps"),
)

# Columns of the tables themselves: rows of a whole district are read without the ORM.
LECTURER, CAN = Lecturer.__table__.c, Qualification.__table__.c  # type: ignore[attr-defined]
FREE, LETTER = Availability.__table__.c, Appointment.__table__.c  # type: ignore[attr-defined]
AWAY, HELD = Leave.__table__.c, Assignment.__table__.c  # type: ignore[attr-defined]


def nearby(*asks: Ask) -> tuple[datetime, datetime]:
    """The time in which the way to a neighbour matters."""
    return min(a.starts_at for a in asks) - NEIGHBOUR, max(a.ends_at for a in asks) + NEIGHBOUR


def around(*asks: Ask) -> tuple[datetime, datetime]:
    """The time in which engagements matter: the months, weeks and neighbours of what is asked."""
    firsts = [min(a.frame.month[0], a.frame.week[0], a.starts_at - NEIGHBOUR) for a in asks]
    lasts = [max(a.frame.month[1], a.frame.week[1], a.ends_at + NEIGHBOUR) for a in asks]
    return min(firsts), max(lasts)


def load(
    session: Session,
    district: str,
    *,
    course_id: UUID | None,
    first: datetime,
    last: datetime,
    near: tuple[datetime, datetime] | None = None,
    ids: Collection[UUID] | None = None,
) -> list[Person]:
    """The lecturers of the district, or some of them, by code; with their engagements and leave
    between two instants and whether they are qualified for the course.

    `near`: between these two instants alone the places of engagements are read; elsewhere only
    their times count.
    """
    chosen = LECTURER.district == district
    if ids is not None:
        chosen &= LECTURER.id.in_(list(ids))
    mine = select(LECTURER.id).where(chosen)

    def rows(whose: Any, *columns: Any, where: Iterable[ColumnElement[bool]] = ()) -> Any:
        chosen = select(_raw(whose), *columns).where(whose.in_(mine), *where)
        return session.execute(chosen)

    everybody = select(_raw(LECTURER.id), *(LECTURER[name] for name in PERSON)).where(chosen)
    people = {row[0]: _person(row) for row in session.execute(everybody.order_by(LECTURER.code))}
    for (id,) in rows(CAN.lecturer_id, where=(CAN.course_id == course_id,)):
        people[id].qualified = True
    halves = func.aggregate_strings(FREE.half_day, "|")
    week = select(_raw(FREE.lecturer_id), halves).where(FREE.lecturer_id.in_(mine))
    for id, half_days in session.execute(week.group_by(FREE.lecturer_id)):
        people[id].half_days.update(half_days.split("|"))
    term = (LETTER.starts_on, LETTER.ends_on, LETTER.revoked_on)
    for id, starts_on, ends_on, revoked_on in rows(LETTER.lecturer_id, *term):
        people[id].terms.append(Term(starts_on, last_day(ends_on, revoked_on)))
    during = (AWAY.starts_at < last, AWAY.ends_at > first, AWAY.undone_at.is_(None))
    for id, *away in rows(AWAY.lecturer_id, AWAY.id, AWAY.starts_at, AWAY.ends_at, where=during):
        people[id].leave.append(Away(*away))
    place = HELD.place
    if near is not None:
        neighbour = (HELD.starts_at < near[1]) & (HELD.ends_at > near[0])
        place = case((neighbour, place))
    counted = (HELD.starts_at < last, HELD.ends_at > first, HELD.state.in_(COUNTED))
    promise = (HELD.id, HELD.lesson_id, HELD.starts_at, HELD.ends_at, place)
    for id, made, lesson, starts, ends, where in rows(HELD.lecturer_id, *promise, where=counted):
        people[id].engagements.append(Engagement(made, lesson, starts, ends, spot(where)))
    return list(people.values())


def last_day(ends_on: date, revoked_on: date | None) -> date:
    """The last day a letter is valid; before its first one when it was revoked in time."""
    return ends_on if revoked_on is None else min(ends_on, revoked_on - timedelta(days=1))


def _raw(id: Any) -> ColumnElement[Any]:
    """As the driver gives it: it only leads from row to row, thousands of times."""
    return type_coerce(id, String).label("raw")


def _person(row: Row[Any]) -> Person:
    return Person(
        id=row.id,
        code=row.code,
        name=row.name,
        pool=row.pool,
        status=row.status,
        week_cap=row.max_sessions_per_week,
        home=Spot(row.home_school_id and str(row.home_school_id), row.home_lat, row.home_lon),
        raised={name: raised["limit"] for name, raised in row.caps.items()},
    )
