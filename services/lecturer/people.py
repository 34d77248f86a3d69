"""Lecturer: lecturers with everything the rules look at, loaded in one query per table."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select
from sqlmodel import Session, col

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
    ids: Collection[UUID] | None = None,
) -> list[Person]:
    """The lecturers of the district, or some of them, by code; with their engagements and leave
    between two instants and whether they are qualified for the course."""
    chosen = col(Lecturer.district) == district
    if ids is not None:
        chosen &= col(Lecturer.id).in_(list(ids))
    mine = select(col(Lecturer.id)).where(chosen)

    def rows(*columns: Any, where: Iterable[ColumnElement[bool]] = ()) -> Iterable[Any]:
        whose = col(columns[0])
        return session.execute(select(*map(col, columns)).where(whose.in_(mine), *where))

    everybody = select(*Lecturer.__table__.columns)  # type: ignore[attr-defined]
    found = session.execute(everybody.where(chosen).order_by("code"))
    people = {row.id: _person(row) for row in found}
    qualified = (col(Qualification.course_id) == course_id,)
    for (id,) in rows(Qualification.lecturer_id, where=qualified):
        people[id].qualified = True
    for id, half_day in rows(Availability.lecturer_id, Availability.half_day):
        people[id].half_days.add(half_day)
    letter = (Appointment.starts_on, Appointment.ends_on, Appointment.revoked_on)
    for id, starts_on, ends_on, revoked_on in rows(Appointment.lecturer_id, *letter):
        people[id].terms.append(Term(starts_on, last_day(ends_on, revoked_on)))
    during = col(Leave.starts_at) < last, col(Leave.ends_at) > first, col(Leave.undone_at).is_(None)
    for row in rows(Leave.lecturer_id, Leave.id, Leave.starts_at, Leave.ends_at, where=during):
        people[row.lecturer_id].leave.append(Away(row.id, row.starts_at, row.ends_at))
    counted = col(Assignment.starts_at) < last, col(Assignment.ends_at) > first
    promise = (Assignment.id, Assignment.lesson_id, Assignment.starts_at, Assignment.ends_at)
    for row in rows(
        *(Assignment.lecturer_id, *promise, Assignment.place),
        where=(*counted, col(Assignment.state).in_(COUNTED)),
    ):
        people[row.lecturer_id].engagements.append(
            Engagement(row.id, row.lesson_id, row.starts_at, row.ends_at, spot(row.place))
        )
    return list(people.values())


def last_day(ends_on: date, revoked_on: date | None) -> date:
    """The last day a letter is valid; before its first one when it was revoked in time."""
    return ends_on if revoked_on is None else min(ends_on, revoked_on - timedelta(days=1))


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
