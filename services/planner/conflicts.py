"""Planner: which candidates of one lecturer exclude each other, and few cliques that say so."""

from collections.abc import Iterable, Iterator

import numpy as np

from services.planner.candidates import Candidates, Flags, Ints
from services.planner.problem import DAY, Problem


class Calendar:
    """Of every candidate: its segments and the days, week and month it counts in."""

    def __init__(self, problem: Problem, table: Candidates) -> None:
        size = len(table)
        counts = np.array([len(lesson.segments) for lesson in problem.lessons], dtype=np.int64)
        parts = [part for lesson in problem.lessons for part in lesson.segments]
        flat = np.array(parts, dtype=np.int64).reshape(-1, 2)
        firsts = np.cumsum(counts) - counts
        mine = counts[table.lesson] if size else np.zeros(0, dtype=np.int64)
        self.problem = problem
        self.owner: Ints = np.repeat(np.arange(size), mine)
        within = np.arange(len(self.owner)) - np.repeat(np.cumsum(mine) - mine, mine)
        part = flat[firsts[table.lesson[self.owner]] + within]
        self.begins: Ints = table.start[self.owner] + part[:, 0]
        self.ends: Ints = self.begins + part[:, 1]
        sites = np.array([lesson.site for lesson in problem.lessons], dtype=np.int64)
        places = len(problem.sites)
        self.site: Ints = sites[table.lesson] if size else np.zeros(0, dtype=np.int64)
        self.travel = np.array(problem.site_travel, dtype=np.int64).reshape(places, places)
        self.week = table.start // DAY // 7
        self.month = table.start // DAY // problem.month_len
        # Each row once with each day it touches, in order.
        first, last = self.begins // DAY, (self.ends - 1) // DAY
        many = last - first + 1
        more = np.repeat(np.arange(len(first)), many)
        step = np.arange(len(more)) - np.repeat(np.cumsum(many) - many, many)
        pairs = np.stack([self.owner[more], first[more] + step])
        if len(more) != size or (pairs[0, 1:] == pairs[0, :-1]).any():
            pairs = np.unique(pairs, axis=1)
        self.day_row: Ints = pairs[0]
        self.day: Ints = pairs[1]

    def days_of(self, low: int, high: int) -> tuple[Ints, Ints]:
        """(row less low, day) for these rows."""
        a, b = np.searchsorted(self.day_row, (low, high))
        return self.day_row[a:b] - low, self.day[a:b]

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


def grouped(keys: Ints, rows: Ints) -> Iterator[tuple[int, Ints]]:
    """The rows of each key, in order of the keys."""
    if not len(keys):
        return
    order = np.argsort(keys, kind="stable")
    found, firsts = np.unique(keys[order], return_index=True)
    yield from zip(found.tolist(), np.split(rows[order], firsts[1:]), strict=True)
