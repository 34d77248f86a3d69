"""Lecturer: a promise to teach, given back, taken over, ended."""

import pytest

from services.kit.errors import Conflict, Forbidden, Invalid, NotFound
from services.lecturer import assignments, candidates, dispatch, offers
from services.lecturer.speaking import Behalf
from tests.lecturer.seatings import (
    CLERK,
    DAY,
    HOUR,
    LESSON_AT,
    NOW,
    SCHEDULER,
    SUPERVISOR,
    Lesson,
    last,
    lecturer,
    load,
    timers,
    told,
)

LATE = LESSON_AT - 2 * DAY  # less than 72 hours before


@pytest.fixture
def session(room_session):
    session = room_session("lecturer")
    load(session)
    return session


@pytest.fixture
def lesson(session):
    """A confirmed lesson with a holder."""
    lesson = Lesson(session).tell()
    accept(session, lesson)
    return lesson.tell(state="confirmed")


def accept(session, lesson, at=NOW, nth=0):
    offer = lesson.offers_in("pending")[nth]
    by = lecturer(offer.lecturer_id)
    return offers.accept(session, offer.id, revision=offer.revision, by=by, at=at)


def release(session, promise, *, at, **facts):
    by = lecturer(promise.lecturer_id)
    return assignments.release(session, promise.id, by=by, at=at, **facts)


def test_an_early_release_frees_the_seat_at_once(session, lesson):
    promise = lesson.held

    release(session, promise, reason="出差", at=NOW + DAY)

    assert (promise.state, promise.live, promise.release_reason) == ("released", False, "出差")
    assert (promise.reason_code, promise.fault, promise.notice) == (
        "release_early",
        "lecturer",
        "early",
    )
    assert (lesson.staff.status, lesson.staff.lost) == ("none", "released")
    assert lesson.offers_in("pending") == []  # not before booking has heard of it


def test_a_lost_seat_is_offered_to_others_when_the_lesson_says_so(session, lesson):
    promise = lesson.held
    release(session, promise, reason="出差", at=NOW + DAY)

    lesson.tell(state="tentative", at=NOW + DAY)

    (offer,) = lesson.offers_in("pending")
    assert offer.lecturer_id != promise.lecturer_id
    assert (lesson.staff.status, lesson.staff.lost) == ("offering", "released")


def test_an_early_release_needs_a_reason(session, lesson):
    with pytest.raises(Invalid, match="reason_required"):
        release(session, lesson.held, at=NOW + DAY)


def test_a_late_release_is_a_request_and_a_stand_by_is_sought(session, lesson):
    promise = lesson.held

    release(session, promise, at=LATE)

    assert (promise.state, promise.live) == ("release_requested", True)
    assert lesson.staff.status == "held"
    assert lesson.staff.assignment_state == "release_requested"
    (stand_by,) = lesson.offers_in("pending")
    assert stand_by.lecturer_id != promise.lecturer_id


def test_a_stand_by_takes_over_in_one_transaction(session, lesson):
    old = lesson.held
    release(session, old, at=LATE)

    accept(session, lesson, at=LATE + HOUR)

    new = lesson.held
    assert new.lecturer_id != old.lecturer_id
    assert (old.state, old.reason_code) == ("released", "substitute_committed")
    assert (lesson.staff.status, lesson.staff.lost) == ("held", None)
    assert lesson.staff.holder_id == new.lecturer_id
    # who takes over is not told to who goes
    assert last(session, old.id)["by"]["name"] == ""


def test_a_stand_by_who_cannot_leaves_the_old_holder_where_he_is(session, lesson):
    old = lesson.held
    release(session, old, at=LATE)
    (stand_by,) = lesson.offers_in("pending")
    other = Lesson(session, starts_at=LESSON_AT, mode="manual").tell()
    dispatch.dispatch(session, other.id, lecturer_ids=[stand_by.lecturer_id], by=SCHEDULER, at=LATE)
    accept(session, other, at=LATE)
    stand_by.state = "pending"  # as if the two had crossed
    session.flush()

    with pytest.raises(Conflict, match="already_teaching"):
        by = lecturer(stand_by.lecturer_id)
        offers.accept(session, stand_by.id, revision=1, by=by, at=LATE)

    assert (old.state, stand_by.state) == ("release_requested", "invalidated")
    assert lesson.held.id == old.id


def test_granting_loses_the_seat_and_keeps_the_stand_bys(session, lesson):
    promise = lesson.held
    release(session, promise, at=LATE)

    assignments.grant(session, promise.id, by=SCHEDULER, at=LATE + HOUR)

    assert (promise.state, promise.reason_code) == ("released", "grant")
    assert (lesson.staff.status, lesson.staff.lost) == ("offering", "released")
    assert len(lesson.offers_in("pending")) == 1


