"""Booking over HTTP: draft plans of the optimiser."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response, status
from sqlmodel import Session, col

from services.booking import plan_counts, plan_pins, plans
from services.booking import plan_queries as queries
from services.booking.lesson_queries import full
from services.booking.models import Lesson
from services.booking.plan_counts import Counts
from services.booking.plan_models import Plan
from services.booking.plan_pins import Judged
from services.booking.plan_schemas import (
    PinIn,
    PinOut,
    PlanHeadOut,
    PlanIn,
    PlanOut,
    PlansOut,
    ProgressOut,
    ReplanIn,
    head,
    line_of,
)
from services.booking.plan_states import PlanState
from services.kit import db, replies
from services.kit.auth import Caller
from services.kit.numbers import Numbers
from services.kit.web import IfMatch, Now, Router, Tx, Who, check_match, etag, page

router = Router(tags=["plans"])

Limit = Annotated[int, Query(ge=1, le=100)]


@router.post("/plans", status_code=status.HTTP_202_ACCEPTED)
def make(body: PlanIn, tx: Tx, who: Who, now: Now, response: Response) -> PlanHeadOut:
    """Plan these days. It runs from here on: look at its progress. Nobody is told of anything
    before it is published."""
    plan = plans.make(
        tx,
        first_on=body.first_on,
        last_on=body.last_on,
        lesson_ids=body.lesson_ids,
        options=body.options,
        by=who,
        at=now,
    )
    return _shown(tx, plan, who, response)


@router.get("/plans")
def all_plans(
    tx: Tx,
    who: Who,
    state: PlanState | None = None,
    cursor: str | None = None,
    limit: Limit = 20,
) -> PlansOut:
    """The newest first."""
    by = [col(Plan.created_at), col(Plan.id)]
    chosen = queries.all_plans(who, state)
    rows, following = page(tx, chosen, by=by, cursor=cursor, limit=limit, descending=True)
    counts, numbers = plan_counts.counts(tx, [r.id for r in rows]), Numbers.of(tx, who.district)
    items = [PlanHeadOut.of(row, counts.get(row.id, Counts()), who, numbers) for row in rows]
    return PlansOut(items=items, next=following)


@router.get("/plans/{plan_id}")
def one(
    plan_id: UUID, tx: Tx, who: Who, response: Response, against: UUID | None = None
) -> PlanOut:
    """A plan with all its lines: what is served and by whom, what is not and why, and what is
    different from the plan before, or from another one (`against`)."""
    found = queries.whole(tx, plan_id, against=against, by=who)
    etag(response, found.plan.version)
    return PlanOut.whole(found, who, Numbers.of(tx, who.district))


@router.get("/plans/{plan_id}/progress")
def progress(plan_id: UUID, tx: Tx, who: Who, response: Response) -> ProgressOut:
    """How far it is: phase, the best so far, the bound; then how many lessons are placed."""
    plan, counts = queries.one(tx, plan_id, by=who)
    etag(response, plan.version)
    known = head(plan, counts, who, Numbers.of(tx, who.district))
    return ProgressOut(**{name: known[name] for name in ProgressOut.model_fields})


@router.put("/plans/{plan_id}/lines/{lesson_id}")
async def pin(
    plan_id: UUID,
    lesson_id: UUID,
    body: PinIn,
    request: Request,
    tx: Tx,
    who: Who,
    now: Now,
    if_match: IfMatch,
    response: Response,
) -> PinOut:
    """Pin a lesson to a lecturer and a start, let it go again, or leave it out. `If-Match` names
    the version of the plan. 409 `not_eligible` with the reasons against the lecturer."""
    judged = await _judged(request, plan_id, lesson_id, body, who)

    def edited() -> PinOut:
        check_match(plans.find(tx, plan_id, by=who, lock=True).version, if_match)
        if body.left_out:
            plan, line = plan_pins.leave_out(tx, plan_id, lesson_id, by=who, at=now)
        elif judged is not None and body.lecturer_id and body.starts_at:
            plan, line = plan_pins.pin(
                tx,
                plan_id,
                lesson_id,
                lecturer_id=body.lecturer_id,
                judged=judged,
                starts_at=body.starts_at,
                by=who,
                at=now,
            )
        else:
            plan, line = plan_pins.unpin(tx, plan_id, lesson_id, by=who, at=now)
        numbers = Numbers.of(tx, who.district)
        of = full(tx, [db.get(tx, Lesson, lesson_id)])[0]
        shown = line_of(line, of, None, numbers)
        return PinOut(plan=_shown(tx, plan, who, response), line=shown)

    return await asyncio.to_thread(edited)


async def _judged(
    request: Request, plan_id: UUID, lesson_id: UUID, body: PinIn, who: Caller
) -> Judged | None:
    """What the lecturer room says of a pin; asked before anything is locked."""
    lecturer_id, starts_at = body.lecturer_id, body.starts_at
    if body.left_out or not body.pinned or lecturer_id is None or starts_at is None:
        return None
    state = request.app.state
    question = await state.database.read(
        lambda session: plan_pins.question(
            session, plan_id, lesson_id, lecturer_id, starts_at, by=who
        )
    )
    return Judged(**await replies.ask(state.bus, "lecturer", "seat.against", **question))


@router.post("/plans/{plan_id}/replan", status_code=status.HTTP_202_ACCEPTED)
def replan(
    plan_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: ReplanIn | None = None
) -> PlanHeadOut:
    """A new plan around what is pinned in this one, beginning from it."""
    options = body.options if body else None
    return _shown(tx, plans.replan(tx, plan_id, options=options, by=who, at=now), who, response)


@router.post("/plans/{plan_id}/retry", status_code=status.HTTP_202_ACCEPTED)
def retry(plan_id: UUID, tx: Tx, who: Who, now: Now, response: Response) -> PlanHeadOut:
    """Run a failed plan again."""
    return _shown(tx, plans.retry(tx, plan_id, by=who, at=now), who, response)


@router.post("/plans/{plan_id}/publish", status_code=status.HTTP_202_ACCEPTED)
def publish(plan_id: UUID, tx: Tx, who: Who, now: Now, response: Response) -> PlanHeadOut:
    """Place its lessons and let the offers go out, once. What changed meanwhile is skipped, and
    its line says why."""
    return _shown(tx, plans.publish(tx, plan_id, by=who, at=now), who, response)


@router.post("/plans/{plan_id}/discard")
def discard(plan_id: UUID, tx: Tx, who: Who, now: Now, response: Response) -> PlanHeadOut:
    """Nobody wants it any more."""
    return _shown(tx, plans.discard(tx, plan_id, by=who, at=now), who, response)


def _shown(tx: Session, plan: Plan, who: Caller, response: Response) -> PlanHeadOut:
    etag(response, plan.version)
    counts = plan_counts.counts(tx, [plan.id]).get(plan.id, Counts())
    return PlanHeadOut.of(plan, counts, who, Numbers.of(tx, who.district))
