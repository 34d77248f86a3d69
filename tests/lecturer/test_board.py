"""Lecturer: the board of a lesson, the heat of a course and the substitutes, as sentences."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session

from services.kit.errors import Conflict, Forbidden, Invalid, Malformed, NotFound
from services.kit.ids import uuid7
from services.lecturer import availability, board_queries, calendar
from services.lecturer.models import CourseCopy, Seat
from tests.lecturer.world import (
    CLERK,
    COURSE,
    DAY,
    END,
    FOREIGN,
    HOUR,
    NOON,
    SCHEDULER,
    SOUTH,
    START,
    a_lecturer,
    a_promise,
    a_seat,
    an_offer,
    himself,
    local,
    ref,
)

WEEK = (date(2026, 11, 30), date(2026, 12, 6))
TUESDAY_PM, WEDNESDAY_PM = 4, 7


def board(session: Session, seat: Seat, **asked: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"starts": [], "cursor": None, "limit": 30, "by": SCHEDULER, "at": NOON}
    period = asked.pop("period", WEEK)
    return board_queries.of_seat(session, seat.lesson_id, period, **{**usual, **asked})


def cells(line: dict[str, Any]) -> dict[int, tuple[str, str | None]]:
    """The cells that are not simply outside his week."""
    return {
        number: (cell["state"], cell["code"])
        for number, cell in enumerate(line["cells"])
        if cell["code"] != "not_available"
    }


def test_every_half_day_is_free_best_busy_or_off_with_a_reason(district: Session) -> None:
    a_lecturer(district, "LEC-001")
    far = a_lecturer(district, "LEC-002", home_lat=38.93)
    a_lecturer(district, "LEC-003", courses=[])
    a_promise(district, far, a_seat(district, place=SOUTH))
    seat = a_seat(district)

    first, second, third = board(district, seat)["items"]

    assert cells(first) == {TUESDAY_PM: ("best", None), WEDNESDAY_PM: ("best", None)}
    assert cells(second) == {TUESDAY_PM: ("busy", "already_teaching"), WEDNESDAY_PM: ("free", None)}
    assert (first["rank"], second["rank"], third["rank"]) == (1, 2, None)
    assert {cell["code"] for cell in third["cells"]} == {"not_qualified"}
    assert len(second["assignments"]) == 1


def test_the_columns_say_when_it_would_be_held(district: Session) -> None:
    a_lecturer(district)
    seat = a_seat(district, starts_at=None, ends_at=None, state="unplaced", minutes=180)

    usual = board(district, seat)["columns"]
    wished = board(district, seat, starts=[local("2026-12-01 14:00")])["columns"]

    assert len(usual) == 21
    assert usual[0]["starts_at"].isoformat() == "2026-11-30T08:30:00+08:00"
    assert [usual[TUESDAY_PM][name] for name in ("on", "half")] == [date(2026, 12, 1), "pm"]
    assert wished[TUESDAY_PM]["starts_at"].isoformat() == "2026-12-01T14:00:00+08:00"
    assert wished[TUESDAY_PM]["ends_at"].isoformat() == "2026-12-01T17:00:00+08:00"
    assert wished[WEDNESDAY_PM] == usual[WEDNESDAY_PM]


def test_what_is_over_is_off(district: Session) -> None:
    a_lecturer(district)
    seat = a_seat(district)

    [line] = board(district, seat, at=START)["items"]

    assert cells(line)[TUESDAY_PM] == ("off", "in_the_past")
    assert cells(line)[WEDNESDAY_PM] == ("best", None)


def test_rows_come_in_pages_and_may_be_left_out_but_ranks_stay(district: Session) -> None:
    for number in range(1, 6):
        a_lecturer(district, f"LEC-00{number}", pool="backbone" if number == 2 else "professional")
    seat = a_seat(district)

    one = board(district, seat, limit=3)
    two = board(district, seat, limit=3, cursor=one["next"])
    [pool] = board(district, seat, pool="backbone")["items"]
    [named] = board(district, seat, q="005")["items"]

    codes = [line["lecturer"]["code"] for line in one["items"] + two["items"]]
    assert codes == ["LEC-001", "LEC-003", "LEC-004", "LEC-005", "LEC-002"]
    assert two["next"] is None
    assert (pool["rank"], named["rank"]) == (None, 4)
    with pytest.raises(Malformed, match="cursor_invalid"):
        board(district, seat, cursor="x")


def test_it_agrees_with_the_rules_that_send_offers(district: Session) -> None:
    row, seat = a_lecturer(district), a_seat(district)
    an_offer(district, row, seat)
    slot = {"starts_at": START + DAY, "ends_at": END + DAY}
    availability.take_leave(
        *(district, row.id, uuid7()), **slot, reason="培训", by=SCHEDULER, at=NOON
    )

    [line] = board(district, seat)["items"]

    assert line["offer"] == "pending"
    assert {cell["state"] for cell in line["cells"]} == {"off", "best"}
    assert line["cells"][WEDNESDAY_PM] == {"state": "off", "code": "not_available"}


def test_the_board_is_for_the_desk_and_for_a_month(district: Session) -> None:
    row, seat = a_lecturer(district), a_seat(district)

    for stranger in (CLERK, himself(row.id)):
        with pytest.raises(Forbidden, match="role_required"):
            board(district, seat, by=stranger)
    with pytest.raises(NotFound, match="not_found"):
        board(district, seat, by=FOREIGN)
    for days in (-1, 31):
        with pytest.raises(Invalid, match="period_invalid"):
            board(district, seat, period=(WEEK[0], WEEK[0] + timedelta(days=days)))


def test_the_heat_counts_and_names_nobody(district: Session) -> None:
    for number in (1, 2):
        a_lecturer(district, f"LEC-00{number}", home_lat=39.13 - 0.3 * (number - 1))
    course = district.get_one(CourseCopy, COURSE)
    course.versions = [a_version(course)]

    items = board_queries.heat(*(district, COURSE, WEEK), lat=39.13, lon=117.01, by=CLERK, at=NOON)

    assert len(items) == 21
    assert items[TUESDAY_PM] == {"on": date(2026, 12, 1), "half": "pm", "free": 2, "best": 1}
    assert sum(item["free"] for item in items) == 4
    with pytest.raises(Forbidden, match="role_required"):
        board_queries.heat(
            *(district, COURSE, WEEK), lat=None, lon=None, by=himself(uuid7()), at=NOON
        )
    with pytest.raises(NotFound, match="not_found"):
        board_queries.heat(*(district, uuid7(), WEEK), lat=None, lon=None, by=CLERK, at=NOON)


def a_version(course: CourseCopy) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "label": "2026.1",
        "state": "published",
        "valid_from": "2026-01-01",
        "title": course.title,
        "kind": "lesson",
        "module": "rural_revitalization",
        "category": "political_theory",
        "format": "booster",
        "minutes": 180,
        "class_hours": "4",
        "audience": [],
        "deliveries": ["classroom"],
        "eligible_pools": course.eligible_pools,
        "min_attendees": 10,
        "max_attendees": 80,
    }


def test_substitutes_come_in_the_order_in_which_they_can_be_there(district: Session) -> None:
    a_lecturer(district, "LEC-001", home_lat=39.33)
    busy = a_lecturer(district, "LEC-002")
    before = {"starts_at": START - 3 * HOUR, "ends_at": START - HOUR}
    a_promise(district, busy, a_seat(district, **before, place=SOUTH))
    a_lecturer(district, "LEC-003")
    a_lecturer(district, "LEC-004", pool="backbone")
    a_lecturer(district, "LEC-005", half_days=[])
    seat = a_seat(district, state="at_risk")

    found = substitutes(district, seat, at=START - 2 * HOUR)

    assert [(one["code"], one["leaves_from"], one["waive"]) for one in found["items"]] == [
        ("LEC-003", "home", []),
        ("LEC-001", "home", []),
        ("LEC-002", "lesson", []),
        ("LEC-004", "home", ["wrong_pool"]),
    ]
    nearest, _, last, _ = found["items"]
    assert (nearest["minutes"], nearest["km"], nearest["late"]) == (0, 0.0, 0)
    assert nearest["phone"] == ""
    assert last["arrives_at"] == START - HOUR + timedelta(minutes=last["minutes"])


def test_who_knows_the_course_comes_before_who_does_not(district: Session) -> None:
    a_lecturer(district, "LEC-001")
    knows = a_lecturer(district, "LEC-002", max_sessions_per_week=9)
    last_year = {"starts_at": START - 365 * DAY, "ends_at": END - 365 * DAY}
    a_promise(district, knows, a_seat(district, **last_year), state="fulfilled")
    seat = a_seat(district, state="at_risk")

    found = substitutes(district, seat, at=START - HOUR, limit=1)
    rest = substitutes(district, seat, at=START + HOUR, limit=1, cursor=found["next"])

    assert [(one["code"], one["course_lessons"]) for one in found["items"]] == [("LEC-002", 1)]
    assert [(one["code"], one["rank"], one["late"]) for one in rest["items"]] == [
        ("LEC-001", 2, 60)
    ]
    assert rest["next"] is None
    with pytest.raises(Conflict, match="no_slot"):
        substitutes(district, a_seat(district, starts_at=None, ends_at=None), at=NOON)
    with pytest.raises(Forbidden, match="role_required"):
        substitutes(district, seat, at=NOON, by=CLERK)


def substitutes(session: Session, seat: Seat, **asked: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"cursor": None, "limit": 20, "by": SCHEDULER}
    return board_queries.substitutes(session, seat.lesson_id, **{**usual, **asked})


def test_the_calendar_comes_in_pages_and_by_name_course_and_pool(district: Session) -> None:
    for number in range(1, 5):
        courses = [ref("RV-T04")] if number == 2 else [COURSE]
        status = "inactive" if number == 4 else "active"
        a_lecturer(district, f"LEC-00{number}", courses=courses, status=status)
    period = (local("2026-11-30 00:00"), local("2026-12-07 00:00"))

    def codes(**wanted: Any) -> tuple[list[str], str | None]:
        cursor, limit = wanted.pop("cursor", None), wanted.pop("limit", 30)
        items, following = calendar.some_entries(
            *(district, *period, calendar.Wanted(**wanted)),
            cursor=cursor,
            limit=limit,
            by=SCHEDULER,
        )
        return [item["lecturer"]["code"] for item in items], following

    one, following = codes(limit=2, status="active")
    assert one == ["LEC-001", "LEC-002"]
    assert codes(limit=2, status="active", cursor=following) == (["LEC-003"], None)
    assert codes(course_id=ref("RV-T04"))[0] == ["LEC-002"]
    assert codes(q="003")[0] == ["LEC-003"]


def test_a_district_and_a_week_are_weighed_in_few_queries(xiqing: Session) -> None:
    seat = a_seat(xiqing)
    asked: list[str] = []
    engine = xiqing.get_bind().engine
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    found = board(xiqing, seat, limit=300)

    assert len(found["items"]) == 240
    assert len(asked) <= 15
