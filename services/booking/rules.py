"""Booking: the rules of a wish, pure. Values in, problems out; nothing here reads a database.

A problem is a refusal nobody can overrule. What a scheduler may overrule is a warning and is kept
apart (`warnings.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from services.contracts.booking import Slot
from services.contracts.catalog import CourseVersion
from services.kit.auth import Caller, Role
from services.kit.numbers import Numbers

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
SATURDAY = 5
CAMP_DAYS = 3
HALF_DAYS = ("half_day_am", "half_day_pm", "half_day_eve")


class Problem(NamedTuple):
    """Why a wish cannot be: which field, a stable code, and the facts."""

    field: str
    code: str
    facts: dict[str, Any] = {}


@dataclass(frozen=True)
class WorkCalendar:
    """Workdays as far as they are known; a day without data follows the plain week."""

    days: Mapping[date, bool] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()

    def is_workday(self, on: date) -> bool:
        return self.days.get(on, on.weekday() < SATURDAY)

    def is_holiday(self, on: date) -> bool:
        return on in self.holidays

    def add_workdays(self, on: date, workdays: int) -> date:
        """The day that many working days after `on`, which itself does not count."""
        while workdays > 0:
            on += timedelta(days=1)
            workdays -= self.is_workday(on)
        return on

    def workdays_until(self, today: date, on: date, *, most: int = 60) -> int:
        """Working days after `today` up to and with `on`; counts no further than `most`."""
        found, day = 0, today
        while day < on and found < most:
            day += timedelta(days=1)
            found += self.is_workday(day)
        return found


@dataclass(frozen=True)
class SchoolTimes:
    """When a school may teach beside weekdays, and its blocked dates."""

    evening: bool = False
    saturday: bool = False
    blocked: frozenset[date] = frozenset()


@dataclass(frozen=True)
class SiteRules:
    """When a teaching site is open."""

    open_rule: str
    closed_on: frozenset[date]
    state: str = "open"
    advance_days: int = 0


def slot_problems(
    slot: Slot,
    *,
    minutes: int,
    school: SchoolTimes,
    calendar: WorkCalendar,
    numbers: Numbers,
    camp: bool = False,
) -> list[Problem]:
    """Inside one half-day of one permitted day, and long enough. A camp day may span two."""
    starts, ends = local(slot, numbers)
    length = int((ends - starts).total_seconds() // 60)
    if length <= 0:
        return [Problem("", "slot_backwards")]
    problems = []
    if length < minutes:
        problems.append(Problem("", "slot_too_short", {"minutes": minutes, "given": length}))
    half = _half_day(starts, ends, numbers, camp=camp)
    if half is None:
        halves = {name: numbers.text(name) for name in HALF_DAYS}
        problems.append(Problem("", "outside_half_days", halves))
    elif half == "half_day_eve" and not school.evening:
        problems.append(Problem("", "evening_not_permitted"))
    return problems + day_problems(starts.date(), school=school, calendar=calendar)


def day_problems(on: date, *, school: SchoolTimes, calendar: WorkCalendar) -> list[Problem]:
    """Working days, Saturdays where the school has them; never holidays, Sundays, blocked dates."""
    facts = {"on": on.isoformat()}
    if on in school.blocked:
        return [Problem("", "date_blocked", facts)]
    if calendar.is_workday(on):
        return []
    if calendar.is_holiday(on):
        return [Problem("", "public_holiday", facts)]
    if on.weekday() == SATURDAY:
        return [] if school.saturday else [Problem("", "saturday_not_permitted", facts)]
    return [Problem("", "not_a_teaching_day", facts)]


def lead_problems(
    slot: Slot,
    course: CourseVersion,
    *,
    urgent: bool,
    calendar: WorkCalendar,
    numbers: Numbers,
    at: datetime,
) -> list[Problem]:
    """Far enough ahead for the format, unless the letter is urgent."""
    if urgent:
        return []
    needed = numbers.int(f"lead_working_days_{course.format}")
    today = at.astimezone(numbers.zone).date()
    on = slot.starts_at.astimezone(numbers.zone).date()
    found = calendar.workdays_until(today, on, most=needed)
    if found >= needed:
        return []
    return [Problem("", "lead_time_too_short", {"working_days": found, "needed": needed})]


def site_problems(
    site: SiteRules, slot: Slot, *, minutes: int, numbers: Numbers, at: datetime | None = None
) -> list[Problem]:
    """The lesson's minutes fit into the opening hours of the day; with `at`, asked early enough."""
    starts, ends = local(slot, numbers)
    on = starts.date()
    if site.state != "open":
        return [Problem("", "site_closed")]
    if on in site.closed_on:
        return [Problem("", "site_closed_on", {"on": on.isoformat()})]
    problems = []
    opens, closes = open_hours(site.open_rule, on)
    if opens is None or closes is None:
        problems.append(Problem("", "site_closed_on", {"on": on.isoformat()}))
    else:
        first, last = max(starts.time(), opens), min(ends.time(), closes)
        if _minutes(last) - _minutes(first) < minutes:
            problems.append(Problem("", "outside_open_rule", {"open_rule": site.open_rule}))
    if at is not None and (on - at.astimezone(numbers.zone).date()).days < site.advance_days:
        problems.append(Problem("", "site_advance_too_short", {"days": site.advance_days}))
    return problems


