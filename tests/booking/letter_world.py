"""Booking's tests: the reference district, and letters in any state."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking import orders, reference, review
from services.booking.models import Lesson, Order, OrderLine
from services.booking.review import Decision
from services.booking.schemas import OrderIn
from services.kit.auth import Caller, Role
from services.kit.ids import reference_id, uuid7
from services.kit.outbox import Happened
from services.kit.timers import Timer

XIQING = "xiqing"
REFERENCE = Path(__file__).parents[2] / "deploy" / "reference"


def ref(code: str) -> UUID:
    return reference_id(XIQING, code)


def local(text: str) -> datetime:
    """A moment of the district's wall clock, as `2026-12-01 14:00`."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


NOON = local("2026-11-23 12:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

YANG, JING, JINMENHU = ref("SCH-06"), ref("SCH-09"), ref("SCH-04")
CLERK = Caller(UUID(int=6), frozenset({Role.TOWNSHIP}), XIQING, school_id=YANG, name="示例六")
STRANGER = Caller(UUID(int=9), frozenset({Role.TOWNSHIP}), XIQING, school_id=JING)
SCHEDULER = Caller(UUID(int=1), frozenset({Role.SCHEDULER}), XIQING, name="示例一")
SUPERVISOR = Caller(UUID(int=2), frozenset({Role.SUPERVISOR}), XIQING)
ADMINISTRATOR = Caller(UUID(int=4), frozenset({Role.ADMINISTRATOR}), XIQING)
LECTURER = Caller(UUID(int=3), frozenset({Role.LECTURER}), XIQING, lecturer_id=UUID(int=30))
ABROAD = Caller(UUID(int=5), frozenset({Role.SCHEDULER}), "dongli")


def load(session: Session) -> None:
    reference.load(session, REFERENCE, district=XIQING, shift_years=0)


def a_wish(day: str = "2026-12-08", hours: str = "08:30-11:30") -> dict[str, str]:
    starts, _, ends = hours.partition("-")
    return {"start": f"{day}T{starts}:00+08:00", "end": f"{day}T{ends}:00+08:00"}


def a_line(**facts: Any) -> dict[str, Any]:
    return {
        "course_id": str(ref("RV-T03")),
        "delivery": "classroom",
        "slots": [a_wish()],
        "venue_id": str(ref("VEN-06")),
        "audience": ["party_worker"],
        "expected_attendees": 60,
        **facts,
    }


def put(
    session: Session,
    order_id: UUID,
    lines: Sequence[dict[str, Any]],
    *,
    if_match: int | None = None,
    by: Caller = CLERK,
    at: datetime = NOON,
    **letter: Any,
) -> Order:
    body = OrderIn.model_validate(
        {"contact_name": "张三", "contact_phone": "000", **letter, "lines": list(lines)}
    )
    columns = [line.columns() for line in body.lines]
    return orders.put(session, order_id, body.letter(), columns, if_match=if_match, by=by, at=at)[0]


def a_draft(session: Session, *lines: dict[str, Any], **facts: Any) -> Order:
    return put(session, uuid7(), lines or [a_line()], **facts)


def submitted(session: Session, *lines: dict[str, Any], at: datetime = NOON, **facts: Any) -> Order:
    order = a_draft(session, *lines, at=at, **facts)
    return orders.submit(session, order.id, by=CLERK, at=at)


def approved(session: Session, *lines: dict[str, Any], decisions: Sequence[Decision] = ()) -> Order:
    order = submitted(session, *lines)
    return review.approve(session, order.id, decisions=decisions, by=SCHEDULER, at=NOON)


def lessons_of(session: Session, order: Order) -> Sequence[Lesson]:
    return session.exec(
        select(Lesson)
        .where(Lesson.order_id == order.id)
        .order_by("position", "day_index", col(Lesson.created_at))
    ).all()


def states_of(session: Session, order: Order) -> list[str]:
    return [str(lesson.state) for lesson in lessons_of(session, order)]


def reviews_of(session: Session, order: Order) -> list[str]:
    lines = select(OrderLine).where(OrderLine.order_id == order.id).order_by("position")
    return [line.review for line in session.exec(lines)]


def settle_all(session: Session, order: Order, *states: str) -> None:
    """Put the lessons into these states, without their moves."""
    for lesson, state in zip(lessons_of(session, order), states, strict=True):
        change = sa.update(Lesson).where(col(Lesson.id) == lesson.id)
        session.execute(change.values(state=state, fault="none", notice="early"))
    session.expire_all()


def told(session: Session, key: UUID) -> list[tuple[str, str | None, str]]:
    """What was said of a row: verb, from, to."""
    rows = session.exec(select(Happened).where(Happened.key == key).order_by("pos"))
    said = [row.body["data"] for row in rows]
    return [(data["verb"], data["was"], data["state"]) for data in said]


def timers_of(session: Session, key: UUID) -> dict[str, datetime]:
    return {t.verb: t.due_at for t in session.exec(select(Timer).where(Timer.key == key))}
