"""Planner: problems and plans in the neutral file form `lesson-dispatch/1`."""

import json
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, TypeVar

from services.planner.problem import (
    Assignment,
    Interval,
    Lecturer,
    Lesson,
    Problem,
    Site,
    Weights,
    Window,
)

SCHEMA = "lesson-dispatch/1"
T = TypeVar("T")


class Malformed(ValueError):
    """The file is not a problem: `where` (a path like lessons[3].site) and `why`."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where, self.why = where, why


class At:
    """A value in the file and the path that leads to it."""

    def __init__(self, value: Any, where: str) -> None:
        self.value, self.where = value, where

    def wrong(self, why: str) -> Malformed:
        return Malformed(self.where or "file", why)

    def __getitem__(self, key: str) -> "At":
        if not isinstance(self.value, dict):
            raise self.wrong("must be an object")
        where = f"{self.where}.{key}" if self.where else key
        if key not in self.value:
            raise Malformed(where, "is missing")
        return At(self.value[key], where)

    def number(self, least: int | None = None, below: int | None = None) -> int:
        value = self.value
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(f"must be a whole number, not {shown(value)}")
        if abs(value) > 10**9:
            raise self.wrong(f"{value} is beyond any sense")
        if least is not None and value < least:
            raise self.wrong(f"{value} is below {least}")
        if below is not None and value >= below:
            raise self.wrong(f"{value} is not one of 0..{below - 1}")
        return value

    def index(self, below: int) -> int:
        return self.number(0, below)

    def maybe(self, read: Callable[["At"], T]) -> T | None:
        return None if self.value is None else read(self)

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.wrong(f"must be true or false, not {shown(self.value)}")
        return self.value

    def entries(self, length: int | None = None) -> list["At"]:
        if not isinstance(self.value, list):
            raise self.wrong(f"must be a list, not {shown(self.value)}")
        if length is not None and len(self.value) != length:
            raise self.wrong(f"must have {length} entries, not {len(self.value)}")
        return [At(value, f"{self.where}[{i}]") for i, value in enumerate(self.value)]

    def ints(self, length: int, least: int | None = None) -> tuple[int, ...]:
        return tuple(entry.number(least) for entry in self.entries(length))

    def span(self) -> Interval:
        first, last = self.ints(2)
        if first > last:
            raise self.wrong(f"must not end before it begins: {shown(self.value)}")
        return first, last

    def rows(self) -> list["At"]:
        """A list of objects with ids 0..n-1, in order of id."""
        entries = self.entries()
        found: dict[int, At] = {}
        for entry in entries:
            id = entry["id"].index(len(entries))
            if id in found:
                raise entry["id"].wrong(f"{id} is given twice")
            found[id] = entry
        return [found[id] for id in range(len(entries))]


def shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}..."


def read(text: str | bytes) -> Problem:
    """The problem in a file's text. `Malformed` says where it is none and why."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("file", f"is not JSON: {error}") from None
    return read_value(value)


def read_value(value: Any) -> Problem:
    """The problem in a value already parsed from JSON."""
    file = At(value, "")
    if file["schema"].value != SCHEMA:
        raise file["schema"].wrong(f"must be {SCHEMA}, not {shown(file['schema'].value)}")
    sites, lecturers, lessons = (file[name].rows() for name in ("sites", "lecturers", "lessons"))
    people, places = len(lecturers), len(sites)
    name = value.get("name", "")
    return Problem(
        name=name if isinstance(name, str) else "",
        days=file["days"].number(1),
        grid=file["grid"].number(1),
        month_len=file["month_len"].number(1),
        weights=_weights(file["weights"]),
        sites=tuple(_site(row) for row in sites),
        lecturers=tuple(_lecturer(row) for row in lecturers),
        lessons=tuple(_lesson(row, people, places) for row in lessons),
        site_travel=_table(file["site_travel"], places, places),
        home_travel=_table(file["home_travel"], people, places),
        fixed=_assignments(file["fixed"], len(lessons), people),
        offers=_assignments(file["offers"], len(lessons), people),
        budgets=_budgets(file["budgets"]),
    )


def _weights(row: At) -> Weights:
    names = ("request", "move", "travel", "fair", "rating")
    return Weights(
        travel_div=row["travel_div"].number(1), **{name: row[name].number(0) for name in names}
    )


def _site(row: At) -> Site:
    return Site(
        rooms=row["rooms"].number(0), seats=row["seats"].number(0), school=row["school"].number()
    )


