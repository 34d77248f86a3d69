"""Planner: is a plan allowed? Written apart from everything that makes plans, and run on each
plan before it leaves. It knows the rules only from the problem's definition."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from services.planner.plans import Violation
from services.planner.problem import DAY, WEEK, Assignment, Problem

Plan = Sequence[Assignment]


def validate(problem: Problem, assignments: Iterable[Assignment]) -> list[Violation]:
    """Every broken hard rule. Fixed lessons are not judged, but count where others are."""
    plan = [Assignment(*at) for at in assignments]
    broken = list(_unknown(problem, plan))
    if broken:
        return broken
    return [
        *_fixed(problem, plan),
        *_each_once(plan),
        *(found for at in plan if at.lesson not in problem.held for found in _alone(problem, at)),
        *_together(problem, plan),
        *_caps(problem, plan),
        *_rooms(problem, plan),
        *_budgets(problem, plan),
    ]


def _unknown(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for at in plan:
        known_lesson = 0 <= at.lesson < len(problem.lessons)
        if not known_lesson or not 0 <= at.lecturer < len(problem.lecturers):
            yield Violation("unknown", (at.lesson,), at.lecturer)


def _fixed(problem: Problem, plan: Plan) -> Iterator[Violation]:
    given = set(plan)
    for at in problem.fixed:
        if at not in given:
            yield Violation("fixed_moved", (at.lesson,), at.lecturer)


def _each_once(plan: Plan) -> Iterator[Violation]:
    times: dict[int, int] = defaultdict(int)
    for at in plan:
        times[at.lesson] += 1
    for lesson, count in times.items():
        if count > 1:
            yield Violation("given_twice", (lesson,), None, {"times": count})


def _alone(problem: Problem, at: Assignment) -> Iterator[Violation]:
    lesson, lecturer = problem.lessons[at.lesson], problem.lecturers[at.lecturer]
    site = problem.sites[lesson.site]
    begins = min(at.start + offset for offset, _ in lesson.segments)
    ends = max(at.start + offset + minutes for offset, minutes in lesson.segments)
    broken = {
        "not_qualified": lesson.course not in lecturer.courses,
        "wrong_pool": lesson.pool is not None and lecturer.pool != lesson.pool,
        "not_the_requested_lecturer": (
            lesson.strict and lesson.requested is not None and at.lecturer != lesson.requested
        ),
        "too_far": problem.home_travel[at.lecturer][lesson.site] > lecturer.max_travel,
        "appointment_not_valid": begins < lecturer.valid[0] or ends > lecturer.valid[1],
        "not_available": any(
            not _covered(at.start + offset, at.start + offset + minutes, list(lecturer.free))
            for offset, minutes in lesson.segments
        ),
        "too_many_people": lesson.audience > site.seats,
        "off_grid": at.start % problem.grid != 0,
        "outside_windows": not any(
            opens <= begins and ends <= closes for opens, closes, _ in lesson.windows
        ),
    }
    for code, is_broken in broken.items():
        if is_broken:
            yield Violation(code, (at.lesson,), at.lecturer, {"start": at.start})


def _covered(begins: int, ends: int, free: list[tuple[int, int]]) -> bool:
    """Whether the free times together cover it, however they are cut."""
    reached = begins
    for opens, closes in sorted(free):
        if opens <= reached < closes:
            reached = closes
    return reached >= ends


def _together(problem: Problem, plan: Plan) -> Iterator[Violation]:
    by_lecturer: dict[int, list[Assignment]] = defaultdict(list)
    for at in plan:
        by_lecturer[at.lecturer].append(at)
    for lecturer, mine in by_lecturer.items():
        for one, other in combinations(mine, 2):
            if one.lesson == other.lesson or both_fixed(problem, one, other):
                continue
            gaps = list(_lacking(problem, one, other))
            if gaps:
                overlap = any(gap < 0 for gap, _ in gaps)
                code = "already_teaching" if overlap else "travel_buffer"
                gap, needs = min(gaps)
                facts = {"gap_minutes": gap, "needs_minutes": needs}
                yield Violation(code, (one.lesson, other.lesson), lecturer, facts)


def _lacking(problem: Problem, one: Assignment, other: Assignment) -> Iterator[tuple[int, int]]:
    """(gap, minutes needed) for each pair of segments that is too close; below zero: overlap."""
    here, there = problem.lessons[one.lesson].site, problem.lessons[other.lesson].site
    for offset, minutes in problem.lessons[one.lesson].segments:
        begins, ends = one.start + offset, one.start + offset + minutes
        for its_offset, its_minutes in problem.lessons[other.lesson].segments:
            its_begin = other.start + its_offset
            its_end = its_begin + its_minutes
            if begins <= its_begin:
                gap, needs = its_begin - ends, problem.site_travel[here][there]
            else:
                gap, needs = begins - its_end, problem.site_travel[there][here]
            if gap < needs:
                yield gap, needs


def both_fixed(problem: Problem, one: Assignment, other: Assignment) -> bool:
    return one.lesson in problem.held and other.lesson in problem.held


def _caps(problem: Problem, plan: Plan) -> Iterator[Violation]:
    counted: dict[tuple[str, int, int], list[int]] = defaultdict(list)
    for at in plan:
        touched = {
            day
            for offset, minutes in problem.lessons[at.lesson].segments
            for day in range(
                (at.start + offset) // DAY, (at.start + offset + minutes - 1) // DAY + 1
            )
        }
        for day in touched:
            counted["day", at.lecturer, day].append(at.lesson)
        day_of_start = at.start // DAY
        counted["week", at.lecturer, day_of_start // WEEK].append(at.lesson)
        counted["month", at.lecturer, day_of_start // problem.month_len].append(at.lesson)
    for (kind, lecturer, period), lessons in sorted(counted.items()):
        person = problem.lecturers[lecturer]
        most = {"day": person.max_day, "week": person.max_week, "month": person.max_month}[kind]
        if len(lessons) > most and any(lesson not in problem.held for lesson in lessons):
            facts = {kind: period, "count": len(lessons), "limit": most}
            yield Violation(f"{kind}_cap", tuple(lessons), lecturer, facts)


def _rooms(problem: Problem, plan: Plan) -> Iterator[Violation]:
    by_site: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for at in plan:
        lesson = problem.lessons[at.lesson]
        for offset, minutes in lesson.segments:
            begins = at.start + offset
            by_site[lesson.site].append((begins, begins + minutes, at.lesson))
    for site, used in sorted(by_site.items()):
        rooms = problem.sites[site].rooms
        seen: set[tuple[int, ...]] = set()
        # The most are there at once at some moment one of them begins.
        for moment in sorted({begins for begins, _, _ in used}):
            there = tuple(sorted(i for begins, ends, i in used if begins <= moment < ends))
            too_many = len(there) > rooms and any(i not in problem.held for i in there)
            if too_many and there not in seen:
                seen.add(there)
                facts = {"site": site, "at": moment, "count": len(there), "rooms": rooms}
                yield Violation("venue_full", there, None, facts)


def _budgets(problem: Problem, plan: Plan) -> Iterator[Violation]:
    spent: dict[int, int] = defaultdict(int)
    lessons: dict[int, list[int]] = defaultdict(list)
    for at in plan:
        lesson = problem.lessons[at.lesson]
        cost = problem.lecturers[at.lecturer].fee * lesson.load
        spent[lesson.school] += cost
        if cost:
            lessons[lesson.school].append(at.lesson)
    for school, most in sorted(problem.budgets.items()):
        beyond = spent[school] > most
        if beyond and any(lesson not in problem.held for lesson in lessons[school]):
            facts = {"school": school, "spent": spent[school], "limit": most}
            yield Violation("over_budget", tuple(lessons[school]), None, facts)
