"""Booking: what the district's workbench is told over HTTP."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.booking.lesson_schemas import ChangeOut, LessonOut
from services.booking.schemas import HistoryRowOut, OrderOut
from services.booking.school_schemas import MixOut


class CountOut(BaseModel):
    """A number, and the list (`orders`, `lessons`, `changes`) with the filter that opens it."""

    code: str
    count: int
    door: str
    filter: dict[str, Any]


class DeskOut(BaseModel):
    """What waits for the district."""

    at: datetime
    items: list[CountOut]


class ServiceOut(BaseModel):
    """Lessons asked for in a year; of them served (promised or given), served at the first time
    wished for; and the days from the letter to the promise, on average."""

    asked: float
    served: float
    first_choice: float
    waited_days: float | None


class SchoolServiceOut(ServiceOut):
    school_id: UUID
    school_name: str


class AverageServiceOut(ServiceOut):
    """Of the schools that asked for anything."""

    schools: int


class LedgerOut(BaseModel):
    """How every school was served, or the one that asks; and the average."""

    year: int
    items: list[SchoolServiceOut]
    average: AverageServiceOut


class ReviewOut(BaseModel):
    """A letter to be decided, with the mix of its school and the letters before and after it."""

    order: OrderOut
    mix: MixOut
    waiting: int
    previous: UUID | None
    next: UUID | None


class EndsOut(BaseModel):
    """What cancelling the lesson now would mean."""

    notice: str
    holder_name: str | None
    releases_place: bool
    change_withdrawn: bool
    last_of_letter: bool


class WholeLessonOut(BaseModel):
    """A lesson with its changes, what happened to it, and what cancelling it now would mean."""

    lesson: LessonOut
    changes: list[ChangeOut]
    history: list[HistoryRowOut]
    ends: EndsOut
    problems: list[dict[str, Any]]


class ProposalOut(BaseModel):
    """`keep`, `move_place` (with the place), `retime` (with the slot), or `decide` by people."""

    kind: Literal["keep", "move_place", "retime", "decide"]
    place: dict[str, Any] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class TouchedOut(LessonOut):
    """A lesson that would be touched; placed ones come with a proposal."""

    proposal: ProposalOut | None = None


class LetterOut(BaseModel):
    """A letter still being written that wishes for it, with the numbers of those lines."""

    id: UUID
    number: str | None
    title: str
    school_id: UUID
    school_name: str
    state: str
    lines: list[int]


class SchoolToTellOut(BaseModel):
    id: UUID
    name: str
    liaison: str
    contact_phone: str
    lessons: int


class LecturerToTellOut(BaseModel):
    id: UUID
    name: str | None
    lessons: int


class QuestionOut(BaseModel):
    site_id: UUID | None
    course_id: UUID | None
    school_id: UUID | None
    first: date | None
    last: date | None


class ImpactOut(BaseModel):
    """What would be touched, and whom to tell. Nothing was changed."""

    question: QuestionOut
    placed: list[TouchedOut]
    waiting: list[TouchedOut]
    letters: list[LetterOut]
    schools: list[SchoolToTellOut]
    lecturers: list[LecturerToTellOut]


class PartOut(BaseModel):
    """Lessons of one school, category and state."""

    school_id: UUID
    school_code: str
    school_name: str
    category: str
    state: str
    count: int
    hours: Decimal


class SchoolYearOut(BaseModel):
    """What a school has had verified in a year, and what it is to reach, if that is known."""

    model_config = ConfigDict(from_attributes=True)

    school_id: UUID
    school_code: str
    school_name: str
    sessions: int
    person_times: int
    target_sessions: int | None
    target_person_times: int | None


class OverviewOut(BaseModel):
    """All lessons of a year, counted by school, category and state; and every school's progress to
    its target."""

    year: int
    items: list[PartOut]
    schools: list[SchoolYearOut]
