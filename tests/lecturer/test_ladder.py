"""Lecturer: who is asked next, and when nobody is left."""

from uuid import UUID

import pytest

from services.kit.errors import Conflict, Forbidden, Invalid, NotFound
from services.lecturer import candidates, dispatch, offers
from tests.lecturer.seatings import (
    CLERK,
    HOUR,
    LESSON_AT,
    NOW,
    SCHEDULER,
    Lesson,
    lecturer,
    lecturers,
    load,
    told,
)


@pytest.fixture
def session(room_session):
    session = room_session("lecturer")
    load(session)
    return session


def ranking(session, lesson):
    return [one.person.id for one in candidates.of_seat(session, lesson.seat).ranked]


def decline(session, offer, at=NOW):
    return offers.decline(
        session, offer.id, reason="time_conflict", by=lecturer(offer.lecturer_id), at=at
    )


def asked(lesson):
    return [offer.lecturer_id for offer in lesson.offers_in("pending")]


def test_in_turn_asks_one_after_the_other_in_the_order_of_the_ranking(session):
    lesson = Lesson(session).tell()
    order = ranking(session, lesson)

    for _ in range(2):
        decline(session, lesson.offers_in("pending")[0])

    assert [offer.lecturer_id for offer in lesson.offers] == order[:3]
    assert [offer.rank for offer in lesson.offers] == [1, 2, 3]


def test_in_parallel_three_are_asked_at_once(session):
    lesson = Lesson(session, mode="parallel").tell()

    decline(session, lesson.offers_in("pending")[0])

    assert len(lesson.offers_in("pending")) == 3
    assert len(lesson.offers) == 4


def test_open_asks_everybody_and_the_first_wins(session):
    lesson = Lesson(session, mode="open").tell()
    everybody = ranking(session, lesson)
    assert sorted(asked(lesson)) == sorted(everybody)

    offer = lesson.offers_in("pending")[2]
    offers.accept(session, offer.id, revision=1, by=lecturer(offer.lecturer_id), at=NOW)

    assert len(lesson.offers_in("superseded")) == len(everybody) - 1
    assert lesson.held.lecturer_id == offer.lecturer_id


def test_whom_the_school_wished_for_is_asked_first(session):
    lesson = Lesson(session, mode="manual").tell()
    wished = ranking(session, lesson)[-1]

    other = Lesson(session, wanted_lecturers=[wished]).tell()

    assert asked(other) == [wished]


def test_within_a_day_three_are_asked_for_fifteen_minutes(session):
    at = LESSON_AT - 20 * HOUR

    lesson = Lesson(session).tell(at=at)

    assert len(lesson.offers) == 3
    assert {offer.expires_at - at for offer in lesson.offers} == {HOUR / 4}


def test_a_lesson_at_risk_is_rescued_at_night_too(session):
    at = LESSON_AT.replace(day=5, hour=23)

    lesson = Lesson(session, state="at_risk").tell(at=at)

    assert {offer.expires_at - at for offer in lesson.offers} == {HOUR / 4}


def test_when_nobody_is_left_it_is_told_with_the_reasons(session):
    lesson = Lesson(session, mode="open").tell()
    everybody = len(lesson.offers)

    for offer in list(lesson.offers):
        decline(session, offer)

    assert lesson.staff.status == "exhausted"
    assert lesson.staff.excluded["declined"] == everybody
    assert lesson.staff.excluded["not_qualified"] > 100
    assert told(session, lesson.id)[-1] == "lecturer.staffing.changed"


def test_nobody_able_at_all_is_exhausted_at_once(session):
    lesson = Lesson(session, course_id=UUID(int=7)).tell()

    assert (lesson.offers, lesson.staff.status) == ([], "exhausted")
    assert lesson.staff.excluded["not_qualified"] == len(lecturers(session))


