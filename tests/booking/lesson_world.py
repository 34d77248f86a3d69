"""Booking's tests: a district with two schools, a course, a site; and lessons in any state."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.booking import handlers, joined, placing
from services.booking.lesson_door import move_lesson
from services.booking.models import (
    CourseCopy,
    Lesson,
    Order,
    OrderLine,
    School,
    SiteCopy,
    Venue,
)
from services.booking.place_checks import Asked
from services.booking.states import LessonState as L
from services.booking.states import OrderState
from services.contracts.booking import Slot
from services.contracts.catalog import CourseVersion
from services.contracts.lecturer import StaffingChanged
from services.kit import numbers
from services.kit.auth import Caller, Role, system, timer
from services.kit.event import Actor
from services.kit.ids import reference_id, uuid7
from services.kit.outbox import Happened
from services.kit.timers import Timer

XIQING = "xiqing"


def ref(code: str) -> UUID:
    return reference_id(XIQING, code)


def local(text: str) -> datetime:
    """A moment of the district's wall clock, as `2026-12-01 14:00`."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


NOON = local("2026-11-23 12:00")
TUESDAY = Slot(starts_at=local("2026-12-01 13:30"), ends_at=local("2026-12-01 16:30"))
WEDNESDAY = Slot(starts_at=local("2026-12-02 13:30"), ends_at=local("2026-12-02 16:30"))
THURSDAY = Slot(starts_at=local("2026-12-03 08:30"), ends_at=local("2026-12-03 11:30"))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

YANG, JING = ref("SCH-06"), ref("SCH-09")
HALL, OTHER_HALL, SITE = ref("VEN-06"), ref("VEN-09"), ref("SITE-02")
COURSE, VERSION = ref("RV-T03"), ref("RV-T03-2026.1")

CLERK = Caller(UUID(int=6), frozenset({Role.TOWNSHIP}), XIQING, school_id=YANG, name="示例六")
STRANGER = Caller(UUID(int=9), frozenset({Role.TOWNSHIP}), XIQING, school_id=JING)
SCHEDULER = Caller(UUID(int=1), frozenset({Role.SCHEDULER}), XIQING, name="示例一")
SUPERVISOR = Caller(UUID(int=2), frozenset({Role.SUPERVISOR}), XIQING)
LECTURER = Caller(UUID(int=3), frozenset({Role.LECTURER}), XIQING, lecturer_id=UUID(int=30))
SYSTEM, CLOCK = system(XIQING), timer(XIQING)

LI, WANG = UUID(int=30), UUID(int=31)


