"""Booking: lessons are born when a letter is submitted, and follow its lines while requested."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from sqlmodel import Session, select

from services.booking import lesson_door
from services.booking.checks import Ground, days
from services.booking.models import Lesson, Order, OrderLine, SiteCopy, Venue
from services.booking.states import LessonState
from services.contracts.booking import LessonChanged, Place, Slot
from services.contracts.catalog import CourseVersion
from services.kit import db, outbox
from services.kit.auth import Caller, Role
from services.kit.ids import uuid7

# What a mended line may change in its lessons.
FOLLOWS = (
    "course_id",
    "course_version_id",
    "category",
    "class_hours",
    "minutes",
    "wishes",
    "place",
    "wanted_lecturers",
    "attendees",
    "programme_id",
)


def bear(
    session: Session, order: Order, lines: Sequence[OrderLine], on: Ground, at: datetime
) -> list[Lesson]:
    """One requested lesson per line, three sharing a `programme_id` for a camp. Not told yet."""
    lessons = [lesson for line in lines for lesson in _lessons(order, line, on, at)]
    db.insert_many(session, Lesson, [lesson.model_dump() for lesson in lessons])
    return lessons


def announce(
    session: Session, lessons: Sequence[Lesson], *, by: Caller, at: datetime
) -> list[LessonChanged]:
    """The first word of each lesson; its letter has its number by now."""
    said = [
        LessonChanged(
            fact="changed",
            verb="requested",
            was=None,
            state=str(lesson.state),
            at=at,
            by=by.actor(),
            **lesson_door.facts_of(session, lesson),
        )
        for lesson in lessons
    ]
    outbox.tell(session, *said)
    return said


def follow(
    session: Session,
    order: Order,
    lines: Sequence[OrderLine],
    on: Ground,
    *,
    verb: str,
    by: Caller,
    at: datetime,
) -> None:
    """Requested lessons take over what their mended lines say now; a camp's days are made or
    cancelled as needed."""
    ids = [line.id for line in lines]
    rows = session.exec(
        select(Lesson)
        .where(Lesson.order_id == order.id, Lesson.state == LessonState.REQUESTED)
        .with_for_update()
    )
    before = {(row.line_id, row.day_index): row for row in rows if row.line_id in ids}
    born = []
    for line in lines:
        for wanted in _lessons(order, line, on, at):
            lesson = before.pop((line.id, wanted.day_index), None)
            if lesson is None:
                born.append(wanted)
                continue
            facts = {name: getattr(wanted, name) for name in FOLLOWS}
            lesson_door.tell_lesson(session, lesson, verb, by=by, at=at, **facts)
    for lesson in before.values():
        lesson_door.move_lesson(
            session,
            lesson,
            "line_refused_or_order_dead",
            by=by,
            at=at,
            allowed=Role.SYSTEM,
            reason_code="line_mended",
        )
    db.insert_many(session, Lesson, [lesson.model_dump() for lesson in born])
    announce(session, born, by=by, at=at)


def snapshot(line: OrderLine, on: Ground) -> None:
    """From now on the line keeps the course version it ordered."""
    version = on.version(line)
    assert version is not None, "checked before"
    line.course_version_id = version.id
    line.course_code = on.courses[line.course_id][0]
    line.snapshot = version.model_dump(mode="json")


def place_of(line: OrderLine, version: CourseVersion, on: Ground) -> dict[str, Any]:
    """Where the line wishes its lessons to be held (contracts.booking.Place)."""
    if line.delivery == "online":
        return Place(kind="online").model_dump(mode="json")
    site_id = on.site_of(line, version)
    if site_id is not None:
        return _resource("site", on.sites[site_id])
    if line.venue_id is not None:
        return _resource("venue", on.venues[line.venue_id])
    place = Place(kind="address", address=line.address, lat=line.lat, lon=line.lon)
    return place.model_dump(mode="json")


def _resource(kind: Literal["venue", "site"], row: Venue | SiteCopy) -> dict[str, Any]:
    return Place(
        kind=kind, resource_id=row.id, name=row.name, address=row.address, lat=row.lat, lon=row.lon
    ).model_dump(mode="json")


def _lessons(order: Order, line: OrderLine, on: Ground, at: datetime) -> list[Lesson]:
    version = CourseVersion.model_validate(line.snapshot)
    each = days(line, version, on.numbers)
    programme_id = uuid7() if len(each) > 1 else None
    return [
        Lesson(
            id=uuid7(),
            district=order.district,
            order_id=order.id,
            line_id=line.id,
            position=line.position,
            programme_id=programme_id,
            day_index=index,
            school_id=order.school_id,
            course_id=line.course_id,
            course_version_id=version.id,
            category=version.category,
            class_hours=version.class_hours / Decimal(len(each)),
            minutes=version.minutes // len(each),
            created_at=at,
            wishes=[_plain(slot) for slot in slots],
            place=place_of(line, version, on),
            wanted_lecturers=list(line.preferred_lecturers),
            attendees=line.expected_attendees,
        )
        for index, slots in enumerate(each)
    ]


def _plain(slot: Slot) -> dict[str, str]:
    return {
        "starts_at": slot.starts_at.astimezone(UTC).isoformat(),
        "ends_at": slot.ends_at.astimezone(UTC).isoformat(),
    }
