"""Lecturer: an agreed change asks the holder whether he keeps the seat at its new time."""

from datetime import datetime
from typing import Any

from services.contracts.booking import Retime
from services.kit import auth
from services.kit.auth import Caller
from services.kit.errors import Conflict
from services.lecturer import candidates, clocks, deadlines, doors
from services.lecturer.held import Held, seat_told
from services.lecturer.models import GUARD, Offer
from services.lecturer.states import HOLDING

# He is asked although his week says otherwise: he knows best whether he can come.
HIS_TO_SAY = frozenset({"not_available"})


def follow(held: Held, *, at: datetime) -> None:
    """Ask the holder about an agreed change; take the question back when it is dropped, or he is
    no longer the holder. Nobody to be asked, or no way for him to come: `conflict`."""
    retime = held.retime
    _take_back(held, retime, at)
    if retime is None:
        return
    if held.staff.retime_change_id != retime.change_id:
        held.staff.retime_change_id, held.staff.retime_answer = retime.change_id, None
    if held.staff.retime_answer is not None or any(o.kind == "retime" for o in held.live):
        return
    if held.holder is not None and held.holder.state in HOLDING and not _against(held, retime):
        _ask(held, retime, at)
    else:
        held.staff.retime_answer = "conflict"


def _take_back(held: Held, retime: Retime | None, at: datetime) -> None:
    ends = []
    for offer in [offer for offer in held.live if offer.kind == "retime"]:
        holder = held.holder
        if retime is None or offer.change_id != retime.change_id:
            ends.append((offer, "lesson_revised", "retime_dropped", None))
        elif (
            holder is None or holder.state not in HOLDING or holder.lecturer_id != offer.lecturer_id
        ):
            ends.append((offer, "lesson_revised", "holder_lost", None))
    doors.end_offers(held, ends, by=auth.system(held.seat.district), at=at)


def accept(held: Held, offer: Offer, verb: str, *, by: Caller, at: datetime, note: str) -> None:
    """The holder's slot moves under the guard. Too late or in conflict: 409, and told so."""
    retime, holder = held.retime, held.holder
    if (
        retime is None
        or retime.change_id != offer.change_id
        or held.staff.retime_answer is not None
    ):
        raise Conflict("revision_stale", revision=held.seat.revision)
    if holder is None or holder.lecturer_id != offer.lecturer_id or holder.state not in HOLDING:
        raise Conflict("not_the_holder")
    against = _against(held, retime)
    if not against:
        try:
            _move(held, offer, retime)
        except Conflict as conflict:
            against = [{"code": conflict.code}]
    if against:
        system, code = auth.system(held.seat.district), against[0]["code"]
        doors.move_offer(held, offer, "accept_but_conflict", by=system, at=at, reason_code=code)
        held.staff.retime_answer = "conflict"
        raise Conflict(code, keep=True, reasons=against)
    doors.move_offer(held, offer, verb, by=by, at=at, note=note)
    doors.tell_assignment(held, holder, "retimed", "retime", by=by, at=at)
    clocks.start(held, holder, at=at)
    held.staff.retime_answer = "accepted"


def _move(held: Held, offer: Offer, retime: Retime) -> None:
    holder = held.holder
    assert holder is not None
    with GUARD.holding(held.session, "already_teaching"):
        holder.starts_at, holder.ends_at = retime.slot.starts_at, retime.slot.ends_at
        holder.place = retime.place.model_dump(mode="json")
        holder.revision, holder.offer_id = retime.revision, offer.id
        holder.sequence += 1
        holder.reconfirmed_at = None
        held.session.add(holder)


def _against(held: Held, retime: Retime) -> list[dict[str, Any]]:
    assert held.holder is not None
    against = candidates.why_not(
        held.session,
        held.seat,
        held.holder.lecturer_id,
        waive=frozenset(held.holder.waived),
        slot=(retime.slot.starts_at, retime.slot.ends_at),
        place=retime.place.model_dump(mode="json"),
    )
    return [reason for reason in against if reason["code"] not in HIS_TO_SAY]


def _ask(held: Held, retime: Retime, at: datetime) -> None:
    assert held.holder is not None
    slot = (retime.slot.starts_at, retime.slot.ends_at)
    place = retime.place.model_dump(mode="json")
    starts_at = min(slot[0], held.holder.starts_at)
    told = seat_told(held.seat, revision=retime.revision, slot=slot, place=place)
    offer = Offer(
        district=held.seat.district,
        lesson_id=held.seat.lesson_id,
        lecturer_id=held.holder.lecturer_id,
        kind="retime",
        revision=retime.revision,
        change_id=retime.change_id,
        starts_at=slot[0],
        ends_at=slot[1],
        sent_at=at,
        asked_at=at,
        waived=list(held.holder.waived),
        expires_at=deadlines.expiry(
            at,
            starts_at,
            rescue=deadlines.is_rescue("", False, starts_at, at),
            numbers=held.numbers,
            holidays=held.holidays,
        ),
        seat=told.model_dump(mode="json"),
    )
    doors.send(held, [offer], by=auth.system(held.seat.district), at=at)
