"""Booking: the ledger of fairness between schools."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from services.booking import ledger
from services.booking.models import Order
from services.booking.states import LessonState as L
from services.kit.auth import Caller
from services.kit.errors import Forbidden
from tests.booking.lesson_world import (
    CLERK,
    DAY,
    JING,
    LECTURER,
    NOON,
    SCHEDULER,
    WEDNESDAY,
    YANG,
    a_lesson,
    an_order,
)
from tests.booking.test_desk import queries


def letter(session: Session, submitted: timedelta = DAY, **facts: Any) -> Order:
    order = an_order(session, **facts)
    order.submitted_at = NOON - submitted
    session.add(order)
    session.flush()
    return order


def rows(session: Session, by: Caller = SCHEDULER, year: int = 2026) -> dict[Any, dict[str, Any]]:
    return {o["school_id"]: o for o in ledger.ledger(session, year=year, by=by)["items"]}


def test_asked_served_waited_and_the_first_choice(district: Session) -> None:
    mine = letter(district, 3 * DAY)
    held = a_lesson(district, L.CONFIRMED, order=mine)
    a_lesson(district, L.UNPLACED, order=mine)

    one = rows(district)[YANG]

    assert (one["asked"], one["served"], one["first_choice"]) == (2, 1, 1)
    assert one["waited_days"] == pytest.approx(3, abs=0.2)
    held.wishes = [WEDNESDAY.model_dump(mode="json"), *held.wishes]
    district.flush()
    assert rows(district)[YANG]["first_choice"] == 0
    assert rows(district)[JING] | {"school_id": 0, "school_name": ""} == {
        **{"school_id": 0, "school_name": "", "asked": 0, "served": 0, "first_choice": 0},
        "waited_days": None,
    }


def test_another_year_and_drafts_do_not_count(district: Session) -> None:
    a_lesson(district, order=letter(district, 400 * DAY))
    a_lesson(district, order=an_order(district))

    assert rows(district)[YANG]["asked"] == 0
    assert rows(district, year=2025)[YANG]["asked"] == 1


def test_a_school_sees_itself_and_the_average(district: Session) -> None:
    a_lesson(district, L.CONFIRMED, order=letter(district))
    theirs = letter(district, school=JING)
    for _ in range(3):
        a_lesson(district, order=theirs)

    found = ledger.ledger(district, year=2026, by=CLERK)

    assert [one["school_id"] for one in found["items"]] == [YANG]
    assert found["average"] | {"waited_days": 0} == {
        **{"schools": 2, "asked": 2, "served": 0.5, "first_choice": 0.5, "waited_days": 0}
    }
    with pytest.raises(Forbidden, match="role_required"):
        ledger.ledger(district, year=2026, by=LECTURER)


def test_it_reads_as_often_for_thirty_as_for_one(district: Session) -> None:
    order = letter(district)
    a_lesson(district, L.CONFIRMED, order=order)
    with queries(district) as once:
        rows(district)
    for _ in range(30):
        a_lesson(district, order=order)
    with queries(district) as again:
        rows(district)

    assert len(again) == len(once)
