"""Lecturer: who is there, and the one no-show clock."""

from datetime import timedelta

import pytest

from services.kit.errors import Conflict, Invalid
from services.lecturer import candidates, offers, presence
from services.lecturer.speaking import Behalf
from tests.lecturer.seatings import (
    CLERK,
    DAY,
    HOUR,
    LESSON_AT,
    NOW,
    SCHEDULER,
    Lesson,
    last,
    lecturer,
    load,
    timers,
    told,
)

MINUTE = timedelta(minutes=1)
END = LESSON_AT + 2 * HOUR


@pytest.fixture
def session(room_session):
    session = room_session("lecturer")
    load(session)
    return session


@pytest.fixture
def lesson(session):
    """A confirmed lesson with a holder."""
    lesson = Lesson(session).tell()
    offer = lesson.offers_in("pending")[0]
    by = lecturer(offer.lecturer_id)
    offers.accept(session, offer.id, revision=1, by=by, at=NOW)
    return lesson.tell(state="confirmed")


def check_in(session, promise, at=LESSON_AT):
    return presence.check_in(session, promise.id, by=lecturer(promise.lecturer_id), at=at)


def check_out(session, promise, at=END):
    return presence.check_out(session, promise.id, by=lecturer(promise.lecturer_id), at=at)


def abort(session, promise, minutes, at):
    return presence.abort(
        session,
        promise.id,
        minutes_taught=minutes,
        reason="停电",
        fault="school",
        by=lecturer(promise.lecturer_id),
        at=at,
    )


def test_checking_in_starts_the_lesson(session, lesson):
    promise = check_in(session, lesson.held, LESSON_AT - 10 * MINUTE)

    assert (promise.state, promise.checked_in_at) == ("checked_in", LESSON_AT - 10 * MINUTE)
    assert timers(session, promise.id) == {"no_checkout": END + 30 * MINUTE}
    assert lesson.staff.status == "present"
    assert lesson.staff.checked_in_at == LESSON_AT - 10 * MINUTE


@pytest.mark.parametrize("before", [DAY, HOUR + MINUTE])
def test_checking_in_too_early_is_refused(session, lesson, before):
    with pytest.raises(Conflict, match="too_early"):
        check_in(session, lesson.held, LESSON_AT - before)


def test_checking_in_after_the_end_is_refused(session, lesson):
    with pytest.raises(Conflict, match="too_late"):
        check_in(session, lesson.held, END + MINUTE)


def test_a_clerk_checks_him_in_on_his_behalf(session, lesson):
    promise = lesson.held

    presence.check_in(
        session,
        promise.id,
        behalf=Behalf(promise.lecturer_id, "in_person", "已到会场"),
        by=CLERK,
        at=LESSON_AT,
    )

    assert promise.state == "checked_in"
    assert last(session, promise.id)["by"]["channel"] == "in_person"


def test_minutes_count_from_his_coming_to_the_end(session, lesson):
    promise = check_in(session, lesson.held, LESSON_AT + 10 * MINUTE)

    check_out(session, promise, END + 5 * MINUTE)

    assert (promise.state, promise.minutes_taught, promise.fault) == ("fulfilled", 110, "none")
    assert (lesson.staff.status, lesson.staff.minutes_taught) == ("done", 110)
    assert lesson.staff.checked_out_at == END + 5 * MINUTE
    assert timers(session, promise.id) == {}


def test_checking_out_before_the_start_is_refused(session, lesson):
    promise = check_in(session, lesson.held, LESSON_AT - HOUR / 2)

    with pytest.raises(Conflict, match="too_early"):
        check_out(session, promise, LESSON_AT - HOUR / 4)


def test_without_check_out_the_planned_end_counts(session, lesson):
    promise = check_in(session, lesson.held)

    presence.no_checkout(session, promise.id, END + 30 * MINUTE)

    assert (promise.state, promise.checked_out_at, promise.minutes_taught) == (
        "fulfilled",
        END,
        120,
    )
    assert (lesson.staff.status, lesson.staff.checkout_missed) == ("done", True)


