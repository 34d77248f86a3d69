"""Lecturer: the board, the heat of a course and the substitutes, as the desk reads them."""

import base64
import binascii
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.kit.auth import Caller, Role
from services.kit.errors import Malformed, NotFound
from services.kit.numbers import Numbers
from services.lecturer import board, calendar, rescue
from services.lecturer.board import ABLE, Board, Line, Period
from services.lecturer.models import Lecturer, Seat
from services.lecturer.queries import asked
from services.lecturer.seeing import DISTRICT_WIDE

Shown = dict[str, Any]


def of_seat(
    session: Session,
    lesson_id: UUID,
    period: Period,
    *,
    pool: str | None = None,
    q: str | None = None,
    lecturer_id: UUID | None = None,
    starts: list[datetime],
    cursor: str | None,
    limit: int,
    by: Caller,
    at: datetime,
) -> Shown:
    """A page of lecturers for a lesson, the best first, each with his half-days and lessons.

    `pool`, `q` and `lecturer_id` leave rows out; ranks and `best` are those among everybody.
    """
    seat = _seat(session, lesson_id, by)
    found = board.of_seat(session, seat, period, starts=starts, at=at)
    rows = [
        (rank, line)
        for rank, line in enumerate(found.lines, 1)
        if (pool is None or line.person.pool == pool)
        and (not q or q in line.person.name)
        and lecturer_id in (None, line.person.id)
    ]
    first = _place(cursor)
    some = rows[first : first + limit]
    zone = Numbers.of(session, seat.district).zone
    starts_at, ends_at = calendar.period(session, *period, district=seat.district)
    ids = [line.person.id for _, line in some]
    weeks = calendar.of(session, starts_at, ends_at, ids, by=by)
    offers = asked(session, seat)
    return {
        "lesson_id": lesson_id,
        "version": seat.version,
        "revision": seat.revision,
        "columns": [
            {
                "on": ask.frame.on,
                "half": half,
                "starts_at": ask.starts_at.astimezone(zone),
                "ends_at": ask.ends_at.astimezone(zone),
            }
            for half, ask in found.halves
        ],
        "items": [
            {**week, **_line(rank, line), "offer": offers.get(line.person.id)}
            for (rank, line), week in zip(some, weeks, strict=True)
        ],
        "next": _cursor(first + limit) if len(rows) > first + limit else None,
    }


def heat(
    session: Session,
    course_id: UUID,
    period: Period,
    *,
    lat: float | None,
    lon: float | None,
    by: Caller,
    at: datetime,
) -> list[Shown]:
    """Numbers without names, for those who choose a date."""
    by.needs(*DISTRICT_WIDE, Role.TOWNSHIP)
    found = board.of_course(session, by.district, course_id, period, lat=lat, lon=lon, at=at)
    return [
        {"on": ask.frame.on, "half": half, **_counts(found, number)}
        for number, (half, ask) in enumerate(found.halves)
    ]


def substitutes(
    session: Session, lesson_id: UUID, *, cursor: str | None, limit: int, by: Caller, at: datetime
) -> Shown:
    """A page of those who could stand in, the soonest there first, with their telephones."""
    seat = _seat(session, lesson_id, by)
    found = rescue.of_seat(session, seat, at=at)
    zone = Numbers.of(session, seat.district).zone
    first = _place(cursor)
    some = found[first : first + limit]
    phones = select(Lecturer.id, Lecturer.phone).where(
        col(Lecturer.id).in_([one.person.id for one in some])
    )
    numbers = dict(session.exec(phones).all())
    offers = asked(session, seat)
    return {
        "lesson_id": lesson_id,
        "revision": seat.revision,
        "starts_at": seat.starts_at and seat.starts_at.astimezone(zone),
        "items": [
            {
                "rank": rank,
                "lecturer_id": one.person.id,
                "code": one.person.code,
                "name": one.person.name,
                "pool": one.person.pool,
                "phone": numbers[one.person.id],
                "arrives_at": one.arrives_at.astimezone(zone),
                "minutes": one.minutes,
                "km": one.km and round(one.km, 1),
                "late": one.late,
                "leaves_from": one.leaves_from,
                "course_lessons": one.record.course,
                "waive": one.waive,
                "offer": offers.get(one.person.id),
            }
            for rank, one in enumerate(some, first + 1)
        ],
        "next": _cursor(first + limit) if len(found) > first + limit else None,
    }


def _seat(session: Session, lesson_id: UUID, by: Caller) -> Seat:
    by.needs(*DISTRICT_WIDE)
    seat = session.get(Seat, lesson_id)
    if seat is None or seat.district != by.district:
        raise NotFound("not_found", what="seat", id=str(lesson_id))
    return seat


def _line(rank: int, line: Line) -> Shown:
    return {
        "rank": rank if line.score is not None else None,
        "score": line.score,
        "cells": [{"state": cell.state, "code": cell.code} for cell in line.cells],
    }


def _counts(found: Board, number: int) -> dict[str, int]:
    states = [line.cells[number].state for line in found.lines]
    return {"free": sum(s in ABLE for s in states), "best": states.count("best")}


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(str(place).encode()).decode()


def _place(cursor: str | None) -> int:
    """Ranked anew for every page, so a page begins at a number, not at a row."""
    if cursor is None:
        return 0
    try:
        place = base64.urlsafe_b64decode(cursor.encode("ascii"))
        if not place.isdigit() or len(place) > 6:
            raise ValueError
    except (ValueError, binascii.Error) as error:
        raise Malformed("cursor_invalid") from error
    return int(place)
