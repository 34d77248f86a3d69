"""Lecturer: who is asked next. In turn, in parallel, all at once, as a stand-by, or in a rescue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from services.kit import auth
from services.kit.auth import Caller
from services.lecturer import candidates, deadlines, doors
from services.lecturer.held import Held, seat_told
from services.lecturer.models import Assignment, Offer, Qualification
from services.lecturer.states import AssignmentState, OfferState

EVERYBODY = 10_000
WIDTH = {"in_turn": 1, "parallel": 3, "open": EVERYBODY}
# Nobody is asked again about the same revision who said no, said nothing, or was called back.
ANSWERED = (OfferState.DECLINED, OfferState.EXPIRED, OfferState.REVOKED)
# Nor whoever held the seat and gave it up or lost it.
GONE = (
    *(AssignmentState.RELEASED, AssignmentState.REPLACED, AssignmentState.NO_SHOW),
    *(AssignmentState.PARTIAL, AssignmentState.VOIDED),
)


@dataclass(frozen=True)
class Asked:
    """Somebody to send an offer to: his place in the ranking and the rules waived for him."""

    lecturer_id: UUID
    rank: int
    waived: Sequence[str] = ()


def mode(held: Held) -> str:
    """The scheduler's choice for this revision, or else what the lesson says."""
    return held.staff.ladder_mode or str(held.seat.body.get("mode", "in_turn"))


def rescue(held: Held, at: datetime) -> bool:
    return deadlines.is_rescue(held.seat.state, held.seat.rescue, held.slot[0], at)


def wanting(held: Held) -> bool:
    """May offers for this seat live now? Tentative or at risk without a holder, or a stand-by
    for one who asked to be released (I4)."""
    if held.holder is not None:
        asked = held.holder.state == AssignmentState.RELEASE_REQUESTED
        return asked and held.seat.state == "confirmed" and held.retime is None
    if held.seat.state == "confirmed":
        # The holder is lost and booking has not heard yet.
        return held.staff.lost is not None
    return held.seat.state in ("tentative", "at_risk")


def climb(held: Held, *, at: datetime) -> None:
    """Send what is missing, in order. Nobody left and no offer alive: exhausted, with counts."""
    standing = held.seat.state in ("tentative", "at_risk") or held.holder is not None
    if not held.staff.ladder_on or not wanting(held) or not standing or over(held, at):
        return
    live = sum(offer.kind == "seat" for offer in held.live)
    width = WIDTH[mode(held)]
    missing = (max(width, WIDTH["parallel"]) if rescue(held, at) else width) - live
    if missing <= 0:
        return
    waive = frozenset(held.staff.ladder_waive)
    tried = _tried(held)
    able = candidates.of_seat(
        held.session, held.seat, waive=waive, lecturer_ids=_qualified(held, waive)
    )
    ranked = _wished_first(held, [one.person.id for one in able.ranked])
    free = [(id, rank) for rank, id in enumerate(ranked, 1) if id not in tried][:missing]
    if free:
        asked = [Asked(id, rank, needed_waivers(held, id, waive)) for id, rank in free]
        send(held, asked, by=auth.system(held.seat.district), at=at)
    elif not live and held.holder is None:
        counts = candidates.of_seat(held.session, held.seat, waive=waive).counts()
        for lecturer_id in ranked:
            counts[tried[lecturer_id]] = counts.get(tried[lecturer_id], 0) + 1
        held.staff.status, held.staff.excluded = "exhausted", dict(sorted(counts.items()))


def send(
    held: Held, asked: Sequence[Asked], *, by: Caller, at: datetime, note: str = ""
) -> list[Offer]:
    """Offers for the seat as it is now."""
    starts_at, ends_at = held.slot
    expires_at = deadlines.expiry(
        at,
        starts_at,
        rescue=rescue(held, at),
        numbers=held.numbers,
        holidays=held.holidays,
    )
    told = seat_told(held.seat).model_dump(mode="json")
    offers = [
        Offer(
            district=held.seat.district,
            lesson_id=held.seat.lesson_id,
            lecturer_id=one.lecturer_id,
            revision=held.seat.revision,
            rank=one.rank,
            waived=list(one.waived),
            starts_at=starts_at,
            ends_at=ends_at,
            sent_at=at,
            asked_at=at,
            expires_at=expires_at,
            seat=told,
        )
        for one in asked
    ]
    doors.send(held, offers, by=by, at=at, note=note)
    return offers


def over(held: Held, at: datetime) -> bool:
    """Too late to ask: the lesson has begun, or in a rescue, half of it is over."""
    starts_at, ends_at = held.slot
    grace = (ends_at - starts_at) / 2 if held.seat.state == "at_risk" else timedelta()
    return at >= starts_at + grace


def tried_before(held: Held, lecturer_id: UUID) -> str | None:
    """Why this lecturer is not asked again about this revision, for example `declined`."""
    return _tried(held).get(lecturer_id)


def needed_waivers(held: Held, lecturer_id: UUID, waive: frozenset[str]) -> list[str]:
    """Which of the waived rules this lecturer really breaks; the school agrees to those."""
    if not waive:
        return []
    against = candidates.why_not(held.session, held.seat, lecturer_id)
    return sorted({reason["code"] for reason in against} & waive)


def _qualified(held: Held, waive: frozenset[str]) -> list[UUID] | None:
    """Whom to look at: most of a district cannot teach a given course. None: everybody."""
    if "not_qualified" in waive:
        return None
    able = select(Qualification.lecturer_id).where(Qualification.course_id == held.seat.course_id)
    return list(held.session.exec(able))


def _tried(held: Held) -> dict[UUID, str]:
    lesson_id, revision = held.seat.lesson_id, held.seat.revision
    answered = select(Offer.lecturer_id, Offer.state).where(
        Offer.lesson_id == lesson_id,
        Offer.revision == revision,
        Offer.kind == "seat",
        col(Offer.state).in_(ANSWERED),
    )
    gone = select(Assignment.lecturer_id, Assignment.state).where(
        Assignment.lesson_id == lesson_id,
        Assignment.revision == revision,
        col(Assignment.state).in_(GONE),
    )
    tried = {lecturer_id: str(state) for lecturer_id, state in held.session.exec(answered)}
    tried |= {lecturer_id: str(state) for lecturer_id, state in held.session.exec(gone)}
    tried |= {offer.lecturer_id: "offered" for offer in held.live if offer.kind == "seat"}
    if held.holder is not None:
        tried[held.holder.lecturer_id] = "holder"
    return tried


def _wished_first(held: Held, ranked: list[UUID]) -> list[UUID]:
    wished = [UUID(str(id)) for id in held.seat.body.get("wanted_lecturers", ())]
    first = [id for id in wished if id in ranked]
    return first + [id for id in ranked if id not in first]
