"""Booking: a run of a plan, as the database sees it: begun, told how far, ended."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from services.booking import plan_door, plan_rules, plan_starts, plans, season_checks
from services.booking.plan_answer import Answer
from services.booking.plan_models import Plan, PlanLine
from services.booking.plan_problem import At, Wanted
from services.booking.plan_rules import Options
from services.booking.plan_starts import Possible
from services.booking.plan_states import PlanState
from services.booking.season_models import Season
from services.contracts.booking import Slot
from services.contracts.planning import Points
from services.kit import auth, db
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict
from services.kit.numbers import Numbers

NO_START = "no_start_fits"
IMPOSSIBLE = "impossible"


class Work(NamedTuple):
    """What is to be done: plans to run and plans to publish."""

    to_run: list[UUID]
    running: list[UUID]
    publishing: list[UUID]


class Material(NamedTuple):
    """A plan read for the planner: the lessons with a possible start, and those without."""

    wanted: Wanted
    hopeless: list[Possible]
    versions: dict[UUID, int]
    weights: dict[UUID, int]
    district: str


def work(session: Session) -> Work:
    rows = session.execute(
        sa.select(col(Plan.id), col(Plan.state), col(Plan.begun_at))
        .where(col(Plan.state).in_([PlanState.RUNNING, PlanState.PUBLISHING]))
        .order_by(col(Plan.id))
    ).all()
    runs = [(id, begun) for id, state, begun in rows if state == PlanState.RUNNING]
    return Work(
        [id for id, begun in runs if begun is None],
        [id for id, begun in runs if begun is not None],
        [id for id, state, _ in rows if state == PlanState.PUBLISHING],
    )


def begin(session: Session, plan_id: UUID, *, real: datetime) -> None:
    """This process runs it from now on."""
    plan = _running(session, plan_id)
    plan.begun_at, plan.phase = real, "reading"
    session.add(plan)


def material(session: Session, plan_id: UUID, *, at: datetime) -> Material:
    """Everything booking knows, in a constant number of reads."""
    plan = db.get(session, Plan, plan_id)
    options = Options.model_validate(plan.options)
    lines = [line for line in plans.lines_of(session, plan_id) if not line.left_out]
    rows = {lesson.id: lesson for lesson in plans.lessons_of(session, lines)}
    pinned = {line.lesson_id: line for line in lines if line.pinned}
    found = plan_starts.possible(
        session,
        [rows[line.lesson_id] for line in lines],
        first=plan.first_on,
        last=plan.last_on,
        wish_points=options.weights.wish,
        pinned={id: slot for id, line in pinned.items() if (slot := _slot(line))},
        by=maker(plan),
        at=at,
    )
    found = _of_seasons(session, plan, found)
    wanted = Wanted(
        lessons=[one for one in found if one.slots],
        first_on=plan.first_on,
        last_on=plan.last_on,
        zone=Numbers.of(session, plan.district).zone,
        options=options,
        pinned={id: who for id, line in pinned.items() if (who := _at(line))},
        before={line.lesson_id: who for line in lines if (who := _at(line))},
    )
    return Material(
        wanted,
        [one for one in found if not one.slots],
        {id: lesson.version for id, lesson in rows.items()},
        {one.lesson.id: one.weight for one in found},
        plan.district,
    )


def tell(
    session: Session,
    plan_id: UUID,
    *,
    phase: str,
    best: Points | None,
    bound: Points | None,
    seconds: float,
    lost: int,
) -> bool:
    """How far it is; False when nobody wants it any more. `lost`: the weight of the lessons that
    were not even asked."""
    said: dict[str, Any] = {"phase": phase, "seconds": seconds}
    if best is not None:
        said |= {"unserved": best[0] + lost, "soft": best[1]}
    if bound is not None:
        said |= {"bound_unserved": bound[0] + lost, "bound_soft": bound[1]}
    mine = sa.update(Plan).where(col(Plan.id) == plan_id, col(Plan.state) == PlanState.RUNNING)
    done = session.execute(mine.values(**said).returning(col(Plan.id)))
    return done.first() is not None


def finish(
    session: Session,
    plan_id: UUID,
    material: Material,
    answer: Answer | None,
    *,
    compared: Mapping[str, Any],
    seconds: float,
    at: datetime,
) -> None:
    """The draft is there. Without an answer no lesson can begin at any time."""
    plan = _running(session, plan_id)
    whys = {one.lesson.id: _no_start(one) for one in material.hopeless}
    whys |= answer.why if answer else {}
    lost = sum(one.weight for one in material.hopeless)
    for line in plans.lines_of(session, plan_id):
        if line.left_out:
            continue
        served = answer.served.get(line.lesson_id) if answer else None
        line.basis_version = material.versions[line.lesson_id]
        line.weight = material.weights[line.lesson_id]
        line.starts_at = served.starts_at if served else None
        line.ends_at = _ends(material, line.lesson_id, line.starts_at)
        line.lecturer_id = served.lecturer_id if served else None
        line.lecturer_name = served.lecturer_name if served else None
        line.why = None if served else whys.get(line.lesson_id)
        session.add(line)
    plan.status = answer.status if answer else IMPOSSIBLE
    plan.unserved = (answer.unserved if answer else 0) + lost
    plan.soft = answer.soft if answer else 0
    plan.bound_unserved = (answer.bound_unserved if answer else 0) + lost
    plan.bound_soft = answer.bound_soft if answer else 0
    plan.terms = answer.terms if answer else {}
    ended: dict[str, Any] = {"seconds": seconds, "ended_at": at, "phase": None}
    ended["compared"] = dict(compared)
    plan_door.move_plan(session, plan, "finish", by=auth.system(plan.district), at=at, **ended)


def fail(
    session: Session, plan_id: UUID, *, code: str, facts: Mapping[str, Any], at: datetime
) -> None:
    """It came to nothing; the draft it began from is still there, and it may be run again."""
    plan = _running(session, plan_id)
    ended: dict[str, Any] = {"code": code, "facts": dict(facts), "ended_at": at, "phase": None}
    plan_door.move_plan(session, plan, "fail", by=auth.system(plan.district), at=at, **ended)


def maker(plan: Plan) -> Caller:
    """Whoever asked for the plan."""
    return Caller(plan.made_by, frozenset({Role.SCHEDULER}), plan.district, name=plan.made_by_name)


def _of_seasons(session: Session, plan: Plan, found: list[Possible]) -> list[Possible]:
    """Days a season window has to itself are left to its own plan, in which the school that was
    given least goes first."""
    days = season_checks.shut_days(session, plan)
    found = [season_checks.without(days, one) for one in found] if days else found
    if plan.season_id is None:
        return found
    season = db.get(session, Season, plan.season_id)
    served = {UUID(id): int(many) for id, many in season.served_before.items()}
    zone = Numbers.of(session, plan.district).zone
    asked = [plan_rules.Asked(one.lesson.school_id, one.weight, one.days(zone)) for one in found]
    weights = plan_rules.fair_weights(asked, served)
    return [replace(one, weight=weight) for one, weight in zip(found, weights, strict=True)]


def _running(session: Session, plan_id: UUID) -> Plan:
    """409 `wrong_state` when it was discarded meanwhile."""
    plan = db.get(session, Plan, plan_id, lock=True)
    if plan.state != PlanState.RUNNING:
        raise Conflict("wrong_state", machine="plan", verb="finish", state=str(plan.state))
    return plan


def _no_start(one: Possible) -> dict[str, Any]:
    return {"headline": NO_START, "counts": one.refused, "took": [], "change": None}


def _ends(material: Material, lesson_id: UUID, starts_at: datetime | None) -> datetime | None:
    if starts_at is None:
        return None
    slots = next(one.slots for one in material.wanted.lessons if one.lesson.id == lesson_id)
    return next(slot.ends_at for slot, _ in slots if slot.starts_at == starts_at)


def _slot(line: PlanLine) -> Slot | None:
    if line.starts_at is None or line.ends_at is None:
        return None
    return Slot(starts_at=line.starts_at, ends_at=line.ends_at)


def _at(line: PlanLine) -> At | None:
    if line.starts_at is None or line.lecturer_id is None:
        return None
    return At(line.lecturer_id, line.starts_at)
