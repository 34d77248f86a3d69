"""Booking: the clocks of a letter, and how a letter that dies takes its lessons with it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.booking import calendar, lesson_door, order_door
from services.booking.grouping_models import Grouping
from services.booking.lesson_rules import notice_of
from services.booking.models import Change, Lesson, Order, OrderLine
from services.booking.season_models import Season
from services.booking.states import SETTLED, LessonState
from services.contracts.booking import Slot
from services.kit import db, timers
from services.kit.auth import Caller, Role, timer
from services.kit.numbers import Numbers
from services.kit.timers import Acts, Timer


def watch_draft(
    session: Session, order: Order, lines: Sequence[Mapping[str, Any]], at: datetime
) -> None:
    """A draft nobody touches, or whose last wish has passed, does not stay for ever. Dates that
    are past already when it is saved can still be corrected."""
    stale = at + timedelta(days=Numbers.of(session, order.district).int("draft_stale_days"))
    last = _last(wish for line in lines for wish in line["wishes"])
    due_at = min(stale, last) if last is not None and last > at else stale
    timers.start(session, order.id, "stale_or_dates_past", due_at)


def last_wish(lines: Sequence[OrderLine]) -> datetime:
    """When the last wished slot of these lines has passed."""
    last = _last(wish for line in lines for wish in line.wishes)
    assert last is not None, "checked before"
    return last


def end(
    session: Session,
    order: Order,
    verb: str,
    reason_code: str,
    *,
    fault: str,
    reason: str | None,
    by: Caller,
    at: datetime,
) -> Order:
    """The letter dies by `verb`, and every live lesson of it with it."""
    lessons = _live(session, order)
    numbers = Numbers.of(session, order.district)
    starts = min((s for lesson in lessons if (s := _start(lesson))), default=None)
    order_door.move(
        session,
        order,
        verb,
        by=by,
        at=at,
        note=reason,
        reason=reason,
        reason_code=reason_code,
        fault=fault,
        notice=notice_of(starts, at, numbers),
    )
    for lesson in lessons:
        requested = lesson.state == LessonState.REQUESTED
        lesson_door.move_lesson(
            session,
            lesson,
            "line_refused_or_order_dead" if requested else "order_dead",
            by=by,
            at=at,
            note=reason,
            allowed=Role.SYSTEM,
            reason_code=reason_code,
            reason=reason,
            fault=fault,
        )
    return order


def stale_or_dates_past(session: Session, order_id: UUID, at: datetime) -> None:
    order = _locked(session, order_id)
    by = timer(order.district)
    why: dict[str, Any] = {"reason_code": "draft_stale", "fault": "school", "notice": "early"}
    order_door.move(session, order, "stale_or_dates_past", by=by, at=at, **why)


def review_sla(session: Session, order_id: UUID, at: datetime) -> None:
    """The district is late: said aloud, and again after the same number of working days."""
    order = _locked(session, order_id)
    numbers = Numbers.of(session, order.district)
    workdays = max(1, numbers.int("review_working_days"))
    today = at.astimezone(numbers.zone).date()
    days = calendar.between(session, order.district, today, today + timedelta(days=60))
    due_at = calendar.due_after(days, at, workdays, numbers.zone)
    by = timer(order.district)
    order_door.move(session, order, "review_sla", by=by, at=at, due_at=due_at, review_due_at=due_at)
    timers.start(session, order.id, "review_sla", due_at)


def all_dates_past(session: Session, order_id: UUID, at: datetime) -> None:
    order = _locked(session, order_id)
    by = timer(order.district)
    end(session, order, "all_dates_past", "dates_past", fault="district", reason=None, by=by, at=at)


def fix_deadline(session: Session, order_id: UUID, at: datetime) -> None:
    order = _locked(session, order_id)
    by = timer(order.district)
    end(session, order, "fix_deadline", "not_mended", fault="school", reason=None, by=by, at=at)


TIMERS: Acts = {
    "stale_or_dates_past": stale_or_dates_past,
    "review_sla": review_sla,
    "all_dates_past": all_dates_past,
    "fix_deadline": fix_deadline,
}


def outage(session: Session, extended: Sequence[Timer], gap: timedelta) -> None:
    """The service was down: the deadlines people see move with the timers behind them."""
    by_verb: dict[str, set[UUID]] = {}
    for waiting in extended:
        by_verb.setdefault(waiting.verb, set()).add(waiting.key)
    for order in _some(session, Order, by_verb.get("fix_deadline", set())):
        order.fix_due_at += gap
    lessons = _some(session, Lesson, by_verb.get("line_fix_deadline", set()))
    for lesson in lessons:
        lesson.due_at = lesson.due_at and lesson.due_at + gap
    for line in _some(session, OrderLine, {lesson.line_id for lesson in lessons}):
        line.fix_due_at = line.fix_due_at and line.fix_due_at + gap
    for change in _some(session, Change, by_verb.get("deadline", set())):
        change.deadline_at = change.deadline_at and change.deadline_at + gap
    for grouping in _some(session, Grouping, by_verb.get("answer_deadline", set())):
        grouping.deadline_at = grouping.deadline_at and grouping.deadline_at + gap
    for season in _some(session, Season, by_verb.get("collecting_ends", set())):
        season.closes_at += gap
    session.flush()


def _live(session: Session, order: Order) -> Sequence[Lesson]:
    return session.exec(
        select(Lesson)
        .where(Lesson.order_id == order.id, col(Lesson.state).not_in(SETTLED))
        .order_by("id")
        .with_for_update()
    ).all()


def _start(lesson: Lesson) -> datetime | None:
    """When it starts, or its first wish does."""
    if lesson.starts_at is not None:
        return lesson.starts_at
    return min((Slot.model_validate(wish).starts_at for wish in lesson.wishes), default=None)


def _last(wishes: Any) -> datetime | None:
    return max((Slot.model_validate(wish).ends_at for wish in wishes), default=None)


def _locked(session: Session, order_id: UUID) -> Order:
    return db.get(session, Order, order_id, lock=True)


def _some(session: Session, table: Any, ids: set[UUID]) -> Sequence[Any]:
    if not ids:
        return []
    return session.exec(select(table).where(table.id.in_(ids))).all()
