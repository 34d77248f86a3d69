"""Lecturer: what the clock does here, by the name of the deadline."""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import Session, col, select

from services.kit.timers import Acts, Timer
from services.lecturer import appointments, assignments, offers, presence, seats
from services.lecturer.models import Offer

TIMERS: Acts = {
    **appointments.TIMERS,
    "deadline": offers.expire,
    "remind": offers.remind,
    "settle": seats.settle_now,
    "reconfirm_missed": assignments.reconfirm_missed,
    "not_checked_in": presence.not_checked_in,
    "no_checkin": presence.no_checkin,
    "no_checkout": presence.no_checkout,
}


def outage(session: Session, extended: Sequence[Timer], gap: timedelta) -> None:
    """The service was down: whoever has to answer sees the time he really has."""
    ids = [timer.key for timer in extended if timer.verb == "deadline"]
    for offer in session.exec(select(Offer).where(col(Offer.id).in_(ids))):
        if offer.expires_at is not None:
            offer.expires_at += gap
            session.add(offer)
