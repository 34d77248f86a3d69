"""The judge of plans: it lets a good plan pass and finds what is wrong with a spoilt one."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from services.planner.checks import validate
from services.planner.planning import plan
from services.planner.plans import Options
from services.planner.problem import DAY, Assignment, Problem
from services.planner.scores import score
from tests.planner.files import practice

Plan = tuple[Assignment, ...]


@pytest.fixture(scope="module")
def month() -> Problem:
    return practice("month")


@pytest.fixture(scope="module")
def good(month: Problem) -> Plan:
    return plan(month, Options(seconds=60)).assignments


def test_a_good_plan_has_nothing_against_it(month: Problem, good: Plan) -> None:
    assert validate(month, good) == []
    assert score(month, good) == (435, 2109)


def test_a_plan_to_start_from_is_never_lost(month: Problem, good: Plan) -> None:
    """Not even when there is no time to do better."""
    again = plan(month, Options(seconds=0.001, start=good))

    assert again.score == (435, 2109)
    assert again.status == "feasible"


def loose(month: Problem, good: Plan) -> list[Assignment]:
    return [at for at in good if at.lesson not in month.held]


def with_(good: Plan, other: Assignment) -> Plan:
    return tuple(other if at.lesson == other.lesson else at for at in good)


def other_start(month: Problem, good: Plan) -> tuple[str, Plan]:
    at = loose(month, good)[0]
    return "outside_windows", with_(good, at._replace(start=at.start + 60 * DAY))


def off_grid(month: Problem, good: Plan) -> tuple[str, Plan]:
    at = loose(month, good)[0]
    return "off_grid", with_(good, at._replace(start=at.start + 1))


def unqualified(month: Problem, good: Plan) -> tuple[str, Plan]:
    at = loose(month, good)[0]
    course = month.lessons[at.lesson].course
    who = next(j for j, p in enumerate(month.lecturers) if course not in p.courses)
    return "not_qualified", with_(good, at._replace(lecturer=who))


def doubled(month: Problem, good: Plan) -> tuple[str, Plan]:
    return "given_twice", (*good, loose(month, good)[0])


def fixed_gone(month: Problem, good: Plan) -> tuple[str, Plan]:
    return "fixed_moved", tuple(at for at in good if at != month.fixed[0])


def fixed_moved(month: Problem, good: Plan) -> tuple[str, Plan]:
    at = month.fixed[0]
    return "fixed_moved", with_(good, at._replace(start=at.start + 30))


def nobody(month: Problem, good: Plan) -> tuple[str, Plan]:
    return "unknown", (*good, Assignment(len(month.lessons), 0, 0))


@pytest.mark.parametrize(
    "spoil", [other_start, off_grid, unqualified, doubled, fixed_gone, fixed_moved, nobody]
)
def test_a_spoilt_plan_is_found_out(
    month: Problem, good: Plan, spoil: Callable[[Problem, Plan], tuple[str, Plan]]
) -> None:
    code, spoilt = spoil(month, good)

    assert code in {broken.code for broken in validate(month, spoilt)}


TIGHTER: dict[str, Callable[[Problem, Assignment], Problem]] = {
    "day_cap": lambda problem, at: lecturer(problem, at, max_day=0),
    "week_cap": lambda problem, at: lecturer(problem, at, max_week=0),
    "month_cap": lambda problem, at: lecturer(problem, at, max_month=0),
    "not_available": lambda problem, at: lecturer(
        problem, at, free=((at.start + 1, at.start + 999),)
    ),
    "appointment_not_valid": lambda problem, at: lecturer(problem, at, valid=(0, at.start)),
    "too_far": lambda problem, at: lecturer(problem, at, max_travel=-1),
    "wrong_pool": lambda problem, at: lesson(problem, at, pool=99),
    "not_the_requested_lecturer": lambda problem, at: lesson(
        problem, at, strict=True, requested=at.lecturer - 1 if at.lecturer else 1
    ),
    "venue_full": lambda problem, at: site(problem, at, rooms=0),
    "too_many_people": lambda problem, at: site(problem, at, seats=0),
    "over_budget": lambda problem, at: replace(
        problem, budgets={problem.lessons[at.lesson].school: 0}
    ),
    "outside_windows": lambda problem, at: lesson(problem, at, windows=()),
}


def lecturer(problem: Problem, at: Assignment, **new: object) -> Problem:
    people = list(problem.lecturers)
    people[at.lecturer] = replace(people[at.lecturer], **new)  # type: ignore[arg-type]
    return replace(problem, lecturers=tuple(people))


def lesson(problem: Problem, at: Assignment, **new: object) -> Problem:
    lessons = list(problem.lessons)
    lessons[at.lesson] = replace(lessons[at.lesson], **new)  # type: ignore[arg-type]
    return replace(problem, lessons=tuple(lessons))


def site(problem: Problem, at: Assignment, **new: int) -> Problem:
    where, sites = problem.lessons[at.lesson].site, list(problem.sites)
    sites[where] = replace(sites[where], **new)
    return replace(problem, sites=tuple(sites))


@pytest.mark.parametrize("code", TIGHTER)
def test_each_rule_is_judged(month: Problem, good: Plan, code: str) -> None:
    for at in random.Random(3).sample(loose(month, good), 12):
        found = [broken.code for broken in validate(TIGHTER[code](month, at), good)]

        assert code in found
        assert set(found) == {code}


def test_two_lessons_of_one_lecturer_need_the_way_between_them(month: Problem, good: Plan) -> None:
    first, second = loose(month, good)[:2]
    people = (first.lecturer,)
    near = replace(month, site_travel=tuple(tuple(9999 for _ in row) for row in month.site_travel))
    pair = (first, second._replace(lecturer=people[0], start=first.start + 5 * DAY))
    on_top = (first, second._replace(lecturer=people[0], start=first.start))

    assert "travel_buffer" in {b.code for b in validate(near, (*month.fixed, *pair))}
    assert "already_teaching" in {b.code for b in validate(month, (*month.fixed, *on_top))}


def test_fixed_lessons_are_not_judged(month: Problem) -> None:
    everything_wrong = replace(
        month,
        lecturers=tuple(
            replace(p, courses=frozenset(), free=(), max_day=0) for p in month.lecturers
        ),
        sites=tuple(replace(s, rooms=0, seats=0) for s in month.sites),
    )

    assert validate(everything_wrong, month.fixed) == []
