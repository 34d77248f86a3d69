"""Lecturer: the calendar of all lecturers for a period, and of one lecturer for himself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, select
from sqlmodel import Session, col
from sqlmodel import select as rows_of

from services.kit.auth import Caller, Role
from services.kit.errors import Invalid
from services.kit.numbers import Numbers
from services.kit.web import page
from services.lecturer.models import (
    Assignment,
    Availability,
    Leave,
    Lecturer,
    Offer,
    Qualification,
    Seat,
)
from services.lecturer.seeing import DISTRICT_WIDE
from services.lecturer.states import LIVE_ASSIGNMENT, LIVE_OFFER
from services.lecturer.states import AssignmentState as A

SHOWN = {*LIVE_ASSIGNMENT, A.FULFILLED, A.PARTIAL, A.NO_SHOW}
LONGEST = timedelta(days=93)
OF_THE_LESSON = ("order_number", "school_name", "course_title", "contact_name")
OF_THE_OFFER = ("school_name", "course_title")


@dataclass(frozen=True)
class Wanted:
    """Whose entries: `q` is part of the name, `course_id` a course he may teach."""

    pool: str | None = None
    lecturer_id: UUID | None = None
    q: str | None = None
    course_id: UUID | None = None
    status: str | None = None


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
    """One entry per lecturer: his week, his leave, his lessons, what he is asked. A lecturer sees
    only himself."""
    wanted = Wanted(pool=pool, lecturer_id=lecturer_id)
    return of(session, starts_at, ends_at, _ids(session, wanted, by), by=by)


def some_entries(
    session: Session,
    starts_at: datetime,
    ends_at: datetime,
    wanted: Wanted,
    *,
    cursor: str | None,
    limit: int,
    by: Caller,
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of the same, by the lecturers' codes."""
    keys = [col(Lecturer.code), col(Lecturer.id)]
    whose = rows_of(Lecturer).where(_whose(wanted, by))
    rows, following = page(session, whose, by=keys, cursor=cursor, limit=limit)
    return of(session, starts_at, ends_at, [row.id for row in rows], by=by), following


def of(
    session: Session, starts_at: datetime, ends_at: datetime, ids: Sequence[UUID], *, by: Caller
) -> list[dict[str, Any]]:
    """The entries of these lecturers, in their order."""
    zone = Numbers.of(session, by.district).zone
    found = _people(session, ids)
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
            *(col(Assignment.version), col(Seat.state).label("lesson_state")),
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
    for row in session.execute(
        select(
            *(col(Offer.lecturer_id), col(Offer.id), col(Offer.lesson_id), col(Offer.state)),
            *(col(Offer.version), col(Offer.kind), col(Offer.starts_at), col(Offer.ends_at)),
            *(col(Offer.seat)[name].as_string().label(name) for name in OF_THE_OFFER),
        )
        .where(col(Offer.lecturer_id).in_(ids), col(Offer.state).in_(LIVE_OFFER))
        .where(col(Offer.starts_at) < ends_at, col(Offer.ends_at) > starts_at)
        .order_by(col(Offer.starts_at), col(Offer.id))
    ):
        found[row.lecturer_id]["offers"].append(_shown(row, zone))
    return list(found.values())


def _whose(wanted: Wanted, by: Caller) -> ColumnElement[bool]:
    by.needs(*DISTRICT_WIDE, Role.LECTURER)
    whose = col(Lecturer.district) == by.district
    if not by.has(*DISTRICT_WIDE):
        whose &= col(Lecturer.id) == by.lecturer_id
    if wanted.pool is not None:
        whose &= col(Lecturer.pool) == wanted.pool
    if wanted.lecturer_id is not None:
        whose &= col(Lecturer.id) == wanted.lecturer_id
    if wanted.q:
        whose &= col(Lecturer.name).contains(wanted.q, autoescape=True)
    if wanted.status is not None:
        whose &= col(Lecturer.status) == wanted.status
    if wanted.course_id is not None:
        able = select(col(Qualification.lecturer_id)).where(
            col(Qualification.course_id) == wanted.course_id
        )
        whose &= col(Lecturer.id).in_(able)
    return whose


def _ids(session: Session, wanted: Wanted, by: Caller) -> list[UUID]:
    chosen = select(col(Lecturer.id)).where(_whose(wanted, by))
    return list(session.execute(chosen.order_by(col(Lecturer.code))).scalars())


def _people(session: Session, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    columns = (Lecturer.id, Lecturer.code, Lecturer.name, Lecturer.pool, Lecturer.status)
    people = select(*(col(column) for column in columns)).where(col(Lecturer.id).in_(ids))
    rows = {row.id: dict(row._mapping) for row in session.execute(people)}
    lists = ("half_days", "leave", "assignments", "offers")
    return {id: {"lecturer": rows[id], **{name: [] for name in lists}} for id in ids}


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
