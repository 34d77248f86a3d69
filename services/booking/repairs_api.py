"""Booking over HTTP: repairs: what could be done about something before it is saved."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status
from sqlmodel import Session, col

from services.booking import repair_queries as queries
from services.booking import repairs
from services.booking.repair_models import Repair
from services.booking.repair_schemas import (
    AdoptIn,
    RepairHeadOut,
    RepairIn,
    RepairOut,
    RepairsOut,
)
from services.kit.auth import Caller
from services.kit.numbers import Numbers
from services.kit.web import Now, Router, Tx, Who, etag, page

router = Router(tags=["repairs"])

Limit = Annotated[int, Query(ge=1, le=100)]


@router.post("/repairs", status_code=status.HTTP_202_ACCEPTED)
def make(body: RepairIn, tx: Tx, who: Who, now: Now, response: Response) -> RepairHeadOut:
    """What could be done about a leave, a letter that ends, a closed site or days without lessons,
    with the least disturbance. It runs from here on: look again. Nothing happens before it is
    adopted."""
    return _shown(tx, repairs.make(tx, body.cause, by=who, at=now), who, response)


@router.get("/repairs")
def all_repairs(
    tx: Tx, who: Who, cursor: Annotated[str | None, Query(max_length=500)] = None, limit: Limit = 20
) -> RepairsOut:
    """The newest first."""
    by = [col(Repair.created_at), col(Repair.id)]
    chosen = queries.all_repairs(who)
    rows, following = page(tx, chosen, by=by, cursor=cursor, limit=limit, descending=True)
    numbers = Numbers.of(tx, who.district)
    items = [RepairHeadOut.of(row, who, numbers) for row in rows]
    return RepairsOut(items=items, next=following)


@router.get("/repairs/{repair_id}")
def one(repair_id: UUID, tx: Tx, who: Who, response: Response) -> RepairOut:
    """Each touched lesson as it is and as it could be, and how much would change."""
    return _whole(tx, repairs.find(tx, repair_id, by=who), who, response)


@router.post("/repairs/{repair_id}/adopt")
def adopt(
    repair_id: UUID,
    tx: Tx,
    who: Who,
    now: Now,
    response: Response,
    body: AdoptIn | None = None,
) -> RepairOut:
    """Do what is proposed for these lessons, once, after the cause itself was saved. Who stands in
    at the same time is asked by the lecturer service, when the leave or the end of the letter names
    him (`substitutes`). What changed meanwhile is skipped, and its line says why."""
    body = body or AdoptIn()
    done = repairs.adopt(
        tx, repair_id, lesson_ids=body.lesson_ids, reason=body.reason, by=who, at=now
    )
    return _whole(tx, done, who, response)


@router.post("/repairs/{repair_id}/retry", status_code=status.HTTP_202_ACCEPTED)
def retry(repair_id: UUID, tx: Tx, who: Who, response: Response) -> RepairHeadOut:
    """Run it again, on what is known now."""
    return _shown(tx, repairs.retry(tx, repair_id, by=who), who, response)


@router.post("/repairs/{repair_id}/discard")
def discard(repair_id: UUID, tx: Tx, who: Who, now: Now, response: Response) -> RepairHeadOut:
    """Nobody wants it."""
    return _shown(tx, repairs.discard(tx, repair_id, by=who, at=now), who, response)


def _shown(tx: Session, repair: Repair, who: Caller, response: Response) -> RepairHeadOut:
    etag(response, repair.version)
    return RepairHeadOut.of(repair, who, Numbers.of(tx, who.district))


def _whole(tx: Session, repair: Repair, who: Caller, response: Response) -> RepairOut:
    etag(response, repair.version)
    lines = queries.lines(tx, repair)
    return RepairOut.whole(repair, lines, who, Numbers.of(tx, who.district))