def test_nobody_there_is_told_first_and_counts_then(session, lesson):
    promise = lesson.held
    due = timers(session, promise.id)
    assert due["not_checked_in"] == LESSON_AT + 10 * MINUTE
    assert due["no_checkin"] == LESSON_AT + 15 * MINUTE

    presence.not_checked_in(session, promise.id, due["not_checked_in"])
    presence.no_checkin(session, promise.id, due["no_checkin"])

    assert told(session, promise.id)[-2:] == [
        "lecturer.assignment.not_checked_in",
        "lecturer.assignment.no_show",
    ]
    assert (promise.state, promise.reason_code, promise.fault, promise.notice) == (
        "no_show",
        "no_show",
        "lecturer",
        "after_start",
    )
    assert (lesson.staff.status, lesson.staff.lost) == ("none", "no_show")


def test_a_substitute_of_the_last_minute_has_his_minutes(session, lesson):
    presence.no_checkin(session, lesson.held.id, LESSON_AT + 15 * MINUTE)
    lesson.tell(state="at_risk", at=LESSON_AT + 15 * MINUTE)
    offer = lesson.offers_in("pending")[0]
    at = LESSON_AT + 20 * MINUTE

    by = lecturer(offer.lecturer_id)
    offers.accept(session, offer.id, revision=1, by=by, at=at)

    assert timers(session, lesson.held.id)["no_checkin"] == at + 15 * MINUTE


def test_somebody_who_has_come_is_no_no_show(session, lesson):
    promise = check_in(session, lesson.held)

    with pytest.raises(Conflict, match="wrong_state"):
        presence.no_checkin(session, promise.id, LESSON_AT + 15 * MINUTE)


def test_breaking_off_with_nothing_taught(session, lesson):
    promise = check_in(session, lesson.held)

    abort(session, promise, 0, LESSON_AT + 5 * MINUTE)

    assert (promise.state, promise.reason_code, promise.fault) == (
        "voided",
        "abort_nothing_taught",
        "school",
    )
    assert lesson.staff.status == "aborted"


def test_breaking_off_in_the_middle(session, lesson):
    promise = check_in(session, lesson.held)

    abort(session, promise, 40, LESSON_AT + 41 * MINUTE)

    assert (promise.state, promise.minutes_taught) == ("partial", 40)
    assert (lesson.staff.status, lesson.staff.minutes_taught) == ("partial", 40)


def test_more_minutes_than_have_passed_are_impossible(session, lesson):
    promise = check_in(session, lesson.held)

    with pytest.raises(Invalid, match="minutes_impossible"):
        abort(session, promise, 60, LESSON_AT + 30 * MINUTE)


def test_somebody_takes_over_in_the_middle(session, lesson):
    old = check_in(session, lesson.held)
    ranked = candidates.of_seat(session, lesson.seat).ranked
    other = next(one.person.id for one in ranked if one.person.id != old.lecturer_id)
    at = LESSON_AT + 50 * MINUTE

    new = presence.handover(
        session,
        old.id,
        lecturer_id=other,
        minutes_taught=50,
        channel="in_person",
        note="身体不适",
        by=SCHEDULER,
        at=at,
    )

    assert (old.state, old.minutes_taught, old.reason_code) == ("partial", 50, "handover")
    assert (new.state, new.checked_in_at, new.starts_at) == ("checked_in", at, at)
    assert (lesson.staff.status, lesson.staff.handovers) == ("present", 1)
    assert lesson.staff.checked_in_at == LESSON_AT

    check_out(session, new)
    assert new.minutes_taught == 70
    assert (lesson.staff.status, lesson.staff.minutes_taught) == ("done", 120)


def test_a_suspended_lesson_takes_no_check_in(session, lesson):
    lesson.tell(state="suspended")

    with pytest.raises(Conflict, match="lesson_suspended"):
        check_in(session, lesson.held)
