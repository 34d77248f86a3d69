"""Booking: season windows (季度征集): wishes are collected until a moment and then placed together,
the school that was given least first."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking import ledger, numbering, plans, season_checks, season_lessons
from services.booking.plan_models import Plan, PlanLine
from services.booking.plan_rules import Options
from services.booking.plan_starts import OPEN
from services.booking.plan_states import PlanState
from services.booking.season_models import Season
from services.booking.season_states import SEASON, SeasonState
from services.booking.seeing import READERS
from services.contracts.booking import SeasonChanged
from services.kit import auth, db, outbox, timers
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict, Invalid, NotFound
from services.kit.ids import uuid7
from services.kit.numbers import Numbers
from services.kit.timers import Acts

LONGEST = plans.LONGEST
REMIND = timedelta(days=1)  # before it closes


def find(session: Session, season_id: UUID, *, by: Caller, lock: bool = False) -> Season:
    """A season of the caller's district."""
    by.needs(*READERS)
    season = db.get(session, Season, season_id, lock=lock)
    if season.district != by.district:
        raise NotFound("not_found", what="season", id=str(season_id))
    return season


def open(
    session: Session,
    *,
    name: str,
    first_on: date,
    last_on: date,
    closes_at: datetime,
    by: Caller,
    at: datetime,
) -> Season:
    """From now on wishes for these days are collected. 409 `season_overlaps` with another; 422
    `period_invalid`, `season_closes_in_the_past`, `season_closes_too_late`."""
    by.needs(Role.SCHEDULER)
    if not first_on <= last_on or last_on - first_on > LONGEST:
        raise Invalid("period_invalid", most_days=LONGEST.days)
    _closing(session, first_on, closes_at, by, at)
    numbering.wait_for_turn(session, by.district, numbering.SEASONS)
    other = season_checks.over(session, by.district, first_on, last_on)
    if other is not None:
        raise Conflict(
            "season_overlaps",
            season_id=str(other.id),
            season=other.name,
            first_on=other.first_on.isoformat(),
            last_on=other.last_on.isoformat(),
        )
    season = Season(
        id=uuid7(),
        district=by.district,
        name=name,
        first_on=first_on,
        last_on=last_on,
        closes_at=closes_at,
        created_at=at,
        created_by=by.id,
        created_by_name=by.name or "",
    )
    session.add(season)
    session.flush()
    _clocks(session, season, at)
    _tell(session, season, "opened", "open", None, by=by, at=at)
    return season


def extend(
    session: Session, season_id: UUID, *, closes_at: datetime, by: Caller, at: datetime
) -> Season:
    """Another moment until which wishes are collected, also an earlier one."""
    season = find(session, season_id, by=by, lock=True)
    SEASON.move("extend", SeasonState(season.state), by.roles)
    _closing(session, season.first_on, closes_at, by, at)
    season.closes_at = closes_at
    _clocks(session, season, at)
    return _moved(session, season, "extend", by=by, at=at)


def close(session: Session, season_id: UUID, *, by: Caller, at: datetime) -> Season:
    """Now, before its time."""
    season = find(session, season_id, by=by, lock=True)
    SEASON.move("close", SeasonState(season.state), by.roles)
    season.closes_at = at
    timers.stop(session, season.id)
    return _moved(session, season, "close", by=by, at=at)


def reopen(
    session: Session, season_id: UUID, *, closes_at: datetime, by: Caller, at: datetime
) -> Season:
    """Wishes are collected again. Drafts there are can be published no more."""
    season = find(session, season_id, by=by, lock=True)
    SEASON.move("reopen", SeasonState(season.state), by.roles)
    _not_being_published(session, season)
    _closing(session, season.first_on, closes_at, by, at)
    season.closes_at = closes_at
    _clocks(session, season, at)
    return _moved(session, season, "reopen", by=by, at=at)


def allocate(
    session: Session, season_id: UUID, *, options: Options, by: Caller, at: datetime
) -> tuple[Season, Plan]:
    """One draft of all its lessons; what each school has been given so far counts from here.
    409 `no_open_lessons`, `season_being_published`."""
    season = find(session, season_id, by=by, lock=True)
    SEASON.move("allocate", SeasonState(season.state), by.roles)
    _not_being_published(session, season)
    year = at.astimezone(Numbers.of(session, by.district).zone).year
    known = ledger.ledger(session, year=year, by=by)["items"]
    season.served_before = {str(one["school_id"]): one["served"] for one in known}
    collected = season_lessons.collected(session, [season])[season.id]
    chosen = [one.lesson_id for one in collected if one.state in OPEN]
    days: dict[str, Any] = {"first_on": season.first_on, "last_on": season.last_on}
    plan = plans.make(
        session, **days, lesson_ids=chosen, options=options, season_id=season.id, by=by, at=at
    )
    return _moved(session, season, "allocate", by=by, at=at, plan_id=plan.id), plan


