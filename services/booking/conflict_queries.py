"""Booking: lessons that stand where or when none should stand any more."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking import calendar
from services.booking.lesson_rules import PLACED
from services.booking.models import BlockedDate, Lesson, School, SiteCopy, Venue
from services.booking.rules import SchoolTimes, WorkCalendar, day_problems
from services.booking.states import LessonState
from services.kit.numbers import Numbers

# Placed, and not begun.
TO_COME = PLACED - {LessonState.IN_PROGRESS}


class Placed(NamedTuple):
    """A lesson to come, as far as its place and day are judged."""

    id: UUID
    school_id: UUID
    starts_at: datetime
    ends_at: datetime
    resource_id: UUID | None


@dataclass(frozen=True)
class Grounds:
    """Places and days of the district from one day to another, read once."""

    numbers: Numbers
    schools: dict[UUID, School]
    venues: dict[UUID, Venue]
    sites: dict[UUID, SiteCopy]
    calendar: WorkCalendar
    blocked: dict[UUID, set[date]] = field(default_factory=dict)

    def times(self, school_id: UUID) -> SchoolTimes:
        school = self.schools[school_id]
        days = frozenset(self.blocked.get(school_id, ()))
        return SchoolTimes(school.evening_class, school.saturday_class, days)

    def on(self, at: datetime) -> date:
        return at.astimezone(self.numbers.zone).date()


def conflicts(session: Session, district: str, *, at: datetime) -> dict[UUID, list[dict[str, Any]]]:
    """Lessons to come whose place was closed, or whose day became a holiday or was blocked, with
    what stands against each: `site_closed`, `site_closed_on`, `venue_closed`, `date_blocked`,
    `public_holiday` and the like."""
    rows = to_come(session, district, at=at)
    if not rows:
        return {}
    zone = Numbers.of(session, district).zone
    days = [row.starts_at.astimezone(zone).date() for row in rows]
    grounds = read(session, district, min(days), max(days))
    found = {row.id: against(row, grounds) for row in rows}
    return {id: problems for id, problems in found.items() if problems}


def to_come(session: Session, district: str, *, at: datetime) -> list[Placed]:
    """Every placed lesson that has not begun, without its letter."""
    rows = session.execute(
        sa.select(
            *(col(Lesson.id), col(Lesson.school_id), col(Lesson.starts_at), col(Lesson.ends_at)),
            col(Lesson.place)["resource_id"].as_string(),
        )
        .where(col(Lesson.district) == district, col(Lesson.state).in_(TO_COME))
        .where(col(Lesson.starts_at) > at)
    )
    return [
        Placed(id, school_id, starts_at, ends_at, UUID(place) if place else None)
        for id, school_id, starts_at, ends_at, place in rows
    ]


def read(session: Session, district: str, first: date, last: date) -> Grounds:
    """Five reads, whatever there is."""
    blocked: dict[UUID, set[date]] = {}
    for school_id, on in session.execute(
        sa.select(col(BlockedDate.school_id), col(BlockedDate.on))
        .where(col(BlockedDate.district) == district, col(BlockedDate.on).between(first, last))
    ):  # fmt: skip
        blocked.setdefault(school_id, set()).add(on)
    return Grounds(
        numbers=Numbers.of(session, district),
        schools={row.id: row for row in _all(session, School, district)},
        venues={row.id: row for row in _all(session, Venue, district)},
        sites={row.id: row for row in _all(session, SiteCopy, district)},
        calendar=calendar.between(session, district, first, last),
        blocked=blocked,
    )


def against(row: Placed, grounds: Grounds) -> list[dict[str, Any]]:
    """Pure: what stands against one lesson where it is now."""
    on = grounds.on(row.starts_at)
    problems = day_problems(on, school=grounds.times(row.school_id), calendar=grounds.calendar)
    found = [{"code": problem.code, **problem.facts} for problem in problems]
    site = grounds.sites.get(row.resource_id) if row.resource_id else None
    if site is not None and site.state != "open":
        found.append({"code": "site_closed", "name": site.name})
    elif site is not None and on.isoformat() in site.closed_on:
        found.append({"code": "site_closed_on", "name": site.name, "on": on.isoformat()})
    venue = grounds.venues.get(row.resource_id) if row.resource_id else None
    if venue is not None and venue.state != "open":
        found.append({"code": "venue_closed", "name": venue.name})
    return found


def _all(session: Session, table: Any, district: str) -> Sequence[Any]:
    return session.exec(select(table).where(table.district == district).order_by("code")).all()
