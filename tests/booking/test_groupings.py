"""Booking: lessons taught together (拼班) and on one way (送教路线), each side agreeing."""

from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from services.booking import (
    attest,
    changes,
    grouping_pairs,
    grouping_queries,
    groupings,
    lessons,
    placing,
    seasons,
)
from services.booking.clockwork import TIMERS
from services.booking.grouping_models import Grouping
from services.booking.grouping_states import GROUPING, GroupingState
from services.booking.grouping_touch import VERB
from services.booking.models import Change, Lesson, PlaceHold, School, Venue
from services.booking.place_checks import Asked
from services.booking.states import LessonState as L
from services.contracts.booking import Slot
from services.kit.auth import Caller
from services.kit.errors import Conflict, Forbidden, NotFound
from services.kit.ids import uuid7
from services.kit.timers import Timer
from tests.booking.lesson_world import (
    CLERK,
    DAY,
    HALL,
    HOUR,
    JING,
    LECTURER,
    LI,
    NOON,
    SCHEDULER,
    STRANGER,
    SUPERVISOR,
    TUESDAY,
    WEDNESDAY,
    YANG,
    a_lesson,
    after,
    staffed,
    told,
    verbs,
)

THIRD = UUID(int=77)
OUTSIDER = Caller(UUID(int=8), CLERK.roles, CLERK.district, school_id=THIRD)
BOTH = [slot.model_dump(mode="json") for slot in (TUESDAY, WEDNESDAY)]


def two(session: Session, **guest: Any) -> tuple[Lesson, Lesson]:
    """The same course at two schools: 45 people of one, 30 of the other."""
    host = a_lesson(session, L.UNPLACED, attendees=45)
    facts = {"school": JING, "attendees": 30, **guest}
    return host, a_lesson(session, facts.pop("state", L.UNPLACED), **facts)


def proposed(session: Session, host: Lesson, guest: Lesson, kind: str = "merge") -> Grouping:
    return groupings.propose(
        session, kind=kind, host_id=host.id, guest_id=guest.id, by=SCHEDULER, at=NOON
    )


def together(session: Session) -> tuple[Lesson, Lesson]:
    host, guest = two(session)
    row = proposed(session, host, guest)
    groupings.agree(session, row.id, by=CLERK, at=NOON)
    groupings.agree(session, row.id, by=STRANGER, at=NOON)
    return host, guest


def the_clock_looks(session: Session) -> None:
    """Whatever waits because a lesson moved."""
    for key in session.exec(select(Timer.key).where(Timer.verb == VERB)).all():
        TIMERS[VERB](session, key, NOON)


def test_like_requests_of_near_schools_are_found_with_what_they_bring(district: Session) -> None:
    host, guest = two(district)

    (found,) = grouping_pairs.found(district, kind=None, by=SCHEDULER, at=NOON)

    assert (found.kind, found.host.id, found.guest.id) == ("merge", host.id, guest.id)
    assert found.slot == TUESDAY
    gain = found.gain.model_dump()
    assert (gain["people"], gain["capacity"], gain["km"], gain["minutes"]) == (75, 80, 0, 180)


def test_a_lesson_is_found_in_one_pair_and_not_while_it_is_spoken_of(district: Session) -> None:
    host, guest = two(district)
    third = a_lesson(district, L.UNPLACED, school=JING, attendees=31)

    (found,) = grouping_pairs.found(district, kind="merge", by=SUPERVISOR, at=NOON)
    proposed(district, host, guest)

    assert found.host.id == host.id
    assert found.guest.id in (guest.id, third.id)
    assert grouping_pairs.found(district, kind="merge", by=SCHEDULER, at=NOON) == []


@pytest.mark.parametrize(
    ("guest", "code"),
    [
        ({"attendees": 36}, "too_many_together"),
        ({"wishes": [WEDNESDAY.model_dump(mode="json")]}, "no_common_time"),
        ({"minutes": 120}, "not_alike"),
        ({"school": YANG}, "same_school"),
        ({"state": L.TENTATIVE}, "lesson_not_open"),
    ],
)
def test_what_does_not_go_together_is_refused_with_the_reason(
    district: Session, guest: dict[str, Any], code: str
) -> None:
    host, other = two(district, **guest)

    with pytest.raises(Conflict, match=code):
        proposed(district, host, other)

    assert grouping_pairs.found(district, kind="merge", by=SCHEDULER, at=NOON) == []


