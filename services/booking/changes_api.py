"""Booking over HTTP: changes. Read the request, call the verb, show the change."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from sqlmodel import Session, col

from services.booking import changes
from services.booking import lesson_answer_schemas as showing
from services.booking import lesson_queries as queries
from services.booking.lesson_schemas import AcceptIn, ChangeOut, ChangesOut, NoteIn, ProposeIn
from services.booking.models import Change
from services.booking.states import ChangeState
from services.kit.auth import Caller
from services.kit.numbers import Numbers
from services.kit.web import Now, Router, Tx, Who, etag, page

router = Router(tags=["changes"])

Limit = Annotated[int, Query(ge=1, le=100)]


@router.post("/lessons/{lesson_id}/changes", status_code=201)
def propose(
    lesson_id: UUID, body: ProposeIn, tx: Tx, who: Who, now: Now, response: Response
) -> ChangeOut:
    """Propose another slot or place to the other side; one proposal at a time."""
    done = changes.propose(
        tx,
        lesson_id,
        asked=body.asked(),
        reason=body.reason,
        lose_holder=body.lose_holder,
        by=who,
        at=now,
    )
    return _shown(tx, done, who, response)


@router.get("/changes")
def all_changes(
    tx: Tx,
    who: Who,
    state: ChangeState | None = None,
    lesson_id: UUID | None = None,
    school_id: UUID | None = None,
    proposed_by: Literal["township", "scheduler"] | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> ChangesOut:
    """Changes the caller may know of, newest first."""
    numbers = Numbers.of(tx, who.district)
    chosen = queries.changes(who, state=state, lesson_id=lesson_id, school_id=school_id)
    if proposed_by is not None:
        chosen = chosen.where(Change.proposed_by == proposed_by)
    by = [col(Change.created_at), col(Change.id)]
    rows, following = page(tx, chosen, by=by, cursor=cursor, limit=limit, descending=True)
    return ChangesOut(items=[showing.change(row, who, numbers) for row in rows], next=following)


@router.get("/changes/{change_id}")
def one_change(change_id: UUID, tx: Tx, who: Who, response: Response) -> ChangeOut:
    """A change, and what the caller may do next."""
    return _shown(tx, changes.find_change(tx, change_id, who), who, response)


@router.post("/changes/{change_id}/accept")
def accept(
    change_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: AcceptIn | None = None
) -> ChangeOut:
    """Agree. With a holder it waits for him (`agreed`); otherwise it is carried out at once."""
    said = (body or AcceptIn()).model_dump()
    return _shown(tx, changes.accept(tx, change_id, **said, by=who, at=now), who, response)


@router.post("/changes/{change_id}/reject")
def reject(
    change_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: NoteIn | None = None
) -> ChangeOut:
    """Everything stays as it is."""
    reason = body.note if body else None
    done = changes.reject(tx, change_id, reason=reason, by=who, at=now)
    return _shown(tx, done, who, response)


@router.post("/changes/{change_id}/counter")
def counter(
    change_id: UUID, body: ProposeIn, tx: Tx, who: Who, now: Now, response: Response
) -> ChangeOut:
    """Propose something else instead; after the last round 409 `rounds_exhausted`."""
    done = changes.counter(
        tx,
        change_id,
        asked=body.asked(),
        reason=body.reason,
        lose_holder=body.lose_holder,
        by=who,
        at=now,
    )
    return _shown(tx, done, who, response)


@router.post("/changes/{change_id}/withdraw")
def withdraw(
    change_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: NoteIn | None = None
) -> ChangeOut:
    """Take one's own proposal back."""
    reason = body.note if body else None
    done = changes.withdraw(tx, change_id, reason=reason, by=who, at=now)
    return _shown(tx, done, who, response)


def _shown(tx: Session, change: Change, who: Caller, response: Response) -> ChangeOut:
    etag(response, change.version)
    return showing.change(change, who, Numbers.of(tx, who.district))
