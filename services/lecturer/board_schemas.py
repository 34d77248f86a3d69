"""Lecturer: what the board, the heat of a course and the rescue desk are told."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

HalfDay = Literal["am", "pm", "eve"]


class ColumnOut(BaseModel):
    """A half-day, and when the lesson would be held in it."""

    on: date
    half: HalfDay
    starts_at: datetime
    ends_at: datetime


class CellOut(BaseModel):
    """`code` is the first reason why not: see the candidates for all of them."""

    state: Literal["free", "best", "busy", "off"]
    code: str | None


class LineOut(BaseModel):
    """A lecturer: one cell per column, and what he does in the period. `rank` and `score` are
    those of his best half-day, null when he has none; `offer` is his newest for this revision."""

    lecturer: dict[str, Any]
    rank: int | None
    score: float | None
    offer: str | None
    cells: list[CellOut]
    half_days: list[str]
    leave: list[dict[str, Any]]
    assignments: list[dict[str, Any]]
    offers: list[dict[str, Any]]


class BoardOut(BaseModel):
    """Lecturers for one lesson, the best first. `version` and `revision` are the lesson's."""

    lesson_id: UUID
    version: int
    revision: int
    columns: list[ColumnOut]
    items: list[LineOut]
    next: str | None


class HeatCellOut(BaseModel):
    """How many could be asked in a half-day; `best` of them are nearly as good as the best."""

    on: date
    half: HalfDay
    free: int
    best: int


class HeatOut(BaseModel):
    items: list[HeatCellOut]
    next: None = None


class SubstituteOut(BaseModel):
    """Somebody who could stand in. `leaves_from` home or the lesson he gives before; `late`
    minutes after the start; `waive` names rules that the school would have to drop."""

    rank: int
    lecturer_id: UUID
    code: str
    name: str
    pool: str
    phone: str
    arrives_at: datetime
    minutes: int
    km: float | None
    late: int
    leaves_from: Literal["home", "lesson"]
    course_lessons: int
    waive: list[str]
    offer: str | None


class SubstitutesOut(BaseModel):
    lesson_id: UUID
    revision: int
    starts_at: datetime
    items: list[SubstituteOut]
    next: str | None
