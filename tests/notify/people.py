"""Who is told in these tests, and what happens to them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session, select

from services.contracts.booking import (
    ChangeChanged,
    Gain,
    GroupingChanged,
    LessonChanged,
    OrderChanged,
    Place,
    PlanChanged,
    SeasonChanged,
    Slot,
)
from services.contracts.catalog import CourseChanged, SiteChanged
from services.contracts.lecturer import (
    AppointmentChanged,
    AssignmentChanged,
    LecturerChanged,
    OfferChanged,
    Seat,
    StaffingChanged,
)
from services.contracts.portal import AccountChanged, ResetAsked
from services.kit.auth import Caller, Role
from services.kit.event import Actor, Event
from services.kit.inbox import Inbox
from services.notify import reference
from services.notify.handlers import HANDLERS
from services.notify.models import Message
from tests.kit import toy

DISTRICT = "xiqing"
REFERENCE = Path("deploy/reference")
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)  # 12:00 in the district
NIGHT = datetime(2026, 11, 23, 14, tzinfo=UTC)  # 22:00
SCHOOL, OTHER_SCHOOL = UUID(int=0x501), UUID(int=0x502)
LECTURER_ID, OTHER_LECTURER_ID = UUID(int=0x701), UUID(int=0x702)
LESSON, ORDER, PLAN = UUID(int=0x1E), UUID(int=0x0D), UUID(int=0x91)


def caller(number: int, role: Role, name: str, **of: Any) -> Caller:
    return Caller(UUID(int=number), frozenset({role}), DISTRICT, name=name, **of)


CLERK = caller(1, Role.TOWNSHIP, "杨柳青镇联络员", school_id=SCHOOL)
COLLEAGUE = caller(2, Role.TOWNSHIP, "杨柳青镇审批人", school_id=SCHOOL)
STRANGER = caller(3, Role.TOWNSHIP, "精武镇联络员", school_id=OTHER_SCHOOL)
SCHEDULER = caller(4, Role.SCHEDULER, "排课员")
SUPERVISOR = caller(5, Role.SUPERVISOR, "督导")
LECTURER = caller(6, Role.LECTURER, "𠮷田🌾老师", lecturer_id=LECTURER_ID)
ENGLISH = caller(
    7, Role.LECTURER, "Ann “Q” O'Hara, Dr.", lecturer_id=OTHER_LECTURER_ID, language="en"
)
PEOPLE = (CLERK, COLLEAGUE, STRANGER, SCHEDULER, SUPERVISOR, LECTURER, ENGLISH)
NOBODY = Actor(id=UUID(int=0), role="system")

SLOT = Slot(
    starts_at=datetime(2026, 12, 3, 6, tzinfo=UTC), ends_at=datetime(2026, 12, 3, 9, tzinfo=UTC)
)
LATER = Slot(starts_at=SLOT.starts_at + timedelta(days=1), ends_at=SLOT.ends_at + timedelta(days=1))
HALL = Place(kind="venue", name="镇党校大教室", address="杨柳青镇新华道1号", lat=39.13, lon=117.0)


def hear(session: Session, *said: Event) -> list[str]:
    """Through the same inbox as from the broker."""
    inbox = Inbox(HANDLERS)
    return [inbox.act(session, event) for event in said]


def settle(session: Session) -> None:
    """The numbers of the district and everybody's account."""
    reference.load(session, REFERENCE, district=DISTRICT, shift_years=0)
    hear(session, *(account(person) for person in PEOPLE))


def account(person: Caller, version: int = 1, **other: Any) -> AccountChanged:
    facts: dict[str, Any] = {
        "active": True,
        "roles": sorted(person.roles),
        "name": person.name,
        "email": f"p{person.id.int}@xiqing.example",
        "language": person.language,
        "school_id": person.school_id,
        "lecturer_id": person.lecturer_id,
    }
    return event(AccountChanged, "changed", key=person.id, version=version, **{**facts, **other})


def event(kind: type[Any], fact: str, /, **facts: Any) -> Any:
    usual = {"id": uuid4(), "version": 1, "district": DISTRICT, "at": NOON, "by": NOBODY}
    return kind(fact=fact, **{**usual, **facts})


