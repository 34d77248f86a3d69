"""Lecturer: everybody who may and may not take a seat, from the database, as sentences."""

from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session

from services.kit.errors import Conflict, Forbidden, Invalid, NotFound
from services.kit.ids import uuid7
from services.lecturer import availability, candidates, queries
from services.lecturer.models import Lecturer
from tests.lecturer.world import (
    CLERK,
    COURSE,
    DAY,
    END,
    FOREIGN,
    HOUR,
    NOON,
    SCHEDULER,
    SOUTH,
    START,
    SUPERVISOR,
    XIQING,
    YANGLIUQING,
    a_lecturer,
    a_promise,
    a_seat,
    an_offer,
    himself,
    ref,
)


def why(session: Session, lecturer: Lecturer, **asked: Any) -> list[str]:
    seat = asked.pop("seat", None) or a_seat(session)
    return [r["code"] for r in candidates.why_not(session, seat, lecturer.id, **asked)]


def test_the_able_are_ranked_and_the_others_excluded_with_all_their_reasons(
    district: Session,
) -> None:
    a_lecturer(district, "LEC-001", pool="backbone", courses=[])
    a_lecturer(district, "LEC-002")
    wished = a_lecturer(district, "LEC-003")
    seat = a_seat(district, wanted_lecturers=[str(wished.id)])

    found = queries.candidates(district, seat.lesson_id, by=SCHEDULER)

    assert [(c["rank"], c["code"]) for c in found["items"]] == [(1, "LEC-003"), (2, "LEC-002")]
    [excluded] = found["excluded"]
    assert [r["code"] for r in excluded["reasons"]] == ["not_qualified", "wrong_pool"]
    assert found["counts"] == {"not_qualified": 1, "wrong_pool": 1}
    assert found["starts_at"].isoformat() == "2026-12-01T13:30:00+08:00"


def test_what_the_database_knows_reaches_the_rules(district: Session) -> None:
    row = a_lecturer(district)
    assert why(district, row) == []

    with district.begin_nested() as attempt:
        availability.take_leave(
            district,
            row.id,
            uuid7(),
            starts_at=START,
            ends_at=END,
            reason="x",
            by=SCHEDULER,
            at=NOON,
        )
        assert why(district, row) == ["not_available"]
        attempt.rollback()
    seat = a_seat(district, starts_at=START - 3 * HOUR, ends_at=START - HOUR / 2, place=SOUTH)
    a_promise(district, row, seat)
    assert why(district, row) == ["travel_buffer"]
    assert why(district, row, seat=seat) == ["not_available"]


def test_fulfilled_lessons_count_released_ones_do_not(district: Session) -> None:
    row = a_lecturer(district)
    day = {"starts_at": START - DAY, "ends_at": END - DAY}
    a_promise(district, row, a_seat(district, **day), state="fulfilled")
    for state in ("released", "voided", "replaced", "no_show"):
        a_promise(district, row, a_seat(district, **day), state=state)
    assert why(district, row) == []

    a_promise(district, row, a_seat(district, starts_at=START + DAY, ends_at=END + DAY))

    assert why(district, row) == ["week_cap"]
    row.caps = {"week": {"limit": 3, "reason": "主题教育月"}}
    assert why(district, row) == []


def test_another_time_and_place_can_be_asked_about(district: Session) -> None:
    row, seat = a_lecturer(district), a_seat(district)
    thursday = (START + 2 * DAY, END + 2 * DAY)

    assert why(district, row, seat=seat, slot=thursday) == ["not_available"]
    far = YANGLIUQING | {"lon": 119.0, "resource_id": str(uuid7())}
    assert why(district, row, seat=seat, place=far) == ["too_far"]
    found = queries.candidates(
        district, seat.lesson_id, starts_at=thursday[0], ends_at=thursday[1], by=SCHEDULER
    )
    assert found["items"] == []


def test_rules_are_waived_only_when_asked_for(district: Session) -> None:
    row = a_lecturer(district, courses=[], half_days=[])

    assert why(district, row) == ["not_qualified", "not_available"]
    assert why(district, row, waive=frozenset({"not_qualified", "not_available"})) == [
        "not_available"
    ]


def test_a_lesson_without_a_time_has_no_candidates(district: Session) -> None:
    seat = a_seat(district, starts_at=None, ends_at=None, place=None, state="unplaced")

    with pytest.raises(Conflict, match="no_slot"):
        queries.candidates(district, seat.lesson_id, by=SCHEDULER)
    with pytest.raises(Invalid, match="slot_invalid"):
        queries.candidates(district, seat.lesson_id, starts_at=START, by=SCHEDULER)
    found = queries.candidates(district, seat.lesson_id, starts_at=START, ends_at=END, by=SCHEDULER)
    assert found["items"] == []


