"""The workbench: what waits, the load, what a leave would touch, and letters renewed together."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from services.kit.errors import Conflict, Forbidden, Invalid, NotFound
from services.lecturer import desk_queries, leave_queries, renewing
from services.lecturer.models import Appointment
from tests.lecturer.test_api import by, http, keys  # noqa: F401
from tests.lecturer.world import (
    CLERK,
    DAY,
    END,
    HOUR,
    NOON,
    SCHEDULER,
    START,
    SUPERVISOR,
    XIQING,
    a_lecturer,
    a_promise,
    a_seat,
    an_offer,
    due,
    himself,
    last_told,
    ref,
)

TODAY = date(2026, 11, 23)


@contextmanager
def queries(session: Session) -> Iterator[list[str]]:
    """Every statement sent meanwhile."""
    sent: list[str] = []

    def note(_: Any, __: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    sa.event.listen(session.get_bind(), "before_cursor_execute", note)
    yield sent
    sa.event.remove(session.get_bind(), "before_cursor_execute", note)


def numbers(session: Session, **facts: Any) -> dict[str, int]:
    found = desk_queries.counts(session, by=SCHEDULER, at=facts.get("at", NOON))
    return {one.code: one.count for one in found}


def letter(session: Session, code: str) -> Appointment:
    return session.get_one(Appointment, ref(f"{code}/letter"))


def test_offers_wait_and_some_of_them_not_for_long(district: Session) -> None:
    li, wang = a_lecturer(district), a_lecturer(district, "LEC-002")
    an_offer(district, li, a_seat(district))
    an_offer(district, wang, a_seat(district), expires_at=NOON + HOUR)
    an_offer(district, wang, a_seat(district), state="countered")
    an_offer(district, li, a_seat(district), state="declined")

    found = numbers(district)

    assert (found["unanswered"], found["answer_soon"], found["countered"]) == (2, 1, 1)


def test_promises_that_need_a_call(district: Session) -> None:
    li = a_lecturer(district)
    a_promise(district, li, a_seat(district, starts_at=NOON + HOUR, ends_at=NOON + 4 * HOUR))
    a_promise(district, li, a_seat(district, starts_at=NOON - HOUR, ends_at=NOON + HOUR / 2))
    a_promise(district, li, a_seat(district), state="release_requested")
    a_promise(district, li, a_seat(district), state="no_show")

    found = numbers(district)

    codes = ("not_reconfirmed", "not_checked_in", "release_requested", "no_show")
    assert [found[code] for code in codes] == [1, 1, 1, 1]


def test_a_letter_runs_out_unless_another_follows(district: Session) -> None:
    term = (date(2025, 1, 1), TODAY + timedelta(days=30))
    a_lecturer(district, term=term)
    a_lecturer(district, "LEC-002", term=term)
    a_lecturer(district, "LEC-003", term=(date(2024, 1, 1), TODAY - timedelta(days=1)))
    a_lecturer(district, "LEC-004", term=None, status="inactive")
    renewing.renew_many(
        district, letters=[(letter(district, "LEC-002").id, "新")], by=SCHEDULER, at=NOON
    )

    near = desk_queries.letters_of(district, XIQING, today=TODAY, days=60)

    assert near.expiring == [letter(district, "LEC-001").id]
    assert near.unappointed == [ref("LEC-003")]
    assert (numbers(district)["letters_expiring"], numbers(district)["unappointed"]) == (1, 1)


def test_the_workbench_asks_as_often_for_thirty_as_for_one(district: Session) -> None:
    an_offer(district, a_lecturer(district), a_seat(district))
    with queries(district) as few:
        numbers(district)
    for n in range(30):
        an_offer(district, a_lecturer(district, f"LEC-1{n:02}"), a_seat(district))
    with queries(district) as many:
        numbers(district)

    assert len(many) <= len(few) <= 6


def test_the_load_is_counted_by_week_month_and_year(district: Session) -> None:
    li = a_lecturer(district)
    a_promise(district, li, a_seat(district))
    seat = a_seat(district, starts_at=NOON - DAY, ends_at=NOON - DAY + HOUR)
    a_promise(district, li, seat, state="fulfilled")

    (one,) = desk_queries.load(district, by=SCHEDULER, at=NOON)

    assert (one["week"], one["month"], one["year"]) == (0, 1, 2)
    assert (one["given"], one["to_come"], one["last_at"]) == (1, 1, START)
    assert desk_queries.load(district, lecturer_ids=[uuid4()], by=SCHEDULER, at=NOON) == []


def test_a_leave_touches_promises_and_offers_and_names_substitutes(district: Session) -> None:
    li, wang = a_lecturer(district), a_lecturer(district, "LEC-002")
    a_lecturer(district, "LEC-003", courses=[])
    seat = a_seat(district)
    a_promise(district, li, seat)
    an_offer(district, li, a_seat(district))
    period = {"starts_at": START - DAY, "ends_at": END + DAY}

    found = leave_queries.leave_impact(district, li.id, **period, by=SCHEDULER, at=NOON)
    his = leave_queries.leave_impact(district, li.id, **period, by=himself(li.id), at=NOON)
    free = leave_queries.leave_impact(
        district, li.id, starts_at=END + DAY, ends_at=END + 2 * DAY, by=SCHEDULER, at=NOON
    )

    (lost,) = found["lessons"]
    assert lost["assignment"]["lesson_id"] == seat.lesson_id
    assert (lost["proposal"], [c["lecturer_id"] for c in lost["candidates"]]) == (
        "substitute",
        [wang.id],
    )
    assert (len(found["offers"]), found["schools"][0]["lessons"]) == (1, 1)
    assert his["lessons"][0]["candidates"] == []
    assert (free["lessons"], free["offers"], free["schools"]) == ([], [], [])


def test_a_leave_asks_as_often_for_many_lessons_as_for_one(district: Session) -> None:
    li = a_lecturer(district)
    a_lecturer(district, "LEC-002")
    period = {"starts_at": START - DAY, "ends_at": END + 60 * DAY}
    a_promise(district, li, a_seat(district))
    with queries(district) as few:
        leave_queries.leave_impact(district, li.id, **period, by=SCHEDULER, at=NOON)
    for n in range(1, 8):
        week = 7 * n * DAY
        a_promise(district, li, a_seat(district, starts_at=START + week, ends_at=END + week))
    with queries(district) as many:
        leave_queries.leave_impact(district, li.id, **period, by=SCHEDULER, at=NOON)

    assert len(many) <= len(few) <= 18


def test_a_leave_of_another_is_nobodys_business(district: Session) -> None:
    li = a_lecturer(district)
    period = {"starts_at": START, "ends_at": END}
    with pytest.raises(NotFound):
        leave_queries.leave_impact(district, li.id, **period, by=himself(uuid4()), at=NOON)
    with pytest.raises(Forbidden):
        leave_queries.leave_impact(district, li.id, **period, by=CLERK, at=NOON)
    with pytest.raises(Invalid, match="leave_invalid"):
        leave_queries.leave_impact(
            district, li.id, starts_at=END, ends_at=START, by=SCHEDULER, at=NOON
        )


def test_letters_are_renewed_together_each_told_and_watched(district: Session) -> None:
    for code in ("LEC-001", "LEC-002"):
        a_lecturer(district, code, term=(date(2025, 1, 1), date(2026, 12, 31)))
    asked = [(letter(district, code).id, f"聘〔2027〕{code}") for code in ("LEC-001", "LEC-002")]

    first, second = renewing.renew_many(district, letters=asked, by=SCHEDULER, at=NOON)

    assert (first.starts_on, first.ends_on) == (date(2027, 1, 1), date(2028, 12, 31))
    assert (second.number, second.renews_id) == ("聘〔2027〕LEC-002", asked[1][0])
    said = last_told(district, first.id)
    assert (said["lecturer_name"], said["ends_on"]) == ("示例讲师LEC-001（虚构）", "2028-12-31")
    assert sorted(due(district, second.id)) == ["appointment_lapse", "appointment_notice"]


def test_one_letter_that_cannot_be_renewed_refuses_all(district: Session) -> None:
    for code in ("LEC-001", "LEC-002"):
        a_lecturer(district, code)
    ids = [letter(district, code).id for code in ("LEC-001", "LEC-002")]
    renewing.renew_many(district, letters=[(ids[0], "一")], by=SCHEDULER, at=NOON)

    def refused(letters: list[tuple[UUID, str]], **facts: Any) -> str:
        kinds = (Conflict, Invalid, NotFound, Forbidden)
        with pytest.raises(kinds) as refusal:
            renewing.renew_many(
                district, letters=letters, by=facts.pop("by", SCHEDULER), at=NOON, **facts
            )
        return refusal.value.code

    assert refused([(ids[1], "二"), (ids[0], "三")]) == "renewed_already"
    assert refused([(ids[1], "一")]) == "number_taken"
    assert refused([(ids[1], "二"), (ids[0], "二")]) == "number_taken"
    assert refused([(ids[1], "二"), (ids[1], "三")]) == "letter_repeated"
    assert refused([(uuid4(), "二")]) == "not_found"
    assert refused([(ids[1], "二")], ends_on=date(2026, 1, 1)) == "term_invalid"
    assert refused([(ids[1], "二")], by=SUPERVISOR) == "role_required"
    assert len(district.exec(select(Appointment)).all()) == 3


def test_a_hundred_letters_ask_as_often_as_one(district: Session) -> None:
    codes = [f"LEC-{n:03}" for n in range(1, 41)]
    for code in codes:
        a_lecturer(district, code)
    ids = [letter(district, code).id for code in codes]
    with queries(district) as few:
        renewing.renew_many(district, letters=[(ids[0], "一")], by=SCHEDULER, at=NOON)
    with queries(district) as many:
        letters = [(id, f"聘{n}") for n, id in enumerate(ids[1:])]
        renewing.renew_many(district, letters=letters, by=SCHEDULER, at=NOON)

    assert len(many) <= len(few)


async def test_the_lists_open_what_the_numbers_count(http: httpx.AsyncClient) -> None:  # noqa: F811
    headers = by("scheduler")
    desk = (await http.get("/desk", headers=headers)).json()

    for item in desk["items"]:
        query = {"limit": 100, **item["filter"]}
        query = {k: str(v).lower() if isinstance(v, bool) else v for k, v in query.items()}
        found = await http.get(f"/{item['door']}", params=query, headers=headers)
        assert found.status_code == 200, found.text
        assert len(found.json()["items"]) == min(item["count"], 100), item
    assert (await http.get("/desk", headers=by("township"))).status_code == 403
    assert (await http.get("/load", headers=headers)).json()["items"] == []
    assert (await http.get("/lecturers?q=lec-007", headers=headers)).json()["items"][0]["code"] == (
        "LEC-007"
    )


async def test_leave_impact_and_renewing_over_http(http: httpx.AsyncClient) -> None:  # noqa: F811
    path = f"/lecturers/{ref('LEC-001')}"
    period = {"starts_at": "2026-12-07T00:00:00+08:00", "ends_at": "2026-12-12T00:00:00+08:00"}

    impact = await http.get(f"{path}/leave_impact", params=period, headers=by("scheduler"))
    letters = (await http.get(f"{path}/appointments", headers=by("scheduler"))).json()["items"]
    body = {"letters": [{"id": letters[0]["id"], "number": "示例聘字〔2028〕1号"}]}
    renewed = await http.post("/appointments/renew_many", json=body, headers=by("scheduler"))

    assert (impact.status_code, impact.json()["lessons"]) == (200, [])
    assert (renewed.status_code, renewed.json()["items"][0]["renews_id"]) == (201, letters[0]["id"])
