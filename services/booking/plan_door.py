"""Booking: the one door of a draft plan. State, version and event together."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from services.booking import plan_counts
from services.booking.plan_counts import Counts
from services.booking.plan_models import Plan, PlanLine
from services.booking.plan_states import PLAN, PlanState
from services.contracts.booking import PlanChanged, Slot
from services.kit import outbox
from services.kit.auth import Caller


def begin(session: Session, plan: Plan, *, by: Caller, at: datetime) -> Plan:
    """A plan is there, with its lines, and is to be run."""
    return _tell(session, plan, "started", "start", None, by, at)


def may(plan: Plan, verb: str, by: Caller) -> None:
    """403 `not_yours`, 409 `wrong_state` when this move is not open."""
    PLAN.move(verb, PlanState(plan.state), by.roles)


def move_plan(
    session: Session, plan: Plan, verb: str, *, by: Caller, at: datetime, **facts: Any
) -> Plan:
    """Move it; the caller has locked it and its lines are as they will be."""
    move = PLAN.move(verb, PlanState(plan.state), by.roles)
    was, plan.state = str(plan.state), move.target
    for name, value in facts.items():
        setattr(plan, name, value)
    plan.version += 1
    return _tell(session, plan, move.fact, verb, was, by, at)


def edited(
    session: Session, plan: Plan, line: PlanLine, verb: str, *, by: Caller, at: datetime
) -> Plan:
    """One lesson was pinned, let go or left out by hand."""
    plan.version += 1
    slot = None
    if line.starts_at is not None and line.ends_at is not None:
        slot = Slot(starts_at=line.starts_at, ends_at=line.ends_at)
    of_line = {
        "lesson_id": line.lesson_id,
        "lecturer_id": line.lecturer_id,
        "lecturer_name": line.lecturer_name,
        "slot": slot,
    }
    return _tell(session, plan, "edited", verb, str(plan.state), by, at, **of_line)


def _tell(
    session: Session,
    plan: Plan,
    fact: str,
    verb: str,
    was: str | None,
    by: Caller,
    at: datetime,
    **facts: Any,
) -> Plan:
    session.add(plan)
    session.flush()
    found = plan_counts.counts(session, [plan.id]).get(plan.id, Counts())
    why = plan_counts.skipped_why(session, plan.id) if found.skipped else {}
    outbox.tell(
        session,
        PlanChanged(
            fact=fact,
            key=plan.id,
            version=plan.version,
            district=plan.district,
            at=at,
            by=by.actor(),
            verb=verb,
            was=was,
            state=str(plan.state),
            first_on=plan.first_on,
            last_on=plan.last_on,
            account_id=plan.published_by or plan.made_by,
            previous_id=plan.previous_id,
            lessons=found.lessons,
            served=found.served,
            pinned=found.pinned,
            placed=found.placed,
            skipped=found.skipped,
            skipped_why=why,
            reason_code=plan.code,
            **facts,
        ),
    )
    return plan
