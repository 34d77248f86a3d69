"""Lecturer: what follows when a lecturer can no longer do what he was asked or has promised."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from services.kit import auth
from services.kit.auth import Caller
from services.kit.errors import Conflict
from services.kit.numbers import Numbers
from services.lecturer import candidates, doors, retimes, seats, staffing, substitutes
from services.lecturer.eligibility import OF_THE_MOMENT
from services.lecturer.held import Held, hold
from services.lecturer.models import Assignment, Lecturer, Offer, Seat
from services.lecturer.seeing import KEEPERS
from services.lecturer.states import HOLDING, LIVE_OFFER
from services.lecturer.substitutes import NOBODY_NAMED, Substitutes

Promises = Sequence[tuple[Assignment, Seat | None]]


def promised(session: Session, lecturer: Lecturer, *where: ColumnElement[bool]) -> Promises:
    """The lessons this lecturer has promised and not finished, with their seats, by time."""
    statement = (
        select(Assignment, Seat)
        .join(Seat, col(Seat.lesson_id) == col(Assignment.lesson_id), isouter=True)
        .where(col(Assignment.lecturer_id) == lecturer.id, col(Assignment.live), *where)
        .order_by(col(Assignment.starts_at))
    )
    return session.exec(statement).all()


def check(
    session: Session, lecturer: Lecturer, promises: Promises, *, force: bool, by: Caller
) -> None:
    """409 `holds_lessons` with the lessons; the district may force it."""
    if force:
        by.needs(*KEEPERS)
    elif promises:
        zone = Numbers.of(session, lecturer.district).zone
        raise Conflict("holds_lessons", lessons=[_shown(one, seat, zone) for one, seat in promises])


def take_away(
    session: Session,
    lecturer: Lecturer,
    promises: Promises,
    *,
    code: str,
    chosen: Substitutes = NOBODY_NAMED,
    by: Caller,
    at: datetime,
) -> None:
    """He loses what he promised and the seats are filled anew, beginning with whoever was chosen.
    What he is giving just now he may finish."""
    for lesson_id in sorted(one.lesson_id for one, _ in promises if one.state in HOLDING):
        at_stake = hold(session, lesson_id, lecturer_ids=[lecturer.id])
        holder = at_stake.holder
        if holder is None or holder.lecturer_id != lecturer.id or holder.state not in HOLDING:
            continue
        system = auth.system(lecturer.district)
        doors.move_assignment(
            at_stake, holder, "void", by=system, at=at, reason_code=code, fault="lecturer"
        )
        staffing.lose(at_stake, "voided")
        substitutes.ask_first(at_stake, chosen, by=by, at=at)
        seats.settle(at_stake, cause=code, by=by, at=at)


def settle_offers(session: Session, lecturer: Lecturer, *, by: Caller, at: datetime) -> None:
    """Withdraw what he was asked and may no longer accept, by the rules of accepting."""
    live = (
        select(Offer.lesson_id)
        .where(Offer.lecturer_id == lecturer.id, col(Offer.state).in_(LIVE_OFFER))
        .distinct()
    )
    for lesson_id in sorted(session.exec(live)):
        at_stake = hold(session, lesson_id, lecturer_ids=[lecturer.id])
        lost = [(offer, _lasting(session, at_stake, offer)) for offer in at_stake.live]
        lost = [(offer, code) for offer, code in lost if code and offer.lecturer_id == lecturer.id]
        for offer, code in lost:
            system = auth.system(lecturer.district)
            doors.move_offer(
                at_stake, offer, "lecturer_ineligible", by=system, at=at, reason_code=code
            )
        if lost:
            seats.settle(at_stake, cause="lecturer_ineligible", by=by, at=at)


def _lasting(session: Session, at_stake: Held, offer: Offer) -> str | None:
    """The first reason against him that is about himself; whatever depends on his other lessons
    is looked at when he accepts."""
    against = candidates.why_not(
        session,
        at_stake.seat,
        offer.lecturer_id,
        waive=frozenset(offer.waived),
        slot=(offer.starts_at, offer.ends_at),
        place=offer.seat.get("place"),
    )
    # A holder asked about another time may come although his week says otherwise.
    kept = OF_THE_MOMENT | (retimes.HIS_TO_SAY if offer.kind == "retime" else set())
    return next((reason["code"] for reason in against if reason["code"] not in kept), None)


def _shown(assignment: Assignment, seat: Seat | None, zone: ZoneInfo) -> dict[str, Any]:
    body = seat.body if seat is not None else {}
    return {
        "lesson_id": str(assignment.lesson_id),
        "assignment_id": str(assignment.id),
        "state": str(assignment.state),
        "starts_at": assignment.starts_at.astimezone(zone).isoformat(),
        "ends_at": assignment.ends_at.astimezone(zone).isoformat(),
        "order_number": body.get("order_number"),
        "school_name": body.get("school_name"),
        "course_title": body.get("course_title"),
    }
