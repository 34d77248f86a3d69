"""Booking: where and when a lesson is asked for, and whether that can be."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.booking import calendar, rules, schools
from services.booking.checks import site_rules
from services.booking.lesson_rules import PLACED
from services.booking.models import CourseCopy, Lesson, OrderLine, School, SiteCopy, Venue
from services.booking.rules import Problem, SchoolTimes, WorkCalendar
from services.contracts.booking import Place, Slot
from services.contracts.catalog import CourseVersion
from services.kit import db
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict, Invalid, NotFound
from services.kit.numbers import Numbers


@dataclass(frozen=True)
class Asked:
    """A slot (or the number of a wish) and one place; what is left out is as it was wished, or
    as it is now."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    wish: int | None = None
    venue_id: UUID | None = None
    site_id: UUID | None = None
    address: str | None = None
    lat: float | None = None
    lon: float | None = None
    online: bool = False

    @property
    def has_place(self) -> bool:
        return any((self.venue_id, self.site_id, self.address, self.online))

    @property
    def is_empty(self) -> bool:
        return not self.has_place and self.starts_at is None and self.wish is None


def slot_asked(lesson: Lesson, asked: Asked) -> Slot:
    """The slot asked for; without one the current slot, or the first wish."""
    camp = lesson.programme_id is not None
    starts, ends = asked.starts_at, asked.ends_at
    if starts is None and asked.wish is None and lesson.starts_at is not None:
        starts, ends = lesson.starts_at, ends or lesson.ends_at
    if starts is None:
        wish = wish_of(lesson, asked.wish or 0)
        starts, ends = wish.starts_at, ends or (wish.ends_at if camp else None)
    try:
        return Slot(starts_at=starts, ends_at=ends or starts + timedelta(minutes=lesson.minutes))
    except OverflowError as error:
        raise Invalid("slot_invalid") from error


def wish_of(lesson: Lesson, number: int) -> Slot:
    """One of the wished slots, counted from 0; 422 `no_such_wish`."""
    if number >= len(lesson.wishes):
        raise Invalid("no_such_wish", wish=number, wishes=len(lesson.wishes))
    return Slot.model_validate(lesson.wishes[number])


def place_asked(session: Session, lesson: Lesson, asked: Asked, *, by: Caller) -> Place:
    """The place asked for; without one the current place, or what the line asked for."""
    named = [asked.venue_id, asked.site_id, asked.address, asked.online]
    if sum(bool(name) for name in named) > 1:
        raise Invalid("one_place_only")
    if not asked.has_place:
        now_at = lesson.place if lesson.starts_at is not None else None
        return Place.model_validate(now_at) if now_at else _wished(session, lesson, by)
    if asked.venue_id:
        return _venue(session, asked.venue_id, lesson, by)
    if asked.site_id:
        return _site(session, asked.site_id, by)
    if asked.online:
        return Place(kind="online")
    if asked.lat is None or asked.lon is None:
        raise Invalid("coordinates_needed")
    return Place(kind="address", address=asked.address or "", lat=asked.lat, lon=asked.lon)


def _wished(session: Session, lesson: Lesson, by: Caller) -> Place:
    line = session.get_one(OrderLine, lesson.line_id)
    site_id = line.site_id
    if site_id is None and line.delivery == "on_site" and (line.snapshot or {}).get("site_id"):
        site_id = UUID(str((line.snapshot or {})["site_id"]))
    if line.delivery == "online":
        return Place(kind="online")
    if line.venue_id is not None:
        return _venue(session, line.venue_id, lesson, by)
    if site_id is not None:
        return _site(session, site_id, by)
    if line.address and line.lat is not None:
        return Place(kind="address", address=line.address, lat=line.lat, lon=line.lon)
    raise Invalid("place_needed")


def _venue(session: Session, venue_id: UUID, lesson: Lesson, by: Caller) -> Place:
    venue = db.get(session, Venue, venue_id)
    foreign = venue.district != by.district
    if not by.has(Role.SCHEDULER):
        foreign = foreign or venue.school_id != lesson.school_id
    if foreign:
        raise NotFound("not_found", what="venue", id=str(venue_id))
    return _place("venue", venue)


def _site(session: Session, site_id: UUID, by: Caller) -> Place:
    site = db.get(session, SiteCopy, site_id, what="site")
    if site.district != by.district:
        raise NotFound("not_found", what="site", id=str(site_id))
    return _place("site", site)


def _place(kind: Any, row: Venue | SiteCopy) -> Place:
    return Place(
        kind=kind,
        resource_id=row.id,
        name=row.name,
        address=row.address,
        lat=row.lat,
        lon=row.lon,
    )


def check(session: Session, lesson: Lesson, slot: Slot, place: Place, *, at: datetime) -> None:
    """409 with the code of the first problem and all of them, when it cannot be there and then."""
    problems = problems_of(session, lesson, slot, place, at=at)
    if problems:
        first, all_of_them = problems[0], [shown(problem) for problem in problems]
        raise Conflict(first.code, **first.facts, problems=all_of_them)


