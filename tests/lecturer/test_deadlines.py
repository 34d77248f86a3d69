"""Lecturer: how long somebody has to answer, as sentences."""

import csv
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.kit.numbers import Numbers
from services.lecturer import deadlines

ZONE = ZoneInfo("Asia/Shanghai")
REFERENCE = Path("deploy/reference/district.csv")
with REFERENCE.open(encoding="utf-8") as rows:
    NUMBERS = Numbers({row["setting"]: row["value"] for row in csv.DictReader(rows)})
NATIONAL_DAY = {date(2026, 10, day) for day in range(1, 8)}


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def expiry(at: str, starts_at: str, *, rescue: bool = False) -> datetime:
    return deadlines.expiry(
        local(at), local(starts_at), rescue=rescue, numbers=NUMBERS, holidays=NATIONAL_DAY
    )


def reminders(at: str, expires_at: str) -> list[datetime]:
    return deadlines.reminders(local(at), local(expires_at), numbers=NUMBERS, holidays=NATIONAL_DAY)


@pytest.mark.parametrize(
    ("lead", "given"),
    [
        (timedelta(days=30), timedelta(hours=48)),
        (timedelta(days=14), timedelta(hours=48)),
        (timedelta(days=14, seconds=-1), timedelta(hours=24)),
        (timedelta(days=7), timedelta(hours=24)),
        (timedelta(days=7, seconds=-1), timedelta(hours=8)),
        (timedelta(days=2), timedelta(hours=8)),
        (timedelta(days=2, seconds=-1), timedelta(hours=2)),
        (timedelta(days=1), timedelta(hours=2)),
        (timedelta(days=1, seconds=-1), timedelta(minutes=15)),
        (timedelta(0), timedelta(minutes=15)),
        (-timedelta(minutes=20), timedelta(minutes=15)),
    ],
)
def test_the_nearer_the_lesson_the_shorter_the_time_to_answer(lead, given):
    assert deadlines.answer_time(lead, NUMBERS) == given


def test_the_answer_clock_stands_still_at_night():
    # eight hours from 20:00: one hour that evening, seven from seven in the morning
    assert expiry("2026-11-23T20:00", "2026-11-26T09:00") == local("2026-11-24T14:00")


def test_an_offer_sent_at_night_has_its_time_from_the_morning_on():
    assert expiry("2026-11-23T23:30", "2026-11-26T09:00") == local("2026-11-24T15:00")


def test_the_answer_clock_stands_still_on_public_holidays():
    # eight hours from 17:00 on 30 September: four that evening, four on 8 October
    sent, lesson = "2026-09-30T17:00", "2026-10-15T09:00"

    given = deadlines.clock_of(NUMBERS, NATIONAL_DAY).after(local(sent), timedelta(hours=8))

    assert given == local("2026-10-08T11:00")
    assert expiry(sent, lesson) == local("2026-10-11T09:00")


def test_forty_eight_hours_are_counted_on_the_clock():
    # 23 November 09:00: 12 + 14 + 14 hours, and 8 on the fourth day
    assert expiry("2026-11-23T09:00", "2026-12-20T09:00") == local("2026-11-26T15:00")


def test_an_answer_never_takes_more_than_three_quarters_of_the_time_left():
    # sent on the eve of the holidays, the clock would run past the lesson
    sent, lesson = local("2026-09-30T20:30"), local("2026-10-05T20:30")

    assert expiry("2026-09-30T20:30", "2026-10-05T20:30") == sent + (lesson - sent) * 0.75


def test_a_rescue_ignores_the_night():
    assert expiry("2026-11-23T23:00", "2026-11-24T09:00", rescue=True) == local("2026-11-23T23:15")
    assert reminders("2026-11-23T23:00", "2026-11-23T23:15") == [
        local("2026-11-23T23:07:30"),
        local("2026-11-23T23:12:45"),
    ]


def test_reminders_come_at_half_and_at_eighty_five_percent_of_the_clock():
    # of eight hours: after four (one in the evening, three in the morning) and after 6 h 48
    assert reminders("2026-11-23T20:00", "2026-11-24T14:00") == [
        local("2026-11-24T10:00"),
        local("2026-11-24T12:48"),
    ]


@pytest.mark.parametrize(
    ("state", "asked", "hours", "is_one"),
    [
        ("tentative", False, 48, False),
        ("tentative", False, 24, False),
        ("tentative", False, 23, True),
        ("tentative", True, 48, True),
        ("at_risk", False, 100, True),
    ],
)
def test_a_rescue_is_a_lesson_at_risk_or_within_a_day(state, asked, hours, is_one):
    at = local("2026-11-23T09:00")

    assert deadlines.is_rescue(state, asked, at + timedelta(hours=hours), at) is is_one


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (73, "early"),
        (72, "early"),
        (71, "late"),
        (24, "late"),
        (23, "same_day"),
        (0, "after_start"),
    ],
)
def test_notice_says_how_early_an_end_comes(hours, said):
    at = local("2026-11-23T09:00")

    assert deadlines.notice(at, at + timedelta(hours=hours), NUMBERS) == said


def test_the_clock_counts_what_lies_between_two_moments():
    clock = deadlines.Clock(time(7), time(21), ZONE, NATIONAL_DAY)

    assert clock.between(local("2026-11-23T20:00"), local("2026-11-24T08:00")) == timedelta(hours=2)
