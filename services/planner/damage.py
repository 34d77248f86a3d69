"""Planner: what a bad morning breaks in a plan, and the problem that is left to solve."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from services.planner.events import FOREVER, Event, after, changed, open_windows
from services.planner.problem import Assignment, Lesson, Problem, Window


@dataclass(frozen=True)
class Damage:
    """A plan and what has happened to it since. Pinned lessons and those that begin before `now`
    are never changed, touched or not."""

    problem: Problem
    current: tuple[Assignment, ...]
    events: tuple[Event, ...]
    pinned: frozenset[int] = frozenset()
    now: int = 0

    @cached_property
    def touched(self) -> tuple[int, ...]:
        """The lessons of the plan, not yet begun, that cannot stay as they are."""
        return touched(self.problem, self.current, self.events, self.now)

    @cached_property
    def broken(self) -> tuple[int, ...]:
        """Those of them that may be given anew."""
        return tuple(lesson for lesson in self.touched if lesson not in self.pinned)

    @cached_property
    def where(self) -> dict[int, Assignment]:
        return {at.lesson: at for at in self.current}

    @cached_property
    def later(self) -> Problem:
        """The problem as it is now: the broken lessons are open, all others stay."""
        return replace(
            after(self.problem, self.events),
            fixed=tuple(at for at in self.current if at.lesson not in self.broken),
            offers=tuple(self.where[lesson] for lesson in self.broken),
        )

    @cached_property
    def near(self) -> Problem:
        """The same, each broken lesson wishing to keep its time."""
        wishes = dict[int, Lesson]()
        for lesson in self.broken:
            wishes[lesson] = staying(self.later, lesson, self.where[lesson].start, self.now)
        return replace(self.later, lessons=changed(self.later.lessons, wishes))

    def moved(self, found: Iterable[Assignment]) -> tuple[int, ...]:
        """The broken lessons that are not where they were."""
        served = {at.lesson: at for at in found}
        return tuple(i for i in self.broken if served.get(i) != self.where[i])


def touched(
    problem: Problem, current: Iterable[Assignment], events: Iterable[Event], now: int
) -> tuple[int, ...]:
    """The lessons of the plan, not yet begun, that cannot stay as they are."""
    return hurt(after(problem, events), problem, list(current), now)


def hurt(later: Problem, before: Problem, plan: Iterable[Assignment], now: int) -> tuple[int, ...]:
    """What could be given as it stands before and cannot be later."""
    found = []
    for at in plan:
        if at.start + before.lessons[at.lesson].first < now:
            continue
        same = (
            later.lessons[at.lesson] is before.lessons[at.lesson]
            and later.lecturers[at.lecturer] is before.lecturers[at.lecturer]
        )
        if not same and stands(before, at) - stands(later, at):
            found.append(at.lesson)
    return tuple(sorted(found))


def stands(problem: Problem, at: Assignment) -> set[str]:
    """Which of the rules an event can change hold for it."""
    lesson, person = problem.lessons[at.lesson], problem.lecturers[at.lecturer]
    begins, ends = at.start + lesson.first, at.start + lesson.last
    rules = {
        "window": any(w.opens <= begins and ends <= w.closes for w in lesson.windows),
        "valid": person.valid[0] <= begins and ends <= person.valid[1],
        "free": all(
            any(a <= x and y <= b for a, b in person.spans) for x, y in lesson.at(at.start)
        ),
    }
    return {name for name, holds in rules.items() if holds}


def staying(problem: Problem, lesson: int, start: int, now: int) -> Lesson:
    """The lesson wishing to keep its time: any other costs a move more. Nothing before now."""
    wanted = problem.lessons[lesson]
    coming = open_windows(wanted, (-FOREVER, now))
    own = Window(start + wanted.first, start + wanted.last, 0)
    windows = [
        Window(own.opens, own.closes, window.points)
        for window in coming
        if window.opens <= own.opens and own.closes <= window.closes
    ]
    extra = problem.weights.move
    windows += [Window(opens, closes, points + extra) for opens, closes, points in coming]
    return replace(wanted, windows=tuple(windows))
