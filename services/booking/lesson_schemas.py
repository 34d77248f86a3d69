"""Booking: what lessons and changes look like over HTTP."""

from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.booking.place_checks import Asked
from services.booking.schemas import Body, Reason, SlotOut, Text, WishIn

Mode = Literal["in_turn", "parallel", "open", "manual"]
Fault = Literal["none", "school", "lecturer", "district", "force_majeure"]
Code = Field(default=None, pattern="^[a-z][a-z_]{1,40}$")


class SpotIn(Body):
    """A slot, or the number of a wish (0-2), and one place. What is left out is as it was wished
    (placing) or as it is (everything else); `ends_at` follows from the minutes."""

    also: ClassVar[dict[str, str]] = {"start": "starts_at", "end": "ends_at"}

    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    wish: int | None = Field(default=None, ge=0, le=2)
    venue_id: UUID | None = None
    site_id: UUID | None = None
    address: Text | None = None
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    online: bool = False

    def asked(self) -> Asked:
        return Asked(**self.model_dump(include=set(SpotIn.model_fields)))


class PlaceIn(SpotIn):
    """Where and when, how the seat is to be filled, and why in spite of warnings."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"wish": 0, "mode": "in_turn"}]}
    )

    also: ClassVar[dict[str, str]] = {
        **SpotIn.also,
        "wanted_lecturers": "lecturers",
        "override_reason": "override",
    }

    mode: Mode = "in_turn"
    lecturers: list[UUID] | None = Field(default=None, max_length=20)
    wanted_only: bool = False
    override: Reason | None = None


class ResumeIn(SpotIn):
    """Nothing: as it was. A slot or a place: there."""

    note: Reason | None = None


class ProposeIn(SpotIn):
    """Another slot or place. `lose_holder` (scheduler only): the holder is not asked."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"starts_at": "2026-12-09T13:30:00+08:00", "reason": "村里换届，需改期"}]
        },
    )

    reason: str = Field(default="", max_length=500)
    lose_holder: bool = False


class AcceptIn(Body):
    lose_holder: bool = False
    note: Reason | None = None


class EndIn(Body):
    """Why it ends: a code, whose doing it was when not the caller's, and words."""

    reason_code: str | None = Code
    fault: Fault | None = None
    reason: Reason | None = None


class NoteIn(Body):
    also: ClassVar[dict[str, str]] = {"reason": "note"}

    note: Reason | None = None


class AttestIn(Body):
    """How many came, and how many minutes were taught (as reported, unless named)."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"attendance": 58, "minutes": 180}]}
    )

    also: ClassVar[dict[str, str]] = {
        "attendees": "attendance",
        "head_count": "attendance",
        "verified_minutes": "minutes",
    }

    attendance: int = Field(ge=1, le=100_000)
    minutes: int | None = Field(default=None, ge=1, le=100_000)
    note: Reason | None = None


class ResolveIn(Body):
    """What the supervisor found."""

    also: ClassVar[dict[str, str]] = {"reason": "resolution", "attendees": "attendance"}

    resolution: Reason
    attendance: int | None = Field(default=None, ge=1, le=100_000)
    minutes: int | None = Field(default=None, ge=1, le=100_000)


class WriteOffIn(Body):
    also: ClassVar[dict[str, str]] = {"reason": "resolution"}

    resolution: Reason
    fault: Fault | None = None


class MakeupIn(Body):
    """When what was not taught may be taught; nothing: the scheduler looks for a time."""

    wishes: list[WishIn] = Field(default=[], max_length=3)
    note: Reason | None = None


class StaffingOut(BaseModel):
    """Who holds the seat, as the lecturer service last said of this revision."""

    status: str
    holder_id: UUID | None
    holder_name: str | None
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    minutes_taught: int | None
    handovers: int
    lost: str | None
    waived: list[str]
    excluded: dict[str, int]


class LessonOut(BaseModel):
    """A lesson (课次). `moves` are the verbs open to the caller; `changeable` says that a change
    may be proposed; `warnings` stand beside a placing just done."""

    id: UUID
    version: int
    state: str
    step: str | None  # of the five words, the one it waits for
    revision: int
    order_id: UUID
    order_number: str | None
    line: int
    day_index: int
    programme_id: UUID | None
    makeup_of: UUID | None
    joined_to: UUID | None  # 拼班: the lesson these people come to
    guest_people: int  # of other schools, who come to this one
    school_id: UUID
    school_name: str
    course_id: UUID
    course_code: str
    course_title: str
    course_version: str
    format: str
    category: str
    minutes: int
    delivery: str
    audience: list[str]
    attendees: int
    contact_name: str
    contact_phone: str
    notes: str
    wishes: list[SlotOut]
    starts_at: datetime | None
    ends_at: datetime | None
    place: dict[str, Any] | None
    mode: str
    wanted_lecturers: list[UUID]
    wanted_only: bool
    override_reason: str | None
    suspend_reason: str | None
    due_at: datetime | None
    staffing: StaffingOut | None
    change_id: UUID | None
    retime: dict[str, Any] | None
    verified_minutes: int | None
    attendance: int | None
    attested_at: datetime | None
    attest_note: str | None
    disputed_at: datetime | None
    dispute_reason: str | None
    resolution: str | None
    ended_at: datetime | None
    reason_code: str | None
    reason: str | None
    fault: str | None
    notice: str | None
    changeable: bool
    moves: list[str]
    warnings: list[dict[str, Any]] = []


class MakeupOut(LessonOut):
    """The lesson as it is now, and the one that makes up for it."""

    makeup: LessonOut


class LessonsOut(BaseModel):
    items: list[LessonOut]
    next: str | None


class WishOut(SlotOut):
    """A wished slot and how many qualified lecturers are free then."""

    wish: int
    free: int


class FreeOut(BaseModel):
    items: list[WishOut]


class ChangeOut(BaseModel):
    """A negotiation about a lesson (改期单)."""

    id: UUID
    version: int
    state: str
    lesson_id: UUID
    order_id: UUID
    school_id: UUID
    proposed_by: str
    round: int
    starts_at: datetime
    ends_at: datetime
    place: dict[str, Any]
    old_starts_at: datetime | None
    old_ends_at: datetime | None
    lose_holder: bool
    reason: str
    due_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    reason_code: str | None
    fault: str | None
    notice: str | None
    moves: list[str]
    warnings: list[dict[str, Any]] = []


class ChangesOut(BaseModel):
    items: list[ChangeOut]
    next: str | None
