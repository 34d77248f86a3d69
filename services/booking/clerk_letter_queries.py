"""Booking: a letter as its clerk's page needs it, and the school it is filled in for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.booking import lesson_queries, schools
from services.booking.lesson_queries import Full
from services.booking.lesson_rules import notice_of
from services.booking.models import BlockedDate, Change, Lesson, Order, School, Venue, WorkDay
from services.booking.queries import Letter
from services.booking.rules import HALF_DAYS
from services.booking.seeing import order_for
from services.booking.states import SETTLED, ChangeState
from services.kit.auth import Caller, Role
from services.kit.errors import Forbidden
from services.kit.numbers import Numbers

A_PART = 50  # lines shown at once


@dataclass(frozen=True)
class Cancelling:
    """What would end with a letter, or with one lesson of it."""

    order: Order
    lessons: list[Full]
    notice: str
    starts_at: datetime | None


@dataclass(frozen=True)
class Part:
    """Fifty lines of a letter: which is the first, their lessons, and the line after them."""

    line: int
    lessons: list[Full]
    changes: Sequence[Change]
    next: int | None


@dataclass(frozen=True)
class Home:
    """What a letter of the school is filled in with."""

    school: School
    venues: Sequence[Venue]
    blocked: Sequence[BlockedDate]
    holidays: Sequence[WorkDay]
    half_days: dict[str, str]


def home(session: Session, *, by: Caller, at: datetime) -> Home:
    """The caller's school with its rooms and days."""
    school = schools.school_for(session, own_school(by), by)
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


def part(
    session: Session, letter: Letter, line: int, lesson_id: UUID | None = None, *, by: Caller
) -> Part:
    """The lessons of fifty lines of a letter, and all changes still talked about."""
    if not letter.order.number:
        return Part(line, [], [], None)
    lessons = [lesson for lesson, _ in letter.lessons]
    wanted = next((lesson.position for lesson in lessons if lesson.id == lesson_id), line)
    first = (wanted - 1) // A_PART * A_PART + 1
    after = first + A_PART
    mine = [lesson for lesson in lessons if first <= lesson.position < after]
    mine.sort(key=lambda lesson: (lesson.position, lesson.day_index, lesson.id))
    return Part(
        line=first,
        lessons=lesson_queries.full(session, mine),
        changes=lessons_of(session, letter.order.id, by=by)[1],
        next=after if any(one.position >= after for one in letter.lines) else None,
    )


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


def own_school(by: Caller) -> UUID:
    by.needs(Role.TOWNSHIP)
    if by.school_id is None:
        raise Forbidden("school_required")
    return by.school_id
