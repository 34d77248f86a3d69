"""Booking: what people decide about a lesson beside its place."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, select

from services.booking import lessons, placing
from services.booking.models import Lesson, Order
from services.booking.states import LessonState as L
from services.booking.states import OrderState
from services.kit.auth import Role
from services.kit.errors import Conflict, Forbidden, Invalid, NotFound
from tests.booking.lesson_world import (
    CLERK,
    CLOCK,
    DAY,
    LECTURER,
    NOON,
    PATHS,
    SCHEDULER,
    STRANGER,
    SYSTEM,
    THURSDAY,
    TUESDAY,
    WANG,
    WEDNESDAY,
    a_lesson,
    a_request,
    after,
    an_order,
    deadlines,
    staffed,
    told,
    verbs,
)

ALIVE = [L.UNPLACED, L.WAITLISTED, L.TENTATIVE, L.CONFIRMED, L.AT_RISK, L.SUSPENDED]


@pytest.mark.parametrize("state", ALIVE)
def test_a_school_may_cancel_until_the_lesson_begins(district: Session, state: L) -> None:
    lesson = a_lesson(district, state)

    lessons.cancel(district, lesson.id, reason="农忙", by=CLERK, at=NOON)

    assert lesson.state == L.CANCELLED
    assert (lesson.reason_code, lesson.fault, lesson.notice, lesson.reason) == (
        "cancelled_by_school",
        "school",
        "early",
        "农忙",
    )
    assert lesson.ended_at == NOON
    assert deadlines(district, lesson.id) == {}


@pytest.mark.parametrize(
    ("at", "notice"),
    [
        (TUESDAY.starts_at - timedelta(hours=72), "early"),
        (TUESDAY.starts_at - timedelta(hours=71), "late"),
        (TUESDAY.starts_at - timedelta(hours=23), "same_day"),
        (TUESDAY.starts_at, "after_start"),
    ],
)
def test_cancelling_says_how_late_it_was(district: Session, at: Any, notice: str) -> None:
    lesson = a_lesson(district, L.CONFIRMED)

    lessons.cancel(
        district, lesson.id, reason_code="heavy_snow", fault="force_majeure", by=SCHEDULER, at=at
    )

    assert verbs(district, lesson.id)[-1] == "cancel_by_district"
    assert (lesson.reason_code, lesson.fault, lesson.notice) == (
        "heavy_snow",
        "force_majeure",
        notice,
    )


def test_a_school_cannot_blame_others(district: Session) -> None:
    lesson = a_lesson(district)

    with pytest.raises(Forbidden, match="fault_not_yours"):
        lessons.cancel(district, lesson.id, fault="lecturer", by=CLERK, at=NOON)


def test_the_last_lesson_to_end_ends_its_letter(district: Session) -> None:
    order = an_order(district)
    first, second = a_request(district, order), a_request(district, order)
    for lesson in (first, second):
        PATHS[L.UNPLACED][0](district, lesson)

    lessons.cancel(district, first.id, by=CLERK, at=NOON)
    assert district.get_one(Order, order.id).state == OrderState.APPROVED
    lessons.cancel(district, second.id, by=SCHEDULER, at=NOON)

    assert district.get_one(Order, order.id).state == OrderState.CANCELLED
    assert verbs(district, order.id) == ["all_lessons_settled_none_verified"]


def test_strangers_and_lecturers_know_no_lessons(district: Session) -> None:
    lesson = a_lesson(district)

    with pytest.raises(NotFound, match="not_found"):
        lessons.cancel(district, lesson.id, by=STRANGER, at=NOON)
    with pytest.raises(Forbidden, match="role_required"):
        lessons.cancel(district, lesson.id, by=LECTURER, at=NOON)


def test_a_downgrade_needs_an_offer(district: Session) -> None:
    lesson = a_lesson(district, L.AT_RISK)

    with pytest.raises(Conflict, match="no_downgrade_offered"):
        lessons.downgrade_agreed(district, lesson.id, by=CLERK, at=NOON)


def test_the_school_agrees_to_a_downgrade(district: Session) -> None:
    lesson = a_lesson(district, L.AT_RISK)
    staffed(district, lesson, "held", waived=["wrong_pool"], assignment_id=WANG)
    assert lesson.state == L.AT_RISK

    lessons.downgrade_agreed(district, lesson.id, by=CLERK, at=NOON)

    assert lesson.state == L.CONFIRMED
    assert lesson.agreed_assignment == WANG
    placing.suspend(district, lesson.id, reason="雨雪", by=SCHEDULER, at=NOON)
    placing.resume(district, lesson.id, asked=placing.Asked(), by=SCHEDULER, at=NOON)
    assert lesson.state == L.CONFIRMED


def test_a_downgrade_not_agreed_to_does_not_survive_a_suspension(district: Session) -> None:
    lesson = a_lesson(district, L.AT_RISK)
    staffed(district, lesson, "held", waived=["wrong_pool"])
    placing.suspend(district, lesson.id, reason="雨雪", by=SCHEDULER, at=NOON)

    placing.resume(district, lesson.id, asked=placing.Asked(), by=SCHEDULER, at=NOON)

    assert (lesson.state, lesson.revision) == (L.TENTATIVE, 2)


def test_a_school_content_with_part_of_it_attests_that_part(district: Session) -> None:
    lesson = a_lesson(district, L.PARTIALLY_DELIVERED)

    lessons.accept_as_is(district, lesson.id, by=CLERK, at=after(lesson))

    assert lesson.state == L.DELIVERED
    assert deadlines(district, lesson.id) == {"attest_sla": TUESDAY.ends_at + 7 * DAY}


def test_what_was_not_taught_is_made_up_for(district: Session) -> None:
    lesson = a_lesson(district, L.PARTIALLY_DELIVERED)

    old, new = lessons.schedule_makeup(
        district, lesson.id, wishes=[THURSDAY], by=SCHEDULER, at=TUESDAY.ends_at
    )

    assert old.state == L.DELIVERED
    assert (new.state, new.makeup_of, new.minutes) == (L.UNPLACED, lesson.id, 120)
    assert new.class_hours == Decimal("2.67")
    assert new.order_id == lesson.order_id
    assert verbs(district, new.id) == ["requested", "line_approved"]
    assert deadlines(district, new.id) == {"window_passed": THURSDAY.ends_at}
    assert [said["version"] for said in told(district, new.id)] == [1, 2]


def test_a_lesson_not_held_is_written_off_and_made_up_for(district: Session) -> None:
    lesson = a_lesson(district, L.NOT_DELIVERED)

    old, new = lessons.schedule_makeup(district, lesson.id, by=SCHEDULER, at=TUESDAY.ends_at)

    assert old.state == L.WRITTEN_OFF
    assert (old.reason_code, old.fault, old.notice) == (
        "nothing_taught",
        "lecturer",
        "after_start",
    )
    assert (new.state, new.minutes) == (L.UNPLACED, 180)
    assert deadlines(district, new.id) == {"window_passed": TUESDAY.ends_at + 10 * DAY}
    assert district.get_one(Order, old.order_id).state == OrderState.APPROVED


def test_a_makeup_cannot_be_wished_for_yesterday(district: Session) -> None:
    lesson = a_lesson(district, L.NOT_DELIVERED)

    with pytest.raises(Invalid, match="wish_invalid"):
        lessons.schedule_makeup(
            district, lesson.id, wishes=[TUESDAY], by=SCHEDULER, at=WEDNESDAY.starts_at
        )

    assert len(district.exec(select(Lesson)).all()) == 1


def test_what_will_not_be_held_is_closed(district: Session) -> None:
    lesson = a_lesson(district, L.NOT_DELIVERED)

    lessons.close_unmet(district, lesson.id, reason="无法补课", by=SCHEDULER, at=TUESDAY.ends_at)

    assert lesson.state == L.WRITTEN_OFF
    assert (lesson.reason_code, lesson.fault) == ("nothing_taught", "lecturer")
    assert district.get_one(Order, lesson.order_id).state == OrderState.CANCELLED


@pytest.mark.parametrize(
    ("verb", "state", "target"),
    [
        ("start_reached_unfilled", L.TENTATIVE, L.NOT_DELIVERED),
        ("rescue_failed", L.AT_RISK, L.NOT_DELIVERED),
        ("hold_ttl", L.SUSPENDED, L.UNPLACED),
        ("window_passed", L.WAITLISTED, L.CANCELLED),
    ],
)
def test_deadlines_that_move(district: Session, verb: str, state: L, target: L) -> None:
    lesson = a_lesson(district, state)
    due = deadlines(district, lesson.id)[verb]

    lessons.lapse(verb)(district, lesson.id, due)

    assert lesson.state == target
    assert verbs(district, lesson.id)[-1] == verb
    assert verb not in deadlines(district, lesson.id)


@pytest.mark.parametrize(
    ("verb", "state", "days"),
    [
        ("decision_sla", L.PARTIALLY_DELIVERED, 7),
        ("decision_sla", L.NOT_DELIVERED, 7),
        ("attest_sla", L.DELIVERED, 7),
        ("dispute_sla", L.DISPUTED, 15),
    ],
)
def test_deadlines_that_remind(district: Session, verb: str, state: L, days: int) -> None:
    lesson = a_lesson(district, state)
    due = deadlines(district, lesson.id)[verb]

    lessons.lapse(verb)(district, lesson.id, due)

    assert lesson.state == state
    said = told(district, lesson.id)[-1]
    assert (said["verb"], said["was"], said["state"]) == (verb, state, state)
    assert said["by"]["role"] == Role.SYSTEM
    assert deadlines(district, lesson.id) == {verb: due + days * DAY}


def test_a_deadline_of_a_state_long_left_is_refused(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)

    with pytest.raises(Conflict, match="wrong_state"):
        lessons.lapse("start_reached_unfilled")(district, lesson.id, TUESDAY.starts_at)


def test_the_clock_and_the_service_are_no_persons(district: Session) -> None:
    lesson = a_lesson(district, L.TENTATIVE)

    for nobody in (CLOCK, SYSTEM):
        with pytest.raises(Forbidden, match="not_yours"):
            placing.unplace(district, lesson.id, by=nobody, at=NOON)
