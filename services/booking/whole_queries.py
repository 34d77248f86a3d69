"""Booking: one letter or one lesson with everything its page shows, in a few queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, func, select

from services.booking import conflict_queries, lesson_queries, queries
from services.booking.conflict_queries import TO_COME, Placed
from services.booking.lesson_queries import Full
from services.booking.lesson_rules import notice_of
from services.booking.mix import Mix
from services.booking.models import Change, Lesson, Order
from services.booking.queries import Letter
from services.booking.seeing import DISTRICT_WIDE
from services.booking.states import SETTLED, LessonState, OrderState
from services.kit.auth import Caller
from services.kit.numbers import Numbers
from services.kit.outbox import Happened

MOST_TOLD = 500  # what happened last to a lesson


@dataclass(frozen=True)
class Review:
    """A letter, the mix of its school, and its neighbours among the letters that wait."""

    letter: Letter
    year: int
    mix: Mix
    waiting: int
    previous: UUID | None
    following: UUID | None


@dataclass(frozen=True)
class Ends:
    """What cancelling a lesson now would mean."""

    notice: str
    holder_name: str | None
    releases_place: bool
    change_withdrawn: bool
    last_of_letter: bool


@dataclass(frozen=True)
class Whole:
    """A lesson and all that is known of it here."""

    full: Full
    changes: Sequence[Change]
    history: Sequence[Happened]
    ends: Ends
    problems: list[dict[str, Any]]


def review(session: Session, order_id: UUID, *, by: Caller, at: datetime) -> Review:
    """404 for what the caller may not know; letters wait in the order they are due."""
    by.needs(*DISTRICT_WIDE)
    letter = queries.letter(session, order_id, by=by, at=at)
    school_id = letter.order.school_id
    year, mix = queries.meter(session, school_id=school_id, year=None, by=by, at=at)
    waiting = session.exec(
        select(Order.id)
        .where(Order.district == by.district, Order.state == OrderState.SUBMITTED)
        .order_by(col(Order.review_due_at), col(Order.id))
    ).all()
    place = waiting.index(order_id) if order_id in waiting else None
    after = waiting[:1] if place is None else waiting[place + 1 : place + 2]
    before = waiting[place - 1] if place else None
    return Review(letter, year, mix, len(waiting), before, after[0] if after else None)


def lesson(session: Session, lesson_id: UUID, *, by: Caller, at: datetime) -> Whole:
    """404 for what the caller may not know; 403 for lecturers."""
    full = lesson_queries.one(session, lesson_id, by=by)
    row = full.lesson
    numbers = Numbers.of(session, row.district)
    changes = session.exec(
        select(Change).where(Change.lesson_id == row.id).order_by(col(Change.created_at).desc())
    ).all()
    happened = lesson_queries.happened(session, lesson_id, by=by)
    newest = session.exec(happened.order_by(col(Happened.pos).desc()).limit(MOST_TOLD)).all()
    others = select(func.count()).select_from(Lesson).where(Lesson.order_id == row.order_id)
    others = others.where(Lesson.id != row.id, col(Lesson.state).not_in(SETTLED))
    held = full.staffing is not None and full.staffing.status == "held"
    ends = Ends(
        notice=notice_of(row.starts_at, at, numbers),
        holder_name=full.staffing.holder_name if held and full.staffing else None,
        releases_place=row.starts_at is not None and row.state in TO_COME,
        change_withdrawn=full.change_id is not None,
        last_of_letter=session.exec(others).one() == 0,
    )
    return Whole(full, changes, newest[::-1], ends, _problems(session, row, at))


def _problems(session: Session, row: Lesson, at: datetime) -> list[dict[str, Any]]:
    """What stands against it where it is now, as far as it is still to come."""
    if LessonState(row.state) not in TO_COME or row.starts_at is None or row.ends_at is None:
        return []
    if row.starts_at <= at:
        return []
    there = (row.place or {}).get("resource_id")
    on = row.starts_at.astimezone(Numbers.of(session, row.district).zone).date()
    grounds = conflict_queries.read(session, row.district, on, on)
    placed = Placed(
        row.id, row.school_id, row.starts_at, row.ends_at, UUID(there) if there else None
    )
    return conflict_queries.against(placed, grounds)
