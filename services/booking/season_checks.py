"""Booking: what a season window keeps from being placed one by one."""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.booking.plan_models import Plan
from services.booking.plan_starts import OPEN, Possible
from services.booking.season_lessons import span, within
from services.booking.season_models import Season
from services.booking.season_states import SHUT, SeasonState
from services.contracts.booking import Slot
from services.kit import db
from services.kit.errors import Conflict
from services.kit.numbers import Numbers


def over(session: Session, district: str, first: date, last: date) -> Season | None:
    """The season that has any of these days to itself."""
    return session.exec(_over(district, first, last).limit(1)).first()


def _over(district: str, first: date, last: date) -> SelectOfScalar[Season]:
    return (
        select(Season)
        .where(Season.district == district, col(Season.state).in_(SHUT))
        .where(col(Season.first_on) <= last, col(Season.last_on) >= first)
        .order_by(col(Season.first_on))
    )


def check(
    session: Session,
    district: str,
    slot: Slot,
    *,
    override: str | None,
    season_id: UUID | None = None,
) -> None:
    """409 `season_open` while the wishes for that day are collected or allocated, unless there is a
    reason (`override`). `season_id`: whose allocation it is."""
    on = slot.starts_at.astimezone(Numbers.of(session, district).zone).date()
    season = over(session, district, on, on)
    if season is None or override:
        return
    if season.id == season_id and season.state == SeasonState.ALLOCATING:
        return
    raise Conflict(
        "season_open",
        season_id=str(season.id),
        season=season.name,
        state=str(season.state),
        closes_at=season.closes_at.isoformat(),
    )


def shut_days(session: Session, plan: Plan) -> list[tuple[datetime, datetime]]:
    """The spans of this plan's days that other seasons have to themselves."""
    zone = Numbers.of(session, plan.district).zone
    chosen = _over(plan.district, plan.first_on, plan.last_on)
    return [
        span(one.first_on, one.last_on, zone)
        for one in session.exec(chosen)
        if one.id != plan.season_id
    ]


def shut_between(
    session: Session, district: str, first: date, last: date
) -> list[tuple[datetime, datetime]]:
    """The spans of these days that seasons have to themselves."""
    zone = Numbers.of(session, district).zone
    chosen = _over(district, first, last)
    return [span(one.first_on, one.last_on, zone) for one in session.exec(chosen)]


def without(days: list[tuple[datetime, datetime]], one: Possible) -> Possible:
    """A waiting lesson without the times in these spans."""
    if one.lesson.state not in OPEN:
        return one
    slots = [
        (slot, points)
        for slot, points in one.slots
        if not any(within([slot.starts_at], *one) for one in days)
    ]
    if len(slots) == len(one.slots):
        return one
    lost = len(one.slots) - len(slots)
    return replace(one, slots=slots, refused={**one.refused, "season_open": lost})


def may_publish(session: Session, plan: Plan) -> None:
    """409 `season_not_allocating`: the season collects again, or was cancelled."""
    if plan.season_id is None:
        return
    season = db.get(session, Season, plan.season_id, lock=True)
    if season.state not in (SeasonState.ALLOCATING, SeasonState.ALLOCATED):
        raise Conflict("season_not_allocating", season=season.name, state=str(season.state))
