"""Booking's tables of repairs: what happened, and a line for every lesson it touches."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from services.booking.models import Table
from services.booking.repair_states import RepairState
from services.kit.states import known
from services.kit.types import Instant, Json, Word


class Repair(Table, table=True):
    """What could be done about something that is about to be saved elsewhere (补救方案): nothing of
    it has happened until it is adopted."""

    __tablename__ = "repair"
    __table_args__ = (
        CheckConstraint(known(RepairState), name="repair_state_known"),
        Index("repair_by_district", "district", "created_at", "id"),
        Index("repair_by_state", "state"),
    )

    id: UUID = Field(primary_key=True)
    district: str
    state: RepairState = Field(default=RepairState.RUNNING, sa_type=Word(RepairState))
    version: int = 1
    cause: dict[str, Any] = Field(sa_type=Json)  # repair_rules.Cause
    created_at: datetime = Field(sa_type=Instant)
    made_by: UUID
    made_by_name: str = ""
    begun_at: datetime | None = Field(default=None, sa_type=Instant)  # real time
    seconds: float = 0
    status: str | None = None  # optimal feasible impossible; None: the planner was not asked
    code: str | None = None  # why it failed
    facts: dict[str, Any] = Field(default={}, sa_type=Json)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    adopted_by: UUID | None = None
    adopted_by_name: str = ""


class RepairLine(Table, table=True):
    """A touched lesson: what it has now, what is proposed, and what became of that."""

    __tablename__ = "repair_line"

    repair_id: UUID = Field(primary_key=True, foreign_key="repair.id")
    lesson_id: UUID = Field(primary_key=True, foreign_key="lesson.id", index=True)
    position: int
    revision: int  # of the lesson, when it was looked at
    was_starts_at: datetime = Field(sa_type=Instant)
    was_ends_at: datetime = Field(sa_type=Instant)
    was_place: dict[str, Any] = Field(sa_type=Json)
    was_lecturer_id: UUID | None = None
    was_lecturer_name: str | None = None
    action: str  # substitute move move_place ask decide
    starts_at: datetime | None = Field(default=None, sa_type=Instant)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
    place: dict[str, Any] | None = Field(default=None, sa_type=Json)
    lecturer_id: UUID | None = None
    lecturer_name: str | None = None
    why: dict[str, Any] | None = Field(default=None, sa_type=Json)
    outcome: str | None = None  # done asked skipped left
    outcome_code: str | None = None
    outcome_facts: dict[str, Any] = Field(default={}, sa_type=Json)
