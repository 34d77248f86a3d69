"""Lecturer's tests: a district's numbers, a lecturer in good standing, a seat, a promise."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.kit.auth import Caller, Role
from services.kit.db import insert_many
from services.kit.ids import reference_id, uuid7
from services.kit.numbers import Numbers, Setting
from services.kit.outbox import Happened
from services.kit.timers import Timer
from services.lecturer.models import (
    Appointment,
    Assignment,
    Availability,
    CourseCopy,
    Lecturer,
    Offer,
    Qualification,
    Seat,
    Staffing,
)

XIQING = "xiqing"
REFERENCE = Path("deploy/reference")
with (REFERENCE / "district.csv").open(encoding="utf-8") as rows:
    SETTINGS = {row["setting"]: row["value"] for row in csv.DictReader(rows)}
NUMBERS = Numbers(SETTINGS)


def ref(code: str) -> UUID:
    return reference_id(XIQING, code)


def local(text: str) -> datetime:
    """A moment of the district's wall clock, as `2026-12-01 14:00`."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = local("2026-11-23 12:00")
# A Tuesday afternoon.
START, END = local("2026-12-01 13:30"), local("2026-12-01 16:30")
COURSE, SCHOOL = ref("RV-T03"), ref("SCH-06")
YANGLIUQING = {
    "kind": "venue",
    "resource_id": str(ref("VEN-06")),
    "name": "示例教室",
    "address": "杨柳青镇",
    "lat": 39.13,
    "lon": 117.01,
}
# About eleven kilometres further south.
SOUTH = YANGLIUQING | {"resource_id": str(ref("VEN-09")), "lat": 39.03}

SCHEDULER = Caller(UUID(int=1), frozenset({Role.SCHEDULER}), XIQING, name="示例一")
ADMINISTRATOR = Caller(UUID(int=2), frozenset({Role.ADMINISTRATOR}), XIQING)
SUPERVISOR = Caller(UUID(int=3), frozenset({Role.SUPERVISOR}), XIQING)
CLERK = Caller(UUID(int=6), frozenset({Role.TOWNSHIP}), XIQING, school_id=SCHOOL)
FOREIGN = Caller(UUID(int=7), frozenset({Role.SCHEDULER}), "jinnan")


def himself(lecturer_id: UUID) -> Caller:
    return Caller(UUID(int=8), frozenset({Role.LECTURER}), XIQING, lecturer_id=lecturer_id)


def a_district(session: Session) -> None:
    """Numbers, and two courses."""
    settings = [
        {"district": XIQING, "name": name, "value": value, "source": ""}
        for name, value in SETTINGS.items()
    ]
    insert_many(session, Setting, settings)
    for code in ("RV-T03", "RV-T04"):
        session.add(
            CourseCopy(
                id=ref(code),
                code=code,
                district=XIQING,
                title=f"课程{code}",
                eligible_pools=["lead_study", "professional"],
                versions=[],
                version=1,
            )
        )
    session.flush()


def a_lecturer(session: Session, code: str = "LEC-001", **facts: Any) -> Lecturer:
    """Appointed from 2026 to 2027, qualified, free on Tuesday afternoons, at home in 杨柳青."""
    half_days = facts.pop("half_days", ["TUE_PM", "WED_PM"])
    courses = facts.pop("courses", [COURSE])
    term = facts.pop("term", (date(2026, 1, 1), date(2027, 12, 31)))
    usual = {
        "id": ref(code),
        "code": code,
        "district": XIQING,
        "name": f"示例讲师{code}（虚构）",
        "pool": "professional",
        "home_school_id": SCHOOL,
        "home_lat": 39.13,
        "home_lon": 117.01,
        "max_sessions_per_week": 2,
    }
    row = Lecturer(**{**usual, **facts})
    session.add(row)
    session.flush()
    insert_many(session, Qualification, [{"lecturer_id": row.id, "course_id": c} for c in courses])
    insert_many(session, Availability, [{"lecturer_id": row.id, "half_day": h} for h in half_days])
    if term is not None:
        session.add(
            Appointment(
                id=ref(f"{code}/letter"),
                lecturer_id=row.id,
                district=XIQING,
                number=f"示例聘字〔2026〕{code}号",
                starts_on=term[0],
                ends_on=term[1],
            )
        )
    session.flush()
    return row


