"""Booking: draft plans (排课方案). Nothing of a draft has happened until it is published."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking import place_checks
from services.booking.models import Lesson
from services.booking.place_checks import Asked
from services.booking.plan_models import Plan, PlanLine
from services.booking.plan_rules import MOST_LESSONS, Options
from services.booking.plan_states import PLAN, PlanState
from services.booking.states import LessonState
from services.contracts.booking import Slot
from services.kit import db
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict, Invalid, NotFound
from services.kit.ids import uuid7
from services.kit.numbers import Numbers

READERS = (Role.SCHEDULER, Role.SUPERVISOR)
LONGEST = timedelta(days=190)


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
    plan = _plan(first_on=first_on, last_on=last_on, options=options.plain(), by=by, at=at)
    session.add(plan)
    session.flush()
    lines = [_line(plan, lesson, n) for n, lesson in enumerate(chosen, 1)]
    db.insert_many(session, PlanLine, [line.model_dump() for line in lines])
    return plan


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
    PLAN.move("replan", PlanState(old.state), by.roles)
    plan = _plan(
        first_on=old.first_on,
        last_on=old.last_on,
        options=options.plain() if options else old.options,
        previous_id=old.id,
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
        if lessons[line.lesson_id].state == LessonState.UNPLACED
    ]
    if not fresh:
        raise Conflict("no_open_lessons", first_on=str(old.first_on), last_on=str(old.last_on))
    session.add(plan)
    session.flush()
    db.insert_many(session, PlanLine, [line.model_dump() for line in fresh])
    return plan


def pin(
    session: Session,
    plan_id: UUID,
    lesson_id: UUID,
    *,
    lecturer_id: UUID,
    lecturer_name: str = "",
    starts_at: datetime,
    by: Caller,
    at: datetime,
) -> tuple[Plan, PlanLine]:
    """This lecturer at this time, whatever the planner would choose. 409 with the code of a rule
    of placing, or `pins_overlap` with another pinned lesson of his; 422 `camp_keeps_its_wishes`."""
    plan, line = _editable(session, plan_id, lesson_id, by)
    lesson = db.get(session, Lesson, lesson_id)
    if lesson.state != LessonState.UNPLACED:
        raise Conflict("lesson_not_open", lesson_id=str(lesson_id), state=str(lesson.state))
    slot = place_checks.slot_asked(lesson, Asked(starts_at=starts_at))
    if lesson.programme_id is not None:
        wishes = [Slot.model_validate(wish) for wish in lesson.wishes]
        if (wished := next((w for w in wishes if w.starts_at == starts_at), None)) is None:
            raise Invalid("camp_keeps_its_wishes")
        slot = wished
    where = place_checks.place_asked(session, lesson, Asked(), by=by)
    place_checks.check(session, lesson, slot, where, at=at)
    others = [one for one in lines_of(session, plan.id) if one.lesson_id != lesson_id]
    his = [one for one in others if one.lecturer_id == lecturer_id]
    for one in his:
        if one.pinned and _overlap(one, slot):
            raise Conflict("pins_overlap", lesson_id=str(one.lesson_id))
    line.starts_at, line.ends_at, line.lecturer_id = slot.starts_at, slot.ends_at, lecturer_id
    known = next((one.lecturer_name for one in his if one.lecturer_name), None)
    line.lecturer_name = known or lecturer_name or None
    line.pinned, line.left_out, line.why = True, False, None
    return _edited(session, plan, line)


def unpin(session: Session, plan_id: UUID, lesson_id: UUID, *, by: Caller) -> tuple[Plan, PlanLine]:
    """The planner may choose again; until then the line stays as it is."""
    plan, line = _editable(session, plan_id, lesson_id, by)
    line.pinned = line.left_out = False
    return _edited(session, plan, line)


def leave_out(
    session: Session, plan_id: UUID, lesson_id: UUID, *, by: Caller
) -> tuple[Plan, PlanLine]:
    """The plan does without this lesson; it stays open."""
    plan, line = _editable(session, plan_id, lesson_id, by)
    line.starts_at = line.ends_at = line.lecturer_id = line.lecturer_name = line.why = None
    line.pinned, line.left_out = False, True
    return _edited(session, plan, line)


def retry(session: Session, plan_id: UUID, *, by: Caller) -> Plan:
    """Run a failed plan again."""
    plan = find(session, plan_id, by=by, lock=True)
    move(plan, "retry", by)
    plan.begun_at = plan.phase = plan.code = plan.ended_at = None
    plan.facts, plan.seconds = {}, 0
    plan.unserved = plan.soft = plan.bound_unserved = plan.bound_soft = None
    return kept(session, plan)


def discard(session: Session, plan_id: UUID, *, by: Caller, at: datetime) -> Plan:
    """A draft nobody wants; one that runs is broken off."""
    plan = find(session, plan_id, by=by, lock=True)
    move(plan, "discard", by)
    plan.ended_at = at
    return kept(session, plan)


def publish(session: Session, plan_id: UUID, *, by: Caller, at: datetime) -> Plan:
    """From here on its lessons are placed, one after the other. 409 `nothing_to_publish`."""
    plan = find(session, plan_id, by=by, lock=True)
    move(plan, "publish", by)
    served = sa.select(sa.func.count()).where(
        col(PlanLine.plan_id) == plan.id, col(PlanLine.starts_at).is_not(None)
    )
    if not session.execute(served).scalar_one():
        raise Conflict("nothing_to_publish")
    plan.published_by, plan.published_by_name, plan.ended_at = by.id, by.name or "", None
    return kept(session, plan)


def move(plan: Plan, verb: str, by: Caller) -> None:
    plan.state = PLAN.move(verb, PlanState(plan.state), by.roles).target


def kept(session: Session, plan: Plan) -> Plan:
    plan.version += 1
    session.add(plan)
    session.flush()
    return plan


def lines_of(session: Session, plan_id: UUID) -> Sequence[PlanLine]:
    mine = select(PlanLine).where(PlanLine.plan_id == plan_id)
    return session.exec(mine.order_by(col(PlanLine.position))).all()


def lessons_of(session: Session, lines: Sequence[PlanLine]) -> Sequence[Lesson]:
    ids = [line.lesson_id for line in lines]
    return session.exec(select(Lesson).where(col(Lesson.id).in_(ids))).all()


def _open(
    session: Session, first_on: date, last_on: date, numbers: Numbers, by: Caller
) -> list[Lesson]:
    """All lessons that wait for a place and wish for a day of the period, the oldest first."""
    opens = datetime.combine(first_on, time(), numbers.zone)
    closes = datetime.combine(last_on + timedelta(days=1), time(), numbers.zone)
    rows = session.exec(
        select(Lesson)
        .where(Lesson.district == by.district, Lesson.state == LessonState.UNPLACED)
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
        if found[id].state != LessonState.UNPLACED:
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


def _editable(
    session: Session, plan_id: UUID, lesson_id: UUID, by: Caller
) -> tuple[Plan, PlanLine]:
    plan = find(session, plan_id, by=by, lock=True)
    move(plan, "pin", by)
    line = session.get(PlanLine, (plan_id, lesson_id))
    if line is None:
        raise NotFound("not_found", what="plan_line", id=str(lesson_id))
    return plan, line


def _edited(session: Session, plan: Plan, line: PlanLine) -> tuple[Plan, PlanLine]:
    """What is unserved is known; whether it could be better is not, until it is planned again."""
    session.add(line)
    session.flush()
    lines = lines_of(session, plan.id)
    plan.unserved = sum(o.weight for o in lines if o.starts_at is None and not o.left_out)
    plan.status = "edited"
    return kept(session, plan), line


def _overlap(line: PlanLine, slot: Slot) -> bool:
    if line.starts_at is None or line.ends_at is None:
        return False
    return line.starts_at < slot.ends_at and line.ends_at > slot.starts_at
