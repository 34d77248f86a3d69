"""Lecturer: what follows when a lecturer can no longer do what he was asked or has promised."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from services.kit.auth import Caller, system
from services.kit.errors import Conflict
from services.kit.numbers import Numbers
from services.lecturer import assignments, candidates, offers
from services.lecturer.eligibility import OF_THE_MOMENT
from services.lecturer.models import Assignment, Lecturer, Offer, Seat
from services.lecturer.seeing import KEEPERS
from services.lecturer.states import HOLDING, LIVE_OFFER

Held = tuple[Assignment, Seat | None]


def held(session: Session, lecturer: Lecturer, *where: ColumnElement[bool]) -> Sequence[Held]:
    """The lessons this lecturer has promised and not finished, with their seats, by time."""
    statement = (
        select(Assignment, Seat)
        .join(Seat, col(Seat.lesson_id) == col(Assignment.lesson_id), isouter=True)
        .where(col(Assignment.lecturer_id) == lecturer.id, col(Assignment.live), *where)
        .order_by(col(Assignment.starts_at))
    )
    return session.exec(statement).all()


def settle_held(
    session: Session,
    lecturer: Lecturer,
    lessons: Sequence[Held],
    *,
    code: str,
    force: bool,
    by: Caller,
    at: datetime,
) -> None:
    """409 `holds_lessons` with the lessons, unless the district forces it: then he loses them and
    their seats are filled anew. What he is giving just now he may finish."""
    if lessons and not force:
        zone = Numbers.of(session, lecturer.district).zone
        raise Conflict("holds_lessons", lessons=[_shown(a, seat, zone=zone) for a, seat in lessons])
    if not force:
        return
    by.needs(*KEEPERS)
    for assignment, _ in lessons:
        if assignment.state in HOLDING:
            assignments.void(
                session,
                assignment.id,
                reason_code=code,
                fault="lecturer",
                by=system(lecturer.district),
                at=at,
            )


def settle_offers(session: Session, lecturer: Lecturer, *, at: datetime) -> None:
    """Withdraw what he was asked and may no longer accept."""
    live = (
        select(Offer)
        .where(col(Offer.lecturer_id) == lecturer.id, col(Offer.state).in_(LIVE_OFFER))
        .order_by(col(Offer.id))
    )
    for offer in session.exec(live).all():
        seat = session.get(Seat, offer.lesson_id)
        if seat is None:
            continue
        why = candidates.why_not(
            session,
            seat,
            lecturer.id,
            waive=frozenset(offer.waived),
            slot=(offer.starts_at, offer.ends_at),
            place=offer.seat.get("place"),
        )
        lasting = [reason["code"] for reason in why if reason["code"] not in OF_THE_MOMENT]
        if lasting:
            offers.lecturer_ineligible(
                session, offer.id, reason=lasting[0], by=system(lecturer.district), at=at
            )


def _shown(assignment: Assignment, seat: Seat | None, *, zone: Any) -> dict[str, Any]:
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
