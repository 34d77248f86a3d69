"""Booking: rows as answers, in the district's wall clock and as far as the caller may act."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.booking import steps
from services.booking.mix_schemas import MixOut
from services.booking.models import Lesson, Order, OrderLine, School
from services.booking.queries import Letter, Progress
from services.booking.schemas import (
    HistoryRowOut,
    LessonBriefOut,
    LineOut,
    OrderBriefOut,
    OrderOut,
    SlotOut,
    StepOut,
)
from services.booking.states import ORDER, LessonState, OrderState
from services.kit.auth import Caller, Role
from services.kit.outbox import Happened

# A person of the district is known by what he does here, not by his account.
SHOWN_OF_ACTOR = ("id", "role", "name", "on_behalf_of", "channel")


def order(letter: Letter, who: Caller, zone: ZoneInfo) -> OrderOut:
    row = letter.order
    of_line: dict[UUID, list[tuple[Lesson, str | None]]] = {}
    for lesson, holder in letter.lessons:
        of_line.setdefault(lesson.line_id, []).append((lesson, holder))
    return OrderOut(
        **_brief(row, letter.school.name, letter.progress, letter.urged_at, who, zone),
        contact_name=row.contact_name,
        contact_phone=row.contact_phone,
        notes=row.notes,
        urgent_reason=row.urgent_reason,
        fix_fields=row.fix_fields,
        reason=row.reason,
        ended_at=there(row.ended_at, zone),
        reason_code=row.reason_code,
        fault=row.fault,
        notice=row.notice,
        lines=[_line(line, letter, of_line.get(line.id, []), zone) for line in letter.lines],
        problems=letter.problems,
        warnings=letter.warnings,
        mix=MixOut.of(
            letter.mix, school_id=row.school_id, year=row.created_at.astimezone(zone).year
        ),
    )


def orders(
    rows: Sequence[Order],
    found: Mapping[UUID, Progress],
    schools: Mapping[UUID, School],
    urged: Mapping[UUID, datetime],
    who: Caller,
    zone: ZoneInfo,
) -> list[OrderBriefOut]:
    return [
        OrderBriefOut(
            **_brief(row, schools[row.school_id].name, found[row.id], urged.get(row.id), who, zone)
        )
        for row in rows
    ]


def moves(row: Order, progress: Progress, who: Caller) -> list[str]:
    """What the caller may say next; verbs that could only be refused now are left out."""
    open_now = ORDER.open_to(OrderState(row.state), who.roles)
    if not progress.returned:
        open_now = [verb for verb in open_now if verb not in ("amend_lines", "review_lines")]
    if progress.begun:
        open_now = [verb for verb in open_now if verb != "cancel_order"]
    return open_now


def happened(row: Happened, zone: ZoneInfo) -> HistoryRowOut:
    said: Mapping[str, Any] = row.body["data"]
    noun, _, fact = row.subject.removeprefix("booking.").partition(".")
    return HistoryRowOut(
        at=row.at.astimezone(zone),
        about=noun,
        key=row.key,
        version=row.version,
        fact=fact,
        verb=said.get("verb"),
        was=said.get("was"),
        state=said.get("state"),
        by={name: said["by"].get(name) for name in SHOWN_OF_ACTOR},
        note=said.get("note"),
        line=said.get("line"),
        course_title=said.get("course_title"),
    )


def there(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if at is None else at.astimezone(zone)


def _brief(
    row: Order,
    school_name: str,
    progress: Progress,
    urged_at: datetime | None,
    who: Caller,
    zone: ZoneInfo,
) -> dict[str, Any]:
    state = OrderState(row.state)
    words = steps.steps(
        state,
        sent=row.number is not None,
        lines=progress.lines,
        returned=progress.lines_returned + progress.lines_mended,
        lessons=progress.lessons,
    )
    return {
        "steps": [StepOut.model_validate(word) for word in words],
        "lines_returned": progress.lines_returned,
        "lessons": {str(lesson): count for lesson, count in progress.lessons.items()},
        "urgeable": who.has(Role.TOWNSHIP) and steps.may_urge(state, progress.lessons),
        "urged_at": there(urged_at, zone),
        "id": row.id,
        "number": row.number,
        "state": row.state,
        "version": row.version,
        "title": row.title,
        "school_id": row.school_id,
        "school_name": school_name,
        "urgent": row.urgent,
        "created_at": row.created_at.astimezone(zone),
        "submitted_at": there(row.submitted_at, zone),
        "review_due_at": there(row.review_due_at, zone),
        "fix_due_at": there(row.fix_due_at, zone),
        "line_count": progress.lines,
        "progress": progress.word,
        "moves": moves(row, progress, who),
    }


def _line(
    line: OrderLine,
    letter: Letter,
    lessons: Sequence[tuple[Lesson, str | None]],
    zone: ZoneInfo,
) -> LineOut:
    course = line.snapshot or letter.courses.get(line.course_id, {})
    same = line.model_dump(
        exclude={"position", "order_id", "snapshot", "wishes", "fix_due_at", "mended_at"}
    )
    return LineOut(
        **same,
        line=line.position,
        course_title=course.get("title", ""),
        course_version=course.get("label"),
        format=course.get("format"),
        minutes=course.get("minutes"),
        wishes=[_slot(wish, zone) for wish in line.wishes],
        fix_due_at=there(line.fix_due_at, zone),
        mended_at=there(line.mended_at, zone),
        course=_course(course),
        lessons=[_lesson(lesson, holder, zone) for lesson, holder in lessons],
    )


def _lesson(lesson: Lesson, holder: str | None, zone: ZoneInfo) -> LessonBriefOut:
    same = lesson.model_dump(
        include={"id", "version", "revision", "day_index", "programme_id", "place"}
    )
    return LessonBriefOut(
        **same,
        state=lesson.state,
        step=steps.WAITS_FOR.get(LessonState(lesson.state)),
        starts_at=there(lesson.starts_at, zone),
        ends_at=there(lesson.ends_at, zone),
        holder_name=holder,
        due_at=there(lesson.due_at, zone),
        reason_code=lesson.reason_code,
    )


ASKED_OF_LINES = (
    "category",
    "class_hours",
    "audience",
    "deliveries",
    "equipment",
    "min_attendees",
    "max_attendees",
    "site_id",
    "eligible_pools",
)


def _course(course: Mapping[str, Any]) -> dict[str, Any]:
    return {name: course[name] for name in ASKED_OF_LINES if name in course}


def _slot(wish: Mapping[str, str], zone: ZoneInfo) -> SlotOut:
    starts, ends = (datetime.fromisoformat(wish[name]) for name in ("starts_at", "ends_at"))
    return SlotOut(starts_at=starts.astimezone(zone), ends_at=ends.astimezone(zone))
