"""Booking: what a lesson does next, as a pure function of itself and its staffing."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.booking.lesson_rules import (
    change_deadline,
    deadline_of,
    is_rescue,
    next_verb,
    notice_of,
    window_ends,
)
from services.booking.models import Lesson
from services.booking.states import LessonState as L
from services.contracts.booking import Place, Retime
from services.kit.ids import uuid7
from services.kit.numbers import Numbers
from tests.booking.lesson_world import DAY, HOUR, NOON, TUESDAY, WANG, WEDNESDAY, staffing

NUMBERS = Numbers(
    {
        "notice_early_hours": "72",
        "notice_same_day_hours": "24",
        "suspend_hold_days": "14",
        "decision_days": "7",
        "attest_days": "7",
        "dispute_days": "15",
        "fix_days": "10",
        "change_answer_hours": "48",
        "change_answer_hours_near": "4",
    }
)
START, END = TUESDAY.starts_at, TUESDAY.ends_at


def a_lesson(state: L, **facts: Any) -> Lesson:
    wishes = [TUESDAY.model_dump(mode="json")]
    return Lesson(
        **{
            "id": uuid7(),
            "district": "xiqing",
            "state": state,
            "revision": 2,
            "minutes": 180,
            "class_hours": Decimal(4),
            "starts_at": START,
            "ends_at": END,
            "wishes": wishes,
            **facts,
        }
    )


def verb(lesson: Lesson, status: str, *, now: datetime = NOON, **facts: Any) -> str | None:
    said = staffing(lesson, status, **facts)
    return next_verb(lesson, said, now=now, numbers=NUMBERS)


@pytest.mark.parametrize(
    ("state", "status", "facts", "expected"),
    [
        (L.TENTATIVE, "none", {}, None),
        (L.TENTATIVE, "offering", {}, None),
        (L.TENTATIVE, "held", {}, "all_seats_filled"),
        (L.TENTATIVE, "present", {}, "all_seats_filled"),
        (L.TENTATIVE, "done", {}, "all_seats_filled"),
        (L.TENTATIVE, "exhausted", {}, "candidates_exhausted"),
        (L.CONFIRMED, "held", {}, None),
        (L.CONFIRMED, "present", {}, "checkin"),
        (L.CONFIRMED, "done", {}, "checkin"),
        (L.CONFIRMED, "partial", {}, "checkin"),
        (L.CONFIRMED, "aborted", {}, "checkin"),
        (L.CONFIRMED, "none", {"lost": "released"}, "seat_lost_early"),
        (L.CONFIRMED, "offering", {"lost": "voided"}, "seat_lost_early"),
        (L.CONFIRMED, "exhausted", {"lost": "released"}, "seat_lost_early"),
        (L.AT_RISK, "none", {"lost": "no_show"}, None),
        (L.AT_RISK, "offering", {}, None),
        (L.AT_RISK, "exhausted", {}, None),
        (L.AT_RISK, "held", {}, "substitute_committed"),
        (L.AT_RISK, "held", {"waived": ["wrong_pool"]}, None),
        (L.AT_RISK, "present", {"waived": ["wrong_pool"]}, "substitute_committed"),
        (L.SUSPENDED, "held", {}, None),
        (L.SUSPENDED, "none", {"lost": "released"}, None),
        (L.IN_PROGRESS, "present", {}, None),
        (L.IN_PROGRESS, "present", {"handovers": 1}, "handover"),
        (L.IN_PROGRESS, "done", {"handovers": 1}, "handover"),
        (L.IN_PROGRESS, "done", {}, "complete"),
        (L.IN_PROGRESS, "done", {"checkout_missed": True}, "no_checkout"),
        (L.IN_PROGRESS, "partial", {}, "abort_some"),
        (L.IN_PROGRESS, "aborted", {}, "abort_none"),
        (L.UNPLACED, "held", {}, None),
        (L.CANCELLED, "held", {}, None),
        (L.DELIVERED, "done", {}, None),
    ],
)
def test_what_staffing_asks_of_a_lesson(
    state: L, status: str, facts: dict[str, Any], expected: str | None
) -> None:
    assert verb(a_lesson(state), status, **facts) == expected


def test_nothing_heard_asks_for_nothing() -> None:
    lesson = a_lesson(L.CONFIRMED)

    assert next_verb(lesson, None, now=NOON, numbers=NUMBERS) is None


@pytest.mark.parametrize("state", list(L))
def test_an_older_revision_says_nothing(state: L) -> None:
    assert verb(a_lesson(state), "exhausted", revision=1) is None


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (timedelta(hours=72), "seat_lost_early"),
        (timedelta(hours=72) - timedelta(seconds=1), "seat_lost_late"),
        (timedelta(minutes=1), "seat_lost_late"),
    ],
)
def test_a_seat_is_lost_early_or_late(before: timedelta, expected: str) -> None:
    assert verb(a_lesson(L.CONFIRMED), "none", lost="released", now=START - before) == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(15, "no_show_rescue_possible"), (89, "no_show_rescue_possible"), (90, "no_show_no_rescue")],
)
def test_a_no_show_can_be_rescued_until_half_of_the_lesson(minutes: int, expected: str) -> None:
    now = START + timedelta(minutes=minutes)

    assert verb(a_lesson(L.CONFIRMED), "none", lost="no_show", now=now) == expected


def test_a_waived_rule_the_school_agreed_to_is_no_obstacle() -> None:
    lesson = a_lesson(L.AT_RISK, agreed_assignment=WANG)

    assert verb(lesson, "held", waived=["wrong_pool"]) == "substitute_committed"


def a_retime(lesson: Lesson, **facts: Any) -> Retime:
    retime = Retime(
        change_id=uuid7(),
        revision=lesson.revision + 1,
        slot=facts.pop("slot", WEDNESDAY),
        place=Place(kind="online"),
    )
    lesson.retime = retime.model_dump(mode="json")
    return retime


@pytest.mark.parametrize(
    ("answer", "revision", "status", "expected"),
    [
        (None, 2, "held", None),
        ("accepted", 3, "held", "retime_kept"),
        ("accepted", 3, "present", "retime_kept"),
        ("refused", 2, "held", "apply_conflict"),
        ("expired", 2, "held", "apply_conflict"),
        ("conflict", 2, "held", "apply_conflict"),
        ("refused", 2, "none", "apply_conflict"),
        (None, 2, "none", "retime_applied"),
        ("accepted", 3, "none", "retime_applied"),
        (None, 2, "present", "checkin"),
    ],
)
def test_an_agreed_change_follows_the_holders_answer(
    answer: str | None, revision: int, status: str, expected: str | None
) -> None:
    lesson = a_lesson(L.CONFIRMED)
    retime = a_retime(lesson)
    facts = {"retime_change_id": retime.change_id, "retime_answer": answer} if answer else {}

    assert verb(lesson, status, revision=revision, **facts) == expected


def test_the_answer_to_another_change_is_no_answer() -> None:
    lesson = a_lesson(L.CONFIRMED)
    a_retime(lesson)

    said = verb(lesson, "held", retime_change_id=uuid7(), retime_answer="refused")

    assert said is None


def test_an_agreed_slot_that_has_passed_is_not_taken_when_the_holder_is_gone() -> None:
    lesson = a_lesson(L.CONFIRMED)
    a_retime(lesson)

    assert verb(lesson, "none", now=WEDNESDAY.starts_at) == "apply_conflict"


@pytest.mark.parametrize(
    ("at", "notice"),
    [
        (START - timedelta(hours=72), "early"),
        (START - timedelta(hours=71), "late"),
        (START - timedelta(hours=24), "late"),
        (START - timedelta(hours=23), "same_day"),
        (START, "after_start"),
    ],
)
def test_how_much_notice_was_given(at: datetime, notice: str) -> None:
    assert notice_of(START, at, NUMBERS) == notice


def test_without_a_slot_notice_is_early() -> None:
    assert notice_of(None, NOON, NUMBERS) == "early"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (L.REQUESTED, None),
        (L.UNPLACED, ("window_passed", END)),
        (L.WAITLISTED, ("window_passed", END)),
        (L.TENTATIVE, ("start_reached_unfilled", START)),
        (L.CONFIRMED, None),
        (L.AT_RISK, ("rescue_failed", START + timedelta(minutes=90))),
        (L.SUSPENDED, ("hold_ttl", START)),
        (L.IN_PROGRESS, None),
        (L.DELIVERED, ("attest_sla", NOON + 7 * DAY)),
        (L.PARTIALLY_DELIVERED, ("decision_sla", NOON + 7 * DAY)),
        (L.NOT_DELIVERED, ("decision_sla", NOON + 7 * DAY)),
        (L.DISPUTED, ("dispute_sla", NOON + 15 * DAY)),
        (L.VERIFIED, None),
        (L.WRITTEN_OFF, None),
        (L.CANCELLED, None),
    ],
)
def test_every_state_has_its_deadline(state: L, expected: tuple[str, datetime] | None) -> None:
    assert deadline_of(a_lesson(state), NOON, NUMBERS) == expected


def test_a_suspended_lesson_far_away_is_held_for_the_days_of_the_district() -> None:
    far = a_lesson(L.SUSPENDED, starts_at=START + 30 * DAY, ends_at=END + 30 * DAY)

    assert deadline_of(far, NOON, NUMBERS) == ("hold_ttl", NOON + 14 * DAY)


def test_a_lesson_that_lost_its_place_after_its_wishes_gets_time_to_be_placed_anew() -> None:
    late = END + DAY

    assert window_ends(a_lesson(L.UNPLACED), late, NUMBERS) == late + 10 * DAY
    assert window_ends(a_lesson(L.UNPLACED, revision=0), late, NUMBERS) == END
    assert window_ends(a_lesson(L.UNPLACED, wishes=[]), NOON, NUMBERS) == NOON + 10 * DAY


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (START - 8 * DAY, START - 6 * DAY),
        (START - 73 * HOUR, START - 25 * HOUR),
        (START - 72 * HOUR, START - 24 * HOUR),
        (START - 71 * HOUR, START - 67 * HOUR),
        (START - HOUR, START),
        (START + HOUR, START + 5 * HOUR),
    ],
)
def test_how_long_the_other_side_may_think(at: datetime, expected: datetime) -> None:
    assert change_deadline(START, at, NUMBERS) == expected


def test_when_offers_must_be_answered_within_minutes() -> None:
    assert is_rescue(a_lesson(L.AT_RISK), NOON, NUMBERS)
    assert is_rescue(a_lesson(L.TENTATIVE), START - 23 * HOUR, NUMBERS)
    assert not is_rescue(a_lesson(L.TENTATIVE), START - 24 * HOUR, NUMBERS)
    assert not is_rescue(a_lesson(L.CONFIRMED), START - HOUR, NUMBERS)