def test_what_a_season_collects_is_not_put_together_beside_it(district: Session) -> None:
    host, guest = two(district)
    seasons.open(
        district,
        name="一季度征集",
        first_on=TUESDAY.starts_at.date(),
        last_on=TUESDAY.starts_at.date(),
        closes_at=NOON + DAY,
        by=SCHEDULER,
        at=NOON,
    )

    with pytest.raises(Conflict, match="no_common_time"):
        proposed(district, host, guest)


def test_near_is_what_the_district_says(district: Session) -> None:
    host, guest = two(district)
    district.get_one(School, JING).lat = 39.30  # 19 km to the north

    with pytest.raises(Conflict, match="too_far_apart"):
        proposed(district, host, guest)


def test_a_place_whose_size_nobody_knows_takes_no_guests(district: Session) -> None:
    host, guest = two(district)
    line = grouping_queries.lessons_of(district, {host.id})[host.id].line
    line.venue_id, line.address, line.lat, line.lon = None, "某村", 39.1, 117.0
    district.flush()

    with pytest.raises(Conflict, match="capacity_unknown"):
        proposed(district, host, guest)


def test_both_schools_agree_and_one_lesson_is_given(district: Session) -> None:
    host, guest = two(district)
    row = proposed(district, host, guest)

    groupings.agree(district, row.id, by=CLERK, at=NOON)
    assert (row.state, host.state, guest.state) == ("proposed", L.UNPLACED, L.UNPLACED)
    groupings.agree(district, row.id, by=STRANGER, at=NOON)

    assert row.state == GroupingState.APPLIED
    assert (host.state, host.guest_people) == (L.TENTATIVE, 30)
    assert (guest.state, guest.joined_to) == (L.JOINED, host.id)
    assert (guest.starts_at, guest.place) == (host.starts_at, host.place)
    holds = district.exec(select(PlaceHold).where(col(PlaceHold.live).is_(True))).all()
    assert [(hold.lesson_id, hold.resource_id) for hold in holds] == [(host.id, HALL)]
    assert told(district, host.id)[-1]["attendees"] == 75
    assert told(district, guest.id)[-1]["joined_to"] == str(host.id)
    said = [(s["verb"], s["state"], s["side"]) for s in told(district, row.id)]
    assert said == [
        ("propose_together", "proposed", None),
        ("agree", "proposed", "host"),
        ("agree", "proposed", "guest"),
        ("all_agreed", "agreed", None),
        ("put_together", "applied", None),
    ]
    assert [s["version"] for s in told(district, row.id)] == [1, 2, 3, 4, 5]


def test_waitlisted_lessons_are_placed_too(district: Session) -> None:
    host = a_lesson(district, L.WAITLISTED, attendees=45)
    guest = a_lesson(district, L.WAITLISTED, school=JING, attendees=30)
    row = proposed(district, host, guest)

    groupings.agree(district, row.id, by=CLERK, at=NOON)
    groupings.agree(district, row.id, by=STRANGER, at=NOON)

    assert (row.state, host.state, guest.state) == ("applied", L.TENTATIVE, L.JOINED)


def test_each_school_attests_its_own_people_and_the_lecturer_counts_once(district: Session) -> None:
    host, guest = together(district)
    staffed(district, host, "held")
    staffed(district, host, "present", at=TUESDAY.starts_at)
    staffed(district, host, "done", at=TUESDAY.ends_at, minutes_taught=170)
    the_clock_looks(district)

    attest.attest(district, host.id, attendance=44, by=CLERK, at=after(host))
    attest.attest(district, guest.id, attendance=29, by=STRANGER, at=after(guest))

    assert [(x.state, x.attendance, x.verified_minutes) for x in (host, guest)] == [
        (L.VERIFIED, 44, 170),
        (L.VERIFIED, 29, 170),
    ]
    assert verbs(district, guest.id)[-2:] == ["host_delivered", "attest_ok"]
    assert guest.class_hours == host.class_hours


