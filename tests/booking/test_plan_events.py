"""What happens to a draft plan is told and kept; waiting lessons are placed with the others."""

from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from services.booking import lessons as cancelling
from services.booking import placing, plan_pins, plan_running, plans
from services.booking.models import Lesson
from services.booking.place_checks import Asked
from services.booking.plan_pins import Judged
from services.booking.states import LessonState as L
from services.kit.errors import Conflict
from tests.booking.lesson_world import (
    CLERK,
    LI,
    NOON,
    SCHEDULER,
    THURSDAY,
    TUESDAY,
    WANG,
    WEDNESDAY,
    told,
    verbs,
)
from tests.booking.test_plans import FINE, a_plan, planned, published, ready, wishing


def said_of(session: Session, plan_id: UUID) -> list[tuple[str, str, str | None, str]]:
    """Fact, verb, and from where to where."""
    return [
        (one["subject"].rpartition(".")[2], one["verb"], one["was"], one["state"])
        for one in told(session, plan_id)
    ]


def test_a_plan_tells_its_life(district: Session) -> None:
    lesson = wishing(district, TUESDAY)

    plan = ready(district, lesson)
    published(district, plan)

    assert said_of(district, plan.id) == [
        ("started", "start", None, "running"),
        ("ready", "finish", "running", "ready"),
        ("publishing", "publish", "ready", "publishing"),
        ("published", "finish", "publishing", "published"),
    ]
    told_ = told(district, plan.id)
    assert [one["version"] for one in told_] == [1, 2, 3, 4]
    assert [one["by"]["role"] for one in told_] == ["scheduler", "system", "scheduler", "system"]
    assert {one["account_id"] for one in told_} == {str(SCHEDULER.id)}


def test_what_was_skipped_and_why_is_told(district: Session) -> None:
    gone, taken, fine = (wishing(district, slot) for slot in (WEDNESDAY, TUESDAY, THURSDAY))
    plan = ready(district, gone, taken, fine)
    cancelling.cancel(district, gone.id, by=CLERK, at=NOON)
    rival = wishing(district, TUESDAY)
    placing.place(district, rival.id, asked=Asked(), by=SCHEDULER, at=NOON)

    published(district, plan)

    last = told(district, plan.id)[-1]
    assert (last["lessons"], last["served"], last["placed"], last["skipped"]) == (3, 3, 1, 2)
    assert last["skipped_why"] == {"lesson_changed": 1, "place_taken": 1}


def test_every_lesson_placed_by_a_plan_names_it(district: Session) -> None:
    lesson = wishing(district, TUESDAY)
    by_hand = wishing(district, THURSDAY)
    placing.place(district, by_hand.id, asked=Asked(), by=SCHEDULER, at=NOON)

    plan = ready(district, lesson)
    published(district, plan)

    assert told(district, lesson.id)[-1]["batch"] == str(plan.id)
    assert told(district, by_hand.id)[-1]["batch"] is None


def test_failing_and_trying_again_is_told(district: Session) -> None:
    plan = a_plan(district, wishing(district, TUESDAY))
    plan_running.begin(district, plan.id, real=NOON)

    plan_running.fail(district, plan.id, code="planner_lost", facts={}, at=NOON)
    plans.retry(district, plan.id, by=SCHEDULER, at=NOON)
    plans.discard(district, plan.id, by=SCHEDULER, at=NOON)

    assert said_of(district, plan.id)[1:] == [
        ("failed", "fail", "running", "failed"),
        ("started", "retry", "failed", "running"),
        ("discarded", "discard", "running", "discarded"),
    ]
    assert told(district, plan.id)[1]["reason_code"] == "planner_lost"


def test_an_edit_says_which_lesson_and_where(district: Session) -> None:
    lesson = wishing(district, TUESDAY)
    plan = ready(district, lesson)
    who: dict[str, Any] = {"lecturer_id": WANG, "judged": Judged("王老师")}

    plan_pins.pin(
        district, plan.id, lesson.id, **who, starts_at=TUESDAY.starts_at, by=SCHEDULER, at=NOON
    )
    plan_pins.unpin(district, plan.id, lesson.id, by=SCHEDULER, at=NOON)
    plan_pins.leave_out(district, plan.id, lesson.id, by=SCHEDULER, at=NOON)

    edits = told(district, plan.id)[2:]
    assert [(one["verb"], one["lecturer_name"], one["pinned"]) for one in edits] == [
        ("pin", "王老师", 1),
        ("unpin", "王老师", 0),
        ("leave_out", None, 0),
    ]
    assert {one["lesson_id"] for one in edits} == {str(lesson.id)}


