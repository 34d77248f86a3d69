"""Booking: what waits for the district, counted, each number with the list it opens."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col
from sqlmodel.sql.expression import SelectOfScalar

from services.booking import conflict_queries
from services.booking.models import Change, Lesson, Order, OrderLine, School, StaffingCopy
from services.booking.review import RETURNED
from services.booking.seeing import DISTRICT_WIDE
from services.booking.states import ChangeState, LessonState, OrderState
from services.kit.auth import Caller, Role
from services.kit.numbers import Numbers
from services.kit.outbox import Happened

L = LessonState
TO_DECIDE = (L.NOT_DELIVERED, L.PARTIALLY_DELIVERED)
REVIEW = tuple(f"booking.order.{fact}" for fact in ("submitted", "resubmitted", "review_overdue"))


@dataclass(frozen=True)
class Count:
    """A number of the workbench: `door` and `filter` name the list that shows just these rows."""

    code: str
    count: int
    door: str
    filter: Mapping[str, Any]


def counts(session: Session, *, by: Caller, at: datetime) -> list[Count]:
    """All numbers, in the same few queries however many rows there are."""
    by.needs(*DISTRICT_WIDE)
    numbers = Numbers.of(session, by.district)
    today = at.astimezone(numbers.zone).date().isoformat()
    lessons = _by_state(session, Lesson, by.district)
    orders = _by_state(session, Order, by.district)
    sides = _changes(session, by.district)
    late = session.execute(
        _of_district(sa.select(sa.func.count()).select_from(Lesson), by).where(
            overdue(at=at, numbers=numbers)
        )
    ).scalar_one()
    mended = session.execute(
        sa.select(sa.func.count()).select_from(Order).where(col(Order.district) == by.district)
        .where(col(Order.id).in_(_mended()))
    ).scalar_one()  # fmt: skip
    found = [
        Count("to_review", orders.get(OrderState.SUBMITTED, 0), "orders", {"state": "submitted"}),
        Count("review_overdue", len(late_letters(session, by, at)), "orders", {"overdue": True}),
        Count("lines_mended", mended, "orders", {"mended": True}),
        Count("overdue", late, "lessons", {"overdue": True}),
    ]
    found += [
        Count(state.value, lessons.get(state, 0), "lessons", {"state": state.value})
        for state in (L.AT_RISK, L.UNPLACED, L.WAITLISTED, L.SUSPENDED, L.DELIVERED, L.DISPUTED)
    ]
    undecided = sum(lessons.get(state, 0) for state in TO_DECIDE)
    wanted = {"state": [state.value for state in TO_DECIDE]}
    found.append(Count("to_decide", undecided, "lessons", wanted))
    clashing = conflict_queries.conflicts(session, by.district, at=at)
    found.append(Count("conflicts", len(clashing), "lessons", {"conflict": True}))
    for side, code in ((Role.TOWNSHIP, "changes_to_answer"), (Role.SCHEDULER, "changes_waiting")):
        wanted_of = {"state": ChangeState.PROPOSED.value, "proposed_by": side.value}
        found.append(Count(code, sides.get(side.value, 0), "changes", wanted_of))
    day = {"from": today, "to": today}
    found.append(Count("today", _today(session, by, at, numbers), "lessons", day))
    return found


def overdue(*, at: datetime, numbers: Numbers) -> sa.ColumnElement[bool]:
    """Lessons somebody should have attested, decided on or settled by now."""

    def before(name: str) -> datetime:
        return at - timedelta(days=numbers.int(name))

    state, ends = col(Lesson.state), col(Lesson.ends_at)
    return sa.or_(
        (state == L.DELIVERED) & (ends < before("attest_days")),
        state.in_(TO_DECIDE) & (ends < before("decision_days")),
        (state == L.DISPUTED) & (col(Lesson.disputed_at) < before("dispute_days")),
    )


def late_letters(session: Session, by: Caller, at: datetime) -> set[UUID]:
    """Submitted letters whose time for review is over: the clock has said so since they came, or
    is about to."""
    rows = session.execute(
        sa.select(col(Order.id), col(Order.review_due_at), col(Happened.subject))
        .outerjoin(
            Happened, (col(Happened.key) == col(Order.id)) & col(Happened.subject).in_(REVIEW)
        )
        .where(col(Order.district) == by.district, col(Order.state) == OrderState.SUBMITTED)
        .order_by(col(Happened.pos))
    )
    newest: dict[UUID, bool] = {}
    for id, due_at, subject in rows:
        passed = due_at is not None and due_at <= at
        newest[id] = passed or subject == REVIEW[-1]
    return {id for id, late in newest.items() if late}


def narrow_orders(
    session: Session,
    chosen: SelectOfScalar[Order],
    *,
    overdue: bool | None = None,
    mended: bool | None = None,
    urgent: bool | None = None,
    by: Caller,
    at: datetime,
) -> SelectOfScalar[Order]:
    """A list of letters, cut down further by what the workbench counts."""
    if urgent is not None:
        chosen = chosen.where(col(Order.urgent).is_(urgent))
    for wanted, ids in (
        (overdue, late_letters(session, by, at) if overdue is not None else ()),
        (mended, _mended()),
    ):
        if wanted is not None:
            inside = col(Order.id).in_(ids)
            chosen = chosen.where(inside if wanted else ~inside)
    return chosen


def narrow_lessons(
    session: Session,
    chosen: SelectOfScalar[Lesson],
    *,
    q: str | None = None,
    course_id: UUID | None = None,
    place_id: UUID | None = None,
    lecturer_id: UUID | None = None,
    category: str | None = None,
    only_overdue: bool = False,
    conflict: bool = False,
    by: Caller,
    at: datetime,
) -> SelectOfScalar[Lesson]:
    """A list of lessons, cut down further: `q` is part of a letter's number, a school's name, a
    course's code or title; `place_id` a venue or a site."""
    if q:
        chosen = chosen.where(_words(q))
    if course_id is not None:
        chosen = chosen.where(Lesson.course_id == course_id)
    if category:
        chosen = chosen.where(Lesson.category == category)
    if place_id is not None:
        there = col(Lesson.place)["resource_id"].as_string()
        chosen = chosen.where(there == str(place_id))
    if lecturer_id is not None:
        held = sa.select(col(StaffingCopy.lesson_id))
        held = held.where(col(StaffingCopy.holder_id) == lecturer_id)
        chosen = chosen.where(col(Lesson.id).in_(held))
    if only_overdue:
        chosen = chosen.where(overdue(at=at, numbers=Numbers.of(session, by.district)))
    if conflict:
        ids = list(conflict_queries.conflicts(session, by.district, at=at))
        chosen = chosen.where(col(Lesson.id).in_(ids))
    return chosen


