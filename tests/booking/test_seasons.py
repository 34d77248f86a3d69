"""Booking: season windows: collected, closed by the clock, allocated to the least served first."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from services.booking import placing, plan_running, plans, season_queries, seasons
from services.booking.clockwork import TIMERS
from services.booking.deadlines import outage
from services.booking.models import Lesson, Order
from services.booking.place_checks import Asked
from services.booking.plan_models import Plan
from services.booking.plan_problem import ground_question
from services.booking.plan_rules import FAIR, WORTH, Options, fair_weights
from services.booking.plan_rules import Asked as Wish
from services.booking.season_models import Season
from services.booking.season_states import SEASON, SeasonState
from services.booking.states import LessonState as L
from services.contracts.booking import Slot
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict, Forbidden, Invalid, NotFound
from services.kit.timers import Timer
from tests.booking.lesson_world import (
    CLERK,
    DAY,
    JING,
    LECTURER,
    LI,
    NOON,
    SCHEDULER,
    STRANGER,
    SUPERVISOR,
    TUESDAY,
    WEDNESDAY,
    XIQING,
    YANG,
    a_lesson,
    a_request,
    deadlines,
    told,
    verbs,
)
from tests.booking.season_world import (
    AFTER,
    CLOSES,
    FIRST,
    LAST,
    a_season,
    allocating,
    closed,
    planned,
    published,
    weights,
    wishing,
)
from tests.booking.test_plan_problem import ground_of, solved

FOREIGNER = Caller(UUID(int=77), frozenset({Role.SCHEDULER}), "heping")
LATER = date(2027, 1, 4), date(2027, 3, 31)


# -- collecting


def test_a_season_is_opened_told_and_watched_by_the_clock(district: Session) -> None:
    wishing(district)
    a_request(district)

    season = a_season(district)

    assert (season.state, season.version, season.created_by_name) == ("collecting", 1, "示例一")
    [said] = told(district, season.id)
    assert (said["subject"], said["lessons"]) == ("booking.season.opened", 2)
    watched = {"collecting_ends": CLOSES, "last_day": CLOSES - DAY}
    assert deadlines(district, season.id) == watched


def test_one_that_closes_within_a_day_needs_no_reminder(district: Session) -> None:
    season = a_season(district, closes_at=NOON + timedelta(hours=5))

    assert list(deadlines(district, season.id)) == ["collecting_ends"]


def test_the_clock_reminds_and_closes(district: Session) -> None:
    season = a_season(district)

    TIMERS["last_day"](district, season.id, CLOSES - DAY)
    TIMERS["collecting_ends"](district, season.id, CLOSES)

    assert season.state == "closed"
    facts = [one["subject"].rpartition(".")[2] for one in told(district, season.id)]
    assert facts == ["opened", "closing_soon", "closed"]


def test_two_seasons_never_share_a_day(district: Session) -> None:
    season = a_season(district)
    a_season(district, first_on=LATER[0], last_on=LATER[1])

    with pytest.raises(Conflict, match="season_overlaps") as refused:
        a_season(district, first_on=LAST, last_on=LAST + DAY)

    assert refused.value.facts["season_id"] == str(season.id)
    seasons.cancel(district, season.id, reason="改期", by=SCHEDULER, at=NOON)
    assert a_season(district).state == "collecting"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"first_on": LAST, "last_on": FIRST}, "period_invalid"),
        ({"last_on": date(2027, 8, 1)}, "period_invalid"),
        ({"closes_at": NOON}, "season_closes_in_the_past"),
        ({"closes_at": TUESDAY.starts_at}, "season_closes_too_late"),
    ],
)
def test_a_season_closes_after_now_and_before_its_days(
    district: Session, facts: dict[str, Any], code: str
) -> None:
    with pytest.raises(Invalid, match=code):
        a_season(district, **facts)


def test_it_is_extended_closed_early_and_opened_again(district: Session) -> None:
    season = a_season(district)

    seasons.extend(district, season.id, closes_at=AFTER, by=SCHEDULER, at=NOON)
    assert deadlines(district, season.id)["collecting_ends"] == AFTER
    seasons.close(district, season.id, by=SCHEDULER, at=NOON)
    assert deadlines(district, season.id) == {}
    seasons.reopen(district, season.id, closes_at=CLOSES, by=SCHEDULER, at=NOON)

    assert (season.state, season.closes_at) == ("collecting", CLOSES)
    assert verbs(district, season.id) == ["open", "extend", "close", "reopen"]


def test_an_outage_gives_the_schools_their_time_back(district: Session) -> None:
    season = a_season(district)
    timer = district.get_one(Timer, (season.id, "collecting_ends"))

    outage(district, [timer], timedelta(hours=2))

    assert timer.answer
    assert season.closes_at == CLOSES + timedelta(hours=2)


@pytest.mark.parametrize("by", [CLERK, LECTURER, SUPERVISOR])
def test_only_the_scheduler_opens_and_moves_a_season(district: Session, by: Caller) -> None:
    season = a_season(district)

    with pytest.raises(Forbidden):
        seasons.close(district, season.id, by=by, at=NOON)
    with pytest.raises(Forbidden):
        days: dict[str, Any] = {"first_on": LATER[0], "last_on": LATER[1]}
        seasons.open(district, name="x", **days, closes_at=CLOSES, by=by, at=NOON)


def test_another_district_knows_nothing_of_it(district: Session) -> None:
    season = a_season(district)

    with pytest.raises(NotFound):
        seasons.cancel(district, season.id, reason=None, by=FOREIGNER, at=NOON)
    with pytest.raises(NotFound):
        season_queries.whole(district, season.id, by=FOREIGNER, at=NOON)


@pytest.mark.parametrize("state", SeasonState)
@pytest.mark.parametrize("verb", ["extend", "close", "reopen", "allocate", "cancel"])
def test_every_verb_in_every_state(district: Session, state: SeasonState, verb: str) -> None:
    """What the table does not allow is refused and changes nothing."""
    wishing(district)
    season = a_season(district)
    season.state = state
    district.add(season)
    more: dict[str, dict[str, Any]] = {
        "extend": {"closes_at": AFTER},
        "reopen": {"closes_at": AFTER},
        "allocate": {"options": Options()},
        "cancel": {"reason": None},
    }

    def act() -> Any:
        return getattr(seasons, verb)(
            district, season.id, **more.get(verb, {}), by=SCHEDULER, at=NOON
        )

    if verb in SEASON.open_to(state, SCHEDULER.roles):
        act()
        assert verbs(district, season.id) == ["open", verb]
    else:
        with pytest.raises(Conflict, match="wrong_state"):
            act()
        assert verbs(district, season.id) == ["open"]


# -- nobody goes first


@pytest.mark.parametrize("state", ["collecting", "closed", "allocating"])
def test_days_of_a_season_are_not_placed_one_by_one(district: Session, state: str) -> None:
    lesson, season = wishing(district), a_season(district)
    season.state = SeasonState(state)

    with pytest.raises(Conflict, match="season_open") as refused:
        placing.place(district, lesson.id, asked=Asked(), by=SCHEDULER, at=NOON)

    assert refused.value.facts["season"] == "十二月征集"
    why = "区里急用"
    placing.place(district, lesson.id, asked=Asked(), override=why, by=SCHEDULER, at=NOON)
    assert (lesson.state, lesson.override_reason) == ("tentative", why)


@pytest.mark.parametrize("state", ["allocated", "cancelled"])
def test_afterwards_ordering_is_open(district: Session, state: str) -> None:
    lesson, season = wishing(district), a_season(district)
    season.state = SeasonState(state)

    placing.place(district, lesson.id, asked=Asked(), by=SCHEDULER, at=NOON)

    assert lesson.state == "tentative"


def test_other_days_and_other_districts_are_not_concerned(district: Session) -> None:
    lesson, season = wishing(district), a_season(district, first_on=LATER[0], last_on=LATER[1])
    placing.place(district, lesson.id, asked=Asked(), by=SCHEDULER, at=NOON)
    season.first_on, season.district = FIRST, "heping"
    other = wishing(district, WEDNESDAY)

    placing.place(district, other.id, asked=Asked(), by=SCHEDULER, at=NOON)

    assert [one.state for one in (lesson, other)] == ["tentative", "tentative"]


def test_an_ordinary_plan_leaves_the_days_of_a_season_alone(district: Session) -> None:
    wishing(district)
    a_season(district, first_on=TUESDAY.starts_at.date())

    plan = _plan(district)
    material = plan_material(district, plan.id)

    assert [one.refused for one in material.hopeless] == [{"season_open": 1}]


# -- allocating


def test_all_its_lessons_are_planned_at_once_and_published_together(district: Session) -> None:
    first, second = wishing(district), wishing(district, WEDNESDAY, school=JING)
    season, plan = allocating(district)
    assert [line.lesson_id for line in plans.lines_of(district, plan.id)] == [first.id, second.id]
    assert (plan.season_id, season.state) == (season.id, "allocating")

    published(district, planned(district, plan, first))

    assert (season.state, season.plan_id, season.ended_at) == ("allocated", plan.id, NOON)
    assert (first.state, second.state) == ("tentative", "unplaced")
    said = told(district, season.id)[-1]
    assert (said["subject"], said["lessons"], said["placed"]) == ("booking.season.allocated", 2, 1)
    assert verbs(district, season.id) == ["open", "close", "allocate", "plan_published"]


def test_a_draft_that_is_planned_anew_is_still_of_the_season(district: Session) -> None:
    lesson = wishing(district)
    season, plan = allocating(district)
    plans.replan(district, planned(district, plan, lesson).id, by=SCHEDULER, at=NOON)

    again = plans_of(district, season)[-1]

    assert again.previous_id == plan.id
    published(district, planned(district, again, lesson))
    assert (season.state, season.plan_id) == ("allocated", again.id)


def test_a_draft_of_a_season_that_collects_again_is_not_published(district: Session) -> None:
    lesson = wishing(district)
    season, plan = allocating(district)
    planned(district, plan, lesson)
    seasons.reopen(district, season.id, closes_at=CLOSES, by=SCHEDULER, at=NOON)

    with pytest.raises(Conflict, match="season_not_allocating"):
        plans.publish(district, plan.id, by=SCHEDULER, at=NOON)

    assert lesson.state == "unplaced"


def test_while_it_is_published_nobody_stops_it_halfway(district: Session) -> None:
    lesson = wishing(district)
    season, plan = allocating(district)
    plans.publish(district, planned(district, plan, lesson).id, by=SCHEDULER, at=NOON)

    with pytest.raises(Conflict, match="season_being_published"):
        seasons.cancel(district, season.id, reason=None, by=SCHEDULER, at=NOON)
    with pytest.raises(Conflict, match="season_being_published"):
        seasons.reopen(district, season.id, closes_at=CLOSES, by=SCHEDULER, at=NOON)


def test_without_a_lesson_there_is_nothing_to_allocate(district: Session) -> None:
    season = closed(district)

    with pytest.raises(Conflict, match="no_open_lessons"):
        seasons.allocate(district, season.id, options=Options(), by=SCHEDULER, at=NOON)

    assert season.state == "closed"


def test_who_hands_in_too_late_waits_until_the_others_are_given_theirs(district: Session) -> None:
    in_time, late = wishing(district), wishing(district, WEDNESDAY, school=JING)
    season = closed(district)
    _submitted(district, in_time, NOON - DAY)
    _submitted(district, late, NOON + timedelta(minutes=1))

    _, plan = seasons.allocate(district, season.id, options=Options(), by=SCHEDULER, at=AFTER)

    assert [line.lesson_id for line in plans.lines_of(district, plan.id)] == [in_time.id]
    with pytest.raises(Conflict, match="season_open"):
        placing.place(district, late.id, asked=Asked(), by=SCHEDULER, at=NOON)


# -- fairly


def test_with_equal_wishes_the_school_that_was_given_less_is_worth_more(
    district: Session,
) -> None:
    held = a_lesson(district, L.CONFIRMED, wishes=[_weeks_later(1)])
    _submitted(district, held, NOON - DAY)
    mine, theirs = wishing(district), wishing(district, school=JING)

    season, plan = allocating(district)

    assert season.served_before == {str(YANG): 1, str(JING): 0}
    worth = weights(district, plan.id)
    assert worth[theirs.id] > worth[mine.id]


def test_the_second_lesson_of_a_school_goes_after_the_first_of_another(district: Session) -> None:
    first, second = wishing(district), wishing(district, WEDNESDAY)
    other = wishing(district, WEDNESDAY, school=JING)

    _, plan = allocating(district)

    worth = weights(district, plan.id)
    assert worth[first.id] == worth[other.id] > worth[second.id]


def test_schools_with_the_same_wishes_begin_on_different_days() -> None:
    """So that nobody is given two lessons on two quiet days and the others none."""
    days = (TUESDAY.starts_at.date(),), (WEDNESDAY.starts_at.date(),)
    asked = [Wish(school, 20, day) for school in SCHOOLS[:2] for day in days]

    [mine, mine_later, theirs, theirs_later] = fair_weights(asked, {})

    assert mine == theirs_later > mine_later == theirs


def test_what_can_be_given_on_no_day_costs_no_turn() -> None:
    never = Wish(SCHOOLS[0], 40)
    once = Wish(SCHOOLS[0], 20, (TUESDAY.starts_at.date(),))
    other = Wish(SCHOOLS[1], 20, (TUESDAY.starts_at.date(),))

    [_, mine, theirs] = fair_weights([never, once, other], {})

    assert mine == theirs


@pytest.mark.parametrize("poorer", [YANG, JING])
def test_the_planner_gives_the_only_lecturer_to_the_school_that_was_given_less(
    district: Session, poorer: UUID
) -> None:
    richer = JING if poorer == YANG else YANG
    held = a_lesson(district, L.CONFIRMED, wishes=[_weeks_later(1)], school=richer)
    _submitted(district, held, NOON - DAY)
    wishes = {school: wishing(district, school=school) for school in (YANG, JING)}
    _, plan = allocating(district, first_on=TUESDAY.starts_at.date())  # where day 0 is near
    wanted = plan_running.material(district, plan.id, at=NOON).wanted

    answer = solved(wanted, ground_of(ground_question(wanted, XIQING), {LI: {}}))

    assert set(answer.served) == {wishes[poorer].id}


def test_a_plan_of_no_season_knows_no_turns(district: Session) -> None:
    one, other = wishing(district), wishing(district, WEDNESDAY)

    assert weights(district, _plan(district).id) == {one.id: 20, other.id: 20}


SCHOOLS = [UUID(int=n) for n in range(6)]
WORTHS = sorted({worth + extra for worth in WORTH.values() for extra in (0, 15)})
ASKED = st.lists(st.builds(Wish, st.sampled_from(SCHOOLS), st.sampled_from(WORTHS)), min_size=1)
GIVEN = st.dictionaries(st.sampled_from(SCHOOLS), st.integers(0, 60))


@given(ASKED, GIVEN)
def test_of_two_lessons_of_one_worth_an_earlier_turn_is_worth_more(
    asked: list[Wish], served: dict[UUID, int]
) -> None:
    """And fairness decides whom, never how many: two always outweigh one of the same worth."""
    found = fair_weights(asked, served)
    first = _first(asked)
    for n, one in enumerate(asked):
        for m, other in enumerate(asked):
            if one.weight != other.weight:
                continue
            mine, theirs = served.get(one.school_id, 0), served.get(other.school_id, 0)
            if n in first and m in first and mine < theirs:
                assert found[n] > found[m]
            assert 2 * found[n] > found[m]


@given(ASKED, GIVEN)
def test_fairness_never_reaches_from_one_worth_to_twice_as_much(
    asked: list[Wish], served: dict[UUID, int]
) -> None:
    found = fair_weights(asked, served)

    for n, one in enumerate(asked):
        for m, other in enumerate(asked):
            if other.weight > one.weight + FAIR:
                assert found[m] > found[n]


def _first(asked: list[Wish]) -> set[int]:
    """Of each school the lesson whose turn comes first."""
    best: dict[UUID, int] = {}
    for n, one in enumerate(asked):
        if one.school_id not in best or one.weight > asked[best[one.school_id]].weight:
            best[one.school_id] = n
    return set(best.values())


# -- reading


def test_the_district_sees_every_school_and_a_school_its_own_lessons(district: Session) -> None:
    first, second = wishing(district), wishing(district, WEDNESDAY, school=JING)
    season, plan = allocating(district)
    planned(district, plan, first)

    whole = season_queries.whole(district, season.id, by=SCHEDULER, at=NOON)
    own = season_queries.whole(district, season.id, by=CLERK, at=NOON)

    found = {one.id: (one.lessons, one.given, one.before, one.after) for one in whole.schools}
    assert found == {YANG: (1, 1, 0, 1), JING: (1, 0, 0, 0)}
    assert [(one.code, one.lessons, one.given) for one in whole.courses] == [("RV-T03", 2, 1)]
    assert whole.lines == []
    # Nobody is told of a draft.
    assert [(one.id, one.lessons, one.given) for one in own.schools] == [(YANG, 1, 0)]
    assert [(of.lesson.id, line) for of, line in own.lines] == [(first.id, None)]
    assert own.figures.plan_id is None
    assert season_queries.whole(district, season.id, by=STRANGER, at=NOON).lines[0][0].lesson == (
        second
    )


def test_afterwards_a_school_sees_what_was_served_and_why_not(district: Session) -> None:
    first, second = wishing(district), wishing(district, WEDNESDAY)
    season, plan = allocating(district)
    published(district, planned(district, plan, first))

    own = season_queries.whole(district, season.id, by=CLERK, at=NOON)

    assert [(of.lesson.id, line.outcome if line else "") for of, line in own.lines] == [
        (first.id, "placed"),
        (second.id, None),
    ]
    assert own.lines[1][1] is not None and own.lines[1][1].why is not None
    assert own.lines[1][1].why["headline"] == "week_cap"
    assert [(one.before, one.after) for one in own.schools] == [(0, 1)]
    assert (own.figures.lessons, own.figures.placed) == (2, 1)


def test_lecturers_know_nothing_of_seasons(district: Session) -> None:
    season = a_season(district)

    with pytest.raises(Forbidden):
        season_queries.whole(district, season.id, by=LECTURER, at=NOON)


def plans_of(session: Session, season: Season) -> list[Any]:
    return list(session.exec(select(Plan).where(Plan.season_id == season.id).order_by("id")))


def plan_material(session: Session, plan_id: UUID) -> Any:
    return plan_running.material(session, plan_id, at=NOON)


def _plan(session: Session) -> Any:
    days: dict[str, Any] = {"first_on": FIRST, "last_on": LAST}
    return plans.make(session, **days, lesson_ids=None, options=Options(), by=SCHEDULER, at=NOON)


def _weeks_later(weeks: int) -> dict[str, Any]:
    step = timedelta(weeks=weeks)
    slot = Slot(starts_at=TUESDAY.starts_at + step, ends_at=TUESDAY.ends_at + step)
    return slot.model_dump(mode="json")


def _submitted(session: Session, lesson: Lesson, at: datetime) -> None:
    """When its letter was handed in: the ledger counts by it, and a season closes by it."""
    order = session.get_one(Order, lesson.order_id)
    order.submitted_at = at
    session.add(order)
    session.flush()
