"""Booking: what proposals to teach together or on one way look like over HTTP."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.booking.answer_schemas import there
from services.booking.grouping_door import moves, waits_for
from services.booking.grouping_queries import Shown
from services.booking.grouping_rules import Found
from services.booking.lesson_queries import Full
from services.booking.schemas import Body, Moment, Reason
from services.contracts.booking import Gain
from services.kit.auth import Caller
from services.kit.numbers import Numbers

Kind = Literal["merge", "route"]


class GroupIn(Body):
    """The two lessons: the guest's people come to the host's lesson (merge, 拼班), or the guest's
    lesson is moved to the day of the host's (route, 送教路线). `starts_at`: of a merge, another of
    the times both wished for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "kind": "merge",
                    "host_id": "5b8f8f3c-7a54-5a1e-9d0b-0b3f5f1f9c11",
                    "guest_id": "0d9d7c55-35ab-5a0c-8a36-3f8dbb1c4f0e",
                    "note": "两校相邻，同一课程，可合班",
                }
            ]
        },
    )

    kind: Kind
    host_id: UUID
    guest_id: UUID
    starts_at: Moment | None = None
    note: str = Field(default="", max_length=500)


class WhyIn(Body):
    reason: Reason | None = None


class SideOut(BaseModel):
    """A lesson of the two, as it stands now."""

    lesson_id: UUID
    order_id: UUID
    order_number: str | None
    line: int
    state: str
    school_id: UUID
    school_name: str
    course_title: str
    attendees: int
    starts_at: datetime | None
    ends_at: datetime | None
    place: dict[str, Any] | None
    holder_name: str | None


class FoundOut(BaseModel):
    """Two lessons that could go together: when, where, and what it brings."""

    kind: Kind
    host: SideOut
    guest: SideOut
    starts_at: datetime
    ends_at: datetime
    place: dict[str, Any]
    gain: Gain


class FoundsOut(BaseModel):
    items: list[FoundOut]
    next: None = None


class GroupingOut(FoundOut):
    """A proposal. `waits_for`: the sides that have not agreed yet; `moves`: the verbs open to the
    caller."""

    id: UUID
    version: int
    state: str
    created_at: datetime
    proposer_name: str
    note: str
    host_agreed_at: datetime | None
    guest_agreed_at: datetime | None
    due_at: datetime | None
    ended_at: datetime | None
    reason_code: str | None
    reason: str | None
    waits_for: list[str]
    moves: list[str]


class GroupingsOut(BaseModel):
    items: list[GroupingOut]
    next: str | None


def side(full: Full, numbers: Numbers) -> SideOut:
    lesson, zone = full.lesson, numbers.zone
    held = full.staffing is not None and full.staffing.revision >= lesson.revision
    return SideOut(
        lesson_id=lesson.id,
        order_id=lesson.order_id,
        order_number=full.order.number,
        line=lesson.position,
        state=str(lesson.state),
        school_id=lesson.school_id,
        school_name=full.school_name,
        course_title=(full.line.snapshot or {}).get("title", ""),
        attendees=lesson.attendees,
        starts_at=there(lesson.starts_at, zone),
        ends_at=there(lesson.ends_at, zone),
        place=lesson.place,
        holder_name=full.staffing.holder_name if full.staffing and held else None,
    )


def of_found(one: Found, of: dict[UUID, Full], numbers: Numbers) -> FoundOut:
    return FoundOut(
        kind="merge" if one.kind == "merge" else "route",
        host=side(of[one.host.id], numbers),
        guest=side(of[one.guest.id], numbers),
        starts_at=one.slot.starts_at.astimezone(numbers.zone),
        ends_at=one.slot.ends_at.astimezone(numbers.zone),
        place=one.place.model_dump(mode="json"),
        gain=one.gain,
    )


def grouping(shown: Shown, who: Caller, numbers: Numbers) -> GroupingOut:
    row, zone = shown.grouping, numbers.zone
    plain = row.model_dump(
        include={"id", "version", "proposer_name", "note", "reason_code", "reason", "place"}
    )
    names = ("created_at", "starts_at", "ends_at", "host_agreed_at", "guest_agreed_at", "ended_at")
    return GroupingOut(
        **plain,
        **dict[str, Any]((name, there(getattr(row, name), zone)) for name in names),
        kind="merge" if row.kind == "merge" else "route",
        state=str(row.state),
        host=side(shown.host, numbers),
        guest=side(shown.guest, numbers),
        gain=Gain.model_validate(row.gain),
        due_at=there(row.deadline_at, zone) if row.state == "proposed" else None,
        waits_for=list(waits_for(row)) if row.state == "proposed" else [],
        moves=moves(row, who),
    )
