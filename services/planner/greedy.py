"""Planner: plans made step by step, to start from."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from services.planner.candidates import Ints
from services.planner.model import Model

# Costs are compared first, then places in the table, in one number.
PLACE = 1 << 22
# How often to look at all the candidates, at the most about.
AT_ONCE = 500
NEVER = np.iinfo(np.int64).max


@dataclass
class Left:
    """What is left of a cap."""

    rows: Ints
    most: int


class Desk:
    """Which candidates are still possible and what each would cost now."""

    def __init__(self, model: Model) -> None:
        self.model, table, problem, board = model, model.table, model.problem, model.board
        self.alive = np.ones(len(table), dtype=np.bool_)
        self.cost = table.price.copy()
        self.fair = problem.weights.fair
        self.rows: list[int] = []
        self._week = np.zeros(len(table), dtype=np.int64)
        for number, week in enumerate(model.weeks):
            mine = slice(week.low, week.high)
            self._week[mine] = number
            self.cost[mine] += week.own
            lecturer = int(table.lecturer[week.low])
            given = problem.lecturers[lecturer].prior + len(board.of.get(lecturer, ()))
            self.cost[mine] += self.fair * given
            for visit in week.visits:
                self.cost[visit.rows + week.low] += visit.points
        self._rooms: dict[int, list[int]] = defaultdict(list)
        self._room_left = [cap.most for cap in model.rooms]
        for number, cap in enumerate(model.rooms):
            for row in cap.rows.tolist():
                self._rooms[row].append(number)
        schools = np.array([lesson.school for lesson in problem.lessons], dtype=np.int64)
        loads = np.array([lesson.load for lesson in problem.lessons], dtype=np.int64)
        fees = np.array([person.fee for person in problem.lecturers], dtype=np.int64)
        self._school = schools[table.lesson] if len(table) else table.lesson
        self._fee = fees[table.lecturer] * loads[table.lesson] if len(table) else table.lesson
        self._left = {
            school: most - board.spent(school) for school, most in problem.budgets.items()
        }
        self._open_visits = [
            [(visit.rows + week.low, visit.points) for visit in week.visits] for week in model.weeks
        ]
        self._open_caps = [
            [Left(cap.rows + week.low, cap.most) for cap in week.caps] for week in model.weeks
        ]
        self._of_school = {
            school: np.flatnonzero(self._school == school) for school in problem.budgets
        }

    def put(self, row: int) -> None:
        """Take this candidate; what it excludes is no longer possible."""
        number = int(self._week[row])
        week = self.model.weeks[number]
        self.rows.append(row)
        self.alive[week.low : week.high] &= ~week.clash[row - week.low]
        self.cost[week.low : week.high] += self.fair
        still = []
        for rows, points in self._open_visits[number]:
            if row in rows:
                self.cost[rows] -= points
            else:
                still.append((rows, points))
        self._open_visits[number] = still
        for cap in self._open_caps[number]:
            if row in cap.rows:
                cap.most -= 1
                if cap.most == 0:
                    self.alive[cap.rows] = False
        for room in self._rooms.get(row, ()):
            self._room_left[room] -= 1
            if self._room_left[room] == 0:
                self.alive[self.model.rooms[room].rows] = False
        school = int(self._school[row])
        if school in self._left:
            self._left[school] -= int(self._fee[row])
            mine = self._of_school[school]
            self.alive[mine[self._fee[mine] > max(self._left[school], 0)]] = False


class Lists:
    """The rows of the table by lesson."""

    def __init__(self, model: Model) -> None:
        lessons = model.table.lesson
        self.order = np.argsort(lessons, kind="stable")
        self.lessons, self.firsts = np.unique(lessons[self.order], return_index=True)
        self.sizes = np.diff(np.r_[self.firsts, len(lessons)])
        weights = [model.problem.lessons[lesson].weight for lesson in self.lessons.tolist()]
        self.weights = np.array(weights, dtype=np.int64)
        self.end = np.r_[self.firsts[1:], len(lessons)]


def regret(model: Model, factor: int, first: Iterable[int] = ()) -> list[int]:
    """Always the lesson that would lose most by waiting: its second best against its best.
    `first`: rows to begin with. Of very many lessons, several are taken before looking again."""
    if not len(model.table):
        return []
    desk, lists = Desk(model), Lists(model)
    loss = lists.weights * factor * PLACE
    served = np.zeros(len(lists.lessons), dtype=np.bool_)
    where = {int(lesson): i for i, lesson in enumerate(lists.lessons)}

    def put(row: int) -> None:
        chosen = where[int(model.table.lesson[row])]
        desk.put(row)
        served[chosen] = True
        # Its other candidates are gone with it.
        desk.alive[lists.order[lists.firsts[chosen] : lists.end[chosen]]] = False

    for row in first:
        put(row)
    while True:
        alive, cost = desk.alive[lists.order], desk.cost[lists.order]
        keys = np.where(alive, cost * PLACE + lists.order, NEVER)
        best = np.minimum.reduceat(keys, lists.firsts)
        open_ = (best < loss) & ~served
        if not open_.any():
            return desk.rows
        keys[keys == np.repeat(best, lists.sizes)] = NEVER
        second = np.minimum(np.minimum.reduceat(keys, lists.firsts), best + loss)
        gain = np.where(open_, second - best, -1)
        for chosen in np.argsort(-gain, kind="stable")[: 1 + len(served) // AT_ONCE].tolist():
            row = int(best[chosen] % PLACE)
            if open_[chosen] and desk.alive[row]:
                put(row)


def in_order(model: Model, factor: int, *, by_time: bool) -> list[int]:
    """Lesson after lesson, each as cheap as it can be then: by the time they could begin, or the
    heaviest first."""
    if not len(model.table):
        return []
    desk, lists = Desk(model), Lists(model)
    starts = np.minimum.reduceat(model.table.start[lists.order], lists.firsts)
    keys = (starts, lists.sizes, -lists.weights) if by_time else (starts, -lists.weights)
    for lesson in np.lexsort(keys if not by_time else keys[::-1]).tolist():
        rows = lists.order[lists.firsts[lesson] : lists.end[lesson]]
        alive = rows[desk.alive[rows]]
        row = int(alive[np.argmin(desk.cost[alive])]) if len(alive) else -1
        if row >= 0 and desk.cost[row] < lists.weights[lesson] * factor:
            desk.put(row)
            desk.alive[rows] = False
    return desk.rows
