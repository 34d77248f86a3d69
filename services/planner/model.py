"""Planner: the problem as rows and columns of whole numbers.

Columns: one per candidate (is it taken), then one per lesson (is it unserved), one per step of
fairness and one per way that can be shared. Rows: each lesson once, cliques of clashes, caps,
rooms, budgets, steps and ways. Every cost is a whole number.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.planner.board import Board
from services.planner.candidates import Candidates, Ints, candidates
from services.planner.conflicts import Calendar, cover, grouped
from services.planner.dominance import Cap, Week, needed, rooms, weeks
from services.planner.plans import Score
from services.planner.problem import Problem

Floats = npt.NDArray[np.float64]
# Removing candidates makes others needless in turn; on a large table once is enough.
ROUNDS, LARGE = 3, 50_000


class Rows:
    """Rows of the matrix as they are found."""

    def __init__(self) -> None:
        self.starts, self.columns, self.values = [0], list[int](), list[float]()
        self.low, self.high = list[float](), list[float]()

    def add(self, columns: Iterable[int], values: Iterable[float], low: float, high: float) -> None:
        self.columns.extend(columns)
        self.values.extend(values)
        self.starts.append(len(self.columns))
        self.low.append(low)
        self.high.append(high)

    def most(self, columns: Sequence[int], most: float) -> None:
        self.add(columns, [1.0] * len(columns), -np.inf, most)


@dataclass(frozen=True)
class Matrix:
    """What a solver is given. `soft`: costs of the second tier; `lost`: of the first."""

    soft: Floats
    lost: Floats
    upper: Floats
    whole: npt.NDArray[np.bool_]
    starts: Ints
    columns: Ints
    values: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Model:
    """The matrix, and what its columns mean. `base`: the score of what cannot be changed."""

    problem: Problem
    board: Board  # with the fixed lessons on it
    table: Candidates
    matrix: Matrix
    lessons: Ints  # the lesson of each unserved column
    base: Score
    place: dict[int, int]  # lesson -> unserved column
    steps: dict[int, tuple[int, int]]  # lecturer -> columns of his steps
    visits: tuple[tuple[int, Ints], ...]  # column and the rows of the table that need it
    weeks: tuple[Week, ...]
    rooms: tuple[Cap, ...]

    def values(self, rows: Iterable[int]) -> Floats:
        """Every column, when these rows of the table are taken."""
        taken = np.zeros(len(self.table), dtype=np.bool_)
        taken[list(rows)] = True
        values = np.zeros(len(self.matrix.soft))
        values[: len(taken)] = taken
        values[len(taken) : len(taken) + len(self.lessons)] = 1
        for row in np.flatnonzero(taken).tolist():
            values[self.place[int(self.table.lesson[row])]] = 0
        counts: dict[int, int] = defaultdict(int)
        for lecturer in self.table.lecturer[taken].tolist():
            counts[lecturer] += 1
        for lecturer, count in counts.items():
            first, _ = self.steps.get(lecturer, (0, 0))
            if lecturer in self.steps:
                values[first : first + count] = 1
        for column, members in self.visits:
            values[column] = taken[members].any()
        return values

    def score(self, values: Floats) -> Score:
        """The score of a solution of the matrix."""
        lost = round(float(self.matrix.lost @ values))
        soft = round(float(self.matrix.soft @ values))
        return Score(self.base.unserved + lost, self.base.soft + soft)

    def taken(self, values: Floats) -> list[int]:
        return [int(row) for row in np.flatnonzero(values[: len(self.table)] > 0.5)]


def build(problem: Problem, base: Score, lessons: Sequence[int] | None = None) -> Model:
    """`base`: the score of the fixed lessons alone. `lessons`: which to plan (None: all open)."""
    board = Board(problem, problem.fixed)
    open_ = problem.open if lessons is None else lessons
    every = candidates(problem, board, open_)
    table, calendar, found, full = reduced(problem, every, board)
    return _assemble(problem, table, calendar, board, found, full, base)


def reduced(
    problem: Problem, table: Candidates, board: Board
) -> tuple[Candidates, Calendar, list[Week], list[Cap]]:
    """Only the candidates needed, and what binds them."""
    for _ in range(ROUNDS if len(table) < LARGE else 1):
        calendar = Calendar(problem, table)
        full = rooms(problem, table, calendar, board)
        found = list(weeks(problem, table, calendar, board))
        keep = needed(table, found, full)
        if keep.mean() > 0.98 if len(keep) else True:
            break
        table = table.take(keep)
    else:
        calendar = Calendar(problem, table)
        full = rooms(problem, table, calendar, board)
        found = list(weeks(problem, table, calendar, board))
    return table, calendar, found, full


def _assemble(
    problem: Problem,
    table: Candidates,
    calendar: Calendar,
    board: Board,
    found: list[Week],
    full: list[Cap],
    base: Score,
) -> Model:
    size, rows = len(table), Rows()
    lessons = np.unique(table.lesson)
    place = {lesson: size + i for i, lesson in enumerate(lessons.tolist())}
    soft = [*table.price.tolist(), *([0] * len(lessons))]
    for week in found:
        for row, points in enumerate(week.own.tolist(), week.low):
            soft[row] += points
    _each_once(table, place, rows)
    visits: list[tuple[int, Ints]] = []
    for week in found:
        _clashes(table, week, rows)
        for cap in week.caps:
            rows.most((cap.rows + week.low).tolist(), cap.most)
        for visit in week.visits:
            column = len(soft)
            soft.append(visit.points)
            visits.append((column, visit.rows + week.low))
            _shared(table, week, visit.rows, visit.most, column, rows)
    for cap in full:
        rows.most(cap.rows.tolist(), cap.most)
    _budgets(problem, table, board, rows)
    steps = _fairness(problem, table, calendar, board, found, soft, rows)
    lost = np.zeros(len(soft))
    lost[size : size + len(lessons)] = [problem.lessons[i].weight for i in lessons.tolist()]
    whole = np.zeros(len(soft), dtype=np.bool_)
    whole[:size] = True
    matrix = Matrix(
        soft=np.array(soft, dtype=np.float64),
        lost=lost,
        upper=np.ones(len(soft)),
        whole=whole,
        starts=np.array(rows.starts, dtype=np.int64),
        columns=np.array(rows.columns, dtype=np.int64),
        values=np.array(rows.values, dtype=np.float64),
        low=np.array(rows.low, dtype=np.float64),
        high=np.array(rows.high, dtype=np.float64),
    )
    rest = Score(base.unserved - int(lost.sum()), base.soft)
    return Model(
        problem,
        board,
        table,
        matrix,
        lessons,
        rest,
        place,
        steps,
        tuple(visits),
        tuple(found),
        tuple(full),
    )


def _each_once(table: Candidates, place: dict[int, int], rows: Rows) -> None:
    for lesson, members in grouped(table.lesson, np.arange(len(table))):
        columns = [*members.tolist(), place[lesson]]
        rows.add(columns, [1.0] * len(columns), 1, 1)


def _clashes(table: Candidates, week: Week, rows: Rows) -> None:
    starts = table.start[week.low : week.high]
    order = np.argsort(starts, kind="stable").tolist()
    for clique in cover(week.clash, table.lesson[week.low : week.high], order):
        rows.most([week.low + member for member in clique], 1)


def _shared(
    table: Candidates, week: Week, members: Ints, most: int, column: int, rows: Rows
) -> None:
    """Whoever is at the site that day pays the way once."""
    clash = week.clash[np.ix_(members, members)]
    open_ = np.ones(len(members), dtype=np.bool_)
    while open_.any():
        first = int(np.argmax(np.where(open_, clash[:, open_].sum(axis=1), -1)))
        clique, common = [first], clash[first].copy()
        common[first] = False
        while common.any():
            chosen = int(np.argmax(np.where(common, (clash & common)[:, open_].sum(axis=1), -1)))
            clique.append(chosen)
            common &= clash[chosen]
            common[chosen] = False
        open_[clique] = False
        columns = (members[clique] + week.low).tolist()
        rows.add([*columns, column], [*([1.0] * len(columns)), -1.0], -np.inf, 0)
    lessons = table.lesson[week.low + members]
    if len(np.unique(lessons)) > most:
        columns = (members + week.low).tolist()
        rows.add([*columns, column], [*([1.0] * len(columns)), -float(most)], -np.inf, 0)


def _budgets(problem: Problem, table: Candidates, board: Board, rows: Rows) -> None:
    if not problem.budgets:
        return
    of_school: dict[int, list[int]] = defaultdict(list)
    for row, lesson in enumerate(table.lesson.tolist()):
        of_school[problem.lessons[lesson].school].append(row)
    for school, limit in problem.budgets.items():
        members = of_school.get(school, [])
        cost = {
            row: problem.fee(int(table.lesson[row]), int(table.lecturer[row])) for row in members
        }
        paid = [row for row in members if cost[row]]
        dearest: dict[int, int] = defaultdict(int)
        for row in paid:
            lesson = int(table.lesson[row])
            dearest[lesson] = max(dearest[lesson], cost[row])
        left = limit - board.spent(school)
        if sum(dearest.values()) > left:
            rows.add(paid, [float(cost[row]) for row in paid], -np.inf, left)


def _fairness(
    problem: Problem,
    table: Candidates,
    calendar: Calendar,
    board: Board,
    found: list[Week],
    soft: list[int],
    rows: Rows,
) -> dict[int, tuple[int, int]]:
    """The steps a lecturer climbs with each lesson, each dearer than the one before. There are as
    many as lessons he could ever give: too few would be a rule nobody made."""
    steps: dict[int, tuple[int, int]] = {}
    for week in found:
        members = range(week.low, week.high)
        lecturer = int(table.lecturer[week.low])
        given = problem.lecturers[lecturer].prior + len(board.of.get(lecturer, ()))
        most = _most(problem, table, calendar, board, week)
        if most == 1:
            for row in members:
                soft[row] += problem.weights.fair * given
            continue
        first = len(soft)
        soft += [problem.weights.fair * (given + k) for k in range(most)]
        steps[lecturer] = (first, first + most)
        columns = [*members, *range(first, first + most)]
        rows.add(columns, [*([1.0] * len(members)), *([-1.0] * most)], 0, 0)
    return steps


def _most(problem: Problem, table: Candidates, calendar: Calendar, board: Board, week: Week) -> int:
    """How many lessons this lecturer could give at the very most."""
    if week.clash.all():
        return 1
    lecturer, most = int(table.lecturer[week.low]), 0
    months, lessons = calendar.month[week.low : week.high], table.lesson[week.low : week.high]
    for month in np.unique(months).tolist():
        cap = problem.lecturers[lecturer].max_month - board.given(0, lecturer, month)
        most += min(cap, len(np.unique(lessons[months == month])))
    return min(most, len(np.unique(lessons)))