def reset() -> ResetAsked:
    facts = {"account_id": CLERK.id, "ends_at": NOON + timedelta(minutes=30)}
    return event(ResetAsked, "asked", key=uuid4(), **facts)  # type: ignore[no-any-return]


def order(fact: str, verb: str = "", **facts: Any) -> OrderChanged:
    usual = {"key": ORDER, "verb": verb or fact, "was": "submitted", "state": "approved"}
    usual |= {"number": "约〔2026〕0001号", "school_id": SCHOOL, "school_name": "杨柳青镇党校"}
    usual |= {"lines": 12, "lines_returned": 1, "reason": "请补充地址", "due_at": LATER.starts_at}
    return event(OrderChanged, fact, **{**usual, **facts})  # type: ignore[no-any-return]


def lesson(verb: str, **facts: Any) -> LessonChanged:
    usual = {"key": LESSON, "verb": verb, "was": "tentative", "state": "confirmed"}
    usual |= {"order_id": ORDER, "order_number": "约〔2026〕0001号", "line": 1, "school_id": SCHOOL}
    usual |= {"school_name": "杨柳青镇党校", "course_id": uuid4(), "course_code": "RV-T01"}
    usual |= {"course_title": "乡村振兴", "course_version": "2026.1", "format": "booster"}
    usual |= {"category": "political_theory", "minutes": 180, "delivery": "classroom"}
    usual |= {"eligible_pools": ["professional"], "audience": ["ordinary_member"], "attendees": 60}
    usual |= {"contact_name": "张三", "contact_phone": "000", "revision": 1, "slot": SLOT}
    usual |= {"place": HALL, "due_at": LATER.starts_at, "verified_minutes": 170}
    return event(LessonChanged, "changed", **{**usual, **facts})  # type: ignore[no-any-return]


def change(fact: str, verb: str = "", **facts: Any) -> ChangeChanged:
    usual = {"key": uuid4(), "verb": verb or fact, "was": "proposed", "state": "proposed"}
    usual |= {"lesson_id": LESSON, "order_id": ORDER, "school_id": SCHOOL, "round": 1}
    usual |= {
        "school_name": "杨柳青镇党校",
        "course_title": "乡村振兴",
        "slot": LATER,
        "place": HALL,
    }
    usual |= {"proposed_by": "township", "old_slot": SLOT, "reason": "镇里有会"}
    return event(ChangeChanged, fact, **{**usual, **facts})  # type: ignore[no-any-return]


def plan(fact: str, **facts: Any) -> PlanChanged:
    usual = {"key": PLAN, "verb": fact, "was": "running", "state": "ready", "lessons": 30}
    usual |= {"first_on": date(2026, 12, 7), "last_on": date(2026, 12, 18), "served": 28}
    usual |= {"account_id": SCHEDULER.id, "placed": 27, "skipped": 1}
    usual |= {"skipped_why": {"lesson_changed": 1}, "reason_code": "planner_lost"}
    return event(PlanChanged, fact, **{**usual, **facts})  # type: ignore[no-any-return]


def grouping(fact: str, **facts: Any) -> GroupingChanged:
    usual = {"key": uuid4(), "verb": fact, "was": "proposed", "state": "proposed"}
    usual |= {"kind": "merge", "host_lesson_id": uuid4(), "host_school_id": OTHER_SCHOOL}
    usual |= {"host_school_name": "精武镇党校", "guest_lesson_id": LESSON, "slot": SLOT}
    usual |= {"guest_school_id": SCHOOL, "guest_school_name": "杨柳青镇党校", "place": HALL}
    usual |= {"guest_order_id": ORDER, "course_title": "乡村振兴", "due_at": LATER.starts_at}
    usual |= {"gain": Gain(km=3.2, people=75), "reason": "人数不便"}
    return event(GroupingChanged, fact, **{**usual, **facts})  # type: ignore[no-any-return]


def season(fact: str, **facts: Any) -> SeasonChanged:
    usual = {"key": uuid4(), "verb": fact, "was": "collecting", "state": "closed"}
    usual |= {"name": "一季度征集", "first_on": date(2027, 1, 4), "last_on": date(2027, 3, 31)}
    usual |= {"closes_at": LATER.starts_at, "lessons": 40, "placed": 31, "note": "换届"}
    return event(SeasonChanged, fact, **{**usual, **facts})  # type: ignore[no-any-return]


