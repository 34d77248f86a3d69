"""Booking: the desk of a school's clerk: what to do next, how the year stands, what comes soon."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.booking import lesson_queries, mix, queries, schools
from services.booking.lesson_queries import Full
from services.booking.lesson_rules import notice_of
from services.booking.models import (
    BlockedDate,
    Change,
    Lesson,
    Order,
    OrderLine,
    School,
    StaffingCopy,
    Venue,
    WorkDay,
)
from services.booking.seeing import order_for
from services.booking.states import SETTLED, ChangeState, LessonState, OrderState
from services.kit.auth import Caller, Role
from services.kit.errors import Forbidden
from services.kit.numbers import Numbers

L, O = LessonState, OrderState  # noqa: E741
MOST = 50
COMING = (L.TENTATIVE, L.CONFIRMED, L.AT_RISK, L.IN_PROGRESS, L.SUSPENDED)
HALF_DAYS = ("half_day_am", "half_day_pm", "half_day_eve")


@dataclass(frozen=True)
class Todo:
    """One thing a school has to do: which, until when, and about what."""

    kind: str  # answer_change agree_substitute mend_letter mend_line decide attest receive draft
    due_at: datetime | None
    order_id: UUID
    lesson_id: UUID | None = None
    change_id: UUID | None = None
    order_number: str | None = None
    title: str = ""
    starts_at: datetime | None = None


@dataclass(frozen=True)
class Year:
    """The school's year so far."""

    year: int
    letters: dict[str, int]
    lessons: dict[str, int]
    verified_minutes: int
    attendance: int
    mix: mix.Mix


@dataclass(frozen=True)
class Desk:
    todo: list[Todo]
    year: Year
    coming: list[Full]


@dataclass(frozen=True)
class Cancelling:
    """What would end with a letter, or with one lesson of it."""

    order: Order
    lessons: list[Full]
    notice: str
    starts_at: datetime | None


@dataclass(frozen=True)
class Home:
    """What a letter of the school is filled in with."""

    school: School
    venues: Sequence[Venue]
    blocked: Sequence[BlockedDate]
    holidays: Sequence[WorkDay]
    half_days: dict[str, str]


def desk(session: Session, *, days: int, by: Caller, at: datetime) -> Desk:
    """Ten reads, whatever there is: the most pressing things first, and the lessons of the coming
    days."""
    school_id = _own_school(by)
    numbers = Numbers.of(session, by.district)
    today = _midnight(at.astimezone(numbers.zone).date(), numbers)
    found = [
        *_changes(session, school_id),
        *_lessons(session, school_id, today),
        *_letters(session, school_id),
        *_lines(session, school_id),
    ]
    found.sort(key=lambda todo: (todo.due_at is None, todo.due_at or today, todo.kind))
    return Desk(found, _year(session, school_id, by, at), _coming(session, school_id, today, days))


def home(session: Session, *, by: Caller, at: datetime) -> Home:
    """The caller's school with its rooms and days."""
    school = schools.school_for(session, _own_school(by), by)
    numbers = Numbers.of(session, by.district)
    today = at.astimezone(numbers.zone).date()
    rooms = select(Venue).where(Venue.school_id == school.id).order_by(col(Venue.name))
    days = (
        select(WorkDay)
        .where(WorkDay.district == by.district, WorkDay.on >= today)
        .where(WorkDay.on < today + timedelta(days=366))
        .where(col(WorkDay.kind).in_(("public_holiday", "makeup_workday")))
    )
    return Home(
        school=school,
        venues=session.exec(rooms).all(),
        blocked=schools.blocked(session, school.id, by),
        holidays=session.exec(days.order_by(col(WorkDay.on))).all(),
        half_days={name: numbers.text(name) for name in HALF_DAYS},
    )


def lessons_of(
    session: Session, order_id: UUID, *, by: Caller
) -> tuple[SelectOfScalar[Lesson], Sequence[Change]]:
    """The lessons of a letter, and the changes still talked about."""
    order = order_for(session, order_id, by)
    chosen = select(Lesson).where(Lesson.order_id == order.id)
    live = select(Change).where(Change.order_id == order.id)
    live = live.where(col(Change.state).in_((ChangeState.PROPOSED, ChangeState.AGREED)))
    return chosen, session.exec(live).all()


def cancelling(
    session: Session, order_id: UUID, lesson_id: UUID | None = None, *, by: Caller, at: datetime
) -> Cancelling:
    """The live lessons of a letter (or the one named), and how early cancelling them now counts
    as: the soonest of them decides."""
    order = order_for(session, order_id, by)
    live = select(Lesson).where(Lesson.order_id == order.id).order_by(col(Lesson.position))
    live = live.where(col(Lesson.state).not_in(SETTLED))
    if lesson_id is not None:
        live = live.where(Lesson.id == lesson_id)
    found = lesson_queries.full(session, session.exec(live).all())
    starts = min((s for full in found if (s := full.lesson.starts_at)), default=None)
    numbers = Numbers.of(session, by.district)
    return Cancelling(order, found, notice_of(starts, at, numbers), starts)


def _own_school(by: Caller) -> UUID:
    by.needs(Role.TOWNSHIP)
    if by.school_id is None:
        raise Forbidden("school_required")
    return by.school_id


def _changes(session: Session, school_id: UUID) -> Iterator[Todo]:
    rows = session.execute(
        sa.select(Change, col(Order.number), col(OrderLine.snapshot))
        .join(Lesson, col(Lesson.id) == col(Change.lesson_id))
        .join(Order, col(Order.id) == col(Change.order_id))
        .join(OrderLine, col(OrderLine.id) == col(Lesson.line_id))
        .where(col(Change.school_id) == school_id, col(Change.state) == ChangeState.PROPOSED)
        .where(col(Change.proposed_by) == str(Role.SCHEDULER))
        .order_by(col(Change.deadline_at))
        .limit(MOST)
    )
    for change, number, course in rows:
        yield Todo(
            "answer_change",
            change.deadline_at,
            change.order_id,
            lesson_id=change.lesson_id,
            change_id=change.id,
            order_number=number,
            title=_title(course),
            starts_at=change.old_starts_at,
        )


