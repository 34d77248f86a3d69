"""Booking: what is read of letters, schools and the mix. A list page is two queries."""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.booking import advice, checks, mix, urging
from services.booking.models import (
    Change,
    Lesson,
    Order,
    OrderLine,
    School,
    StaffingCopy,
    Venue,
)
from services.booking.orders import lines_of
from services.booking.schools import school_for
from services.booking.seeing import DISTRICT_WIDE, READERS, order_for
from services.booking.states import UNDER_WAY, LessonState, OrderState
from services.kit import clock
from services.kit.auth import Caller
from services.kit.errors import Forbidden
from services.kit.numbers import Numbers
from services.kit.outbox import Happened

L = LessonState
UNPLACED = {L.REQUESTED, L.UNPLACED, L.WAITLISTED}
TAUGHT = {
    L.DELIVERED,
    L.VERIFIED,
    L.DISPUTED,
    L.PARTIALLY_DELIVERED,
    L.NOT_DELIVERED,
    L.WRITTEN_OFF,
}
NOT_COUNTED = {L.CANCELLED, L.WRITTEN_OFF}
MENDED = "mended"  # returned, and the school has answered
CHECKED = {OrderState.DRAFT, OrderState.RETURNED}


class Progress(NamedTuple):
    """How far a letter is: number of lines, are any with the school, its word, has any begun; how
    many lines are with the school, and the lessons by state."""

    lines: int
    returned: bool
    word: str
    begun: bool
    lines_returned: int = 0  # to be mended by the school
    lines_mended: int = 0  # mended, to be decided again
    lessons: Mapping[LessonState, int] = {}


@dataclass(frozen=True)
class Letter:
    """A letter with everything a page about it needs."""

    order: Order
    school: School
    lines: Sequence[OrderLine]
    courses: dict[UUID, dict[str, Any]]  # as they are now, for lines that keep no version yet
    lessons: Sequence[tuple[Lesson, str | None]]  # with the holder's name
    progress: Progress
    problems: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    mix: mix.Mix
    urged_at: datetime | None = None


def letter(session: Session, order_id: UUID, *, by: Caller, at: datetime) -> Letter:
    """404 for what the caller may not know; 403 for lecturers."""
    order = order_for(session, order_id, by)
    return with_lines(session, order, lines_of(session, order.id), at=at)


def with_lines(
    session: Session, order: Order, lines: Sequence[OrderLine], *, at: datetime
) -> Letter:
    lessons: Sequence[Any] = []
    if order.number is not None:
        lessons = session.execute(
            sa.select(Lesson, col(StaffingCopy.holder_name))
            .outerjoin(StaffingCopy, col(StaffingCopy.lesson_id) == col(Lesson.id))
            .where(col(Lesson.order_id) == order.id)
            .order_by(col(Lesson.position), col(Lesson.day_index), col(Lesson.created_at))
        ).all()
    on = checks.ground(session, order, lines, at)
    judged = order.state in CHECKED
    courses = _shown_courses(lines, on) if judged else {}
    ordered = [course for line in lines if (course := line.snapshot or courses.get(line.course_id))]
    return Letter(
        order=order,
        school=on.school,
        lines=lines,
        courses=courses,
        lessons=[(lesson, holder) for lesson, holder in lessons],
        progress=progress_of(
            [_review(line) for line in lines], Counter(L(lesson.state) for lesson, _ in lessons)
        ),
        problems=checks.problems(order, lines, on, at) if judged else [],
        warnings=advice.warnings(session, order, lines, on),
        mix=mix.meter(
            [(course["category"], Decimal(course["class_hours"])) for course in ordered], on.numbers
        ),
        urged_at=urging.last_urged(session, [order.id]).get(order.id),
    )


def progress_of(reviews: Sequence[str], lessons: Mapping[LessonState, int]) -> Progress:
    states = set(lessons)
    return Progress(
        lines=len(reviews),
        returned=bool({"returned", MENDED} & set(reviews)),
        word=word_of(states),
        begun=bool(states & UNDER_WAY),
        lines_returned=reviews.count("returned"),
        lines_mended=reviews.count(MENDED),
        lessons=lessons,
    )


def word_of(states: AbstractSet[LessonState]) -> str:
    """Derived from the lessons: none, partly, all_placed, running, delivered. Cancelled ones do
    not count."""
    counted = states - {L.CANCELLED}
    if not counted or counted <= UNPLACED:
        return "none"
    if counted <= TAUGHT:
        return "delivered"
    if counted & UNDER_WAY:
        return "running"
    return "partly" if counted & UNPLACED else "all_placed"


def orders(
    by: Caller,
    *,
    states: Sequence[OrderState],
    school_id: UUID | None,
    q: str | None,
    first: date | None,
    last: date | None,
    discarded: bool = True,
    numbers: Numbers,
) -> SelectOfScalar[Order]:
    """Letters the caller may know of; a page of them is cut by the caller."""
    by.needs(*READERS)
    chosen = select(Order).where(Order.district == by.district)
    if not by.has(*DISTRICT_WIDE):
        chosen = chosen.where(Order.school_id == by.school_id)
    if school_id is not None:
        chosen = chosen.where(Order.school_id == school_id)
    if states:
        chosen = chosen.where(col(Order.state).in_(states))
    if not discarded:
        chosen = chosen.where(col(Order.number).is_not(None) | (Order.state == OrderState.DRAFT))
    if q:
        found = col(Order.number).contains(q, autoescape=True)
        chosen = chosen.where(found | col(Order.title).contains(q, autoescape=True))
    if first is not None:
        chosen = chosen.where(Order.created_at >= clock.midnight(first, numbers.zone))
    if last is not None:
        chosen = chosen.where(
            Order.created_at < clock.midnight(last + timedelta(days=1), numbers.zone)
        )
    return chosen


