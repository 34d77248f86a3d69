"""Booking's tables of planning: draft plans, and a line for every lesson of a plan."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from services.booking.models import Table
from services.booking.plan_states import PlanState
from services.kit.states import known
from services.kit.types import Instant, Json, Word


class Plan(Table, table=True):
    """A draft plan (排课方案): nothing of it has happened until it is published."""

    __tablename__ = "plan"
    __table_args__ = (
        CheckConstraint(known(PlanState), name="plan_state_known"),
        CheckConstraint("first_on <= last_on", name="plan_period_forward"),
        Index("plan_by_district", "district", "created_at", "id"),
        Index("plan_by_state", "state"),
        Index("plan_by_season", "season_id", "created_at"),
    )

    id: UUID = Field(primary_key=True)
    district: str
    state: PlanState = Field(default=PlanState.RUNNING, sa_type=Word(PlanState))
    version: int = 1
    first_on: date
    last_on: date
    options: dict[str, Any] = Field(sa_type=Json)  # plan_rules.Options
    previous_id: UUID | None = Field(default=None, foreign_key="plan.id")
    season_id: UUID | None = None  # whose allocation it is
    created_at: datetime = Field(sa_type=Instant)
    made_by: UUID
    made_by_name: str = ""
    # A run belongs to the process that began it; real time.
    begun_at: datetime | None = Field(default=None, sa_type=Instant)
    # Progress while it runs, the result when it is ready. Lower is better.
    phase: str | None = None
    seconds: float = 0
    unserved: int | None = None  # weight
    soft: int | None = None  # points
    bound_unserved: int | None = None
    bound_soft: int | None = None
    status: str | None = None  # optimal feasible impossible
    terms: dict[str, int] = Field(default={}, sa_type=Json)  # soft points by name
    compared: dict[str, Any] = Field(default={}, sa_type=Json)  # greedy: {unserved, soft}
    code: str | None = None  # why it failed
    facts: dict[str, Any] = Field(default={}, sa_type=Json)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    # Whoever published it places its lessons.
    published_by: UUID | None = None
    published_by_name: str = ""


class PlanLine(Table, table=True):
    """A lesson of a plan: when and by whom, or why not; and what publishing made of it."""

    __tablename__ = "plan_line"

    plan_id: UUID = Field(primary_key=True, foreign_key="plan.id")
    lesson_id: UUID = Field(primary_key=True, foreign_key="lesson.id", index=True)
    position: int
    weight: int = 0
    starts_at: datetime | None = Field(default=None, sa_type=Instant)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
    lecturer_id: UUID | None = None
    lecturer_name: str | None = None
    pinned: bool = False
    left_out: bool = False
    why: dict[str, Any] | None = Field(default=None, sa_type=Json)
    basis_version: int = 0  # of the lesson, when it was planned
    outcome: str | None = None  # placed skipped
    outcome_code: str | None = None
    outcome_facts: dict[str, Any] = Field(default={}, sa_type=Json)
