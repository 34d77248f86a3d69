"""Plans against every plan there is, and what must hold for each of them."""

import time
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.planner.board import Board, always
from services.planner.candidates import candidates
from services.planner.checks import validate
from services.planner.model import build
from services.planner.planning import plan
from services.planner.plans import Options, Plan, Status
from services.planner.problem import DAY, Assignment, Lecturer, Problem, Weights, Window
from services.planner.ranking import rank
from services.planner.scores import score, terms
from services.planner.search import Search
from services.planner.unserved import explain
from tests.planner.files import practice
from tests.planner.small import best_by_trying, problems

BRIEF = Options(seconds=20)
few = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
many = settings(few, max_examples=100)


@many
@given(problems())
def test_a_plan_is_the_best_of_all_plans(problem: Problem) -> None:
    found = plan(problem, BRIEF)

    assert found.score == best_by_trying(problem)
    assert found.status in (Status.OPTIMAL, Status.IMPOSSIBLE)
    assert found.bound == found.score == score(problem, found.assignments)
    assert sum(found.terms.values()) == found.score.soft


@few
@given(problems())
def test_improving_part_after_part_never_breaks_a_rule(problem: Problem) -> None:
    model = build(problem, score(problem, problem.fixed))
    told = []
    search = Search(model, until=0.0, seed=1, tell=lambda s, phase, better: told.append(s.worth))
    search.until = float("inf")
    search.take(model.values(()), "nothing")

    for _ in range(3):
        parts_once(search)

    rows = [model.table.assignment(row) for row in model.taken(search.values)]
    assert validate(problem, (*problem.fixed, *rows)) == []
    assert score(problem, (*problem.fixed, *rows)) == search.best
    assert told == sorted(told, reverse=True)


def parts_once(search: Search) -> None:
    search.parts(time.monotonic() + 0.02)


@few
@given(problems())
def test_every_plan_is_allowed_and_keeps_what_is_fixed(problem: Problem) -> None:
    found = plan(problem, BRIEF)

    assert validate(problem, found.assignments) == []
    assert set(problem.fixed) <= set(found.assignments)
    assert {gone.lesson for gone in found.unserved} == unserved(problem, found)


def unserved(problem: Problem, found: Plan) -> set[int]:
    return set(range(len(problem.lessons))) - {at.lesson for at in found.assignments}


@few
@given(problems(), st.data())
def test_one_more_lecturer_or_window_never_costs_weight(
    problem: Problem, data: st.DataObject
) -> None:
    before = plan(problem, BRIEF).score
    copied = data.draw(st.integers(0, len(problem.lecturers) - 1))
    lesson = data.draw(st.integers(0, len(problem.lessons) - 1))
    day = data.draw(st.integers(0, 8))
    extra = Window(day * DAY, (day + 3) * DAY, 6)
    wider = replace(problem.lessons[lesson], windows=(*problem.lessons[lesson].windows, extra))
    lessons = (*problem.lessons[:lesson], wider, *problem.lessons[lesson + 1 :])

    helped = replace(
        problem,
        lecturers=(*problem.lecturers, problem.lecturers[copied]),
        home_travel=(*problem.home_travel, problem.home_travel[copied]),
    )

    assert plan(helped, BRIEF).score.unserved <= before.unserved
    assert plan(replace(problem, lessons=lessons), BRIEF).score.unserved <= before.unserved


@few
@given(problems())
def test_the_same_seed_gives_the_same_plan(problem: Problem) -> None:
    assert plan(problem, BRIEF).assignments == plan(problem, BRIEF).assignments


@many
@given(problems())
def test_excluded_with_a_reason_is_whoever_is_no_candidate(problem: Problem) -> None:
    board = Board(problem, problem.fixed)
    table = candidates(problem, board, problem.open)
    possible = {table.assignment(row) for row in range(len(table))}

    for lesson in problem.open:
        for lecturer in range(len(problem.lecturers)):
            for start in problem.starts(lesson):
                at = Assignment(lesson, lecturer, start)
                reasons = always(problem, lesson, lecturer) or board.reasons(*at)
                assert (at in possible) is (not reasons)
                assert (at in possible) is (validate(problem, (*problem.fixed, at)) == [])


@few
@given(problems())
def test_a_ranking_names_everybody_once_at_each_start(problem: Problem) -> None:
    current = plan(problem, BRIEF).assignments
    for lesson in problem.open:
        ranking = rank(problem, current, lesson)
        others = tuple(at for at in current if at.lesson != lesson)
        starts, before = set(problem.starts(lesson)), score(problem, others).soft

        named = [(one.lecturer, one.start) for one in ranking.candidates]
        named += [(out.lecturer, s) for out in ranking.excluded for s in out.at or starts]
        assert sorted(named) == [
            (j, s) for j in range(len(problem.lecturers)) for s in sorted(starts)
        ]
        for one in ranking.candidates:
            with_it = (*others, Assignment(lesson, one.lecturer, one.start))
            assert validate(problem, with_it) == []
            assert score(problem, with_it).soft - before == one.points


@few
@given(problems())
def test_ids_and_whole_months_later_change_nothing(problem: Problem) -> None:
    order = list(reversed(range(len(problem.lecturers))))
    place = {old: new for new, old in enumerate(order)}
    later = 28 * DAY

    def moved(at: Assignment) -> Assignment:
        return Assignment(
            len(problem.lessons) - 1 - at.lesson, place[at.lecturer], at.start + later
        )

    def shifted(person: Lecturer) -> Lecturer:
        free = tuple((a + later, b + later) for a, b in person.free)
        return replace(person, free=free, valid=(person.valid[0] + later, person.valid[1] + later))

    lessons = [
        replace(
            lesson,
            requested=None if lesson.requested is None else place[lesson.requested],
            windows=tuple(Window(a + later, b + later, p) for a, b, p in lesson.windows),
        )
        for lesson in problem.lessons
    ]
    other = replace(
        problem,
        lecturers=tuple(shifted(problem.lecturers[old]) for old in order),
        home_travel=tuple(problem.home_travel[old] for old in order),
        lessons=tuple(reversed(lessons)),
        fixed=tuple(moved(at) for at in problem.fixed),
        offers=tuple(moved(at) for at in problem.offers),
    )

    assert plan(other, BRIEF).score == plan(problem, BRIEF).score


def test_terms_of_nothing_are_nothing() -> None:
    empty = Problem(1, 30, 28, Weights(), (), (), (), (), ())

    assert sum(terms(empty, ()).values()) == 0
    assert plan(empty).status is Status.OPTIMAL


def test_when_the_time_is_over_every_lesson_left_out_still_has_its_headline() -> None:
    problem = practice("xiqing")

    brief = list(explain(problem, (), problem.open, until=0.0))
    full = list(explain(problem, (), problem.open[:5]))

    assert tuple(gone.lesson for gone in brief) == problem.open
    assert all(gone.headline and gone.counts for gone in brief)
    for one, other in zip(brief, full, strict=False):
        assert sum(one.counts.values()) <= sum(other.counts.values())
