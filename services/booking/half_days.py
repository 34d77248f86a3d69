"""Booking: the half-days of a period as a school may wish for them, each with what stands against
it. For the calendar from which wishes are picked."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from services.booking import calendar, checks, schools
from services.booking.models import CourseCopy, Lesson, School, SiteCopy
from services.booking.rules import (
    CAMP_DAYS,
    HALF_DAYS,
    Problem,
    SchoolTimes,
    SiteRules,
    WorkCalendar,
    version_on,
)
from services.booking.seeing import READERS
from services.booking.states import LessonState
from services.contracts.booking import Slot
from services.contracts.catalog import CourseVersion
from services.kit import db
from services.kit.auth import Caller
from services.kit.errors import Invalid
from services.kit.numbers import Numbers

MOST_DAYS = 62
OVER = (LessonState.CANCELLED, LessonState.WRITTEN_OFF)


@dataclass(frozen=True)
class HalfDay:
    """The slot a wish for this half-day would be, what is against it, and how many lessons the
    school has then already."""

    on: date
    half: str  # am pm eve
    slot: Slot
    problems: list[Problem]
    lessons: int


@dataclass(frozen=True)
class Ground:
    """What half-days are judged by."""

    numbers: Numbers
    times: SchoolTimes
    calendar: WorkCalendar
    versions: list[CourseVersion]
    site: SiteRules | None
    urgent: bool


def half_days(
    session: Session,
    school_id: UUID,
    course_id: UUID,
    *,
    first: date,
    last: date,
    site_id: UUID | None = None,
    urgent: bool = False,
    by: Caller,
    at: datetime,
) -> list[HalfDay]:
    """Every half-day of the period (422 `period_too_long`), in five reads."""
    by.needs(*READERS)
    if (last - first).days >= MOST_DAYS:
        raise Invalid("period_too_long", most=MOST_DAYS)
    school = schools.school_for(session, school_id, by)
    course = db.get(session, CourseCopy, course_id, what="course")
    numbers = Numbers.of(session, by.district)
    today = at.astimezone(numbers.zone).date()
    known_from, known_to = min(first, today), max(last, today + checks.REVIEW)
    on = Ground(
        numbers=numbers,
        times=schools.times(session, school, first, last + timedelta(days=CAMP_DAYS)),
        calendar=calendar.between(session, by.district, known_from, known_to),
        versions=[CourseVersion.model_validate(v) for v in course.versions],
        site=_site(session, site_id),
        urgent=urgent,
    )
    taken = _taken(session, school, first, last, numbers)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [found for day in days for found in _of_day(day, on, taken, at)]


def _of_day(
    on: date, ground: Ground, taken: dict[tuple[date, str], int], at: datetime
) -> list[HalfDay]:
    version = version_on(ground.versions, on) or (ground.versions[-1] if ground.versions else None)
    if version is None:
        return []
    camp = version.format == "camp"
    found = []
    for name in HALF_DAYS[:1] if camp else HALF_DAYS:
        half = name.rsplit("_", 1)[1]
        slot = _slot(on, name, version, ground.numbers)
        problems = _problems(slot, version, ground, at)
        found.append(HalfDay(on, half, slot, problems, taken.get((on, half), 0)))
    return found


def _slot(on: date, name: str, version: CourseVersion, numbers: Numbers) -> Slot:
    """From the beginning of the half-day, as long as the course; of a camp its first day."""
    opens, _, _ = numbers.text(name).partition("-")
    starts = datetime.combine(on, time.fromisoformat(opens), numbers.zone)
    if version.format == "camp":
        closes = numbers.text("half_day_pm").rsplit("-", 1)[1]
        ends = datetime.combine(on, time.fromisoformat(closes), numbers.zone)
    else:
        ends = starts + timedelta(minutes=version.minutes)
    return Slot(starts_at=starts, ends_at=ends)


def _problems(slot: Slot, version: CourseVersion, on: Ground, at: datetime) -> list[Problem]:
    if slot.starts_at <= at:
        return [Problem("", "in_the_past")]
    return checks.time_problems(
        slot,
        version,
        urgent=on.urgent,
        school=on.times,
        calendar=on.calendar,
        site=on.site,
        numbers=on.numbers,
        at=at,
    )


def _site(session: Session, site_id: UUID | None) -> SiteRules | None:
    site = session.get(SiteCopy, site_id) if site_id else None
    return checks.site_rules(site) if site else None


def _taken(
    session: Session, school: School, first: date, last: date, numbers: Numbers
) -> dict[tuple[date, str], int]:
    """The school's own lessons, by half-day of their start."""
    opens = datetime.combine(first, time(), numbers.zone)
    closes = datetime.combine(last + timedelta(days=1), time(), numbers.zone)
    starts = col(Lesson.starts_at)
    rows = session.scalars(
        sa.select(starts)
        .where(col(Lesson.school_id) == school.id, col(Lesson.state).not_in(OVER))
        .where(starts >= opens, starts < closes)
    )
    ends = {n.rsplit("_", 1)[1]: numbers.text(n).rsplit("-", 1)[1] for n in HALF_DAYS}
    found: dict[tuple[date, str], int] = {}
    for start in rows:
        assert start is not None  # it is in the period
        local = start.astimezone(numbers.zone)
        half = next((h for h, end in ends.items() if f"{local:%H:%M}" < end), "eve")
        found[local.date(), half] = found.get((local.date(), half), 0) + 1
    return found
