"""Catalog's tables: courses and their versions, the codes they are made of, teaching sites."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from services.catalog.states import SiteState, VersionState
from services.kit.states import known
from services.kit.types import Json


class Table(SQLModel, registry=registry()):
    """Catalog's own tables."""


class Code(Table, table=True):
    """One word of a small list (module, category, format, delivery, audience, equipment, pool)."""

    __tablename__ = "code"

    district: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    name: str
    name_en: str
    position: int
    facts: dict[str, Any] = Field(default={}, sa_type=Json)


class Course(Table, table=True):
    """A course of the menu (课程); `version` counts its changes, not its versions (课程版本)."""

    __tablename__ = "course"
    __table_args__ = (UniqueConstraint("district", "code", name="course_code"),)

    id: UUID = Field(primary_key=True)
    district: str
    code: str
    version: int = 1


class CourseVersion(Table, table=True):
    """What was taught under a label, from one day to another. Approved ones no longer change,
    but for the day they end."""

    __tablename__ = "course_version"
    __table_args__ = (
        UniqueConstraint("course_id", "label", name="course_version_label"),
        Index("course_version_menu", "district", "state", "code", "number"),
        CheckConstraint(known(VersionState), name="course_version_state"),
    )

    id: UUID = Field(primary_key=True)
    course_id: UUID = Field(foreign_key="course.id", index=True)
    district: str
    code: str  # the course's: a page of the menu is sorted by it
    number: int  # first, second, ... version of the course
    label: str
    state: str
    valid_from: date
    valid_until: date | None = None  # the last day it can be held
    title: str
    summary: str = ""
    kind: str
    module: str
    category: str
    format: str
    minutes: int
    class_hours: Decimal = Field(max_digits=6, decimal_places=2)
    audience: list[str] = Field(sa_type=Json)
    deliveries: list[str] = Field(sa_type=Json)
    eligible_pools: list[str] = Field(sa_type=Json)
    min_attendees: int
    max_attendees: int
    site_id: UUID | None = Field(default=None, foreign_key="site.id")
    prerequisite_id: UUID | None = Field(default=None, foreign_key="course.id")
    equipment: list[str] = Field(sa_type=Json)


class VersionCode(Table, table=True):
    """The lists of a version, a row per word: what the menu is filtered by."""

    __tablename__ = "version_code"

    version_id: UUID = Field(primary_key=True, foreign_key="course_version.id")
    kind: str = Field(primary_key=True)
    code: str = Field(primary_key=True, index=True)


class Site(Table, table=True):
    """A teaching site (现场教学点) and when it is open."""

    __tablename__ = "site"
    __table_args__ = (
        UniqueConstraint("district", "code", name="site_code"),
        CheckConstraint(known(SiteState), name="site_state"),
    )

    id: UUID = Field(primary_key=True)
    district: str
    code: str
    name: str
    kind: str = ""
    township: str = ""
    owner_school_id: UUID | None = None
    address: str
    lat: float
    lon: float
    capacity: int
    visit_minutes: int
    open_rule: str
    closed_on: list[str] = Field(default=[], sa_type=Json)
    advance_booking_days: int = 0
    needs_guide: bool = False
    state: str = SiteState.OPEN
    closed_because: str | None = None
    version: int = 1
