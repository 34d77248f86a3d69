"""Booking's table of season windows: wishes are collected until a moment, then placed together."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from services.booking.models import Table
from services.booking.season_states import SeasonState
from services.kit.states import known
from services.kit.types import Instant, Json, Word


class Season(Table, table=True):
    """A season window (季度征集): its lessons are those waiting that wish for one of its days."""

    __tablename__ = "season"
    __table_args__ = (
        CheckConstraint(known(SeasonState), name="season_state_known"),
        CheckConstraint("first_on <= last_on", name="season_forward"),
        Index("season_by_district", "district", "created_at", "id"),
        Index("season_by_state", "district", "state", "first_on"),
    )

    id: UUID = Field(primary_key=True)
    district: str
    state: SeasonState = Field(default=SeasonState.COLLECTING, sa_type=Word(SeasonState))
    version: int = 1
    name: str
    first_on: date
    last_on: date
    closes_at: datetime = Field(sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)
    created_by: UUID
    created_by_name: str = ""
    # What each school had been given when it came to allocating: {school_id: lessons}.
    served_before: dict[str, Any] = Field(default={}, sa_type=Json)
    plan_id: UUID | None = None  # the plan that was published
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    reason: str | None = None  # why it was cancelled
