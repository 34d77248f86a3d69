"""Lecturer: how an offer is answered."""

from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlmodel import Session

from services.kit import auth, timers
from services.kit.auth import Caller
from services.kit.errors import Conflict, Invalid, NotFound
from services.lecturer import commitments, deadlines, doors, retimes, seats, speaking
from services.lecturer.held import Held, hold
from services.lecturer.models import Offer
from services.lecturer.speaking import Behalf
from services.lecturer.states import LIVE_OFFER, OFFER, OfferState

Declining = Literal["time_conflict", "leave", "topic_mismatch", "health", "duty", "other"]
# Not the lecturer stands against it, but the seat: it is brought in line with its lesson.
OF_THE_SEAT = {"revision_stale", "seat_taken", "seat_not_open"}
ACCEPTABLE = {OfferState.PENDING, OfferState.EXPIRED}


def accept(
    session: Session,
    offer_id: UUID,
    *,
    revision: int,
    behalf: Behalf | None = None,
    note: str | None = None,
    by: Caller,
    at: datetime,
) -> Offer:
    """Offer accepted, promise made, other offers for the seat and for the time ended: one
    transaction. A losing accept ends the offer and answers 409 with the reason."""
    known = speaking.offer_for(session, offer_id, by)
    if known.state not in ACCEPTABLE:  # an end is for ever: nothing has to be locked to say so
        _resolve(known, speaking.speaker(session, known, by, behalf))
    held, offer, by = _held(session, offer_id, by, behalf, accepting=True)
    verb = _resolve(offer, by)
    if revision != offer.revision:
        raise Conflict("revision_stale", revision=offer.revision)
    said = note or (behalf.note if behalf else None) or ""
    if offer.kind == "retime":
        return _accept_retime(held, offer, verb, by=by, at=at, note=said)
    if verb == "late_accept_seat_open" and at >= offer.starts_at:
        raise Conflict("lesson_started", starts_at=offer.starts_at.isoformat())
    try:
        commitments.check_open(held, offer)
        commitments.commit(held, offer, verb, by=by, at=at, note=said)
    except Conflict as conflict:
        if verb == "accept":
            _lose(held, offer, "accept_but_conflict", conflict, at)
        raise
    seats.settle(held, cause=verb, by=by, at=at)
    return offer


def decline(
    session: Session,
    offer_id: UUID,
    *,
    reason: Declining,
    note: str | None = None,
    behalf: Behalf | None = None,
    by: Caller,
    at: datetime,
) -> Offer:
    """No, with a reason; the next offer leaves in the same transaction."""
    held, offer, by = _held(session, offer_id, by, behalf)
    said = note or (behalf.note if behalf else None)
    doors.move_offer(
        held, offer, "decline", by=by, at=at, reason=reason, reason_code=reason, note=said
    )
    _answer_retime(held, offer, "refused")
    seats.settle(held, cause="decline", by=by, at=at)
    return offer


def counter(
    session: Session,
    offer_id: UUID,
    *,
    starts_at: datetime,
    ends_at: datetime,
    note: str | None = None,
    behalf: Behalf | None = None,
    by: Caller,
    at: datetime,
) -> Offer:
    """Another time is proposed, as long as the lesson's; now the scheduler has to answer."""
    held, offer, by = _held(session, offer_id, by, behalf)
    OFFER.move("counter", offer.state, doors.roles(by))
    if offer.kind == "retime":
        raise Conflict("retime_takes_yes_or_no")
    if ends_at - starts_at != offer.ends_at - offer.starts_at:
        minutes = (offer.ends_at - offer.starts_at).total_seconds() // 60
        raise Invalid("slot_length", minutes=int(minutes))
    if starts_at <= at:
        raise Invalid("date_past", starts_at=starts_at.isoformat())
    if (starts_at, ends_at) == (offer.starts_at, offer.ends_at):
        raise Invalid("slot_unchanged")
    if offer.counters >= held.numbers.int("offer_counter_rounds"):
        raise Conflict("counter_rounds_used", rounds=offer.counters)
    offer.counters += 1
    offer.counter = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    doors.ask_again(held, offer, _expiry(held, min(starts_at, offer.starts_at), at), at=at)
    said = note or (behalf.note if behalf else None)
    doors.move_offer(held, offer, "counter", by=by, at=at, note=said)
    seats.settle(held, cause="counter", by=by, at=at)
    return offer


def withdraw_counter(
    session: Session,
    offer_id: UUID,
    *,
    note: str | None = None,
    behalf: Behalf | None = None,
    by: Caller,
    at: datetime,
) -> Offer:
    """The lecturer takes his proposal back; the offer waits for his answer as before."""
    held, offer, by = _held(session, offer_id, by, behalf)
    offer.counter = None
    doors.move_offer(held, offer, "withdraw_counter", by=by, at=at, note=note)
    seats.settle(held, cause="withdraw_counter", by=by, at=at)
    return offer


def refuse_counter(
    session: Session, offer_id: UUID, *, note: str | None = None, by: Caller, at: datetime
) -> Offer:
    """The lesson stays where it is; the lecturer has a new answer time."""
    held, offer, by = _held(session, offer_id, by, None)
    OFFER.move("refuse_counter", offer.state, by.roles)
    offer.counter = None
    doors.ask_again(held, offer, _expiry(held, offer.starts_at, at), at=at)
    doors.move_offer(held, offer, "refuse_counter", by=by, at=at, note=note)
    seats.settle(held, cause="refuse_counter", by=by, at=at)
    return offer


