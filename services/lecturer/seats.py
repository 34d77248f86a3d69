"""Lecturer: a seat is brought in line with its lesson. Said after every verb and every message."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.contracts.booking import LessonChanged, Slot
from services.kit import auth, db, timers
from services.kit.auth import Caller
from services.kit.errors import Conflict
from services.kit.event import ENVELOPE
from services.lecturer import clocks, doors, ladder, retimes, staffing
from services.lecturer.held import Held, hold, seat_told
from services.lecturer.models import Offer, Seat
from services.lecturer.states import HOLDING, OfferState

# Nobody may hold the seat of such a lesson, nor be asked to.
WITHOUT_HOLDER = {
    *("requested", "unplaced", "waitlisted", "cancelled", "not_delivered", "written_off"),
}


def hear(session: Session, said: LessonChanged, *, at: datetime) -> None:
    """Keep the newest copy of a lesson and follow it; an older one is `stale`."""
    copy = _copy(said)
    new = db.insert_once(session, Seat, copy)
    if new and said.slot is None:
        return  # nobody to look for yet
    held = hold(session, said.key)
    if not new:
        if said.version <= held.seat.version:
            raise Conflict("stale", version=held.seat.version)
        was = held.seat.state
        for name, value in copy.items():
            setattr(held.seat, name, value)
        session.add(held.seat)
        _stop_the_clocks(held, was, at)
    settle(held, cause="lesson_changed", by=auth.system(said.district), at=at)


def settle(held: Held, *, cause: str, by: Caller, at: datetime) -> None:
    """Make holder, offers and staffing what the lesson and the facts ask for. Says what changed;
    said twice it changes nothing."""
    _follow_holder(held, at)
    if held.seat.revision > held.staff.revision:
        staffing.renew(held)
    if held.seat.state in WITHOUT_HOLDER or held.seat.starts_at is None:
        held.staff.ladder_on = False
    else:
        retimes.follow(held, at=at)
    _end_offers(held, at)
    _set_ladder(held)
    if held.seat.starts_at is not None:
        ladder.climb(held, at=at)
    staffing.tell(held, cause=cause, by=by, at=at)


def _follow_holder(held: Held, at: datetime) -> None:
    holder, seat = held.holder, held.seat
    if holder is None:
        return
    if seat.state in WITHOUT_HOLDER or seat.starts_at is None:
        _dismiss(held, seat.body.get("reason_code") or f"lesson_{seat.state}", at)
    elif seat.revision > holder.revision:
        _dismiss(held, "revised", at)


def _stop_the_clocks(held: Held, was: str, at: datetime) -> None:
    """A suspended lesson keeps its holder, but nobody waits for him."""
    if held.holder is None or was == held.seat.state:
        return
    if held.seat.state == "suspended":
        clocks.stop(held, held.holder)
    elif was == "suspended":
        clocks.start(held, held.holder, at=at)


def _dismiss(held: Held, reason_code: str, at: datetime) -> None:
    """Void the holder because of the lesson. One who has checked in, too: the messages crossed."""
    holder = held.holder
    assert holder is not None
    verb = "void" if holder.state in HOLDING else "abort_nothing_taught"
    doors.move_assignment(
        held,
        holder,
        verb,
        by=auth.system(held.seat.district),
        at=at,
        reason_code=reason_code,
        fault=held.seat.body.get("fault"),
    )
    staffing.lose(held, "voided")


def _end_offers(held: Held, at: datetime) -> None:
    ends = []
    for offer in held.live:
        _carry(held, offer)
        why = _why_over(held, offer)
        if why is not None:
            of_lesson = held.seat.body.get("fault") if why[0].startswith("lesson") else None
            ends.append((offer, *why, of_lesson))
    doors.end_offers(held, ends, by=auth.system(held.seat.district), at=at)


def _why_over(held: Held, offer: Offer) -> tuple[str, str] | None:
    """The move that ends a live offer, and its reason; None while it stands."""
    seat = held.seat
    if seat.state in WITHOUT_HOLDER or seat.starts_at is None:
        reason = seat.body.get("reason_code") or f"lesson_{seat.state}"
        return "lesson_cancelled_or_suspended", str(reason)
    if seat.state == "suspended":
        return "lesson_cancelled_or_suspended", "lesson_suspended"
    if offer.kind == "retime" or (offer.revision == seat.revision and ladder.wanting(held)):
        return None  # retimes.follow has looked after the former
    if offer.revision < seat.revision:
        return "lesson_revised", "revised"
    if held.holder is None:
        return "lesson_cancelled_or_suspended", f"lesson_{seat.state}"
    if held.retime is not None:
        return "lesson_revised", "retime_asked"
    return "seat_filled_by_other", "seat_taken"


def is_where_proposed(held: Held, offer: Offer) -> bool:
    """Does the lesson stand at the time this lecturer proposed?"""
    if offer.counter is None:
        return False
    proposed = Slot.model_validate(offer.counter)
    return (proposed.starts_at, proposed.ends_at) == (held.seat.starts_at, held.seat.ends_at)


def _carry(held: Held, offer: Offer) -> None:
    """The lesson was moved to the time this lecturer proposed: his proposal stands under the new
    revision, for the scheduler to adopt."""
    seat = held.seat
    if offer.state != OfferState.COUNTERED or offer.revision >= seat.revision:
        return
    if is_where_proposed(held, offer) and offer.seat["place"] == seat.body["place"]:
        offer.revision, (offer.starts_at, offer.ends_at) = seat.revision, held.slot
        offer.seat = seat_told(seat).model_dump(mode="json")
        held.session.add(offer)


def _set_ladder(held: Held) -> None:
    """On where somebody is to be found, unless the district does it by hand."""
    wanted = held.seat.state in ("tentative", "at_risk") or held.holder is not None
    held.staff.ladder_on = (
        wanted
        and held.staff.status not in staffing.TAUGHT
        and ladder.wanting(held)
        and ladder.mode(held) != "manual"
    )


def settle_soon(session: Session, lesson_ids: Collection[UUID], *, at: datetime) -> None:
    """For seats whose rows are not locked here: the clock settles each in a transaction of its
    own, within two seconds."""
    due = {"verb": "settle", "due_at": at, "answer": False, "tries": 0, "not_before": None}
    if lesson_ids:
        rows = [{"key": lesson_id, **due} for lesson_id in sorted(lesson_ids)]
        db.insert_once(session, timers.Timer, rows)


def settle_now(session: Session, lesson_id: UUID, at: datetime) -> None:
    """The clock's end of `settle_soon`."""
    held = hold(session, lesson_id)
    settle(held, cause="offers_ended", by=auth.timer(held.seat.district), at=at)


def _copy(said: LessonChanged) -> dict[str, Any]:
    return {
        "lesson_id": said.key,
        "version": said.version,
        "district": said.district,
        "state": said.state,
        "revision": said.revision,
        "order_id": said.order_id,
        "course_id": said.course_id,
        "school_id": said.school_id,
        "starts_at": said.slot.starts_at if said.slot else None,
        "ends_at": said.slot.ends_at if said.slot else None,
        "rescue": said.rescue,
        "body": said.model_dump(mode="json", exclude=ENVELOPE),
    }
