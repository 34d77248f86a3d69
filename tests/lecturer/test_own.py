"""Lecturer: what a lecturer reads about himself, as sentences."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session

from services.kit.errors import Forbidden, NotFound
from services.kit.ids import uuid7
from services.lecturer import own_queries, own_schemas
from services.lecturer.models import Leave, Lecturer, Staffing, WorkDay
from tests.lecturer.world import (
    CLERK,
    DAY,
    END,
    HOUR,
    NOON,
    SCHEDULER,
    SOUTH,
    START,
    XIQING,
    YANGLIUQING,
    a_lecturer,
    a_promise,
    a_seat,
    an_offer,
    himself,
    local,
)


def todo(session: Session, me: Lecturer, at: Any = NOON) -> dict[str, Any]:
    found = own_queries.todo(session, by=himself(me.id), at=at)
    own_schemas.TodoOut.model_validate(found)
    return found


def test_an_offer_comes_with_everything_a_card_shows(district: Session) -> None:
    me = a_lecturer(district)
    seat = a_seat(district, format="booster", minutes=180, audience=["party_worker"], notes="带U盘")
    offer = an_offer(district, me, seat)

    [card] = todo(district, me)["offers"]

    assert card["id"] == offer.id
    assert card["moves"] == ["accept", "counter", "decline"]
    assert (card["lesson"]["course_title"], card["lesson"]["notes"]) == (
        "乡村振兴思路举措",
        "带U盘",
    )
    assert card["lesson"]["contact_phone"] == "000-0000-1006"
    assert card["starts_at"].isoformat() == "2026-12-01T13:30:00+08:00"
    assert card["way_in"] == {"other": "home", "minutes": 0, "km": 0.0}
    assert card["way_out"] is None
    assert card["counters_left"] == 3


def test_the_way_is_that_from_the_lesson_before(district: Session) -> None:
    me = a_lecturer(district)
    morning = a_seat(district, starts_at=START - 4 * HOUR, ends_at=START - 2 * HOUR, place=SOUTH)
    a_promise(district, me, morning)
    an_offer(district, me, a_seat(district))

    [card] = todo(district, me)["offers"]

    assert card["way_in"]["other"] == "lesson"
    assert card["way_in"]["minutes"] == 38
    assert card["way_in"]["spare_minutes"] == 120 - 38
    assert card["way_in"]["ends_at"] == START - 2 * HOUR


def test_nobody_knows_the_way_to_a_place_without_coordinates(district: Session) -> None:
    me = a_lecturer(district)
    an_offer(district, me, a_seat(district, place=YANGLIUQING | {"lat": None, "lon": None}))

    [card] = todo(district, me)["offers"]

    assert card["way_in"] == {"other": "home", "minutes": None, "km": None}


def test_another_time_can_be_proposed_as_often_as_the_district_says(district: Session) -> None:
    me = a_lecturer(district)
    an_offer(district, me, a_seat(district), counters=3)

    [card] = todo(district, me)["offers"]

    assert card["moves"] == ["accept", "decline"]


def test_a_question_about_another_time_is_shown_beside_the_promise(district: Session) -> None:
    me = a_lecturer(district)
    seat = a_seat(district, state="confirmed")
    promise = a_promise(district, me, seat)
    later = {"starts_at": START + DAY, "ends_at": END + DAY}
    offer = an_offer(district, me, seat, kind="retime", revision=2, **later)

    found = todo(district, me)

    [card] = found["offers"]
    assert card["was"]["assignment_id"] == promise.id
    assert card["was"]["starts_at"] == START
    assert card["moves"] == ["accept", "decline"]
    assert found["coming"]["question"]["id"] == offer.id


def test_an_offer_that_ran_out_may_be_accepted_while_nobody_has_the_seat(district: Session) -> None:
    me, other = a_lecturer(district), a_lecturer(district, "LEC-002")
    ended = {"state": "expired", "answered_at": NOON - 20 * DAY}
    seats = [a_seat(district), a_seat(district, starts_at=START + DAY, ends_at=END + DAY)]
    late, gone = [an_offer(district, me, seat, **ended) for seat in seats]
    staff = {"district": XIQING, "revision": 1, "status": "offering"}
    district.add(Staffing(lesson_id=seats[0].lesson_id, **staff))
    a_promise(district, other, seats[1])

    found = todo(district, me)

    assert [(o["id"], o["moves"]) for o in found["offers"]] == [(late.id, ["accept"])]
    assert [(o["id"], o["moves"]) for o in found["recent"]] == [(gone.id, [])]


def test_a_near_lesson_asks_to_be_confirmed_again(district: Session) -> None:
    me = a_lecturer(district)
    promise = a_promise(district, me, a_seat(district, state="confirmed"))

    early, near = todo(district, me), todo(district, me, START - 50 * HOUR)
    promise.reconfirmed_at = START - 49 * HOUR
    said = todo(district, me, START - 48 * HOUR)

    assert early["lessons"] == []
    assert [(p["id"], p["reconfirm_wanted"]) for p in near["lessons"]] == [(promise.id, True)]
    assert near["lessons"][0]["release"] == "late"
    assert early["coming"]["release"] == "early"
    assert said["lessons"] == []


def test_the_lessons_of_today_are_his_turn(district: Session) -> None:
    me = a_lecturer(district)
    promise = a_promise(district, me, a_seat(district, state="confirmed"))

    [today] = todo(district, me, START - HOUR)["lessons"]

    assert today["id"] == promise.id
    assert today["check_in_opens_at"] == START - HOUR
    assert today["moves"] == ["check_in", "reconfirm", "release"]


def test_nobody_reads_what_is_anothers(district: Session) -> None:
    me, other = a_lecturer(district), a_lecturer(district, "LEC-002")
    seat = a_seat(district)
    offer, promise = an_offer(district, other, seat), a_promise(district, other, seat)

    assert todo(district, me) == {"offers": [], "lessons": [], "recent": [], "coming": None}
    with pytest.raises(NotFound, match="not_found"):
        own_queries.offer(district, offer.id, by=himself(me.id), at=NOON)
    with pytest.raises(NotFound, match="not_found"):
        own_queries.assignment(district, promise.id, by=himself(me.id), at=NOON)
    with pytest.raises(NotFound, match="not_found"):
        own_queries.todo(district, by=himself(uuid7()), at=NOON)
    for stranger in (CLERK, SCHEDULER):
        with pytest.raises(Forbidden):
            own_queries.todo(district, by=stranger, at=NOON)


def test_the_agenda_has_lessons_leave_week_and_holidays(district: Session) -> None:
    me = a_lecturer(district)
    promise = a_promise(district, me, a_seat(district))
    next_month = a_promise(
        district, me, a_seat(district, starts_at=START + 40 * DAY, ends_at=END + 40 * DAY)
    )
    away = local("2026-12-07 00:00"), local("2026-12-09 00:00")
    district.add(_leave(me, *away))
    district.add(_leave(me, *away, undone_at=NOON))
    day = {"district": XIQING, "is_workday": False, "kind": "public_holiday"}
    district.add(WorkDay(on=date(2026, 12, 31), holiday_name="元旦", **day))

    found = own_queries.agenda(
        district, date(2026, 12, 1), date(2026, 12, 31), by=himself(me.id), at=NOON
    )

    own_schemas.AgendaOut.model_validate(found)
    assert [p["id"] for p in found["items"]] == [promise.id]
    assert [(row["starts_at"], row["ends_at"]) for row in found["leave"]] == [away]
    assert found["half_days"] == ["TUE_PM", "WED_PM"]
    assert found["parts"]["am"] == ("08:30", "12:00")
    assert [day["holiday_name"] for day in found["days"]] == ["元旦"]
    assert found["next"] == next_month.starts_at


def test_a_promise_is_readable_however_it_ended(district: Session) -> None:
    me = a_lecturer(district)
    promise = a_promise(district, me, a_seat(district), state="voided", reason_code="cancelled")

    found = own_queries.assignment(district, promise.id, by=himself(me.id), at=NOON)

    own_schemas.OwnAssignmentOut.model_validate(found)
    assert (found["state"], found["reason_code"], found["moves"]) == ("voided", "cancelled", [])


def test_the_year_counts_what_was_given_and_what_is_to_come(district: Session) -> None:
    me = a_lecturer(district)
    seats = [
        a_seat(district, starts_at=START + days * DAY, ends_at=END + days * DAY)
        for days in (-40, -30, 0, 7, 45)
    ]
    ended = {"state": "fulfilled", "minutes_taught": 175}
    a_promise(district, me, seats[0], **ended)
    a_promise(district, me, seats[1], state="no_show")
    for seat in seats[2:]:
        a_promise(district, me, seat)

    found = own_queries.year(district, None, by=himself(me.id), at=NOON)

    own_schemas.YearOut.model_validate(found)
    busy = {m["month"]: m for m in found["months"] if any(v for k, v in m.items() if k != "month")}
    usual = {"lessons": 0, "minutes": 0, "to_come": 0, "minutes_to_come": 0, "no_show": 0}
    assert busy == {
        10: usual | {"month": 10, "lessons": 1, "minutes": 175},
        11: usual | {"month": 11, "no_show": 1},
        12: usual | {"month": 12, "to_come": 2, "minutes_to_come": 360},
    }
    assert [letter["status"] for letter in found["appointments"]] == ["valid"]
    assert found["lecturer"]["code"] == "LEC-001"


def test_thirty_offers_cost_no_more_questions_than_one(district: Session) -> None:
    me = a_lecturer(district)

    def more(first: int, last: int) -> None:
        for number in range(first, last):
            slot = {
                "starts_at": START + number * timedelta(days=1),
                "ends_at": END + number * timedelta(days=1),
            }
            seat = a_seat(district, **slot)
            an_offer(district, me, seat)
            a_promise(district, me, seat)

    more(0, 1)
    one = [_questions(district, me, what) for what in ("todo", "agenda", "year")]
    more(1, 30)
    thirty = [_questions(district, me, what) for what in ("todo", "agenda", "year")]

    assert one == thirty


def _questions(session: Session, me: Lecturer, what: str) -> int:
    session.flush()
    session.expire_all()
    session.info.clear()
    asked: list[str] = []

    def heard(*arguments: Any) -> None:
        asked.append(arguments[2])

    by = himself(me.id)
    event.listen(session.get_bind(), "before_cursor_execute", heard)
    try:
        match what:
            case "todo":
                own_queries.todo(session, by=by, at=NOON)
            case "agenda":
                own_queries.agenda(session, date(2026, 12, 1), date(2026, 12, 31), by=by, at=NOON)
            case _:
                own_queries.year(session, 2026, by=by, at=NOON)
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", heard)
    return len(asked)


def _leave(me: Lecturer, starts_at: Any, ends_at: Any, **facts: Any) -> Leave:
    return Leave(
        id=uuid7(),
        lecturer_id=me.id,
        district=XIQING,
        starts_at=starts_at,
        ends_at=ends_at,
        reason="培训",
        **facts,
    )
