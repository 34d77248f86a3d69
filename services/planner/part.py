"""Planner: a part of the matrix, everything else held where it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from services.planner.candidates import Flags, Ints
from services.planner.model import Floats, Matrix


@dataclass(frozen=True)
class Part:
    """`columns`: what may change, by its place in the whole matrix. `cost` of each."""

    columns: Ints
    matrix: Matrix
    cost: Floats


class Cutter:
    """Cuts parts out of one matrix. `choices`: the first so many columns are candidates."""

    def __init__(self, matrix: Matrix, cost: Floats, choices: int) -> None:
        self.matrix, self.cost, self.choices = matrix, cost, choices
        self.size = len(cost)
        self.rows = np.repeat(np.arange(len(matrix.low)), np.diff(matrix.starts))
        # Rows in which nothing can make room for anything else.
        negative = np.bincount(self.rows[matrix.values < 0], minlength=len(matrix.low))
        self.packing: Flags = np.logical_not(negative > 0)

    @cached_property
    def alone(self) -> Flags:
        """Columns that are not candidates; free as soon as a row of theirs is."""
        flags = np.zeros(self.size, dtype=np.bool_)
        flags[self.choices :] = True
        return flags

    def cut(self, free: Flags, values: Floats) -> Part:
        """The part in which these candidates may change, beside the others at their values."""
        matrix, rows = self.matrix, self.rows
        held = np.where(free, 0.0, values)
        held[self.choices :] = 0.0
        used = np.bincount(
            rows, weights=matrix.values * held[matrix.columns], minlength=len(matrix.low)
        )
        left = matrix.high - used
        # A candidate is not free where what is held leaves it no place.
        entry = free[matrix.columns] & self.packing[rows] & (matrix.values > left[rows] + 1e-6)
        free = free.copy()
        free[matrix.columns[entry]] = False
        touched = np.zeros(len(matrix.low), dtype=np.bool_)
        touched[rows[free[matrix.columns]]] = True
        whole = free.copy()
        inside = touched[rows]
        whole[matrix.columns[inside & self.alone[matrix.columns]]] = True
        # A way may be shared in several rows: all of them count.
        touched[rows[whole[matrix.columns]]] = True
        held = np.where(whole, 0.0, values)
        used = np.bincount(
            rows, weights=matrix.values * held[matrix.columns], minlength=len(matrix.low)
        )
        return self._part(whole, touched, np.asarray(used, dtype=np.float64))

    def _part(self, whole: Flags, touched: Flags, used: Floats) -> Part:
        matrix, rows = self.matrix, self.rows
        columns = np.flatnonzero(whole)
        place = np.cumsum(whole) - 1
        entries = touched[rows] & whole[matrix.columns]
        counts = np.bincount(rows[entries], minlength=len(matrix.low))
        # Rows with nothing in them, and choices among one, say nothing.
        kept = touched & (counts > 0)
        entries &= kept[rows]
        starts = np.r_[0, np.cumsum(counts[kept])]
        return Part(
            columns,
            Matrix(
                soft=matrix.soft[columns],
                lost=matrix.lost[columns],
                upper=matrix.upper[columns],
                whole=matrix.whole[columns],
                starts=starts.astype(np.int64),
                columns=place[matrix.columns[entries]].astype(np.int64),
                values=matrix.values[entries],
                low=matrix.low[kept] - used[kept],
                high=matrix.high[kept] - used[kept],
            ),
            self.cost[columns],
        )


def lessons_free(lessons: Ints, chosen: Sequence[int] | Ints, size: int) -> Flags:
    """Flags over all columns: the candidates of these lessons."""
    flags = np.zeros(size, dtype=np.bool_)
    flags[: len(lessons)] = np.isin(lessons, chosen)
    return flags
