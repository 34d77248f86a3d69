"""Planner: why lessons are left out, and the smallest thing that would let each in."""

import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from services.planner.board import Board, always
from services.planner.plans import Change, Reason, Unserved
from services.planner.problem import DAY, Assignment, Problem

# Single reasons that a decision can lift, the cheapest first, and the name of the decision.
LIFTED = {
    "week_cap": "one_more_a_week",
    "day_cap": "one_more_a_day",
    "month_cap": "one_more_a_month",
    "venue_full": "another_room",
    "not_available": "more_availability",
    "wrong_pool": "another_pool",
    "not_the_requested_lecturer": "another_lecturer",
    "over_budget": "more_budget",
    "appointment_not_valid": "renew_appointment",
    "too_far": "farther_travel",
    "travel_buffer": "move_a_neighbour",
    "already_teaching": "move_a_neighbour",
}
MOST_TOOK, MOST_TRIED = 12, 400
FEW_STARTS, FEW_PEOPLE = 2, 8  # are looked at when the time is over


def explain(
    problem: Problem,
    plan: Sequence[Assignment],
    lessons: Iterable[int],
    until: float = math.inf,
) -> Iterator[Unserved]:
    """Each of these lessons, judged beside the plan, the heaviest first; after `until` (of
    time.monotonic) by a few of its starts and lecturers only."""
    asked = list(lessons)
    board = Board(problem, plan if asked else ())
    asked.sort(key=lambda lesson: -problem.lessons[lesson].weight)
    found = [_explain(problem, board, i, in_time=time.monotonic() < until) for i in asked]
    yield from sorted(found, key=lambda gone: gone.lesson)


def _explain(problem: Problem, board: Board, lesson: int, *, in_time: bool) -> Unserved:
    starts: Sequence[int] = tuple(problem.starts(lesson))
    qualified: Sequence[int] = problem.teachers.get(problem.lessons[lesson].course, ())
    counts: Counter[str] = Counter()
    counts["not_qualified"] = (len(problem.lecturers) - len(qualified)) * len(starts)
    if not in_time:
        starts, qualified = thinned(starts, FEW_STARTS), thinned(qualified, FEW_PEOPLE)
    took: Counter[int] = Counter()
    single: dict[str, Reason] = {}
    fits = False
    for lecturer in qualified:
        static = always(problem, lesson, lecturer)
        for start in starts:
            found = [*static, *board.reasons(lesson, lecturer, start)]
            counts.update(reason.code for reason in found)
            if not static:
                took.update(taken_by(board, found))
            if len(found) == 1:
                single.setdefault(found[0].code, found[0])
            fits = fits or not found
    counts = +counts
    return Unserved(
        lesson,
        _headline(problem, lesson, counts, starts=bool(starts), fits=fits),
        dict(counts.most_common()),
        tuple(other for other, _ in took.most_common(MOST_TOOK)),
        _change(problem, board, lesson, single, in_time=in_time),
    )


def thinned(values: Sequence[int], most: int) -> Sequence[int]:
    return values[:: max(1, -(-len(values) // most))]


def taken_by(board: Board, reasons: Iterable[Reason]) -> Iterator[int]:
    """The lessons that stand behind these reasons."""
    for reason in reasons:
        if "lesson" in reason.facts:
            yield reason.facts["lesson"]
        elif reason.code == "venue_full":
            yield from reason.facts.get("lessons", ())
        elif reason.code.endswith("_cap") and reason.lecturer is not None:
            yield from _in_period(board, reason)


def _in_period(board: Board, reason: Reason) -> Iterator[int]:
    problem, kind = board.problem, reason.code.removesuffix("_cap")
    for one in board.of.get(reason.lecturer if reason.lecturer is not None else -1, {}).values():
        periods = {
            "day": problem.lessons[one.lesson].days(one.start),
            "week": [problem.week(one.start)],
            "month": [problem.month(one.start)],
        }
        if reason.facts[kind] in periods[kind]:
            yield one.lesson


def _headline(
    problem: Problem, lesson: int, counts: Counter[str], *, starts: bool, fits: bool
) -> str:
    """One word for it: what the most of those who could otherwise give it run into."""
    if not starts:
        return "no_start_fits"
    if fits:
        return "not_worth_it"
    if not problem.teachers.get(problem.lessons[lesson].course):
        return "not_qualified"
    others = Counter({code: n for code, n in counts.items() if code != "not_qualified"})
    return others.most_common(1)[0][0]


def _change(
    problem: Problem, board: Board, lesson: int, single: dict[str, Reason], *, in_time: bool
) -> Change | None:
    lifted = [code for code in LIFTED if code in single]
    quick = [code for code in lifted if code.endswith("_cap")]
    if quick:
        return _lift(single[quick[0]])
    other = _other_time(problem, board, lesson) if in_time else None
    if other is not None:
        return Change("one_more_window", {"lecturer": other.lecturer, "start": other.start})
    return _lift(single[lifted[0]]) if lifted else None


def _lift(reason: Reason) -> Change:
    facts = {"lecturer": reason.lecturer, "start": reason.start, **reason.facts}
    return Change(LIFTED[reason.code], {k: v for k, v in facts.items() if v is not None})


def _other_time(problem: Problem, board: Board, lesson: int) -> Assignment | None:
    """A time outside the school's windows at which somebody could give it, on a day near them."""
    wanted = problem.lessons[lesson]
    asked = sorted(problem.starts(lesson)) or [window.opens for window in wanted.windows]
    tried = 0
    for lecturer in problem.teachers.get(wanted.course, ()):
        if always(problem, lesson, lecturer):
            continue
        near = sorted(
            problem.lecturers[lecturer].spans,
            key=lambda span: min((abs(span[0] - start) for start in asked), default=span[0]),
        )
        for opens, closes in near[:8]:
            first = -(-(opens - wanted.first) // problem.grid) * problem.grid
            for start in range(first, min(closes, first + DAY), problem.grid):
                tried += 1
                if tried > MOST_TRIED:
                    return None
                if board.fits(lesson, lecturer, start):
                    return Assignment(lesson, lecturer, start)
    return None
