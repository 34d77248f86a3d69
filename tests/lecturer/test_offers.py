"""Lecturer: offers, from sending to their end."""

from datetime import datetime
from uuid import UUID

import pytest
from sqlmodel import Session

from services.kit.errors import Conflict, Forbidden, Invalid, NotFound
from services.lecturer import offers
from services.lecturer.models import Offer
from services.lecturer.speaking import Behalf
from tests.lecturer.seatings import (
    CLERK,
    DAY,
    FOREIGN_CLERK,
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


@pytest.fixture
def session(room_session):
    session = room_session("lecturer")
    load(session)
    return session


@pytest.fixture
def lesson(session):
    return Lesson(session).tell()


def accept(session: Session, offer: Offer, *, at: datetime = NOW + HOUR, **facts) -> Offer:
    by = facts.pop("by", None) or lecturer(offer.lecturer_id)
    return offers.accept(session, offer.id, revision=offer.revision, by=by, at=at, **facts)


def test_a_placed_lesson_asks_the_first_in_the_ranking(session, lesson):
    (offer,) = lesson.offers

    assert (offer.state, offer.rank, offer.revision) == ("pending", 1, 1)
    assert offer.expires_at == datetime.fromisoformat("2026-11-26T15:00+08:00")
    assert set(timers(session, offer.id)) == {"deadline", "remind"}
    assert told(session, offer.id) == ["lecturer.offer.sent"]
    assert lesson.staff.status == "offering"


def test_accepting_holds_the_seat_in_one_transaction(session, lesson):
    (offer,) = lesson.offers

    accept(session, offer)

    assert (offer.state, offer.reason_code, offer.fault) == ("accepted", "accept", "none")
    holder = lesson.held
    assert (holder.lecturer_id, holder.revision, holder.offer_id) == (
        offer.lecturer_id,
        1,
        offer.id,
    )
    assert (lesson.staff.status, lesson.staff.holder_id) == ("held", offer.lecturer_id)
    assert last(session, lesson.id)["assignment_id"] == str(holder.id)
    assert told(session, holder.id) == ["lecturer.assignment.committed"]
    assert timers(session, offer.id) == {}
    assert set(timers(session, holder.id)) == {"reconfirm_missed", "not_checked_in", "no_checkin"}


def test_the_next_offer_leaves_in_the_transaction_of_a_decline(session, lesson):
    (offer,) = lesson.offers

    offers.decline(session, offer.id, reason="leave", by=lecturer(offer.lecturer_id), at=NOW + HOUR)

    assert (offer.state, offer.reason, offer.fault) == ("declined", "leave", "none")
    assert [o.state for o in lesson.offers] == ["declined", "pending"]
    assert lesson.offers[1].lecturer_id != offer.lecturer_id


def test_silence_costs_the_offer_and_the_next_one_leaves_at_once(session, lesson):
    (offer,) = lesson.offers

    offers.expire(session, offer.id, offer.expires_at)

    assert (offer.state, offer.reason_code, offer.fault) == ("expired", "no_answer", "lecturer")
    assert [o.state for o in lesson.offers] == ["expired", "pending"]


def test_a_deadline_moved_by_an_outage_is_waited_for(session, lesson):
    (offer,) = lesson.offers
    due = offer.expires_at
    offer.expires_at += DAY

    offers.expire(session, offer.id, due)

    assert offer.state == "pending"
    assert timers(session, offer.id)["deadline"] == due + DAY


def test_reminders_come_twice(session, lesson):
    (offer,) = lesson.offers
    first = timers(session, offer.id)["remind"]

    offers.remind(session, offer.id, first)
    second = timers(session, offer.id)["remind"]
    offers.remind(session, offer.id, second)

    assert first < second < offer.expires_at
    assert told(session, offer.id)[1:] == ["lecturer.offer.reminded"] * 2


def test_late_accept_while_the_seat_is_open(session, lesson):
    (offer,) = lesson.offers
    offers.expire(session, offer.id, offer.expires_at)

    accept(session, offer, at=offer.expires_at + HOUR)

    assert offer.state == "accepted"
    assert [o.state for o in lesson.offers] == ["accepted", "superseded"]
    assert lesson.held.lecturer_id == offer.lecturer_id


def test_late_accept_of_a_taken_seat_is_refused(session, lesson):
    first = lesson.offers[0]
    offers.expire(session, first.id, first.expires_at)
    accept(session, lesson.offers[1])

    with pytest.raises(Conflict, match="seat_taken") as refusal:
        accept(session, first)

    assert not refusal.value.keep
    assert first.state == "expired"


def test_an_answer_to_an_older_revision_is_refused(session, lesson):
    (offer,) = lesson.offers

    with pytest.raises(Conflict, match="revision_stale"):
        offers.accept(session, offer.id, revision=0, by=lecturer(offer.lecturer_id), at=NOW + HOUR)


def test_a_losing_accept_ends_its_offer_and_is_told_why(session, lesson):
    (offer,) = lesson.offers
    other = Lesson(session, starts_at=LESSON_AT + HOUR, mode="manual").tell()
    _promise(session, other, offer.lecturer_id)
    session.flush()
    offer.state = "pending"  # as if the two had crossed
    session.flush()

    with pytest.raises(Conflict, match="already_teaching") as refusal:
        accept(session, offer)

    assert refusal.value.keep
    assert (offer.state, offer.reason_code) == ("invalidated", "already_teaching")
    assert lesson.offers_in("pending")[0].lecturer_id != offer.lecturer_id


def _promise(session: Session, lesson: Lesson, lecturer_id: UUID) -> None:
    from services.lecturer import dispatch

    dispatch.dispatch(session, lesson.id, lecturer_ids=[lecturer_id], by=SCHEDULER, at=NOW)
    accept(session, lesson.offers_in("pending")[0])


def test_the_offers_for_the_same_time_are_taken_back_and_asked_of_others(session, lesson):
    (offer,) = lesson.offers
    other = Lesson(session, starts_at=LESSON_AT + HOUR, mode="manual").tell()

    _promise(session, other, offer.lecturer_id)

    assert (offer.state, offer.reason_code) == ("invalidated", "overlapping")
    assert list(timers(session, lesson.id)) == ["settle"]


def test_another_lecturer_knows_nothing_of_an_offer(session, lesson):
    (offer,) = lesson.offers

    with pytest.raises(NotFound, match="not_found"):
        accept(session, offer, by=lecturer(UUID(int=1)))


def test_a_clerk_answers_on_behalf_with_channel_and_note(session, lesson):
    (offer,) = lesson.offers

    accept(session, offer, by=CLERK, behalf=Behalf(offer.lecturer_id, "phone", "他说可以"))

    assert (offer.state, offer.channel, offer.answered_by) == ("accepted", "phone", CLERK.id)
    said = last(session, offer.id)
    assert said["by"] == {
        "id": str(CLERK.id),
        "role": "township",
        "name": "干事",
        "on_behalf_of": str(offer.lecturer_id),
        "channel": "phone",
    }
    assert said["note"] == "他说可以"


def test_on_behalf_needs_the_right_school_the_right_lecturer_and_a_note(session, lesson):
    (offer,) = lesson.offers
    his = offer.lecturer_id

    with pytest.raises(NotFound):
        accept(session, offer, by=FOREIGN_CLERK, behalf=Behalf(his, "phone", "好"))
    with pytest.raises(Forbidden, match="not_yours"):
        accept(session, offer, by=CLERK)
    with pytest.raises(Invalid, match="another_lecturer"):
        accept(session, offer, by=CLERK, behalf=Behalf(UUID(int=1), "phone", "好"))
    with pytest.raises(Invalid, match="channel_and_note_required"):
        accept(session, offer, by=CLERK, behalf=Behalf(his, "phone", " "))


def test_a_counter_waits_for_the_scheduler_and_the_ladder_waits_with_it(session, lesson):
    (offer,) = lesson.offers
    other = slot(LESSON_AT + DAY)

    offers.counter(
        session,
        offer.id,
        starts_at=other.starts_at,
        ends_at=other.ends_at,
        by=lecturer(offer.lecturer_id),
        at=NOW + HOUR,
    )

    assert (offer.state, offer.asked_at) == ("countered", NOW + HOUR)
    assert list(timers(session, offer.id)) == ["deadline"]
    assert len(lesson.offers) == 1


def countered(session: Session, lesson: Lesson) -> Offer:
    (offer,) = lesson.offers
    other = slot(LESSON_AT + DAY)
    return offers.counter(
        session,
        offer.id,
        starts_at=other.starts_at,
        ends_at=other.ends_at,
        by=lecturer(offer.lecturer_id),
        at=NOW + HOUR,
    )


def test_a_counter_of_another_length_is_invalid(session, lesson):
    (offer,) = lesson.offers

    with pytest.raises(Invalid, match="slot_length"):
        offers.counter(
            session,
            offer.id,
            starts_at=LESSON_AT,
            ends_at=LESSON_AT + HOUR,
            by=lecturer(offer.lecturer_id),
            at=NOW,
        )


def test_a_refused_counter_gives_the_lecturer_his_time_again(session, lesson):
    offer = countered(session, lesson)

    offers.refuse_counter(session, offer.id, by=SCHEDULER, at=NOW + DAY)

    assert (offer.state, offer.counter, offer.asked_at) == ("pending", None, NOW + DAY)
    assert set(timers(session, offer.id)) == {"deadline", "remind"}


def test_a_withdrawn_counter_waits_for_the_answer_as_before(session, lesson):
    offer = countered(session, lesson)
    expires_at = offer.expires_at

    offers.withdraw_counter(session, offer.id, by=lecturer(offer.lecturer_id), at=NOW + 2 * HOUR)

    assert (offer.state, offer.expires_at) == ("pending", expires_at)


def test_an_unanswered_counter_is_the_fault_of_the_district(session, lesson):
    offer = countered(session, lesson)

    offers.expire(session, offer.id, offer.expires_at)

    assert (offer.state, offer.fault) == ("expired", "district")


def test_a_counter_is_adopted_once_the_lesson_has_been_moved_there(session, lesson):
    offer = countered(session, lesson)
    with pytest.raises(Conflict, match="lesson_not_there"):
        offers.adopt_counter(session, offer.id, revision=1, by=SCHEDULER, at=NOW + DAY)

    lesson.tell(slot=slot(LESSON_AT + DAY), revision=2)
    assert (offer.state, offer.revision) == ("countered", 2)
    offers.adopt_counter(session, offer.id, revision=2, by=SCHEDULER, at=NOW + DAY)

    assert offer.state == "accepted"
    assert (lesson.held.starts_at, lesson.held.revision) == (LESSON_AT + DAY, 2)


def test_a_counter_is_adopted_where_the_lesson_stands_when_both_agreed_by_phone(session, lesson):
    offer = countered(session, lesson)

    offers.adopt_counter(
        session,
        offer.id,
        revision=1,
        channel="phone",
        note="仍按原时间",
        by=SCHEDULER,
        at=NOW + DAY,
    )

    assert (offer.state, lesson.held.starts_at) == ("accepted", LESSON_AT)


def test_a_lesson_moved_elsewhere_ends_a_counter(session, lesson):
    offer = countered(session, lesson)

    lesson.tell(slot=slot(LESSON_AT + 2 * DAY), revision=2)

    assert (offer.state, offer.reason_code) == ("invalidated", "revised")


def test_a_revoked_offer_goes_to_somebody_else(session, lesson):
    (offer,) = lesson.offers

    offers.revoke(session, offer.id, note="改派", by=SCHEDULER, at=NOW + HOUR)

    assert (offer.state, offer.fault) == ("revoked", "district")
    assert lesson.offers_in("pending")[0].lecturer_id != offer.lecturer_id
