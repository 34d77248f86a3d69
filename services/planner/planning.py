"""Planner: from a problem to a plan that says how good it is and why it is not better."""

import time
from collections.abc import Iterable, Sequence

from services.planner.checks import validate
from services.planner.greedy import Desk
from services.planner.model import Model, build
from services.planner.plans import Options, Plan, Progress, Score, Status
from services.planner.problem import Assignment, Problem
from services.planner.scores import score, terms
from services.planner.search import Search
from services.planner.unserved import explain

# What is kept back for writing down why, and when to be short about it.
LAST_SHARE, HURRY = 0.04, 0.025


def plan(problem: Problem, options: Options | None = None) -> Plan:
    """The best plan found in the time given, or proven best before it ran out.

    `impossible`: there are lessons to plan and none of them can be given at all.
    """
    options = options or Options()
    return planned(problem, options, None)


def planned(problem: Problem, options: Options, lessons: Sequence[int] | None) -> Plan:
    """The same for some of the open lessons (None: all of them)."""
    began = time.monotonic()
    until = began + options.seconds * (1 - LAST_SHARE)
    model = build(problem, score(problem, problem.fixed), lessons)

    def tell(search: Search, phase: str, better: bool) -> None:
        if options.heard is not None:
            best = assignments(model, search.model.taken(search.values)) if better else None
            seconds = time.monotonic() - began
            options.heard(Progress(phase, search.best, search.proven, seconds, best))

    search = Search(model, until=until, seed=options.seed, tell=tell)
    search.run(places(model, options.start))
    found = assignments(model, model.taken(search.values))
    status = Status.OPTIMAL if search.closed else Status.FEASIBLE
    if not len(model.table) and (problem.open if lessons is None else lessons):
        status = Status.IMPOSSIBLE
    asked, late = problem.open if lessons is None else lessons, options.seconds * (1 - HURRY)
    return told(problem, found, status, search, began, asked, began + late)


def told(
    problem: Problem,
    found: tuple[Assignment, ...],
    status: Status,
    search: Search,
    began: float,
    lessons: Iterable[int],
    late: float,
) -> Plan:
    served = {at.lesson for at in found}
    left = [lesson for lesson in lessons if lesson not in served]
    gone = (lesson for lesson in range(len(problem.lessons)) if lesson not in served)
    points = terms(problem, found)
    worth = Score(sum(problem.lessons[lesson].weight for lesson in gone), sum(points.values()))
    moved = tuple(at.lesson for at in found if problem.offered.get(at.lesson, at) != at)
    return Plan(
        assignments=found,
        status=status,
        score=worth,
        bound=worth if search.closed else search.proven,
        seconds=time.monotonic() - began,
        terms=points,
        unserved=tuple(explain(problem, found, left, late)),
        moved=moved,
        violations=tuple(validate(problem, found)),
    )


def assignments(model: Model, rows: Iterable[int]) -> tuple[Assignment, ...]:
    """The fixed lessons and these rows of the table."""
    return tuple(sorted((*model.problem.fixed, *(model.table.assignment(row) for row in rows))))


def places(model: Model, start: Iterable[Assignment]) -> list[int]:
    """The rows of the table that come nearest to a plan, without those that do not fit together."""
    wanted = {at.lesson: at for at in start if at.lesson not in model.problem.held}
    if not wanted or not len(model.table):
        return []
    desk, nearest = Desk(model), dict[int, tuple[int, int]]()
    table = model.table
    for row, lesson in enumerate(table.lesson.tolist()):
        at = wanted.get(lesson)
        if at is not None and int(table.lecturer[row]) == at.lecturer:
            apart = abs(int(table.start[row]) - at.start)
            nearest[lesson] = min(nearest.get(lesson, (apart, row)), (apart, row))
    for _, row in sorted(nearest.values()):
        if desk.alive[row]:
            desk.put(row)
    return desk.rows
