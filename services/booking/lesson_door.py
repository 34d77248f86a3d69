"""Booking: the one door of a lesson. State, facts, version, deadline, holds and event together.

Rows are locked in this order, everywhere: the letter, the lesson, holds (sorted by resource), the
change, the number series. Whoever keeps to it waits, but never in a circle.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.booking import grouping_touch, holds, lesson_rules
from services.booking.change_door import live_change, move_change
from services.booking.models import Lesson, Order, OrderLine, School
from services.booking.seeing import READERS, see
from services.booking.states import LESSON, SETTLED, ChangeState
from services.booking.states import LessonState as L
from services.contracts.booking import LessonChanged, Place, Retime, Slot
from services.kit import db, outbox, timers
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict
from services.kit.numbers import Numbers

# Moves that may happen while a change is agreed and waits for the holder.
IN_SPITE_OF_A_CHANGE = {"cancel", "cancel_by_district"}


def find(session: Session, lesson_id: UUID, by: Caller) -> Lesson:
    """A lesson the caller may know of; a school knows only its own, a lecturer none (403)."""
    by.needs(*READERS)
    lesson = db.get(session, Lesson, lesson_id)
    see(by, lesson.district, lesson.school_id, what="lesson", id=lesson_id)
    return lesson


def take(session: Session, lesson_id: UUID, *, by: Caller) -> Lesson:
    """The same, its letter and itself locked, as it is now."""
    lesson = find(session, lesson_id, by)
    db.get(session, Order, lesson.order_id, lock=True)
    return db.get(session, Lesson, lesson_id, lock=True)


def resolve(session: Session, lesson: Lesson, url: str, *, by: Caller) -> str:
    """Which move a verb of a person means here. While a change is agreed only cancelling is open:
    409 `change_pending`."""
    verb = LESSON.resolve(url, L(lesson.state), by.roles)
    if lesson.retime is not None and verb not in IN_SPITE_OF_A_CHANGE:
        raise Conflict("change_pending", change_id=lesson.retime["change_id"])
    return verb


def move_lesson(
    session: Session,
    lesson: Lesson,
    verb: str,
    *,
    by: Caller,
    at: datetime,
    note: str | None = None,
    allowed: Role | None = None,
    applying: bool = False,
    batch: UUID | None = None,
    **facts: Any,
) -> Lesson:
    """Move it: facts, version, holds, talks, deadline, event. The caller has locked it.

    `allowed` is the role under which the move happens when the caller only causes it; `applying`
    says that the change about it is being carried out, and outlives the move; `batch` that it
    happens together with others (the plan that is being published).
    """
    move = LESSON.move(verb, L(lesson.state), {allowed} if allowed else by.roles)
    was, lesson.state = str(lesson.state), move.target
    numbers = Numbers.of(session, lesson.district)
    if verb in lesson_rules.REASONS:
        lesson.reason_code, lesson.fault = lesson_rules.REASONS[verb]
        lesson.notice = lesson_rules.notice_of(lesson.starts_at, at, numbers)
    for name, value in facts.items():
        setattr(lesson, name, value)
    lesson.ended_at = at if lesson.state in SETTLED else None
    # A requested lesson holds nothing and is talked about by nobody: a letter may have 500.
    # One that is joined holds nothing of its own.
    held = L.JOINED not in (was, lesson.state) and was != L.REQUESTED
    if held and lesson.state not in lesson_rules.PLACED:
        holds.drop(session, lesson, at=at)
    if was != L.REQUESTED and not applying and lesson.state not in lesson_rules.CHANGEABLE:
        _end_talks(session, lesson, by, at)
    if lesson.state in (L.UNPLACED, L.WAITLISTED):
        lesson.starts_at = lesson.ends_at = lesson.joined_to = None
    if was != L.REQUESTED:
        grouping_touch.touched(session, lesson, at=at)
    _tell(session, lesson, verb, was=was, by=by, at=at, note=note, deadline=True, batch=batch)
    return lesson


def tell_lesson(
    session: Session,
    lesson: Lesson,
    verb: str,
    *,
    by: Caller,
    at: datetime,
    note: str | None = None,
    **facts: Any,
) -> Lesson:
    """A change of facts that is no move: version and event."""
    for name, value in facts.items():
        setattr(lesson, name, value)
    _tell(session, lesson, verb, was=str(lesson.state), by=by, at=at, note=note)
    return lesson


def _tell(
    session: Session,
    lesson: Lesson,
    verb: str,
    *,
    was: str,
    by: Caller,
    at: datetime,
    note: str | None,
    deadline: bool = False,
    batch: UUID | None = None,
) -> None:
    numbers = Numbers.of(session, lesson.district)
    lesson.version += 1
    if deadline:
        due = lesson_rules.deadline_of(lesson, at, numbers)
        lesson.due_at = due[1] if due else None
        with session.no_autoflush:  # the row is written once, below
            timers.stop(session, lesson.id)
            if due:
                timers.start(session, lesson.id, *due)
    session.add(lesson)
    session.flush()
    outbox.tell(
        session,
        LessonChanged(
            fact="changed",
            verb=verb,
            was=was,
            state=str(lesson.state),
            note=note,
            at=at,
            by=by.actor(),
            rescue=lesson_rules.is_rescue(lesson, at, numbers),
            batch=batch,
            **facts_of(session, lesson),
        ),
    )


def facts_of(session: Session, lesson: Lesson) -> dict[str, Any]:
    """The public state of a lesson, as its event carries it."""
    order = session.get_one(Order, lesson.order_id)
    line = session.get_one(OrderLine, lesson.line_id)
    course = line.snapshot or {}
    return {
        "key": lesson.id,
        "version": lesson.version,
        "district": lesson.district,
        "order_id": order.id,
        "order_number": order.number,
        "line": lesson.position,
        "school_id": lesson.school_id,
        "school_name": session.get_one(School, lesson.school_id).name,
        "course_id": lesson.course_id,
        "course_code": line.course_code,
        "course_title": course.get("title", ""),
        "course_version": course.get("label", ""),
        "format": course.get("format", ""),
        "category": lesson.category,
        "minutes": lesson.minutes,
        "delivery": line.delivery,
        "eligible_pools": course.get("eligible_pools", []),
        "audience": line.audience,
        "attendees": lesson.attendees + lesson.guest_people,
        "contact_name": order.contact_name,
        "contact_phone": order.contact_phone,
        "notes": line.notes,
        "revision": lesson.revision,
        "slot": slot_of(lesson),
        "place": Place.model_validate(lesson.place) if lesson.place else None,
        "wanted_lecturers": [UUID(wanted) for wanted in lesson.wanted_lecturers],
        "wanted_only": lesson.wanted_only,
        "mode": lesson.mode,
        "retime": Retime.model_validate(lesson.retime) if lesson.retime else None,
        "programme_id": lesson.programme_id,
        "reason_code": lesson.reason_code,
        "fault": lesson.fault,
        "notice": lesson.notice,
        "due_at": lesson.due_at,
        "verified_minutes": lesson.verified_minutes,
        "joined_to": lesson.joined_to,
        "guest_people": lesson.guest_people,
    }


def slot_of(lesson: Lesson) -> Slot | None:
    if lesson.starts_at is None or lesson.ends_at is None:
        return None
    return Slot(starts_at=lesson.starts_at, ends_at=lesson.ends_at)


def _end_talks(session: Session, lesson: Lesson, by: Caller, at: datetime) -> None:
    """Nothing is left to negotiate. The slot asked for is let go, the holder need not answer."""
    change = live_change(session, lesson.id)
    lesson.retime = None
    if change is None:
        return
    if change.hold_id is not None:
        holds.drop(session, lesson, at=at, only=change.hold_id)
    began = lesson.state == L.IN_PROGRESS and change.state == ChangeState.AGREED
    move_change(
        session,
        change,
        "apply_conflict" if began else "lesson_dead",
        by=by,
        at=at,
        allowed=Role.SYSTEM,
        reason_code=f"lesson_{lesson.state}",
    )
