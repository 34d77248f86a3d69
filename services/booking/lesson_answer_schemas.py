"""Booking: lessons and changes as answers, in the district's wall clock."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from services.booking import lesson_queries as queries
from services.booking import steps
from services.booking.answer_schemas import there
from services.booking.lesson_queries import Full
from services.booking.lesson_schemas import ChangeOut, LessonOut, StaffingOut
from services.booking.models import Change, Lesson
from services.booking.schemas import SlotOut
from services.booking.states import LessonState
from services.contracts.booking import Slot
from services.kit.auth import Caller
from services.kit.numbers import Numbers


def lesson(
    session: Session, row: Lesson, who: Caller, warnings: Sequence[dict[str, Any]] = ()
) -> LessonOut:
    """The lesson as it is now, for this caller."""
    numbers = Numbers.of(session, row.district)
    return shown(queries.full(session, [row])[0], who, numbers, warnings)


def shown(
    found: Full, who: Caller, numbers: Numbers, warnings: Sequence[dict[str, Any]] = ()
) -> LessonOut:
    row, line = found.lesson, found.line
    course: Mapping[str, Any] = line.snapshot or {}
    same = row.model_dump(include=set(LessonOut.model_fields) - {"wishes", "state"})
    return LessonOut(
        **_local(same, numbers),
        state=str(row.state),
        step=steps.WAITS_FOR.get(LessonState(row.state)),
        order_number=found.order.number,
        line=row.position,
        school_name=found.school_name,
        course_code=line.course_code,
        course_title=course.get("title", ""),
        course_version=course.get("label", ""),
        format=course.get("format", ""),
        delivery=line.delivery,
        audience=line.audience,
        contact_name=found.order.contact_name,
        contact_phone=found.order.contact_phone,
        notes=line.notes,
        wishes=[slot(Slot.model_validate(wish), numbers) for wish in row.wishes],
        staffing=_staffing(found, numbers),
        change_id=found.change_id,
        changeable=queries.changeable(found),
        moves=queries.moves(found, who),
        warnings=list(warnings),
    )


def slot(wished: Slot, numbers: Numbers) -> SlotOut:
    zone = numbers.zone
    return SlotOut(
        starts_at=wished.starts_at.astimezone(zone), ends_at=wished.ends_at.astimezone(zone)
    )


def change(row: Change, who: Caller, numbers: Numbers) -> ChangeOut:
    same = row.model_dump(include=set(ChangeOut.model_fields) - {"state"})
    return ChangeOut(
        **_local(same, numbers),
        state=str(row.state),
        due_at=there(row.deadline_at, numbers.zone),
        moves=queries.change_moves(row, who, numbers),
    )


def _staffing(found: Full, numbers: Numbers) -> StaffingOut | None:
    """What is said of an older revision is not about this lesson any more."""
    said = found.staffing
    own = found.lesson.joined_to is None
    if said is None or (own and said.revision < found.lesson.revision):
        return None
    same = said.model_dump(include=set(StaffingOut.model_fields))
    return StaffingOut(**_local(same, numbers))


def _local(facts: dict[str, Any], numbers: Numbers) -> dict[str, Any]:
    """Every instant as the district's wall clock shows it."""
    return {
        name: there(value, numbers.zone) if isinstance(value, datetime) else value
        for name, value in facts.items()
    }
