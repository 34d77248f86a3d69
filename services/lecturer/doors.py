"""Lecturer: the doors. An offer and an assignment change state here, and nowhere else."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col

from services.contracts.booking import Slot
from services.contracts.lecturer import AssignmentChanged, OfferChanged
from services.contracts.lecturer import Seat as SeatTold
from services.kit import db, outbox, timers
from services.kit.auth import Caller, Role
from services.lecturer import deadlines
from services.lecturer.held import Held, seat_told
from services.lecturer.models import Assignment, Offer
from services.lecturer.states import ASSIGNMENT, LIVE_ASSIGNMENT, LIVE_OFFER, OFFER

# Who is at fault when an end says nothing else.
FAULT = {"deadline": "lecturer", "revoke": "district", "no_checkin": "lecturer"} | dict.fromkeys(
    ("release_early", "grant", "substitute_committed"), "lecturer"
)


def roles(by: Caller) -> frozenset[Role]:
    """A verb said on a lecturer's behalf is the lecturer's, whoever says it."""
    return frozenset({Role.LECTURER}) if by.on_behalf_of is not None else by.roles


# --- offers ----------------------------------------------------------------------------------


def send(held: Held, offers: Sequence[Offer], *, by: Caller, at: datetime, note: str = "") -> None:
    """Offers are born pending, each with its deadline and its reminders."""
    session = held.session
    session.add_all(offers)
    session.flush()
    rows: list[dict[str, Any]] = []
    events = []
    held.learn_names(offer.lecturer_id for offer in offers)
    for offer in offers:
        offer.version = 1
        for verb, due_at in (
            ("deadline", offer.expires_at),
            ("remind", _reminder(held, offer, at)),
        ):
            if due_at is not None:
                rows.append(_timer(offer.id, verb, due_at))
        events.append(_offer_told(held, offer, "sent", "send", None, by, at, note or None))
    db.insert_many(session, timers.Timer, rows)
    outbox.tell(session, *events)
    held.offers += offers


def move_offer(
    held: Held,
    offer: Offer,
    verb: str,
    *,
    by: Caller,
    at: datetime,
    reason: str | None = None,
    reason_code: str | None = None,
    fault: str | None = None,
    note: str | None = None,
) -> None:
    """403 `not_yours`, 409 `wrong_state`. An end gets its reason, fault and notice."""
    fact, was = _moved(held, offer, verb, roles(by), at, reason_code, fault)
    offer.reason = reason or offer.reason
    offer.note = note or offer.note
    if by.on_behalf_of is not None:
        offer.answered_by, offer.channel = by.id, by.channel
    held.session.add(offer)
    outbox.tell(held.session, _offer_told(held, offer, fact, verb, was, by, at, note))
    if offer.state in LIVE_OFFER:
        remind(held, offer, at)
    else:
        timers.stop(held.session, offer.id)


def end_offers(
    held: Held, ends: Sequence[tuple[Offer, str, str, str | None]], *, by: Caller, at: datetime
) -> None:
    """Many at once, each with its verb, reason code and fault."""
    if not ends:
        return
    events = []
    held.learn_names(offer.lecturer_id for offer, *_ in ends)
    for offer, verb, reason_code, fault in ends:
        fact, was = _moved(held, offer, verb, roles(by), at, reason_code, fault)
        held.session.add(offer)
        events.append(_offer_told(held, offer, fact, verb, was, by, at, None))
    outbox.tell(held.session, *events)
    ended = col(timers.Timer.key).in_([offer.id for offer, *_ in ends])
    held.session.execute(delete(timers.Timer).where(ended))


def _moved(
    held: Held,
    offer: Offer,
    verb: str,
    said_by: frozenset[Role],
    at: datetime,
    reason_code: str | None,
    fault: str | None,
) -> tuple[str, str]:
    move = OFFER.move(verb, offer.state, said_by)
    was, offer.state = offer.state, move.target
    offer.version += 1
    if move.target not in LIVE_OFFER:
        offer.answered_at = at
        offer.reason_code = reason_code or move.verb
        offer.fault = fault or FAULT.get(verb, "none")
        offer.notice = deadlines.notice(at, offer.starts_at, held.numbers)
    return move.fact, was


def ask_again(held: Held, offer: Offer, expires_at: datetime, *, at: datetime) -> None:
    """A new answer clock: somebody else has to answer now."""
    offer.asked_at, offer.expires_at, offer.reminded = at, expires_at, 0
    timers.start(held.session, offer.id, "deadline", expires_at, answer=True)


def remind(held: Held, offer: Offer, at: datetime) -> None:
    """Set the next reminder of a lecturer who still has to answer."""
    due_at = _reminder(held, offer, at)
    if due_at is None:
        timers.stop(held.session, offer.id, "remind")
    else:
        timers.start(held.session, offer.id, "remind", due_at, answer=True)


def reminded(held: Held, offer: Offer, *, by: Caller, at: datetime) -> None:
    """Told to the lecturer, with the time that is left; the next reminder is set."""
    offer.reminded += 1
    offer.version += 1
    held.session.add(offer)
    told = _offer_told(held, offer, "reminded", "remind", offer.state, by, at, None)
    outbox.tell(held.session, told)
    remind(held, offer, at)


def _reminder(held: Held, offer: Offer, at: datetime) -> datetime | None:
    if offer.state != "pending" or offer.expires_at is None:
        return None
    due = deadlines.reminders(
        offer.asked_at, offer.expires_at, numbers=held.numbers, holidays=held.holidays
    )
    return next((moment for moment in due[offer.reminded :] if moment > at), None)


def _timer(key: UUID, verb: str, due_at: datetime) -> dict[str, Any]:
    return {"key": key, "verb": verb, "due_at": due_at, "answer": True, "tries": 0}


def _offer_told(
    held: Held,
    offer: Offer,
    fact: str,
    verb: str,
    was: str | None,
    by: Caller,
    at: datetime,
    note: str | None,
) -> OfferChanged:
    return OfferChanged(
        fact=fact,
        key=offer.id,
        version=offer.version,
        district=offer.district,
        at=at,
        by=by.actor(),
        verb=verb,
        was=was,
        state=offer.state,
        note=note,
        lecturer_id=offer.lecturer_id,
        lecturer_name=held.name_of(offer.lecturer_id),
        kind="retime" if offer.kind == "retime" else "seat",
        seat=SeatTold.model_validate(offer.seat),
        rank=offer.rank,
        reason=offer.reason,
        counter=Slot.model_validate(offer.counter) if offer.counter else None,
        expires_at=offer.expires_at if offer.state in LIVE_OFFER else None,
        reason_code=offer.reason_code,
        fault=offer.fault,
        notice=offer.notice,
        batch=held.seat.body.get("batch") if fact == "sent" else None,
    )


# --- assignments -----------------------------------------------------------------------------


def committed(held: Held, assignment: Assignment, *, by: Caller, at: datetime) -> None:
    """A promise is born; its clocks start."""
    assignment.version = 1
    held.session.add(assignment)
    outbox.tell(
        held.session, assignment_told(held, assignment, "committed", "commit", None, by=by, at=at)
    )


def move_assignment(
    held: Held,
    assignment: Assignment,
    verb: str,
    *,
    by: Caller,
    at: datetime,
    reason: str | None = None,
    reason_code: str | None = None,
    fault: str | None = None,
    note: str | None = None,
    acting: bool = False,
) -> None:
    """403 `not_yours`, 409 `wrong_state`. An end stops the clocks and frees the lecturer.

    `acting`: the service itself does it, on what this person said.
    """
    said_by = frozenset({Role.SYSTEM}) if acting else roles(by)
    move = ASSIGNMENT.move(verb, assignment.state, said_by)
    was, assignment.state = assignment.state, move.target
    assignment.live = assignment.state in LIVE_ASSIGNMENT
    assignment.version += 1
    assignment.release_reason = reason or assignment.release_reason
    if not assignment.live:
        assignment.reason_code = reason_code or move.verb
        assignment.fault = fault or FAULT.get(verb, "none")
        assignment.notice = deadlines.notice(at, assignment.starts_at, held.numbers)
    held.session.add(assignment)
    told = assignment_told(held, assignment, move.fact, verb, was, by=by, at=at, note=note)
    outbox.tell(held.session, told)
    if not assignment.live:
        timers.stop(held.session, assignment.id)


def tell_assignment(
    held: Held, assignment: Assignment, fact: str, verb: str, *, by: Caller, at: datetime
) -> None:
    """Something about a promise that is no move: its time, or that nobody has come yet."""
    assignment.version += 1
    held.session.add(assignment)
    told = assignment_told(held, assignment, fact, verb, assignment.state, by=by, at=at)
    outbox.tell(held.session, told)


def assignment_told(
    held: Held,
    assignment: Assignment,
    fact: str,
    verb: str,
    was: str | None,
    *,
    by: Caller,
    at: datetime,
    note: str | None = None,
) -> AssignmentChanged:
    return AssignmentChanged(
        fact=fact,
        key=assignment.id,
        version=assignment.version,
        district=assignment.district,
        at=at,
        by=by.actor(),
        verb=verb,
        was=was,
        state=assignment.state,
        note=note,
        lecturer_id=assignment.lecturer_id,
        lecturer_name=held.name_of(assignment.lecturer_id),
        seat=seat_told(
            held.seat,
            revision=assignment.revision,
            slot=(assignment.starts_at, assignment.ends_at),
            place=assignment.place,
        ),
        sequence=assignment.sequence,
        reason=assignment.release_reason,
        reason_code=assignment.reason_code,
        fault=assignment.fault,
        notice=assignment.notice,
        minutes_taught=assignment.minutes_taught,
    )
