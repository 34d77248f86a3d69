"""Lecturer: an agreed change asks the holder; the old date stands until he says yes."""

import pytest

from services.kit.errors import Conflict
from services.lecturer import assignments, candidates, dispatch, offers
from tests.lecturer.seatings import (
    DAY,
    HOUR,
    LESSON_AT,
    NOW,
    SCHEDULER,
    Lesson,
    last,
    lecturer,
    load,
    slot,
    timers,
    told,
)

NEW = LESSON_AT + 7 * DAY


@pytest.fixture
def session(room_session):
    session = room_session("lecturer")
    load(session)
    return session


@pytest.fixture
def lesson(session):
    """A confirmed lesson with a holder."""
    lesson = Lesson(session).tell()
    answer(session, lesson, "accept")
    return lesson.tell(state="confirmed")


def asked(lesson):
    (offer,) = [o for o in lesson.offers if o.kind == "retime" and o.state == "pending"]
    return offer


def answer(session, lesson, verb, at=NOW):
    (offer,) = lesson.offers_in("pending")
    by = lecturer(offer.lecturer_id)
    if verb == "accept":
        return offers.accept(session, offer.id, revision=offer.revision, by=by, at=at)
    return offers.decline(session, offer.id, reason="time_conflict", by=by, at=at)


def test_the_holder_is_asked_and_still_holds(session, lesson):
    promise = lesson.held

    change_id = lesson.retime(NEW)

    offer = asked(lesson)
    assert (offer.lecturer_id, offer.revision, offer.starts_at) == (promise.lecturer_id, 2, NEW)
    assert (offer.change_id, offer.expires_at > NOW) == (change_id, True)
    assert (lesson.staff.status, lesson.staff.retime_change_id) == ("held", change_id)
    assert lesson.staff.retime_answer is None


def test_his_yes_moves_the_promise_under_the_guard(session, lesson):
    promise = lesson.held
    change_id = lesson.retime(NEW)
    offer = asked(lesson)

    answer(session, lesson, "accept", NOW + HOUR)

    assert (promise.starts_at, promise.revision, promise.sequence) == (NEW, 2, 1)
    assert promise.offer_id == offer.id
    assert told(session, promise.id)[-1] == "lecturer.assignment.retimed"
    assert timers(session, promise.id)["no_checkin"] == NEW + HOUR / 4
    said = last(session, lesson.id)
    assert (said["revision"], said["retime_answer"]) == (2, "accepted")
    assert said["retime_change_id"] == str(change_id)
    assert said["status"] == "held"

    lesson.tell(retime=None, revision=2, slot=slot(NEW))
    assert (lesson.held.id, lesson.held.state) == (promise.id, "committed")


def test_his_no_leaves_everything_as_it_was(session, lesson):
    promise = lesson.held
    lesson.retime(NEW)

    answer(session, lesson, "decline")

    assert (promise.starts_at, promise.revision, promise.sequence) == (LESSON_AT, 1, 0)
    assert (lesson.staff.status, lesson.staff.retime_answer) == ("held", "refused")
    assert lesson.offers_in("pending") == []


def test_his_silence_is_an_answer_too(session, lesson):
    lesson.retime(NEW)
    offer = asked(lesson)

    offers.expire(session, offer.id, offer.expires_at)

    assert (offer.state, lesson.staff.retime_answer) == ("expired", "expired")
    with pytest.raises(Conflict, match="revision_stale"):
        by = lecturer(offer.lecturer_id)
        offers.accept(session, offer.id, revision=2, by=by, at=offer.expires_at)


def test_a_conflict_at_the_new_time_is_told_without_asking(session, lesson):
    his = lesson.held.lecturer_id
    other = Lesson(session, starts_at=NEW, mode="manual").tell()
    dispatch.dispatch(session, other.id, lecturer_ids=[his], by=SCHEDULER, at=NOW)
    answer(session, other, "accept")

    lesson.retime(NEW)

    assert lesson.staff.retime_answer == "conflict"
    assert lesson.offers_in("pending") == []
    assert lesson.held.starts_at == LESSON_AT


def test_a_conflict_that_came_while_he_was_asked(session, lesson):
    his = lesson.held.lecturer_id
    lesson.retime(NEW)
    offer = asked(lesson)
    other = Lesson(session, starts_at=NEW, mode="manual").tell()
    dispatch.dispatch(session, other.id, lecturer_ids=[his], by=SCHEDULER, at=NOW)
    by = lecturer(his)
    offers.accept(session, other.offers[0].id, revision=1, by=by, at=NOW)
    offer.state = "pending"  # as if the two had crossed
    session.flush()

    with pytest.raises(Conflict, match="already_teaching") as refusal:
        offers.accept(session, offer.id, revision=2, by=by, at=NOW)

    assert refusal.value.keep
    assert (offer.state, lesson.staff.retime_answer) == ("invalidated", "conflict")
    assert lesson.held.starts_at == LESSON_AT


def test_a_change_that_is_dropped_takes_the_question_back(session, lesson):
    lesson.retime(NEW)
    offer = asked(lesson)

    lesson.tell(retime=None)

    assert (offer.state, offer.reason_code) == ("invalidated", "retime_dropped")
    assert lesson.held.starts_at == LESSON_AT


def test_a_cancelled_lesson_takes_the_question_back(session, lesson):
    lesson.retime(NEW)
    offer = asked(lesson)

    lesson.tell(state="cancelled", retime=None)

    assert (offer.state, lesson.holder) == ("invalidated", None)


def test_a_holder_who_goes_cannot_be_asked_any_more(session, lesson):
    promise = lesson.held
    lesson.retime(NEW)
    offer = asked(lesson)

    by = lecturer(promise.lecturer_id)
    assignments.release(session, promise.id, reason="出差", by=by, at=NOW + HOUR)

    assert (offer.state, offer.reason_code) == ("invalidated", "holder_lost")
    assert (lesson.staff.lost, lesson.staff.retime_answer) == ("released", "conflict")


def test_the_question_takes_a_yes_or_a_no(session, lesson):
    lesson.retime(NEW)
    offer = asked(lesson)

    with pytest.raises(Conflict, match="retime_takes_yes_or_no"):
        offers.counter(
            session,
            offer.id,
            starts_at=NEW + DAY,
            ends_at=NEW + DAY + 2 * HOUR,
            by=lecturer(offer.lecturer_id),
            at=NOW,
        )


def test_stand_bys_wait_while_the_holder_is_asked(session, lesson):
    promise = lesson.held
    late = LESSON_AT - 2 * DAY
    by = lecturer(promise.lecturer_id)
    assignments.release(session, promise.id, by=by, at=late)
    (stand_by,) = lesson.offers_in("pending")

    lesson.retime(NEW, at=late)

    assert (stand_by.state, stand_by.reason_code) == ("invalidated", "retime_asked")
    assert asked(lesson).lecturer_id == promise.lecturer_id


def test_whoever_takes_over_meanwhile_is_asked_instead(session, lesson):
    lesson.retime(NEW)
    first = asked(lesson)
    ranked = candidates.of_seat(session, lesson.seat).ranked
    other = next(one.person.id for one in ranked if one.person.id != first.lecturer_id)

    assignments.replace(
        session,
        lesson.held.id,
        lecturer_id=other,
        channel="phone",
        note="同意",
        by=SCHEDULER,
        at=NOW,
    )

    assert (first.state, first.reason_code) == ("invalidated", "holder_lost")
    assert (asked(lesson).lecturer_id, lesson.staff.retime_answer) == (other, None)
