"""Planner: what can happen to a plan after it was made, and the problem as it is then."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from services.planner.problem import Interval, Lecturer, Lesson, Problem, Window


@dataclass(frozen=True)
class Away:
    """A leave or an illness: the lecturer cannot teach in [begins, ends)."""

    lecturer: int
    begins: int
    ends: int


@dataclass(frozen=True)
class Lapsed:
    """The lecturer's appointment ends earlier."""

    lecturer: int
    ends: int


@dataclass(frozen=True)
class Closed:
    """No lesson at this site (None: at any, a holiday) in [begins, ends)."""

    begins: int
    ends: int
    site: int | None = None


@dataclass(frozen=True)
class Withdrawn:
    """No lesson of this course from `begins` on."""

    course: int
    begins: int


Event = Away | Lapsed | Closed | Withdrawn
T = TypeVar("T")
FOREVER = 1 << 40


def after(problem: Problem, events: Iterable[Event]) -> Problem:
    """The problem once these things have happened."""
    people, lessons = dict[int, Lecturer](), dict[int, Lesson]()
    for event in events:
        if isinstance(event, Away):
            person = people.get(event.lecturer, problem.lecturers[event.lecturer])
            free = without(person.spans, (event.begins, event.ends))
            people[event.lecturer] = replace(person, free=free)
        elif isinstance(event, Lapsed):
            person = people.get(event.lecturer, problem.lecturers[event.lecturer])
            ends = min(person.valid[1], event.ends)
            people[event.lecturer] = replace(person, valid=(min(person.valid[0], ends), ends))
        else:
            for i, lesson in enumerate(problem.lessons):
                gone = shut(event, lesson)
                if gone is not None:
                    known = lessons.get(i, lesson)
                    lessons[i] = replace(known, windows=open_windows(known, gone))
    return replace(
        problem,
        lecturers=changed(problem.lecturers, people),
        lessons=changed(problem.lessons, lessons),
    )


def changed(rows: tuple[T, ...], new: Mapping[int, T]) -> tuple[T, ...]:
    if not new:
        return rows
    return tuple(new.get(i, row) for i, row in enumerate(rows))


def shut(event: Closed | Withdrawn, lesson: Lesson) -> Interval | None:
    """When this event leaves no place for the lesson; None: it has nothing to do with it."""
    if isinstance(event, Closed):
        mine = event.site is None or event.site == lesson.site
        return (event.begins, event.ends) if mine else None
    return (event.begins, FOREVER) if event.course == lesson.course else None


def open_windows(lesson: Lesson, gone: Interval) -> tuple[Window, ...]:
    """What is left of the windows: no lesson spans a time that is gone."""
    found = []
    for window in lesson.windows:
        parts = without(((window.opens, window.closes),), gone)
        found += [Window(opens, closes, window.points) for opens, closes in parts]
    return tuple(found)


def without(spans: Iterable[Interval], gone: Interval) -> tuple[Interval, ...]:
    left = []
    for opens, closes in spans:
        for a, b in ((opens, min(closes, gone[0])), (max(opens, gone[1]), closes)):
            if a < b:
                left.append((a, b))
    return tuple(left)
