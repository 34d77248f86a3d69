"""Planner: what a candidate takes from others, and which candidates are never needed.

A candidate is never needed when another start of the same lesson by the same lecturer costs no more
and takes nothing that it does not take too.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from services.planner.board import Board
from services.planner.candidates import Candidates, Flags, Ints
from services.planner.conflicts import Calendar, grouped
from services.planner.problem import Problem


@dataclass(frozen=True)
class Cap:
    """At most `most` of these rows."""

    rows: Ints
    most: int


@dataclass(frozen=True)
class Visit:
    """A way to a site on a day that several lessons of the lecturer could share."""

    rows: Ints
    points: int
    most: int


@dataclass
class Week:
    """What binds one lecturer: rows low..high of the table, places relative to low."""

    low: int
    high: int
    clash: Flags
    caps: list[Cap] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    own: Ints = field(
        default_factory=lambda: np.zeros(0, dtype=np.int64)
    )  # ways shared with nobody


def rooms(problem: Problem, table: Candidates, calendar: Calendar, board: Board) -> list[Cap]:
    """Moments at which a site could be asked for more lessons than it has rooms."""
    found: list[Cap] = []
    if not len(table):
        return found
    places = calendar.site[calendar.owner]
    order = np.argsort(places, kind="stable")
    bounds = np.searchsorted(places[order], np.arange(len(problem.sites) + 1))
    for site in range(len(problem.sites)):
        segments = order[bounds[site] : bounds[site + 1]]
        if len(segments):
            found += _moments(table, calendar, board, site, segments)
    return found


def _moments(
    table: Candidates, calendar: Calendar, board: Board, site: int, segments: Ints
) -> list[Cap]:
    begins, ends = calendar.begins[segments], calendar.ends[segments]
    owners = calendar.owner[segments]
    held, lessons = board.used(site), table.lesson
    found: list[Cap] = []
    last: frozenset[int] = frozenset()
    moments = sorted({*begins.tolist(), *(a for a, _ in held)})
    kept: list[tuple[frozenset[int], int]] = []
    for moment in moments:
        there = owners[(begins <= moment) & (moment < ends)]
        most = board.problem.sites[site].rooms
        if len(there) <= most - len(held):
            continue
        most -= sum(a <= moment < b for a, b in held)
        if len(set(lessons[there].tolist())) <= most:
            continue
        rows = frozenset(there.tolist())
        if rows <= last and kept and kept[-1][1] <= most:
            continue
        if kept and kept[-1][0] <= rows and most <= kept[-1][1]:
            kept.pop()
        kept.append((rows, most))
        last = rows
    for rows, most in kept:
        found.append(Cap(np.array(sorted(rows), dtype=np.int64), most))
    return found


def weeks(problem: Problem, table: Candidates, calendar: Calendar, board: Board) -> Iterator[Week]:
    """What binds each lecturer who has candidates."""
    people, lows = np.unique(table.lecturer, return_index=True)
    highs = [*lows.tolist(), len(table)][1:]
    for lecturer, low, high in zip(people.tolist(), lows.tolist(), highs, strict=True):
        yield _week(problem, table, calendar, board, lecturer, low, high)


def _week(
    problem: Problem,
    table: Candidates,
    calendar: Calendar,
    board: Board,
    lecturer: int,
    low: int,
    high: int,
) -> Week:
    lessons = table.lesson[low:high]
    clash = calendar.too_close(low, high)
    clash |= lessons[:, None] == lessons[None, :]
    week = Week(low, high, clash)
    week.caps = list(_caps(table, calendar, board, lecturer, week))
    _visits(problem, calendar, board, lecturer, week)
    return week


def _caps(
    table: Candidates, calendar: Calendar, board: Board, lecturer: int, week: Week
) -> Iterator[Cap]:
    """Caps that could bind, the wider first; where one lesson is left, a clash of all pairs."""
    person, low, high = board.problem.lecturers[lecturer], week.low, week.high
    every, lessons = np.arange(high - low), table.lesson[low:high]
    day_rows, days = calendar.days_of(low, high)
    spans: list[tuple[int, Ints, Ints]] = [
        (person.max_month, calendar.month[low:high], every),
        (person.max_week, calendar.week[low:high], every),
        (person.max_day, days, day_rows),
    ]
    wider: list[tuple[set[int], int]] = []
    for kind, (cap, periods, rows) in enumerate(spans):
        for period, members in grouped(periods, rows):
            most = cap - board.given(kind, lecturer, period)
            if len(members) <= most or len(set(lessons[members].tolist())) <= most:
                continue
            if most == 1:
                week.clash[np.ix_(members, members)] = True
                continue
            inside = set(members.tolist())
            if any(inside <= outside and limit <= most for outside, limit in wider):
                continue
            wider.append((inside, most))
            yield Cap(members, most)


def _visits(
    problem: Problem,
    calendar: Calendar,
    board: Board,
    lecturer: int,
    week: Week,
) -> None:
    """Ways: into the price where nothing can share them, as a visit where something can."""
    low, high = week.low, week.high
    own = np.zeros(high - low, dtype=np.int64)
    rows, days = calendar.days_of(low, high)
    places = len(problem.sites)
    for key, members in grouped(days * places + calendar.site[low:high][rows], rows):
        day, site = divmod(key, places)
        points = problem.way(lecturer, site)
        if not points or board.visited(lecturer, day, site):
            continue
        if len(members) == 1 or week.clash[np.ix_(members, members)].all():
            own[members] += points
            continue
        left = problem.lecturers[lecturer].max_day - board.given(2, lecturer, day)
        week.visits.append(Visit(members, points, left))
    week.own = own


def needed(table: Candidates, found: list[Week], full: list[Cap]) -> Flags:
    """Which rows can be part of a best plan that the others cannot replace."""
    keep = np.ones(len(table), dtype=np.bool_)
    room_of: dict[int, set[int]] = defaultdict(set)
    for number, cap in enumerate(full):
        for row in cap.rows.tolist():
            room_of[row].add(number)
    for week in found:
        _needed_in(table, week, room_of, keep)
    return keep


def _needed_in(table: Candidates, week: Week, room_of: dict[int, set[int]], keep: Flags) -> None:
    size = week.high - week.low
    extra = [*(cap.rows for cap in week.caps), *(visit.rows for visit in week.visits)]
    numbers = sorted({n for row in range(week.low, week.high) for n in room_of.get(row, ())})
    place = {number: i for i, number in enumerate(numbers)}
    takes = np.zeros((size, size + len(extra) + len(numbers)), dtype=np.bool_)
    takes[:, :size] = week.clash
    for i, rows in enumerate(extra):
        takes[rows, size + i] = True
    for row in range(week.low, week.high):
        for number in room_of.get(row, ()):
            takes[row - week.low, size + len(extra) + place[number]] = True
    price = table.price[week.low : week.high] + week.own
    lessons = table.lesson[week.low : week.high]
    firsts = np.flatnonzero(np.r_[True, lessons[1:] != lessons[:-1]])
    for a, b in zip(firsts.tolist(), [*firsts[1:].tolist(), size], strict=True):
        if b - a > 1:
            keep[week.low + a : week.low + b] = _undominated(takes[a:b], price[a:b])


def _undominated(takes: Flags, price: Ints) -> Flags:
    some = takes[:, takes.any(axis=0) & ~takes.all(axis=0)].astype(np.float32)
    # [i, j]: i takes something that j does not.
    more = some @ (1 - some).T > 0
    better: Flags = ~more & (price[:, None] <= price[None, :])
    equal = better & better.T
    rank = np.arange(len(price))
    better &= ~equal | (rank[:, None] < rank[None, :])
    np.fill_diagonal(better, False)
    kept: Flags = np.logical_not(better.any(axis=0))
    return kept