@pytest.mark.parametrize(
    ("status", "state"),
    [("partial", L.PARTIALLY_DELIVERED), ("aborted", L.NOT_DELIVERED)],
)
def test_what_was_not_taught_was_not_taught_to_the_guests(
    district: Session, status: str, state: L
) -> None:
    host, guest = together(district)
    staffed(district, host, "held")
    staffed(district, host, "present", at=TUESDAY.starts_at)
    staffed(district, host, status, at=TUESDAY.ends_at, minutes_taught=0)

    the_clock_looks(district)

    assert (host.state, guest.state) == (state, state)
    assert (guest.reason_code, guest.fault) == (host.reason_code, host.fault)
    assert guest.reason_code and guest.fault and guest.notice


def test_guests_wait_again_when_nobody_can_give_the_lesson(district: Session) -> None:
    host, guest = together(district)
    staffed(district, host, "exhausted")

    the_clock_looks(district)

    assert (host.state, host.guest_people) == (L.UNPLACED, 0)
    assert (guest.state, guest.joined_to, guest.starts_at) == (L.UNPLACED, None, None)
    assert guest.place is not None
    assert guest.place["resource_id"] != str(HALL)  # its own room again
    placing.place(district, guest.id, asked=Asked(), by=SCHEDULER, at=NOON)


def test_guests_follow_within_their_wishes_and_leave_beyond_them(district: Session) -> None:
    host, guest = together(district)
    guest.wishes = BOTH
    asked = Asked(starts_at=WEDNESDAY.starts_at)
    change = changes.propose(district, host.id, asked=asked, by=CLERK, at=NOON)
    changes.accept(district, change.id, by=SCHEDULER, at=NOON)
    the_clock_looks(district)
    assert (guest.state, guest.starts_at) == (L.JOINED, WEDNESDAY.starts_at)

    again = Asked(starts_at=WEDNESDAY.starts_at + 2 * DAY)
    change = changes.propose(district, host.id, asked=again, by=CLERK, at=NOON)
    changes.accept(district, change.id, by=SCHEDULER, at=NOON)
    the_clock_looks(district)

    assert (guest.state, guest.joined_to) == (L.UNPLACED, None)
    assert (host.state, host.guest_people) == (L.TENTATIVE, 0)
    assert told(district, host.id)[-1]["verb"] == "guests_changed"


def test_a_room_too_small_for_all_is_refused_to_the_host(district: Session) -> None:
    host, _ = together(district)
    same = district.get_one(Venue, HALL).model_dump()
    small = Venue(**{**same, "id": uuid7(), "capacity": 60})
    district.add(small)
    district.flush()

    with pytest.raises(Conflict, match="too_many_attendees"):
        changes.propose(district, host.id, asked=Asked(venue_id=small.id), by=CLERK, at=NOON)


@pytest.mark.parametrize("who", [STRANGER, SCHEDULER])
def test_the_host_knows_that_the_guests_are_not_coming(district: Session, who: Caller) -> None:
    host, guest = together(district)

    lessons.cancel(district, guest.id, by=who, at=NOON)
    the_clock_looks(district)

    assert (guest.state, host.state, host.guest_people) == (L.CANCELLED, L.TENTATIVE, 0)
    assert told(district, host.id)[-1]["attendees"] == 45


def test_the_district_takes_a_guest_out_again(district: Session) -> None:
    host, guest = together(district)

    placing.unplace(district, guest.id, by=SCHEDULER, at=NOON)
    the_clock_looks(district)

    assert (guest.state, guest.joined_to, host.guest_people) == (L.UNPLACED, None, 0)


def test_what_was_placed_meanwhile_is_not_put_together(district: Session) -> None:
    host, guest = two(district)
    row = proposed(district, host, guest)
    groupings.agree(district, row.id, by=CLERK, at=NOON)

    placing.place(district, guest.id, asked=Asked(), by=SCHEDULER, at=NOON)
    the_clock_looks(district)

    assert (row.state, row.reason_code) == (GroupingState.LAPSED, "lesson_changed")


