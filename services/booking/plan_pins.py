"""Booking: a draft plan edited by hand: a lesson pinned, let go, left out."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from services.booking import place_checks, plan_door, plans
from services.booking.models import Lesson
from services.booking.place_checks import Asked
from services.booking.plan_models import Plan, PlanLine
from services.booking.plan_starts import OPEN
from services.contracts.booking import Slot
from services.kit import db
from services.kit.auth import Caller
from services.kit.errors import Conflict, Invalid, NotFound


def pin(
    session: Session,
    plan_id: UUID,
    lesson_id: UUID,
    *,
    lecturer_id: UUID,
    lecturer_name: str = "",
    starts_at: datetime,
    by: Caller,
    at: datetime,
) -> tuple[Plan, PlanLine]:
    """This lecturer at this time, whatever the planner would choose. 409 with the code of a rule
    of placing, or `pins_overlap` with another pinned lesson of his; 422 `camp_keeps_its_wishes`."""
    plan, line = _editable(session, plan_id, lesson_id, by)
    lesson = db.get(session, Lesson, lesson_id)
    if lesson.state not in OPEN:
        raise Conflict("lesson_not_open", lesson_id=str(lesson_id), state=str(lesson.state))
    slot = place_checks.slot_asked(lesson, Asked(starts_at=starts_at))
    if lesson.programme_id is not None:
        wishes = [Slot.model_validate(wish) for wish in lesson.wishes]
        if (wished := next((w for w in wishes if w.starts_at == starts_at), None)) is None:
            raise Invalid("camp_keeps_its_wishes")
        slot = wished
    where = place_checks.place_asked(session, lesson, Asked(), by=by)
    place_checks.check(session, lesson, slot, where, at=at)
    others = [one for one in plans.lines_of(session, plan.id) if one.lesson_id != lesson_id]
    his = [one for one in others if one.lecturer_id == lecturer_id]
    for one in his:
        if one.pinned and _overlap(one, slot):
            raise Conflict("pins_overlap", lesson_id=str(one.lesson_id))
    line.starts_at, line.ends_at, line.lecturer_id = slot.starts_at, slot.ends_at, lecturer_id
    known = next((one.lecturer_name for one in his if one.lecturer_name), None)
    line.lecturer_name = known or lecturer_name or None
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
    line = session.get(PlanLine, (plan_id, lesson_id))
    if line is None:
        raise NotFound("not_found", what="plan_line", id=str(lesson_id))
    return plan, line


def _edited(
    session: Session, plan: Plan, line: PlanLine, verb: str, by: Caller, at: datetime
) -> tuple[Plan, PlanLine]:
    """What is unserved is known; whether it could be better is not, until it is planned again."""
    session.add(line)
    session.flush()
    lines = plans.lines_of(session, plan.id)
    plan.unserved = sum(o.weight for o in lines if o.starts_at is None and not o.left_out)
    plan.status = "edited"
    return plan_door.edited(session, plan, line, verb, by=by, at=at), line


def _overlap(line: PlanLine, slot: Slot) -> bool:
    if line.starts_at is None or line.ends_at is None:
        return False
    return line.starts_at < slot.ends_at and line.ends_at > slot.starts_at
