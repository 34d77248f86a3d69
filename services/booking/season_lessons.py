"""Booking: which waiting lessons wish for the days of a season."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col

from services.booking.models import Lesson, Order
from services.booking.season_models import Season
from services.booking.states import LessonState
from services.kit.numbers import Numbers

# Handed in and not placed; those that are not reviewed yet can still be.
WAITING = (LessonState.REQUESTED, LessonState.UNPLACED, LessonState.WAITLISTED)


class Collected(NamedTuple):
    """A lesson of a season."""

    lesson_id: UUID
    school_id: UUID
    state: LessonState


def collected(
    session: Session, seasons: Sequence[Season], *, school_id: UUID | None = None
) -> dict[UUID, list[Collected]]:
    """The waiting lessons of each of these seasons (of one district), the oldest first; one query.
    They wish for one of its days, and their letter was handed in before it closed. A lesson that
    wishes for days of two seasons is in both."""
    if not seasons:
        return {}
    district = seasons[0].district
    zone = Numbers.of(session, district).zone
    chosen = (
        sa.select(
            *(col(Lesson.id), col(Lesson.school_id), col(Lesson.state), col(Lesson.wishes)),
            col(Order.submitted_at),
        )
        .join(Order, col(Order.id) == col(Lesson.order_id))
        .where(col(Lesson.district) == district, col(Lesson.state).in_(WAITING))
        .order_by(col(Lesson.created_at), col(Lesson.id))
    )
    if school_id is not None:
        chosen = chosen.where(col(Lesson.school_id) == school_id)
    spans = {one.id: span(one.first_on, one.last_on, zone) for one in seasons}
    found: dict[UUID, list[Collected]] = {one.id: [] for one in seasons}
    for id, school, state, wishes, submitted_at in session.execute(chosen):
        starts = [datetime.fromisoformat(wish["starts_at"]) for wish in wishes]
        for season in seasons:
            in_time = submitted_at is None or submitted_at <= season.closes_at
            if in_time and within(starts, *spans[season.id]):
                found[season.id].append(Collected(id, school, state))
    return found


def span(first_on: date, last_on: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the first moment of the first day to the end of the last."""
    after = last_on + timedelta(days=1)
    return datetime.combine(first_on, time(), zone), datetime.combine(after, time(), zone)


def within(starts: Iterable[datetime], opens: datetime, closes: datetime) -> bool:
    return any(opens <= at < closes for at in starts)
