"""Booking: schools, venues, blocked dates; and the mix of a school."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from services.booking import orders, queries, schools
from services.booking.models import Venue
from services.kit.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from services.kit.ids import uuid7
from tests.booking.letter_world import (
    ABROAD,
    ADMINISTRATOR,
    CLERK,
    JING,
    JINMENHU,
    LECTURER,
    NOON,
    SCHEDULER,
    STRANGER,
    YANG,
    a_draft,
    a_line,
    a_wish,
    ref,
    settle_all,
    submitted,
)


def a_room(**facts: Any) -> dict[str, Any]:
    return {
        "school_id": None,
        "name": "二楼会议室",
        "address": "",
        "lat": None,
        "lon": None,
        "capacity": 40,
        "equipment": ["projector", "audio"],
        "ground_floor": True,
        "state": "open",
        **facts,
    }


def test_a_school_adds_a_room_where_it_stands_and_changes_it(xiqing: Session) -> None:
    id = uuid7()

    room, new = schools.put_venue(xiqing, id, a_room(), if_match=None, by=CLERK)
    assert (new, room.school_id, room.lat, room.version) == (True, YANG, 39.1375, 1)

    room, new = schools.put_venue(xiqing, id, a_room(capacity=50), if_match=1, by=CLERK)
    assert (new, room.capacity, room.lat, room.version) == (False, 50, 39.1375, 2)
    with pytest.raises(Stale, match="version_stale"):
        schools.put_venue(xiqing, id, a_room(), if_match=1, by=CLERK)


def test_a_room_belongs_to_one_school(xiqing: Session) -> None:
    with pytest.raises(Forbidden, match="not_your_school"):
        schools.put_venue(xiqing, uuid7(), a_room(school_id=JING), if_match=None, by=CLERK)
    with pytest.raises(Conflict, match="venue_of_another_school"):
        schools.put_venue(xiqing, ref("VEN-06"), a_room(), if_match=1, by=STRANGER)
    room, _ = schools.put_venue(
        xiqing, uuid7(), a_room(school_id=JING), if_match=None, by=ADMINISTRATOR
    )
    assert room.school_id == JING


def test_a_closed_or_bare_room_is_not_for_lessons(xiqing: Session) -> None:
    room = xiqing.get_one(Venue, ref("VEN-06"))
    room.state, room.equipment = "closed", []
    xiqing.flush()
    order = a_draft(xiqing)

    with pytest.raises(Invalid, match="lines_invalid") as refused:
        orders.submit(xiqing, order.id, by=CLERK, at=NOON)

    assert [error["code"] for error in refused.value.facts["errors"]] == [
        "venue_closed",
        "equipment_missing",
    ]


def test_the_district_permits_evenings_and_saturdays(xiqing: Session) -> None:
    evening = a_line(slots=[a_wish("2026-12-08", "18:00-21:00"), a_wish("2026-12-12")])
    order = a_draft(xiqing, evening)
    found = queries.letter(xiqing, order.id, by=CLERK, at=NOON).problems
    assert [problem["code"] for problem in found] == [
        "evening_not_permitted",
        "saturday_not_permitted",
    ]

    with pytest.raises(Forbidden, match="role_required"):
        schools.put_times(
            xiqing, YANG, evening_class=True, saturday_class=True, if_match=1, by=CLERK
        )
    schools.put_times(
        xiqing, YANG, evening_class=True, saturday_class=True, if_match=1, by=SCHEDULER
    )

    assert submitted(xiqing, evening).state == "submitted"


def test_a_blocked_date_takes_no_wish(xiqing: Session) -> None:
    on = date(2026, 12, 8)
    schools.block(xiqing, YANG, on, reason="换届", by=CLERK)
    schools.block(xiqing, YANG, on, reason="换届选举", by=CLERK)
    assert [row.reason for row in schools.blocked(xiqing, YANG, CLERK)] == ["换届选举"]
    order = a_draft(xiqing)

    with pytest.raises(Invalid, match="lines_invalid") as refused:
        orders.submit(xiqing, order.id, by=CLERK, at=NOON)
    assert [error["code"] for error in refused.value.facts["errors"]] == ["date_blocked"]

    schools.unblock(xiqing, YANG, on, by=CLERK)
    assert submitted(xiqing).state == "submitted"
    with pytest.raises(NotFound, match="not_found"):
        schools.unblock(xiqing, YANG, on, by=CLERK)


def test_each_school_blocks_its_own_days(xiqing: Session) -> None:
    with pytest.raises(Forbidden, match="not_your_school"):
        schools.block(xiqing, JING, date(2026, 12, 8), reason="", by=CLERK)
    with pytest.raises(NotFound, match="not_found"):
        schools.block(xiqing, JING, date(2026, 12, 8), reason="", by=ABROAD)


def test_schools_are_known_within_the_district(xiqing: Session) -> None:
    assert len(queries.all_schools(xiqing, CLERK)) == 11
    assert list(queries.all_schools(xiqing, ABROAD)) == []
    assert schools.school_for(xiqing, JINMENHU, CLERK).evening_class is True
    with pytest.raises(Forbidden, match="role_required"):
        queries.all_schools(xiqing, LECTURER)


def test_the_mix_counts_the_live_lessons_of_a_school_in_a_year(xiqing: Session) -> None:
    order = submitted(
        xiqing,
        a_line(),
        a_line(course_id=str(ref("RV-T04"))),
        a_line(course_id=str(ref("RV-P04")), slots=[a_wish("2026-12-09")]),
        a_line(slots=[a_wish("2027-01-12")]),
    )
    settle_all(xiqing, order, "cancelled", "requested", "verified", "requested")

    year, found = queries.meter(xiqing, school_id=None, year=2026, by=CLERK, at=NOON)

    assert (year, found.count.total, found.hours.total) == (2026, Decimal(2), Decimal(8))
    assert found.count.shares["political_theory"] == Decimal("50.0")
    assert queries.meter(xiqing, school_id=YANG, year=2027, by=SCHEDULER, at=NOON)[
        1
    ].count.total == Decimal(1)
    assert queries.meter(xiqing, school_id=None, year=None, by=SCHEDULER, at=NOON)[0] == 2026
    with pytest.raises(Forbidden, match="not_your_school"):
        queries.meter(xiqing, school_id=YANG, year=2026, by=STRANGER, at=NOON)