def cancel(
    session: Session, season_id: UUID, *, reason: str | None, by: Caller, at: datetime
) -> Season:
    """Its lessons are placed one by one again, as they come."""
    season = find(session, season_id, by=by, lock=True)
    SEASON.move("cancel", SeasonState(season.state), by.roles)
    _not_being_published(session, season)
    season.ended_at, season.reason = at, reason
    timers.stop(session, season.id)
    return _moved(session, season, "cancel", by=by, at=at, note=reason)


def plan_published(session: Session, plan: Plan, *, at: datetime) -> None:
    """A plan of a season has been published to its end: what the season was for is done."""
    if plan.season_id is None:
        return
    season = db.get(session, Season, plan.season_id, lock=True)
    if season.state == SeasonState.ALLOCATING:
        season.plan_id, season.ended_at = plan.id, at
        by = auth.system(season.district)
        _moved(session, season, "plan_published", by=by, at=at, plan_id=plan.id)


# -- the clock


def last_day(session: Session, season_id: UUID, at: datetime) -> None:
    season = db.get(session, Season, season_id, lock=True)
    _moved(session, season, "last_day", by=auth.timer(season.district), at=at)


def collecting_ends(session: Session, season_id: UUID, at: datetime) -> None:
    season = db.get(session, Season, season_id, lock=True)
    _moved(session, season, "collecting_ends", by=auth.timer(season.district), at=at)


TIMERS: Acts = {"last_day": last_day, "collecting_ends": collecting_ends}


def _clocks(session: Session, season: Season, at: datetime) -> None:
    timers.stop(session, season.id)
    timers.start(session, season.id, "collecting_ends", season.closes_at, answer=True)
    if season.closes_at - REMIND > at:
        timers.start(session, season.id, "last_day", season.closes_at - REMIND)


def _closing(
    session: Session, first_on: date, closes_at: datetime, by: Caller, at: datetime
) -> None:
    """Later than now, and before its first day begins."""
    begins = datetime.combine(first_on, time(), Numbers.of(session, by.district).zone)
    if closes_at <= at:
        raise Invalid("season_closes_in_the_past", closes_at=closes_at.isoformat())
    if closes_at > begins:
        raise Invalid("season_closes_too_late", first_on=first_on.isoformat())


def _not_being_published(session: Session, season: Season) -> None:
    mine = select(Plan.id).where(Plan.season_id == season.id)
    if session.exec(mine.where(col(Plan.state) == PlanState.PUBLISHING)).first() is not None:
        raise Conflict("season_being_published", season=season.name)


def _moved(
    session: Session,
    season: Season,
    verb: str,
    *,
    by: Caller,
    at: datetime,
    note: str | None = None,
    plan_id: UUID | None = None,
) -> Season:
    was = SeasonState(season.state)
    move = SEASON.move(verb, was, by.roles)
    season.state = move.target
    season.version += 1
    session.add(season)
    session.flush()
    _tell(session, season, move.fact, verb, was, by=by, at=at, note=note, plan_id=plan_id)
    return season


def _tell(
    session: Session,
    season: Season,
    fact: str,
    verb: str,
    was: SeasonState | None,
    *,
    by: Caller,
    at: datetime,
    note: str | None = None,
    plan_id: UUID | None = None,
) -> None:
    lessons, placed = _counts(session, season)
    outbox.tell(
        session,
        SeasonChanged(
            fact=fact,
            key=season.id,
            version=season.version,
            district=season.district,
            at=at,
            by=by.actor(),
            verb=verb,
            was=was,
            state=season.state,
            note=note,
            name=season.name,
            first_on=season.first_on,
            last_on=season.last_on,
            closes_at=season.closes_at,
            plan_id=plan_id,
            lessons=lessons,
            placed=placed,
        ),
    )


def _counts(session: Session, season: Season) -> tuple[int, int | None]:
    """Lessons collected; when it is allocated those of its plan, and how many were placed."""
    if season.state != SeasonState.ALLOCATED:
        return len(season_lessons.collected(session, [season]).get(season.id, ())), None
    placed = sa.func.sum(sa.case((col(PlanLine.outcome) == "placed", 1), else_=0))
    counted = sa.select(sa.func.count(), placed).where(col(PlanLine.plan_id) == season.plan_id)
    lessons, many = session.execute(counted).one()
    return int(lessons), int(many or 0)
