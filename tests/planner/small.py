"""Problems small enough to try every plan there is."""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import strategies as st

from services.planner.checks import validate
from services.planner.plans import Score
from services.planner.problem import (
    DAY,
    Assignment,
    Lecturer,
    Lesson,
    Problem,
    Site,
    Weights,
    Window,
)
from services.planner.scores import score

MORNING = 540
SHAPES = (((0, 30),), ((0, 60),), ((0, 45), (DAY, 45)))


@st.composite
def problems(draw: st.DrawFn, most_lessons: int = 4) -> Problem:
    """One to three sites and lecturers, one to four lessons, all rules within reach."""
    places, people = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    count = draw(st.integers(1, most_lessons))
    problem = Problem(
        days=9,
        grid=30,
        month_len=draw(st.sampled_from((7, 28))),
        weights=Weights(
            request=draw(st.integers(0, 30)),
            move=draw(st.integers(0, 40)),
            travel=draw(st.integers(0, 2)),
            travel_div=5,
            fair=draw(st.integers(0, 5)),
            rating=draw(st.integers(0, 2)),
        ),
        sites=tuple(draw(sites()) for _ in range(places)),
        lecturers=tuple(draw(lecturers()) for _ in range(people)),
        lessons=tuple(draw(lessons(places, people)) for _ in range(count)),
        site_travel=draw(ways(places)),
        home_travel=tuple(
            tuple(draw(st.integers(0, 70)) for _ in range(places)) for _ in range(people)
        ),
        budgets=draw(st.dictionaries(st.integers(0, 1), st.integers(0, 8), max_size=2)),
    )
    return draw(with_history(problem))


@st.composite
def sites(draw: st.DrawFn) -> Site:
    return Site(draw(st.integers(0, 2) | st.just(9)), draw(st.sampled_from((20, 60))), 0)


@st.composite
def lecturers(draw: st.DrawFn) -> Lecturer:
    spans = []
    for day in draw(st.lists(st.sampled_from((0, 1, 2, 7, 8)), min_size=1, max_size=4)):
        opens = day * DAY + MORNING + draw(st.sampled_from((0, 0, 20, 60)))
        spans.append((opens, opens + draw(st.sampled_from((60, 150, 240)))))
    return Lecturer(
        pool=draw(st.integers(1, 2)),
        courses=frozenset(draw(st.sets(st.integers(0, 1), min_size=1))),
        free=tuple(spans),
        valid=draw(st.sampled_from(((0, 99 * DAY), (0, 99 * DAY), (0, 2 * DAY)))),
        max_day=draw(st.integers(0, 3)),
        max_week=draw(st.integers(1, 3)),
        max_month=draw(st.integers(1, 4)),
        rating=draw(st.integers(0, 50)),
        prior=draw(st.integers(0, 2)),
        max_travel=draw(st.sampled_from((40, 99))),
        fee=draw(st.integers(0, 4)),
    )


@st.composite
def lessons(draw: st.DrawFn, places: int, people: int) -> Lesson:
    shape = draw(st.sampled_from((*SHAPES[:2], *SHAPES)))
    length = max(offset + minutes for offset, minutes in shape)
    windows = []
    for _ in range(draw(st.integers(1, 2))):
        opens = draw(st.sampled_from((0, 1, 2, 7))) * DAY + MORNING + draw(st.sampled_from((0, 30)))
        room = draw(st.sampled_from((0, 30, 60)))
        windows.append(Window(opens, opens + length + room, draw(st.sampled_from((0, 6, 12)))))
    requested = draw(st.none() | st.integers(0, people - 1))
    return Lesson(
        course=draw(st.integers(0, 1)),
        site=draw(st.integers(0, places - 1)),
        school=draw(st.integers(0, 1)),
        segments=shape,
        windows=tuple(windows),
        weight=draw(st.sampled_from((5, 10, 15))),
        audience=draw(st.sampled_from((10, 10, 50))),
        load=draw(st.integers(0, 2)),
        pool=draw(st.none() | st.none() | st.integers(1, 2)),
        requested=requested,
        strict=requested is not None and draw(st.booleans()),
    )


@st.composite
def ways(draw: st.DrawFn, places: int) -> tuple[tuple[int, ...], ...]:
    minutes = st.sampled_from((10, 30, 45))
    return tuple(
        tuple(0 if a == b else draw(minutes) for b in range(places)) for a in range(places)
    )


@st.composite
def with_history(draw: st.DrawFn, problem: Problem) -> Problem:
    """Perhaps a lesson is fixed, wherever it may be, and one offered."""
    fixed, offers = [], []
    last = len(problem.lessons) - 1
    people = len(problem.lecturers) - 1
    if last >= 1 and draw(st.booleans()):
        start = draw(st.sampled_from((0, 1, 7))) * DAY + MORNING + 30 * draw(st.integers(0, 4))
        fixed.append(Assignment(last, draw(st.integers(0, people)), start))
    if draw(st.booleans()):
        starts = list(problem.starts(0))
        if starts and not (fixed and last == 0):
            one = Assignment(0, draw(st.integers(0, people)), draw(st.sampled_from(starts)))
            offers.append(one)
    return replace(problem, fixed=tuple(fixed), offers=tuple(offers))


def every_plan(problem: Problem) -> Iterator[tuple[Assignment, ...]]:
    """All allowed plans: what breaks a rule still breaks it with more lessons."""

    def grow(
        plan: tuple[Assignment, ...], rest: tuple[int, ...]
    ) -> Iterator[tuple[Assignment, ...]]:
        if not rest:
            yield plan
            return
        yield from grow(plan, rest[1:])
        for lecturer in range(len(problem.lecturers)):
            for start in problem.starts(rest[0]):
                more = (*plan, Assignment(rest[0], lecturer, start))
                if not validate(problem, more):
                    yield from grow(more, rest[1:])

    yield from grow(problem.fixed, problem.open)


def best_by_trying(problem: Problem) -> Score:
    return min(score(problem, plan) for plan in every_plan(problem))
