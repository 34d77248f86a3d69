"""The workbench: what waits, the list each number opens, and what a decision would touch."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from services.booking import desk_queries, impact_queries, whole_queries
from services.booking.impact_queries import Question
from services.booking.models import BlockedDate, Lesson, SiteCopy, Venue, WorkDay
from services.booking.states import LessonState as L
from services.kit.errors import Forbidden, Invalid, NotFound
from tests.booking.lesson_world import (
    CLERK,
    COURSE,
    DAY,
    HALL,
    JING,
    NOON,
    SCHEDULER,
    SITE,
    SUPERVISOR,
    XIQING,
    YANG,
    a_lesson,
    local,
    ref,
)
from tests.booking.test_lessons_api import House, house  # noqa: F401

TUE = date(2026, 12, 1)


@contextmanager
def queries(session: Session) -> Iterator[list[str]]:
    """Every statement sent meanwhile."""
    sent: list[str] = []

    def note(_: Any, __: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    engine = session.get_bind()
    sa.event.listen(engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(engine, "before_cursor_execute", note)


def numbers(session: Session) -> dict[str, int]:
    return {one.code: one.count for one in desk_queries.counts(session, by=SCHEDULER, at=NOON)}


def closed(session: Session, lesson: Lesson) -> None:
    session.get_one(Venue, HALL).state = "closed"
    session.flush()


def test_each_number_counts_what_its_list_would_show(district: Session) -> None:
    for state in (L.UNPLACED, L.DISPUTED, L.AT_RISK):
        a_lesson(district, state)

    found = numbers(district)

    assert (found["unplaced"], found["at_risk"], found["disputed"]) == (1, 1, 1)
    assert (found["to_review"], found["conflicts"], found["overdue"]) == (0, 0, 0)


def test_what_nobody_attested_in_time_is_overdue(district: Session) -> None:
    lesson = a_lesson(district, L.DELIVERED)
    assert lesson.ends_at is not None

    soon, late = (
        {c.code: c.count for c in desk_queries.counts(district, by=SCHEDULER, at=at)}["overdue"]
        for at in (lesson.ends_at + 7 * DAY, lesson.ends_at + 8 * DAY)
    )

    assert (soon, late) == (0, 1)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (
            WorkDay(district=XIQING, on=TUE, is_workday=False, kind="public_holiday"),
            "public_holiday",
        ),
        (BlockedDate(district=XIQING, school_id=YANG, on=TUE, reason="换届"), "date_blocked"),
    ],
)
def test_a_day_that_fell_out_is_a_conflict(district: Session, row: Any, code: str) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    district.merge(row)
    district.flush()

    whole = whole_queries.lesson(district, lesson.id, by=SCHEDULER, at=NOON)

    assert numbers(district)["conflicts"] == 1
    assert [problem["code"] for problem in whole.problems] == [code]


def test_a_closed_hall_is_a_conflict(district: Session) -> None:
    lesson = a_lesson(district, L.TENTATIVE)
    closed(district, lesson)

    whole = whole_queries.lesson(district, lesson.id, by=SCHEDULER, at=NOON)

    assert numbers(district)["conflicts"] == 1
    assert [problem["code"] for problem in whole.problems] == ["venue_closed"]


def test_the_workbench_asks_as_often_for_thirty_lessons_as_for_one(district: Session) -> None:
    a_lesson(district, L.CONFIRMED)
    with queries(district) as few:
        numbers(district)
    for n in range(29):
        _held_at(district, n)
    with queries(district) as many:
        numbers(district)

    assert len(many) <= len(few) <= 18


def test_a_holiday_touches_what_is_placed_and_what_is_wished(district: Session) -> None:
    placed, waiting = a_lesson(district, L.CONFIRMED), a_lesson(district, L.UNPLACED)
    asked = Question(first=TUE, last=TUE)

    found = impact_queries.impact(district, asked, by=SCHEDULER, at=NOON)

    ((full, proposal),) = found["placed"]
    assert full.lesson.id == placed.id
    assert (proposal["kind"], proposal["starts_at"]) == ("retime", "2026-12-02T13:30:00+08:00")
    assert [full.lesson.id for full in found["waiting"]] == [waiting.id]
    assert [(s["name"], s["lessons"]) for s in found["schools"]] == [("杨柳青镇党校", 2)]
    assert [(one["name"], one["lessons"]) for one in found["lecturers"]] == [("示例讲师", 1)]


def test_two_lessons_are_never_proposed_into_one_hall_at_one_time(district: Session) -> None:
    wednesday = {"starts_at": "2026-12-02T13:30:00+08:00", "ends_at": "2026-12-02T16:30:00+08:00"}
    first, second = (
        a_lesson(district, L.CONFIRMED),
        a_lesson(district, L.CONFIRMED, wishes=[wednesday]),
    )
    asked = Question(first=TUE, last=TUE + DAY)

    found = impact_queries.impact(district, asked, by=SCHEDULER, at=NOON)

    times = {full.lesson.id: p["starts_at"] for full, p in found["placed"]}
    assert times[first.id] == "2026-12-03T13:30:00+08:00"
    assert times[second.id] == "2026-12-04T13:30:00+08:00"


def test_a_closed_site_moves_its_lessons_to_another_place(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    place = {"kind": "site", "resource_id": str(SITE), "name": "", "lat": 39.1, "lon": 117.0}
    district.execute(sa.update(Lesson).values(place=place))
    site = district.get_one(SiteCopy, SITE)
    other = {"id": ref("SITE-09"), "code": "SITE-09", "open_rule": "TUE-SUN 09:00-17:00"}
    district.add(SiteCopy(**{**site.model_dump(), **other}))
    district.expire_all()

    found = impact_queries.impact(district, Question(site_id=SITE), by=SCHEDULER, at=NOON)

    ((full, proposal),) = found["placed"]
    assert (full.lesson.id, proposal["kind"]) == (lesson.id, "move_place")
    assert proposal["place"]["resource_id"] == str(ref("SITE-09"))


def test_a_withdrawn_course_leaves_what_was_ordered(district: Session) -> None:
    a_lesson(district, L.CONFIRMED)

    found = impact_queries.impact(district, Question(course_id=COURSE), by=SCHEDULER, at=NOON)

    assert [proposal for _, proposal in found["placed"]] == [{"kind": "keep"}]


def test_an_impact_needs_a_question_and_the_district(district: Session) -> None:
    with pytest.raises(Invalid, match="question_needed"):
        impact_queries.impact(district, Question(), by=SCHEDULER, at=NOON)
    with pytest.raises(Invalid, match="period_invalid"):
        backwards = Question(first=TUE, last=TUE - DAY)
        impact_queries.impact(district, backwards, by=SCHEDULER, at=NOON)
    with pytest.raises(NotFound):
        impact_queries.impact(district, Question(site_id=YANG), by=SCHEDULER, at=NOON)
    with pytest.raises(Forbidden):
        impact_queries.impact(district, Question(first=TUE), by=CLERK, at=NOON)


def test_the_impact_asks_as_often_for_many_lessons_as_for_one(district: Session) -> None:
    asked = Question(first=TUE, last=TUE + timedelta(days=60))
    a_lesson(district, L.CONFIRMED)
    with queries(district) as few:
        impact_queries.impact(district, asked, by=SCHEDULER, at=NOON)
    for n in range(9):
        _held_at(district, n)
    with queries(district) as many:
        impact_queries.impact(district, asked, by=SCHEDULER, at=NOON)

    assert len(many) <= len(few) <= 12


async def test_the_lists_open_what_the_numbers_count(house: House) -> None:  # noqa: F811
    lesson = house.a_lesson(L.CONFIRMED)
    house.a_lesson(L.UNPLACED, school=JING)
    house.write(lambda s: closed(s, lesson))

    desk = await house.get(SCHEDULER, "/desk")
    counts = {item["code"]: item["count"] for item in desk["items"]}

    assert (counts["conflicts"], counts["unplaced"]) == (1, 1)
    for query, found in (
        ("conflict=true", 1),
        ("overdue=true", 0),
        ("q=精武", 1),
        ("q=振兴", 2),
        (f"place_id={HALL}", 1),
        (f"course_id={COURSE}&category=political_theory", 2),
    ):
        assert len((await house.get(SCHEDULER, f"/lessons?{query}"))["items"]) == found, query
    for query in ("overdue=true", "mended=true", "urgent=true"):
        assert (await house.get(SCHEDULER, f"/orders?{query}"))["items"] == []
    assert len((await house.get(SCHEDULER, "/orders?overdue=false"))["items"]) == 2
    await house.get(CLERK, "/desk", expect=403)


async def test_a_lesson_is_shown_whole(house: House) -> None:  # noqa: F811
    lesson = house.a_lesson(L.CONFIRMED)

    whole = await house.get(SCHEDULER, f"/lessons/{lesson.id}/whole")

    assert (whole["lesson"]["state"], whole["changes"], whole["problems"]) == ("confirmed", [], [])
    assert [row["verb"] for row in whole["history"]][-1] == "all_seats_filled"
    assert whole["ends"] == {
        "notice": "early",
        "holder_name": "示例讲师",
        "releases_place": True,
        "change_withdrawn": False,
        "last_of_letter": True,
    }
    await house.get(SCHEDULER, f"/lessons/{YANG}/whole", expect=404)


async def test_a_letter_to_review_comes_with_the_mix_and_its_neighbours(
    house: House,  # noqa: F811
) -> None:
    lesson = house.a_lesson(L.CONFIRMED)

    found = await house.get(SCHEDULER, f"/review/{lesson.order_id}")

    assert (found["order"]["id"], found["waiting"]) == (str(lesson.order_id), 0)
    assert (found["next"], found["mix"]["count"]["total"]) == (None, "1")


async def test_the_impact_and_the_overview_over_http(house: House) -> None:  # noqa: F811
    house.a_lesson(L.CONFIRMED)

    found = await house.get(SUPERVISOR, "/impact?on=2026-12-01")
    overview = await house.get(SUPERVISOR, "/overview?year=2026")

    assert found["placed"][0]["proposal"]["kind"] == "retime"
    assert [(i["state"], i["count"], i["hours"]) for i in overview["items"]] == [
        ("confirmed", 1, "4.00")
    ]
    await house.get(SUPERVISOR, "/impact", expect=422)


def _held_at(session: Session, n: int) -> Lesson:
    """Confirmed at another time than all others."""
    start = local("2026-12-03 08:30") + timedelta(days=7 * n)
    wish = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=3)).isoformat()}
    return a_lesson(session, L.CONFIRMED, wishes=[wish])