def adopt_counter(
    session: Session,
    offer_id: UUID,
    *,
    revision: int,
    channel: str | None = None,
    note: str | None = None,
    by: Caller,
    at: datetime,
) -> Offer:
    """The lecturer holds the seat: at the time he proposed, once the lesson has been moved there,
    or where it stands, when he agreed to that by phone (channel and note say so).

    409 `lesson_not_there` otherwise; a promise is always for the lesson's current revision (I7).
    """
    held, offer, by = _held(session, offer_id, by, None, accepting=True)
    OFFER.move("adopt_counter", offer.state, by.roles)
    if revision != offer.revision:
        raise Conflict("revision_stale", revision=offer.revision)
    commitments.check_open(held, offer)
    there = seats.is_where_proposed(held, offer)
    if not there and not (channel and note):
        raise Conflict("lesson_not_there", counter=offer.counter, needs=["channel", "note"])
    # He named the time himself, whatever his week says.
    tolerate = retimes.HIS_TO_SAY if there else frozenset()
    by = replace(by, channel=channel)
    try:
        commitments.commit(
            held, offer, "adopt_counter", tolerate=tolerate, by=by, at=at, note=note or ""
        )
    except Conflict as conflict:
        _lose(held, offer, "lecturer_ineligible", conflict, at)
        raise
    seats.settle(held, cause="adopt_counter", by=by, at=at)
    return offer


def revoke(
    session: Session, offer_id: UUID, *, note: str | None = None, by: Caller, at: datetime
) -> Offer:
    """The scheduler calls an offer back; a ladder goes on with the next lecturer."""
    held, offer, by = _held(session, offer_id, by, None)
    doors.move_offer(held, offer, "revoke", by=by, at=at, reason=note, note=note)
    _answer_retime(held, offer, "refused")
    seats.settle(held, cause="revoke", by=by, at=at)
    return offer


def expire(session: Session, offer_id: UUID, at: datetime) -> None:
    """The clock: nobody answered in time. The next offer leaves in the same transaction."""
    held, offer = _by_clock(session, offer_id)
    if offer.expires_at is not None and offer.expires_at > at:
        timers.start(session, offer.id, "deadline", offer.expires_at, answer=True)
        return
    # A proposal that was never answered is not the lecturer's fault.
    fault = "district" if offer.state == OfferState.COUNTERED else "lecturer"
    by = auth.timer(offer.district)
    doors.move_offer(held, offer, "deadline", by=by, at=at, reason_code="no_answer", fault=fault)
    _answer_retime(held, offer, "expired")
    seats.settle(held, cause="deadline", by=by, at=at)


def remind(session: Session, offer_id: UUID, at: datetime) -> None:
    """The clock: somebody has not answered yet."""
    held, offer = _by_clock(session, offer_id)
    if offer.state != OfferState.PENDING:
        raise Conflict("wrong_state", state=str(offer.state))
    doors.reminded(held, offer, by=auth.timer(offer.district), at=at)


def _accept_retime(
    held: Held, offer: Offer, verb: str, *, by: Caller, at: datetime, note: str
) -> Offer:
    try:
        retimes.accept(held, offer, verb, by=by, at=at, note=note)
    except Conflict as conflict:
        if conflict.keep:
            seats.settle(held, cause="retime_conflict", by=auth.system(offer.district), at=at)
        raise
    commitments.free_crossing(held, at=at)
    seats.settle(held, cause="retime_accepted", by=by, at=at)
    return offer


def _lose(held: Held, offer: Offer, verb: str, conflict: Conflict, at: datetime) -> None:
    """What the losing accept leaves behind is committed together with its 409."""
    system = auth.system(offer.district)
    if conflict.code not in OF_THE_SEAT:
        doors.move_offer(held, offer, verb, by=system, at=at, reason_code=conflict.code)
    seats.settle(held, cause="accept_but_conflict", by=system, at=at)
    conflict.keep = True


def _answer_retime(held: Held, offer: Offer, answer: str) -> None:
    if offer.kind == "retime" and offer.change_id == held.staff.retime_change_id:
        held.staff.retime_answer = answer


def _held(
    session: Session,
    offer_id: UUID,
    by: Caller,
    behalf: Behalf | None,
    *,
    accepting: bool = False,
) -> tuple[Held, Offer, Caller]:
    offer = speaking.offer_for(session, offer_id, by)
    by = speaking.speaker(session, offer, by, behalf)
    if accepting:
        held = hold(
            session,
            offer.lesson_id,
            lecturer_ids=[offer.lecturer_id],
            offer_id=offer_id,
            crossing=offer,
        )
    else:
        held = hold(session, offer.lesson_id, offer_id=offer_id)
    return held, offer, by


def _by_clock(session: Session, offer_id: UUID) -> tuple[Held, Offer]:
    offer = session.get(Offer, offer_id)
    if offer is None:
        raise NotFound("not_found", what="offer", id=str(offer_id))
    held = hold(session, offer.lesson_id, offer_id=offer_id)
    if offer.state not in LIVE_OFFER:
        raise Conflict("wrong_state", state=str(offer.state))
    return held, offer


def _resolve(offer: Offer, by: Caller) -> str:
    try:
        return OFFER.resolve("accept", offer.state, doors.roles(by))
    except Conflict as conflict:
        raise Conflict(conflict.code, **conflict.facts, reason=offer.reason_code) from conflict


def _expiry(held: Held, starts_at: datetime, at: datetime) -> datetime:
    rescue = deadlines.is_rescue(held.seat.state, held.seat.rescue, starts_at, at)
    return deadlines.expiry(
        at, starts_at, rescue=rescue, numbers=held.numbers, holidays=held.holidays
    )
