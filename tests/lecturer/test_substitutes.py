"""Lecturer: whoever the district names is asked first when a lecturer loses his lessons."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, select

from services.kit.errors import Conflict, Forbidden, Invalid, NotFound
from services.lecturer import appointments, availability, leave_queries, seats
from services.lecturer.held import hold
from services.lecturer.models import Assignment, Leave, Lecturer, Offer, Seat, Staffing
from services.lecturer.substitutes import Substitutes
from tests.lecturer.world import (
    DAY,
    END,
    FOREIGN,
    HOUR,
    NOON,
    SCHEDULER,
    START,
    a_lecturer,
    a_promise,
    a_seat,
    himself,
    ref,
)


def ill(session: Session, chosen: Substitutes, **said: Any) -> None:
    usual: dict[str, Any] = {
        "starts_at": START - HOUR,
        "ends_at": END + DAY,
        "reason": "突发疾病",
        "force": True,
        "by": SCHEDULER,
        "at": NOON,
    }
    availability.take_leave(session, ref("LEC-001"), uuid4(), substitutes=chosen, **usual | said)


def three(session: Session) -> tuple[Lecturer, Lecturer, Lecturer]:
    """One who falls ill, and two who could stand in, the better of them first."""
    people = [a_lecturer(session, f"LEC-00{n}", max_sessions_per_week=5) for n in (1, 2, 3)]
    return people[0], people[1], people[2]


def promised(session: Session, who: Lecturer, **facts: Any) -> Seat:
    seat = a_seat(session, state="confirmed", **facts)
    a_promise(session, who, seat)
    return seat


def booking_has_heard(session: Session, seat: Seat) -> None:
    """It says that the lesson needs somebody, and the ladder climbs."""
    seat.state = "tentative"
    seats.settle(hold(session, seat.lesson_id), cause="lesson_changed", by=SCHEDULER, at=NOON)


def asked(session: Session, seat: Seat) -> list[tuple[UUID, str]]:
    mine = select(Offer).where(Offer.lesson_id == seat.lesson_id).order_by("id")
    return [(offer.lecturer_id, str(offer.state)) for offer in session.exec(mine)]


def test_the_one_who_is_named_is_asked_and_nobody_else(district: Session) -> None:
    away, best, chosen = three(district)
    seat, other = promised(district, away), promised(district, away, **tomorrow())

    ill(district, {seat.lesson_id: chosen.id})
    assert asked(district, seat) == [(chosen.id, "pending")]
    for one in (seat, other):
        booking_has_heard(district, one)

    assert asked(district, seat) == [(chosen.id, "pending")]
    assert asked(district, other) == [(best.id, "pending")]
    assert [one.state for one in district.exec(select(Assignment))] == ["voided", "voided"]


def test_a_lesson_that_is_seen_to_otherwise_asks_nobody(district: Session) -> None:
    away, *_ = three(district)
    seat = promised(district, away)

    ill(district, {seat.lesson_id: None})
    booking_has_heard(district, seat)

    staff = district.get_one(Staffing, seat.lesson_id)
    assert asked(district, seat) == []
    assert (staff.status, staff.lost, staff.ladder_mode) == ("none", "voided", "manual")


def test_one_who_may_not_is_refused_with_the_reasons_and_nothing_is_saved(
    district: Session,
) -> None:
    away, *_ = three(district)
    seat = promised(district, away)
    stranger = a_lecturer(district, "LEC-004", courses=[], half_days=["MON_AM"])

    with pytest.raises(Conflict, match="not_eligible") as refused:
        ill(district, {seat.lesson_id: stranger.id})

    reasons = refused.value.facts["lessons"][str(seat.lesson_id)]
    assert [one["code"] for one in reasons] == ["not_qualified", "not_available"]
    assert {one["lecturer_id"] for one in reasons} == {str(stranger.id)}
    nothing_happened(district)


def test_he_himself_does_not_stand_in(district: Session) -> None:
    away, *_ = three(district)
    seat = promised(district, away)

    with pytest.raises(Conflict, match="not_eligible") as refused:
        ill(district, {seat.lesson_id: away.id})

    [reason] = refused.value.facts["lessons"][str(seat.lesson_id)]
    assert reason["code"] == "already_holder"
    nothing_happened(district)


def test_only_for_lessons_he_loses(district: Session) -> None:
    away, best, _ = three(district)
    promised(district, away)
    strange = a_seat(district)

    with pytest.raises(Invalid, match="not_among_them") as refused:
        ill(district, {strange.lesson_id: best.id})

    assert refused.value.facts == {"lessons": [str(strange.lesson_id)]}


def test_a_lecturer_names_nobody_and_another_district_knows_nobody(district: Session) -> None:
    away, best, _ = three(district)
    seat = promised(district, away)
    foreign = a_lecturer(district, "LEC-009", district="jinnan")

    with pytest.raises(Forbidden, match="role_required"):
        ill(district, {seat.lesson_id: best.id}, force=True, by=himself(away.id))
    with pytest.raises(NotFound, match="not_found"):
        ill(district, {seat.lesson_id: foreign.id})
    nothing_happened(district)


def test_a_letter_that_ends_asks_them_first_too(district: Session) -> None:
    away, _, chosen = three(district)
    seat = promised(district, away)

    appointments.revoke(
        district,
        ref("LEC-001/letter"),
        reason="调离",
        on=date(2026, 11, 24),
        force=True,
        substitutes={seat.lesson_id: chosen.id},
        by=SCHEDULER,
        at=NOON,
    )

    assert asked(district, seat) == [(chosen.id, "pending")]


def test_what_the_end_of_a_letter_would_touch_is_shown_first(district: Session) -> None:
    away, best, chosen = three(district)
    seat = promised(district, away)
    letter, last = ref("LEC-001/letter"), date(2026, 12, 1)

    found = leave_queries.revoke_impact(district, letter, on=last, by=SCHEDULER, at=NOON)
    after = leave_queries.revoke_impact(
        district, letter, on=date(2026, 12, 2), by=SCHEDULER, at=NOON
    )

    [lesson] = found["lessons"]
    assert lesson["assignment"]["lesson_id"] == seat.lesson_id
    assert {one["lecturer_id"] for one in lesson["candidates"]} == {best.id, chosen.id}
    assert after["lessons"] == []
    assert found["starts_at"].isoformat() == "2026-12-01T00:00:00+08:00"
    with pytest.raises(Invalid, match="in_the_past"):
        leave_queries.revoke_impact(district, letter, on=date(2026, 11, 22), by=SCHEDULER, at=NOON)
    with pytest.raises(NotFound, match="not_found"):
        leave_queries.revoke_impact(district, letter, by=FOREIGN, at=NOON)
    with pytest.raises(Forbidden, match="role_required"):
        leave_queries.revoke_impact(district, letter, by=himself(away.id), at=NOON)


def tomorrow() -> dict[str, Any]:
    """A Wednesday afternoon."""
    return {"starts_at": START + DAY, "ends_at": END + DAY}


def nothing_happened(session: Session) -> None:
    assert session.exec(select(Offer)).all() == []
    assert session.exec(select(Leave)).all() == []
    assert {str(one.state) for one in session.exec(select(Assignment))} == {"committed"}
