"""Random events: what the driver knows of the reference district, and the times it gives away."""

import csv
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from deploy.call import DISTRICT
from deploy.home import REFERENCE
from services.kit.ids import reference_id

ZONE = ZoneInfo("Asia/Shanghai")
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
# From when to when a half-day of a school lasts, and the end of it.
HALVES = {"AM": (time(8, 30), time(11, 30)), "PM": (time(13, 30), time(16, 30))}
MINUTES = {"booster": 180, "micro_lesson": 15}
ATTENDEES = 40


class NoSlot(Exception):
    """No such time in this part of the year; perhaps later."""


@dataclass(frozen=True)
class Course:
    code: str
    format: str
    pools: tuple[str, ...]
    audience: tuple[str, ...]
    until: date


@dataclass
class Lecturer:
    """What decides whether he may be asked; kept up to date by what the driver does to him."""

    code: str
    id: str
    pool: str
    courses: frozenset[str]
    half_days: set[str]
    week_cap: int
    until: date
    away: list[tuple[date, date]] = field(default_factory=list)
    engaged: list[datetime] = field(default_factory=list)

    def left(self, on: date) -> int:
        """How many lessons of that week he can still take."""
        week = on.isocalendar()[:2]
        return self.week_cap - sum(e.date().isocalendar()[:2] == week for e in self.engaged)

    def free(self, on: date, half: str) -> bool:
        if f"{WEEKDAYS[on.weekday()]}_{half}" not in self.half_days or on > self.until:
            return False
        if any(first <= on <= last for first, last in self.away) or self.left(on) < 1:
            return False
        return all(e.date() != on for e in self.engaged)


class Slot(NamedTuple):
    """A course at a school at a time that is nobody else's."""

    school: str
    course: str
    format: str
    audience: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime

    @property
    def wish(self) -> dict[str, str]:
        return {"starts_at": self.starts_at.isoformat(), "ends_at": self.ends_at.isoformat()}

    def line(self, *others: "Slot") -> dict[str, Any]:
        """A line of a letter; the other slots are further wishes."""
        return {
            "course_id": str(reference_id(DISTRICT, self.course)),
            "delivery": "classroom",
            "wishes": [self.wish, *(other.wish for other in others)],
            "venue_id": str(reference_id(DISTRICT, self.school.replace("SCH", "VEN"))),
            "audience": list(self.audience),
            "expected_attendees": ATTENDEES,
            "preferred_lecturers": [],
            "notes": "龘𠮷 🎓",
        }


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class World:
    """Schools, courses, lecturers and the days on which lessons are held."""

    def __init__(self) -> None:
        self.schools = [row["school_id"] for row in rows("schools")]
        self.courses = {
            row["course_id"]: Course(
                row["course_id"],
                row["format_code"],
                tuple(row["eligible_pools"].split("|")),
                tuple(row["audience"].split("|")),
                date.fromisoformat(row["valid_until"]),
            )
            for row in rows("courses")
            if "classroom" in row["delivery"] and row["status"] == "published"
        }
        self.lecturers = {
            str(reference_id(DISTRICT, row["lecturer_id"])): Lecturer(
                row["lecturer_id"],
                str(reference_id(DISTRICT, row["lecturer_id"])),
                row["pool"],
                frozenset(row["courses"].split("|")),
                set(row["availability"].split("|")),
                int(row["max_sessions_per_week"]),
                date.fromisoformat(row["appointment_end"]),
            )
            for row in rows("lecturers")
        }
        self._holidays = {
            date.fromisoformat(row["date"])
            for row in rows("workcalendar")
            if row["is_workday"] == "false"
        }
        self._able: dict[str, list[Lecturer]] = defaultdict(list)
        for course in self.courses.values():
            for lecturer in self.lecturers.values():
                if course.code in lecturer.courses and lecturer.pool in course.pools:
                    self._able[course.code].append(lecturer)

    def school_of(self, id: str) -> str:
        """The code behind an id."""
        return next(s for s in self.schools if str(reference_id(DISTRICT, s)) == id)

    def teaches_on(self, on: date) -> bool:
        return on.weekday() < 5 and on not in self._holidays

    def able(self, course: str, on: date, half: str) -> list[Lecturer]:
        """Who may be asked to give this course then, as far as the driver knows."""
        if on > self.courses[course].until:
            return []
        return [lecturer for lecturer in self._able[course] if lecturer.free(on, half)]

    def engage(self, lecturer_id: str, starts_at: datetime) -> None:
        self.lecturers[lecturer_id].engaged.append(starts_at.astimezone(ZONE))

    def idle(self, now: datetime) -> list[Lecturer]:
        """Lecturers who have promised nothing for now or later."""
        return [one for one in self.lecturers.values() if all(e < now for e in one.engaged[-20:])]


