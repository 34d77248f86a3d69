"""Booking over HTTP: every verb of a repair once, and what is refused. The planner is away."""

import asyncio
import time
from typing import Any
from uuid import uuid4

import pytest

from services.booking.models import Lesson
from tests.booking.lesson_world import CLERK, LECTURER, LI, SCHEDULER, SUPERVISOR, THURSDAY, TUESDAY
from tests.booking.test_lessons_api import House
from tests.booking.test_lessons_api import house as house
from tests.booking.test_repairs import ILL as ILLNESS
from tests.booking.test_repairs import WANG, held, made

LEAVE = {
    "kind": "leave",
    "lecturer_id": str(LI),
    "starts_at": "2026-12-01T08:00:00+08:00",
    "ends_at": "2026-12-01T18:00:00+08:00",
    "reason": "突发疾病",
}


def a_lesson(house: House) -> Lesson:
    with house.database.transaction() as session:
        return held(session, TUESDAY, THURSDAY)


def a_repair(house: House, lesson: Lesson) -> str:
    """Computed: to another wish of its school, by Wang."""
    with house.database.transaction() as session:
        return str(made(session, ILLNESS, {lesson.id: (WANG, THURSDAY.starts_at)}).id)


async def ended(house: House, repair_id: str) -> Any:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        found = await house.get(SCHEDULER, f"/repairs/{repair_id}")
        if found["state"] != "running":
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(found)


async def test_while_nobody_answers_it_fails_and_says_so_and_is_run_again(house: House) -> None:
    a_lesson(house)

    asked = await house.post(SCHEDULER, "/repairs", {"cause": LEAVE}, expect=202)
    failed = await ended(house, asked["id"])
    assert (asked["state"], asked["moves"]) == ("running", ["discard"])
    assert (failed["state"], failed["code"], failed["lines"]) == ("failed", "service_away", [])
    assert failed["cause"]["reason"] == "突发疾病"

    again = await house.post(SCHEDULER, f"/repairs/{asked['id']}/retry", expect=202)
    assert again["state"] == "running"
    assert (await ended(house, asked["id"]))["state"] == "failed"
    gone = await house.post(SCHEDULER, f"/repairs/{asked['id']}/discard")
    assert (gone["state"], gone["moves"]) == ("discarded", [])


async def test_where_nobody_is_touched_nobody_is_asked(house: House) -> None:
    days = {"kind": "days", "first_on": "2026-12-24", "last_on": "2026-12-24"}
    asked = await house.post(SCHEDULER, "/repairs", {"cause": days}, expect=202)

    found = await ended(house, asked["id"])

    assert (found["state"], found["disturbance"]["touched"]) == ("ready", 0)


async def test_it_is_read_and_adopted_once(house: House) -> None:
    lesson = a_lesson(house)
    repair_id = a_repair(house, lesson)

    shown = await house.get(SUPERVISOR, f"/repairs/{repair_id}")
    [line] = shown["lines"]
    assert (line["action"], line["before"]["lecturer_name"]) == ("move", "示例讲师")
    assert line["after"]["starts_at"] == "2026-12-03T08:30:00+08:00"
    assert (shown["disturbance"]["times_moved"], shown["disturbance"]["lecturers_changed"]) == (
        1,
        1,
    )
    assert shown["moves"] == []
    assert [one["id"] for one in (await house.get(SCHEDULER, "/repairs"))["items"]] == [repair_id]

    body = {"lesson_ids": [str(lesson.id)], "reason": "原讲师不能到课"}
    done = await house.post(SCHEDULER, f"/repairs/{repair_id}/adopt", body)
    assert (done["state"], done["lines"][0]["outcome"]) == ("adopted", "done")
    now = await house.get(SCHEDULER, f"/lessons/{lesson.id}")
    assert (now["state"], now["starts_at"]) == ("tentative", "2026-12-03T08:30:00+08:00")
    again = await house.post(SCHEDULER, f"/repairs/{repair_id}/adopt", body, expect=409)
    assert again["type"] == "wrong_state"


async def test_only_its_own_lessons_are_adopted(house: House) -> None:
    repair_id = a_repair(house, a_lesson(house))

    refused = await house.post(
        SCHEDULER, f"/repairs/{repair_id}/adopt", {"lesson_ids": [str(uuid4())]}, expect=422
    )

    assert refused["type"] == "not_in_the_repair"
    assert (await house.get(SCHEDULER, f"/repairs/{repair_id}"))["state"] == "ready"


async def test_schools_and_lecturers_have_none(house: House) -> None:
    repair_id = a_repair(house, a_lesson(house))

    for by in (CLERK, LECTURER):
        await house.post(by, "/repairs", {"cause": LEAVE}, expect=403)
        await house.get(by, f"/repairs/{repair_id}", expect=403)
    await house.post(SUPERVISOR, f"/repairs/{repair_id}/adopt", expect=403)


@pytest.mark.parametrize(
    "cause",
    [
        {},
        {"kind": "flood"},
        {**LEAVE, "lecturer_id": "somebody"},
        {**LEAVE, "ends_at": "2026-12-01T08:00:00"},
        {**LEAVE, "ends_at": LEAVE["starts_at"]},
        {**LEAVE, "until": "2026-12-01"},
        {"kind": "days", "first_on": "2026-12-02", "last_on": "2026-12-01"},
        {"kind": "site"},
    ],
)
async def test_what_cannot_be_is_refused(house: House, cause: dict[str, Any]) -> None:
    await house.post(SCHEDULER, "/repairs", {"cause": cause}, expect=422)


async def test_a_site_nobody_knows_is_not_there(house: House) -> None:
    cause = {"kind": "site", "site_id": str(uuid4())}

    await house.post(SCHEDULER, "/repairs", {"cause": cause}, expect=404)
