"""Booking: what is read of plans. A whole plan with all its lines is five queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlmodel import Session, select
from sqlmodel.sql.expression import SelectOfScalar

from services.booking import plan_counts, plans
from services.booking.lesson_queries import Full, full
from services.booking.plan_counts import Counts
from services.booking.plan_models import Plan, PlanLine
from services.booking.plan_states import PLAN, PlanState
from services.kit.auth import Caller


@dataclass(frozen=True)
class Differences:
    """Against the plan before: lessons it did not have, had elsewhere or otherwise, had."""

    added: list[UUID] = field(default_factory=list)
    moved: list[UUID] = field(default_factory=list)
    lost: list[UUID] = field(default_factory=list)


@dataclass(frozen=True)
class WholePlan:
    plan: Plan
    counts: Counts
    lines: list[tuple[PlanLine, Full]]
    before: Mapping[UUID, PlanLine]
    differences: Differences | None


def all_plans(by: Caller, state: PlanState | None) -> SelectOfScalar[Plan]:
    by.needs(*plans.READERS)
    chosen = select(Plan).where(Plan.district == by.district)
    return chosen if state is None else chosen.where(Plan.state == state)


def one(session: Session, plan_id: UUID, *, by: Caller) -> tuple[Plan, Counts]:
    plan = plans.find(session, plan_id, by=by)
    return plan, plan_counts.counts(session, [plan.id]).get(plan.id, Counts())


def whole(session: Session, plan_id: UUID, *, against: UUID | None = None, by: Caller) -> WholePlan:
    """With its lines in their order, and what is different from the plan before, or from any
    other of the district."""
    plan, found = one(session, plan_id, by=by)
    lines = plans.lines_of(session, plan.id)
    lessons = plans.lessons_of(session, lines)
    around = {one.lesson.id: one for one in full(session, lessons)}
    before: dict[UUID, PlanLine] = {}
    other = plans.find(session, against, by=by).id if against else plan.previous_id
    if other is not None:
        before = {line.lesson_id: line for line in plans.lines_of(session, other)}
    return WholePlan(
        plan,
        found,
        [(line, around[line.lesson_id]) for line in lines],
        before,
        _differences(lines, before) if other is not None else None,
    )


def moves(plan: Plan, by: Caller) -> list[str]:
    return PLAN.open_to(PlanState(plan.state), by.roles)


def _differences(lines: Sequence[PlanLine], before: Mapping[UUID, PlanLine]) -> Differences:
    found = Differences()
    for line in lines:
        old = before.get(line.lesson_id)
        was = old is not None and old.starts_at is not None
        if line.starts_at is not None and not was:
            found.added.append(line.lesson_id)
        elif line.starts_at is None and was:
            found.lost.append(line.lesson_id)
        elif old is not None and where(line) != where(old):
            found.moved.append(line.lesson_id)
    return found


def where(line: PlanLine) -> tuple[Any, ...]:
    return line.starts_at, line.lecturer_id
