"""Letters that can be submitted in the reference district, at times nobody else uses."""

import csv
import random
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from deploy.call import DISTRICT
from deploy.home import REFERENCE
from services.kit.ids import reference_id

ZONE = ZoneInfo("Asia/Shanghai")
FIRST, LAST = date(2026, 12, 7), date(2027, 12, 17)
HOURS = [time(8, 30), time(9, 30), time(10, 30), time(11, 30)]
HOURS += [time(13, 30), time(14, 30), time(15, 30), time(16, 30)]


def _rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


SCHOOLS = [row["school_id"] for row in _rows("schools")]
VENUES = {row["school_id"]: row["venue_id"] for row in _rows("venues")}
# A quarter of an hour each: many fit into a day, and many people teach them.
COURSES = [
    row["course_id"]
    for row in _rows("courses")
    if row["format_code"] == "micro_lesson" and row["valid_until"] > str(LAST)
]
DAYS = [
    date.fromisoformat(row["date"])
    for row in _rows("workcalendar")
    if row["is_workday"] == "true"
    and str(FIRST) <= row["date"] <= str(LAST)
    and date.fromisoformat(row["date"]).weekday() < 5
]


class Letters:
    """Writes letters; each slot of a school is used once. Safe for several threads, as long as no
    two of them write for the same school."""

    def __init__(self, seed: int | str, *, first: date = FIRST) -> None:
        self._random = random.Random(str(seed))
        self._days = [day for day in DAYS if day >= first]
        self._used = defaultdict[str, Any](count)

    def write(self, school: str, *, lines: int, title: str = "") -> dict[str, Any]:
        """The body of a PUT."""
        return {
            "title": title,
            "contact_name": "联络员（虚构）",
            "contact_phone": "000-0000-1000",
            "notes": "龘𠮷 🎓",
            "lines": [self._line(school) for _ in range(lines)],
        }

    def _line(self, school: str) -> dict[str, Any]:
        # One a day, then the next hour: there are never many lessons on a day.
        hour, day = divmod(next(self._used[school]), len(self._days))
        starts_at = datetime.combine(self._days[day], HOURS[hour % len(HOURS)], ZONE)
        slot = {
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(minutes=15)).isoformat(),
        }
        return {
            "course_id": str(reference_id(DISTRICT, self._random.choice(COURSES))),
            "delivery": "classroom",
            "wishes": [slot],
            "venue_id": str(reference_id(DISTRICT, VENUES[school])),
            "audience": ["branch_secretary"],
            "expected_attendees": 30,
        }
