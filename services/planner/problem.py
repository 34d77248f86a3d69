"""Planner: a planning problem as values.

Times are minutes from 00:00 of day 0 of the horizon. Sites, lecturers and lessons are named by
their place in the tuples; a service keeps its own ids beside them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

DAY = 1440
WEEK = 7

Interval = tuple[int, int]


class Assignment(NamedTuple):
    """This lecturer gives this lesson, starting at this minute."""

    lesson: int
    lecturer: int
    start: int


class Window(NamedTuple):
    """A time the school can take the lesson, half-open, and what choosing it costs."""

    opens: int
    closes: int
    points: int


@dataclass(frozen=True)
class Weights:
    """Soft points: per request not honoured, per moved offer, per way, per lesson given before."""

    request: int = 20
    move: int = 40
    travel: int = 1
    travel_div: int = 5
    fair: int = 3
    rating: int = 1


@dataclass(frozen=True)
class Site:
    """A teaching place: how many lessons at once, and how many people in one."""

    rooms: int
    seats: int
    school: int


@dataclass(frozen=True)
class Lecturer:
    """A lecturer. `free`: times he can teach, busy time, holidays and leave already removed."""

    pool: int
    courses: frozenset[int]
    free: tuple[Interval, ...]
    valid: Interval
    max_day: int
    max_week: int
    max_month: int
    rating: int
    prior: int
    max_travel: int
    fee: int

    @cached_property
    def spans(self) -> tuple[Interval, ...]:
        """`free` in order of time, touching and overlapping intervals joined."""
        joined: list[Interval] = []
        for opens, closes in sorted(self.free):
            if joined and opens <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(closes, joined[-1][1]))
            else:
                joined.append((opens, closes))
        return tuple(joined)


@dataclass(frozen=True)
class Lesson:
    """A lesson to plan. `segments`: (offset from the start, minutes), three for a camp."""

    course: int
    site: int
    school: int
    segments: tuple[tuple[int, int], ...]
    windows: tuple[Window, ...]
    weight: int
    audience: int
    load: int
    pool: int | None = None
    requested: int | None = None
    strict: bool = False

    @cached_property
    def first(self) -> int:
        return min(offset for offset, _ in self.segments)

    @cached_property
    def last(self) -> int:
        return max(offset + minutes for offset, minutes in self.segments)

    def at(self, start: int) -> list[Interval]:
        return [(start + offset, start + offset + minutes) for offset, minutes in self.segments]

    def days(self, start: int) -> list[int]:
        """Every day the lesson touches."""
        if len(self.segments) == 1:
            offset, minutes = self.segments[0]
            day = (start + offset) // DAY
            if start + offset + minutes <= (day + 1) * DAY:
                return [day]
        return sorted({d for a, b in self.at(start) for d in range(a // DAY, (b - 1) // DAY + 1)})


@dataclass(frozen=True)
class Problem:
    """Everything a plan depends on. `fixed` stays as it is; `offers` may move at a price."""

    days: int
    grid: int
    month_len: int
    weights: Weights
    sites: tuple[Site, ...]
    lecturers: tuple[Lecturer, ...]
    lessons: tuple[Lesson, ...]
    site_travel: tuple[tuple[int, ...], ...]
    home_travel: tuple[tuple[int, ...], ...]
    fixed: tuple[Assignment, ...] = ()
    offers: tuple[Assignment, ...] = ()
    budgets: Mapping[int, int] = field(default_factory=dict)
    name: str = ""

    @cached_property
    def offered(self) -> dict[int, Assignment]:
        return {offer.lesson: offer for offer in self.offers}

    @cached_property
    def held(self) -> dict[int, Assignment]:
        return {fixed.lesson: fixed for fixed in self.fixed}

    @cached_property
    def open(self) -> tuple[int, ...]:
        """The lessons to plan: all but the fixed ones."""
        return tuple(i for i in range(len(self.lessons)) if i not in self.held)

    @cached_property
    def teachers(self) -> dict[int, tuple[int, ...]]:
        """By course, who is qualified for it."""
        found: dict[int, list[int]] = {}
        for lecturer, person in enumerate(self.lecturers):
            for course in person.courses:
                found.setdefault(course, []).append(lecturer)
        return {course: tuple(people) for course, people in found.items()}

    def week(self, start: int) -> int:
        return start // DAY // WEEK

    def month(self, start: int) -> int:
        return start // DAY // self.month_len

    def starts(self, lesson: int) -> dict[int, int]:
        """The starts that fit the lesson's windows and the grid, with the cheapest points."""
        wanted, found = self.lessons[lesson], dict[int, int]()
        for window in wanted.windows:
            for start in self._fitting(wanted, window):
                found[start] = min(window.points, found.get(start, window.points))
        return dict(sorted(found.items()))

    def _fitting(self, lesson: Lesson, window: Window) -> Iterator[int]:
        earliest = -(-(window.opens - lesson.first) // self.grid) * self.grid
        yield from range(earliest, window.closes - lesson.last + 1, self.grid)

    def way(self, lecturer: int, site: int) -> int:
        """Points of one visit of a site on a day."""
        twice = 2 * self.home_travel[lecturer][site]
        return self.weights.travel * twice // self.weights.travel_div

    def flaw(self, lecturer: int) -> int:
        """Points of a lesson by a lecturer who is not rated best."""
        return self.weights.rating * (50 - self.lecturers[lecturer].rating) // 5

    def fee(self, lesson: int, lecturer: int) -> int:
        return self.lecturers[lecturer].fee * self.lessons[lesson].load

    def price(self, at: Assignment, points: int) -> int:
        """Soft points of one assignment by itself: window, request, rating, moved offer."""
        requested = self.lessons[at.lesson].requested
        other = requested is not None and requested != at.lecturer
        moved = at.lesson in self.offered and self.offered[at.lesson] != at
        return (
            points
            + self.weights.request * other
            + self.flaw(at.lecturer)
            + self.weights.move * moved
        )
