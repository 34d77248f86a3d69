"""Booking: what a school's clerk is shown over HTTP."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.booking.lesson_schemas import ChangeOut, LessonOut
from services.booking.mix_schemas import MixOut
from services.booking.schemas import Body, OrderOut, Text
from services.booking.school_schemas import BlockedOut, DayOut, SchoolOut, TargetOut, VenueOut


class TodoOut(BaseModel):
    """One thing to do: `kind` is answer_change, answer_grouping, agree_substitute, mend_letter,
    mend_line, decide, attest, receive or draft."""

    model_config = ConfigDict(from_attributes=True)

    kind: str
    due_at: datetime | None
    order_id: UUID
    lesson_id: UUID | None
    change_id: UUID | None
    order_number: str | None
    title: str
    starts_at: datetime | None


class ClerkYearOut(BaseModel):
    """The school's year: letters and lessons by state, what is verified against the target (if it
    has one), and the mix."""

    year: int
    letters: dict[str, int]
    lessons: dict[str, int]
    verified_minutes: int
    attendance: int
    target: TargetOut | None
    mix: MixOut


class DeskOut(BaseModel):
    """What to do, the most pressing first; the year so far; the lessons of the coming days."""

    todo: list[TodoOut]
    year: ClerkYearOut
    coming: list[LessonOut]


class HomeOut(BaseModel):
    """The clerk's own school: rooms, blocked days, holidays to come, half-days (`08:30-12:00`)."""

    school: SchoolOut
    venues: list[VenueOut]
    blocked: list[BlockedOut]
    holidays: list[DayOut]
    half_days: dict[str, str]


class HalfDayOut(BaseModel):
    """A half-day (am, pm, eve): the slot a wish would be, what stands against it, and how many
    lessons the school has then already."""

    on: date
    half: str
    starts_at: datetime
    ends_at: datetime
    problems: list[dict[str, Any]]
    lessons: int


class HalfDaysOut(BaseModel):
    items: list[HalfDayOut]
    next: None = None


class DishOut(BaseModel):
    """A course of the basket; without a title when it is not on the menu today."""

    course_id: UUID
    code: str
    title: str
    category: str | None
    module: str | None
    format: str | None
    minutes: int | None
    class_hours: Decimal | None
    times: int
    on_menu: bool


class PreviewOut(BaseModel):
    """What a letter of these courses would give: alone (`letter`), and with everything else of
    this year (`year`); `proposed` would close the gap of the letter."""

    courses: list[DishOut]
    lessons: int
    class_hours: Decimal
    letter: MixOut
    year: MixOut
    proposed: list[DishOut]


class LetterLessonsOut(BaseModel):
    """Lessons of a letter, and the changes of any of them that are still talked about."""

    items: list[LessonOut]
    changes: list[ChangeOut]
    next: str | None


class ClerkLetterOut(BaseModel):
    """A letter as its page needs it: `home` when there is something to fill in, and of a letter
    that was sent the lessons of fifty lines, from `line` on, with the open changes of all; `next`
    is the line after these."""

    order: OrderOut
    home: HomeOut | None
    line: int
    lessons: list[LessonOut]
    changes: list[ChangeOut]
    next: int | None


class CancellingOut(BaseModel):
    """What cancelling now would mean: how early it counts as, whose doing, and who would have to
    be told. `lesson` when it is about one lesson only."""

    notice: str
    fault: str
    number: str | None
    lessons: int
    placed: int
    holders: list[str]
    starts_at: datetime | None
    lesson: LessonOut | None = None
    moves: list[str]


class ContactsIn(Body):
    """Who answers for the school."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "liaison": "示例联络员06",
                    "contact_phone": "000-0000-1005",
                    "contact_email": "yangliuqing@xiqing.example",
                }
            ]
        },
    )

    liaison: Annotated[str, Field(min_length=1, max_length=100)]
    contact_phone: Annotated[str, Field(min_length=1, max_length=50)]
    contact_email: Annotated[str, Field(max_length=200, pattern=r"^([^@\s]+@[^@\s]+)?$")] = ""
    brand: Text | None = None