def a_seat(
    session: Session,
    *,
    starts_at: datetime | None = START,
    ends_at: datetime | None = END,
    place: dict[str, Any] | None = YANGLIUQING,
    state: str = "tentative",
    revision: int = 1,
    **body: Any,
) -> Seat:
    """The copy of a lesson, as booking would have told it."""
    lesson_id = body.pop("lesson_id", None) or uuid7()
    course_id, school_id = body.pop("course_id", COURSE), body.pop("school_id", SCHOOL)
    slot = None
    if starts_at is not None and ends_at is not None:
        slot = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    usual = {
        "order_number": "约〔2026〕0001号",
        "school_name": "杨柳青镇党校",
        "course_title": "乡村振兴思路举措",
        "eligible_pools": ["lead_study", "professional"],
        "attendees": 40,
        "contact_name": "示例联络员（虚构）",
        "contact_phone": "000-0000-1006",
        "wanted_lecturers": [],
        "mode": "in_turn",
        "retime": None,
        "slot": slot,
        "place": place,
    }
    seat = Seat(
        lesson_id=lesson_id,
        version=1,
        district=XIQING,
        state=state,
        revision=revision,
        order_id=uuid7(),
        course_id=course_id,
        school_id=school_id,
        starts_at=starts_at,
        ends_at=ends_at,
        body={**usual, **body},
    )
    session.add(seat)
    session.flush()
    return seat


def a_promise(session: Session, lecturer: Lecturer, seat: Seat, **facts: Any) -> Assignment:
    """The lecturer holds the seat, or held it (`state`)."""
    assert seat.starts_at is not None and seat.ends_at is not None
    state = facts.pop("state", "committed")
    place = seat.body["place"]
    usual = {
        "district": XIQING,
        "lesson_id": seat.lesson_id,
        "lecturer_id": lecturer.id,
        "offer_id": uuid7(),
        "state": state,
        "live": state in ("committed", "release_requested", "checked_in"),
        "revision": seat.revision,
        "starts_at": seat.starts_at,
        "ends_at": seat.ends_at,
        "place": place,
        "committed_at": NOON - DAY,
        "version": 1,
    }
    promise = Assignment(**{**usual, **facts})
    session.add(promise)
    if promise.live and session.get(Staffing, seat.lesson_id) is None:
        session.add(
            Staffing(
                lesson_id=seat.lesson_id,
                district=XIQING,
                version=1,
                lesson_version=seat.version,
                revision=seat.revision,
                status="held",
                holder_id=lecturer.id,
                holder_name=lecturer.name,
                assignment_id=promise.id,
                assignment_state=state,
                starts_at=seat.starts_at,
                ends_at=seat.ends_at,
            )
        )
    session.flush()
    return promise


def an_offer(session: Session, lecturer: Lecturer, seat: Seat, **facts: Any) -> Offer:
    """Pending, sent an hour ago."""
    assert seat.starts_at is not None and seat.ends_at is not None
    told = {
        "lesson_id": str(seat.lesson_id),
        "revision": seat.revision,
        "school_id": str(seat.school_id),
        "school_name": seat.body["school_name"],
        "course_title": seat.body["course_title"],
        "slot": seat.body["slot"],
        "place": seat.body["place"],
    }
    usual = {
        "district": XIQING,
        "lesson_id": seat.lesson_id,
        "lecturer_id": lecturer.id,
        "revision": seat.revision,
        "starts_at": seat.starts_at,
        "ends_at": seat.ends_at,
        "sent_at": NOON - HOUR,
        "asked_at": NOON - HOUR,
        "expires_at": NOON + DAY,
        "version": 1,
        "seat": told,
    }
    offer = Offer(**{**usual, **facts})
    session.add(offer)
    session.flush()
    return offer


def told(session: Session, key: UUID) -> list[str]:
    """The facts told of a row, oldest first."""
    happened = session.exec(select(Happened).where(Happened.key == key).order_by("pos"))
    return [row.subject for row in happened]


def last_told(session: Session, key: UUID) -> dict[str, Any]:
    newest = select(Happened).where(Happened.key == key).order_by(col(Happened.pos).desc())
    row = session.exec(newest).first()
    assert row is not None
    found: dict[str, Any] = row.body["data"]
    return found


def due(session: Session, key: UUID) -> dict[str, datetime]:
    """The deadlines that are set on a row."""
    return {t.verb: t.due_at for t in session.exec(select(Timer).where(Timer.key == key))}