@pytest.mark.parametrize("who", ["scheduler", "lecturer"])
def test_a_request_refused_or_withdrawn_ends_the_search(session, lesson, who):
    promise = lesson.held
    release(session, promise, at=LATE)
    (stand_by,) = lesson.offers_in("pending")

    if who == "scheduler":
        assignments.refuse(session, promise.id, by=SCHEDULER, at=LATE + HOUR)
    else:
        by = lecturer(promise.lecturer_id)
        assignments.withdraw_request(session, promise.id, by=by, at=LATE + HOUR)

    assert (promise.state, stand_by.state) == ("committed", "superseded")
    assert lesson.staff.assignment_state == "committed"


def test_a_release_after_the_start_is_refused(session, lesson):
    with pytest.raises(Conflict, match="lesson_started"):
        release(session, lesson.held, reason="晚", at=LESSON_AT)


def test_reconfirming_stops_the_question(session, lesson):
    promise = lesson.held

    by = lecturer(promise.lecturer_id)
    assignments.reconfirm(session, promise.id, by=by, at=LATE)

    assert promise.reconfirmed_at == LATE
    assert "reconfirm_missed" not in timers(session, promise.id)
    with pytest.raises(Conflict, match="reconfirmed"):
        assignments.reconfirm_missed(session, promise.id, LESSON_AT - DAY)


def test_a_missed_reconfirmation_is_told_and_changes_nothing(session, lesson):
    promise = lesson.held
    assert timers(session, promise.id)["reconfirm_missed"] == LESSON_AT - DAY

    assignments.reconfirm_missed(session, promise.id, LESSON_AT - DAY)

    assert promise.state == "committed"
    assert told(session, promise.id)[-1] == "lecturer.assignment.reconfirm_missed"


def another(session, lesson, but=()):
    """Somebody able who has not been asked yet."""
    ranked = candidates.of_seat(session, lesson.seat).ranked
    asked = {offer.lecturer_id for offer in lesson.offers} | set(but)
    return next(one.person.id for one in ranked if one.person.id not in asked)


def replace(session, promise, lecturer_id, *, by=SCHEDULER, at=LATE):
    return assignments.replace(
        session,
        promise.id,
        lecturer_id=lecturer_id,
        channel="phone",
        note="电话同意",
        by=by,
        at=at,
    )


def test_replacing_makes_before_it_breaks(session, lesson):
    old, substitute = lesson.held, another(session, lesson)

    new = replace(session, old, substitute)

    assert (old.state, old.reason_code) == ("replaced", "replace")
    assert (new.state, new.lecturer_id) == ("committed", substitute)
    (offer,) = [offer for offer in lesson.offers if offer.id == new.offer_id]
    assert (offer.state, offer.channel, offer.note) == ("accepted", "phone", "电话同意")
    assert last(session, offer.id)["by"]["on_behalf_of"] == str(substitute)
    assert lesson.staff.holder_id == substitute


def test_somebody_unable_replaces_nobody(session, lesson):
    old = lesson.held
    unable = candidates.of_seat(session, lesson.seat).excluded[0].person.id

    with pytest.raises(Conflict):
        replace(session, old, unable)
    with pytest.raises(Conflict, match="already_the_holder"):
        replace(session, old, old.lecturer_id)
    with pytest.raises(Forbidden, match="not_yours"):
        replace(session, old, another(session, lesson), by=SUPERVISOR)


def test_a_clerk_of_the_school_gives_back_on_behalf(session, lesson):
    promise = lesson.held

    assignments.release(
        session,
        promise.id,
        reason="生病",
        behalf=Behalf(promise.lecturer_id, "phone", "来电请假"),
        by=CLERK,
        at=NOW + DAY,
    )

    said = last(session, promise.id)
    assert (said["by"]["role"], said["by"]["on_behalf_of"]) == (
        "township",
        str(promise.lecturer_id),
    )


def test_another_lecturer_knows_nothing_of_a_promise(session, lesson):
    promise = lesson.held
    stranger = lecturer(another(session, lesson))

    with pytest.raises(NotFound):
        assignments.release(session, promise.id, reason="x", by=stranger, at=NOW)


def test_an_appeal_takes_the_fault_away(session, lesson):
    from services.lecturer import presence

    promise = lesson.held
    presence.no_checkin(session, promise.id, LESSON_AT + HOUR / 4)

    assignments.appeal_upheld(
        session, promise.id, note="有签到照片", by=SUPERVISOR, at=LESSON_AT + DAY
    )

    assert (promise.state, promise.fault) == ("voided", "none")
    assert (lesson.staff.lost, lesson.staff.fault) == ("no_show", "none")
