"""Planner: which candidates of one lecturer exclude each other, and few cliques that say so."""

from collections.abc import Iterable

import numpy as np

from services.planner.candidates import Candidates, Flags, Ints
from services.planner.problem import DAY, Problem


class Calendar:
    """Of every candidate: its segments and the days, week and month it counts in."""

    def __init__(self, problem: Problem, table: Candidates) -> None:
        owner: list[int] = []
        begins: list[int] = []
        ends: list[int] = []
        for row, (lesson, start) in enumerate(
            zip(table.lesson.tolist(), table.start.tolist(), strict=True)
        ):
            for a, b in problem.lessons[lesson].at(start):
                owner.append(row)
                begins.append(a)
                ends.append(b)
        self.problem = problem
        self.owner = np.array(owner, dtype=np.int64)
        self.begins = np.array(begins, dtype=np.int64)
        self.ends = np.array(ends, dtype=np.int64)
        sites = np.array([lesson.site for lesson in problem.lessons], dtype=np.int64)
        self.site: Ints = sites[table.lesson] if len(table) else np.zeros(0, dtype=np.int64)
        self.travel = np.array(problem.site_travel, dtype=np.int64).reshape(len(problem.sites), -1)
        self.week = table.start // DAY // 7
        self.month = table.start // DAY // problem.month_len
        first, last = self.begins // DAY, (self.ends - 1) // DAY
        self.pairs: set[tuple[int, int]] = set()
        for row, a, b in zip(owner, first.tolist(), last.tolist(), strict=True):
            for day in range(a, b + 1):
                self.pairs.add((row, day))
        self.days: list[list[int]] = [[] for _ in range(len(table))]
        for row, day in sorted(self.pairs):
            self.days[row].append(day)

    def too_close(self, low: int, high: int) -> Flags:
        """Rows low..high, all of one lecturer: which pairs overlap or leave too short a way."""
        a, b = np.searchsorted(self.owner, (low, high))
        begins, ends = self.begins[a:b], self.ends[a:b]
        places = self.site[self.owner[a:b]]
        way = self.travel[places[:, None], places[None, :]]
        # [i, j]: segment i cannot be followed by segment j.
        clash = begins[None, :] - ends[:, None] < way
        clash &= clash.T
        if b - a == high - low:
            return clash
        firsts = np.searchsorted(self.owner[a:b], np.arange(low, high))
        rows: Flags = np.logical_or.reduceat(clash, firsts, axis=0)
        whole: Flags = np.logical_or.reduceat(rows, firsts, axis=1)
        return whole


def cover(clash: Flags, lesson: Ints, order: Iterable[int]) -> list[list[int]]:
    """Maximal cliques that together hold every clash between two different lessons."""
    order = list(order)
    n = len(order)
    sorted_clash = clash[np.ix_(order, order)]
    lessons = lesson[order]
    neighbours = [_bits(row) for row in sorted_clash]
    needed = sorted_clash & (lessons[:, None] != lessons[None, :])
    open_ = [_bits(row) for row in needed]
    found = []
    for vertex in range(n):
        while open_[vertex]:
            clique = _grow(vertex, neighbours, open_)
            inside = 0
            for member in clique:
                inside |= 1 << member
            for member in clique:
                open_[member] &= ~inside
            found.append([order[member] for member in clique])
    return found


def _grow(vertex: int, neighbours: list[int], open_: list[int]) -> list[int]:
    """A maximal clique with this vertex and at least one clash not yet held."""
    clique = [vertex]
    common = neighbours[vertex] & ~(1 << vertex)
    wanted = open_[vertex]
    while common:
        pool = common & wanted or common
        chosen = (pool & -pool).bit_length() - 1
        clique.append(chosen)
        common &= neighbours[chosen] & ~(1 << chosen)
        wanted |= open_[chosen]
    return clique


def _bits(row: Flags) -> int:
    return int.from_bytes(np.packbits(row, bitorder="little").tobytes(), "little")
