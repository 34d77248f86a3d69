"""Booking: what season windows look like over HTTP."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from services.booking.lesson_queries import Full
from services.booking.plan_models import PlanLine
from services.booking.plan_rules import Options
from services.booking.schemas import Body, Day, Moment
from services.booking.season_models import Season
from services.booking.season_queries import Figures, Share, Whole, moves
from services.kit.auth import Caller
from services.kit.numbers import Numbers

EXAMPLE: JsonDict = {
    "name": "2027年一季度征集",
    "first_on": "2027-01-04",
    "last_on": "2027-03-31",
    "closes_at": "2026-12-20T18:00:00+08:00",
}


class SeasonIn(Body):
    """The days whose lessons are placed together, both included, and until when wishes for them
    are collected."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    name: str = Field(min_length=1, max_length=60)
    first_on: Day
    last_on: Day
    closes_at: Moment


class UntilIn(Body):
    """Until when wishes are collected now."""

    closes_at: Moment


class AllocateIn(Body):
    """The policy of the plan."""

    options: Options = Options()


class SeasonOut(BaseModel):
    """A season window (季度征集). `lessons`, `unreviewed`, `planned`, `placed`: those the caller
    may know of; `plan_id`: its plan, for a township only when it is published."""

    id: UUID
    name: str
    state: str
    version: int
    first_on: date
    last_on: date
    closes_at: datetime
    created_at: datetime
    created_by_name: str
    ended_at: datetime | None
    reason: str | None
    lessons: int
    unreviewed: int
    plan_id: UUID | None
    plan_state: str | None
    planned: int
    placed: int
    moves: list[str]

    @classmethod
    def of(cls, season: Season, figures: Figures, by: Caller, numbers: Numbers) -> "SeasonOut":
        return cls(**_head(season, figures, by, numbers))


class SeasonsOut(BaseModel):
    items: list[SeasonOut]
    next: str | None


class CourseShareOut(BaseModel):
    """Of one course: lessons collected, and given in the plan (once it is out: placed)."""

    id: UUID
    code: str
    name: str
    lessons: int
    unreviewed: int
    given: int


class SchoolShareOut(CourseShareOut):
    """Of one school; `before`: lessons given to it this year before the allocation, `after`: with
    those of this season."""

    before: int
    after: int


class SeasonLessonOut(BaseModel):
    """A school's own lesson of a season. `outcome`: placed, skipped, or none; `why`: why it is not
    in the plan (headline, counts by reason, the smallest change that would let it in)."""

    lesson_id: UUID
    order_id: UUID
    order_number: str | None
    course_code: str
    course_title: str
    state: str
    wishes: list[dict[str, Any]]
    starts_at: datetime | None
    ends_at: datetime | None
    outcome: str | None
    outcome_code: str | None
    outcome_facts: dict[str, Any]
    left_out: bool
    why: dict[str, Any] | None


class SeasonWholeOut(SeasonOut):
    """With its schools (least given first), courses, and for a township its own lessons."""

    average_before: float
    schools: list[SchoolShareOut]
    courses: list[CourseShareOut]
    own: list[SeasonLessonOut]

    @classmethod
    def whole(cls, found: Whole, by: Caller, numbers: Numbers) -> "SeasonWholeOut":
        return cls(
            **_head(found.season, found.figures, by, numbers),
            average_before=found.average_before,
            schools=[
                SchoolShareOut(**_share(one), before=one.before, after=one.after)
                for one in found.schools
            ],
            courses=[CourseShareOut(**_share(one)) for one in found.courses],
            own=[_lesson(of, line, numbers) for of, line in found.lines],
        )


def _head(season: Season, figures: Figures, by: Caller, numbers: Numbers) -> dict[str, Any]:
    kept = set(SeasonOut.model_fields) & set(Season.model_fields)
    zone = numbers.zone
    return {
        **{name: getattr(season, name) for name in kept},
        **vars(figures),
        "state": str(season.state),
        "closes_at": season.closes_at.astimezone(zone),
        "created_at": season.created_at.astimezone(zone),
        "ended_at": season.ended_at.astimezone(zone) if season.ended_at else None,
        "moves": moves(season, by),
    }


def _share(of: Share) -> dict[str, Any]:
    return {name: getattr(of, name) for name in CourseShareOut.model_fields}


def _lesson(of: Full, line: PlanLine | None, numbers: Numbers) -> SeasonLessonOut:
    lesson = of.lesson
    starts, ends = lesson.starts_at, lesson.ends_at
    return SeasonLessonOut(
        lesson_id=lesson.id,
        order_id=lesson.order_id,
        order_number=of.order.number,
        course_code=of.line.course_code,
        course_title=(of.line.snapshot or {}).get("title", ""),
        state=str(lesson.state),
        wishes=lesson.wishes,
        starts_at=starts.astimezone(numbers.zone) if starts else None,
        ends_at=ends.astimezone(numbers.zone) if ends else None,
        outcome=line.outcome if line else None,
        outcome_code=line.outcome_code if line else None,
        outcome_facts=line.outcome_facts if line else {},
        left_out=line.left_out if line else False,
        why=line.why if line else None,
    )
