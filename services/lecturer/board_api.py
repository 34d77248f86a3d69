"""Lecturer over HTTP: the calendar of all, the board of a lesson, the heat of a course, and who
could stand in."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query

from services.kit.web import Now, Router, Tx, Who
from services.lecturer import board_queries as queries
from services.lecturer import board_schemas, calendar, schemas
from services.lecturer.schemas import Day, Lat, Lon, Moment, Pool

router = Router(tags=["board"])

First = Annotated[Day, Query(alias="from")]
Last = Annotated[Day, Query(alias="to")]
Cursor = Annotated[str | None, Query(max_length=500)]
Limit = Annotated[int, Query(ge=1, le=300)]
Name = Annotated[str | None, Query(max_length=100)]


@router.get("/calendar")
def show_calendar(
    tx: Tx,
    who: Who,
    first: Annotated[Day | Moment, Query(alias="from")],
    last: Annotated[Day | Moment, Query(alias="to")],
    pool: Pool | None = None,
    lecturer_id: UUID | None = None,
    q: Name = None,
    course_id: UUID | None = None,
    status: Literal["active", "inactive"] | None = None,
    cursor: Cursor = None,
    limit: Limit = 300,
) -> schemas.CalendarOut:
    """Lessons, leave and weeks of lecturers, by code, between two days (both included) or
    instants."""
    starts_at, ends_at = calendar.period(tx, first, last, district=who.district)
    wanted = calendar.Wanted(pool, lecturer_id, q, course_id, status)
    items, following = calendar.some_entries(
        tx, starts_at, ends_at, wanted, cursor=cursor, limit=limit, by=who
    )
    return schemas.CalendarOut(starts_at=starts_at, ends_at=ends_at, items=items, next=following)


@router.get("/seats/{lesson_id}/board")
def show_board(
    lesson_id: UUID,
    tx: Tx,
    who: Who,
    now: Now,
    first: First,
    last: Last,
    starts: Annotated[list[Moment], Query(default_factory=list, max_length=10)],
    pool: Pool | None = None,
    q: Name = None,
    lecturer_id: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = 30,
) -> board_schemas.BoardOut:
    """The lecturers for a lesson, the best first, with every half-day of at most 31 days: free,
    best, busy or off. `starts` are times wished for, to be looked at instead of the opening of
    the half-day."""
    shown = queries.of_seat(
        tx,
        lesson_id,
        (first, last),
        pool=pool,
        q=q,
        lecturer_id=lecturer_id,
        starts=starts,
        cursor=cursor,
        limit=limit,
        by=who,
        at=now,
    )
    return board_schemas.BoardOut.model_validate(shown)


@router.get("/seats/{lesson_id}/substitutes")
def list_substitutes(
    lesson_id: UUID,
    tx: Tx,
    who: Who,
    now: Now,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> board_schemas.SubstitutesOut:
    """Who could stand in, the soonest there first; those for whom the school would have to drop
    a rule come last."""
    shown = queries.substitutes(tx, lesson_id, cursor=cursor, limit=limit, by=who, at=now)
    return board_schemas.SubstitutesOut.model_validate(shown)


@router.get("/heat")
def show_heat(
    tx: Tx,
    who: Who,
    now: Now,
    course_id: UUID,
    first: First,
    last: Last,
    lat: Annotated[Lat | None, Query()] = None,
    lon: Annotated[Lon | None, Query()] = None,
) -> board_schemas.HeatOut:
    """How many lecturers could be asked for a course in each half-day of at most 62 days."""
    items = queries.heat(tx, course_id, (first, last), lat=lat, lon=lon, by=who, at=now)
    return board_schemas.HeatOut.model_validate({"items": items})