def overview(
    session: Session, first: datetime, after: datetime, *, by: Caller
) -> list[dict[str, Any]]:
    """How many lessons and class hours, by school, category and state, of those that start in a
    period or have no time yet."""
    by.needs(*DISTRICT_WIDE)
    starts = col(Lesson.starts_at)
    of = (col(School.id), col(School.code), col(School.name))
    of_what = (col(Lesson.category), col(Lesson.state))
    rows = session.execute(
        sa.select(*of, *of_what, sa.func.count(), sa.func.sum(col(Lesson.class_hours)))
        .select_from(Lesson)
        .join(School, col(School.id) == col(Lesson.school_id))
        .where(col(Lesson.district) == by.district)
        .where(starts.is_(None) | ((starts >= first) & (starts < after)))
        .group_by(*of, *of_what)
        .order_by(col(School.code), *of_what)
    )
    names = ("school_id", "school_code", "school_name", "category", "state", "count", "hours")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _words(q: str) -> sa.ColumnElement[bool]:
    numbered = sa.select(col(Order.id)).where(col(Order.number).contains(q, autoescape=True))
    named = sa.select(col(School.id)).where(col(School.name).contains(q, autoescape=True))
    title = col(OrderLine.snapshot)["title"].as_string()
    taught = sa.select(col(OrderLine.id)).where(
        title.contains(q, autoescape=True) | col(OrderLine.course_code).contains(q, autoescape=True)
    )
    return sa.or_(
        col(Lesson.order_id).in_(numbered),
        col(Lesson.school_id).in_(named),
        col(Lesson.line_id).in_(taught),
    )


def _mended() -> Any:
    """Letters with lines the school has mended and nobody has looked at again."""
    return sa.select(col(OrderLine.order_id)).where(
        col(OrderLine.review) == RETURNED, col(OrderLine.mended_at).is_not(None)
    )


def _by_state(session: Session, table: type[Lesson] | type[Order], district: str) -> dict[str, int]:
    rows = session.execute(
        sa.select(col(table.state), sa.func.count())
        .where(col(table.district) == district)
        .group_by(col(table.state))
    )
    return {str(state): count for state, count in rows}


def _changes(session: Session, district: str) -> dict[str, int]:
    rows = session.execute(
        sa.select(col(Change.proposed_by), sa.func.count())
        .where(col(Change.district) == district, col(Change.state) == ChangeState.PROPOSED)
        .group_by(col(Change.proposed_by))
    )
    return {side: count for side, count in rows}


def _today(session: Session, by: Caller, at: datetime, numbers: Numbers) -> int:
    local = at.astimezone(numbers.zone)
    first = local.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = col(Lesson.starts_at)
    counted = _of_district(sa.select(sa.func.count()).select_from(Lesson), by)
    within = counted.where(starts >= first, starts < first + timedelta(days=1))
    return int(session.execute(within.where(col(Lesson.state) != L.CANCELLED)).scalar_one())


def _of_district(chosen: Any, by: Caller) -> Any:
    return chosen.where(col(Lesson.district) == by.district)
