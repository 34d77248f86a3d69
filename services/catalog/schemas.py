"""What the catalog reads from and writes to HTTP."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.catalog.models import Code, Course, CourseVersion, Site
from services.catalog.states import SITE, VERSION, SiteState, VersionState
from services.kit.auth import Caller

Word = Annotated[str, Field(min_length=1, max_length=64)]
Words = Annotated[list[Word], Field(max_length=20)]
Count = Annotated[int, Field(ge=1, le=100_000)]


class CourseIn(BaseModel):
    """The draft of a version; `code` names the course and never changes."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "code": "GG-P07",
                "label": "2026.1",
                "title": "社区应急与消防安全实务",
                "summary": "案例、演练、台账",
                "kind": "lesson",
                "module": "grassroots_governance",
                "category": "grassroots_practice",
                "format": "booster",
                "minutes": 180,
                "class_hours": "4.00",
                "audience": ["branch_secretary", "party_worker"],
                "deliveries": ["classroom", "mobile"],
                "eligible_pools": ["professional", "backbone"],
                "equipment": ["projector"],
                "min_attendees": 30,
                "max_attendees": 120,
                "valid_from": "2026-09-01",
                "valid_until": "2027-12-31",
            }
        },
    )

    code: str = Field(min_length=1, max_length=32)
    label: str = Field(min_length=1, max_length=32)
    title: str = Field(min_length=1, max_length=200)
    summary: str = Field(default="", max_length=4000)
    kind: Literal["lesson", "programme"] = "lesson"
    module: Word
    category: Word
    format: Word
    minutes: Annotated[int, Field(ge=1, le=10_000)]
    class_hours: Annotated[Decimal, Field(ge=0, max_digits=6, decimal_places=2)]
    audience: Annotated[Words, Field(min_length=1)]
    deliveries: Annotated[Words, Field(min_length=1)]
    eligible_pools: Annotated[Words, Field(min_length=1)]
    equipment: Words = []
    min_attendees: Count = 1
    max_attendees: Count
    site_id: UUID | None = None
    prerequisite_id: UUID | None = None
    valid_from: date
    valid_until: date | None = None


class VersionIn(BaseModel):
    """Which version is meant; without it the one the verb can be said of."""

    model_config = ConfigDict(extra="forbid")

    version_id: UUID | None = None


class VersionOut(BaseModel):
    """A version; on the menu it stands for its course."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    course_id: UUID
    code: str
    label: str
    state: VersionState
    title: str
    summary: str
    kind: str
    module: str
    category: str
    format: str
    minutes: int
    class_hours: Decimal
    audience: list[str]
    deliveries: list[str]
    eligible_pools: list[str]
    equipment: list[str]
    min_attendees: int
    max_attendees: int
    site_id: UUID | None
    prerequisite_id: UUID | None
    valid_from: date
    valid_until: date | None
    moves: list[str] = []

    @classmethod
    def seen_by(cls, version: CourseVersion, who: Caller) -> Self:
        moves = VERSION.open_to(VersionState(version.state), who.roles)
        return cls.model_validate(version).model_copy(update={"moves": moves})


class MenuItem(VersionOut):
    """A course on the menu: `id` is the course's, `version_id` that of what is valid."""

    version_id: UUID

    @classmethod
    def of(cls, version: CourseVersion, who: Caller) -> Self:
        seen = VersionOut.seen_by(version, who).model_dump()
        return cls(**{**seen, "id": version.course_id, "version_id": version.id})


class Menu(BaseModel):
    items: list[MenuItem]
    next: str | None


class CourseOut(BaseModel):
    """A course with its versions, newest first; `moves` are those of any of them."""

    id: UUID
    code: str
    version: int
    versions: list[VersionOut]
    moves: list[str]

    @classmethod
    def seen_by(cls, course: Course, versions: list[CourseVersion], who: Caller) -> Self:
        shown = [VersionOut.seen_by(version, who) for version in versions]
        return cls(
            id=course.id,
            code=course.code,
            version=course.version,
            versions=shown,
            moves=sorted({move for version in shown for move in version.moves}),
        )


class SiteIn(BaseModel):
    """A teaching site as the district writes it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "code": "SITE-11",
                "name": "精武镇新时代文明实践中心",
                "kind": "community_governance",
                "township": "精武镇",
                "address": "天津市西青区精武镇",
                "lat": 39.04,
                "lon": 117.12,
                "capacity": 60,
                "visit_minutes": 90,
                "open_rule": "TUE-SUN 09:00-17:00",
                "closed_on": ["2026-12-31"],
                "advance_booking_days": 3,
                "needs_guide": False,
            }
        },
    )

    code: str = Field(min_length=1, max_length=32)
    name: str = Field(min_length=1, max_length=200)
    kind: str = Field(default="", max_length=64)
    township: str = Field(default="", max_length=100)
    owner_school_id: UUID | None = None
    address: str = Field(min_length=1, max_length=300)
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    capacity: Count
    visit_minutes: Annotated[int, Field(ge=1, le=10_000)]
    open_rule: str = Field(min_length=1, max_length=200)
    closed_on: list[date] = Field(default=[], max_length=400)
    advance_booking_days: Annotated[int, Field(ge=0, le=365)] = 0
    needs_guide: bool = False


class SiteOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    code: str
    name: str
    kind: str
    township: str
    owner_school_id: UUID | None
    address: str
    lat: float
    lon: float
    capacity: int
    visit_minutes: int
    open_rule: str
    closed_on: list[date]
    advance_booking_days: int
    needs_guide: bool
    state: SiteState
    closed_because: str | None
    version: int
    moves: list[str] = []

    @classmethod
    def seen_by(cls, site: Site, who: Caller) -> Self:
        moves = SITE.open_to(SiteState(site.state), who.roles)
        return cls.model_validate(site).model_copy(update={"moves": moves})


class SitePage(BaseModel):
    items: list[SiteOut]
    next: str | None


class ReasonIn(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {"reason": "布展更新"}})

    reason: str = Field(min_length=1, max_length=500)


class CodeOut(BaseModel):
    """A word of a list with its names, and what else is known of it."""

    model_config = ConfigDict(from_attributes=True)

    kind: str
    code: str
    name: str
    name_en: str
    facts: dict[str, Any]


class CodePage(BaseModel):
    items: list[CodeOut]
    next: None = None

    @classmethod
    def of(cls, rows: list[Code]) -> Self:
        return cls(items=[CodeOut.model_validate(row) for row in rows])
