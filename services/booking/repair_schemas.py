"""Booking: what repairs look like over HTTP."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from services.booking import repair_rules
from services.booking.lesson_queries import Full
from services.booking.repair_models import Repair, RepairLine
from services.booking.repair_queries import moves
from services.booking.repair_rules import Action
from services.booking.schemas import Body, Day, Moment
from services.kit.auth import Caller
from services.kit.numbers import Numbers

EXAMPLE: JsonDict = {
    "cause": {
        "kind": "leave",
        "lecturer_id": "5b8f8f3c-7a54-5a1e-9d0b-0b3f5f1f9c11",
        "starts_at": "2026-12-07T08:00:00+08:00",
        "ends_at": "2026-12-09T18:00:00+08:00",
    }
}


class LeaveIn(repair_rules.Leave):
    """A lecturer will be away."""

    starts_at: Moment
    ends_at: Moment


class AppointmentIn(repair_rules.Appointment):
    """A letter of appointment will not be valid any more from `on`; the lessons that no other
    letter covers."""

    on: Day


class SiteIn(repair_rules.Site):
    """A site will be closed, on these days (both included) or for good."""

    first_on: Day | None = None
    last_on: Day | None = None


class DaysIn(repair_rules.Days):
    """There will be no lessons on these days, both included, at one school or at all."""

    first_on: Day
    last_on: Day


class RepairIn(Body):
    """What is about to be saved elsewhere."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    cause: Annotated[LeaveIn | AppointmentIn | SiteIn | DaysIn, Field(discriminator="kind")]


class AdoptIn(Body):
    """Which lessons (nothing said: all of them), and what their schools are told as the reason."""

    lesson_ids: list[UUID] | None = Field(default=None, max_length=500)
    reason: str = Field(default="", max_length=500)


class StandOut(BaseModel):
    """When, where and by whom."""

    starts_at: datetime
    ends_at: datetime
    place: dict[str, Any] | None
    lecturer_id: UUID | None
    lecturer_name: str | None


class RepairLineOut(BaseModel):
    """A touched lesson. `action`: substitute (same time, somebody else), move (another time its
    school wished for), move_place (same time; the school is asked), ask (its school is asked about
    the date in `after`), decide (nothing was found). `outcome`: done, asked (the school has it to
    answer), skipped with a code, left."""

    lesson_id: UUID
    position: int
    state: str
    order_id: UUID
    order_number: str | None
    school_id: UUID
    school_name: str
    contact_name: str
    contact_phone: str
    course_title: str
    action: Literal["substitute", "move", "move_place", "ask", "decide"]
    before: StandOut
    after: StandOut | None
    why: dict[str, Any] | None
    outcome: str | None
    outcome_code: str | None
    outcome_facts: dict[str, Any]


class DisturbanceOut(BaseModel):
    """How much would change: lessons by what is proposed, and how many people are to be told."""

    touched: int
    lecturers_changed: int
    times_moved: int
    places_moved: int
    schools_asked: int
    undecided: int
    schools: int
    lecturers: int


class RepairHeadOut(BaseModel):
    """A repair (补救方案) without its lines."""

    id: UUID
    state: str
    version: int
    cause: dict[str, Any]
    created_at: datetime
    made_by: UUID
    made_by_name: str
    seconds: float
    status: str | None
    code: str | None
    facts: dict[str, Any]
    ended_at: datetime | None
    adopted_by: UUID | None
    adopted_by_name: str
    moves: list[str]

    @classmethod
    def of(cls, repair: Repair, by: Caller, numbers: Numbers) -> "RepairHeadOut":
        return cls(**head(repair, by, numbers))


class RepairOut(RepairHeadOut):
    """With its lines and the disturbance."""

    disturbance: DisturbanceOut
    lines: list[RepairLineOut]

    @classmethod
    def whole(
        cls,
        repair: Repair,
        lines: Sequence[tuple[RepairLine, Full]],
        by: Caller,
        numbers: Numbers,
    ) -> "RepairOut":
        shown = [_line(line, full, numbers) for line, full in lines]
        return cls(**head(repair, by, numbers), disturbance=_disturbance(shown), lines=shown)


class RepairsOut(BaseModel):
    items: list[RepairHeadOut]
    next: str | None


def head(repair: Repair, by: Caller, numbers: Numbers) -> dict[str, Any]:
    same = repair.model_dump(include=set(RepairHeadOut.model_fields))
    local = {
        "created_at": repair.created_at.astimezone(numbers.zone),
        "ended_at": repair.ended_at.astimezone(numbers.zone) if repair.ended_at else None,
    }
    return {**same, **local, "state": str(repair.state), "moves": moves(repair, by)}


def _line(line: RepairLine, full: Full, numbers: Numbers) -> RepairLineOut:
    lesson, order, zone = full.lesson, full.order, numbers.zone
    before = StandOut(
        starts_at=line.was_starts_at.astimezone(zone),
        ends_at=line.was_ends_at.astimezone(zone),
        place=line.was_place,
        lecturer_id=line.was_lecturer_id,
        lecturer_name=line.was_lecturer_name,
    )
    after = None
    if line.starts_at is not None and line.ends_at is not None:
        after = StandOut(
            starts_at=line.starts_at.astimezone(zone),
            ends_at=line.ends_at.astimezone(zone),
            place=line.place,
            lecturer_id=line.lecturer_id,
            lecturer_name=line.lecturer_name,
        )
    return RepairLineOut.model_validate(
        {
            **line.model_dump(include=set(RepairLineOut.model_fields)),
            "state": str(lesson.state),
            "order_id": order.id,
            "order_number": order.number,
            "school_id": lesson.school_id,
            "school_name": full.school_name,
            "contact_name": order.contact_name,
            "contact_phone": order.contact_phone,
            "course_title": (full.line.snapshot or {}).get("title", full.line.course_code),
            "before": before,
            "after": after,
        }
    )


def _disturbance(lines: Sequence[RepairLineOut]) -> DisturbanceOut:
    many = Counter(line.action for line in lines)
    people = {line.before.lecturer_id for line in lines}
    people |= {line.after.lecturer_id for line in lines if line.after}
    changed = [
        line
        for line in lines
        if line.after
        and line.after.lecturer_id is not None
        and line.after.lecturer_id != line.before.lecturer_id
    ]
    return DisturbanceOut(
        touched=len(lines),
        lecturers_changed=len(changed),
        times_moved=many[Action.MOVE.value],
        places_moved=many[Action.MOVE_PLACE.value],
        schools_asked=many[Action.ASK.value],
        undecided=many[Action.DECIDE.value],
        schools=len({line.school_id for line in lines}),
        lecturers=len(people - {None}),
    )
