"""Lecturer: half-days and leave, as sentences."""

import pytest
from sqlmodel import Session, select

from services.kit.errors import Conflict, Forbidden, Invalid, Missing, NotFound
from services.kit.ids import uuid7
from services.lecturer import availability, queries
from services.lecturer.models import Assignment, Leave, Offer, Staffing
from tests.lecturer.world import (
    CLERK,
    DAY,
    END,
    HOUR,
    NOON,
    SCHEDULER,
    START,
    SUPERVISOR,
    a_lecturer,
    a_promise,
    a_seat,
    an_offer,
    himself,
    last_told,
    ref,
)


def leave(session: Session, code: str = "LEC-001", **said: object) -> Leave:
    usual = {
        "starts_at": START - HOUR,
        "ends_at": END + HOUR,
        "reason": "外出学习",
        "by": himself(ref(code)),
        "at": NOON,
    }
    taken, _ = availability.take_leave(session, ref(code), uuid7(), **(usual | said))  # type: ignore[arg-type]
    return taken


def test_a_lecturer_sets_his_own_week(district: Session) -> None:
    row = a_lecturer(district)
    me = himself(row.id)

    availability.set_half_days(
        district, row.id, half_days=["SAT_AM", "MON_EVE", "SAT_AM"], if_match=1, by=me, at=NOON
    )

    shown = queries.half_days(district, row.id, by=me)
    assert shown == {"lecturer_id": row.id, "half_days": ["MON_EVE", "SAT_AM"], "version": 2}
    assert last_told(district, row.id)["half_days"] == ["MON_EVE", "SAT_AM"]


def test_an_unknown_half_day_and_a_missing_version_are_refused(district: Session) -> None:
    row = a_lecturer(district)

    with pytest.raises(Invalid, match="half_days_unknown"):
        availability.set_half_days(
            district, row.id, half_days=["MON_NIGHT"], if_match=1, by=SCHEDULER, at=NOON
        )
    with pytest.raises(Missing, match="if_match_required"):
        availability.set_half_days(
            district, row.id, half_days=[], if_match=None, by=SCHEDULER, at=NOON
        )


def test_who_is_not_free_any_more_is_not_asked_any_more(district: Session) -> None:
    row = a_lecturer(district)
    offer = an_offer(district, row, a_seat(district))

    availability.set_half_days(
        district, row.id, half_days=["WED_PM"], if_match=1, by=SCHEDULER, at=NOON
    )

    district.refresh(offer)
    assert (offer.state, offer.reason_code) == ("invalidated", "not_available")


def test_nobody_sets_the_week_of_another(district: Session) -> None:
    a_lecturer(district, "LEC-001")
    other = a_lecturer(district, "LEC-002")

    with pytest.raises(NotFound, match="not_found"):
        leave(district, by=himself(other.id))
    for stranger in (CLERK, SUPERVISOR):
        with pytest.raises(Forbidden, match="role_required"):
            leave(district, by=stranger)


def test_leave_is_taken_with_a_reason_and_ends_the_offers_in_it(district: Session) -> None:
    row = a_lecturer(district)
    inside = an_offer(district, row, a_seat(district))
    after = an_offer(district, row, a_seat(district, starts_at=START + DAY, ends_at=END + DAY))

    taken = leave(district)

    for offer in (inside, after):
        district.refresh(offer)
    assert (inside.state, inside.reason_code) == ("invalidated", "not_available")
    assert after.state == "pending"
    assert (taken.reason, taken.forced) == ("外出学习", False)
    assert last_told(district, row.id)["verb"] == "take_leave"


def test_leave_over_a_promise_is_refused_with_the_lesson(district: Session) -> None:
    row = a_lecturer(district)
    promise = a_promise(district, row, a_seat(district, state="confirmed"))

    with pytest.raises(Conflict, match="holds_lessons") as refused:
        leave(district)

    [lesson] = refused.value.facts["lessons"]
    assert lesson["lesson_id"] == str(promise.lesson_id)
    assert lesson["course_title"] == "乡村振兴思路举措"
    assert queries.leave(district, row.id, by=SCHEDULER) == []


def test_leave_beside_a_promise_is_none_of_its_business(district: Session) -> None:
    row = a_lecturer(district)
    a_promise(district, row, a_seat(district, state="confirmed"))

    assert leave(district, starts_at=END, ends_at=END + DAY).forced is False


def test_only_the_district_forces_leave_over_a_promise(district: Session) -> None:
    row = a_lecturer(district)
    promise = a_promise(district, row, a_seat(district, state="confirmed"))

    with pytest.raises(Forbidden, match="role_required"):
        leave(district, force=True)
    taken = leave(district, force=True, by=SCHEDULER)

    gone = district.get_one(Assignment, promise.id)
    assert (gone.state, gone.reason_code, gone.fault) == ("voided", "leave", "lecturer")
    staffing = district.get_one(Staffing, promise.lesson_id)
    assert (staffing.holder_id, staffing.lost) == (None, "voided")
    assert taken.forced is True


def test_a_lesson_he_is_giving_is_his_to_finish(district: Session) -> None:
    row = a_lecturer(district)
    promise = a_promise(district, row, a_seat(district, state="in_progress"), state="checked_in")

    leave(district, force=True, by=SCHEDULER, at=START + HOUR)

    assert district.get_one(Assignment, promise.id).state == "checked_in"


def test_leave_is_undone_once_with_a_reason(district: Session) -> None:
    row = a_lecturer(district)
    taken, me = leave(district), himself(row.id)

    availability.undo_leave(district, row.id, taken.id, reason="会议取消", by=me, at=NOON)

    [shown] = queries.leave(district, row.id, by=me)
    assert shown["undo_reason"] == "会议取消"
    assert shown["undone_at"].isoformat() == "2026-11-23T12:00:00+08:00"
    with pytest.raises(Conflict, match="already_undone"):
        availability.undo_leave(district, row.id, taken.id, reason="再次", by=me, at=NOON)


def test_the_same_leave_said_twice_is_one(district: Session) -> None:
    row, id = a_lecturer(district), uuid7()
    said = {"starts_at": START, "ends_at": END, "reason": "病假", "by": himself(row.id), "at": NOON}

    first = availability.take_leave(district, row.id, id, **said)
    again = availability.take_leave(district, row.id, id, **said)

    assert first[1] is True
    assert again == (first[0], False)
    with pytest.raises(Conflict, match="leave_is_kept"):
        availability.take_leave(district, row.id, id, **(said | {"ends_at": END + DAY}))


def test_leave_lies_ahead_and_ends_after_it_begins(district: Session) -> None:
    a_lecturer(district)

    with pytest.raises(Invalid, match="leave_invalid"):
        leave(district, starts_at=END, ends_at=START)
    with pytest.raises(Conflict, match="in_the_past"):
        leave(district, starts_at=NOON - DAY, ends_at=NOON)
    with pytest.raises(NotFound, match="not_found"):
        availability.undo_leave(
            district, ref("LEC-001"), uuid7(), reason="误", by=SCHEDULER, at=NOON
        )


def test_the_next_lecturer_is_asked_when_one_goes_on_leave(district: Session) -> None:
    row = a_lecturer(district, "LEC-001")
    other = a_lecturer(district, "LEC-002")
    seat = a_seat(district)
    an_offer(district, row, seat)

    leave(district)

    pending = select(Offer).where(Offer.lesson_id == seat.lesson_id, Offer.state == "pending")
    assert [offer.lecturer_id for offer in district.exec(pending)] == [other.id]