def seat(slot: Slot = SLOT, **facts: Any) -> Seat:
    usual = {"lesson_id": LESSON, "revision": 1, "order_number": "约〔2026〕0001号"}
    usual |= {"school_id": SCHOOL, "school_name": "杨柳青镇党校", "course_title": "乡村振兴"}
    usual |= {"place": HALL, "attendees": 60, "contact_name": "张三", "contact_phone": "000"}
    return Seat(slot=slot, **{**usual, **facts})


def offer(fact: str, verb: str = "", **facts: Any) -> OfferChanged:
    usual = {"key": uuid4(), "verb": verb or fact, "was": "pending", "state": "pending"}
    usual |= {"lecturer_id": LECTURER_ID, "lecturer_name": LECTURER.name, "seat": seat()}
    usual |= {"expires_at": NOON + timedelta(hours=48), "reason": "time_conflict", "counter": LATER}
    return event(OfferChanged, fact, **{**usual, **facts})  # type: ignore[no-any-return]


STATES = {"committed": "committed", "retimed": "committed", "appeal_upheld": "voided"}


def assignment(fact: str, verb: str = "", slot: Slot = SLOT, **facts: Any) -> AssignmentChanged:
    usual = {"key": UUID(int=0xA5), "verb": verb or fact, "was": None}
    usual |= {"state": STATES.get(fact, fact), "seat": seat(slot)}
    usual |= {"lecturer_id": LECTURER_ID, "lecturer_name": LECTURER.name, "reason": "leave"}
    return event(AssignmentChanged, fact, **{**usual, **facts})  # type: ignore[no-any-return]


def staffing(status: str, **facts: Any) -> StaffingChanged:
    usual = {"key": LESSON, "lesson_version": 1, "revision": 1, "status": status, "cause": "x"}
    return event(StaffingChanged, "changed", **{**usual, **facts})  # type: ignore[no-any-return]


def appointment(fact: str) -> AppointmentChanged:
    facts: dict[str, Any] = {"lecturer_id": LECTURER_ID, "lecturer_name": LECTURER.name}
    facts |= {"number": "示例聘字〔2026〕001号", "days_left": 30}
    facts |= {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31)}
    return event(AppointmentChanged, fact, key=uuid4(), **facts)  # type: ignore[no-any-return]


def course(verb: str) -> CourseChanged:
    return event(CourseChanged, "changed", key=uuid4(), code="RV-T01", verb=verb, versions=[])  # type: ignore[no-any-return]


def lecturer(verb: str) -> LecturerChanged:
    facts = {"code": "LEC-001", "name": LECTURER.name, "pool": "professional", "status": "active"}
    return event(  # type: ignore[no-any-return]
        LecturerChanged, "changed", key=LECTURER_ID, verb=verb, leave=SLOT, **facts
    )


def site(verb: str) -> SiteChanged:
    facts: dict[str, Any] = {
        "code": "SITE-01",
        "name": "平津战役前线指挥部",
        "address": "药王庙东大街",
    }
    facts |= {"lat": 39.1, "lon": 117.0, "capacity": 80, "open_rule": "TUE-SUN 09:00-17:00"}
    return event(SiteChanged, "changed", key=uuid4(), verb=verb, state="closed", **facts)  # type: ignore[no-any-return]


def actor(person: Caller, **recorded: Any) -> Actor:
    return Actor(id=person.id, role=min(person.roles), name=person.name, **recorded)


def told(session: Session, channel: str = "inapp") -> list[tuple[str, str]]:
    """Who was told what, in the order of names."""
    names = {person.id: person.name for person in PEOPLE}
    rows = session.exec(select(Message).where(Message.channel == channel)).all()
    return sorted((names[row.account_id], row.kind) for row in rows)


def message(session: Session, person: Caller, channel: str = "inapp") -> Message:
    """The one message of this person."""
    mine = select(Message).where(Message.account_id == person.id, Message.channel == channel)
    return session.exec(mine).one()


def headers(person: Caller) -> dict[str, str]:
    """Signed in, with a new Idempotency-Key."""
    claims: dict[str, Any] = {"name": person.name, "language": person.language}
    for name in ("school_id", "lecturer_id"):
        value = getattr(person, name)
        claims |= {name: str(value)} if value else {}
    token = toy.token(person.id, sorted(person.roles), **claims)
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}
