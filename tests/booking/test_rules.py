"""Booking: the rules of a wish."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.booking import rules
from services.booking.rules import SchoolTimes, SiteRules, WorkCalendar
from services.contracts.booking import Slot
from services.contracts.catalog import CourseVersion
from services.kit.ids import uuid7
from services.kit.numbers import Numbers

ZONE = ZoneInfo("Asia/Shanghai")
NUMBERS = Numbers(
    {
        "time_zone": "Asia/Shanghai",
        "half_day_am": "08:30-12:00",
        "half_day_pm": "13:30-17:00",
        "half_day_eve": "18:00-21:00",
        "lead_working_days_micro_lesson": "3",
        "lead_working_days_booster": "5",
        "lead_working_days_camp": "15",
    }
)
PLAIN = WorkCalendar()
# 2026: National Day is a Thursday; Saturday 10 October is worked instead.
OCTOBER = WorkCalendar(
    days={date(2026, 10, day): False for day in range(1, 8)} | {date(2026, 10, 10): True},
    holidays=frozenset(date(2026, 10, day) for day in range(1, 8)),
)
NEVER, ALWAYS = SchoolTimes(), SchoolTimes(evening=True, saturday=True)


def a_slot(day: str, hours: str) -> Slot:
    on = date.fromisoformat(day)
    starts, ends = (
        datetime.combine(on, time.fromisoformat(hour), ZONE) for hour in hours.split("-")
    )
    return Slot(starts_at=starts, ends_at=ends)


def a_course(**facts: Any) -> CourseVersion:
    return CourseVersion(
        **{
            "id": uuid7(),
            "label": "2026.1",
            "state": "published",
            "valid_from": date(2026, 1, 1),
            "valid_until": date(2026, 12, 31),
            "title": "示例课程",
            "kind": "lesson",
            "module": "party_work",
            "category": "political_theory",
            "format": "booster",
            "minutes": 180,
            "class_hours": Decimal(4),
            "audience": ["party_worker"],
            "deliveries": ["classroom"],
            "eligible_pools": ["professional"],
            "min_attendees": 30,
            "max_attendees": 120,
            "equipment": ["projector", "audio"],
            **facts,
        }
    )


def codes(problems: list[rules.Problem]) -> list[str]:
    return [problem.code for problem in problems]


@pytest.mark.parametrize(
    ("day", "hours", "school", "refused"),
    [
        ("2026-12-08", "08:30-12:00", NEVER, []),
        ("2026-12-08", "09:00-12:00", NEVER, []),
        ("2026-12-08", "09:00-11:59", NEVER, ["slot_too_short"]),
        ("2026-12-08", "11:00-14:00", NEVER, ["outside_half_days"]),
        ("2026-12-08", "08:00-11:00", NEVER, ["outside_half_days"]),
        ("2026-12-08", "12:00-09:00", NEVER, ["slot_backwards"]),
        ("2026-12-08", "18:00-21:00", NEVER, ["evening_not_permitted"]),
        ("2026-12-08", "18:00-21:00", ALWAYS, []),
        ("2026-12-12", "09:00-12:00", NEVER, ["saturday_not_permitted"]),
        ("2026-12-12", "09:00-12:00", ALWAYS, []),
        ("2026-12-13", "09:00-12:00", ALWAYS, ["not_a_teaching_day"]),
        ("2026-10-01", "09:00-12:00", ALWAYS, ["public_holiday"]),
        ("2026-10-03", "09:00-12:00", ALWAYS, ["public_holiday"]),
        ("2026-10-10", "09:00-12:00", NEVER, []),
    ],
)
def test_a_lesson_lies_in_one_half_day_of_a_permitted_day(
    day: str, hours: str, school: SchoolTimes, refused: list[str]
) -> None:
    slot = a_slot(day, hours)

    found = rules.slot_problems(slot, minutes=180, school=school, calendar=OCTOBER, numbers=NUMBERS)

    assert codes(found) == refused


def test_a_blocked_date_is_blocked_even_on_a_workday() -> None:
    school = SchoolTimes(blocked=frozenset({date(2026, 12, 8)}))

    found = rules.slot_problems(
        a_slot("2026-12-08", "09:00-12:00"),
        minutes=180,
        school=school,
        calendar=PLAIN,
        numbers=NUMBERS,
    )

    assert codes(found) == ["date_blocked"]


def test_a_camp_day_may_span_noon() -> None:
    day = a_slot("2026-12-08", "08:30-17:00")
    asked = {"minutes": 360, "school": NEVER, "calendar": PLAIN, "numbers": NUMBERS}

    assert codes(rules.slot_problems(day, **asked, camp=True)) == []  # type: ignore[arg-type]
    assert codes(rules.slot_problems(day, **asked)) == ["outside_half_days"]  # type: ignore[arg-type]


def test_the_days_of_a_camp_follow_each_other_at_the_same_hours() -> None:
    days = rules.days_of(a_slot("2026-12-08", "08:30-17:00"), camp=True, numbers=NUMBERS)

    assert [rules.local(day, NUMBERS)[0].isoformat()[:16] for day in days] == [
        "2026-12-08T08:30",
        "2026-12-09T08:30",
        "2026-12-10T08:30",
    ]


@pytest.mark.parametrize(
    ("day", "urgent", "refused"),
    [
        ("2026-10-09", False, ["lead_time_too_short"]),
        # With the 8th off as well: 9, 10 (worked), 12, 13 are four, the 14th is the fifth.
        ("2026-10-13", False, ["lead_time_too_short"]),
        ("2026-10-14", False, []),
        ("2026-10-09", True, []),
    ],
)
def test_lead_time_is_counted_in_working_days(day: str, urgent: bool, refused: list[str]) -> None:
    calendar = WorkCalendar(days={**OCTOBER.days, date(2026, 10, 8): False})
    at = datetime(2026, 9, 30, 17, tzinfo=ZONE)

    found = rules.lead_problems(
        a_slot(day, "09:00-12:00"),
        a_course(),
        urgent=urgent,
        calendar=calendar,
        numbers=NUMBERS,
        at=at,
    )

    assert codes(found) == refused


@pytest.mark.parametrize(
    ("rule", "day", "hours", "minutes", "refused"),
    [
        ("TUE-FRI 09:00-16:00", "2026-12-08", "13:30-16:30", 150, []),
        ("TUE-FRI 09:00-16:00", "2026-12-08", "13:30-16:30", 180, ["outside_open_rule"]),
        ("TUE-FRI 09:00-16:00", "2026-12-07", "09:00-12:00", 180, ["site_closed_on"]),
        ("TUE-SUN 09:00-17:00", "2026-12-13", "09:00-12:00", 180, []),
        ("SAT 09:00-12:00", "2026-12-12", "09:00-12:00", 180, []),
        ("SAT 09:00-12:00", "2026-12-11", "09:00-12:00", 180, ["site_closed_on"]),
    ],
)
def test_the_lessons_minutes_fit_the_sites_hours(
    rule: str, day: str, hours: str, minutes: int, refused: list[str]
) -> None:
    site = SiteRules(rule, frozenset())

    found = rules.site_problems(site, a_slot(day, hours), minutes=minutes, numbers=NUMBERS)

    assert codes(found) == refused


def test_a_site_is_asked_early_enough_and_may_be_closed() -> None:
    slot = a_slot("2026-12-08", "09:00-12:00")
    at = slot.starts_at - timedelta(days=2)
    open_site = SiteRules("MON-SUN 08:30-17:00", frozenset(), advance_days=3)
    shut = SiteRules("MON-SUN 08:30-17:00", frozenset(), state="closed")
    that_day = SiteRules("MON-SUN 08:30-17:00", frozenset({date(2026, 12, 8)}))

    found = [
        codes(rules.site_problems(site, slot, minutes=180, numbers=NUMBERS, at=at))
        for site in (open_site, shut, that_day)
    ]

    assert found == [["site_advance_too_short"], ["site_closed"], ["site_closed_on"]]


@pytest.mark.parametrize(
    ("attendees", "capacity", "refused"),
    [
        (29, 80, "too_few_attendees"),
        (81, 80, "too_many_attendees"),
        (121, None, "too_many_attendees"),
    ],
)
def test_attendees_fit_course_and_room(attendees: int, capacity: int | None, refused: str) -> None:
    assert codes(rules.attendee_problems(attendees, a_course(), capacity)) == [refused]
    assert rules.attendee_problems(60, a_course(), capacity) == []


def test_the_room_has_what_the_course_needs() -> None:
    [problem] = rules.equipment_problems(a_course(), ["projector"])

    assert (problem.code, problem.facts) == ("equipment_missing", {"missing": ["audio"]})


def test_the_version_valid_on_the_day_is_ordered() -> None:
    old = a_course(label="2026.1")
    new = a_course(label="2027.1", valid_from=date(2026, 7, 1), valid_until=None)
    draft = a_course(label="2028.1", state="draft", valid_until=None)
    versions = [old, new, draft]

    assert rules.version_on(versions, date(2026, 3, 1)) == old
    assert rules.version_on(versions, date(2026, 8, 1)) == new
    assert rules.version_on([draft], date(2026, 8, 1)) is None


def test_a_course_is_delivered_as_and_to_whom_it_is_made_for() -> None:
    found = rules.course_problems(a_course(), delivery="home", audience=["ordinary_member"])

    assert codes(found) == ["delivery_not_offered", "audience_not_served"]


def test_working_days_skip_holidays_and_count_made_up_saturdays() -> None:
    assert OCTOBER.add_workdays(date(2026, 9, 30), 3) == date(2026, 10, 10)
    assert OCTOBER.workdays_until(date(2026, 9, 30), date(2026, 10, 10)) == 3
