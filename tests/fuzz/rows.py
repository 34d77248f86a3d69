"""Fuzzing: real rows as one person sees them, and values taken from them by the name of a field."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import uuid4

from tests.tour import body_of
from tests.town import Town

Row = dict[str, Any]

# The path's segment before `{…}` and where its rows are listed. Lists without ids follow below.
LISTS = {
    "orders": "/api/booking/orders?limit=100",
    "lessons": "/api/booking/lessons?limit=100",
    "changes": "/api/booking/changes?limit=100",
    "schools": "/api/booking/schools",
    "venues": "/api/booking/venues?limit=100",
    "courses": "/api/catalog/courses?limit=100",
    "sites": "/api/catalog/sites?limit=100",
    "lecturers": "/api/lecturer/lecturers?limit=100",
    "offers": "/api/lecturer/offers?limit=100",
    "assignments": "/api/lecturer/assignments?limit=100",
    "appointments": "/api/lecturer/appointments?limit=100",
    "accounts": "/api/portal/accounts?limit=100",
    "api_keys": "/api/portal/api_keys",
    "messages": "/api/notify/messages?limit=100",
    "feeds": "/api/notify/feeds",
}
ALIKE = {"seats": "lessons", "review": "orders", "letters": "orders"}
ALIKE |= {"agenda": "assignments", "todo": "offers"}
# The field of a body, a query or a path, and the rows it names.
FIELDS = {
    "course_id": "courses",
    "order_id": "orders",
    "lesson_id": "lessons",
    "school_id": "schools",
    "home_school_id": "schools",
    "venue_id": "venues",
    "site_id": "sites",
    "site": "sites",
    "lecturer_id": "lecturers",
    "on_behalf_of": "lecturers",
    "lecturer_ids": "lecturers",
    "lecturers": "lecturers",
    "preferred_lecturers": "lecturers",
    "courses": "courses",
}


class Rows:
    """What `who` may see, asked for once and again after every change."""

    def __init__(self, town: Town, who: str, kept: set[str]) -> None:
        self.town, self.who = town, who
        self.kept = kept  # accounts and keys the run itself stands on: never aimed at
        self._lists: dict[str, list[Row]] = {}

    def forget(self) -> None:
        self._lists.clear()

    def of(self, name: str) -> list[Row]:
        name = ALIKE.get(name, name)
        if name not in self._lists:
            self._lists[name] = self._read(name)
        return self._lists[name]

    def known(self, name: str) -> bool:
        """Whether a list of such rows is read anywhere."""
        return name == "leave" or ALIKE.get(name, name) in LISTS

    def _read(self, name: str) -> list[Row]:
        if name == "leave":
            return [
                row
                for lecturer in self.of("lecturers")[:3]
                for row in self._items(f"/api/lecturer/lecturers/{lecturer['id']}/leave")
            ]
        rows = self._items(LISTS[name])
        if name in ("accounts", "api_keys"):
            rows = [row for row in rows if not self.kept & {row.get("id"), row.get("client_id")}]
        return rows

    def _items(self, path: str) -> list[Row]:
        answer = self.town.call(self.who, "GET", path)
        return list(answer.json()["items"]) if answer.is_success else []

    def row(self, name: str, random: Random, *, verb: str | None = None) -> Row | None:
        """One of them; rather one whose next moves name this verb."""
        rows = self.of(name) if self.known(name) else []
        ready = [row for row in rows if verb in row.get("moves", ())]
        if ready and random.random() < 0.8:
            return random.choice(ready)
        return random.choice(rows) if rows else None

    def value(self, field: str, random: Random) -> Any:
        """A real value for a field of that name; None when nothing real is known."""
        if field in FIELDS:
            row = self.row(FIELDS[field], random)
            return row and row["id"]
        make = SPOKEN.get(field)
        return make(self.town, random) if make else None


def _slot(town: Town, random: Random) -> tuple[str, str]:
    start = town.now().replace(hour=1, minute=0, second=0, microsecond=0)  # 09:00 in the district
    start += timedelta(days=random.randrange(20, 70), minutes=30 * random.randrange(4))
    return start.isoformat(), (start + timedelta(minutes=15)).isoformat()


def _line(town: Town, random: Random) -> Row:
    line: Row = random.choice(body_of("letter.json")["lines"])
    start, end = _slot(town, random)
    return line | {"wishes": [{"starts_at": start, "ends_at": end}]}


SPOKEN: dict[str, Callable[[Town, Random], Any]] = {
    "starts_at": lambda town, random: _slot(town, random)[0],
    "ends_at": lambda town, random: _slot(town, random)[1],
    "starts_on": lambda town, random: str(town.now().date()),
    "ends_on": lambda town, random: str(town.now().date() + timedelta(days=700)),
    "from": lambda town, random: (town.now() - timedelta(days=random.randrange(40))).isoformat(),
    "to": lambda town, random: (town.now() + timedelta(days=random.randrange(40))).isoformat(),
    "on": lambda town, random: str(town.now().date() + timedelta(days=random.randrange(90))),
    "year": lambda town, random: random.choice([2026, 2027]),
    "line": lambda town, random: random.randrange(1, 4),
    "lines.line": lambda town, random: _line(town, random),
    "name": lambda town, random: random.choice(["fix_days", "answer_clock", "time_zone"]),
    "appointment_id": lambda town, random: str(uuid4()),
    "leave_id": lambda town, random: str(uuid4()),
}