def _lecturer(row: At) -> Lecturer:
    caps = ("max_day", "max_week", "max_month", "prior", "max_travel", "fee")
    return Lecturer(
        pool=row["pool"].number(),
        courses=frozenset(course.number() for course in row["courses"].entries()),
        free=tuple(entry.span() for entry in row["avail"].entries()),
        valid=row["valid"].span(),
        rating=row["rating"].number(0, 51),
        **{name: row[name].number(0) for name in caps},
    )


def _lesson(row: At, people: int, places: int) -> Lesson:
    return Lesson(
        course=row["course"].number(),
        site=row["site"].index(places),
        school=row["school"].number(),
        segments=_segments(row["segments"]),
        windows=tuple(_window(entry) for entry in row["windows"].entries()),
        weight=row["weight"].number(0),
        audience=row["audience"].number(0),
        load=row["load"].number(0),
        pool=row["pool"].maybe(At.number),
        requested=row["requested"].maybe(lambda at: at.index(people)),
        strict=row["strict"].flag(),
    )


def _segments(row: At) -> tuple[tuple[int, int], ...]:
    found = tuple(
        (entry.entries(2)[0].number(0), entry.entries(2)[1].number(1)) for entry in row.entries()
    )
    if not found:
        raise row.wrong("is empty: a lesson has at least one segment")
    ordered = sorted(found)
    for (offset, minutes), (after, _) in pairwise(ordered):
        if offset + minutes > after:
            raise row.wrong("segments of one lesson overlap")
    return found


def _window(row: At) -> Window:
    opens, closes, points = row.ints(3)
    if opens > closes or points < 0:
        raise row.wrong(f"must close after it opens, points from 0: {shown(row.value)}")
    return Window(opens, closes, points)


def _table(rows: At, height: int, width: int) -> tuple[tuple[int, ...], ...]:
    return tuple(row.ints(width, 0) for row in rows.entries(height))


def _assignments(rows: At, lessons: int, people: int) -> tuple[Assignment, ...]:
    found: dict[int, Assignment] = {}
    for row in rows.entries():
        lesson, lecturer, start = row.entries(3)
        one = Assignment(lesson.index(lessons), lecturer.index(people), start.number())
        if one.lesson in found:
            raise row.wrong(f"lesson {one.lesson} is given twice")
        found[one.lesson] = one
    return tuple(found.values())


def _budgets(rows: At) -> dict[int, int]:
    found: dict[int, int] = {}
    for row in rows.entries():
        school, most = row.ints(2)
        if school in found or most < 0:
            why = "is given twice" if school in found else f"may spend {most}"
            raise row.wrong(f"school {school} {why}")
        found[school] = most
    return found


def read_assignments(value: Any, problem: Problem) -> tuple[Assignment, ...]:
    """The assignments of a plan file for this problem."""
    return read_triples(At(value, "")["assignments"], problem)


def read_triples(rows: At, problem: Problem) -> tuple[Assignment, ...]:
    """[[lesson, lecturer, start], ...] of this problem, each lesson at most once."""
    return _assignments(rows, len(problem.lessons), len(problem.lecturers))


def write(problem: Problem) -> dict[str, Any]:
    """The problem as a value for JSON; `read_value` gives it back."""
    weights = problem.weights
    return {
        "schema": SCHEMA,
        "name": problem.name,
        "days": problem.days,
        "grid": problem.grid,
        "month_len": problem.month_len,
        "weights": dict(vars(weights)),
        "sites": _numbered({**vars(site)} for site in problem.sites),
        "lecturers": _numbered(_lecturer_row(person) for person in problem.lecturers),
        "lessons": _numbered(_lesson_row(lesson) for lesson in problem.lessons),
        "site_travel": [list(row) for row in problem.site_travel],
        "home_travel": [list(row) for row in problem.home_travel],
        "fixed": [list(one) for one in problem.fixed],
        "offers": [list(one) for one in problem.offers],
        "budgets": [[school, most] for school, most in sorted(problem.budgets.items())],
    }


def _numbered(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": id, **row} for id, row in enumerate(rows)]


def _lecturer_row(person: Lecturer) -> dict[str, Any]:
    row = _fields(person)
    row["avail"] = [list(span) for span in row.pop("free")]
    return row | {"courses": sorted(person.courses), "valid": list(person.valid)}


def _lesson_row(lesson: Lesson) -> dict[str, Any]:
    return _fields(lesson) | {
        "segments": [list(part) for part in lesson.segments],
        "windows": [list(window) for window in lesson.windows],
    }


def _fields(row: Lecturer | Lesson) -> dict[str, Any]:
    names: Mapping[str, Any] = type(row).__dataclass_fields__
    return {name: getattr(row, name) for name in names}
