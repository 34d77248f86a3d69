"""Booking: what schools, venues, days, numbers and the mix look like over HTTP."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.booking.calendar import FIRST_YEAR, LAST_YEAR
from services.booking.mix_schemas import MixOut as MixOut
from services.booking.models import School, TrainingTarget
from services.booking.schemas import Body, Text
from services.booking.targets import Wanted
from services.kit.auth import Caller, Role


class TargetOut(BaseModel):
    """What a school is to reach in a year: verified lessons and person-times."""

    model_config = ConfigDict(from_attributes=True)

    year: int
    sessions: int
    person_times: int


class SchoolOut(BaseModel):
    """A township school, when it teaches beside weekdays, and its targets, newest year first. A
    closed one (`closed_at`) sends no new letters."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    code: str
    name: str
    township: str
    kind: str
    address: str
    lat: float
    lon: float
    evening_class: bool
    saturday_class: bool
    brand: str
    liaison: str
    contact_phone: str
    contact_email: str
    closed_at: datetime | None
    version: int
    targets: list[TargetOut] = []
    moves: list[str] = []

    @classmethod
    def seen_by(cls, school: School, targets: Sequence[TrainingTarget], who: Caller) -> Self:
        shown: dict[str, Any] = {"targets": [TargetOut.model_validate(row) for row in targets]}
        if who.has(Role.ADMINISTRATOR):
            shown["moves"] = ["reopen" if school.closed_at else "close"]
        return cls.model_validate(school).model_copy(update=shown)


class SchoolsOut(BaseModel):
    items: list[SchoolOut]
    next: str | None = None


class TargetIn(Body):
    """What a school is to reach in a year."""

    year: int = Field(ge=FIRST_YEAR, le=LAST_YEAR)
    sessions: int = Field(ge=0, le=10_000)
    person_times: int = Field(ge=0, le=10_000_000)


class SchoolIn(Body):
    """A township school as the district writes it. The targets of years that are not named stay."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "code": "SCH-12",
                    "name": "示例镇党校",
                    "township": "示例镇",
                    "kind": "town",
                    "address": "天津市西青区示例镇",
                    "lat": 39.1,
                    "lon": 117.05,
                    "liaison": "示例联络员12",
                    "contact_phone": "000-0000-1011",
                    "targets": [{"year": 2026, "sessions": 20, "person_times": 2000}],
                }
            ]
        },
    )

    code: Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9._-]{0,31}$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    township: Annotated[str, Field(min_length=1, max_length=100)]
    kind: Literal["subdistrict", "town", ""] = ""
    address: Text = ""
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    liaison: Annotated[str, Field(max_length=100)] = ""
    contact_phone: Annotated[str, Field(max_length=50)] = ""
    contact_email: Annotated[str, Field(max_length=200, pattern=r"^([^@\s]+@[^@\s]+)?$")] = ""
    brand: Text = ""
    evening_class: bool | None = None
    saturday_class: bool | None = None
    targets: list[TargetIn] = Field(default=[], max_length=20)

    def facts(self) -> dict[str, Any]:
        return self.model_dump(exclude={"targets"})

    def wanted(self) -> list[Wanted]:
        return [Wanted(**one.model_dump()) for one in self.targets]


class TimesIn(Body):
    """Whether the school may teach in the evening and on Saturdays."""

    evening_class: bool
    saturday_class: bool


class VenueIn(Body):
    """A room of a school: by default the caller's, and where the school stands."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "二楼会议室", "capacity": 60, "equipment": ["projector", "audio"]}
            ]
        },
    )

    school_id: UUID | None = None
    name: Annotated[str, Field(min_length=1, max_length=200)]
    address: Text = ""
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    capacity: int = Field(ge=1, le=100_000)
    equipment: list[Text] = Field(default=[], max_length=20)
    ground_floor: bool = False
    state: Literal["open", "closed"] = "open"


class VenueOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    school_id: UUID
    code: str | None
    name: str
    address: str
    lat: float
    lon: float
    capacity: int
    equipment: list[str]
    ground_floor: bool
    state: str
    version: int


class VenuesOut(BaseModel):
    items: list[VenueOut]
    next: str | None


class BlockedIn(Body):
    reason: Text = ""


class BlockedOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    on: date
    reason: str


class BlockedAllOut(BaseModel):
    items: list[BlockedOut]
    next: str | None = None


class DayIn(Body):
    """One day of the work calendar."""

    is_workday: bool
    kind: Literal["workday", "weekend", "public_holiday", "makeup_workday"]
    holiday_name: Text = ""
    provisional: bool = False


class DayOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    on: date
    is_workday: bool
    kind: str
    holiday_name: str
    provisional: bool


class YearOut(BaseModel):
    """A year of the work calendar; provisional as long as any day of it is."""

    year: int
    version: int
    provisional: bool
    days: list[DayOut]


class NumberIn(Body):
    value: Annotated[str, Field(min_length=1, max_length=200)]
    source: Text = ""


class NumbersOut(BaseModel):
    """The numbers of the district: deadlines, lead times, caps, tolerances."""

    version: int
    values: dict[str, str]
