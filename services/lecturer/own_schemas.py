"""Lecturer: what a lecturer is told about what is asked of him, what he has promised, his year."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from services.lecturer.schemas import AppointmentOut

Release = Literal["early", "late"]


class LessonOut(BaseModel):
    """The lesson behind an offer or a promise, as booking last told it."""

    id: UUID
    state: str
    order_number: str | None
    school_name: str
    course_title: str
    course_code: str | None
    format: str | None
    category: str | None
    delivery: str | None
    minutes: int | None
    audience: list[str]
    attendees: int
    contact_name: str
    contact_phone: str
    notes: str


class WayOut(BaseModel):
    """The way from home or from the lesson before, or to the lesson after, of the same day.
    `minutes` are by the travel rule, `spare_minutes` what is left between two lessons."""

    other: Literal["home", "lesson"]
    minutes: int | None
    km: float | None
    spare_minutes: int | None = None
    course_title: str | None = None
    school_name: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class WasOut(BaseModel):
    """Where a promise stands while its holder is asked about another time."""

    assignment_id: UUID
    starts_at: datetime
    ends_at: datetime
    place: dict[str, Any]


class OwnOfferOut(BaseModel):
    """What is asked of a lecturer. `counters_left`: how often he may still propose another time.
    An expired offer has the move `accept` as long as nobody else has the seat."""

    id: UUID
    kind: str
    state: str
    revision: int
    lesson: LessonOut
    place: dict[str, Any]
    starts_at: datetime
    ends_at: datetime
    was: WasOut | None
    way_in: WayOut | None
    way_out: WayOut | None
    sent_at: datetime
    expires_at: datetime | None
    answered_at: datetime | None
    counter: dict[str, Any] | None
    counters_left: int
    reason: str | None
    reason_code: str | None
    note: str | None
    assignment_id: UUID | None
    moves: list[str]
    version: int


class OwnAssignmentOut(BaseModel):
    """What a lecturer has promised. `release` says what asking to be released would do now:
    `early` (until `release_early_until`) takes effect at once and needs a reason, `late` is a
    request. `reconfirm_wanted`: the lesson is near and he has not said again that he comes.
    `question`: another time, asked of him."""

    id: UUID
    lesson_id: UUID
    state: str
    revision: int
    sequence: int
    lesson: LessonOut
    place: dict[str, Any]
    starts_at: datetime
    ends_at: datetime
    way_in: WayOut | None
    way_out: WayOut | None
    committed_at: datetime
    reconfirmed_at: datetime | None
    reconfirm_by: datetime
    reconfirm_wanted: bool
    check_in_opens_at: datetime
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    minutes_taught: int | None
    release: Release | None
    release_early_until: datetime
    release_reason: str | None
    reason_code: str | None
    fault: str | None
    question: OwnOfferOut | None
    moves: list[str]
    version: int


class TodoOut(BaseModel):
    """What waits for him: offers and questions by deadline, lessons of today or to be confirmed
    again; `recent` are offers that were answered or have ended, `coming` is his next lesson."""

    offers: list[OwnOfferOut]
    lessons: list[OwnAssignmentOut]
    recent: list[OwnOfferOut]
    coming: OwnAssignmentOut | None


class LeaveOut(BaseModel):
    id: UUID
    starts_at: datetime
    ends_at: datetime
    reason: str


class DayOut(BaseModel):
    """A day with a name in the work calendar."""

    on: date
    is_workday: bool
    kind: str
    holiday_name: str


class AgendaOut(BaseModel):
    """His lessons by time, his leave and his week. `parts` are the hours of the half-days; `next`
    is when his first lesson after the period starts; `version` is that of his row."""

    starts_at: datetime
    ends_at: datetime
    lecturer_id: UUID
    items: list[OwnAssignmentOut]
    leave: list[LeaveOut]
    half_days: list[str]
    parts: dict[str, tuple[str, str]]
    days: list[DayOut]
    next: datetime | None
    version: int


class MonthOut(BaseModel):
    """A month: lessons given and minutes taught, lessons promised and not yet given."""

    month: int
    lessons: int
    minutes: int
    to_come: int
    minutes_to_come: int
    no_show: int


class WhoOut(BaseModel):
    """Himself."""

    id: UUID
    code: str
    name: str
    pool: str
    title: str
    phone: str
    email: str
    status: str
    max_sessions_per_week: int


class YearOut(BaseModel):
    """A lecturer's year: his letters and his lessons by month."""

    year: int
    lecturer: WhoOut
    appointments: list[AppointmentOut]
    months: list[MonthOut]
    minutes_per_class_hour: int