def _lessons(session: Session, school_id: UUID, today: datetime) -> Iterator[Todo]:
    """Lessons that were held, and those of today."""
    now = sa.and_(
        col(Lesson.state).in_((L.CONFIRMED, L.IN_PROGRESS)),
        col(Lesson.starts_at) >= today,
        col(Lesson.starts_at) < today + timedelta(days=1),
    )
    waiting = col(Lesson.state).in_((L.DELIVERED, L.PARTIALLY_DELIVERED, L.AT_RISK))
    rows = session.execute(
        sa.select(Lesson, col(Order.number), col(OrderLine.snapshot), col(StaffingCopy.body))
        .join(Order, col(Order.id) == col(Lesson.order_id))
        .join(OrderLine, col(OrderLine.id) == col(Lesson.line_id))
        .outerjoin(StaffingCopy, col(StaffingCopy.lesson_id) == col(Lesson.id))
        .where(col(Lesson.school_id) == school_id, now | waiting)
        .order_by(col(Lesson.starts_at))
        .limit(MOST)
    )
    for lesson, number, course, staffing in rows:
        kind = KINDS[L(lesson.state)]
        if kind == "agree_substitute" and not _waived(staffing, lesson):
            continue
        due_at = lesson.due_at if kind in ("attest", "decide") else lesson.starts_at
        yield Todo(
            kind,
            due_at,
            lesson.order_id,
            lesson_id=lesson.id,
            order_number=number,
            title=_title(course),
            starts_at=lesson.starts_at,
        )


KINDS = {
    L.DELIVERED: "attest",
    L.PARTIALLY_DELIVERED: "decide",
    L.AT_RISK: "agree_substitute",
    L.CONFIRMED: "receive",
    L.IN_PROGRESS: "receive",
}


def _waived(staffing: dict[str, Any] | None, lesson: Lesson) -> bool:
    """Is there a substitute the school has to agree to?"""
    if staffing is None or staffing["revision"] < lesson.revision:
        return False
    return bool(staffing["waived"]) and staffing["status"] == "held"


def _letters(session: Session, school_id: UUID) -> Iterator[Todo]:
    chosen = select(Order).where(Order.school_id == school_id)
    chosen = chosen.where(col(Order.state).in_((O.RETURNED, O.DRAFT)))
    for order in session.exec(chosen.order_by(col(Order.created_at).desc()).limit(MOST)):
        kind = "mend_letter" if order.state == O.RETURNED else "draft"
        yield Todo(kind, order.fix_due_at, order.id, None, None, order.number, order.title)


def _lines(session: Session, school_id: UUID) -> Iterator[Todo]:
    rows = session.execute(
        sa.select(OrderLine, col(Order.number))
        .join(Order, col(Order.id) == col(OrderLine.order_id))
        .where(col(Order.school_id) == school_id, col(Order.state) == O.APPROVED)
        .where(col(OrderLine.review) == "returned", col(OrderLine.mended_at).is_(None))
        .order_by(col(OrderLine.fix_due_at))
        .limit(MOST)
    )
    for line, number in rows:
        yield Todo(
            "mend_line",
            line.fix_due_at,
            line.order_id,
            order_number=number,
            title=_title(line.snapshot),
        )


def _year(session: Session, school_id: UUID, by: Caller, at: datetime) -> Year:
    numbers = Numbers.of(session, by.district)
    of, blocks = queries.year_blocks(session, by=by, at=at)
    opens, closes = (_midnight(date(year, 1, 1), numbers) for year in (of, of + 1))
    letters = session.execute(
        sa.select(col(Order.state), sa.func.count())
        .where(col(Order.school_id) == school_id)
        .where(col(Order.created_at) >= opens, col(Order.created_at) < closes)
        .group_by(col(Order.state))
    ).all()
    starts = sa.func.coalesce(col(Lesson.starts_at), col(Lesson.created_at))
    lessons = session.execute(
        sa.select(
            col(Lesson.state),
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(col(Lesson.verified_minutes)), 0),
            sa.func.coalesce(sa.func.sum(col(Lesson.attendance)), 0),
        )
        .where(col(Lesson.school_id) == school_id, starts >= opens, starts < closes)
        .group_by(col(Lesson.state))
    ).all()
    verified = {str(state): (minutes, people) for state, _, minutes, people in lessons}
    minutes, people = verified.get(str(L.VERIFIED), (0, 0))
    return Year(
        year=of,
        letters={str(state): count for state, count in letters},
        lessons={str(state): count for state, count, _, _ in lessons},
        verified_minutes=int(minutes),
        attendance=int(people),
        mix=mix.meter(blocks, numbers),
    )


def _coming(session: Session, school_id: UUID, today: datetime, days: int) -> list[Full]:
    chosen = (
        select(Lesson)
        .where(Lesson.school_id == school_id, col(Lesson.state).in_(COMING))
        .where(col(Lesson.starts_at) >= today)
        .where(col(Lesson.starts_at) < today + timedelta(days=days))
        .order_by(col(Lesson.starts_at), col(Lesson.id))
        .limit(MOST)
    )
    return lesson_queries.full(session, session.exec(chosen).all())


def _title(course: dict[str, Any] | None) -> str:
    return str((course or {}).get("title", ""))


def _midnight(on: date, numbers: Numbers) -> datetime:
    return datetime.combine(on, time(), numbers.zone)
