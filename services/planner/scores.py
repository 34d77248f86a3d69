"""Planner: what a plan is worth."""

from collections import Counter
from collections.abc import Iterable

from services.planner.plans import Score
from services.planner.problem import Assignment, Problem


def score(problem: Problem, assignments: Iterable[Assignment]) -> Score:
    """Weight of the lessons not served, then soft points; lower is better."""
    plan = list(assignments)
    served = {at.lesson for at in plan}
    lost = sum(lesson.weight for i, lesson in enumerate(problem.lessons) if i not in served)
    return Score(lost, sum(terms(problem, plan).values()))


def terms(problem: Problem, assignments: Iterable[Assignment]) -> dict[str, int]:
    """The soft points by name. Fixed lessons cost ways and fairness, nothing else."""
    weights, plan = problem.weights, list(assignments)
    free = [at for at in plan if at.lesson not in problem.held]
    requested = [(problem.lessons[at.lesson].requested, at.lecturer) for at in free]
    moved = [at for at in free if problem.offered.get(at.lesson, at) != at]
    visits = {
        (at.lecturer, day, problem.lessons[at.lesson].site)
        for at in plan
        for day in problem.lessons[at.lesson].days(at.start)
    }
    given = Counter(at.lecturer for at in plan)
    return {
        "preference": sum(_points(problem, at) for at in free),
        "request": weights.request * sum(a is not None and a != b for a, b in requested),
        "rating": sum(problem.flaw(at.lecturer) for at in free),
        "move": weights.move * len(moved),
        "travel": sum(problem.way(lecturer, site) for lecturer, _, site in visits),
        "fairness": weights.fair
        * sum(_steps(problem.lecturers[j].prior, k) for j, k in given.items()),
    }


def _points(problem: Problem, at: Assignment) -> int:
    lesson = problem.lessons[at.lesson]
    fitting = [
        window.points
        for window in lesson.windows
        if window.opens <= at.start + lesson.first and at.start + lesson.last <= window.closes
    ]
    # Outside every window a plan is not valid; it is still counted, so that both can be shown.
    return min(fitting, default=0)


def _steps(prior: int, given: int) -> int:
    """The sum of the counts he stood at before each lesson: it grows faster than the count."""
    total = prior + given
    return (total * (total - 1) - prior * (prior - 1)) // 2
