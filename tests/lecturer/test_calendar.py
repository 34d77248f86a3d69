"""Lecturer: the calendar of a period, as sentences."""

from datetime import date

import pytest
from sqlmodel import Session

from services.kit.errors import Forbidden, Invalid
from services.kit.ids import uuid7
from services.lecturer import availability, calendar
from tests.lecturer.world import (
    CLERK,
    DAY,
    END,
    NOON,
    SCHEDULER,
    START,
    XIQING,
    a_lecturer,
    a_promise,
    a_seat,
    himself,
    local,
)

WEEK = (local("2026-11-30 00:00"), local("2026-12-07 00:00"))


def test_it_shows_the_week_the_leave_and_the_lessons_of_everybody(district: Session) -> None:
    row, other = a_lecturer(district, "LEC-001"), a_lecturer(district, "LEC-002")
    promise = a_promise(district, row, a_seat(district, state="confirmed"))
    availability.take_leave(
        *(district, other.id, uuid7()),
        starts_at=START,
        ends_at=END,
        reason="培训",
        by=SCHEDULER,
        at=NOON,
    )

    first, second = calendar.entries(district, *WEEK, by=SCHEDULER)

    assert first["lecturer"]["code"] == "LEC-001"
    assert first["half_days"] == ["TUE_PM", "WED_PM"]
    [lesson] = first["assignments"]
    assert (lesson["id"], lesson["state"]) == (promise.id, "committed")
    assert lesson["starts_at"].isoformat() == "2026-12-01T13:30:00+08:00"
    assert (lesson["school_name"], lesson["attendees"]) == ("杨柳青镇党校", 40)
    assert [away["reason"] for away in second["leave"]] == ["培训"]


def test_what_is_over_or_outside_the_period_is_left_out(district: Session) -> None:
    row = a_lecturer(district)
    a_promise(district, row, a_seat(district), state="released")
    a_promise(district, row, a_seat(district, starts_at=START + 7 * DAY, ends_at=END + 7 * DAY))
    undone, _ = availability.take_leave(
        *(district, row.id, uuid7()),
        starts_at=START,
        ends_at=END,
        reason="培训",
        by=SCHEDULER,
        at=NOON,
    )
    availability.undo_leave(district, row.id, undone.id, reason="取消", by=SCHEDULER, at=NOON)

    [entry] = calendar.entries(district, *WEEK, by=SCHEDULER)

    assert (entry["assignments"], entry["leave"]) == ([], [])


def test_a_lecturer_sees_only_himself_and_a_school_nobody(district: Session) -> None:
    row = a_lecturer(district, "LEC-001")
    other = a_lecturer(district, "LEC-002")

    mine = calendar.entries(district, *WEEK, by=himself(row.id))
    not_mine = calendar.entries(district, *WEEK, lecturer_id=other.id, by=himself(row.id))

    assert [entry["lecturer"]["id"] for entry in mine] == [row.id]
    assert not_mine == []
    with pytest.raises(Forbidden, match="role_required"):
        calendar.entries(district, *WEEK, by=CLERK)


def test_a_period_of_days_holds_its_last_day(district: Session) -> None:
    days = calendar.period(district, date(2026, 11, 30), date(2026, 12, 6), district=XIQING)

    assert days == WEEK
    for first, last in ((WEEK[1], WEEK[0]), (WEEK[0], WEEK[0] + 100 * DAY)):
        with pytest.raises(Invalid, match="period_invalid"):
            calendar.period(district, first, last, district=XIQING)