class Timetable:
    """Gives every slot away once; a school has one room."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._taken: dict[tuple[str, date], list[tuple[datetime, datetime]]]
        self._taken = defaultdict(list)
        self._claimed: dict[tuple[date, str], set[str]] = defaultdict(set)

    def slot(
        self,
        now: datetime,
        choose: random.Random,
        *,
        hours: tuple[float, float],
        format: str = "booster",
        able: int = 4,
        most: int = 1000,
        school: str | None = None,
        course: str | None = None,
        lecturer: Lecturer | None = None,
        spread: bool = False,
        but: date | None = None,
    ) -> Slot:
        """A slot that starts so many hours from now, with at least `able` and at most `most`
        lecturers who may be asked, among them this one. `spread`: anywhere in the half-day, for
        short lessons; otherwise lessons begin together, so that one stop of the clock serves
        several. `but`: not on that day."""
        now = now.astimezone(ZONE)
        courses = [c for c in self.world.courses.values() if c.format == format]
        courses = [c for c in courses if course in (None, c.code)]
        if lecturer is not None:
            courses = [c for c in courses if c.code in lecturer.courses]
            courses = [c for c in courses if lecturer.pool in c.pools]
        found = []
        for on, half in self._half_days(now, hours):
            if (lecturer is not None and not lecturer.free(on, half)) or on == but:
                continue
            for one in courses:
                them = {lecturer.id for lecturer in self.world.able(one.code, on, half)}
                if able <= len(them) <= most and on <= one.until:
                    found.append((on, half, one, them))
        choose.shuffle(found)
        # First where nobody is asked for another lesson at the same time.
        found.sort(key=lambda slot: bool(slot[3] & self._claimed[slot[0], slot[1]]))
        for on, half, one, them in found:
            starts_at, ends_at = self._times(on, half, format, choose, spread=spread)
            for name in [school] if school else choose.sample(self.world.schools, 11):
                if self._is_free(name, starts_at, ends_at):
                    self._taken[name, on].append((starts_at, ends_at))
                    self._claimed[on, half] |= them
                    return Slot(name, one.code, format, one.audience, starts_at, ends_at)
        raise NoSlot(f"{format} within {hours} hours, {able} lecturers")

    def _half_days(self, now: datetime, hours: tuple[float, float]) -> Iterator[tuple[date, str]]:
        first, last = (now + timedelta(hours=h) for h in hours)
        on = first.date()
        while on <= last.date():
            if self.world.teaches_on(on):
                for half, (opens, _) in HALVES.items():
                    if first <= datetime.combine(on, opens, ZONE) <= last:
                        yield on, half
            on += timedelta(days=1)

    def _times(
        self, on: date, half: str, format: str, choose: random.Random, *, spread: bool
    ) -> tuple[datetime, datetime]:
        starts_at = datetime.combine(on, HALVES[half][0], ZONE)
        if spread and format == "micro_lesson":
            starts_at += timedelta(minutes=15 * choose.randrange(11))
        return starts_at, starts_at + timedelta(minutes=MINUTES[format])

    def _is_free(self, school: str, starts_at: datetime, ends_at: datetime) -> bool:
        taken = self._taken[school, starts_at.date()]
        return all(ends_at <= a or starts_at >= b for a, b in taken)


def at(text: str) -> datetime:
    """An instant of an answer."""
    return datetime.fromisoformat(text).astimezone(ZONE)
