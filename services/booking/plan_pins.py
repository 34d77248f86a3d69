"""Booking: a draft plan edited by hand: a lesson pinned, let go, left out."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.booking import place_checks, plan_door, plans
from services.booking.models import Lesson, OrderLine
from services.booking.place_checks import Asked
from services.booking.plan_models import Plan, PlanLine
from services.booking.plan_starts import OPEN
from services.contracts.booking import Slot
from services.kit import db
from services.kit.auth import Caller
from services.kit.errors import Conflict, Invalid, NotFound


@dataclass(frozen=True)
class Judged:
    """What the lecturer room says of a lecturer at a time: his name, and all that stands against
    it. Without a name the district has no such lecturer."""

    name: str | None
    reasons: list[dict[str, Any]] = field(default_factory=list)


def question(
    session: Session,
    plan_id: UUID,
    lesson_id: UUID,
    lecturer_id: UUID,
    starts_at: datetime,
    *,
    by: Caller,
) -> dict[str, Any]:
    """For the lecturer room: may he give it then?"""
    plan = plans.find(session, plan_id, by=by)
    plan_door.may(plan, "pin", by)
    _line(session, plan_id, lesson_id)
    lesson = db.get(session, Lesson, lesson_id)
    line = session.get_one(OrderLine, lesson.line_id)
    where = place_checks.place_asked(session, lesson, Asked(), by=by)
    return {
        "district": plan.district,
        "lecturer_id": str(lecturer_id),
        "lesson_id": str(lesson_id),
        "course_id": str(lesson.course_id),
        "pools": (line.snapshot or {}).get("eligible_pools", []),
        "slot": _slot(lesson, starts_at).model_dump(mode="json"),
        "place": where.model_dump(mode="json"),
        "wanted": lesson.wanted_lecturers,
        "wanted_only": lesson.wanted_only,
    }


def pin(
    session: Session,
    plan_id: UUID,
    lesson_id: UUID,
    *,
    lecturer_id: UUID,
    judged: Judged,
    starts_at: datetime,
    by: Caller,
    at: datetime,
) -> tuple[Plan, PlanLine]:
    """This lecturer at this time, whatever the planner would choose. 409 with the code of a rule
    of placing, `not_eligible` with the `reasons` against him, `pins_overlap` with another pinned
    lesson of his; 422 `camp_keeps_its_wishes`."""
    plan, line = _editable(session, plan_id, lesson_id, by)
    lesson = db.get(session, Lesson, lesson_id)
    if lesson.state not in OPEN:
        raise Conflict("lesson_not_open", lesson_id=str(lesson_id), state=str(lesson.state))
    slot = _slot(lesson, starts_at)
    where = place_checks.place_asked(session, lesson, Asked(), by=by)
    place_checks.check(session, lesson, slot, where, at=at)
    if judged.name is None:
        raise NotFound("not_found", what="lecturer", id=str(lecturer_id))
    if judged.reasons:
        raise Conflict(
            "not_eligible",
            lecturer_id=str(lecturer_id),
            lecturer=judged.name,
            reasons=judged.reasons,
        )
    for one in plans.lines_of(session, plan.id):
        his = one.lesson_id != lesson_id and one.lecturer_id == lecturer_id
        if his and one.pinned and _overlap(one, slot):
            raise Conflict("pins_overlap", lesson_id=str(one.lesson_id))
    line.starts_at, line.ends_at, line.lecturer_id = slot.starts_at, slot.ends_at, lecturer_id
    line.lecturer_name = judged.name
    line.pinned, line.left_out, line.why = True, False, None
    return _edited(session, plan, line, "pin", by, at)


def unpin(
    session: Session, plan_id: UUID, lesson_id: UUID, *, by: Caller, at: datetime
) -> tuple[Plan, PlanLine]:
    """The planner may choose again; until then the line stays as it is."""
    plan, line = _editable(session, plan_id, lesson_id, by)
    line.pinned = line.left_out = False
    return _edited(session, plan, line, "unpin", by, at)


def leave_out(
    session: Session, plan_id: UUID, lesson_id: UUID, *, by: Caller, at: datetime
) -> tuple[Plan, PlanLine]:
    """The plan does without this lesson; it stays open."""
    plan, line = _editable(session, plan_id, lesson_id, by)
    line.starts_at = line.ends_at = line.lecturer_id = line.lecturer_name = line.why = None
    line.pinned, line.left_out = False, True
    return _edited(session, plan, line, "leave_out", by, at)


def _editable(
    session: Session, plan_id: UUID, lesson_id: UUID, by: Caller
) -> tuple[Plan, PlanLine]:
    plan = plans.find(session, plan_id, by=by, lock=True)
    plan_door.may(plan, "pin", by)
    return plan, _line(session, plan_id, lesson_id)


def _line(session: Session, plan_id: UUID, lesson_id: UUID) -> PlanLine:
    line = session.get(PlanLine, (plan_id, lesson_id))
    if line is None:
        raise NotFound("not_found", what="plan_line", id=str(lesson_id))
    return line


def _slot(lesson: Lesson, starts_at: datetime) -> Slot:
    """A camp's day keeps the hours wished."""
    if lesson.programme_id is None:
        return place_checks.slot_asked(lesson, Asked(starts_at=starts_at))
    for wish in (Slot.model_validate(wish) for wish in lesson.wishes):
        if wish.starts_at == starts_at:
            return wish
    raise Invalid("camp_keeps_its_wishes")


def _edited(
    session: Session, plan: Plan, line: PlanLine, verb: str, by: Caller, at: datetime
) -> tuple[Plan, PlanLine]:
    """What is unserved is known; whether it could be better is not, until it is planned again."""
    session.add(line)
    session.flush()
    lines = plans.lines_of(session, plan.id)
    plan.unserved = sum(o.weight for o in lines if o.starts_at is None and not o.left_out)
    plan.status = "edited"
    # What was proven is proven of a plan without these hands: a pin may lie outside the wishes.
    plan.bound_unserved = plan.bound_soft = None
    return plan_door.edited(session, plan, line, verb, by=by, at=at), line


def _overlap(line: PlanLine, slot: Slot) -> bool:
    if line.starts_at is None or line.ends_at is None:
        return False
    return line.starts_at < slot.ends_at and line.ends_at > slot.starts_at
