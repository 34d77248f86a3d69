"""Booking: a letter held against the rules. Reads once what its lines are judged by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from services.booking import calendar, schools
from services.booking.models import CourseCopy, Order, OrderLine, School, SiteCopy, Venue
from services.booking.rules import (
    Problem,
    SchoolTimes,
    SiteRules,
    WorkCalendar,
    attendee_problems,
    course_problems,
    days_of,
    equipment_problems,
    lead_problems,
    local,
    site_problems,
    slot_problems,
    spans_as_camp,
    validity_problems,
    version_on,
)
from services.contracts.booking import Slot
from services.contracts.catalog import CourseVersion
from services.kit.numbers import Numbers

MOST_WISHES, MOST_PREFERRED = 3, 3
# Beyond this a wish is judged by the plain week: nobody has announced a calendar that far ahead.
HORIZON = timedelta(days=800)
# The calendar is read this far at least, for the district's own deadline.
REVIEW = timedelta(days=40)


@dataclass(frozen=True)
class Ground:
    """What the lines of a letter are judged by."""

    numbers: Numbers
    school: School
    times: SchoolTimes
    calendar: WorkCalendar
    courses: dict[UUID, tuple[str, list[CourseVersion]]]
    venues: dict[UUID, Venue]
    sites: dict[UUID, SiteCopy]

    def version(self, line: OrderLine) -> CourseVersion | None:
        """The version a line orders: the one valid on the day of its first wish."""
        wished = wishes(line)
        if line.course_id not in self.courses or not wished:
            return None
        on = local(wished[0], self.numbers)[0].date()
        return version_on(self.courses[line.course_id][1], on)

    def site_of(self, line: OrderLine, version: CourseVersion) -> UUID | None:
        return (line.site_id or version.site_id) if line.delivery == "on_site" else None


def ground(session: Session, order: Order, lines: Sequence[OrderLine], at: datetime) -> Ground:
    """Six reads, whatever the number of lines; once per transaction, like the numbers."""
    known: dict[tuple[Any, ...], Ground] = session.info.setdefault("grounds", {})
    key = (at, *(_asked(line) for line in lines))
    if key not in known:
        known[key] = _read_ground(session, order, lines, at)
    return known[key]


def _asked(line: OrderLine) -> tuple[Any, ...]:
    """What of a line decides what has to be read."""
    return line.id, line.course_id, line.venue_id, line.site_id, str(line.wishes)


def _read_ground(
    session: Session, order: Order, lines: Sequence[OrderLine], at: datetime
) -> Ground:
    numbers = Numbers.of(session, order.district)
    school = session.get_one(School, order.school_id)
    courses = _courses(session, order.district, {line.course_id for line in lines})
    wanted = {line.site_id for line in lines if line.site_id}
    wanted |= {v.site_id for _, versions in courses.values() for v in versions if v.site_id}
    venue_ids = {line.venue_id for line in lines if line.venue_id}
    first, last = _period(lines, numbers, min(at, order.submitted_at or at))
    return Ground(
        numbers=numbers,
        school=school,
        times=schools.times(session, school, first, last),
        calendar=calendar.between(session, order.district, first, last),
        courses=courses,
        venues={v.id: v for v in _some(session, Venue, venue_ids) if v.district == order.district},
        sites={s.id: s for s in _some(session, SiteCopy, wanted) if s.district == order.district},
    )


def problems(
    order: Order, lines: Sequence[OrderLine], on: Ground, at: datetime
) -> list[dict[str, Any]]:
    """Everything that stands against submitting, of the letter (line null) and of every line."""
    found: list[dict[str, Any]] = [
        {"line": None, "field": name, "code": "missing"}
        for name in ("contact_name", "contact_phone")
        if not getattr(order, name).strip()
    ]
    if order.urgent and not order.urgent_reason.strip():
        found.append({"line": None, "field": "urgent_reason", "code": "missing"})
    if not lines:
        found.append({"line": None, "field": "lines", "code": "missing"})
    # Whose letter came back for mending is not too late because of that.
    asked_at = order.submitted_at or at
    for line in lines:
        found += [
            {"line": line.position, "field": problem.field, "code": problem.code, **problem.facts}
            for problem in line_problems(line, on, urgent=order.urgent, asked_at=asked_at, at=at)
        ]
    return found


def line_problems(
    line: OrderLine, on: Ground, *, urgent: bool, asked_at: datetime, at: datetime
) -> list[Problem]:
    """Everything that stands against one line; lead times count from `asked_at`."""
    found = _wish_count(line)
    if len(set(line.preferred_lecturers)) != len(line.preferred_lecturers):
        found.append(Problem("preferred_lecturers", "repeated"))
    if len(line.preferred_lecturers) > MOST_PREFERRED:
        found.append(Problem("preferred_lecturers", "too_many", {"most": MOST_PREFERRED}))
    if not line.audience:
        found.append(Problem("audience", "missing"))
    if line.course_id not in on.courses:
        return [*found, Problem("course_id", "course_unknown")]
    version = on.version(line)
    if version is None:
        return [*found, _not_orderable(line, on)] if line.wishes else found
    found += course_problems(version, delivery=line.delivery, audience=line.audience)
    found += _place_problems(line, version, on)
    for index, wish in enumerate(wishes(line), 1):
        hit = _wish_problems(wish, line, version, on, urgent=urgent, asked_at=asked_at, at=at)
        named = [problem._replace(field=f"wishes.{index}") for problem in hit]
        # The days of a camp often share one problem: it is said once.
        found += [problem for n, problem in enumerate(named) if problem not in named[:n]]
    return found


def wishes(line: OrderLine) -> list[Slot]:
    return [Slot.model_validate(wish) for wish in line.wishes]


def days(line: OrderLine, version: CourseVersion, numbers: Numbers) -> list[list[Slot]]:
    """The wished slots of every lesson the line makes: one lesson, or the days of a camp."""
    camp = version.format == "camp"
    return [
        list(slots)
        for slots in zip(
            *(days_of(wish, camp=camp, numbers=numbers) for wish in wishes(line)), strict=True
        )
    ]


def _wish_count(line: OrderLine) -> list[Problem]:
    if not line.wishes:
        return [Problem("wishes", "missing")]
    if len(line.wishes) > MOST_WISHES:
        return [Problem("wishes", "too_many", {"most": MOST_WISHES})]
    slots = wishes(line)
    return [Problem("wishes", "repeated")] if len(set(slots)) != len(slots) else []


def _not_orderable(line: OrderLine, on: Ground) -> Problem:
    published = [v for v in on.courses[line.course_id][1] if v.state == "published"]
    if not published:
        return Problem("course_id", "course_not_published")
    return validity_problems(published[-1], wishes(line)[0], on.numbers)[0]._replace(
        field="wishes.1"
    )


def _wish_problems(
    wish: Slot,
    line: OrderLine,
    version: CourseVersion,
    on: Ground,
    *,
    urgent: bool,
    asked_at: datetime,
    at: datetime,
) -> list[Problem]:
    camp = version.format == "camp"
    if camp and not spans_as_camp(wish, on.numbers):
        return [Problem("", "outside_half_days")]
    if wish.starts_at <= at:
        return [Problem("", "in_the_past", {"starts_at": wish.starts_at.isoformat()})]
    site = on.sites.get(site_id) if (site_id := on.site_of(line, version)) else None
    return time_problems(
        wish,
        version,
        urgent=urgent,
        school=on.times,
        calendar=on.calendar,
        site=site_rules(site) if site is not None else None,
        numbers=on.numbers,
        at=asked_at,
    )


def time_problems(
    wish: Slot,
    version: CourseVersion,
    *,
    urgent: bool,
    school: SchoolTimes,
    calendar: WorkCalendar,
    site: SiteRules | None,
    numbers: Numbers,
    at: datetime,
) -> list[Problem]:
    """What stands against a wished time: too soon for its format, and day by day the school's
    times, the course's validity and the site's opening."""
    camp = version.format == "camp"
    found = lead_problems(wish, version, urgent=urgent, calendar=calendar, numbers=numbers, at=at)
    each = days_of(wish, camp=camp, numbers=numbers)
    minutes = version.minutes // len(each)
    for slot in each:
        found += slot_problems(
            slot, minutes=minutes, school=school, calendar=calendar, numbers=numbers, camp=camp
        )
        found += validity_problems(version, slot, numbers)
        if site is not None:
            found += site_problems(site, slot, minutes=minutes, numbers=numbers, at=at)
    return found


def site_rules(site: SiteCopy) -> SiteRules:
    closed = frozenset(date.fromisoformat(day) for day in site.closed_on)
    return SiteRules(site.open_rule, closed, site.state, site.advance_booking_days)


def _place_problems(line: OrderLine, version: CourseVersion, on: Ground) -> list[Problem]:
    """A place of the right kind, large enough and equipped; a free address has coordinates."""
    if line.delivery == "online":
        return attendee_problems(line.expected_attendees, version)
    if line.delivery == "on_site":
        return _site_place_problems(line, version, on)
    if line.venue_id is None:
        found = attendee_problems(line.expected_attendees, version)
        if not line.address.strip():
            return [*found, Problem("venue_id", "place_missing")]
        if line.lat is None or line.lon is None:
            found.append(Problem("address", "coordinates_missing"))
        return found
    venue = on.venues.get(line.venue_id)
    if venue is None:
        return [Problem("venue_id", "venue_unknown")]
    found = attendee_problems(line.expected_attendees, version, venue.capacity)
    if venue.state != "open":
        found.append(Problem("venue_id", "venue_closed"))
    return found + equipment_problems(version, venue.equipment)


def _site_place_problems(line: OrderLine, version: CourseVersion, on: Ground) -> list[Problem]:
    site_id = on.site_of(line, version)
    if site_id is None:
        return [Problem("site_id", "place_missing")]
    if line.site_id and version.site_id and line.site_id != version.site_id:
        return [Problem("site_id", "site_not_of_course", {"site_id": str(version.site_id)})]
    site = on.sites.get(site_id)
    if site is None:
        return [Problem("site_id", "site_unknown")]
    return attendee_problems(line.expected_attendees, version, site.capacity)


def _courses(
    session: Session, district: str, ids: set[UUID]
) -> dict[UUID, tuple[str, list[CourseVersion]]]:
    return {
        copy.id: (copy.code, [CourseVersion.model_validate(v) for v in copy.versions])
        for copy in _some(session, CourseCopy, ids)
        if copy.district == district
    }


def _some(session: Session, table: Any, ids: set[Any]) -> Sequence[Any]:
    return session.exec(select(table).where(table.id.in_(ids))).all() if ids else []


def _period(lines: Sequence[OrderLine], numbers: Numbers, at: datetime) -> tuple[date, date]:
    first = at.astimezone(numbers.zone).date()
    ends = [local(wish, numbers)[1].date() for line in lines for wish in wishes(line)]
    last = max((end for end in ends if end < first + HORIZON), default=first)
    return first, max(last + timedelta(days=7), first + REVIEW)
