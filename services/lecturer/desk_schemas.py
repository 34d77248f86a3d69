"""Lecturer: what the district's workbench sends and gets."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.lecturer.offer_schemas import AssignmentOut, OfferOut
from services.lecturer.schemas import (
    AppointmentOut,
    CourseOut,
    Day,
    In,
    LeaveOut,
    LecturerOut,
    Name,
    Text,
    like,
)


class CountOut(BaseModel):
    """A number, and the list (`offers`, `assignments`, `appointments`, `lecturers`) with the
    filter that opens it."""

    code: str
    count: int
    door: str
    filter: dict[str, Any]


class DeskOut(BaseModel):
    """What waits for the district."""

    at: datetime
    items: list[CountOut]


class LoadOut(BaseModel):
    """Lessons promised or given: this week, month and year; given and to come this year."""

    lecturer_id: UUID
    week: int
    month: int
    year: int
    given: int
    to_come: int
    last_at: datetime


class LoadsOut(BaseModel):
    items: list[LoadOut]
    next: None = None


class BurdenOut(BaseModel):
    """Lessons given or promised in a year; of them in the evening, far from home (`far_km`),
    promised less than `notice_hours` before."""

    lessons: float
    class_hours: float
    evenings: float
    far: float
    short_notice: float


class EntryOut(BurdenOut):
    lecturer_id: UUID
    code: str
    name: str
    pool: str


class AverageOut(BurdenOut):
    pool: str
    lecturers: int


class LedgerOut(BaseModel):
    """What everybody carried, or the lecturer who asks; and each pool's average."""

    year: int
    far_km: int
    notice_hours: int
    items: list[EntryOut]
    averages: list[AverageOut]


class InsteadOut(BaseModel):
    lecturer_id: UUID
    name: str
    pool: str
    score: float


class LostLessonOut(BaseModel):
    """A promise in the time of the leave, and who could take it."""

    assignment: AssignmentOut
    proposal: Literal["substitute", "decide"]
    candidates: list[InsteadOut]


class ToCallOut(BaseModel):
    id: UUID
    name: str
    contact_name: str
    contact_phone: str
    lessons: int


class LeaveImpactOut(BaseModel):
    """What a leave would touch, and whom to tell. Nothing was changed."""

    lecturer_id: UUID
    lecturer_name: str
    starts_at: datetime
    ends_at: datetime
    lessons: list[LostLessonOut]
    offers: list[OfferOut]
    schools: list[ToCallOut]


class LetterIn(In):
    """Which letter, and the number of the one that follows."""

    id: UUID
    number: Name


class RenewManyIn(In):
    """Letters to renew, all or none."""

    model_config = like(
        letters=[{"id": "0192f0c1-6a1e-7c1e-9a55-3f6f8a3e2b10", "number": "示例聘字〔2028〕001号"}]
    )

    letters: list[LetterIn] = Field(min_length=1, max_length=300)
    ends_on: Day | None = None
    scope: Text | None = None


class WholeLecturerOut(BaseModel):
    """A lecturer with his load, letters, leave, week, courses, and what happened to him."""

    lecturer: LecturerOut
    load: LoadOut | None
    appointments: list[AppointmentOut]
    leave: list[LeaveOut]
    half_days: list[str]
    courses: list[CourseOut]
    history: list[dict[str, Any]]
