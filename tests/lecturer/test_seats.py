"""Lecturer: a seat follows its lesson."""

import pytest

from services.kit.errors import Conflict
from services.lecturer import offers, seats
from tests.lecturer.seatings import (
    DAY,
    HOUR,
    LESSON_AT,
    NOW,
    Lesson,
    last,
    lecturer,
    load,
    slot,
    timers,
    told,
)


@pytest.fixture
def session(room_session):
    session = room_session("lecturer")
    load(session)
    return session


@pytest.fixture
def lesson(session):
    return Lesson(session).tell()


def held(session, lesson):
    (offer,) = lesson.offers_in("pending")
    offers.accept(
        session,
        offer.id,
        revision=offer.revision,
        by=lecturer(offer.lecturer_id),
        at=NOW + HOUR,
    )
    return lesson


def test_an_older_or_repeated_message_changes_nothing(session, lesson):
    told_before = told(session, lesson.id)

    with pytest.raises(Conflict, match="stale"):
        seats.hear(session, lesson.said, at=NOW)

    assert told(session, lesson.id) == told_before


def test_a_requested_lesson_asks_nobody(session):
    lesson = Lesson(session, state="requested", slot=None, place=None).tell()

    assert lesson.offers == []
    assert told(session, lesson.id) == []


def test_a_lesson_that_changes_nothing_here_tells_nothing(session, lesson):
    told_before = told(session, lesson.id)

    lesson.tell(notes="请提前到场")

    assert lesson.seat.version == 2
    assert told(session, lesson.id) == told_before


@pytest.mark.parametrize("state", ["cancelled", "unplaced", "not_delivered", "written_off"])
def test_a_dead_lesson_voids_the_holder_and_says_why(session, lesson, state):
    promise = held(session, lesson).held

    lesson.tell(state=state, reason_code="school_closed", fault="school")

    assert (promise.state, promise.reason_code, promise.fault, promise.notice) == (
        "voided",
        "school_closed",
        "school",
        "early",
    )
    assert (lesson.staff.status, lesson.staff.holder_id) == ("none", None)
    assert timers(session, promise.id) == {}


def test_a_cancelled_lesson_ends_its_offers(session, lesson):
    (offer,) = lesson.offers

    lesson.tell(state="cancelled", reason_code="school_closed", fault="school")

    assert (offer.state, offer.reason_code, offer.fault) == (
        "invalidated",
        "school_closed",
        "school",
    )
    assert lesson.staff.status == "none"


def test_a_cancel_that_crosses_a_check_in_voids_the_promise_too(session, lesson):
    promise = held(session, lesson).held
    _check_in(session, promise)

    lesson.tell(state="cancelled", at=LESSON_AT)

    assert (promise.state, promise.reason_code) == ("voided", "lesson_cancelled")


def _check_in(session, promise):
    from services.lecturer import presence

    presence.check_in(session, promise.id, by=lecturer(promise.lecturer_id), at=promise.starts_at)


def test_a_new_revision_starts_a_fresh_ladder(session, lesson):
    (offer,) = lesson.offers
    offers.decline(session, offer.id, reason="duty", by=lecturer(offer.lecturer_id), at=NOW)

    lesson.tell(revision=2, slot=slot(LESSON_AT + 7 * DAY))

    assert sorted((str(o.state), o.revision) for o in lesson.offers) == [
        ("declined", 1),
        ("invalidated", 1),
        ("pending", 2),
    ]
    assert lesson.offers_in("pending")[0].lecturer_id == offer.lecturer_id
    assert lesson.staff.revision == 2


def test_a_new_revision_voids_the_holder(session, lesson):
    promise = held(session, lesson).held

    lesson.tell(revision=2, slot=slot(LESSON_AT + 7 * DAY))

    assert (promise.state, promise.reason_code) == ("voided", "revised")
    assert (lesson.staff.status, lesson.staff.lost) == ("offering", None)


def test_a_suspended_lesson_keeps_its_holder_and_stops_his_clocks(session, lesson):
    promise = held(session, lesson).held

    lesson.tell(state="suspended")
    assert (promise.state, timers(session, promise.id)) == ("committed", {})
    lesson.tell(state="confirmed")

    assert set(timers(session, promise.id)) == {"reconfirm_missed", "not_checked_in", "no_checkin"}
    assert lesson.staff.status == "held"


def test_a_suspended_lesson_without_holder_ends_its_offers_and_asks_again_later(session, lesson):
    (offer,) = lesson.offers

    lesson.tell(state="suspended")
    assert (offer.state, lesson.staff.status) == ("invalidated", "none")
    lesson.tell(state="tentative")

    assert lesson.offers_in("pending")[0].lecturer_id == offer.lecturer_id


def test_a_lesson_by_hand_asks_nobody_by_itself(session):
    lesson = Lesson(session, mode="manual").tell()

    assert (lesson.offers, lesson.staff.status) == ([], "none")


def test_what_is_told_is_the_whole_state(session, lesson):
    promise = held(session, lesson).held

    said = last(session, lesson.id)

    assert said["status"] == "held"
    assert said["holder_id"] == str(promise.lecturer_id)
    assert said["assignment_state"] == "committed"
    assert said["revision"] == 1
    assert said["lesson_version"] == 1
    assert said["cause"] == "accept"
    assert (said["lost"], said["waived"], said["handovers"]) == (None, [], 0)


def test_settling_twice_changes_nothing(session, lesson):
    held(session, lesson)
    before = told(session, lesson.id)

    seats.settle_now(session, lesson.id, NOW + HOUR)

    assert told(session, lesson.id) == before