def test_candidates_are_for_those_who_find_somebody(district: Session) -> None:
    row, seat = a_lecturer(district), a_seat(district)

    for stranger in (CLERK, himself(row.id)):
        with pytest.raises(Forbidden, match="role_required"):
            queries.candidates(district, seat.lesson_id, by=stranger)
    with pytest.raises(NotFound, match="not_found"):
        queries.candidates(district, seat.lesson_id, by=FOREIGN)
    assert queries.candidates(district, seat.lesson_id, by=SUPERVISOR)["items"]


def test_who_was_asked_already_is_shown(district: Session) -> None:
    row, seat = a_lecturer(district), a_seat(district)
    an_offer(district, row, seat, state="declined")

    [shown] = queries.candidates(district, seat.lesson_id, by=SCHEDULER)["items"]

    assert shown["offer"] == "declined"


def test_experience_and_load_come_from_what_was_given(district: Session) -> None:
    row = a_lecturer(district, max_sessions_per_week=9)
    last_year = {"starts_at": START - 365 * DAY, "ends_at": END - 365 * DAY}
    a_promise(district, row, a_seat(district, **last_year), state="fulfilled")
    this_month = {"starts_at": START + 7 * DAY, "ends_at": END + 7 * DAY}
    a_promise(district, row, a_seat(district, **this_month, school_id=ref("SCH-09")))

    [one] = queries.candidates(district, a_seat(district).lesson_id, by=SCHEDULER)["items"]

    sessions = {t["name"]: t["why"]["sessions"] for t in one["terms"] if "sessions" in t["why"]}
    assert sessions == {"load_month": 1, "load_year": 1, "often_at_school": 0, "experience": 2}


def test_booking_asks_how_many_are_free_at_each_time(xiqing: Session) -> None:
    slots = [("2026-12-01T13:30:00+08:00", "2026-12-01T16:30:00+08:00")]
    slots += [("2026-12-01T12:30:00+08:00", "2026-12-01T14:30:00+08:00")]
    question = {
        "district": XIQING,
        "course_id": str(COURSE),
        "pools": ["lead_study", "professional"],
        "slots": [{"starts_at": a, "ends_at": b} for a, b in slots],
        "place": YANGLIUQING,
    }

    free = candidates.free(xiqing, question)["free"]

    found = candidates.of_seat(xiqing, a_seat(xiqing))
    assert free == [len(found.ranked), 0]
    assert free[0] >= 1
    assert candidates.free(xiqing, question | {"slots": []}) == {"free": []}


def test_booking_asks_what_stands_against_one_at_a_time(district: Session) -> None:
    """By the rules of the candidates; his own seat of that lesson does not stand against him."""
    row = a_lecturer(district)
    seat = a_seat(district)
    question = {
        "district": XIQING,
        "lecturer_id": str(row.id),
        "lesson_id": str(seat.lesson_id),
        "course_id": str(COURSE),
        "pools": ["lead_study", "professional"],
        "slot": {"starts_at": START.isoformat(), "ends_at": END.isoformat()},
        "place": YANGLIUQING,
        "wanted": [],
        "wanted_only": False,
    }

    def codes(**other: Any) -> list[str]:
        found = candidates.against(district, {**question, **other})["reasons"]
        return [reason["code"] for reason in found]

    assert candidates.against(district, question) == {"name": row.name, "reasons": []}
    assert codes(pools=["backbone"]) == ["wrong_pool"]
    assert codes(wanted=[str(uuid7())], wanted_only=True) == ["not_the_requested_lecturer"]
    a_promise(district, row, seat)
    assert codes() == []
    assert codes(lesson_id=str(uuid7())) == ["already_teaching"]
    unknown = candidates.against(district, {**question, "lecturer_id": str(uuid7())})
    assert unknown == {"name": None, "reasons": []}


def test_the_whole_district_is_weighed_in_few_queries(xiqing: Session) -> None:
    seat = a_seat(xiqing)
    asked: list[str] = []
    engine = xiqing.get_bind().engine
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    found = queries.candidates(xiqing, seat.lesson_id, by=SCHEDULER)

    assert len(found["items"]) + len(found["excluded"]) == 240
    assert len(asked) <= 10
