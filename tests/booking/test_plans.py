"""Booking: draft plans: made, pinned, planned anew, published once, lesson by lesson."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from services.booking import lessons as cancelling
from services.booking import (
    placing,
    plan_pins,
    plan_publishing,
    plan_queries,
    plan_rules,
    plan_running,
    plans,
)
from services.booking.models import Lesson, PlaceHold, SiteCopy, WorkDay
from services.booking.place_checks import Asked
from services.booking.plan_answer import Answer, Served
from services.booking.plan_models import Plan
from services.booking.plan_pins import Judged
from services.booking.plan_rules import Options, slots_of
from services.booking.plan_states import PLAN, PlanState
from services.booking.states import LessonState as L
from services.contracts.booking import Slot
from services.kit import numbers
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict, Forbidden, Invalid, NotFound
from tests.booking.lesson_world import (
    CLERK,
    HALL,
    JING,
    LECTURER,
    LI,
    NOON,
    SCHEDULER,
    SUPERVISOR,
    THURSDAY,
    TUESDAY,
    WANG,
    WEDNESDAY,
    XIQING,
    a_lesson,
    a_request,
    told,
    verbs,
)

FIRST, LAST = date(2026, 11, 30), date(2026, 12, 4)
FOREIGNER = Caller(UUID(int=77), frozenset({Role.SCHEDULER}), "heping")
MINUTE = timedelta(minutes=1)
FINE = Judged("示例讲师")


def wishing(session: Session, *wishes: Slot, **facts: Any) -> Lesson:
    plain = [wish.model_dump(mode="json") for wish in wishes]
    return a_lesson(session, wishes=plain, **facts)


def a_plan(session: Session, *lessons: Lesson, **options: Any) -> Plan:
    return plans.make(
        session,
        first_on=FIRST,
        last_on=LAST,
        lesson_ids=[lesson.id for lesson in lessons] or None,
        options=Options(**options),
        by=SCHEDULER,
        at=NOON,
    )


def planned(session: Session, plan: Plan, served: dict[UUID, tuple[UUID, datetime]]) -> Plan:
    """The planner answers: these lessons by these lecturers, the others by nobody."""
    plan_running.begin(session, plan.id, real=NOON)
    material = plan_running.material(session, plan.id, at=NOON)
    lost = [one for one in material.wanted.lessons if one.lesson.id not in served]
    why = {"headline": "week_cap", "counts": {"week_cap": 3}, "took": [], "change": None}
    answer = Answer(
        served={id: Served(who, "示例讲师", at) for id, (who, at) in served.items()},
        why={one.lesson.id: why for one in lost},
        status="optimal",
        unserved=sum(one.weight for one in lost),
        soft=7,
        bound_unserved=sum(one.weight for one in lost),
        bound_soft=7,
        terms={"travel": 7},
    )
    plan_running.finish(
        session, plan.id, material, answer, compared={}, seconds=0.5, at=NOON + MINUTE
    )
    session.expire_all()
    return session.get_one(Plan, plan.id)


def ids(of: Any) -> set[UUID]:
    return {lesson.id for lesson in of}


def ready(session: Session, *lessons: Lesson) -> Plan:
    """A plan of lessons that wish for Tuesday, all served by Li."""
    plan = a_plan(session, *lessons)
    return planned(session, plan, {one.id: (LI, wish(one)) for one in lessons})


def wish(lesson: Lesson) -> datetime:
    return Slot.model_validate(lesson.wishes[0]).starts_at


def published(session: Session, plan: Plan) -> dict[UUID, tuple[str | None, str | None]]:
    plans.publish(session, plan.id, by=SCHEDULER, at=NOON)
    while not plan_publishing.publish_some(session, plan.id, most=2, at=NOON + MINUTE):
        pass
    return {o.lesson_id: (o.outcome, o.outcome_code) for o in plans.lines_of(session, plan.id)}


# -- making


def test_a_plan_is_of_all_open_lessons_that_wish_for_one_of_its_days(district: Session) -> None:
    tuesday, thursday = wishing(district, TUESDAY), wishing(district, THURSDAY)
    wishing(district, _later(TUESDAY, weeks=2))
    a_lesson(district, L.TENTATIVE)
    a_request(district)

    plan = a_plan(district)

    assert plan.state == "running"
    assert [o.lesson_id for o in plans.lines_of(district, plan.id)] == [tuesday.id, thursday.id]


def test_without_open_lessons_there_is_no_plan(district: Session) -> None:
    with pytest.raises(Conflict, match="no_open_lessons"):
        a_plan(district)


def test_only_lessons_that_wait_for_a_place_are_planned(district: Session) -> None:
    placed = a_lesson(district, L.TENTATIVE)

    with pytest.raises(Conflict, match="lesson_not_open") as refused:
        a_plan(district, placed)

    assert refused.value.facts == {"lesson_id": str(placed.id), "state": "tentative"}


@pytest.mark.parametrize(
    ("first", "last"),
    [(LAST, FIRST), (date(2026, 11, 1), date(2026, 11, 20)), (FIRST, date(2027, 8, 1))],
)
def test_a_period_lies_ahead_and_is_no_year(district: Session, first: date, last: date) -> None:
    options: dict[str, Any] = {"lesson_ids": None, "options": Options()}

    with pytest.raises(Invalid, match="period_invalid"):
        plans.make(district, first_on=first, last_on=last, **options, by=SCHEDULER, at=NOON)


@pytest.mark.parametrize("by", [CLERK, LECTURER, SUPERVISOR])
def test_only_a_scheduler_plans(district: Session, by: Caller) -> None:
    a_lesson(district)
    options: dict[str, Any] = {"lesson_ids": None, "options": Options()}

    with pytest.raises(Forbidden, match="role_required"):
        plans.make(district, first_on=FIRST, last_on=LAST, **options, by=by, at=NOON)


def test_another_district_knows_nothing_of_it(district: Session) -> None:
    numbers.put(district, FOREIGNER.district, "time_zone", "Asia/Shanghai")
    lesson = wishing(district, TUESDAY)
    plan = ready(district, lesson)

    with pytest.raises(NotFound, match="not_found"):
        plans.find(district, plan.id, by=FOREIGNER)
    for later in (plans.publish, plans.discard, plans.replan, plans.retry):
        with pytest.raises(NotFound, match="not_found"):
            later(district, plan.id, by=FOREIGNER, at=NOON)
    with pytest.raises(NotFound, match="not_found"):
        plan_pins.unpin(district, plan.id, lesson.id, by=FOREIGNER, at=NOON)
    with pytest.raises(NotFound, match="not_found"):
        options: dict[str, Any] = {"lesson_ids": [lesson.id], "options": Options()}
        plans.make(district, first_on=FIRST, last_on=LAST, **options, by=FOREIGNER, at=NOON)
    assert district.exec(plan_queries.all_plans(FOREIGNER, None)).all() == []


def test_a_supervisor_reads_and_a_school_does_not(district: Session) -> None:
    plan = ready(district, wishing(district, TUESDAY))

    assert plan_queries.whole(district, plan.id, by=SUPERVISOR).counts.served == 1
    assert plan_queries.moves(plan, SUPERVISOR) == []
    for by in (CLERK, LECTURER):
        with pytest.raises(Forbidden, match="role_required"):
            plan_queries.whole(district, plan.id, by=by)


# -- when a lesson could begin


def test_a_long_wish_gives_many_starts_and_the_next_wish_costs_more() -> None:
    morning = Slot(starts_at=TUESDAY.starts_at, ends_at=TUESDAY.starts_at + 60 * MINUTE)

    found = slots_of([morning, THURSDAY], 45, camp=False, points=6)

    assert [slot.starts_at - TUESDAY.starts_at for slot, _ in found[:2]] == [
        0 * MINUTE,
        15 * MINUTE,
    ]
    assert [points for _, points in found] == [0, 0] + [6] * (len(found) - 2)
    assert all(slot.ends_at - slot.starts_at == 45 * MINUTE for slot, _ in found)


@pytest.mark.parametrize("hours", [1, 3, 12, 400])
def test_no_wish_is_so_long_that_there_are_too_many_starts(hours: int) -> None:
    wishes = [Slot(starts_at=NOON, ends_at=NOON + timedelta(hours=hours))] * 3

    assert 1 <= len(slots_of(wishes, 15, camp=False, points=6)) <= plan_rules.MOST_STARTS


def test_only_the_starts_that_placing_would_allow_are_asked(district: Session) -> None:
    """Tuesday the hall is taken, Wednesday is a holiday, Thursday is left."""
    a_lesson(district, L.TENTATIVE)
    holiday = {"kind": "public_holiday", "is_workday": False}
    district.add(WorkDay(district=XIQING, on=date(2026, 12, 2), **holiday))
    lesson = wishing(district, TUESDAY, WEDNESDAY, THURSDAY)
    plan = a_plan(district, lesson)

    [one] = plan_running.material(district, plan.id, at=NOON).wanted.lessons

    assert [slot for slot, _ in one.slots] == [THURSDAY]
    assert one.refused == {"place_taken": 1, "public_holiday": 1}


def test_what_placing_refuses_and_what_planning_leaves_out_are_the_same(district: Session) -> None:
    far = Slot(starts_at=NOON - timedelta(days=1), ends_at=NOON - timedelta(days=1) + 180 * MINUTE)
    lessons = [wishing(district, slot) for slot in (far, TUESDAY, WEDNESDAY, THURSDAY)]
    evening = Slot(starts_at=TUESDAY.ends_at, ends_at=TUESDAY.ends_at + 180 * MINUTE)
    lessons += [wishing(district, evening), wishing(district, TUESDAY, attendees=500)]
    plan = a_plan(district, *lessons)

    material = plan_running.material(district, plan.id, at=NOON)
    asked = {one.lesson.id for one in material.wanted.lessons}

    for lesson in lessons:
        attempt = district.begin_nested()
        try:
            placing.place(district, lesson.id, asked=Asked(wish=0), by=SCHEDULER, at=NOON)
            allowed = True
        except Conflict:
            allowed = False
        attempt.rollback()
        assert (lesson.id in asked) == allowed, lesson.wishes


def test_a_lesson_no_rule_lets_begin_says_which(district: Session) -> None:
    """The site is closed on Wednesday: the planner is not even asked."""
    lesson = wishing(district, _later(TUESDAY, weeks=2), WEDNESDAY)
    plan = a_plan(district, lesson)
    site = district.exec(select(SiteCopy)).one()
    assert site.closed_on == ["2026-12-02"]
    district.add(
        WorkDay(district=XIQING, on=WEDNESDAY.starts_at.date(), is_workday=False, kind="x")
    )

    found = planned(district, plan, {})

    [line] = plans.lines_of(district, plan.id)
    assert line.why == {
        "headline": "no_start_fits",
        "counts": {"outside_period": 1, "not_a_teaching_day": 1},
        "took": [],
        "change": None,
    }
    assert (found.unserved, found.bound_unserved) == (line.weight, line.weight)


def test_a_lesson_placed_since_it_was_asked_for_is_not_planned_again(district: Session) -> None:
    one, other = wishing(district, TUESDAY), wishing(district, THURSDAY)
    plan = a_plan(district, one, other)
    placing.place(district, one.id, asked=Asked(), by=SCHEDULER, at=NOON)

    planned(district, plan, {other.id: (LI, THURSDAY.starts_at)})

    first, second = plans.lines_of(district, plan.id)
    assert first.why is not None and first.why["counts"] == {"lesson_not_open": 1}
    assert second.starts_at == THURSDAY.starts_at


def test_the_days_of_a_camp_keep_to_one_wish(district: Session) -> None:
    """The first wish is impossible on the second day: all days take the second wish."""
    camp, days = UUID(int=9), range(3)
    first = [_camp_day(TUESDAY, days=n) for n in days]
    second = [_camp_day(TUESDAY, days=n + 7) for n in days]
    wishes = zip(first, second, strict=True)
    lessons = [
        wishing(district, *both, programme_id=camp, day_index=n) for n, both in enumerate(wishes)
    ]
    district.add(WorkDay(district=XIQING, on=date(2026, 12, 2), is_workday=False, kind="x"))
    plan = plans.make(
        district,
        first_on=FIRST,
        last_on=date(2026, 12, 11),
        lesson_ids=[lesson.id for lesson in lessons],
        options=Options(),
        by=SCHEDULER,
        at=NOON,
    )

    found = plan_running.material(district, plan.id, at=NOON).wanted.lessons

    assert [[slot for slot, _ in one.slots] for one in found] == [[day] for day in second]


# -- the draft


def test_a_finished_draft_says_who_and_when_or_why_not(district: Session) -> None:
    one, other = wishing(district, TUESDAY), wishing(district, THURSDAY)
    plan = planned(district, a_plan(district, one, other), {one.id: (LI, TUESDAY.starts_at)})

    first, second = plans.lines_of(district, plan.id)

    assert plan.state == "ready" and (plan.unserved, plan.soft, plan.status) == (20, 7, "optimal")
    assert (first.starts_at, first.ends_at) == (TUESDAY.starts_at, TUESDAY.ends_at)
    assert (first.lecturer_id, first.lecturer_name, first.why) == (LI, "示例讲师", None)
    assert second.starts_at is None and second.why and second.why["headline"] == "week_cap"


def test_a_plan_discarded_meanwhile_is_not_finished(district: Session) -> None:
    lesson = wishing(district, TUESDAY)
    plan = a_plan(district, lesson)
    plans.discard(district, plan.id, by=SCHEDULER, at=NOON)
    told_ = {"phase": "whole", "best": (1, 2), "bound": None, "seconds": 1.0, "lost": 0}

    assert not plan_running.tell(district, plan.id, **told_)
    with pytest.raises(Conflict, match="wrong_state"):
        planned(district, plan, {lesson.id: (LI, TUESDAY.starts_at)})


def test_a_failed_plan_runs_again(district: Session) -> None:
    plan = a_plan(district, wishing(district, TUESDAY))
    plan_running.begin(district, plan.id, real=NOON)
    plan_running.fail(district, plan.id, code="planner_lost", facts={"a": 1}, at=NOON)
    assert (plan.state, plan.code, plan.facts) == ("failed", "planner_lost", {"a": 1})

    plans.retry(district, plan.id, by=SCHEDULER, at=NOON)

    assert (plan.state, plan.code, plan.begun_at) == ("running", None, None)
    assert plan_running.work(district).to_run == [plan.id]


def test_pinned_lessons_are_asked_at_their_own_time_alone(district: Session) -> None:
    one, other = wishing(district, TUESDAY, THURSDAY), wishing(district, TUESDAY, THURSDAY)
    plan = ready(district, one, other)
    thursday: dict[str, Any] = {"starts_at": THURSDAY.starts_at, "by": SCHEDULER, "at": NOON}

    plan_pins.pin(district, plan.id, other.id, lecturer_id=WANG, judged=FINE, **thursday)
    again = plans.replan(district, plan.id, by=SCHEDULER, at=NOON)
    wanted = plan_running.material(district, again.id, at=NOON).wanted

    assert again.previous_id == plan.id
    assert [len(one.slots) for one in wanted.lessons] == [2, 1]
    assert {id: at.lecturer_id for id, at in wanted.pinned.items()} == {other.id: WANG}
    assert {id: at.starts_at for id, at in wanted.before.items()} == {
        one.id: TUESDAY.starts_at,
        other.id: THURSDAY.starts_at,
    }


def test_a_pin_obeys_the_rules_of_placing_and_other_pins(district: Session) -> None:
    one, other = wishing(district, TUESDAY), wishing(district, THURSDAY, school=JING)
    plan = ready(district, one, other)
    by: dict[str, Any] = {"lecturer_id": LI, "judged": FINE, "by": SCHEDULER, "at": NOON}
    plan_pins.pin(district, plan.id, one.id, starts_at=TUESDAY.starts_at, **by)

    with pytest.raises(Conflict, match="pins_overlap"):
        plan_pins.pin(district, plan.id, other.id, starts_at=TUESDAY.starts_at, **by)
    with pytest.raises(Conflict, match="outside_half_days"):
        plan_pins.pin(district, plan.id, other.id, starts_at=TUESDAY.ends_at - MINUTE, **by)
    with pytest.raises(NotFound, match="not_found"):
        plan_pins.pin(district, plan.id, UUID(int=5), starts_at=TUESDAY.starts_at, **by)


def test_who_may_not_give_it_is_not_pinned(district: Session) -> None:
    lesson = wishing(district, TUESDAY)
    plan = ready(district, lesson)
    at: dict[str, Any] = {"starts_at": TUESDAY.starts_at, "by": SCHEDULER, "at": NOON}
    why = [{"code": "not_qualified", "change": {"kind": "add_qualification"}}]

    with pytest.raises(Conflict, match="not_eligible") as refused:
        judged = Judged("王老师", why)
        plan_pins.pin(district, plan.id, lesson.id, lecturer_id=WANG, judged=judged, **at)
    with pytest.raises(NotFound, match="not_found"):
        plan_pins.pin(district, plan.id, lesson.id, lecturer_id=WANG, judged=Judged(None), **at)

    assert refused.value.facts["reasons"] == why
    [line] = plans.lines_of(district, plan.id)
    assert (line.pinned, line.lecturer_id) == (False, LI)


def test_what_is_asked_of_the_lecturer_room(district: Session) -> None:
    lesson = wishing(district, TUESDAY, wanted_lecturers=[str(LI)], wanted_only=True)
    plan = ready(district, lesson)

    asked = plan_pins.question(district, plan.id, lesson.id, WANG, TUESDAY.starts_at, by=SCHEDULER)

    assert asked["slot"] == TUESDAY.model_dump(mode="json")
    assert (asked["wanted"], asked["wanted_only"]) == ([str(LI)], True)
    assert asked["place"]["resource_id"] == str(HALL)
    with pytest.raises(NotFound, match="not_found"):
        plan_pins.question(district, plan.id, lesson.id, WANG, NOON, by=FOREIGNER)


def test_a_lesson_left_out_is_not_asked_and_not_counted(district: Session) -> None:
    one, other = wishing(district, TUESDAY), wishing(district, THURSDAY)
    plan = planned(district, a_plan(district, one, other), {one.id: (LI, TUESDAY.starts_at)})

    plan_pins.leave_out(district, plan.id, other.id, by=SCHEDULER, at=NOON)
    again = plans.replan(district, plan.id, by=SCHEDULER, at=NOON)

    assert (plan.unserved, plan.status) == (0, "edited")
    asked = plan_running.material(district, again.id, at=NOON).wanted.lessons
    assert ids(possible.lesson for possible in asked) == {one.id}


def test_what_a_new_plan_changes_is_told(district: Session) -> None:
    kept, moved, lost, added = (wishing(district, TUESDAY, THURSDAY) for _ in range(4))
    tuesday, thursday = TUESDAY.starts_at, THURSDAY.starts_at
    first = planned(
        district,
        a_plan(district, kept, moved, lost, added),
        {kept.id: (LI, tuesday), moved.id: (LI, tuesday), lost.id: (WANG, tuesday)},
    )
    second = plans.replan(district, first.id, by=SCHEDULER, at=NOON)

    served = {kept.id: (LI, tuesday), moved.id: (WANG, thursday), added.id: (LI, thursday)}
    planned(district, second, served)

    found = plan_queries.whole(district, second.id, by=SCHEDULER).differences
    assert found == plan_queries.Differences([added.id], [moved.id], [lost.id])
    back = plan_queries.whole(district, first.id, against=second.id, by=SCHEDULER).differences
    assert back == plan_queries.Differences([lost.id], [moved.id], [added.id])


def test_a_whole_plan_is_read_in_as_many_queries_however_many_lessons(district: Session) -> None:
    def queries(plan: Plan) -> int:
        seen: list[str] = []
        district.expire_all()
        connection = district.connection()

        def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            seen.append(statement)

        event.listen(connection, "before_cursor_execute", count)
        plan_queries.whole(district, plan.id, by=SCHEDULER)
        event.remove(connection, "before_cursor_execute", count)
        return len(seen)

    small = ready(district, wishing(district, TUESDAY))
    large = ready(district, *(wishing(district, TUESDAY) for _ in range(12)))

    assert queries(small) == queries(large) <= 6


# -- publishing


def test_publishing_places_each_lesson_and_asks_the_planned_lecturer_first(
    district: Session,
) -> None:
    lesson = wishing(district, TUESDAY, wanted_lecturers=[str(WANG), str(LI)])
    plan = ready(district, lesson)

    outcome = published(district, plan)

    assert outcome == {lesson.id: ("placed", None)}
    assert (lesson.state, lesson.starts_at) == ("tentative", TUESDAY.starts_at)
    said = told(district, lesson.id)[-1]
    assert (said["verb"], said["by"]["id"]) == ("place", str(SCHEDULER.id))
    assert said["wanted_lecturers"] == [str(LI), str(WANG)]
    assert district.exec(select(PlaceHold).where(PlaceHold.lesson_id == lesson.id)).one().live
    assert plan.state == "published" and plan.published_by == SCHEDULER.id


def test_a_plan_is_published_once(district: Session) -> None:
    lesson = wishing(district, TUESDAY)
    plan = ready(district, lesson)
    published(district, plan)

    with pytest.raises(Conflict, match="wrong_state"):
        plans.publish(district, plan.id, by=SCHEDULER, at=NOON)

    assert plan_publishing.publish_some(district, plan.id, most=2, at=NOON)
    assert verbs(district, lesson.id).count("place") == 1


def test_lessons_that_changed_meanwhile_are_left_alone_and_the_others_placed(
    district: Session,
) -> None:
    lessons = [wishing(district, _later(TUESDAY, weeks=0, days=n)) for n in (0, 1, 2)]
    cancelled, fine, taken = lessons
    plan = ready(district, *lessons)
    rival = wishing(district, Slot.model_validate(taken.wishes[0]))
    cancelling.cancel(district, cancelled.id, by=CLERK, at=NOON)
    placing.place(district, rival.id, asked=Asked(), by=SCHEDULER, at=NOON)
    before = verbs(district, taken.id)

    outcome = published(district, plan)

    assert outcome == {
        cancelled.id: ("skipped", "lesson_changed"),
        fine.id: ("placed", None),
        taken.id: ("skipped", "place_taken"),
    }
    assert (cancelled.state, fine.state, taken.state) == ("cancelled", "tentative", "unplaced")
    assert verbs(district, taken.id) == before
    holds = select(PlaceHold.lesson_id).where(
        PlaceHold.resource_id == HALL, col(PlaceHold.live).is_(True)
    )
    assert set(district.exec(holds)) == {fine.id, rival.id}


def test_publishing_goes_on_where_it_was(district: Session) -> None:
    lessons = [wishing(district, _later(TUESDAY, weeks=0, days=n)) for n in (0, 1, 2)]
    plan = ready(district, *lessons)
    plans.publish(district, plan.id, by=SCHEDULER, at=NOON)

    assert not plan_publishing.publish_some(district, plan.id, most=2, at=NOON)
    assert plan_running.work(district).publishing == [plan.id]
    counts = plan_queries.one(district, plan.id, by=SCHEDULER)[1]
    assert (counts.placed, counts.skipped, counts.served) == (2, 0, 3)
    assert not plan_publishing.publish_some(district, plan.id, most=2, at=NOON)
    assert plan_publishing.publish_some(district, plan.id, most=2, at=NOON)

    assert [verbs(district, lesson.id).count("place") for lesson in lessons] == [1, 1, 1]


def test_a_plan_that_serves_nobody_is_not_published(district: Session) -> None:
    plan = planned(district, a_plan(district, wishing(district, TUESDAY)), {})

    with pytest.raises(Conflict, match="nothing_to_publish"):
        plans.publish(district, plan.id, by=SCHEDULER, at=NOON)


def test_nothing_is_said_of_any_lesson_before_publishing(district: Session) -> None:
    lesson = wishing(district, TUESDAY)
    before = told(district, lesson.id)
    plan = ready(district, lesson)
    plan_pins.pin(
        district,
        plan.id,
        lesson.id,
        lecturer_id=LI,
        judged=FINE,
        starts_at=TUESDAY.starts_at,
        by=SCHEDULER,
        at=NOON,
    )

    plans.discard(district, plan.id, by=SCHEDULER, at=NOON)

    assert told(district, lesson.id) == before and lesson.state == "unplaced"
    assert district.exec(select(PlaceHold)).all() == []


# -- the table


@pytest.mark.parametrize("state", list(PlanState))
@pytest.mark.parametrize("role", [Role.SCHEDULER, Role.SUPERVISOR, Role.TOWNSHIP, Role.LECTURER])
def test_a_plan_opens_only_the_moves_of_its_state_to_a_scheduler(
    state: PlanState, role: Role
) -> None:
    open_ = {
        PlanState.RUNNING: ["discard"],
        PlanState.READY: ["discard", "pin", "publish", "replan"],
        PlanState.FAILED: ["discard", "retry"],
    }

    expected = open_.get(state, []) if role is Role.SCHEDULER else []
    assert PLAN.open_to(state, {role}) == expected


def _later(slot: Slot, *, weeks: int = 0, days: int = 0) -> Slot:
    by = timedelta(weeks=weeks, days=days)
    return Slot(starts_at=slot.starts_at + by, ends_at=slot.ends_at + by)


def _camp_day(slot: Slot, *, days: int) -> Slot:
    return _later(slot, days=days)