def test_a_room_taken_meanwhile_ends_it_and_nothing_is_half_done(district: Session) -> None:
    host, guest = two(district)
    row = proposed(district, host, guest)
    groupings.agree(district, row.id, by=CLERK, at=NOON)
    a_lesson(district, L.TENTATIVE)  # another of the same school in the same hall

    groupings.agree(district, row.id, by=STRANGER, at=NOON)

    assert (row.state, row.reason_code) == (GroupingState.LAPSED, "place_taken")
    assert (host.state, host.guest_people, guest.state) == (L.UNPLACED, 0, L.UNPLACED)


def test_each_side_may_say_no_once_and_strangers_nothing(district: Session) -> None:
    host, guest = two(district)
    row = proposed(district, host, guest)

    with pytest.raises(NotFound):
        groupings.agree(district, row.id, by=OUTSIDER, at=NOON)
    with pytest.raises(Forbidden):
        groupings.agree(district, row.id, by=LECTURER, at=NOON)
    with pytest.raises(Forbidden, match="not_yours"):
        groupings.agree(district, row.id, by=SCHEDULER, at=NOON)
    with pytest.raises(Forbidden, match="not_yours"):
        groupings.withdraw(district, row.id, by=CLERK, at=NOON)
    groupings.agree(district, row.id, by=CLERK, at=NOON)
    with pytest.raises(Conflict, match="agreed_already"):
        groupings.agree(district, row.id, by=CLERK, at=NOON)
    groupings.decline(district, row.id, reason="当天有会", by=STRANGER, at=NOON)

    assert (row.state, row.reason) == (GroupingState.DECLINED, "当天有会")
    assert (host.state, guest.state) == (L.UNPLACED, L.UNPLACED)
    with pytest.raises(Conflict, match="wrong_state"):
        groupings.agree(district, row.id, by=STRANGER, at=NOON)


def test_nobody_answered_or_the_district_thought_better_of_it(district: Session) -> None:
    host, guest = two(district)
    row = proposed(district, host, guest)
    with pytest.raises(Conflict, match="grouping_open"):
        proposed(district, host, guest)
    due = district.get_one(Timer, (row.id, "answer_deadline")).due_at
    assert due == NOON + 48 * HOUR == row.deadline_at

    TIMERS["answer_deadline"](district, row.id, due)
    assert row.state == GroupingState.EXPIRED
    again = proposed(district, host, guest)
    groupings.withdraw(district, again.id, reason="另有安排", by=SCHEDULER, at=NOON)

    assert again.state == GroupingState.WITHDRAWN
    assert district.get(Timer, (again.id, "answer_deadline")) is None


def promised(session: Session, day: Slot, **facts: Any) -> Lesson:
    """A lesson the same lecturer has promised."""
    wishes = facts.pop("wishes", [day.model_dump(mode="json")])
    lesson = a_lesson(session, L.UNPLACED, wishes=wishes, **facts)
    asked = Asked(starts_at=day.starts_at)
    placing.place(session, lesson.id, asked=asked, by=SCHEDULER, at=NOON)
    staffed(session, lesson, "held")
    return lesson


def on_one_way(session: Session) -> tuple[Lesson, Lesson]:
    """He is at one school on Tuesday afternoon, at the other one on Thursday morning, where they
    would have had him on Tuesday morning as well."""
    session.get_one(School, JING).lat = 39.16
    hall = session.exec(select(Venue).where(Venue.school_id == JING)).one()
    hall.lat = 39.16
    host = promised(session, TUESDAY)
    morning = Slot(
        starts_at=TUESDAY.starts_at - 5 * HOUR, ends_at=TUESDAY.starts_at - 5 * HOUR + 3 * HOUR
    )
    later = Slot(starts_at=morning.starts_at + 2 * DAY, ends_at=morning.ends_at + 2 * DAY)
    wishes = [slot.model_dump(mode="json") for slot in (later, morning)]
    return host, promised(session, later, school=JING, wishes=wishes)


def test_two_days_of_a_lecturer_become_one(district: Session) -> None:
    host, guest = on_one_way(district)

    (found,) = grouping_pairs.found(district, kind="route", by=SCHEDULER, at=NOON)

    assert (found.host.id, found.guest.id) == (host.id, guest.id)
    assert found.slot.starts_at == TUESDAY.starts_at - 5 * HOUR
    assert found.gain.model_dump(include={"km", "way_minutes", "trips", "wished"}) == {
        "km": 3.3,
        "way_minutes": 22,
        "trips": 1,
        "wished": True,
    }


