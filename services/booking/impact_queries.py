"""Booking: what would be touched if a site closed, a course were withdrawn or days fell out: the
lessons, the people to tell, and for each lesson a proposal. Nothing is changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking import conflict_queries, lesson_queries
from services.booking.conflict_queries import TO_COME
from services.booking.lesson_queries import Full
from services.booking.models import CourseCopy, Lesson, Order, OrderLine, School, SiteCopy
from services.booking.moving_queries import FAR, Ground, another_place, another_time, ground
from services.booking.seeing import DISTRICT_WIDE
from services.booking.states import LessonState, OrderState
from services.kit import clock, db
from services.kit.auth import Caller
from services.kit.errors import Invalid, NotFound
from services.kit.numbers import Numbers

WAITING = (LessonState.REQUESTED, LessonState.UNPLACED, LessonState.WAITLISTED)
WRITTEN = (OrderState.DRAFT, OrderState.RETURNED)
LONGEST = timedelta(days=366)
MOST = 500  # lessons shown; more of them are counted


@dataclass(frozen=True)
class Question:
    """A site or a course that would be away, on these days or for good; or only days, of the
    district or of one school. Both days are included."""

    site_id: UUID | None = None
    course_id: UUID | None = None
    school_id: UUID | None = None
    first: date | None = None
    last: date | None = None

    def covers(self, on: date) -> bool:
        return (self.first is None or self.first <= on) and (self.last is None or on <= self.last)


def impact(session: Session, asked: Question, *, by: Caller, at: datetime) -> dict[str, Any]:
    """Lessons placed (with a proposal each) and waiting, letters still being written, and whom to
    tell. 422 `question_needed` when nothing is named, `period_invalid`; 404 for a foreign row."""
    by.needs(*DISTRICT_WIDE)
    _check(session, asked, by)
    numbers = Numbers.of(session, by.district)
    placed = lesson_queries.full(session, _placed(session, asked, by, at, numbers))
    waiting = lesson_queries.full(session, _waiting(session, asked, by))
    waiting = [
        full for full in waiting if _is_touched(full.line, full.lesson.wishes, asked, numbers)
    ]
    today = at.astimezone(numbers.zone).date()
    last = max([today, *(_day(full.lesson.starts_at, numbers) for full in placed)])
    grounds = conflict_queries.read(session, by.district, today, last + FAR)
    held = ground(session, grounds, by.district, at=at)
    return {
        "placed": [(full, _proposal(full, asked, held)) for full in placed],
        "waiting": waiting,
        "letters": _letters(session, asked, by, numbers),
        "schools": _schools(placed + waiting, grounds.schools),
        "lecturers": _lecturers(placed),
    }


def _check(session: Session, asked: Question, by: Caller) -> None:
    if not any((asked.site_id, asked.course_id, asked.first, asked.last)):
        raise Invalid("question_needed", one_of=["site_id", "course_id", "on", "from", "to"])
    if asked.first and asked.last and not timedelta() <= asked.last - asked.first <= LONGEST:
        raise Invalid("period_invalid", most_days=LONGEST.days)
    tables: tuple[tuple[Any, UUID | None, str], ...] = (
        (SiteCopy, asked.site_id, "site"),
        (CourseCopy, asked.course_id, "course"),
        (School, asked.school_id, "school"),
    )
    for table, id, what in tables:
        if id is not None and db.get(session, table, id, what=what).district != by.district:
            raise NotFound("not_found", what=what, id=str(id))


def _placed(
    session: Session, asked: Question, by: Caller, at: datetime, numbers: Numbers
) -> Sequence[Lesson]:
    starts = col(Lesson.starts_at)
    chosen = select(Lesson).where(Lesson.district == by.district)
    chosen = chosen.where(col(Lesson.state).in_(TO_COME), starts > at)
    if asked.site_id is not None:
        there = col(Lesson.place)["resource_id"].as_string()
        chosen = chosen.where(there == str(asked.site_id))
    if asked.course_id is not None:
        chosen = chosen.where(Lesson.course_id == asked.course_id)
    if asked.school_id is not None:
        chosen = chosen.where(Lesson.school_id == asked.school_id)
    if asked.first is not None:
        chosen = chosen.where(starts >= clock.midnight(asked.first, numbers.zone))
    if asked.last is not None:
        chosen = chosen.where(starts < clock.midnight(asked.last + timedelta(days=1), numbers.zone))
    return session.exec(chosen.order_by("starts_at", "id").limit(MOST)).all()


def _waiting(session: Session, asked: Question, by: Caller) -> Sequence[Lesson]:
    chosen = select(Lesson).where(Lesson.district == by.district, col(Lesson.state).in_(WAITING))
    if asked.course_id is not None:
        chosen = chosen.where(Lesson.course_id == asked.course_id)
    if asked.school_id is not None:
        chosen = chosen.where(Lesson.school_id == asked.school_id)
    return session.exec(chosen.order_by("created_at", "id").limit(4 * MOST)).all()


def _is_touched(
    line: OrderLine, wishes: Sequence[dict[str, Any]], asked: Question, numbers: Numbers
) -> bool:
    """Does a wish need what would be away?"""
    if asked.site_id is not None and not _on_site(line, asked.site_id):
        return False
    if asked.course_id is not None and line.course_id != asked.course_id:
        return False
    starts = [datetime.fromisoformat(wish["starts_at"]) for wish in wishes]
    if asked.first is None and asked.last is None:
        return True
    return any(asked.covers(_day(start, numbers)) for start in starts)


def _on_site(line: OrderLine, site_id: UUID) -> bool:
    own = (line.snapshot or {}).get("site_id")
    tied = line.delivery == "on_site" and own == str(site_id)
    return line.site_id == site_id or (line.site_id is None and tied)


def _letters(
    session: Session, asked: Question, by: Caller, numbers: Numbers
) -> list[dict[str, Any]]:
    """Letters still with their schools that wish for it."""
    rows = session.execute(
        sa.select(Order, OrderLine, School.name)  # type: ignore[call-overload]
        .join(OrderLine, col(OrderLine.order_id) == col(Order.id))
        .join(School, col(School.id) == col(Order.school_id))
        .where(col(Order.district) == by.district, col(Order.state).in_(WRITTEN))
        .order_by(col(Order.created_at), col(Order.id), col(OrderLine.position))
    )
    found: dict[UUID, dict[str, Any]] = {}
    for order, line, school_name in rows:
        if asked.school_id not in (None, order.school_id):
            continue
        if _is_touched(line, line.wishes, asked, numbers):
            same = order.model_dump(include={"id", "number", "title", "school_id"})
            letter = {**same, "state": str(order.state), "school_name": school_name, "lines": []}
            found.setdefault(order.id, letter)["lines"].append(line.position)
    return list(found.values())


def _proposal(full: Full, asked: Question, held: Ground) -> dict[str, Any]:
    """What may be done about it: `keep`, `move_place`, `retime`, or `decide` for people."""
    if asked.course_id is not None:
        # A letter keeps the version it ordered.
        return {"kind": "keep"}
    if asked.site_id is not None and (place := another_place(full, held)) is not None:
        return {"kind": "move_place", "place": place.model_dump(mode="json")}
    slot = another_time(full, held, but=asked.covers)
    if slot is None:
        return {"kind": "decide"}
    zone = held.grounds.numbers.zone
    local = {name: getattr(slot, name).astimezone(zone) for name in ("starts_at", "ends_at")}
    return {"kind": "retime", **{name: at.isoformat() for name, at in local.items()}}


def _schools(fulls: Sequence[Full], known: dict[UUID, School]) -> list[dict[str, Any]]:
    counts: dict[UUID, int] = {}
    for full in fulls:
        counts[full.lesson.school_id] = counts.get(full.lesson.school_id, 0) + 1
    return [
        {
            **known[id].model_dump(include={"id", "name", "liaison", "contact_phone"}),
            "lessons": count,
        }
        for id, count in sorted(counts.items(), key=lambda one: known[one[0]].code)
    ]


def _lecturers(fulls: Sequence[Full]) -> list[dict[str, Any]]:
    found: dict[UUID, dict[str, Any]] = {}
    for full in fulls:
        said = full.staffing
        if said is None or said.holder_id is None or said.revision < full.lesson.revision:
            continue
        one = {"id": said.holder_id, "name": said.holder_name, "lessons": 0}
        found.setdefault(said.holder_id, one)["lessons"] += 1
    return list(found.values())


def _day(at: datetime | None, numbers: Numbers) -> date:
    assert at is not None
    return at.astimezone(numbers.zone).date()