def a_district(session: Session) -> None:
    """Numbers, two schools with a hall each, one site, one course of 180 minutes."""
    folder = Path(__file__).parents[2] / "deploy" / "reference"
    with (folder / "district.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            numbers.put(session, XIQING, row["setting"], row["value"])
    for id, code, name in ((YANG, "SCH-06", "杨柳青镇党校"), (JING, "SCH-09", "精武镇党校")):
        session.add(School(id=id, district=XIQING, code=code, name=name, lat=39.13, lon=117.0))
    session.flush()
    for id, school in ((HALL, YANG), (OTHER_HALL, JING)):
        session.add(
            Venue(
                id=id,
                district=XIQING,
                school_id=school,
                name="多功能教室",
                lat=39.13,
                lon=117.0,
                capacity=80,
                equipment=["projector", "audio"],
            )
        )
    session.add(
        SiteCopy(
            id=SITE,
            district=XIQING,
            version=1,
            code="SITE-02",
            name="西青区烈士陵园",
            address="新华道76号",
            lat=39.132,
            lon=117.008,
            capacity=150,
            open_rule="TUE-FRI 09:00-16:00",
            closed_on=["2026-12-02"],
            advance_booking_days=3,
            state="open",
        )
    )
    session.add(
        CourseCopy(
            id=COURSE,
            district=XIQING,
            code="RV-T03",
            version=1,
            versions=[a_version().model_dump(mode="json")],
        )
    )
    session.flush()


def a_version(**facts: Any) -> CourseVersion:
    return CourseVersion(
        **{
            "id": VERSION,
            "label": "2026.1",
            "state": "published",
            "valid_from": date(2026, 1, 1),
            "valid_until": date(2027, 12, 31),
            "title": "乡村振兴思路举措",
            "kind": "lesson",
            "module": "rural_revitalization",
            "category": "political_theory",
            "format": "booster",
            "minutes": 180,
            "class_hours": Decimal("4.00"),
            "audience": ["party_worker"],
            "deliveries": ["classroom", "on_site"],
            "eligible_pools": ["lead_study", "professional"],
            "min_attendees": 30,
            "max_attendees": 120,
            "equipment": ["projector", "audio"],
            **facts,
        }
    )


def an_order(session: Session, *, school: UUID = YANG) -> Order:
    """An approved letter without lines."""
    order = Order(
        id=uuid7(),
        district=XIQING,
        school_id=school,
        number=f"约〔2026〕{uuid7()}",
        state=OrderState.APPROVED,
        contact_name="示例联络员",
        contact_phone="000-0000-1006",
        created_at=NOON - DAY,
        created_by=CLERK.id,
    )
    session.add(order)
    session.flush()
    return order


def a_request(session: Session, order: Order | None = None, **facts: Any) -> Lesson:
    """A lesson as the letter's submission makes it: requested, wished for Tuesday."""
    order = order or an_order(session, school=facts.pop("school", YANG))
    position = len(session.exec(select(OrderLine).where(OrderLine.order_id == order.id)).all()) + 1
    line = OrderLine(
        id=uuid7(),
        order_id=order.id,
        position=position,
        course_id=COURSE,
        course_version_id=VERSION,
        course_code="RV-T03",
        snapshot=a_version().model_dump(mode="json"),
        delivery="classroom",
        wishes=[TUESDAY.model_dump(mode="json")],
        venue_id=HALL if order.school_id == YANG else OTHER_HALL,
        audience=["party_worker"],
        expected_attendees=60,
        review="approved",
    )
    session.add(line)
    session.flush()
    lesson = Lesson(
        **{
            "id": uuid7(),
            "district": XIQING,
            "order_id": order.id,
            "line_id": line.id,
            "position": position,
            "school_id": order.school_id,
            "course_id": COURSE,
            "course_version_id": VERSION,
            "category": "political_theory",
            "class_hours": Decimal("4.00"),
            "minutes": 180,
            "created_at": NOON - DAY,
            "wishes": [TUESDAY.model_dump(mode="json")],
            "attendees": 60,
            **facts,
        }
    )
    session.add(lesson)
    session.flush()
    return lesson


def a_lesson(session: Session, state: L = L.UNPLACED, **facts: Any) -> Lesson:
    """A lesson brought into a state by the verbs that lead there, on Tuesday in its hall."""
    lesson = a_request(session, **facts)
    for step in PATHS[state]:
        step(session, lesson)
    assert lesson.state == state
    return lesson


def staffed(
    session: Session,
    lesson: Lesson,
    status: str,
    *,
    at: datetime = NOON,
    version: int | None = None,
    revision: int | None = None,
    **facts: Any,
) -> StaffingChanged:
    """The lecturer service tells the next version of a lesson's staffing; booking hears it."""
    said = staffing(
        lesson, status, at=at, version=version or lesson.staffing_version + 1, revision=revision
    ).model_copy(update=facts)
    handlers.staffing_changed(session, said)
    return said


def staffing(
    lesson: Lesson,
    status: str,
    *,
    at: datetime = NOON,
    version: int = 1,
    revision: int | None = None,
    **facts: Any,
) -> StaffingChanged:
    there = status in ("held", "present", "done", "partial", "aborted")
    return StaffingChanged(
        fact="changed",
        key=lesson.id,
        version=version,
        district=XIQING,
        at=at,
        by=Actor(id=LI, role="lecturer"),
        lesson_version=lesson.version,
        revision=lesson.revision if revision is None else revision,
        status=status,
        cause=facts.pop("cause", status),
        **({"holder_id": LI, "holder_name": "示例讲师", "assignment_id": WANG} if there else {}),
        **facts,
    )


def approved(session: Session, lesson: Lesson) -> None:
    move_lesson(session, lesson, "line_approved", by=SYSTEM, at=NOON)


def placed(session: Session, lesson: Lesson) -> None:
    placing.place(session, lesson.id, asked=Asked(), by=SCHEDULER, at=NOON)


def during(lesson: Lesson) -> datetime:
    assert lesson.starts_at is not None
    return lesson.starts_at + timedelta(minutes=5)


def after(lesson: Lesson) -> datetime:
    assert lesson.ends_at is not None
    return lesson.ends_at


def _held(session: Session, lesson: Lesson) -> None:
    staffed(session, lesson, "held")


def _lost_late(session: Session, lesson: Lesson) -> None:
    assert lesson.starts_at is not None
    staffed(session, lesson, "none", lost="released", at=lesson.starts_at - DAY)


def _said(status: str) -> Any:
    def step(session: Session, lesson: Lesson) -> None:
        minutes = {"partial": 60, "done": 180, "aborted": 0}.get(status)
        at = during(lesson) if status == "present" else after(lesson)
        staffed(session, lesson, status, at=at, minutes_taught=minutes)

    return step


def _parked(session: Session, lesson: Lesson) -> None:
    placing.park(session, lesson.id, by=SCHEDULER, at=NOON)


def _suspended(session: Session, lesson: Lesson) -> None:
    placing.suspend(session, lesson.id, reason="雨雪", by=SCHEDULER, at=NOON)


def _joined(session: Session, lesson: Lesson) -> None:
    """Its people come to the same lesson of the other school."""
    other = JING if lesson.school_id == YANG else YANG
    host = a_lesson(session, L.TENTATIVE, school=other)
    joined.join(session, host, lesson, by=SCHEDULER, at=NOON)


def _move(verb: str, by: Caller, **facts: Any) -> Any:
    def step(session: Session, lesson: Lesson) -> None:
        move_lesson(session, lesson, verb, by=by, at=after(lesson), **facts)

    return step


_TENTATIVE = [approved, placed]
_CONFIRMED = [*_TENTATIVE, _held]
_BEGUN = [*_CONFIRMED, _said("present")]
_DELIVERED = [*_BEGUN, _said("done")]
PATHS: dict[L, list[Any]] = {
    L.REQUESTED: [],
    L.UNPLACED: [approved],
    L.WAITLISTED: [approved, _parked],
    L.TENTATIVE: _TENTATIVE,
    L.CONFIRMED: _CONFIRMED,
    L.AT_RISK: [*_CONFIRMED, _lost_late],
    L.SUSPENDED: [*_CONFIRMED, _suspended],
    L.JOINED: [approved, _joined],
    L.IN_PROGRESS: _BEGUN,
    L.DELIVERED: _DELIVERED,
    L.PARTIALLY_DELIVERED: [*_BEGUN, _said("partial")],
    L.NOT_DELIVERED: [*_BEGUN, _said("aborted")],
    L.VERIFIED: [*_DELIVERED, _move("attest_ok", CLERK, verified_minutes=180, attendance=58)],
    L.DISPUTED: [*_DELIVERED, _move("dispute", CLERK)],
    L.WRITTEN_OFF: [*_BEGUN, _said("aborted"), _move("close_unmet", SCHEDULER)],
    L.CANCELLED: [approved, lambda s, lesson: move_lesson(s, lesson, "cancel", by=CLERK, at=NOON)],
}


def told(session: Session, key: UUID) -> list[dict[str, Any]]:
    """Everything said of a row, oldest first: the data of its events."""
    rows = session.exec(
        select(Happened).where(Happened.key == key).order_by(col(Happened.pos))
    ).all()
    return [row.body["data"] | {"version": row.version, "subject": row.subject} for row in rows]


def verbs(session: Session, key: UUID) -> list[str]:
    return [said["verb"] for said in told(session, key)]


def deadlines(session: Session, key: UUID) -> dict[str, datetime]:
    rows = session.exec(select(Timer).where(Timer.key == key)).all()
    return {row.verb: row.due_at for row in rows}