def test_the_school_agrees_then_the_lecturer_and_the_lesson_moves(district: Session) -> None:
    host, guest = on_one_way(district)
    row = proposed(district, host, guest, "route")

    with pytest.raises(NotFound):  # nothing of the host's changes
        groupings.agree(district, row.id, by=CLERK, at=NOON)
    groupings.agree(district, row.id, by=STRANGER, at=NOON)

    assert (row.state, guest.state) == (GroupingState.AGREED, L.CONFIRMED)
    assert guest.retime is not None
    change = district.exec(select(Change).where(Change.grouping_id == row.id)).one()
    answer = {"retime_change_id": change.id, "retime_answer": "accepted"}
    staffed(district, guest, "held", revision=guest.revision + 1, **answer)
    the_clock_looks(district)
    assert (row.state, guest.state) == (GroupingState.APPLIED, L.CONFIRMED)
    assert guest.starts_at == TUESDAY.starts_at - 5 * HOUR


def test_the_lecturer_cannot_and_the_old_day_stands(district: Session) -> None:
    host, guest = on_one_way(district)
    was = guest.starts_at
    row = proposed(district, host, guest, "route")
    groupings.agree(district, row.id, by=STRANGER, at=NOON)
    change = district.exec(select(Change).where(Change.grouping_id == row.id)).one()

    answer = {"retime_change_id": change.id, "retime_answer": "refused"}
    staffed(district, guest, "held", **answer)
    the_clock_looks(district)

    assert (row.state, row.reason_code) == (GroupingState.LAPSED, "holder_refused")
    assert (guest.state, guest.starts_at) == (L.CONFIRMED, was)


def test_on_one_way_are_only_lessons_of_one_lecturer(district: Session) -> None:
    host, guest = on_one_way(district)
    staffed(district, host, "none", lost="released")
    staffed(district, host, "held", holder_id=UUID(int=99))

    assert host.state == L.CONFIRMED
    with pytest.raises(Conflict, match="no_way_together"):
        proposed(district, host, guest, "route")
    assert grouping_pairs.found(district, kind="route", by=SCHEDULER, at=NOON) == []
    assert UUID(int=99) != LI


def test_a_lesson_that_waits_for_nobody_is_not_on_a_way(district: Session) -> None:
    host, guest = two(district)

    with pytest.raises(Conflict, match="lesson_not_promised"):
        proposed(district, host, guest, "route")


def test_every_end_of_a_proposal_is_an_end() -> None:
    ends = [state for state in GroupingState if GROUPING.is_end(state)]

    assert ends == ["applied", "declined", "withdrawn", "expired", "lapsed"]


def test_only_schedulers_propose_and_schools_do_not_look_for_pairs(district: Session) -> None:
    host, guest = two(district)

    with pytest.raises(Forbidden):
        groupings.propose(
            district, kind="merge", host_id=host.id, guest_id=guest.id, by=CLERK, at=NOON
        )
    with pytest.raises(Forbidden):
        grouping_pairs.found(district, kind=None, by=CLERK, at=NOON)


def test_another_district_knows_of_nothing(district: Session) -> None:
    host, guest = two(district)
    row = proposed(district, host, guest)
    elsewhere = Caller(UUID(int=4), SCHEDULER.roles, "jinnan")

    with pytest.raises(NotFound):
        groupings.withdraw(district, row.id, by=elsewhere, at=NOON)
    with pytest.raises(NotFound):
        groupings.propose(
            district, kind="merge", host_id=host.id, guest_id=guest.id, by=elsewhere, at=NOON
        )


def test_a_school_sees_the_proposals_it_has_a_part_in(district: Session) -> None:
    host, guest = two(district)
    row = proposed(district, host, guest)

    def seen(by: Caller) -> list[UUID]:
        chosen = grouping_queries.groupings(by, states=(), kind=None, lesson_id=None)
        return [one.id for one in district.exec(chosen)]

    assert seen(CLERK) == seen(STRANGER) == seen(SCHEDULER) == [row.id]
    assert seen(OUTSIDER) == []
