"""Lecturer over HTTP: offers and seats."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from sqlmodel import col

from services.kit.web import Now, Router, Tx, Who, etag
from services.lecturer import desk_queries, dispatch, offer_queries, offer_schemas, offers
from services.lecturer.models import Offer
from services.lecturer.offer_schemas import HistoryOut, OfferOut
from services.lecturer.schemas import Moment
from services.lecturer.states import OfferState

router = Router(tags=["offers"])
seats = Router(tags=["seats"])

Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=500)]


@router.get("/offers")
def list_offers(
    tx: Tx,
    who: Who,
    state: OfferState | None = None,
    lecturer_id: UUID | None = None,
    lesson_id: UUID | None = None,
    kind: Literal["seat", "retime"] | None = None,
    expires_before: Moment | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> offer_schemas.OffersOut:
    """Offers, the newest first: a lecturer sees his own, a school those for its lessons.
    `expires_before` finds those nobody has answered and that run out."""
    also = [] if kind is None else [col(Offer.kind) == kind]
    if expires_before is not None:
        also += desk_queries.expires_before(expires_before)
    items, following = offer_queries.offers(
        tx,
        state=state,
        lecturer_id=lecturer_id,
        lesson_id=lesson_id,
        also=also,
        cursor=cursor,
        limit=limit,
        by=who,
    )
    return offer_schemas.OffersOut.model_validate({"items": items, "next": following})


@router.get("/offers/{id}")
def show_offer(id: UUID, response: Response, tx: Tx, who: Who) -> OfferOut:
    """One offer."""
    return _offer(id, response, tx, who)


@router.get("/offers/{id}/history")
def offer_history(id: UUID, tx: Tx, who: Who) -> HistoryOut:
    """What happened to it."""
    return HistoryOut(items=offer_queries.offer_history(tx, id, by=who))


@router.post("/offers/{id}/accept")
def accept(
    id: UUID, body: offer_schemas.AcceptIn, response: Response, tx: Tx, who: Who, now: Now
) -> OfferOut:
    """Hold the seat. 409 with the reason when that is not possible any more."""
    offers.accept(
        tx, id, revision=body.revision, behalf=body.behalf(), note=body.note, by=who, at=now
    )
    return _offer(id, response, tx, who)


@router.post("/offers/{id}/decline")
def decline(
    id: UUID, body: offer_schemas.DeclineIn, response: Response, tx: Tx, who: Who, now: Now
) -> OfferOut:
    """No, with a reason."""
    offers.decline(tx, id, reason=body.reason, note=body.note, behalf=body.behalf(), by=who, at=now)
    return _offer(id, response, tx, who)


@router.post("/offers/{id}/counter")
def counter(
    id: UUID, body: offer_schemas.CounterIn, response: Response, tx: Tx, who: Who, now: Now
) -> OfferOut:
    """Propose another time."""
    offers.counter(
        tx,
        id,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        note=body.note,
        behalf=body.behalf(),
        by=who,
        at=now,
    )
    return _offer(id, response, tx, who)


@router.post("/offers/{id}/withdraw_counter")
def withdraw_counter(
    id: UUID, body: offer_schemas.AnswerIn, response: Response, tx: Tx, who: Who, now: Now
) -> OfferOut:
    """Take the proposed time back."""
    offers.withdraw_counter(tx, id, note=body.note, behalf=body.behalf(), by=who, at=now)
    return _offer(id, response, tx, who)


@router.post("/offers/{id}/adopt_counter")
def adopt_counter(
    id: UUID, body: offer_schemas.AdoptIn, response: Response, tx: Tx, who: Who, now: Now
) -> OfferOut:
    """Let him hold the seat, once the lesson stands at the time he proposed, or at its old time
    when he agreed to that by phone."""
    offers.adopt_counter(tx, id, **dict(body), by=who, at=now)
    return _offer(id, response, tx, who)


@router.post("/offers/{id}/refuse_counter")
def refuse_counter(
    id: UUID, body: offer_schemas.NoteIn, response: Response, tx: Tx, who: Who, now: Now
) -> OfferOut:
    """The lesson stays where it is; he may answer anew."""
    offers.refuse_counter(tx, id, note=body.note, by=who, at=now)
    return _offer(id, response, tx, who)


@router.post("/offers/{id}/revoke")
def revoke(
    id: UUID, body: offer_schemas.NoteIn, response: Response, tx: Tx, who: Who, now: Now
) -> OfferOut:
    """Call an offer back."""
    offers.revoke(tx, id, note=body.note, by=who, at=now)
    return _offer(id, response, tx, who)


@seats.get("/seats/{lesson_id}")
def show_seat(lesson_id: UUID, tx: Tx, who: Who) -> offer_schemas.SeatOut:
    """A lesson with everybody who was asked, who holds it and who held it."""
    return offer_schemas.SeatOut.model_validate(offer_queries.seat(tx, lesson_id, by=who))


@seats.get("/seats/{lesson_id}/history")
def seat_history(lesson_id: UUID, tx: Tx, who: Who) -> HistoryOut:
    """Everything that happened about this seat."""
    return HistoryOut(items=offer_queries.seat_history(tx, lesson_id, by=who))


@seats.post("/seats/{lesson_id}/offers")
def send(
    lesson_id: UUID, body: offer_schemas.DispatchIn, tx: Tx, who: Who, now: Now
) -> offer_schemas.OffersOut:
    """Ask these lecturers now, or let the ladder climb; the answer is everybody who is asked."""
    live = dispatch.dispatch(tx, lesson_id, **dict(body), by=who, at=now)
    items = [offer_queries.offer(tx, offer.id, by=who) for offer in live]
    return offer_schemas.OffersOut.model_validate({"items": items})


def _offer(id: UUID, response: Response, tx: Tx, who: Who) -> OfferOut:
    shown = OfferOut.model_validate(offer_queries.offer(tx, id, by=who))
    etag(response, shown.version)
    return shown
