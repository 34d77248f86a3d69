"""Booking: what could be taught together (拼班) or on one way (送教路线), as the rows stand."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking import (
    grouping_routes,
    grouping_rules,
    lesson_rules,
    plan_rules,
    plan_starts,
    season_checks,
)
from services.booking.grouping_models import Grouping
from services.booking.grouping_rules import Found, Waiting, Way
from services.booking.grouping_states import LIVE
from services.booking.models import BlockedDate, Lesson, School, SiteCopy, Venue
from services.booking.states import LessonState as L
from services.contracts.booking import Place
from services.contracts.catalog import CourseVersion
from services.kit.auth import Caller, Role
from services.kit.numbers import Numbers

AHEAD = timedelta(days=120)  # how far lessons are looked for
WAITS = (L.UNPLACED, L.WAITLISTED)


def found(session: Session, *, kind: str | None, by: Caller, at: datetime) -> list[Found]:
    """Everything that could be proposed now; lessons spoken of in a live proposal are left out."""
    by.needs(Role.SCHEDULER, Role.SUPERVISOR)
    spoken = _spoken_of(session, by.district)
    result = []
    if kind in (None, "merge"):
        result += merges(session, _waiting(session, by, spoken, at), by=by, at=at)
    if kind in (None, "route"):
        result += grouping_routes.found(session, but=spoken, by=by, at=at)
    return result


def merges(session: Session, lessons: Sequence[Lesson], *, by: Caller, at: datetime) -> list[Found]:
    """The pairs among these lessons."""
    numbers = Numbers.of(session, by.district)
    ready = waiting(session, _with_partners(lessons), by=by, at=at)
    return grouping_rules.merges(ready, Way.of(numbers), numbers.zone)


def _with_partners(lessons: Sequence[Lesson]) -> list[Lesson]:
    """Those another school asked for too, with the same course; the others need not be judged."""
    schools: dict[tuple[UUID, UUID], set[UUID]] = defaultdict(set)
    for one in lessons:
        schools[one.course_id, one.course_version_id].add(one.school_id)
    return [x for x in lessons if len(schools[x.course_id, x.course_version_id]) > 1]


def waiting(
    session: Session, lessons: Sequence[Lesson], *, by: Caller, at: datetime
) -> list[Waiting]:
    """These lessons with the times and rooms they could have; none in an open season."""
    numbers = Numbers.of(session, by.district)
    first = at.astimezone(numbers.zone).date()
    last = first + AHEAD
    soonest = at + lesson_rules.early(numbers)
    possible = plan_starts.possible(
        session,
        lessons,
        first=first,
        last=last,
        wish_points=grouping_rules.SECOND_WISH,
        pinned={},
        by=by,
        at=at,
    )
    shut = season_checks.shut_between(session, by.district, first, last)
    possible = [season_checks.without(shut, one) for one in possible]
    schools = _rows(session, School, {one.school_id for one in lessons})
    rooms = _capacities(session, [one.place for one in possible if one.place])
    blocked = _blocked(session, by.district, first, last)
    return [
        Waiting(
            lesson=one.lesson,
            delivery=one.line.delivery,
            school_name=schools[one.lesson.school_id].name,
            lat=schools[one.lesson.school_id].lat,
            lon=schools[one.lesson.school_id].lon,
            place=one.place,
            capacity=rooms.get(one.place.resource_id)
            if one.place and one.place.resource_id
            else None,
            most=CourseVersion.model_validate(one.line.snapshot).max_attendees,
            slots=[(slot, points) for slot, points in one.slots if slot.starts_at >= soonest],
            blocked=frozenset(blocked.get(one.lesson.school_id, ())),
        )
        for one in possible
    ]


def _waiting(session: Session, by: Caller, spoken: set[UUID], at: datetime) -> list[Lesson]:
    rows = session.exec(
        select(Lesson)
        .where(Lesson.district == by.district, col(Lesson.state).in_(WAITS))
        .where(col(Lesson.programme_id).is_(None), col(Lesson.makeup_of).is_(None))
        .order_by(col(Lesson.created_at), col(Lesson.id))
        .limit(plan_rules.MOST_LESSONS)
    )
    return [row for row in rows if row.id not in spoken]


def _spoken_of(session: Session, district: str) -> set[UUID]:
    rows = session.execute(
        sa.select(col(Grouping.host_id), col(Grouping.guest_id)).where(
            col(Grouping.district) == district, col(Grouping.state).in_(LIVE)
        )
    )
    return {id for row in rows for id in row}


def _capacities(session: Session, places: Iterable[Place]) -> dict[UUID, int]:
    ids = {place.resource_id for place in places if place.resource_id}
    return {
        id: capacity
        for table in (Venue, SiteCopy)
        for id, capacity in session.execute(
            sa.select(col(table.id), col(table.capacity)).where(col(table.id).in_(ids))
        )
    }


def _capacity(rooms: dict[UUID, int], place: Place | None) -> int | None:
    """None for a place no room or site is kept of."""
    return rooms.get(place.resource_id) if place and place.resource_id else None


def _blocked(session: Session, district: str, first: date, last: date) -> dict[UUID, set[date]]:
    days: dict[UUID, set[date]] = defaultdict(set)
    for school_id, on in session.execute(
        sa.select(col(BlockedDate.school_id), col(BlockedDate.on))
        .where(col(BlockedDate.district) == district, col(BlockedDate.on).between(first, last))
    ):  # fmt: skip
        days[school_id].add(on)
    return days


def _rows(session: Session, table: type[School], ids: set[UUID]) -> dict[UUID, School]:
    return {row.id: row for row in session.exec(select(table).where(col(table.id).in_(ids)))}