def test_a_lesson_that_has_begun_asks_nobody(session):
    lesson = Lesson(session).tell(at=LESSON_AT)

    assert (lesson.offers, lesson.staff.status) == ([], "none")


def test_a_rescue_asks_until_half_of_the_lesson_is_over(session):
    early = Lesson(session, state="at_risk").tell(at=LESSON_AT + HOUR / 2)
    late = Lesson(session, state="at_risk").tell(at=LESSON_AT + HOUR)

    assert (len(early.offers), len(late.offers)) == (3, 0)


def send(session, lesson, *, by=SCHEDULER, at=NOW, **facts):
    return dispatch.dispatch(session, lesson.id, by=by, at=at, **facts)


def test_the_scheduler_asks_by_name_beside_whoever_is_asked(session):
    lesson = Lesson(session).tell()
    third = ranking(session, lesson)[2]

    live = send(session, lesson, lecturer_ids=[third])

    assert {offer.lecturer_id for offer in live} == {ranking(session, lesson)[0], third}


def test_the_scheduler_starts_the_ladder_of_a_lesson_by_hand(session):
    lesson = Lesson(session, mode="manual").tell()

    send(session, lesson, mode="parallel")

    assert len(lesson.offers_in("pending")) == 3


def test_by_name_nobody_is_asked_if_one_may_not(session):
    lesson = Lesson(session, mode="manual").tell()
    able, unable = ranking(session, lesson)[0], lecturers(session)[0].id

    with pytest.raises(Conflict, match="not_eligible") as refusal:
        send(session, lesson, lecturer_ids=[able, unable])

    assert list(refusal.value.facts["lecturers"]) == [str(unable)]
    assert lesson.offers == []


def test_nobody_is_asked_again_who_said_no_to_this_revision(session):
    lesson = Lesson(session).tell()
    (offer,) = lesson.offers
    decline(session, offer)

    with pytest.raises(Conflict, match="not_eligible") as refusal:
        send(session, lesson, lecturer_ids=[offer.lecturer_id])

    assert refusal.value.facts["lecturers"] == {
        str(offer.lecturer_id): [{"code": "already_declined"}]
    }


def test_only_the_scheduler_dispatches_and_only_known_people(session):
    lesson = Lesson(session).tell()

    with pytest.raises(Forbidden, match="role_required"):
        send(session, lesson, by=CLERK)
    with pytest.raises(NotFound):
        send(session, lesson, lecturer_ids=[UUID(int=5)])


def test_a_taken_seat_or_a_dead_one_asks_nobody(session):
    lesson = Lesson(session, state="cancelled").tell()

    with pytest.raises(Conflict, match="seat_not_open"):
        send(session, lesson)


def test_rules_are_waived_only_in_a_rescue_with_a_reason(session):
    lesson = Lesson(session).tell()

    with pytest.raises(Conflict, match="waive_only_at_risk"):
        send(session, lesson, waive=["not_qualified"], reason="急")
    lesson.tell(state="at_risk")
    with pytest.raises(Invalid, match="reason_required"):
        send(session, lesson, waive=["not_qualified"])
    with pytest.raises(Invalid, match="not_waivable"):
        send(session, lesson, waive=["already_teaching"], reason="急")


def test_a_holder_under_a_waived_rule_says_which(session):
    lesson = Lesson(session, state="at_risk", mode="manual").tell()
    found = candidates.of_seat(session, lesson.seat)
    unqualified = next(
        out.person.id
        for out in found.excluded
        if [reason["code"] for reason in out.reasons] == ["not_qualified"]
    )

    (offer,) = send(
        session,
        lesson,
        lecturer_ids=[unqualified],
        waive=["not_qualified", "wrong_pool"],
        reason="急",
    )
    offers.accept(session, offer.id, revision=1, by=lecturer(unqualified), at=NOW)

    assert offer.waived == ["not_qualified"]
    assert (lesson.staff.status, lesson.staff.waived) == ("held", ["not_qualified"])