def _review(line: OrderLine) -> str:
    return MENDED if line.review == "returned" and line.mended_at else line.review


def progress_all(session: Session, rows: Sequence[Order]) -> dict[UUID, Progress]:
    """The progress of each letter of a page, in one query."""
    ids = [row.id for row in rows]
    if not ids:
        return {}
    answered = (col(OrderLine.review) == "returned") & col(OrderLine.mended_at).is_not(None)
    review = sa.case((answered, MENDED), else_=col(OrderLine.review))
    lines = sa.select(
        col(OrderLine.order_id), sa.literal("line"), review.label("word"), sa.func.count()
    ).where(col(OrderLine.order_id).in_(ids))
    lessons = sa.select(
        col(Lesson.order_id), sa.literal("lesson"), col(Lesson.state), sa.func.count()
    ).where(col(Lesson.order_id).in_(ids))
    both: Any = sa.union_all(
        lines.group_by(col(OrderLine.order_id), sa.text("word")),
        lessons.group_by(col(Lesson.order_id), col(Lesson.state)),
    )
    reviews: dict[UUID, list[str]] = {id: [] for id in ids}
    states: dict[UUID, dict[LessonState, int]] = {id: {} for id in ids}
    for order_id, kind, word, count in session.execute(both):
        if kind == "line":
            reviews[order_id] += [word] * count
        else:
            states[order_id][L(word)] = count
    return {id: progress_of(reviews[id], states[id]) for id in ids}


def happened(session: Session, order_id: UUID, *, by: Caller) -> SelectOfScalar[Happened]:
    """What happened to a letter, its lessons and its changes."""
    order = order_for(session, order_id, by)
    lessons = sa.select(col(Lesson.id)).where(col(Lesson.order_id) == order.id)
    changes = sa.select(col(Change.id)).where(col(Change.order_id) == order.id)
    key = col(Happened.key)
    return select(Happened).where((key == order.id) | key.in_(lessons) | key.in_(changes))


def meter(
    session: Session, *, school_id: UUID | None, year: int | None, by: Caller, at: datetime
) -> tuple[int, mix.Mix]:
    """The mix of a school's live lessons in a year; without a school, of the whole district."""
    by.needs(*READERS)
    if not by.has(*DISTRICT_WIDE):
        if school_id not in (None, by.school_id):
            raise Forbidden("not_your_school")
        school_id = by.school_id
    elif school_id is not None:
        school_for(session, school_id, by)
    numbers = Numbers.of(session, by.district)
    year = year or at.astimezone(numbers.zone).year
    return year, mix.meter(_blocks(session, by.district, school_id, year, numbers), numbers)


def year_blocks(
    session: Session, *, by: Caller, at: datetime
) -> tuple[int, list[tuple[str, Decimal]]]:
    """The blocks of the caller's school in this year; without a school, of the district."""
    numbers = Numbers.of(session, by.district)
    year = at.astimezone(numbers.zone).year
    return year, _blocks(session, by.district, by.school_id, year, numbers)


def _blocks(
    session: Session, district: str, school_id: UUID | None, year: int, numbers: Numbers
) -> list[tuple[str, Decimal]]:
    first, after = clock.calendar_year(year, numbers.zone)
    starts = col(Lesson.starts_at)
    rows = (
        sa.select(col(Lesson.category), col(Lesson.class_hours), starts, col(Lesson.wishes))
        .where(col(Lesson.district) == district, col(Lesson.state).not_in(NOT_COUNTED))
        .where(starts.is_(None) | ((starts >= first) & (starts < after)))
    )
    if school_id is not None:
        rows = rows.where(col(Lesson.school_id) == school_id)
    return [
        (category, hours)
        for category, hours, start, wishes in session.execute(rows)
        if start is not None or _first_wish_in(wishes, first, after)
    ]


def _first_wish_in(wishes: list[dict[str, Any]], first: datetime, after: datetime) -> bool:
    return bool(wishes) and first <= datetime.fromisoformat(wishes[0]["starts_at"]) < after


def all_schools(session: Session, by: Caller) -> Sequence[School]:
    by.needs(*READERS)
    return session.exec(select(School).where(School.district == by.district).order_by("code")).all()


def venues(session: Session, by: Caller, school_id: UUID | None) -> SelectOfScalar[Venue]:
    by.needs(*READERS)
    chosen = select(Venue).where(Venue.district == by.district)
    return chosen if school_id is None else chosen.where(Venue.school_id == school_id)


def _shown_courses(lines: Sequence[OrderLine], on: checks.Ground) -> dict[UUID, dict[str, Any]]:
    """The version each line would order; without a date yet, the newest on the menu."""
    found = {line.course_id: on.version(line) for line in lines}
    for id, version in found.items():
        if version is None and id in on.courses:
            newest = on.courses[id][1]
            published = [v for v in newest if v.state == "published"]
            found[id] = (published or newest)[-1]
    return {id: v.model_dump(mode="json") for id, v in found.items() if v is not None}