def open_hours(rule: str, on: date) -> tuple[time, time] | tuple[None, None]:
    """`TUE-SUN 09:00-17:00` or `SAT 09:00-12:00` on a day; parts may be joined by `;`."""
    for part in rule.split(";"):
        days, _, hours = part.strip().partition(" ")
        first, _, last = days.partition("-")
        if WEEKDAYS.index(first) <= on.weekday() <= WEEKDAYS.index(last or first):
            opens, _, closes = hours.partition("-")
            return time.fromisoformat(opens), time.fromisoformat(closes)
    return None, None


def version_on(versions: Iterable[CourseVersion], on: date) -> CourseVersion | None:
    """The published version valid on that day, the newest of several."""
    fitting = [v for v in versions if v.state == "published" and is_valid(v, on)]
    return max(fitting, key=lambda v: (v.valid_from, v.label), default=None)


def is_valid(version: CourseVersion, on: date) -> bool:
    return version.valid_from <= on and (version.valid_until is None or on <= version.valid_until)


def validity_problems(version: CourseVersion, slot: Slot, numbers: Numbers) -> list[Problem]:
    """A lesson is held only on days its course version is valid."""
    on = local(slot, numbers)[0].date()
    if is_valid(version, on):
        return []
    until = version.valid_until.isoformat() if version.valid_until else None
    facts = {"on": on.isoformat(), "from": version.valid_from.isoformat(), "until": until}
    return [Problem("", "course_not_valid", facts)]


def attendee_problems(
    attendees: int, course: CourseVersion, capacity: int | None = None
) -> list[Problem]:
    """At least the course's minimum; at most what the course and the room allow."""
    most = course.max_attendees if capacity is None else min(course.max_attendees, capacity)
    if attendees < course.min_attendees:
        facts = {"least": course.min_attendees, "given": attendees}
        return [Problem("expected_attendees", "too_few_attendees", facts)]
    if attendees > most:
        facts = {"most": most, "given": attendees}
        return [Problem("expected_attendees", "too_many_attendees", facts)]
    return []


def equipment_problems(course: CourseVersion, equipment: Iterable[str]) -> list[Problem]:
    """What the course needs stands in the room."""
    missing = sorted(set(course.equipment) - set(equipment))
    return [Problem("venue_id", "equipment_missing", {"missing": missing})] if missing else []


def course_problems(
    course: CourseVersion, *, delivery: str, audience: Iterable[str]
) -> list[Problem]:
    """Delivered in a way, and for people, the course is made for."""
    problems = []
    if delivery not in course.deliveries:
        facts = {"offered": list(course.deliveries)}
        problems.append(Problem("delivery", "delivery_not_offered", facts))
    if extra := sorted(set(audience) - set(course.audience)):
        facts = {"not_served": extra, "served": list(course.audience)}
        problems.append(Problem("audience", "audience_not_served", facts))
    return problems


def days_of(slot: Slot, *, camp: bool, numbers: Numbers) -> list[Slot]:
    """One slot per lesson of a line. A camp's wish names the hours of its first day (or spans from
    the first morning to the last evening); the other days follow at the same hours."""
    if not camp:
        return [slot]
    starts, ends = local(slot, numbers)
    ends = datetime.combine(starts.date(), ends.time(), numbers.zone)
    steps = [timedelta(days=day) for day in range(CAMP_DAYS)]
    return [Slot(starts_at=starts + step, ends_at=ends + step) for step in steps]


def spans_as_camp(slot: Slot, numbers: Numbers) -> bool:
    """One day, or all days of the camp."""
    starts, ends = local(slot, numbers)
    return (ends.date() - starts.date()).days in (0, CAMP_DAYS - 1)


def local(slot: Slot, numbers: Numbers) -> tuple[datetime, datetime]:
    """Start and end as the district's wall clock shows them."""
    return slot.starts_at.astimezone(numbers.zone), slot.ends_at.astimezone(numbers.zone)


def fault_of(by: Caller) -> str:
    """Whose doing it was, as far as the caller tells."""
    if by.has(Role.TOWNSHIP):
        return "school"
    return "district" if by.has(Role.SCHEDULER, Role.SUPERVISOR) else "none"


def _half_day(
    starts: datetime, ends: datetime, numbers: Numbers, *, camp: bool = False
) -> str | None:
    if starts.date() != ends.date():
        return None
    spans = {name: _span(numbers.text(name)) for name in HALF_DAYS}
    if camp:
        spans = {"camp": (spans["half_day_am"][0], spans["half_day_pm"][1])}
    for name, (opens, closes) in spans.items():
        if opens <= starts.time() and ends.time() <= closes:
            return name
    return None


def _span(text: str) -> tuple[time, time]:
    opens, _, closes = text.partition("-")
    return time.fromisoformat(opens), time.fromisoformat(closes)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
