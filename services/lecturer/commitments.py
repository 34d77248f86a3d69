"""Lecturer: an offer becomes a promise, in one transaction, or a reason why not."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import partial

from services.kit import auth
from services.kit.auth import Caller
from services.kit.errors import Conflict
from services.lecturer import candidates, clocks, doors, ladder, seats
from services.lecturer.eligibility import Reason
from services.lecturer.held import Held
from services.lecturer.models import GUARD, Assignment, Offer
from services.lecturer.states import AssignmentState


def commit(
    held: Held,
    offer: Offer,
    verb: str,
    *,
    end_old: Callable[[Assignment], None] | None = None,
    tolerate: AbstractSet[str] = frozenset(),
    by: Caller,
    at: datetime,
    note: str = "",
) -> Assignment:
    """Offer accepted, promise made under the guard, an old holder ended in the same breath.

    `end_old` says how; without it a substitute has been found for one who asked to go. A conflict
    leaves nothing behind: 409 with the first reason, and all of them.
    """
    against = [reason for reason in reasons(held, offer) if reason["code"] not in tolerate]
    if against:
        raise Conflict(against[0]["code"], reasons=against)
    assignment = Assignment(
        district=offer.district,
        lesson_id=offer.lesson_id,
        lecturer_id=offer.lecturer_id,
        offer_id=offer.id,
        revision=held.seat.revision,
        starts_at=offer.starts_at,
        ends_at=offer.ends_at,
        place=held.seat.body["place"],
        waived=list(offer.waived),
        committed_at=at,
    )
    with GUARD.holding(held.session, "already_teaching"):
        if held.holder is not None:
            (end_old or partial(_substituted, held, at))(held.holder)
        held.session.flush()  # the old one first: one holder per seat
        doors.move_offer(held, offer, verb, by=by, at=at, note=note or None)
        doors.committed(held, assignment, by=by, at=at)
    held.holder = assignment
    clocks.start(held, assignment, at=at)
    free_crossing(held, at=at)
    return assignment


def _substituted(held: Held, at: datetime, old: Assignment) -> None:
    system = auth.system(old.district)
    doors.move_assignment(held, old, "substitute_committed", by=system, at=at)


def reasons(held: Held, offer: Offer) -> list[Reason]:
    """What stands against this lecturer now, travel to both neighbours included."""
    return candidates.why_not(
        held.session,
        held.seat,
        offer.lecturer_id,
        waive=frozenset(offer.waived),
        slot=(offer.starts_at, offer.ends_at),
    )


def free_crossing(held: Held, *, at: datetime) -> None:
    """What else he was asked for the same time is asked of somebody else."""
    ends = [(offer, "lecturer_ineligible", "overlapping", None) for offer in held.crossing]
    doors.end_offers(held, ends, by=auth.system(held.seat.district), at=at)
    seats.settle_soon(held.session, {offer.lesson_id for offer in held.crossing}, at=at)
    held.crossing = []


def check_open(held: Held, offer: Offer) -> None:
    """409: an older revision, a seat that is taken, or one for which nobody is looked for."""
    if offer.revision != held.seat.revision:
        raise Conflict("revision_stale", revision=held.seat.revision)
    holder = held.holder
    if holder is not None and holder.state != AssignmentState.RELEASE_REQUESTED:
        raise Conflict("seat_taken")
    if not ladder.wanting(held):
        raise Conflict("seat_not_open", state=held.seat.state)
