"""Booking: what sheets of schools and of agreed lessons look like over HTTP."""

from datetime import time
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from services.booking import agreed_imports, school_imports
from services.booking.calendar import FIRST_YEAR, LAST_YEAR
from services.booking.schemas import Body, Day, LongText, Text

MOST_SCHOOLS, MOST_LESSONS = 500, 200

Line = Annotated[int, Field(ge=1, le=100_000)]
Code = Annotated[str, Field(min_length=1, max_length=32)]
Count = Annotated[int, Field(ge=0, le=10_000_000)]
TARGET = ("line", "year", "target_sessions", "target_person_times")


class SchoolRowIn(Body):
    """One line of a sheet; `line` is how the sheet counts it. Of a school that is known, what is
    left out stays. `year` is this year when left out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "line": 2,
                    "code": "SCH-12",
                    "name": "示例镇党校",
                    "township": "示例镇",
                    "lat": 39.1,
                    "lon": 117.05,
                    "target_sessions": 20,
                    "target_person_times": 2000,
                }
            ]
        },
    )

    line: Line
    code: Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9._-]{0,31}$")]
    name: Text | None = None
    township: Annotated[str, Field(max_length=100)] | None = None
    kind: Literal["subdistrict", "town"] | None = None
    address: Text | None = None
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None = None
    liaison: Annotated[str, Field(max_length=100)] | None = None
    contact_phone: Annotated[str, Field(max_length=50)] | None = None
    contact_email: Annotated[str, Field(max_length=200, pattern=r"^([^@\s]+@[^@\s]+)?$")] | None = (
        None
    )
    brand: Text | None = None
    evening_class: bool | None = None
    saturday_class: bool | None = None
    year: Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)] | None = None
    target_sessions: Annotated[int, Field(ge=0, le=10_000)] | None = None
    target_person_times: Count | None = None

    def row(self) -> school_imports.Row:
        return school_imports.Row(
            self.line,
            self.model_dump(exclude=set(TARGET)),
            self.year,
            self.target_sessions,
            self.target_person_times,
        )


class SchoolImportIn(Body):
    """All rows or none. `dry_run`: say what would be, change nothing."""

    dry_run: bool = False
    rows: list[SchoolRowIn] = Field(min_length=1, max_length=MOST_SCHOOLS)


class AgreedRowIn(Body):
    """One line of a sheet: a lesson two have agreed on. `place` is a room of the school or a site,
    by code or name, or `online`; an `address` is taken to be where the school stands."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "line": 2,
                    "school": "SCH-06",
                    "course": "RV-T03",
                    "on": "2026-12-08",
                    "start": "08:30",
                    "place": "VEN-06",
                    "attendees": 60,
                }
            ]
        },
    )

    line: Line
    school: Code
    course: Code
    on: Day
    start: time
    attendees: Annotated[int, Field(ge=1, le=100_000)]
    place: Text | None = None
    address: Text | None = None
    audience: list[Text] = Field(default=[], max_length=20)
    lecturer_id: UUID | None = None
    notes: LongText = ""

    def row(self) -> agreed_imports.Row:
        facts = self.model_dump()
        return agreed_imports.Row(**{**facts, "start": self.start.replace(tzinfo=None)})


class AgreedImportIn(Body):
    """All rows or none. `title` is that of the letters, one per school, and says why nobody had to
    review them."""

    dry_run: bool = False
    title: Annotated[str, Field(min_length=1, max_length=200)]
    rows: list[AgreedRowIn] = Field(min_length=1, max_length=MOST_LESSONS)
