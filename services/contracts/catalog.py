"""What the catalog says: courses and teaching sites, their full public state each time."""

from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.kit.event import Event


class CourseVersion(BaseModel):
    """One version of a course; only a `published` one can be ordered, on days it is valid."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    label: str  # "2026.1"
    state: str  # draft trial approved published retired
    valid_from: date
    valid_until: date | None = None
    title: str
    kind: str  # lesson programme
    module: str
    category: str
    format: str  # micro_lesson booster camp
    minutes: int
    class_hours: Decimal
    audience: list[str]
    deliveries: list[str]
    eligible_pools: list[str]
    min_attendees: int
    max_attendees: int
    site_id: UUID | None = None
    prerequisite_id: UUID | None = None
    equipment: list[str] = []


class CourseChanged(Event):
    """A course and all its versions, as they are now."""

    aggregate: ClassVar[str] = "catalog.course"
    facts: ClassVar[tuple[str, ...]] = ("changed",)

    code: str
    verb: str  # put trial approve publish retire
    versions: list[CourseVersion]


class SiteChanged(Event):
    """A teaching site (现场教学点) and when it is open."""

    aggregate: ClassVar[str] = "catalog.site"
    facts: ClassVar[tuple[str, ...]] = ("changed",)

    verb: str = "put"  # put close reopen
    code: str
    name: str
    address: str
    lat: float
    lon: float
    capacity: int
    open_rule: str  # "TUE-SUN 09:00-17:00"
    closed_on: list[date] = []
    advance_booking_days: int = 0
    state: str  # open closed
