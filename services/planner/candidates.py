"""Planner: every (lesson, lecturer, start) nothing static stands against, as columns of numbers."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.planner.board import Board, eligible
from services.planner.problem import Assignment, Problem

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Candidates:
    """One row per candidate, in order of lecturer, lesson, start. `price`: its own soft points."""

    lesson: Ints
    lecturer: Ints
    start: Ints
    price: Ints

    def __len__(self) -> int:
        return len(self.lesson)

    def take(self, rows: Ints | Flags) -> "Candidates":
        return Candidates(
            self.lesson[rows], self.lecturer[rows], self.start[rows], self.price[rows]
        )

    def assignment(self, row: int) -> Assignment:
        return Assignment(int(self.lesson[row]), int(self.lecturer[row]), int(self.start[row]))


def candidates(problem: Problem, board: Board, lessons: Iterable[int]) -> Candidates:
    """All of these lessons, judged beside what stands on the board (the fixed lessons)."""
    rows: list[tuple[int, int, int, int]] = []
    for lesson in lessons:
        rows += candidates_of(problem, board, lesson)
    table = np.array(sorted(rows), dtype=np.int64).reshape(-1, 4)
    lecturer, lesson_, start, price = (np.ascontiguousarray(column) for column in table.T)
    return Candidates(lesson_, lecturer, start, price)


def candidates_of(problem: Problem, board: Board, lesson: int) -> list[tuple[int, int, int, int]]:
    """(lecturer, lesson, start, price) beside what stands on this board."""
    starts = {
        start: points
        for start, points in problem.starts(lesson).items()
        if board.has_room(lesson, start)
    }
    requested, offer = problem.lessons[lesson].requested, problem.offered.get(lesson)
    found = []
    for lecturer in eligible(problem, lesson):
        base = problem.flaw(lecturer)
        if requested is not None and requested != lecturer:
            base += problem.weights.request
        for start, points in starts.items():
            if board.suits(lesson, lecturer, start):
                moved = offer is not None and offer != (lesson, lecturer, start)
                price = base + points + problem.weights.move * moved
                found.append((lecturer, lesson, start, price))
    return found
