"""Planner: what stands on the board, and what stands against one more lesson on it.

The rules live here once: candidates, ranking, repair and the explanations all ask this board.
(`checks.py` is written apart from it on purpose.)
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator

from services.planner.plans import Reason
from services.planner.problem import Assignment, Interval, Problem

NOBODY = -1


def always(problem: Problem, lesson: int, lecturer: int) -> list[Reason]:
    """Every rule that keeps the lecturer from the lesson at any time."""
    wanted, person = problem.lessons[lesson], problem.lecturers[lecturer]
    site, way = problem.sites[wanted.site], problem.home_travel[lecturer][wanted.site]
    found = []
    if wanted.course not in person.courses:
        found.append(Reason("not_qualified", lecturer, None, {"course": wanted.course}))
    if wanted.pool is not None and person.pool != wanted.pool:
        pools = {"pool": person.pool, "wanted": wanted.pool}
        found.append(Reason("wrong_pool", lecturer, None, pools))
    if wanted.strict and wanted.requested not in (None, lecturer):
        requested = {"requested": wanted.requested}
        found.append(Reason("not_the_requested_lecturer", lecturer, None, requested))
    if way > person.max_travel:
        minutes = {"minutes": way, "limit": person.max_travel}
        found.append(Reason("too_far", lecturer, None, minutes))
    if wanted.audience > site.seats:
        seats = {"site": wanted.site, "audience": wanted.audience, "seats": site.seats}
        found.append(Reason("venue_full", lecturer, None, seats))
    return found


def eligible(problem: Problem, lesson: int) -> list[int]:
    """The lecturers with nothing `always` against them, in order."""
    wanted, home = problem.lessons[lesson], problem.home_travel
    if wanted.audience > problem.sites[wanted.site].seats:
        return []
    only = wanted.requested if wanted.strict else None
    return [
        lecturer
        for lecturer in problem.teachers.get(wanted.course, ())
        if (only is None or lecturer == only)
        and (wanted.pool is None or problem.lecturers[lecturer].pool == wanted.pool)
        and home[lecturer][wanted.site] <= problem.lecturers[lecturer].max_travel
    ]


class Board:
    """Assignments and what they occupy: lecturers, caps, rooms, budgets."""

    def __init__(self, problem: Problem, assignments: Iterable[Assignment] = ()) -> None:
        self.problem = problem
        self.at: dict[int, Assignment] = {}
        self.of: dict[int, dict[int, Assignment]] = defaultdict(dict)
        self._held: dict[int, list[tuple[int, int, int, int]]] = defaultdict(list)
        self._used: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        self._day: dict[tuple[int, int], int] = defaultdict(int)
        self._week: dict[tuple[int, int], int] = defaultdict(int)
        self._month: dict[tuple[int, int], int] = defaultdict(int)
        self._visits: dict[tuple[int, int, int], int] = defaultdict(int)
        self._spent: dict[int, int] = defaultdict(int)
        self._opens: dict[int, list[int]] = {}
        for one in assignments:
            self.put(one)

    def put(self, one: Assignment) -> None:
        self._count(one, 1)
        self.at[one.lesson] = one
        self.of[one.lecturer][one.lesson] = one
        site = self.problem.lessons[one.lesson].site
        for begins, ends in self.problem.lessons[one.lesson].at(one.start):
            self._held[one.lecturer].append((begins, ends, site, one.lesson))
            self._used[site].append((begins, ends, one.lesson))

    def take(self, lesson: int) -> Assignment:
        """Take the lesson off the board."""
        one = self.at.pop(lesson)
        del self.of[one.lecturer][lesson]
        self._count(one, -1)
        site = self.problem.lessons[lesson].site
        self._held[one.lecturer] = [s for s in self._held[one.lecturer] if s[3] != lesson]
        self._used[site] = [s for s in self._used[site] if s[2] != lesson]
        return one

    def _count(self, one: Assignment, step: int) -> None:
        problem, (lesson, lecturer, start) = self.problem, one
        wanted = problem.lessons[lesson]
        for day in wanted.days(start):
            self._day[lecturer, day] += step
            self._visits[lecturer, day, wanted.site] += step
        self._week[lecturer, problem.week(start)] += step
        self._month[lecturer, problem.month(start)] += step
        self._spent[wanted.school] += step * problem.fee(lesson, lecturer)

    def given(self, kind: int, lecturer: int, period: int) -> int:
        """Lessons of his in a month (kind 0), week (1) or day (2)."""
        return (self._month, self._week, self._day)[kind].get((lecturer, period), 0)

    def visited(self, lecturer: int, day: int, site: int) -> bool:
        return self._visits.get((lecturer, day, site), 0) > 0

    def used(self, site: int) -> list[Interval]:
        """When a room of the site is taken."""
        return [(begins, ends) for begins, ends, _ in self._used.get(site, ())]

    def spent(self, school: int) -> int:
        return self._spent.get(school, 0)

    def free(self, lecturer: int, lesson: int, start: int) -> bool:
        """Whether his free times cover every segment."""
        spans = self.problem.lecturers[lecturer].spans
        opens = self._opens.get(lecturer)
        if opens is None:
            opens = self._opens[lecturer] = [span[0] for span in spans]
        for offset, minutes in self.problem.lessons[lesson].segments:
            begins = start + offset
            k = bisect_right(opens, begins) - 1
            if k < 0 or spans[k][1] < begins + minutes:
                return False
        return True

    def fits(self, lesson: int, lecturer: int, start: int) -> bool:
        """Nothing stands against it at this start; the rules of `always` are not asked."""
        return self.suits(lesson, lecturer, start) and self.has_room(lesson, start)

    def has_room(self, lesson: int, start: int) -> bool:
        """The site could take it, whoever gives it."""
        return next(self._no_room(lesson, NOBODY, start), None) is None

    def suits(self, lesson: int, lecturer: int, start: int) -> bool:
        """Nothing but the site could stand against it."""
        wanted, person = self.problem.lessons[lesson], self.problem.lecturers[lecturer]
        first, last = person.valid
        if start + wanted.first < first or start + wanted.last > last:
            return False
        if not self.free(lecturer, lesson, start):
            return False
        # Most lecturers, sites and schools have nothing on the board yet: they need no generators.
        if self._held.get(lecturer):
            if next(self._too_close(lesson, lecturer, start), None) is not None:
                return False
            if next(self._too_many(lesson, lecturer, start), None) is not None:
                return False
        elif not (person.max_day and person.max_week and person.max_month):
            return False
        if wanted.school not in self.problem.budgets:
            return True
        return next(self._too_dear(lesson, lecturer, start), None) is None

    def reasons(self, lesson: int, lecturer: int, start: int) -> list[Reason]:
        """Every reason against this start."""
        wanted, person = self.problem.lessons[lesson], self.problem.lecturers[lecturer]
        first, last = person.valid
        found = []
        if start + wanted.first < first or start + wanted.last > last:
            valid = {"valid": list(person.valid)}
            found.append(Reason("appointment_not_valid", lecturer, start, valid))
        if not self.free(lecturer, lesson, start):
            found.append(Reason("not_available", lecturer, start))
        return [*found, *self.against(lesson, lecturer, start)]

    def against(self, lesson: int, lecturer: int, start: int) -> Iterator[Reason]:
        """What the other lessons on the board have against it."""
        if self._held.get(lecturer):
            yield from self._too_close(lesson, lecturer, start)
        yield from self._too_many(lesson, lecturer, start)
        yield from self._no_room(lesson, lecturer, start)
        yield from self._too_dear(lesson, lecturer, start)

    def _too_close(self, lesson: int, lecturer: int, start: int) -> Iterator[Reason]:
        travel, wanted = self.problem.site_travel, self.problem.lessons[lesson]
        told: set[tuple[str, int]] = set()
        for begins, ends in wanted.at(start):
            for its_begin, its_end, site, other in self._held[lecturer]:
                if other == lesson:
                    continue
                before, after = travel[wanted.site][site], travel[site][wanted.site]
                if its_begin - ends >= before or begins - its_end >= after:
                    continue
                overlap = its_begin < ends and begins < its_end
                code = "already_teaching" if overlap else "travel_buffer"
                if (code, other) in told:
                    continue
                told.add((code, other))
                gap = max(its_begin - ends, begins - its_end)
                facts = {"lesson": other, "gap_minutes": max(gap, 0)}
                if not overlap:
                    facts["needs_minutes"] = before if its_begin >= ends else after
                yield Reason(code, lecturer, start, facts)

    def _too_many(self, lesson: int, lecturer: int, start: int) -> Iterator[Reason]:
        problem, person = self.problem, self.problem.lecturers[lecturer]
        mine = self.at.get(lesson)
        here = mine is not None and mine.lecturer == lecturer
        for day in problem.lessons[lesson].days(start):
            count = self._day.get((lecturer, day), 0)
            if here and mine is not None and day in problem.lessons[lesson].days(mine.start):
                count -= 1
            if count >= person.max_day:
                yield _cap("day", lecturer, start, day, count, person.max_day)
        week, month = problem.week(start), problem.month(start)
        count = self._week.get((lecturer, week), 0)
        count -= here and mine is not None and problem.week(mine.start) == week
        if count >= person.max_week:
            yield _cap("week", lecturer, start, week, count, person.max_week)
        count = self._month.get((lecturer, month), 0)
        count -= here and mine is not None and problem.month(mine.start) == month
        if count >= person.max_month:
            yield _cap("month", lecturer, start, month, count, person.max_month)

    def _no_room(self, lesson: int, lecturer: int, start: int) -> Iterator[Reason]:
        wanted = self.problem.lessons[lesson]
        rooms = self.problem.sites[wanted.site].rooms
        used = self._used.get(wanted.site, ())
        if len(used) < rooms:
            return
        for begins, ends in wanted.at(start):
            there = [s for s in used if s[0] < ends and begins < s[1] and s[2] != lesson]
            if len(there) >= rooms and most_at_once(begins, there) >= rooms:
                facts = {"site": wanted.site, "rooms": rooms, "lessons": [s[2] for s in there]}
                yield Reason("venue_full", lecturer, start, facts)
                return

    def _too_dear(self, lesson: int, lecturer: int, start: int) -> Iterator[Reason]:
        school = self.problem.lessons[lesson].school
        limit = self.problem.budgets.get(school)
        if limit is None:
            return
        cost, spent = self.problem.fee(lesson, lecturer), self._spent.get(school, 0)
        mine = self.at.get(lesson)
        if mine is not None:
            spent -= self.problem.fee(lesson, mine.lecturer)
        if cost and spent + cost > limit:
            facts = {"school": school, "spent": spent, "cost": cost, "limit": limit}
            yield Reason("over_budget", lecturer, start, facts)

    def ways(self, lesson: int, lecturer: int, start: int) -> int:
        """Points of the visits this lesson adds."""
        wanted = self.problem.lessons[lesson]
        way = self.problem.way(lecturer, wanted.site)
        if not way:
            return 0
        visits = self._visits
        return way * sum(not visits.get((lecturer, day, wanted.site)) for day in wanted.days(start))

    def turn(self, lecturer: int) -> int:
        """Points of fairness of one more lesson of his."""
        given = self.problem.lecturers[lecturer].prior + len(self.of.get(lecturer, ()))
        return self.problem.weights.fair * given


def most_at_once(begins: int, there: Iterable[tuple[int, int, int]]) -> int:
    """The most of these intervals at one moment from `begins` on."""
    spans: list[Interval] = [(max(s[0], begins), s[1]) for s in there]
    return max((sum(a <= moment < b for a, b in spans) for moment, _ in spans), default=0)


def _cap(kind: str, lecturer: int, start: int, period: int, count: int, limit: int) -> Reason:
    facts = {kind: period, "count": count, "limit": limit}
    return Reason(f"{kind}_cap", lecturer, start, facts)