def test_what_was_proven_is_not_said_of_an_edited_plan(district: Session) -> None:
    """A pin outside the wishes serves what no plan within them could."""
    one, other = wishing(district, TUESDAY), wishing(district, TUESDAY)
    plan = planned(district, a_plan(district, one, other), {one.id: (LI, TUESDAY.starts_at)})
    assert plan.bound_unserved == plan.unserved != 0
    at: dict[str, Any] = {"starts_at": THURSDAY.starts_at, "by": SCHEDULER, "at": NOON}

    plan_pins.pin(district, plan.id, other.id, lecturer_id=WANG, judged=FINE, **at)

    assert (plan.unserved, plan.bound_unserved, plan.bound_soft) == (0, None, None)


def test_a_new_plan_names_the_one_it_begins_from(district: Session) -> None:
    first = ready(district, wishing(district, TUESDAY))

    second = plans.replan(district, first.id, by=SCHEDULER, at=NOON)

    assert told(district, first.id)[-1]["verb"] == "replan"
    assert told(district, second.id)[-1]["previous_id"] == str(first.id)


# -- lessons that wait for a place


def waiting(session: Session, *wishes: Any) -> Lesson:
    lesson = wishing(session, *wishes)
    placing.park(session, lesson.id, by=SCHEDULER, at=NOON)
    return lesson


def test_a_lesson_that_waits_for_a_place_is_planned_with_the_others(district: Session) -> None:
    one, other = wishing(district, TUESDAY), waiting(district, THURSDAY)

    plan = a_plan(district)
    material = plan_running.material(district, plan.id, at=NOON)

    assert {found.lesson.id for found in material.wanted.lessons} == {one.id, other.id}


def test_it_is_found_a_place_and_placed_in_one_breath(district: Session) -> None:
    lesson = waiting(district, TUESDAY)
    plan = ready(district, lesson)

    outcome = published(district, plan)

    assert outcome == {lesson.id: ("placed", None)}
    assert (lesson.state, lesson.starts_at) == (L.TENTATIVE, TUESDAY.starts_at)
    assert verbs(district, lesson.id)[-2:] == ["capacity_found", "place"]
    found, placed = told(district, lesson.id)[-2:]
    assert {found["batch"], placed["batch"]} == {str(plan.id)}
    assert {one["by"]["id"] for one in (found, placed)} == {str(SCHEDULER.id)}


def test_one_that_cannot_be_placed_keeps_waiting(district: Session) -> None:
    lesson = waiting(district, TUESDAY)
    plan = ready(district, lesson)
    rival = wishing(district, TUESDAY)
    placing.place(district, rival.id, asked=Asked(), by=SCHEDULER, at=NOON)

    outcome = published(district, plan)

    assert outcome == {lesson.id: ("skipped", "place_taken")}
    assert lesson.state == L.WAITLISTED
    assert verbs(district, lesson.id)[-1] == "park"


def test_it_can_be_pinned(district: Session) -> None:
    lesson = waiting(district, TUESDAY, THURSDAY)
    plan = planned(district, a_plan(district, lesson), {})
    at: dict[str, Any] = {"starts_at": THURSDAY.starts_at, "by": SCHEDULER, "at": NOON}

    _, line = plan_pins.pin(district, plan.id, lesson.id, lecturer_id=LI, judged=FINE, **at)

    assert (line.pinned, line.starts_at) == (True, THURSDAY.starts_at)


@pytest.mark.parametrize("state", [L.TENTATIVE, L.CANCELLED])
def test_one_that_is_open_no_more_cannot(district: Session, state: L) -> None:
    lesson = waiting(district, TUESDAY)
    plan = planned(district, a_plan(district, lesson), {})
    lesson.state = state
    at: dict[str, Any] = {"starts_at": TUESDAY.starts_at, "by": SCHEDULER, "at": NOON}

    with pytest.raises(Conflict, match="lesson_not_open"):
        plan_pins.pin(district, plan.id, lesson.id, lecturer_id=LI, judged=FINE, **at)
