"""Booking: what letters look like over HTTP."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from services.booking.fixing import LETTER_FIELDS
from services.booking.mix_schemas import MixOut
from services.booking.review import Decision

Text = Annotated[str, Field(max_length=200)]
LongText = Annotated[str, Field(max_length=2000)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]
# Years a calendar can be thought of; further ones do not fit every clock and column.
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 12, 31, tzinfo=UTC)
Moment = Annotated[AwareDatetime, Field(ge=FIRST, le=LAST)]
Day = Annotated[date, Field(ge=FIRST.date(), le=LAST.date())]
Delivery = Literal["classroom", "on_site", "mobile", "online", "home"]

EXAMPLE_LINE: JsonDict = {
    "course_id": "5b8f8f3c-7a54-5a1e-9d0b-0b3f5f1f9c11",
    "delivery": "classroom",
    "wishes": [
        {"starts_at": "2026-12-08T09:00:00+08:00", "ends_at": "2026-12-08T12:00:00+08:00"},
        {"starts_at": "2026-12-09T13:30:00+08:00", "ends_at": "2026-12-09T16:30:00+08:00"},
    ],
    "venue_id": "0d9d7c55-35ab-5a0c-8a36-3f8dbb1c4f0e",
    "audience": ["branch_secretary", "party_worker"],
    "expected_attendees": 60,
    "preferred_lecturers": [],
    "notes": "请提前半小时到场",
}


class Body(BaseModel):
    """A request body: a misspelt field is an error, not a silent nothing."""

    model_config = ConfigDict(extra="forbid")

    also: ClassVar[dict[str, str]] = {}  # other names people use

    @model_validator(mode="before")
    @classmethod
    def _by_other_names(cls, body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        return {cls.also.get(name, name): value for name, value in body.items()}


class WishIn(Body):
    """A slot the school would like."""

    also: ClassVar[dict[str, str]] = {"start": "starts_at", "end": "ends_at"}

    starts_at: Moment
    ends_at: Moment

    def plain(self) -> dict[str, str]:
        return {
            "starts_at": self.starts_at.astimezone(UTC).isoformat(),
            "ends_at": self.ends_at.astimezone(UTC).isoformat(),
        }


class LineIn(Body):
    """One wish of a letter: what, when (1-3 slots, ranked), where, for whom."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE_LINE]})

    also: ClassVar[dict[str, str]] = {"slots": "wishes"}

    course_id: UUID
    delivery: Delivery
    wishes: list[WishIn] = Field(default=[], max_length=20)
    venue_id: UUID | None = None
    site_id: UUID | None = None
    address: Text = ""
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    audience: list[Text] = Field(default=[], max_length=20)
    expected_attendees: int = Field(ge=0, le=100_000)
    preferred_lecturers: list[UUID] = Field(default=[], max_length=20)
    notes: LongText = ""

    def columns(self) -> dict[str, Any]:
        """As the table keeps it."""
        return {
            **self.model_dump(exclude={"line"}),
            "wishes": [wish.plain() for wish in self.wishes],
            "preferred_lecturers": [str(id) for id in self.preferred_lecturers],
        }


class OrderIn(Body):
    """A letter: who to ask, and any number of lines up to 500."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "title": "十二月集中学习",
                    "contact_name": "示例联络员06",
                    "contact_phone": "000-0000-1005",
                    "lines": [EXAMPLE_LINE],
                }
            ]
        },
    )

    title: Text = ""
    contact_name: Text = ""
    contact_phone: Text = ""
    notes: LongText = ""
    urgent: bool = False
    urgent_reason: Text = ""
    lines: list[LineIn] = []

    def letter(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in LETTER_FIELDS}


class AmendedLineIn(LineIn):
    """A returned line, whole, under its number."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"line": 4, **EXAMPLE_LINE}]}
    )

    line: int = Field(ge=1, le=1000)


class AmendIn(Body):
    lines: list[AmendedLineIn] = Field(min_length=1, max_length=500)


class DecisionIn(Body):
    """About one line; a returned one names what to mend and may name until when."""

    also: ClassVar[dict[str, str]] = {"deadline": "due_at", "due": "due_at"}

    line: int = Field(ge=1, le=1000)
    decision: Literal["approve", "return", "refuse"]
    fields: list[Text] = Field(default=[], max_length=20)
    due_at: Moment | None = None
    reason: Reason | None = None

    def said(self) -> Decision:
        return Decision(self.line, self.decision, self.fields, self.due_at, self.reason)


