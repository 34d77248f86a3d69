"""Planner: everybody for one lesson, the possible ones in order, the others with their reasons."""

from collections.abc import Iterable

from services.planner.board import Board, always
from services.planner.plans import Excluded, Ranked, Ranking, Reason
from services.planner.problem import Assignment, Problem


def rank(problem: Problem, current: Iterable[Assignment], lesson: int) -> Ranking:
    """Every lecturer at every start for this lesson, beside all the others of the plan."""
    board = Board(problem, (at for at in current if at.lesson != lesson))
    starts = problem.starts(lesson)
    possible: list[Ranked] = []
    excluded: list[Excluded] = []
    for lecturer in range(len(problem.lecturers)):
        static = always(problem, lesson, lecturer)
        if static:
            excluded.append(Excluded(lecturer, tuple(static), {}))
            continue
        blocked: dict[int, tuple[Reason, ...]] = {}
        for start, points in starts.items():
            reasons = board.reasons(lesson, lecturer, start)
            if reasons:
                blocked[start] = tuple(reasons)
            else:
                possible.append(ranked(problem, board, Assignment(lesson, lecturer, start), points))
        if blocked:
            excluded.append(Excluded(lecturer, (), blocked))
    possible.sort(key=lambda one: (one.points, one.start, one.lecturer))
    return Ranking(lesson, tuple(possible), tuple(excluded))


def ranked(problem: Problem, board: Board, at: Assignment, points: int) -> Ranked:
    """What this one would cost, by term."""
    requested, weights = problem.lessons[at.lesson].requested, problem.weights
    moved = problem.offered.get(at.lesson, at) != at
    terms = {
        "preference": points,
        "request": weights.request * (requested is not None and requested != at.lecturer),
        "rating": problem.flaw(at.lecturer),
        "move": weights.move * moved,
        "travel": board.ways(*at),
        "fairness": board.turn(at.lecturer),
    }
    return Ranked(at.lecturer, at.start, sum(terms.values()), terms)
