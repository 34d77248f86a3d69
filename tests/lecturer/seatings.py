"""Lecturer: seats, people and times for the tests of offers and promises."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from services.contracts.booking import LessonChanged, Place, Retime, Slot
from services.kit import auth
from services.kit.auth import Caller, Role
from services.kit.ids import reference_id, uuid7
from services.kit.outbox import Happened
from services.kit.timers import Timer
from services.lecturer import reference, seats
from services.lecturer.models import Assignment, Lecturer, Offer, Seat, Staffing

ZONE = ZoneInfo("Asia/Shanghai")
DISTRICT = "xiqing"
NOW = datetime(2026, 11, 23, 9, tzinfo=ZONE)
# A Tuesday morning, a good two weeks later.
LESSON_AT = datetime(2026, 12, 8, 9, tzinfo=ZONE)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MINUTES = 120
SCHOOL = reference_id(DISTRICT, "SCH-01")
COURSE = reference_id(DISTRICT, "RV-P05")

SCHEDULER = Caller(uuid7(), frozenset({Role.SCHEDULER}), DISTRICT, name="排课员")
SUPERVISOR = Caller(uuid7(), frozenset({Role.SUPERVISOR}), DISTRICT, name="督导")
CLERK = Caller(uuid7(), frozenset({Role.TOWNSHIP}), DISTRICT, school_id=SCHOOL, name="干事")
FOREIGN_CLERK = Caller(
    uuid7(), frozenset({Role.TOWNSHIP}), DISTRICT, school_id=reference_id(DISTRICT, "SCH-02")
)


def load(session: Session) -> None:
    reference.load(session, Path("deploy/reference"), district=DISTRICT, shift_years=0)
    session.flush()


def lecturer(lecturer_id: UUID) -> Caller:
    """The lecturer himself, signed in."""
    return Caller(
        uuid7(), frozenset({Role.LECTURER}), DISTRICT, lecturer_id=lecturer_id, name="本人"
    )


class Lesson:
    """A lesson as booking tells it; `tell` says what changed and what followed here."""

    def __init__(self, session: Session, **facts: Any) -> None:
        self.session, self.id, self.version = session, facts.pop("id", None) or uuid7(), 0
        starts_at = facts.pop("starts_at", LESSON_AT)
        self.facts: dict[str, Any] = {
            "order_id": uuid7(),
            "order_number": "约〔2026〕0001号",
            "line": 1,
            "school_id": SCHOOL,
            "school_name": "杨柳青镇党校",
            "course_id": COURSE,
            "course_code": "RV-P05",
            "course_title": "乡村振兴",
            "course_version": "2026.1",
            "format": "booster",
            "category": "political_theory",
            "minutes": MINUTES,
            "delivery": "classroom",
            "eligible_pools": ["lead_study", "professional", "backbone"],
            "audience": ["ordinary_member"],
            "attendees": 40,
            "contact_name": "王老师",
            "contact_phone": "000-0000",
            "state": "tentative",
            "revision": 1,
            "slot": slot(starts_at),
            "place": place(),
            **facts,
        }

    def tell(self, *, at: datetime = NOW, **facts: Any) -> "Lesson":
        self.version += 1
        was = self.facts["state"] if self.version > 1 else None
        self.facts |= facts
        said = LessonChanged(
            fact="changed",
            key=self.id,
            version=self.version,
            district=DISTRICT,
            at=at,
            by=auth.system(DISTRICT).actor(),
            verb="told",
            was=was,
            **self.facts,
        )
        self.said = said
        seats.hear(self.session, said, at=at)
        return self

    def retime(self, starts_at: datetime, *, at: datetime = NOW) -> UUID:
        """An agreed change waits for the holder."""
        change_id = uuid7()
        asked = Retime(
            change_id=change_id,
            revision=self.facts["revision"] + 1,
            slot=slot(starts_at),
            place=self.facts["place"],
        )
        self.tell(at=at, retime=asked)
        return change_id

    @property
    def seat(self) -> Seat:
        return self.session.get_one(Seat, self.id)

    @property
    def staff(self) -> Staffing:
        return self.session.get_one(Staffing, self.id)

    @property
    def offers(self) -> list[Offer]:
        """All offers for this lesson, in the order they were sent."""
        mine = select(Offer).where(Offer.lesson_id == self.id).order_by("sent_at", "rank", "id")
        return list(self.session.exec(mine))

    def offers_in(self, state: str) -> list[Offer]:
        return [offer for offer in self.offers if offer.state == state]

    @property
    def holder(self) -> Assignment | None:
        live = select(Assignment).where(Assignment.lesson_id == self.id, col(Assignment.live))
        return self.session.exec(live).first()

    @property
    def held(self) -> Assignment:
        assert self.holder is not None
        return self.holder


def slot(starts_at: datetime, minutes: int = MINUTES) -> Slot:
    return Slot(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes))


def place(**facts: Any) -> Place:
    given = {"kind": "venue", "resource_id": uuid7(), "name": "一号教室"}
    return Place(**{**given, "lat": 39.14, "lon": 117.0, **facts})


def lecturers(session: Session) -> list[Lecturer]:
    return list(session.exec(select(Lecturer).order_by("code")))


def timers(session: Session, key: UUID) -> dict[str, datetime]:
    """What is due for a row."""
    rows = session.exec(select(Timer).where(Timer.key == key))
    return {row.verb: row.due_at for row in rows}


def told(session: Session, key: UUID) -> list[str]:
    """The subjects of what was told of a row, oldest first."""
    rows = session.exec(select(Happened).where(Happened.key == key).order_by("pos"))
    return [row.subject for row in rows]


def last(session: Session, key: UUID) -> dict[str, Any]:
    """What was last told of a row."""
    rows = session.exec(
        select(Happened).where(Happened.key == key).order_by(col(Happened.pos).desc())
    )
    found = rows.first()
    assert found is not None
    return dict(found.body["data"])
