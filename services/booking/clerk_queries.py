"""Booking: the desk of a school's clerk: what to do next, how the year stands, what comes soon."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking import lesson_queries, mix, queries
from services.booking.clerk_letter_queries import own_school
from services.booking.grouping_models import Grouping
from services.booking.grouping_states import GroupingState
from services.booking.lesson_queries import Full
from services.booking.models import (
    Change,
    Lesson,
    Order,
    OrderLine,
    StaffingCopy,
    TrainingTarget,
)
from services.booking.states import ChangeState, LessonState, OrderState
from services.kit import clock
from services.kit.auth import Caller, Role
from services.kit.numbers import Numbers

L, O = LessonState, OrderState  # noqa: E741
MOST = 50
COMING = (L.TENTATIVE, L.CONFIRMED, L.AT_RISK, L.IN_PROGRESS, L.SUSPENDED, L.JOINED)


@dataclass(frozen=True)
class Todo:
    """One thing a school has to do: which, until when, and about what."""

    # answer_change answer_grouping agree_substitute mend_letter mend_line decide attest receive
    # draft
    kind: str
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
    target: TrainingTarget | None
    mix: mix.Mix


@dataclass(frozen=True)
class Desk:
    todo: list[Todo]
    year: Year
    coming: list[Full]


def desk(session: Session, *, days: int, by: Caller, at: datetime) -> Desk:
    """Twelve reads, whatever there is: the most pressing things first, and the lessons of the
    coming days."""
    school_id = own_school(by)
    numbers = Numbers.of(session, by.district)
    today = clock.midnight(at.astimezone(numbers.zone).date(), numbers.zone)
    found = [
        *_changes(session, school_id),
        *_groupings(session, school_id),
        *_lessons(session, school_id, today),
        *_letters(session, school_id),
        *_lines(session, school_id),
    ]
    found.sort(key=lambda todo: (todo.due_at is None, todo.due_at or today, todo.kind))
    return Desk(found, _year(session, school_id, by, at), _coming(session, school_id, today, days))


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


def _groupings(session: Session, school_id: UUID) -> Iterator[Todo]:
    """What the district proposes about a lesson of the school, and nobody has said yes to here."""
    asked_as_host = (
        (col(Grouping.host_school_id) == school_id)
        & (col(Grouping.kind) == "merge")
        & col(Grouping.host_agreed_at).is_(None)
    )
    asked_as_guest = (col(Grouping.guest_school_id) == school_id) & col(
        Grouping.guest_agreed_at
    ).is_(None)
    own = sa.case((asked_as_guest, col(Grouping.guest_id)), else_=col(Grouping.host_id))
    rows = session.execute(
        sa.select(Grouping, Lesson, col(Order.number), col(OrderLine.snapshot))
        .join(Lesson, col(Lesson.id) == own)
        .join(Order, col(Order.id) == col(Lesson.order_id))
        .join(OrderLine, col(OrderLine.id) == col(Lesson.line_id))
        .where(col(Grouping.state) == GroupingState.PROPOSED, asked_as_host | asked_as_guest)
        .order_by(col(Grouping.deadline_at))
        .limit(MOST)
    )
    for grouping, lesson, number, course in rows:
        yield Todo(
            "answer_grouping",
            grouping.deadline_at,
            lesson.order_id,
            lesson_id=lesson.id,
            order_number=number,
            title=_title(course),
            starts_at=grouping.starts_at,
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
    opens, closes = clock.calendar_year(of, numbers.zone)
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
        target=session.get(TrainingTarget, (school_id, of)),
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
