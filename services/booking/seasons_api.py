"""Booking over HTTP: season windows (季度征集)."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status
from sqlmodel import Session, col

from services.booking import season_queries as queries
from services.booking import seasons
from services.booking.schemas import MaybeReasonIn
from services.booking.season_models import Season
from services.booking.season_schemas import (
    AllocateIn,
    SeasonIn,
    SeasonOut,
    SeasonsOut,
    SeasonWholeOut,
    UntilIn,
)
from services.booking.season_states import SeasonState
from services.kit.auth import Caller
from services.kit.numbers import Numbers
from services.kit.web import Now, Router, Tx, Who, etag, page

router = Router(tags=["seasons"])

Limit = Annotated[int, Query(ge=1, le=100)]


@router.get("/seasons")
def all_seasons(
    tx: Tx,
    who: Who,
    now: Now,
    state: Annotated[list[SeasonState] | None, Query()] = None,
    current: bool = False,
    cursor: str | None = None,
    limit: Limit = 20,
) -> SeasonsOut:
    """The newest first. `current`: those that collect or are about to be allocated, and allocated
    ones whose days are not over."""
    chosen = queries.all_seasons(tx, states=state or (), current=current, by=who, at=now)
    by = [col(Season.created_at), col(Season.id)]
    rows, following = page(tx, chosen, by=by, cursor=cursor, limit=limit, descending=True)
    known, numbers = queries.figures(tx, rows, by=who), Numbers.of(tx, who.district)
    items = [SeasonOut.of(row, known[row.id], who, numbers) for row in rows]
    return SeasonsOut(items=items, next=following)


@router.post("/seasons", status_code=status.HTTP_201_CREATED)
def open_one(body: SeasonIn, tx: Tx, who: Who, now: Now, response: Response) -> SeasonOut:
    """Collect the wishes for these days from now on. Every school is told."""
    season = seasons.open(
        tx,
        name=body.name,
        first_on=body.first_on,
        last_on=body.last_on,
        closes_at=body.closes_at,
        by=who,
        at=now,
    )
    return _shown(tx, season, who, response)


@router.get("/seasons/{season_id}")
def one(season_id: UUID, tx: Tx, who: Who, now: Now, response: Response) -> SeasonWholeOut:
    """A season by school and course, with the ledger before and after; a school sees its own."""
    found = queries.whole(tx, season_id, by=who, at=now)
    etag(response, found.season.version)
    return SeasonWholeOut.whole(found, who, Numbers.of(tx, who.district))


@router.post("/seasons/{season_id}/extend")
def extend(
    season_id: UUID, body: UntilIn, tx: Tx, who: Who, now: Now, response: Response
) -> SeasonOut:
    """Collect until another moment."""
    season = seasons.extend(tx, season_id, closes_at=body.closes_at, by=who, at=now)
    return _shown(tx, season, who, response)


@router.post("/seasons/{season_id}/close")
def close(season_id: UUID, tx: Tx, who: Who, now: Now, response: Response) -> SeasonOut:
    """Collect no longer, before its time."""
    return _shown(tx, seasons.close(tx, season_id, by=who, at=now), who, response)


@router.post("/seasons/{season_id}/reopen")
def reopen(
    season_id: UUID, body: UntilIn, tx: Tx, who: Who, now: Now, response: Response
) -> SeasonOut:
    """Collect again. Drafts of its allocation can be published no more."""
    season = seasons.reopen(tx, season_id, closes_at=body.closes_at, by=who, at=now)
    return _shown(tx, season, who, response)


@router.post("/seasons/{season_id}/allocate", status_code=status.HTTP_202_ACCEPTED)
def allocate(
    season_id: UUID,
    tx: Tx,
    who: Who,
    now: Now,
    response: Response,
    body: AllocateIn | None = None,
) -> SeasonOut:
    """One draft plan (`plan_id`) over all its lessons, in which the school that was given least
    goes first. It is read, edited and published as any plan; then the season is allocated."""
    options = (body or AllocateIn()).options
    season, _ = seasons.allocate(tx, season_id, options=options, by=who, at=now)
    return _shown(tx, season, who, response)


@router.post("/seasons/{season_id}/cancel")
def cancel(
    season_id: UUID,
    tx: Tx,
    who: Who,
    now: Now,
    response: Response,
    body: MaybeReasonIn | None = None,
) -> SeasonOut:
    """Its lessons are placed one by one again."""
    reason = body.reason if body else None
    return _shown(tx, seasons.cancel(tx, season_id, reason=reason, by=who, at=now), who, response)


def _shown(tx: Session, season: Season, who: Caller, response: Response) -> SeasonOut:
    etag(response, season.version)
    known = queries.figures(tx, [season], by=who)[season.id]
    return SeasonOut.of(season, known, who, Numbers.of(tx, who.district))
