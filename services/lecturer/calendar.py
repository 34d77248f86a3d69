"""Lecturer: the calendar of all lecturers for a period, and of one lecturer for himself."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlmodel import Session, col

from services.kit.auth import Caller, Role
from services.kit.errors import Invalid
from services.kit.numbers import Numbers
from services.lecturer.models import Assignment, Availability, Leave, Lecturer, Seat
from services.lecturer.seeing import DISTRICT_WIDE
from services.lecturer.states import LIVE_ASSIGNMENT
from services.lecturer.states import AssignmentState as A

SHOWN = {*LIVE_ASSIGNMENT, A.FULFILLED, A.PARTIAL, A.NO_SHOW}
LONGEST = timedelta(days=93)
OF_THE_LESSON = ("order_number", "school_name", "course_title", "contact_name")


def period(
    session: Session, first: date | datetime, last: date | datetime, *, district: str
) -> tuple[datetime, datetime]:
    """Two instants, half-open; a day means all of it, local time. 422 `period_invalid`."""
    zone = Numbers.of(session, district).zone
    starts_at, ends_at = _instant(first, zone), _instant(last, zone, after=True)
    if not timedelta() < ends_at - starts_at <= LONGEST:
        raise Invalid("period_invalid", most_days=LONGEST.days)
    return starts_at, ends_at


def entries(
    session: Session,
    starts_at: datetime,
    ends_at: datetime,
    *,
    pool: str | None = None,
    lecturer_id: UUID | None = None,
    by: Caller,
) -> list[dict[str, Any]]:
    """One entry per lecturer: his week, his leave, his lessons. A lecturer sees only himself."""
    by.needs(*DISTRICT_WIDE, Role.LECTURER)
    whose = col(Lecturer.district) == by.district
    if not by.has(*DISTRICT_WIDE):
        whose &= col(Lecturer.id) == by.lecturer_id
    if pool is not None:
        whose &= col(Lecturer.pool) == pool
    if lecturer_id is not None:
        whose &= col(Lecturer.id) == lecturer_id
    zone = Numbers.of(session, by.district).zone
    found = _people(session, whose)
    ids = select(col(Lecturer.id)).where(whose)
    for row in session.execute(
        select(col(Availability.lecturer_id), col(Availability.half_day))
        .where(col(Availability.lecturer_id).in_(ids))
        .order_by(col(Availability.half_day))
    ):
        found[row.lecturer_id]["half_days"].append(row.half_day)
    for row in session.execute(
        select(
            *(col(Leave.lecturer_id), col(Leave.id), col(Leave.reason)),
            *(col(Leave.starts_at), col(Leave.ends_at)),
        )
        .where(col(Leave.lecturer_id).in_(ids), col(Leave.undone_at).is_(None))
        .where(col(Leave.starts_at) < ends_at, col(Leave.ends_at) > starts_at)
        .order_by(col(Leave.starts_at))
    ):
        found[row.lecturer_id]["leave"].append(_shown(row, zone))
    for row in session.execute(
        select(
            *(col(Assignment.lecturer_id), col(Assignment.id), col(Assignment.lesson_id)),
            *(col(Assignment.state), col(Assignment.revision), col(Assignment.place)),
            *(col(Assignment.starts_at), col(Assignment.ends_at)),
            *(col(Seat.body)[name].as_string().label(name) for name in OF_THE_LESSON),
            col(Seat.body)["attendees"].as_integer().label("attendees"),
        )
        .join(Seat, col(Seat.lesson_id) == col(Assignment.lesson_id), isouter=True)
        .where(col(Assignment.lecturer_id).in_(ids), col(Assignment.state).in_(SHOWN))
        .where(col(Assignment.starts_at) < ends_at, col(Assignment.ends_at) > starts_at)
        .order_by(col(Assignment.starts_at))
    ):
        found[row.lecturer_id]["assignments"].append(_shown(row, zone))
    return list(found.values())


def _people(session: Session, whose: Any) -> dict[UUID, dict[str, Any]]:
    columns = (Lecturer.id, Lecturer.code, Lecturer.name, Lecturer.pool, Lecturer.status)
    people = select(*(col(column) for column in columns)).where(whose)
    return {
        row.id: {"lecturer": dict(row._mapping), "half_days": [], "leave": [], "assignments": []}
        for row in session.execute(people.order_by(col(Lecturer.code)))
    }


def _shown(row: Row[Any], zone: ZoneInfo) -> dict[str, Any]:
    """The row without what its entry says already, in local time."""
    shown = {name: value for name, value in row._mapping.items() if name != "lecturer_id"}
    local = {name: shown[name].astimezone(zone) for name in ("starts_at", "ends_at")}
    return {**shown, **local}


def _instant(moment: date | datetime, zone: ZoneInfo, *, after: bool = False) -> datetime:
    if isinstance(moment, datetime):
        return moment
    day = moment + timedelta(days=1) if after else moment
    return datetime.combine(day, time(), zone).astimezone(UTC)
