"""Booking over HTTP: letters."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlmodel import Session, col, select

from services.booking import answer_schemas as showing
from services.booking import desk_queries, orders, queries, review, urging
from services.booking.models import Order, School
from services.booking.schemas import (
    AmendIn,
    CancelIn,
    Day,
    HistoryOut,
    MaybeReasonIn,
    OrderIn,
    OrderOut,
    OrdersOut,
    ReasonIn,
    RejectIn,
    ReturnIn,
    ReviewIn,
)
from services.booking.states import OrderState
from services.kit.auth import Caller
from services.kit.errors import Invalid
from services.kit.numbers import Numbers
from services.kit.outbox import Happened
from services.kit.web import IfMatch, Now, Router, Tx, Who, etag, page

router = Router(tags=["orders"])

Limit = Annotated[int, Query(ge=1, le=100)]


@router.put("/orders/{order_id}", responses={201: {"model": OrderOut}})
def put(
    order_id: UUID, body: OrderIn, tx: Tx, who: Who, now: Now, match: IfMatch, response: Response
) -> OrderOut:
    """Create a draft under an id of your own, or replace it (If-Match). `problems` says what would
    stand against submitting it."""
    lines = [line.columns() for line in body.lines]
    order, created = orders.put(tx, order_id, body.letter(), lines, if_match=match, by=who, at=now)
    response.status_code = 201 if created else 200
    return _shown(tx, order, who, now, response)


@router.get("/orders")
def all_orders(
    tx: Tx,
    who: Who,
    now: Now,
    state: Annotated[list[OrderState] | None, Query()] = None,
    school_id: UUID | None = None,
    q: Annotated[str | None, Query(max_length=100)] = None,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
    overdue: bool | None = None,
    mended: bool | None = None,
    urgent: bool | None = None,
    discarded: bool = True,
    cursor: str | None = None,
    limit: Limit = 50,
) -> OrdersOut:
    """Letters the caller may know of, newest first; `from` and `to` are days of creation, `q` part
    of the number or the title; `overdue` for review, `mended` lines wait to be decided again;
    `discarded=false` leaves out drafts that were thrown away."""
    numbers = Numbers.of(tx, who.district)
    chosen = queries.orders(
        who,
        states=state or (),
        school_id=school_id,
        q=q,
        first=first,
        last=last,
        discarded=discarded,
        numbers=numbers,
    )
    chosen = desk_queries.narrow_orders(
        tx, chosen, overdue=overdue, mended=mended, urgent=urgent, by=who, at=now
    )
    by = [col(Order.created_at), col(Order.id)]
    rows, following = page(tx, chosen, by=by, cursor=cursor, limit=limit, descending=True)
    found = queries.progress_all(tx, rows)
    ids = {row.school_id for row in rows}
    schools = {s.id: s for s in tx.exec(select(School).where(col(School.id).in_(ids)))}
    urged = urging.last_urged(tx, [row.id for row in rows])
    items = showing.orders(rows, found, schools, urged, who, numbers.zone)
    return OrdersOut(items=items, next=following)


@router.get("/orders/{order_id}")
def one_order(order_id: UUID, tx: Tx, who: Who, now: Now, response: Response) -> OrderOut:
    """A letter with its lines, their lessons, and what the caller may do next."""
    found = queries.letter(tx, order_id, by=who, at=now)
    etag(response, found.order.version)
    return showing.order(found, who, Numbers.of(tx, who.district).zone)


@router.get("/orders/{order_id}/history")
def history(
    order_id: UUID,
    tx: Tx,
    who: Who,
    newest: bool = False,
    cursor: str | None = None,
    limit: Limit = 100,
) -> HistoryOut:
    """What happened to the letter, its lessons and its changes, oldest first (`newest`: newest
    first)."""
    chosen = queries.happened(tx, order_id, by=who)
    by = [col(Happened.pos)]
    rows, following = page(tx, chosen, by=by, cursor=cursor, limit=limit, descending=newest)
    zone = Numbers.of(tx, who.district).zone
    return HistoryOut(items=[showing.happened(row, zone) for row in rows], next=following)


@router.post("/orders/{order_id}/submit")
def submit(order_id: UUID, tx: Tx, who: Who, now: Now, response: Response) -> OrderOut:
    """Send it to the district. 422 `lines_invalid` lists every error of every line."""
    return _shown(tx, orders.submit(tx, order_id, by=who, at=now), who, now, response)


@router.post("/orders/{order_id}/resubmit")
def resubmit(order_id: UUID, tx: Tx, who: Who, now: Now, response: Response) -> OrderOut:
    """Send a returned letter again, after mending it."""
    return _shown(tx, orders.resubmit(tx, order_id, by=who, at=now), who, now, response)


@router.post("/orders/{order_id}/discard")
def discard(
    order_id: UUID,
    tx: Tx,
    who: Who,
    now: Now,
    response: Response,
    body: MaybeReasonIn | None = None,
) -> OrderOut:
    """Throw a draft away."""
    reason = body.reason if body else None
    done = orders.discard(tx, order_id, reason=reason, by=who, at=now)
    return _shown(tx, done, who, now, response)


@router.post("/orders/{order_id}/withdraw")
def withdraw(
    order_id: UUID,
    tx: Tx,
    who: Who,
    now: Now,
    response: Response,
    body: MaybeReasonIn | None = None,
) -> OrderOut:
    """Take it back before it is approved."""
    reason = body.reason if body else None
    done = orders.withdraw(tx, order_id, reason=reason, by=who, at=now)
    return _shown(tx, done, who, now, response)


@router.post("/orders/{order_id}/urge")
def urge(
    order_id: UUID,
    tx: Tx,
    who: Who,
    now: Now,
    response: Response,
    body: MaybeReasonIn | None = None,
) -> OrderOut:
    """Ask the district to hurry (school), once per working day: 409 `urged_already`."""
    note = body.reason if body else None
    done = urging.urge(tx, order_id, note=note, by=who, at=now)
    return _shown(tx, done, who, now, response)


@router.post("/orders/{order_id}/cancel_order")
def cancel_order(
    order_id: UUID, body: CancelIn, tx: Tx, who: Who, now: Now, response: Response
) -> OrderOut:
    """Cancel an approved letter and its lessons; 409 `lessons_under_way` once one has begun."""
    done = orders.cancel_order(tx, order_id, **body.model_dump(), by=who, at=now)
    return _shown(tx, done, who, now, response)


@router.post("/orders/{order_id}/reopen")
def reopen(
    order_id: UUID, body: ReasonIn, tx: Tx, who: Who, now: Now, response: Response
) -> OrderOut:
    """Take a closed letter up again (supervisor)."""
    done = orders.reopen(tx, order_id, reason=body.reason, by=who, at=now)
    return _shown(tx, done, who, now, response)


@router.post("/orders/{order_id}/approve")
def approve(
    order_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: ReviewIn | None = None
) -> OrderOut:
    """Decide every line: approve, return or refuse; lines not named are approved."""
    decisions = [line.said() for line in body.lines] if body else []
    done = review.approve(tx, order_id, decisions=decisions, by=who, at=now)
    return _shown(tx, done, who, now, response)


@router.post("/orders/{order_id}/review_lines")
def review_lines(
    order_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: ReviewIn | None = None
) -> OrderOut:
    """Decide mended lines again; without a body all of them are approved."""
    decisions = [line.said() for line in body.lines] if body else []
    done = review.review_lines(tx, order_id, decisions=decisions, by=who, at=now)
    return _shown(tx, done, who, now, response)


@router.post("/orders/{order_id}/amend_lines")
def amend_lines(
    order_id: UUID, body: AmendIn, tx: Tx, who: Who, now: Now, response: Response
) -> OrderOut:
    """Send returned lines, mended; only the fields the district named may differ."""
    lines = {line.line: line.columns() for line in body.lines}
    if len(lines) != len(body.lines):
        raise Invalid("line_repeated")
    done = review.amend_lines(tx, order_id, lines=lines, by=who, at=now)
    return _shown(tx, done, who, now, response)


@router.post("/orders/{order_id}/return_for_fix")
def return_for_fix(
    order_id: UUID, body: ReturnIn, tx: Tx, who: Who, now: Now, response: Response
) -> OrderOut:
    """Send the whole letter back: what to mend, why, and until when."""
    done = review.return_for_fix(
        tx,
        order_id,
        fields=body.fields,
        reason=body.reason,
        due_at=body.due_at,
        by=who,
        at=now,
    )
    return _shown(tx, done, who, now, response)


@router.post("/orders/{order_id}/reject")
def reject(
    order_id: UUID, body: RejectIn, tx: Tx, who: Who, now: Now, response: Response
) -> OrderOut:
    """Refuse the whole letter, with a reason."""
    done = review.reject(tx, order_id, **body.model_dump(), by=who, at=now)
    return _shown(tx, done, who, now, response)


def _shown(tx: Session, order: Order, who: Caller, now: datetime, response: Response) -> OrderOut:
    found = queries.with_lines(tx, order, orders.lines_of(tx, order.id), at=now)
    etag(response, order.version)
    return showing.order(found, who, Numbers.of(tx, who.district).zone)