def shown(problem: Problem) -> dict[str, Any]:
    return {"code": problem.code, **problem.facts}


@dataclass(frozen=True)
class Grounds:
    """What a lesson's time and place are judged by."""

    numbers: Numbers
    times: SchoolTimes
    calendar: WorkCalendar
    course: CourseVersion
    venue: Venue | None = None
    site: SiteCopy | None = None


def problems_of(
    session: Session, lesson: Lesson, slot: Slot, place: Place, *, at: datetime
) -> list[Problem]:
    """Everything nobody can overrule."""
    if slot.starts_at <= at:
        return _in_the_past(slot)
    numbers = Numbers.of(session, lesson.district)
    first, last = (moment.date() for moment in rules.local(slot, numbers))
    school = session.get_one(School, lesson.school_id)
    on = Grounds(
        numbers=numbers,
        times=schools.times(session, school, first, last),
        calendar=calendar.between(session, lesson.district, first, last),
        course=version_of(session, lesson),
        venue=session.get_one(Venue, place.resource_id) if place.kind == "venue" else None,
        site=session.get_one(SiteCopy, place.resource_id) if place.kind == "site" else None,
    )
    return against(lesson, slot, place, on, at=at)


def against(
    lesson: Lesson, slot: Slot, place: Place, on: Grounds, *, at: datetime
) -> list[Problem]:
    """The same, of what has been read already; pure."""
    if slot.starts_at <= at:
        return _in_the_past(slot)
    numbers, course = on.numbers, on.course
    problems = rules.slot_problems(
        slot,
        minutes=lesson.minutes,
        school=on.times,
        calendar=on.calendar,
        numbers=numbers,
        camp=lesson.programme_id is not None,
    )
    problems += rules.validity_problems(course, slot, numbers)
    capacity = None
    if on.venue is not None:
        capacity = on.venue.capacity
        if on.venue.state != "open":
            problems.append(Problem("venue_id", "venue_closed"))
        problems += rules.equipment_problems(course, on.venue.equipment)
    elif on.site is not None:
        capacity = on.site.capacity
        opening = site_rules(on.site)
        problems += rules.site_problems(opening, slot, minutes=lesson.minutes, numbers=numbers)
    elif place.kind == "online" and "online" not in course.deliveries:
        problems.append(Problem("", "delivery_not_offered", {"offered": course.deliveries}))
    people = lesson.attendees + lesson.guest_people
    return problems + rules.attendee_problems(people, course, capacity)


def _in_the_past(slot: Slot) -> list[Problem]:
    return [Problem("", "in_the_past", {"starts_at": slot.starts_at.isoformat()})]


def warnings_of(
    session: Session, lesson: Lesson, slot: Slot, place: Place, *, at: datetime
) -> list[dict[str, Any]]:
    """What the scheduler may overrule: the lesson is placed all the same, and this is said."""
    numbers = Numbers.of(session, lesson.district)
    today, on = at.astimezone(numbers.zone).date(), rules.local(slot, numbers)[0].date()
    days = calendar.between(session, lesson.district, today, on)
    course = version_of(session, lesson)
    found = rules.lead_problems(slot, course, urgent=False, calendar=days, numbers=numbers, at=at)
    if not any(_inside(slot, Slot.model_validate(wish)) for wish in lesson.wishes):
        found.append(Problem("", "outside_wishes"))
    if course.state == "retired":
        found.append(Problem("", "course_retired"))
    if place.kind == "site":
        asked = site_rules(session.get_one(SiteCopy, place.resource_id))
        if (on - today).days < asked.advance_days:
            found.append(Problem("", "site_advance_too_short", {"days": asked.advance_days}))
    if place.kind == "address" and course.equipment:
        found.append(Problem("", "school_confirms_equipment", {"equipment": course.equipment}))
    at_once = session.exec(
        select(Lesson.id)
        .where(Lesson.school_id == lesson.school_id, Lesson.id != lesson.id)
        .where(col(Lesson.state).in_(PLACED))
        .where(col(Lesson.starts_at) < slot.ends_at, col(Lesson.ends_at) > slot.starts_at)
    ).first()
    if at_once is not None:
        found.append(Problem("", "school_busy", {"lesson_id": str(at_once)}))
    return [shown(problem) for problem in found if problem.code != "in_the_past"]


def version_of(session: Session, lesson: Lesson) -> CourseVersion:
    """The version ordered: as the catalog has it now, or as it was at submission."""
    copy = session.get(CourseCopy, lesson.course_id)
    for version in copy.versions if copy else []:
        if version["id"] == str(lesson.course_version_id):
            return CourseVersion.model_validate(version)
    return CourseVersion.model_validate(session.get_one(OrderLine, lesson.line_id).snapshot)


def _inside(slot: Slot, wish: Slot) -> bool:
    return wish.starts_at <= slot.starts_at and slot.ends_at <= wish.ends_at
