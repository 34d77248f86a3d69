"""Booking: what was held is attested, disputed, resolved."""

import pytest
from sqlmodel import Session

from services.booking import attest
from services.booking.models import Order
from services.booking.states import LessonState as L
from services.booking.states import OrderState
from services.kit.errors import Conflict, Forbidden, Invalid
from tests.booking.lesson_world import (
    CLERK,
    DAY,
    SCHEDULER,
    SUPERVISOR,
    TUESDAY,
    a_lesson,
    deadlines,
    told,
    verbs,
)

EVENING = TUESDAY.ends_at


def test_a_school_attests_what_it_saw(district: Session) -> None:
    lesson = a_lesson(district, L.DELIVERED)

    attest.attest(district, lesson.id, attendance=58, note="反响很好", by=CLERK, at=EVENING)

    assert lesson.state == L.VERIFIED
    assert (lesson.verified_minutes, lesson.attendance) == (180, 58)
    assert (lesson.attested_at, lesson.attested_by) == (EVENING, CLERK.id)
    assert (lesson.reason_code, lesson.fault, lesson.notice) == ("attested", "none", "after_start")
    assert told(district, lesson.id)[-1]["verified_minutes"] == 180
    order = district.get_one(Order, lesson.order_id)
    assert (order.state, order.reason_code) == (OrderState.CLOSED, "delivered")


def test_the_district_attests_for_a_silent_school(district: Session) -> None:
    lesson = a_lesson(district, L.DELIVERED)

    attest.attest(district, lesson.id, attendance=50, minutes=170, by=SCHEDULER, at=EVENING)

    assert verbs(district, lesson.id)[-1] == "attest_by_district"
    assert lesson.verified_minutes == 170


def test_a_lesson_cut_short_counts_what_was_taught(district: Session) -> None:
    lesson = a_lesson(district, L.PARTIALLY_DELIVERED)
    lesson.state = L.DELIVERED

    attest.attest(district, lesson.id, attendance=50, by=CLERK, at=EVENING)

    assert lesson.verified_minutes == 60


def test_nobody_attests_more_than_the_slot(district: Session) -> None:
    lesson = a_lesson(district, L.DELIVERED)

    with pytest.raises(Invalid, match="minutes_beyond_slot") as refused:
        attest.attest(district, lesson.id, attendance=50, minutes=181, by=CLERK, at=EVENING)

    assert refused.value.facts == {"most": 180, "given": 181}


def test_what_was_not_held_is_not_attested(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)

    with pytest.raises(Conflict, match="wrong_state"):
        attest.attest(district, lesson.id, attendance=50, by=CLERK, at=EVENING)
    with pytest.raises(Forbidden, match="not_yours"):
        attest.attest(district, lesson.id, attendance=50, by=SUPERVISOR, at=EVENING)


def test_a_dispute_is_resolved_by_the_supervisor(district: Session) -> None:
    lesson = a_lesson(district, L.DELIVERED)

    attest.dispute(district, lesson.id, reason="只讲了一小时", by=CLERK, at=EVENING)
    assert deadlines(district, lesson.id) == {"dispute_sla": EVENING + 15 * DAY}
    with pytest.raises(Forbidden, match="not_yours"):
        attest.resolve_verified(
            district, lesson.id, resolution="属实", by=SCHEDULER, at=EVENING + DAY
        )
    attest.resolve_verified(
        district,
        lesson.id,
        resolution="属实",
        minutes=60,
        attendance=41,
        by=SUPERVISOR,
        at=EVENING + DAY,
    )

    assert lesson.state == L.VERIFIED
    assert (lesson.verified_minutes, lesson.attendance) == (60, 41)
    assert (lesson.reason_code, lesson.fault) == ("dispute_settled", "none")


def test_a_dispute_upheld_writes_the_lesson_off(district: Session) -> None:
    lesson = a_lesson(district, L.DISPUTED)

    attest.resolve_written_off(
        district, lesson.id, resolution="未授课", fault="lecturer", by=SUPERVISOR, at=EVENING
    )

    assert lesson.state == L.WRITTEN_OFF
    assert (lesson.reason_code, lesson.fault, lesson.notice, lesson.verified_minutes) == (
        "dispute_upheld",
        "lecturer",
        "after_start",
        None,
    )


def test_a_closed_letter_is_reopened_before_its_lesson(district: Session) -> None:
    lesson = a_lesson(district, L.DELIVERED)
    attest.attest(district, lesson.id, attendance=58, by=CLERK, at=EVENING)

    with pytest.raises(Conflict, match="order_closed"):
        attest.reopen(district, lesson.id, reason="人数有误", by=SUPERVISOR, at=EVENING + DAY)


def test_what_was_verified_counts_no_more_while_it_is_doubted(district: Session) -> None:
    lesson = a_lesson(district, L.VERIFIED)

    attest.reopen(district, lesson.id, reason="人数有误", by=SUPERVISOR, at=EVENING)

    assert lesson.state == L.DISPUTED
    assert (lesson.verified_minutes, lesson.ended_at, lesson.reason_code) == (None, None, None)
    assert lesson.attendance == 58
    assert told(district, lesson.id)[-1]["verified_minutes"] is None
