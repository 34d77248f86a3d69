"""Season: what the schools wish for. Favourite courses, favourite mornings, one room each."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from deploy.call import DISTRICT
from services.kit.ids import reference_id
from tests.random.world import ZONE, Course, World, rows

FEW = 15  # minutes of a short lesson
HALVES = {"AM": (time(8, 30), time(11, 30)), "PM": (time(13, 30), time(16, 30))}
# Everybody wants the first lesson after the meeting on Tuesday, nobody Friday afternoon.
DAYS = (3, 6, 4, 5, 2)
MOST_LINES = 25


@dataclass
class Demand:
    """The wishes of a season: `many` lessons between two days. The same seed, the same wishes."""

    many: int
    first_on: date
    last_on: date
    seed: int
    short: float = 0.3  # share of short lessons
    wishes: tuple[int, ...] = (6, 3, 1)  # how often one, two, three of them
    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        self.choose = random.Random(f"season {self.seed} {self.many}")
        self.capacity = {row["school_id"]: int(row["capacity"]) for row in rows("venues")}
        open_ = [c for c in self.world.courses.values() if c.until >= self.last_on]
        self.courses = {
            format: self.choose.sample(mine, len(mine))
            for format in ("booster", "micro_lesson")
            if (mine := [c for c in open_ if c.format == format])
        }
        every = [
            self.first_on + timedelta(days=n)
            for n in range((self.last_on - self.first_on).days + 1)
        ]
        self.days = [day for day in every if self.world.teaches_on(day)]

    def letters(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The school and the body of each letter."""
        lines: dict[str, list[dict[str, Any]]] = {school: [] for school in self.world.schools}
        for _ in range(self.many):
            school = self.choose.choice(self.world.schools)
            lines[school].append(self._line(school))
        for school, wanted in lines.items():
            for first in range(0, len(wanted), MOST_LINES):
                yield school, self._letter(wanted[first : first + MOST_LINES])

    def _letter(self, lines: list[dict[str, Any]]) -> dict[str, Any]:
        urgent = self.choose.random() < 0.2
        return {
            "title": "学期约课",
            "contact_name": "联络员（虚构）",
            "contact_phone": "000-0000-1000",
            "notes": "",
            "urgent": urgent,
            "urgent_reason": "年终部署" if urgent else "",
            "lines": lines,
        }

    def _line(self, school: str) -> dict[str, Any]:
        format = "micro_lesson" if self.choose.random() < self.short else "booster"
        course = self._favourite(self.courses[format])
        many = self.choose.choices((1, 2, 3), self.wishes)[0]
        wishes: dict[datetime, dict[str, str]] = {}
        while len(wishes) < many:
            starts_at, ends_at = self._half_day(format)
            wishes[starts_at] = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
        return {
            "course_id": str(reference_id(DISTRICT, course.code)),
            "delivery": "classroom",
            "wishes": list(wishes.values()),
            "venue_id": str(reference_id(DISTRICT, school.replace("SCH", "VEN"))),
            "audience": list(course.audience),
            "expected_attendees": 40,
            "preferred_lecturers": [],
            "notes": "",
        }

    def _favourite(self, courses: list[Course]) -> Course:
        """The third favourite is wished for a third as often as the first."""
        return self.choose.choices(courses, [1 / n for n in range(1, len(courses) + 1)])[0]

    def _half_day(self, format: str) -> tuple[datetime, datetime]:
        on = self.choose.choices(self.days, [DAYS[day.weekday()] for day in self.days])[0]
        opens, closes = HALVES["AM" if self.choose.random() < 0.65 else "PM"]
        starts_at = datetime.combine(on, opens, ZONE)
        if format == "booster":
            return starts_at, datetime.combine(on, closes, ZONE)
        starts_at += timedelta(minutes=30 * self.choose.randrange(5))
        return starts_at, starts_at + timedelta(minutes=60)
