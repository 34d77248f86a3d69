"""Booking: draft plans (排课方案). Nothing of a draft has happened until it is published."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking import plan_door, season_checks
from services.booking.models import Lesson
from services.booking.plan_models import Plan, PlanLine
from services.booking.plan_rules import MOST_LESSONS, Options
from services.booking.plan_starts import OPEN
from services.contracts.booking import Slot
from services.kit import db
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict, Invalid, NotFound
from services.kit.ids import uuid7
from services.kit.numbers import Numbers

READERS = (Role.SCHEDULER, Role.SUPERVISOR)
LONGEST = timedelta(days=190)
# What is not known of a plan that has yet to run.
UNKNOWN = (
    *("begun_at", "phase", "code", "ended_at"),
    *("unserved", "soft", "bound_unserved", "bound_soft"),
)


def find(session: Session, plan_id: UUID, *, by: Caller, lock: bool = False) -> Plan:
    """A plan of the caller's district; schools and lecturers have none (403)."""
    by.needs(*READERS)
    plan = db.get(session, Plan, plan_id, lock=lock)
    if plan.district != by.district:
        raise NotFound("not_found", what="plan", id=str(plan_id))
    return plan


def make(
    session: Session,
    *,
    first_on: date,
    last_on: date,
    lesson_ids: Sequence[UUID] | None,
    options: Options,
    season_id: UUID | None = None,
    by: Caller,
    at: datetime,
) -> Plan:
    """A plan to be run: of these lessons, or of all open ones that wish for a day of the period.
    409 `no_open_lessons`, `lesson_not_open`; 422 `period_invalid`, `too_many_lessons`."""
    by.needs(Role.SCHEDULER)
    numbers = Numbers.of(session, by.district)
    today = at.astimezone(numbers.zone).date()
    if not first_on <= last_on or last_on - first_on > LONGEST or last_on < today:
        raise Invalid("period_invalid", most_days=LONGEST.days, today=today.isoformat())
    if lesson_ids is None:
        chosen = _open(session, first_on, last_on, numbers, by)
    else:
        chosen = _named(session, lesson_ids, by)
    if not chosen:
        raise Conflict("no_open_lessons", first_on=str(first_on), last_on=str(last_on))
    if len(chosen) > MOST_LESSONS:
        raise Invalid("too_many_lessons", most=MOST_LESSONS, given=len(chosen))
    facts: dict[str, Any] = {"options": options.plain(), "season_id": season_id}
    plan = _plan(first_on=first_on, last_on=last_on, **facts, by=by, at=at)
    session.add(plan)
    session.flush()
    lines = [_line(plan, lesson, n) for n, lesson in enumerate(chosen, 1)]
    db.insert_many(session, PlanLine, [line.model_dump() for line in lines])
    return plan_door.begin(session, plan, by=by, at=at)


def replan(
    session: Session,
    plan_id: UUID,
    *,
    options: Options | None = None,
    by: Caller,
    at: datetime,
) -> Plan:
    """A new plan around what is pinned, beginning from this draft, which stays as it is. Lessons
    that are open no more are not in it."""
    old = find(session, plan_id, by=by, lock=True)
    plan_door.may(old, "replan", by)
    plan = _plan(
        first_on=old.first_on,
        last_on=old.last_on,
        options=options.plain() if options else old.options,
        previous_id=old.id,
        season_id=old.season_id,
        by=by,
        at=at,
    )
    lines = lines_of(session, old.id)
    lessons = {lesson.id: lesson for lesson in lessons_of(session, lines)}
    fresh = [
        PlanLine(
            **{
                **line.model_dump(),
                "plan_id": plan.id,
                "why": None,
                "basis_version": lessons[line.lesson_id].version,
            }
        )
        for line in lines
        if lessons[line.lesson_id].state in OPEN
    ]
    if not fresh:
        raise Conflict("no_open_lessons", first_on=str(old.first_on), last_on=str(old.last_on))
    session.add(plan)
    session.flush()
    db.insert_many(session, PlanLine, [line.model_dump() for line in fresh])
    plan_door.move_plan(session, old, "replan", by=by, at=at)
    return plan_door.begin(session, plan, by=by, at=at)


