"""Lecturer: lecturers with everything the rules look at, loaded in one query per table."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select
from sqlmodel import Session, SQLModel, col

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

    def rows(table: type[SQLModel], *where: ColumnElement[bool]) -> Iterable[Row[Any]]:
        columns = table.__table__.columns  # type: ignore[attr-defined]
        whose = columns["lecturer_id"].in_(mine)
        return session.execute(select(*columns).where(whose, *where))

    everybody = select(*Lecturer.__table__.columns)  # type: ignore[attr-defined]
    found = session.execute(everybody.where(chosen).order_by("code"))
    people = {row.id: _person(row) for row in found}
    for row in rows(Qualification, col(Qualification.course_id) == course_id):
        people[row.lecturer_id].qualified = True
    for row in rows(Availability):
        people[row.lecturer_id].half_days.add(row.half_day)
    for row in rows(Appointment):
        term = Term(row.starts_on, last_day(row.ends_on, row.revoked_on))
        people[row.lecturer_id].terms.append(term)
    during = (col(Leave.undone_at).is_(None), col(Leave.starts_at) < last)
    for row in rows(Leave, *during, col(Leave.ends_at) > first):
        people[row.lecturer_id].leave.append(Away(row.id, row.starts_at, row.ends_at))
    counted = (col(Assignment.state).in_(COUNTED), col(Assignment.starts_at) < last)
    for row in rows(Assignment, *counted, col(Assignment.ends_at) > first):
        people[row.lecturer_id].engagements.append(_engagement(row))
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


def _engagement(row: Row[Any]) -> Engagement:
    return Engagement(row.id, row.lesson_id, row.starts_at, row.ends_at, spot(row.place))
