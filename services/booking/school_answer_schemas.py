"""Booking: schools as they are shown, each with its targets and with what the caller may do."""

from collections.abc import Sequence

from sqlmodel import Session

from services.booking import targets
from services.booking.models import School
from services.booking.school_schemas import SchoolOut
from services.kit.auth import Caller


def shown(session: Session, rows: Sequence[School], who: Caller) -> list[SchoolOut]:
    """One query more, however many schools."""
    wanted = targets.all_of(session, [row.id for row in rows])
    return [SchoolOut.seen_by(row, wanted[row.id], who) for row in rows]