def retry(session: Session, plan_id: UUID, *, by: Caller, at: datetime) -> Plan:
    """Run a failed plan again."""
    plan = find(session, plan_id, by=by, lock=True)
    fresh: dict[str, Any] = {**dict.fromkeys(UNKNOWN), "facts": {}, "seconds": 0}
    return plan_door.move_plan(session, plan, "retry", by=by, at=at, **fresh)


def discard(session: Session, plan_id: UUID, *, by: Caller, at: datetime) -> Plan:
    """A draft nobody wants; one that runs is broken off."""
    plan = find(session, plan_id, by=by, lock=True)
    return plan_door.move_plan(session, plan, "discard", by=by, at=at, ended_at=at)


def publish(session: Session, plan_id: UUID, *, by: Caller, at: datetime) -> Plan:
    """From here on its lessons are placed, one after the other. 409 `nothing_to_publish`."""
    plan = find(session, plan_id, by=by, lock=True)
    plan_door.may(plan, "publish", by)
    season_checks.may_publish(session, plan)
    served = sa.select(sa.func.count()).where(
        col(PlanLine.plan_id) == plan.id, col(PlanLine.starts_at).is_not(None)
    )
    if not session.execute(served).scalar_one():
        raise Conflict("nothing_to_publish")
    who = {"published_by": by.id, "published_by_name": by.name or ""}
    return plan_door.move_plan(session, plan, "publish", by=by, at=at, ended_at=None, **who)


def lines_of(session: Session, plan_id: UUID) -> Sequence[PlanLine]:
    mine = select(PlanLine).where(PlanLine.plan_id == plan_id)
    return session.exec(mine.order_by(col(PlanLine.position))).all()


def lessons_of(session: Session, lines: Sequence[PlanLine]) -> Sequence[Lesson]:
    ids = [line.lesson_id for line in lines]
    return session.exec(select(Lesson).where(col(Lesson.id).in_(ids))).all()


def _open(
    session: Session, first_on: date, last_on: date, numbers: Numbers, by: Caller
) -> list[Lesson]:
    """All that wait for a place (待排, 候补) and wish for a day of the period, the oldest first."""
    opens = datetime.combine(first_on, time(), numbers.zone)
    closes = datetime.combine(last_on + timedelta(days=1), time(), numbers.zone)
    rows = session.exec(
        select(Lesson)
        .where(Lesson.district == by.district, col(Lesson.state).in_(OPEN))
        .order_by(col(Lesson.created_at), col(Lesson.id))
    )
    return [
        lesson
        for lesson in rows
        if any(opens <= Slot.model_validate(w).starts_at < closes for w in lesson.wishes)
    ]


def _named(session: Session, ids: Sequence[UUID], by: Caller) -> list[Lesson]:
    if len(ids) > MOST_LESSONS:
        raise Invalid("too_many_lessons", most=MOST_LESSONS, given=len(ids))
    rows = session.exec(
        select(Lesson).where(col(Lesson.id).in_(ids), Lesson.district == by.district)
    )
    found = {lesson.id: lesson for lesson in rows}
    chosen = []
    for id in dict.fromkeys(ids):
        if id not in found:
            raise NotFound("not_found", what="lesson", id=str(id))
        if found[id].state not in OPEN:
            raise Conflict("lesson_not_open", lesson_id=str(id), state=str(found[id].state))
        chosen.append(found[id])
    return chosen


def _plan(*, by: Caller, at: datetime, **facts: Any) -> Plan:
    who: dict[str, Any] = {"made_by": by.id, "made_by_name": by.name or ""}
    return Plan(id=uuid7(), district=by.district, created_at=at, **who, **facts)


def _line(plan: Plan, lesson: Lesson, position: int) -> PlanLine:
    return PlanLine(
        plan_id=plan.id, lesson_id=lesson.id, position=position, basis_version=lesson.version
    )
