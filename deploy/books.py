"""Deploy: what the services say of themselves, collected for the audit: rows of every kind."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

Row = dict[str, Any]

# What is read, by service. `overdue` and `setting` are the kit's, everything else a table.
KINDS = {
    "portal": ("account",),
    "catalog": ("course", "site", "overdue"),
    "booking": (
        *("order_letter", "order_line", "lesson", "place_hold", "change", "edition"),
        *("course_copy", "site_copy", "staffing_copy", "setting", "overdue"),
    ),
    "lecturer": (
        *("appointment", "seat", "staffing", "offer", "assignment"),
        *("course_copy", "copied", "setting", "overdue"),
    ),
    "notify": (
        *("account", "lesson_copy", "assignment_copy", "staffing_copy"),
        *("setting", "overdue"),
    ),
}


class Look(NamedTuple):
    """One row that was looked at; `why` says what is wrong with it, "" that nothing is."""

    kind: str  # service.table
    id: str
    why: str = ""

    @property
    def row(self) -> str:
        return f"{self.kind} {self.id}"


Looks = Iterator[Look]


@dataclass
class Books:
    """Rows by `service.kind`, and the district time of each service when its reading began."""

    rows: Mapping[str, list[Row]]
    now: Mapping[str, datetime] = field(default_factory=dict)

    def __getitem__(self, kind: str) -> list[Row]:
        return self.rows.get(kind, [])

    def by_id(self, kind: str) -> dict[str, Row]:
        return {row["id"]: row for row in self[kind]}

    def grouped(self, kind: str, column: str) -> dict[str, list[Row]]:
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in self[kind]:
            groups[row[column]].append(row)
        return groups

    @cached_property
    def numbers(self) -> dict[str, str]:
        return {row["id"]: row["value"] for row in self["booking.setting"]}

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.numbers["time_zone"])

    @cached_property
    def settled(self) -> set[str]:
        """Lessons about which booking and lecturer have heard each other's newest word."""
        seats, staffing = self.by_id("lecturer.seat"), self.by_id("lecturer.staffing")
        copies = self.by_id("booking.staffing_copy")
        return {
            lesson["id"]
            for lesson in self["booking.lesson"]
            if version(seats.get(lesson["id"])) == lesson["version"]
            and version(copies.get(lesson["id"])) == version(staffing.get(lesson["id"]))
        }


def version(row: Row | None) -> int:
    """0 is not a word yet."""
    return int(row["version"]) if row else 0


def instant(value: str) -> datetime:
    return datetime.fromisoformat(value)


def read(get: Callable[[str], dict[str, Any]]) -> Books:
    """All of it; `get` answers a path with its JSON."""
    rows: dict[str, list[Row]] = {}
    now: dict[str, datetime] = {}
    for service, kinds in KINDS.items():
        now[service] = instant(get(f"/api/{service}/audit")["now"])
        for kind in kinds:
            rows[f"{service}.{kind}"] = _every(get, f"/api/{service}/audit?kind={kind}&limit=1000")
    return Books(rows, now)


def _every(get: Callable[[str], dict[str, Any]], path: str) -> list[Row]:
    found: list[Row] = []
    after: str | None = ""
    while after is not None:
        page = get(f"{path}&after={after}" if after else path)
        found += page["items"]
        after = page["next"]
    return found
