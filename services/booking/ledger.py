"""Booking: the ledger of fairness (公平账) between schools: what each asked for in a year, what was
served, how long it waited, and how often its first choice was met."""

from datetime import datetime
from statistics import mean
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col

from services.booking.models import Lesson, Order, School
from services.booking.seeing import DISTRICT_WIDE, READERS
from services.booking.states import LessonState as L
from services.kit import clock
from services.kit.auth import Caller
from services.kit.numbers import Numbers
from services.kit.outbox import Happened
from services.kit.types import Instant

# Somebody has promised to come, or has come.
SERVED = frozenset(
    {L.CONFIRMED, L.IN_PROGRESS, L.DELIVERED, L.PARTIALLY_DELIVERED, L.VERIFIED, L.DISPUTED}
)
CHANGED, CONFIRMED = "booking.lesson.changed", "all_seats_filled"
SECONDS_A_DAY = 86_400


class Asked(NamedTuple):
    """One lesson somebody asked for."""

    served: bool
    waited: float | None  # days from the letter to the first promise
    first_choice: bool


def ledger(session: Session, *, year: int, by: Caller) -> dict[str, Any]:
    """Every school's letters of a year for the district; for a township its own. Beside it the
    average of the schools that asked for anything."""
    by.needs(*READERS)
    found = _asked(session, by.district, year, Numbers.of(session, by.district).zone)
    schools = session.execute(
        sa.select(col(School.id), col(School.name))
        .where(col(School.district) == by.district)
        .order_by(col(School.code))
    )
    everybody = [
        {"school_id": id, "school_name": name, **_summary(found.get(id, []))}
        for id, name in schools
    ]
    own = not by.has(*DISTRICT_WIDE)
    return {
        "year": year,
        "items": [one for one in everybody if not own or one["school_id"] == by.school_id],
        "average": _average([one for one in everybody if one["asked"]]),
    }


def _asked(session: Session, district: str, year: int, zone: ZoneInfo) -> dict[UUID, list[Asked]]:
    first, after = clock.calendar_year(year, zone)
    promised = (
        sa.select(sa.func.min(col(Happened.at), type_=Instant))
        .where(
            col(Happened.key) == col(Lesson.id),
            col(Happened.subject) == CHANGED,
            col(Happened.body)["data"]["verb"].as_string() == CONFIRMED,
        )
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(
            *(col(Lesson.school_id), col(Lesson.state), col(Lesson.starts_at), col(Lesson.wishes)),
            *(col(Order.submitted_at), promised),
        )
        .join(Order, col(Order.id) == col(Lesson.order_id))
        .where(
            col(Lesson.district) == district,
            col(Lesson.makeup_of).is_(None),
            col(Order.submitted_at) >= first,
            col(Order.submitted_at) < after,
        )
    )
    found: dict[UUID, list[Asked]] = {}
    for school_id, state, starts_at, wishes, submitted_at, promised_at in rows:
        served = state in SERVED
        wished = datetime.fromisoformat(wishes[0]["starts_at"]) if wishes else None
        waited = (promised_at - submitted_at).total_seconds() if promised_at else None
        one = Asked(
            served,
            None if waited is None else max(0.0, waited) / SECONDS_A_DAY,
            served and starts_at == wished,
        )
        found.setdefault(school_id, []).append(one)
    return found


def _summary(asked: list[Asked]) -> dict[str, Any]:
    waits = [one.waited for one in asked if one.waited is not None]
    return {
        "asked": len(asked),
        "served": sum(one.served for one in asked),
        "first_choice": sum(one.first_choice for one in asked),
        "waited_days": round(mean(waits), 1) if waits else None,
    }


def _average(schools: list[dict[str, Any]]) -> dict[str, Any]:
    waits = [one["waited_days"] for one in schools if one["waited_days"] is not None]
    names = ("asked", "served", "first_choice")
    return {
        "schools": len(schools),
        **{n: round(mean(one[n] for one in schools), 1) if schools else 0 for n in names},
        "waited_days": round(mean(waits), 1) if waits else None,
    }