class ReviewIn(Body):
    """Decisions line by line."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "lines": [
                        {
                            "line": 12,
                            "decision": "return",
                            "fields": ["wishes"],
                            "due_at": "2026-11-30T17:00:00+08:00",
                            "reason": "所选时段场地维修",
                        }
                    ]
                }
            ]
        },
    )

    lines: list[DecisionIn] = Field(default=[], max_length=500)


class ReturnIn(Body):
    """What to mend (`contact_phone`, `lines`, `lines.3`, `lines.3.wishes`; nothing: anything)."""

    also: ClassVar[dict[str, str]] = {"deadline": "due_at", "due": "due_at"}

    fields: list[Text] = Field(default=[], max_length=500)
    reason: Reason
    due_at: Moment | None = None


class ReasonIn(Body):
    reason: Reason


class MaybeReasonIn(Body):
    reason: Reason | None = None


class RejectIn(Body):
    reason: Reason
    reason_code: str | None = Field(default=None, pattern="^[a-z][a-z_]{1,40}$")


class CancelIn(RejectIn):
    """Why; `fault` (none school lecturer district force_majeure) when it is not the caller's."""

    fault: str | None = Field(default=None, max_length=20)


class SlotOut(BaseModel):
    starts_at: datetime
    ends_at: datetime


class LessonBriefOut(BaseModel):
    """A lesson as its letter shows it."""

    id: UUID
    state: str
    step: str | None
    version: int
    revision: int
    day_index: int
    programme_id: UUID | None
    starts_at: datetime | None
    ends_at: datetime | None
    place: dict[str, Any] | None
    holder_name: str | None
    due_at: datetime | None
    reason_code: str | None


class LineOut(BaseModel):
    """A line, how it was reviewed, and what became of it."""

    line: int
    id: UUID
    course_id: UUID
    course_code: str
    course_title: str
    course_version: str | None
    course_version_id: UUID | None
    format: str | None
    minutes: int | None
    delivery: str
    wishes: list[SlotOut]
    venue_id: UUID | None
    site_id: UUID | None
    address: str
    lat: float | None
    lon: float | None
    audience: list[str]
    expected_attendees: int
    preferred_lecturers: list[UUID]
    notes: str
    review: str
    review_fields: list[str]
    review_reason: str | None
    fix_due_at: datetime | None
    mended_at: datetime | None
    # What the course asks for, as it is on the menu or as it was when the letter was sent.
    course: dict[str, Any]
    lessons: list[LessonBriefOut]


class StepOut(BaseModel):
    """One of the five words of a letter: `state` is done, now, todo, or ended where it stopped."""

    model_config = ConfigDict(from_attributes=True)

    step: str
    state: str
    done: int
    of: int


class OrderBriefOut(BaseModel):
    """A letter in a list. `urgeable`: it waits for the district, which may be urged."""

    id: UUID
    number: str | None
    state: str
    version: int
    title: str
    school_id: UUID
    school_name: str
    urgent: bool
    created_at: datetime
    submitted_at: datetime | None
    review_due_at: datetime | None
    fix_due_at: datetime | None
    line_count: int
    progress: str
    steps: list[StepOut]
    lines_returned: int
    lessons: dict[str, int]
    urgeable: bool
    urged_at: datetime | None
    moves: list[str]


class OrderOut(OrderBriefOut):
    """A letter with its lines and their lessons. `problems` stand against submitting it now,
    `warnings` may be overruled by the scheduler."""

    contact_name: str
    contact_phone: str
    notes: str
    urgent_reason: str
    fix_fields: list[str]
    reason: str | None
    ended_at: datetime | None
    reason_code: str | None
    fault: str | None
    notice: str | None
    lines: list[LineOut]
    problems: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    mix: MixOut  # of this letter alone


class OrdersOut(BaseModel):
    items: list[OrderBriefOut]
    next: str | None


class HistoryRowOut(BaseModel):
    """One thing that happened: to the letter, to a lesson or to a change (`about`), and of which
    line or course."""

    at: datetime
    about: str
    key: UUID
    version: int
    fact: str
    verb: str | None
    was: str | None
    state: str | None
    by: dict[str, Any]
    note: str | None
    line: int | None = None
    course_title: str | None = None


class HistoryOut(BaseModel):
    items: list[HistoryRowOut]
    next: str | None
