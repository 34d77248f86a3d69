"""Lecturer: what people send and get about lecturers, their letters, their time and candidates."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

FIRST, LAST = date(2000, 1, 1), date(2200, 1, 1)


def _storable(moment: datetime) -> datetime:
    """An instant every database and every time zone can show."""
    if not datetime(2000, 1, 1, tzinfo=UTC) <= moment <= datetime(2200, 1, 1, tzinfo=UTC):
        raise ValueError("out of range")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_storable)]
Day = Annotated[date, Field(ge=FIRST, le=LAST)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Text = Annotated[str, Field(max_length=200)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Pool = Literal["lead_study", "professional", "backbone"]
Cap = Literal["day", "week", "month"]
# By lesson, who is asked first when he loses it; null: nobody, the district sees to it otherwise.
Substitutes = Annotated[dict[UUID, UUID | None], Field(max_length=500)]


def like(**example: Any) -> ConfigDict:
    """An example for the document."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class In(BaseModel):
    """A body; what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid")


class LecturerIn(In):
    """A lecturer, as the district writes him down."""

    model_config = like(code="LEC-241", name="示例讲师241（虚构）", pool="backbone")

    code: Name
    name: Name
    pool: Pool
    identity: Text = ""
    title: Text = ""
    home_school_id: UUID | None = None
    home_lat: Lat | None = None
    home_lon: Lon | None = None
    phone: Text = ""
    email: Text = ""
    max_sessions_per_week: int = Field(default=2, ge=0, le=50)


class CoursesIn(In):
    """Every course he may teach."""

    model_config = like(courses=["5b0a3f3e-9a55-5e1e-8c1e-3f6f8a3e2b10"])

    courses: list[UUID] = Field(max_length=1000)


class ReasonIn(In):
    """Why."""

    model_config = like(reason="返聘")

    reason: Reason


class ForcedIn(In):
    """Why; `force` takes lessons he holds away from him."""

    model_config = like(reason="调离本区", force=False)

    reason: Reason
    force: bool = False


class CapIn(In):
    """A higher limit for this one lecturer."""

    model_config = like(cap="week", limit=4, reason="主题教育月")

    cap: Cap
    limit: int = Field(ge=1, le=100)
    reason: Reason


class ResetIn(In):
    """Back to the usual limit."""

    model_config = like(cap="week", reason="活动结束")

    cap: Cap
    reason: Reason


class AppointmentIn(In):
    """A letter of appointment; without a last day the usual term."""

    model_config = like(number="示例聘字〔2026〕241号", scope="骨干", starts_on="2026-12-01")

    number: Name
    scope: Text = ""
    starts_on: Day
    ends_on: Day | None = None
    force: bool = False


class RenewIn(In):
    """The letter that follows."""

    model_config = like(number="示例聘字〔2028〕001号")

    number: Name
    scope: Text | None = None
    ends_on: Day | None = None


class RevokeIn(In):
    """Not valid any more from today, or from a later day."""

    model_config = like(reason="调离本区", on="2026-12-31")

    reason: Reason
    on: Day | None = None
    force: bool = False
    substitutes: Substitutes = {}


class HalfDaysIn(In):
    """His week: MON_AM, MON_PM, MON_EVE and so on."""

    model_config = like(half_days=["MON_AM", "WED_PM"])

    half_days: list[str] = Field(max_length=21)


class LeaveIn(In):
    """A time in which he is away."""

    model_config = like(
        starts_at="2026-12-07T00:00:00+08:00", ends_at="2026-12-12T00:00:00+08:00", reason="培训"
    )

    starts_at: Moment
    ends_at: Moment
    reason: Reason
    force: bool = False
    substitutes: Substitutes = {}


class NameOut(BaseModel):
    """Enough to wish for somebody."""

    id: UUID
    name: str
    pool: str
    courses: list[UUID]


class CapOut(BaseModel):
    """How many lessons; `reason`, `by` and `at` when the usual number was raised."""

    limit: int
    usual: int
    reason: str | None = None
    by: UUID | None = None
    at: datetime | None = None


class LecturerOut(BaseModel):
    """A lecturer, in full."""

    id: UUID
    code: str
    name: str
    pool: str
    identity: str
    title: str
    home_school_id: UUID | None
    home_lat: float | None
    home_lon: float | None
    phone: str
    email: str
    status: str
    max_sessions_per_week: int
    caps: dict[str, CapOut]
    courses: list[UUID]
    appointed_until: date | None
    version: int


class LecturersOut(BaseModel):
    items: list[LecturerOut | NameOut]
    next: str | None


class CourseOut(BaseModel):
    id: UUID
    code: str | None
    title: str | None


class CoursesOut(BaseModel):
    items: list[CourseOut]
    version: int


class AppointmentOut(BaseModel):
    """A letter; `valid_until` is its last day, earlier than `ends_on` when it was revoked."""

    id: UUID
    lecturer_id: UUID
    lecturer_name: str
    number: str
    scope: str
    starts_on: date
    ends_on: date
    valid_until: date
    status: Literal["to_come", "valid", "lapsed", "revoked"]
    renews_id: UUID | None
    revoked_on: date | None
    revoke_reason: str | None
    version: int


class AppointmentsOut(BaseModel):
    items: list[AppointmentOut]
    next: str | None = None


class HalfDaysOut(BaseModel):
    lecturer_id: UUID
    half_days: list[str]
    version: int


class LeaveOut(BaseModel):
    id: UUID
    lecturer_id: UUID
    starts_at: datetime
    ends_at: datetime
    reason: str
    forced: bool
    undone_at: datetime | None
    undo_reason: str | None


class LeavesOut(BaseModel):
    items: list[LeaveOut]
    next: str | None = None


class TermOut(BaseModel):
    """One part of a score, and why."""

    name: str
    points: float
    why: dict[str, Any]


class CandidateOut(BaseModel):
    """Somebody who may be asked; `offer` is his newest for this revision of the lesson."""

    rank: int
    lecturer_id: UUID
    code: str
    name: str
    pool: str
    score: float
    terms: list[TermOut]
    warnings: list[dict[str, Any]]
    offer: str | None


class ExcludedOut(BaseModel):
    """Somebody who may not, with every reason and the smallest change that would lift it."""

    lecturer_id: UUID
    code: str
    name: str
    pool: str
    reasons: list[dict[str, Any]]


class CandidatesOut(BaseModel):
    lesson_id: UUID
    revision: int
    starts_at: datetime
    ends_at: datetime
    items: list[CandidateOut]
    excluded: list[ExcludedOut]
    counts: dict[str, int]
    next: None = None


class HistoryOut(BaseModel):
    items: list[dict[str, Any]]
    next: None = None


class CalendarOut(BaseModel):
    """One entry per lecturer."""

    starts_at: datetime
    ends_at: datetime
    items: list[dict[str, Any]]
    next: str | None = None
