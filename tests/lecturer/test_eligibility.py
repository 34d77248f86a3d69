"""Lecturer: who may take a seat, rule by rule, as sentences. Pure: no database."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.kit.ids import uuid7
from services.lecturer import eligibility
from services.lecturer.eligibility import Ask, Away, Engagement, Frame, Person, Rules, Term
from services.lecturer.places import Spot, Travel, km, spot
from tests.lecturer.world import COURSE, END, HOUR, NUMBERS, SOUTH, START, YANGLIUQING, local

RULES = Rules.of(NUMBERS)
HERE, THERE, ONLINE = spot(YANGLIUQING), spot(SOUTH), Spot(online=True)
MINUTE = timedelta(minutes=1)


def ask(**facts: Any) -> Ask:
    slot = {"starts_at": START, "ends_at": END} | facts
    frame = Frame.of(RULES, slot["starts_at"], slot["ends_at"])
    usual = {"course_id": COURSE, "pools": ("lead_study", "professional"), "place": HERE}
    return Ask(**(usual | {"lesson_id": UUID(int=1), "frame": frame} | slot))


def person(**facts: Any) -> Person:
    """Somebody nothing speaks against."""
    usual: dict[str, Any] = {
        "id": UUID(int=5),
        "code": "LEC-001",
        "name": "示例讲师001（虚构）",
        "pool": "professional",
        "status": "active",
        "week_cap": 2,
        "home": HERE,
        "qualified": True,
        "terms": [Term(date(2026, 1, 1), date(2026, 12, 31))],
        "half_days": {"TUE_PM"},
    }
    return Person(**(usual | facts))


def taught(starts_at: str, hours: float = 2, place: Spot = HERE, **facts: Any) -> Engagement:
    start = local(starts_at)
    lesson = facts.get("lesson_id", uuid7())
    return Engagement(uuid7(), lesson, start, start + HOUR * hours, place)


def why(person: Person, asked: Ask | None = None, **more: Any) -> list[dict[str, Any]]:
    return eligibility.reasons(asked or ask(), person, RULES, **more)


def codes(person: Person, asked: Ask | None = None, **more: Any) -> list[str]:
    return [reason["code"] for reason in why(person, asked, **more)]


def test_nothing_speaks_against_a_lecturer_in_good_standing() -> None:
    assert why(person()) == []


def test_every_reason_is_named_at_once() -> None:
    nobody = person(status="inactive", qualified=False, pool="backbone", terms=[], half_days=set())

    assert codes(nobody) == [
        *("lecturer_inactive", "not_qualified", "wrong_pool"),
        *("appointment_not_valid", "not_available"),
    ]


def test_each_reason_says_the_smallest_change_that_would_lift_it() -> None:
    [inactive] = why(person(status="inactive"))
    [unqualified] = why(person(qualified=False))
    [pool] = why(person(pool="backbone"))

    assert inactive["change"] == {"kind": "activate_lecturer"}
    assert unqualified["change"] == {"kind": "add_qualification", "course_id": str(COURSE)}
    assert pool == {
        "code": "wrong_pool",
        "pool": "backbone",
        "pools": ["lead_study", "professional"],
        "change": {"kind": "waive", "rule": "wrong_pool", "lesson_state": "at_risk"},
    }


def test_a_wish_excludes_others_only_when_it_says_so() -> None:
    wished = uuid7()

    assert codes(person(), ask(wanted=(wished,))) == []
    [reason] = why(person(), ask(wanted=(wished,), wanted_only=True))
    assert (reason["code"], reason["requested"]) == ("not_the_requested_lecturer", [str(wished)])
    assert codes(person(id=wished), ask(wanted=(wished,), wanted_only=True)) == []


def test_only_rules_about_the_person_can_be_waived() -> None:
    nobody = person(qualified=False, pool="backbone", terms=[])
    everything = frozenset(codes(nobody)) | {"not_the_requested_lecturer"}

    assert codes(nobody, waive=everything) == ["appointment_not_valid"]


@pytest.mark.parametrize(
    ("first", "last", "valid"),
    [
        ("2026-12-01", "2026-12-01", True),
        ("2026-12-02", "2027-12-01", False),
        ("2025-12-01", "2026-11-30", False),
    ],
)
def test_an_appointment_counts_on_the_day_of_the_lesson(first: str, last: str, valid: bool) -> None:
    term = Term(date.fromisoformat(first), date.fromisoformat(last))

    assert codes(person(terms=[term])) == ([] if valid else ["appointment_not_valid"])


def test_the_day_of_a_lesson_is_the_local_one() -> None:
    """07:00 in Xiqing is the evening before in UTC."""
    early = ask(starts_at=local("2027-01-01 07:00"), ends_at=local("2027-01-01 07:15"))

    reasons = why(person(), early)

    assert reasons[0]["code"] == "appointment_not_valid"
    assert reasons[0]["on"] == "2027-01-01"
    assert reasons[0]["ended_on"] == "2026-12-31"
    assert reasons[0]["change"] == {"kind": "renew_appointment", "valid_on": "2027-01-01"}


def test_a_lesson_lies_in_one_half_day_of_the_lecturer() -> None:
    [reason] = why(person(half_days={"WED_AM", "MON_PM"}))

    assert reason == {
        "code": "not_available",
        "half_day": "TUE_PM",
        "available": ["MON_PM", "WED_AM"],
        "change": {"kind": "add_availability", "half_day": "TUE_PM"},
    }


@pytest.mark.parametrize(
    ("starts_at", "ends_at"),
    [
        ("2026-12-01 11:30", "2026-12-01 13:00"),
        ("2026-12-01 13:00", "2026-12-01 15:00"),
        ("2026-12-01 20:00", "2026-12-01 21:30"),
        ("2026-12-01 20:00", "2026-12-02 09:00"),
    ],
)
def test_a_lesson_between_half_days_suits_nobody(starts_at: str, ends_at: str) -> None:
    odd = ask(starts_at=local(starts_at), ends_at=local(ends_at))

    [reason] = why(person(half_days=set(eligibility.HALF_DAYS)), odd)

    assert (reason["code"], reason["half_day"]) == ("not_available", None)
    assert reason["change"] == {
        "kind": "move_into_half_day",
        "half_days": ["08:30-12:00", "13:30-17:00", "18:00-21:00"],
    }


def test_the_day_of_a_camp_takes_the_morning_and_the_afternoon() -> None:
    camp = ask(starts_at=local("2026-12-01 09:00"), ends_at=local("2026-12-01 15:00"))

    [reason] = why(person(half_days={"TUE_PM", "TUE_EVE"}), camp)

    assert codes(person(half_days={"TUE_AM", "TUE_PM"}), camp) == []
    assert (reason["code"], reason["half_day"]) == ("not_available", "TUE_AM")
    assert reason["change"] == {"kind": "add_availability", "half_day": "TUE_AM"}


def test_a_lesson_fills_its_half_day_to_the_minute() -> None:
    whole = ask(starts_at=local("2026-12-01 13:30"), ends_at=local("2026-12-01 17:00"))

    assert codes(person(), whole) == []


def test_who_is_on_leave_is_not_available_up_to_the_minute() -> None:
    id = uuid7()

    [reason] = why(person(leave=[Away(id, START - HOUR, START + MINUTE)]))

    assert reason["code"] == "not_available"
    assert reason["leave"] == {
        "from": "2026-12-01T12:30:00+08:00",
        "until": "2026-12-01T13:31:00+08:00",
    }
    assert reason["change"] == {"kind": "undo_leave", "leave_id": str(id)}
    assert codes(person(leave=[Away(id, START - HOUR, START), Away(id, END, END + HOUR)])) == []


def test_two_lessons_at_once_are_one_too_many() -> None:
    [reason] = why(person(engagements=[taught("2026-12-01 15:00")]))

    assert reason["code"] == "already_teaching"
    assert reason["starts_at"] == "2026-12-01T15:00:00+08:00"
    assert reason["change"] == {"kind": "move_lesson", "minutes": -90}


def test_his_own_lesson_never_stands_in_his_way() -> None:
    own = taught("2026-12-01 13:30", lesson_id=UUID(int=1))

    assert codes(person(engagements=[own] * 9)) == []


def test_at_the_same_place_one_lesson_follows_the_other() -> None:
    assert codes(person(engagements=[taught("2026-12-01 11:30")])) == []


def test_the_way_to_and_from_a_neighbour_takes_its_time() -> None:
    [early] = why(person(engagements=[taught("2026-12-01 11:00", place=THERE)]))
    [late] = why(person(engagements=[taught("2026-12-01 17:00", place=THERE)]))

    assert early["code"] == late["code"] == "travel_buffer"
    assert (early["gap_minutes"], early["needs_minutes"]) == (30, 38)
    assert early["change"] == {"kind": "move_lesson", "minutes": 8}
    assert late["change"] == {"kind": "move_lesson", "minutes": -8}


def test_a_gap_as_long_as_the_way_is_enough() -> None:
    way = RULES.travel.minutes(THERE, HERE)
    before = taught("2026-12-01 11:00", place=THERE)

    asked = ask(starts_at=before.ends_at + MINUTE * way, ends_at=END)
    too_soon = ask(starts_at=before.ends_at + MINUTE * (way - 1), ends_at=END)

    assert "travel_buffer" not in codes(person(engagements=[before]), asked)
    assert "travel_buffer" in codes(person(engagements=[before]), too_soon)


def test_online_lessons_need_no_way() -> None:
    before = taught("2026-12-01 11:30", place=THERE)

    assert codes(person(engagements=[before]), ask(place=ONLINE)) == []
    assert codes(person(engagements=[replace(before, place=ONLINE)])) == []


@pytest.mark.parametrize(
    ("engagements", "code", "count", "limit"),
    [
        (["12-01 08:30", "12-01 10:30", "12-01 18:00"], "day_cap", 3, 3),
        (["11-30 08:30", "12-06 18:00"], "week_cap", 2, 2),
        ([f"12-{day} 08:30" for day in range(10, 22)], "month_cap", 12, 12),
    ],
)
def test_caps_count_the_lessons_of_the_local_day_week_and_month(
    engagements: list[str], code: str, count: int, limit: int
) -> None:
    busy = person(
        week_cap=2 if code == "week_cap" else 99,
        engagements=[taught(f"2026-{at}", 1) for at in engagements],
    )

    [reason] = why(busy)

    cap = code.removesuffix("_cap")
    assert reason == {
        "code": code,
        "count": count,
        "limit": limit,
        "change": {"kind": "raise_cap", "cap": cap, "limit": count + 1},
    }
    assert codes(replace(busy, raised={cap: limit + 1})) == []


def test_the_week_begins_on_monday_and_the_month_on_its_first() -> None:
    before = [taught("2026-11-29 18:00"), taught("2026-11-30 08:30"), taught("2026-12-07 08:30")]

    assert codes(person(week_cap=2, engagements=before)) == []
    assert codes(person(week_cap=1, engagements=before)) == ["week_cap"]


def test_too_far_from_home_is_too_far() -> None:
    far = Spot(lat=39.13, lon=118.01)

    [reason] = why(person(home=far))

    assert reason == {
        "code": "too_far",
        "minutes": 188,
        "limit": 120,
        "change": {"kind": "place_nearer", "minutes": 68},
    }
    assert codes(person(home=Spot()), ask(place=far)) == []
    assert codes(person(home=far), ask(place=ONLINE)) == []


def test_distance_is_the_straight_line() -> None:
    assert km(HERE, THERE) == pytest.approx(11.1, abs=0.05)
    assert km(HERE, Spot()) is None
    assert RULES.travel == Travel(15, 2.0)
    assert RULES.travel.minutes(HERE, HERE) == 0
    assert RULES.travel.minutes(HERE, Spot(lat=39.13, lon=117.01)) == 0
    assert RULES.travel.minutes(HERE, Spot("elsewhere")) == 15
