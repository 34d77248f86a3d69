"""Booking: a plan in the planner's numbers and back, with the real planner between."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from services.booking import plan_pins, plan_problem, plan_running, plans
from services.booking.models import Lesson
from services.booking.plan_answer import Answer, Reading
from services.booking.plan_pins import Judged
from services.booking.plan_problem import Desk, Wanted, ground_question, joined, parts
from services.booking.plan_rules import Options
from services.contracts.booking import Slot
from services.contracts.planning import (
    Ground,
    GroundLecturer,
    GroundQuestion,
    GroundSlot,
    Held,
    LessonGround,
    Out,
)
from services.kit.errors import Conflict
from services.planner import neutral, planning
from services.planner.answers import write_plan
from services.planner.checks import validate
from tests.booking.lesson_world import (
    LI,
    NOON,
    SCHEDULER,
    THURSDAY,
    TUESDAY,
    WANG,
    XIQING,
    a_lesson,
    local,
)

FIRST, LAST = date(2026, 12, 1), date(2026, 12, 4)
MONDAY = local("2026-11-30 00:00")  # the Monday before the first of the month
MINUTE = timedelta(minutes=1)
ZHAO = UUID(int=32)


def wishing(session: Session, *wishes: Slot, **facts: Any) -> Lesson:
    return a_lesson(session, wishes=[w.model_dump(mode="json") for w in wishes], **facts)


def wanted_of(session: Session, *lessons: Lesson, pin: dict[UUID, UUID] | None = None) -> Wanted:
    plan = plans.make(
        session,
        first_on=FIRST,
        last_on=LAST,
        lesson_ids=[lesson.id for lesson in lessons],
        options=Options(),
        by=SCHEDULER,
        at=NOON,
    )
    plan.state = "ready"  # type: ignore[assignment]
    for lesson_id, lecturer_id in (pin or {}).items():
        at = TUESDAY.starts_at
        who: dict[str, Any] = {"lecturer_id": lecturer_id, "judged": Judged("示例讲师")}
        plan_pins.pin(session, plan.id, lesson_id, **who, starts_at=at, by=SCHEDULER, at=NOON)
    return plan_running.material(session, plan.id, at=NOON).wanted


def minute(at: datetime) -> int:
    return int((at - MONDAY) / MINUTE)


def ground_of(
    asked: GroundQuestion,
    people: dict[UUID, dict[str, Any]],
    out: dict[str, tuple[int, ...]] | None = None,
    held: tuple[Held, ...] = (),
) -> Ground:
    """What the lecturer room would say: everybody is free, nobody is far, some are out."""
    gone = tuple(Out(codes=(code,), lecturers=who) for code, who in (out or {}).items())
    able = tuple(n for n in range(len(people)) if not any(n in o.lecturers for o in gone))
    places = len(asked.places)
    return Ground(
        lecturers=tuple(
            GroundLecturer(
                **{
                    "lecturer_id": id,
                    "code": f"LEC-{n}",
                    "name": f"讲师{n}",
                    "pool": "professional",
                    "active": True,
                    "home_known": True,
                    "homes": (20,) * places,
                    "day_cap": 3,
                    "week_cap": 2,
                    "month_cap": 12,
                    "valid": (0, 7 * 1440),
                    "free": ((0, 7 * 1440),),
                    "given_this_year": 0,
                    **facts,
                }
            )
            for n, (id, facts) in enumerate(people.items())
        ),
        lessons=tuple(
            LessonGround(
                lesson_id=one.lesson_id,
                allowed=able,
                out=gone,
                slots=tuple(
                    GroundSlot(
                        begins=minute(slot.starts_at),
                        ends=minute(slot.ends_at),
                        able=able,
                        out=(),
                    )
                    for slot in one.slots
                ),
            )
            for one in asked.lessons
        ),
        places=asked.places,
        ways=((0,) * places,) * places,
        held=held,
        offered=(),
        max_travel_minutes=120,
    )


def solved(wanted: Wanted, ground: Ground) -> Answer:
    desk = Desk(wanted, ground)
    problem = neutral.read_value(desk.problem())
    plan = planning.plan(problem)
    assert validate(problem, plan.assignments) == []
    return Reading(desk).of(write_plan(plan))


def test_no_time_before_the_period_is_thought_of(district: Session) -> None:
    wanted = wanted_of(district, wishing(district, TUESDAY))
    question = ground_question(wanted, XIQING)
    problem = Desk(wanted, ground_of(question, {LI: {}, WANG: {"free": ((0, 600),)}})).problem()

    assert [one["avail"] for one in problem["lecturers"]][:2] == [[[1440, 7 * 1440]], []]


def test_day_0_is_a_monday_and_the_month_counts_whole(district: Session) -> None:
    wanted = wanted_of(district, wishing(district, TUESDAY))

    problem = Desk(wanted, ground_of(ground_question(wanted, XIQING), {LI: {}})).problem()

    assert wanted.midnight == MONDAY
    assert (problem["days"], problem["month_len"]) == (5, 5)
    assert problem["lessons"][0]["windows"] == [
        [minute(TUESDAY.starts_at), minute(TUESDAY.ends_at), 0]
    ]


def test_the_planner_serves_all_and_the_answer_names_who_and_when(district: Session) -> None:
    """One hall: they cannot both be on Tuesday."""
    one, other = wishing(district, TUESDAY, THURSDAY), wishing(district, TUESDAY, THURSDAY)
    wanted = wanted_of(district, one, other)

    answer = solved(wanted, ground_of(ground_question(wanted, XIQING), {LI: {}, WANG: {}}))

    assert {at.starts_at for at in answer.served.values()} == {
        TUESDAY.starts_at,
        THURSDAY.starts_at,
    }
    assert {at.lecturer_name for at in answer.served.values()} <= {"讲师0", "讲师1"}
    assert (answer.status, answer.unserved, answer.bound_unserved) == ("optimal", 0, 0)


def test_who_is_out_for_a_reason_of_his_own_is_not_chosen_and_the_reason_is_told(
    district: Session,
) -> None:
    wanted = wanted_of(district, wishing(district, TUESDAY))
    out = {"wrong_pool": (0, 1), "not_qualified": (2,)}
    everybody: dict[UUID, dict[str, Any]] = {LI: {}, WANG: {}, ZHAO: {}}

    answer = solved(wanted, ground_of(ground_question(wanted, XIQING), everybody, out))

    [why] = answer.why.values()
    assert why["headline"] == "wrong_pool"
    assert why["counts"] == {"wrong_pool": 2, "not_qualified": 1}
    assert (answer.status, answer.unserved) == ("impossible", 20)


def test_what_a_lecturer_holds_counts_for_his_week_and_is_named(district: Session) -> None:
    wanted = wanted_of(district, wishing(district, TUESDAY))
    elsewhere = UUID(int=99)
    starts = THURSDAY.starts_at
    held = Held(
        lecturer=0,
        lesson_id=elsewhere,
        assignment_id=UUID(int=98),
        slot=THURSDAY,
        begins=minute(starts),
        ends=minute(THURSDAY.ends_at),
        place=0,
        live=True,
    )

    ground = ground_of(ground_question(wanted, XIQING), {LI: {"week_cap": 1}}, held=(held,))
    answer = solved(wanted, ground)

    [why] = answer.why.values()
    assert (why["headline"], why["took"]) == ("week_cap", [str(elsewhere)])
    assert why["change"]["kind"] == "one_more_a_week"
    assert why["change"]["lecturer_id"] == str(LI)
    assert why["change"]["starts_at"] == TUESDAY.starts_at.astimezone(wanted.zone).isoformat()


def test_a_pinned_lesson_wins_and_an_impossible_pin_is_told_not_obeyed(district: Session) -> None:
    one, other = wishing(district, TUESDAY), wishing(district, TUESDAY, THURSDAY)
    wanted = wanted_of(district, one, other, pin={other.id: WANG})
    question = ground_question(wanted, XIQING)

    kept = solved(wanted, ground_of(question, {LI: {}, WANG: {}}))
    broken = solved(wanted, ground_of(question, {LI: {}, WANG: {"free": ()}}))

    assert (kept.served[other.id].lecturer_id, one.id in kept.served) == (WANG, False)
    assert kept.unserved == kept.bound_unserved == 20
    assert (one.id in broken.served, other.id in broken.served) == (True, False)
    assert (broken.unserved, broken.bound_unserved) == (20, 20)


def test_the_pools_are_preferred_in_the_order_of_the_policy(district: Session) -> None:
    wanted = wanted_of(district, wishing(district, TUESDAY))
    people = {LI: {"pool": "lead_study"}, WANG: {"pool": "professional"}}
    ground = ground_of(ground_question(wanted, XIQING), people)

    for pools, who in ((("professional",), WANG), (("lead_study", "professional"), LI)):
        asked = Wanted(
            wanted.lessons,
            FIRST,
            LAST,
            wanted.zone,
            Options(pools=pools),  # type: ignore[arg-type]
        )
        [served] = solved(asked, ground).served.values()
        assert served.lecturer_id == who


def test_a_large_question_is_asked_in_parts_and_the_answers_are_one(
    district: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_problem, "MOST_ASKED", 3)
    lessons = [wishing(district, TUESDAY, THURSDAY) for _ in range(3)]
    question = ground_question(wanted_of(district, *lessons), XIQING)
    people: dict[UUID, dict[str, Any]] = {LI: {}, WANG: {}}

    asked = parts(question)
    answers = [ground_of(part, people) for part in asked]

    assert [len(part.lessons) for part in asked] == [1, 1, 1]
    assert joined(answers) == ground_of(question, people)
    with pytest.raises(Conflict, match="conflicting_write"):
        joined([*answers[:2], ground_of(asked[2], {LI: {}})])


def test_a_pin_to_somebody_nobody_knows_serves_nobody(district: Session) -> None:
    lesson = wishing(district, TUESDAY)
    wanted = wanted_of(district, lesson, pin={lesson.id: ZHAO})

    answer = solved(wanted, ground_of(ground_question(wanted, XIQING), {LI: {}, WANG: {}}))

    assert answer.served == {} and answer.unserved == 20


@pytest.mark.parametrize("stability", [0, 50])
def test_the_draft_before_stays_where_it_costs_nothing_more(
    district: Session, stability: int
) -> None:
    wanted = wanted_of(district, wishing(district, TUESDAY, THURSDAY))
    before = {wanted.lessons[0].lesson.id: plan_running.At(LI, THURSDAY.starts_at)}
    options = Options.model_validate({"weights": {"stability": stability}})
    asked = Wanted(wanted.lessons, FIRST, LAST, wanted.zone, options, before=before)

    [served] = solved(asked, ground_of(ground_question(asked, XIQING), {LI: {}})).served.values()

    assert served.starts_at == (THURSDAY if stability else TUESDAY).starts_at
