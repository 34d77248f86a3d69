"""Booking: what draft plans look like over HTTP."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from services.booking.lesson_queries import Full
from services.booking.plan_counts import Counts
from services.booking.plan_models import Plan, PlanLine
from services.booking.plan_queries import WholePlan, moves, where
from services.booking.plan_rules import MOST_LESSONS, Options
from services.booking.schemas import Body, Day, Moment
from services.kit.auth import Caller
from services.kit.numbers import Numbers

EXAMPLE: JsonDict = {"first_on": "2026-12-07", "last_on": "2026-12-18", "options": {"seconds": 30}}
PINNED: JsonDict = {
    "lecturer_id": "5b8f8f3c-7a54-5a1e-9d0b-0b3f5f1f9c11",
    "starts_at": "2026-12-08T09:00:00+08:00",
}


class PlanIn(Body):
    """The days to plan, both included; these lessons, or all open ones that wish for one of the
    days; the policy."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [EXAMPLE]},
    )

    first_on: Day
    last_on: Day
    lesson_ids: list[UUID] | None = Field(default=None, max_length=MOST_LESSONS)
    options: Options = Options()


class ReplanIn(Body):
    """Another policy; nothing: the same again."""

    options: Options | None = None


class PinIn(Body):
    """Pin (lecturer and start), unpin (`pinned` false), or leave the lesson out."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [PINNED]})

    pinned: bool = True
    left_out: bool = False
    lecturer_id: UUID | None = None
    starts_at: Moment | None = None

    @model_validator(mode="after")
    def _whole(self) -> "PinIn":
        if self.pinned and not self.left_out and (not self.lecturer_id or not self.starts_at):
            raise ValueError("a pin names a lecturer and a start")
        return self


class ScoreOut(BaseModel):
    """Weight of the lessons that are not given, then soft points; lower is better."""

    unserved: int
    soft: int


class ProgressOut(BaseModel):
    """How far a plan is: the run, and then the publishing."""

    id: UUID
    state: str
    version: int
    phase: str | None
    seconds: float
    best: ScoreOut | None
    bound: ScoreOut | None
    lessons: int
    served: int
    placed: int
    skipped: int
    code: str | None
    facts: dict[str, Any]
    moves: list[str]


class PlanHeadOut(ProgressOut):
    """A draft plan (排课方案) without its lines. `best`: its score; `bound`: none is better."""

    first_on: date
    last_on: date
    options: Options
    previous_id: UUID | None
    created_at: datetime
    made_by: UUID
    made_by_name: str
    status: str | None
    terms: dict[str, int]
    compared: dict[str, Any]
    ended_at: datetime | None
    published_by: UUID | None
    published_by_name: str
    pinned: int
    left_out: int

    @classmethod
    def of(cls, plan: Plan, counts: Counts, by: Caller, numbers: Numbers) -> "PlanHeadOut":
        return cls(**head(plan, counts, by, numbers))


class PlaceAtOut(BaseModel):
    starts_at: datetime | None
    ends_at: datetime | None
    lecturer_id: UUID | None
    lecturer_name: str | None


class PlanLineOut(PlaceAtOut):
    """A lesson of a plan. `why`: headline, counts by reason, the lessons that took the lecturers,
    the smallest change that would let it in. `changed`: the lesson is not what it was when it was
    planned. `before`: where the plan before had it, when elsewhere."""

    lesson_id: UUID
    position: int
    weight: int
    lesson_state: str
    order_number: str | None
    school_id: UUID
    school_name: str
    course_id: UUID
    course_code: str
    course_title: str
    format: str
    minutes: int
    programme_id: UUID | None
    day_index: int
    wishes: list[dict[str, Any]]
    pinned: bool
    left_out: bool
    why: dict[str, Any] | None
    changed: bool
    before: PlaceAtOut | None
    outcome: str | None
    outcome_code: str | None
    outcome_facts: dict[str, Any]


class DifferencesOut(BaseModel):
    added: list[UUID]
    moved: list[UUID]
    lost: list[UUID]


class PlanOut(PlanHeadOut):
    """With its lines, and what is different from the plan before."""

    differences: DifferencesOut | None
    lines: list[PlanLineOut]

    @classmethod
    def whole(cls, found: WholePlan, by: Caller, numbers: Numbers) -> "PlanOut":
        differences = found.differences
        return cls(
            **head(found.plan, found.counts, by, numbers),
            differences=DifferencesOut(**vars(differences)) if differences else None,
            lines=[
                line_of(line, full, found.before.get(line.lesson_id), numbers)
                for line, full in found.lines
            ],
        )


class PlansOut(BaseModel):
    items: list[PlanHeadOut]
    next: str | None


class PinOut(BaseModel):
    """The plan and the line as they are now."""

    plan: PlanHeadOut
    line: PlanLineOut


def head(plan: Plan, counts: Counts, by: Caller, numbers: Numbers) -> dict[str, Any]:
    zone = numbers.zone
    kept = set(PlanHeadOut.model_fields) & set(Plan.model_fields)
    return {
        **{name: getattr(plan, name) for name in kept},
        **vars(counts),
        "state": str(plan.state),
        "best": _score(plan.unserved, plan.soft),
        "bound": _score(plan.bound_unserved, plan.bound_soft),
        "options": Options.model_validate(plan.options),
        "created_at": plan.created_at.astimezone(zone),
        "ended_at": _local(plan.ended_at, numbers),
        "moves": moves(plan, by),
    }


def line_of(line: PlanLine, of: Full, before: PlanLine | None, numbers: Numbers) -> PlanLineOut:
    lesson, course = of.lesson, of.line.snapshot or {}
    elsewhere = before is not None and where(before) != where(line)
    return PlanLineOut(
        **_at(line, numbers),
        lesson_id=lesson.id,
        position=line.position,
        weight=line.weight,
        lesson_state=str(lesson.state),
        order_number=of.order.number,
        school_id=lesson.school_id,
        school_name=of.school_name,
        course_id=lesson.course_id,
        course_code=of.line.course_code,
        course_title=course.get("title", ""),
        format=course.get("format", ""),
        minutes=lesson.minutes,
        programme_id=lesson.programme_id,
        day_index=lesson.day_index,
        wishes=lesson.wishes,
        pinned=line.pinned,
        left_out=line.left_out,
        why=line.why,
        changed=line.outcome is None and lesson.version != line.basis_version,
        before=PlaceAtOut(**_at(before, numbers)) if before is not None and elsewhere else None,
        outcome=line.outcome,
        outcome_code=line.outcome_code,
        outcome_facts=line.outcome_facts,
    )


def _at(line: PlanLine, numbers: Numbers) -> dict[str, Any]:
    return {
        "starts_at": _local(line.starts_at, numbers),
        "ends_at": _local(line.ends_at, numbers),
        "lecturer_id": line.lecturer_id,
        "lecturer_name": line.lecturer_name,
    }


def _score(unserved: int | None, soft: int | None) -> ScoreOut | None:
    return None if unserved is None or soft is None else ScoreOut(unserved=unserved, soft=soft)


def _local(moment: datetime | None, numbers: Numbers) -> datetime | None:
    return moment.astimezone(numbers.zone) if moment else None
