"""Booking: a plan is published: its lessons are placed by the verb that places every lesson."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.booking import placing, plan_door, seasons
from services.booking.lesson_door import move_lesson, take
from services.booking.models import Lesson
from services.booking.place_checks import Asked
from services.booking.plan_counts import PLACED, SKIPPED
from services.booking.plan_models import Plan, PlanLine
from services.booking.plan_states import PlanState
from services.booking.states import LessonState
from services.kit import auth, db
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict, Refusal


def publish_some(session: Session, plan_id: UUID, *, most: int, at: datetime) -> bool:
    """Place the next few lessons, each whole or not at all; True when none is left and the plan is
    published. What became of a lesson is kept with its placing, so that nothing is done twice."""
    plan = db.get(session, Plan, plan_id, lock=True)
    if plan.state != PlanState.PUBLISHING:
        return True
    lines = _next(session, plan_id, most)
    for line in lines:
        _publish(session, plan, line, at)
    if not lines:
        by = auth.system(plan.district)
        plan_door.move_plan(session, plan, "finish", by=by, at=at, ended_at=at)
        seasons.plan_published(session, plan, at=at)
    return not lines


def give_up(session: Session, plan_id: UUID, code: str) -> None:
    """The next lesson cannot even be tried: it stays open, and its line says so."""
    for line in _next(session, plan_id, 1):
        line.outcome, line.outcome_code = SKIPPED, code
        session.add(line)


def _next(session: Session, plan_id: UUID, most: int) -> Sequence[PlanLine]:
    return session.exec(
        select(PlanLine)
        .where(PlanLine.plan_id == plan_id, col(PlanLine.starts_at).is_not(None))
        .where(col(PlanLine.outcome).is_(None))
        .order_by(col(PlanLine.position))
        .limit(most)
    ).all()


def _publish(session: Session, plan: Plan, line: PlanLine, at: datetime) -> None:
    attempt = session.begin_nested()
    try:
        _place(session, plan, line, at)
        attempt.commit()
        line.outcome = PLACED
    except Refusal as refusal:
        attempt.rollback()
        line.outcome, line.outcome_code = SKIPPED, refusal.code
        line.outcome_facts = refusal.facts
    session.add(line)
    session.flush()


def _place(session: Session, plan: Plan, line: PlanLine, at: datetime) -> None:
    by = _publisher(plan)
    lesson = db.get(session, Lesson, line.lesson_id)
    if lesson.version != line.basis_version:
        facts: dict[str, Any] = {"state": str(lesson.state), "version": lesson.version}
        raise Conflict("lesson_changed", **facts, planned_version=line.basis_version)
    if lesson.state == LessonState.WAITLISTED:
        # The plan has found it a place: no longer waiting, and placed in the same breath.
        taken = take(session, lesson.id, by=by)
        move_lesson(
            session, taken, "capacity_found", by=by, at=at, allowed=Role.SYSTEM, batch=plan.id
        )
    first = [line.lecturer_id] if line.lecturer_id else []
    wished = [UUID(id) for id in lesson.wanted_lecturers]
    placing.place(
        session,
        lesson.id,
        asked=Asked(starts_at=line.starts_at, ends_at=line.ends_at),
        lecturers=[*first, *(id for id in wished if id != line.lecturer_id)],
        wanted_only=lesson.wanted_only,
        season_id=plan.season_id,
        batch=plan.id,
        by=by,
        at=at,
    )


def _publisher(plan: Plan) -> Caller:
    """Whoever said so; the history names him."""
    assert plan.published_by is not None
    who = frozenset({Role.SCHEDULER})
    return Caller(plan.published_by, who, plan.district, name=plan.published_by_name)
