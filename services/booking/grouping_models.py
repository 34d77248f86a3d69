"""Booking's table of proposals to teach together (拼班) or on one way (送教路线)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from services.booking.grouping_states import GroupingState
from services.booking.models import Table
from services.kit.states import known
from services.kit.types import Instant, Json, Word


class Grouping(Table, table=True):
    """A proposal about two lessons. `merge`: both wait for a place; the host is given, and the
    guest's people come to it. `route`: both stand with the same lecturer; the guest is moved to
    the day of the host."""

    __tablename__ = "grouping"
    __table_args__ = (
        CheckConstraint(known(GroupingState), name="grouping_state_known"),
        CheckConstraint("kind IN ('merge', 'route')", name="grouping_kind_known"),
        CheckConstraint("starts_at < ends_at", name="grouping_slot_forward"),
        Index("grouping_by_district", "district", "created_at", "id"),
        Index("grouping_by_host", "host_id", "state"),
        Index("grouping_by_guest", "guest_id", "state"),
    )

    id: UUID = Field(primary_key=True)
    district: str
    kind: str
    state: GroupingState = Field(default=GroupingState.PROPOSED, sa_type=Word(GroupingState))
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)
    proposer_id: UUID
    proposer_name: str = ""
    host_id: UUID = Field(foreign_key="lesson.id")
    guest_id: UUID = Field(foreign_key="lesson.id")
    host_school_id: UUID = Field(foreign_key="school.id", index=True)
    guest_school_id: UUID = Field(foreign_key="school.id", index=True)
    # When and where the lesson would be that is placed or moved.
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    place: dict[str, Any] = Field(sa_type=Json)  # contracts.booking.Place
    gain: dict[str, Any] = Field(default={}, sa_type=Json)  # contracts.booking.Gain
    note: str = ""
    host_agreed_at: datetime | None = Field(default=None, sa_type=Instant)
    guest_agreed_at: datetime | None = Field(default=None, sa_type=Instant)
    deadline_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    reason_code: str | None = None
    reason: str | None = None
