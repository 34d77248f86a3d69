"""Booking: what people decide about a lesson beside its place: cancel, downgrade, make up, end."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.booking import births
from services.booking.follow import follow, heard
from services.booking.lesson_door import move_lesson, resolve, take
from services.booking.models import Lesson
from services.booking.order_door import settle
from services.booking.seeing import acting
from services.booking.states import SETTLED, LessonState
from services.contracts.booking import Slot
from services.kit import db
from services.kit.auth import Caller, timer
from services.kit.errors import Conflict, Forbidden, Invalid
from services.kit.ids import uuid7
from services.kit.timers import Act

# Whom a school may name as the cause of its own cancelling.
SCHOOL_FAULTS = ("school", "force_majeure")


def cancel(
    session: Session,
    lesson_id: UUID,
    *,
    reason_code: str | None = None,
    fault: str | None = None,
    reason: str | None = None,
    by: Caller,
    at: datetime,
) -> Lesson:
    """By the school, or by the district. Open even while a change is agreed."""
    lesson = take(session, lesson_id, by=by)
    verb = resolve(session, lesson, "cancel", by=by)
    if verb == "cancel" and fault is not None and fault not in SCHOOL_FAULTS:
        raise Forbidden("fault_not_yours", fault=fault, open=SCHOOL_FAULTS)
    facts = _why(reason_code, fault, reason)
    move_lesson(session, lesson, verb, by=by, at=at, note=reason, **facts)
    return settled(session, lesson, at=at)


def downgrade_agreed(
    session: Session, lesson_id: UUID, *, note: str | None = None, by: Caller, at: datetime
) -> Lesson:
    """The school takes the substitute offered although a rule was waived for him; without such
    an offer 409 `no_downgrade_offered`."""
    lesson = take(session, lesson_id, by=by)
    verb = resolve(session, lesson, "downgrade_agreed", by=by)
    staffing = heard(session, lesson.id)
    offered = staffing is not None and staffing.revision >= lesson.revision
    if staffing is None or not offered or staffing.status != "held" or not staffing.waived:
        raise Conflict("no_downgrade_offered")
    agreed = staffing.assignment_id
    move_lesson(session, lesson, verb, by=by, at=at, note=note, agreed_assignment=agreed)
    follow(session, lesson, by=acting(by), at=at)
    return lesson


def accept_as_is(
    session: Session, lesson_id: UUID, *, note: str | None = None, by: Caller, at: datetime
) -> Lesson:
    """The school is content with what was taught of it."""
    lesson = take(session, lesson_id, by=by)
    verb = resolve(session, lesson, "accept_as_is", by=by)
    return move_lesson(session, lesson, verb, by=by, at=at, note=note)


def schedule_makeup(
    session: Session,
    lesson_id: UUID,
    *,
    wishes: Sequence[Slot] = (),
    note: str | None = None,
    by: Caller,
    at: datetime,
) -> tuple[Lesson, Lesson]:
    """补课: a new lesson of the same letter for what was not taught, to be placed; the old one goes
    on as it is. Returns both, the new one last."""
    lesson = take(session, lesson_id, by=by)
    verb = resolve(session, lesson, "schedule_makeup", by=by)
    if any(wish.starts_at <= at or wish.ends_at <= wish.starts_at for wish in wishes):
        raise Invalid("wish_invalid")
    makeup = _makeup(session, lesson, wishes, at)
    session.add(makeup)
    session.flush()
    births.announce(session, [makeup], by=by, at=at)
    move_lesson(session, makeup, "line_approved", by=acting(by), at=at)
    move_lesson(session, lesson, verb, by=by, at=at, note=note)
    return settled(session, lesson, at=at), makeup


def close_unmet(
    session: Session,
    lesson_id: UUID,
    *,
    reason_code: str | None = None,
    fault: str | None = None,
    reason: str | None = None,
    by: Caller,
    at: datetime,
) -> Lesson:
    """核销: it was not held and will not be. Reason and fault stay as they were unless named."""
    lesson = take(session, lesson_id, by=by)
    verb = resolve(session, lesson, "close_unmet", by=by)
    facts = _why(reason_code, fault, reason)
    move_lesson(session, lesson, verb, by=by, at=at, note=reason, **facts)
    return settled(session, lesson, at=at)


def lapse(verb: str) -> Act:
    """The deadline of a state: the move it makes, by the clock. Where the move stays in its state
    (nobody decided, attested, resolved) it is said again after as many days."""

    def act(session: Session, lesson_id: UUID, at: datetime) -> None:
        by = timer(db.get(session, Lesson, lesson_id).district)
        lesson = take(session, lesson_id, by=by)
        move_lesson(session, lesson, verb, by=by, at=at)
        settled(session, lesson, at=at)

    return act


def settled(session: Session, lesson: Lesson, *, at: datetime) -> Lesson:
    """Its letter may end with it."""
    if lesson.state in SETTLED:
        settle(session, lesson.order_id, at=at)
    return lesson


def _makeup(session: Session, lesson: Lesson, wishes: Sequence[Slot], at: datetime) -> Lesson:
    staffing = heard(session, lesson.id)
    taught = 0
    if lesson.state == LessonState.PARTIALLY_DELIVERED and staffing is not None:
        taught = min(staffing.minutes_taught or 0, lesson.minutes - 1)
    minutes = lesson.minutes - taught
    share = Decimal(minutes) / Decimal(lesson.minutes)
    return Lesson(
        **lesson.model_dump(
            include={
                "district",
                "order_id",
                "line_id",
                "position",
                "programme_id",
                "day_index",
                "school_id",
                "course_id",
                "course_version_id",
                "category",
                "place",
                "wanted_lecturers",
                "attendees",
            }
        ),
        id=uuid7(),
        minutes=minutes,
        class_hours=(lesson.class_hours * share).quantize(Decimal("0.01")),
        created_at=at,
        wishes=[wish.model_dump(mode="json") for wish in wishes],
        makeup_of=lesson.id,
    )


def _why(reason_code: str | None, fault: str | None, reason: str | None) -> dict[str, Any]:
    named = {"reason_code": reason_code, "fault": fault, "reason": reason}
    return {name: value for name, value in named.items() if value is not None}
