"""Planner: a plan after a bad morning, with the least disturbance."""

import time
from collections.abc import Collection, Iterable
from dataclasses import replace

from services.planner.events import FOREVER, Event, after, changed, open_windows
from services.planner.planning import planned
from services.planner.plans import Options, Plan, Score
from services.planner.problem import Assignment, Lesson, Problem, Window
from services.planner.scores import terms


def touched(
    problem: Problem, current: Iterable[Assignment], events: Iterable[Event], now: int
) -> tuple[int, ...]:
    """The lessons of the plan, not yet begun, that cannot stay as they are."""
    return hurt(after(problem, events), problem, list(current), now)


def repair(
    problem: Problem,
    current: Iterable[Assignment],
    events: Iterable[Event],
    pinned: Collection[int],
    now: int,
    options: Options | None = None,
) -> Plan:
    """The plan with the touched lessons given anew; every other lesson stays where it is.

    Keeping a touched lesson's time and changing only its lecturer costs the least. Pinned lessons
    and those that begin before `now` are never changed, touched or not. `moved`: the lessons that
    were changed; `unserved`: those that nobody can take at any time its school offered.
    """
    began, plan, what = time.monotonic(), list(current), list(events)
    later = after(problem, what)
    broken = [i for i in hurt(later, problem, plan, now) if i not in pinned]
    where = {at.lesson: at for at in plan}
    late = replace(
        later,
        fixed=tuple(at for at in plan if at.lesson not in broken),
        offers=tuple(where[lesson] for lesson in broken),
    )
    wishes = dict[int, Lesson]()
    for lesson in broken:
        wishes[lesson] = staying(late, lesson, where[lesson].start, now)
    near = replace(late, lessons=changed(late.lessons, wishes))
    found = planned(near, options or Options(seconds=5), broken)
    served = {at.lesson: at for at in found.assignments}
    points = terms(late, found.assignments)
    return replace(
        found,
        score=Score(found.score.unserved, sum(points.values())),
        terms=points,
        moved=tuple(i for i in broken if served.get(i) != where[i]),
        seconds=time.monotonic() - began,
    )


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
