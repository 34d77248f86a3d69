"""Booking over HTTP: season windows: every verb once, who sees what, and what is refused."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from services.booking.states import LessonState as L
from services.kit.auth import Caller
from tests.booking.lesson_world import CLERK, JING, LECTURER, SCHEDULER, STRANGER, SUPERVISOR
from tests.booking.test_lessons_api import House
from tests.booking.test_lessons_api import house as house

DAYS = {"first_on": "2026-11-30", "last_on": "2026-12-31"}
SEASON = {"name": "十二月征集", **DAYS, "closes_at": "2026-11-27T18:00:00+08:00"}
LATER = {"closes_at": "2026-11-28T18:00:00+08:00"}


async def test_a_season_goes_its_way(house: House) -> None:
    house.a_lesson(L.UNPLACED)
    opened = await house.post(SCHEDULER, "/seasons", SEASON, expect=201)
    assert (opened["state"], opened["lessons"], opened["created_by_name"]) == (
        "collecting",
        1,
        "示例一",
    )
    assert opened["moves"] == ["cancel", "close", "extend"]
    path = f"/seasons/{opened['id']}"

    extended = await house.post(SCHEDULER, f"{path}/extend", LATER)
    assert extended["closes_at"] == LATER["closes_at"]
    closed = await house.post(SCHEDULER, f"{path}/close")
    assert closed["moves"] == ["allocate", "cancel", "reopen"]
    assert (await house.post(SCHEDULER, f"{path}/reopen", LATER))["state"] == "collecting"
    await house.post(SCHEDULER, f"{path}/close")
    allocating = await house.post(SCHEDULER, f"{path}/allocate", expect=202)
    plan = await house.get(SCHEDULER, f"/plans/{allocating['plan_id']}/progress")
    assert (allocating["state"], plan["lessons"]) == ("allocating", 1)
    cancelled = await house.post(SCHEDULER, f"{path}/cancel", {"reason": "改期"})

    assert (cancelled["state"], cancelled["reason"], cancelled["moves"]) == (
        "cancelled",
        "改期",
        [],
    )


async def test_a_school_sees_the_window_and_its_own_lessons(house: House) -> None:
    mine = house.a_lesson(L.UNPLACED)
    house.a_lesson(L.UNPLACED, school=JING)
    opened = await house.post(SCHEDULER, "/seasons", SEASON, expect=201)
    path = f"/seasons/{opened['id']}"

    own = await house.get(CLERK, path)
    whole = await house.get(SUPERVISOR, path)

    assert (own["lessons"], own["moves"]) == (1, [])
    assert [one["lesson_id"] for one in own["own"]] == [str(mine.id)]
    assert [one["name"] for one in own["schools"]] == ["杨柳青镇党校"]
    assert (whole["lessons"], whole["own"], whole["moves"]) == (2, [], [])
    assert [one["lessons"] for one in whole["schools"]] == [1, 1]
    assert (await house.get(STRANGER, path))["own"][0]["lesson_id"] != str(mine.id)


async def test_a_draft_is_not_shown_to_schools(house: House) -> None:
    house.a_lesson(L.UNPLACED)
    path = f"/seasons/{(await house.post(SCHEDULER, '/seasons', SEASON, expect=201))['id']}"
    await house.post(SCHEDULER, f"{path}/close")
    await house.post(SCHEDULER, f"{path}/allocate", expect=202)

    own = await house.get(CLERK, path)

    assert (own["plan_id"], own["plan_state"], own["planned"]) == (None, None, 0)
    assert own["own"][0]["why"] is None


async def test_the_list_says_what_is_current(house: House) -> None:
    first = await house.post(SCHEDULER, "/seasons", SEASON, expect=201)
    await house.post(SCHEDULER, f"/seasons/{first['id']}/cancel")
    days = {"first_on": "2027-01-04", "last_on": "2027-03-31"}
    second = await house.post(SCHEDULER, "/seasons", {**SEASON, **days}, expect=201)

    everything = await house.get(CLERK, "/seasons")
    current = await house.get(CLERK, "/seasons?current=true")
    cancelled = await house.get(SUPERVISOR, "/seasons?state=cancelled")

    assert [one["id"] for one in everything["items"]] == [second["id"], first["id"]]
    assert [one["id"] for one in current["items"]] == [second["id"]]
    assert [one["id"] for one in cancelled["items"]] == [first["id"]]
    page = await house.get(CLERK, "/seasons?limit=1")
    assert [one["id"] for one in page["items"]] == [second["id"]]
    more = await house.get(CLERK, f"/seasons?limit=1&cursor={page['next']}")
    assert [one["id"] for one in more["items"]] == [first["id"]]


async def test_placing_by_hand_waits_for_the_others(house: House) -> None:
    lesson = house.a_lesson(L.UNPLACED)
    await house.post(SCHEDULER, "/seasons", SEASON, expect=201)

    refused = await house.post(SCHEDULER, f"/lessons/{lesson.id}/place", expect=409)
    placed = await house.post(SCHEDULER, f"/lessons/{lesson.id}/place", {"override": "急用"})

    assert (refused["type"], refused["season"]) == ("season_open", "十二月征集")
    assert refused["closes_at"].startswith("2026-11-27T10:00:00")
    assert placed["state"] == "tentative"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "长" * 61},
        {"closes_at": "2026-11-01T00:00:00+08:00"},
        {"closes_at": "2026-12-15T00:00:00+08:00"},
        {"closes_at": "2026-11-27T18:00:00"},
        {"last_on": "2026-11-01"},
        {"first_on": "soon"},
        {"colour": "red"},
    ],
)
async def test_what_cannot_be_a_season_is_refused(house: House, wrong: dict[str, Any]) -> None:
    await house.post(SCHEDULER, "/seasons", {**SEASON, **wrong}, expect=422)


async def test_two_at_once_and_nothing_to_allocate_are_refused(house: House) -> None:
    opened = await house.post(SCHEDULER, "/seasons", SEASON, expect=201)
    overlaps = await house.post(SCHEDULER, "/seasons", SEASON, expect=409)
    assert (overlaps["type"], overlaps["season_id"]) == ("season_overlaps", opened["id"])
    path = f"/seasons/{opened['id']}"
    early = await house.post(SCHEDULER, f"{path}/allocate", expect=409)
    assert early["type"] == "wrong_state"

    await house.post(SCHEDULER, f"{path}/close")
    empty = await house.post(SCHEDULER, f"{path}/allocate", expect=409)

    assert empty["type"] == "no_open_lessons"


async def test_of_two_opened_at_the_same_moment_one_is(house: House) -> None:
    async def opened() -> int:
        who = {"authorization": f"Bearer {house.token(SCHEDULER)}"}
        once = {"idempotency-key": str(uuid4())}
        path = "/api/booking/seasons"
        return (await house.client.post(path, json=SEASON, headers={**who, **once})).status_code

    said = await asyncio.gather(*(opened() for _ in range(4)))

    assert sorted(said) == [201, 409, 409, 409]


@pytest.mark.parametrize("who", [CLERK, SUPERVISOR, LECTURER])
async def test_the_verbs_are_the_schedulers(house: House, who: Caller) -> None:
    opened = await house.post(SCHEDULER, "/seasons", SEASON, expect=201)
    path = f"/seasons/{opened['id']}"

    await house.post(who, "/seasons", SEASON, expect=403)
    for verb, body in {
        "extend": LATER,
        "close": None,
        "reopen": LATER,
        "allocate": None,
        "cancel": None,
    }.items():
        await house.post(who, f"{path}/{verb}", body, expect=403)
    if who is LECTURER:
        await house.get(who, path, expect=403)
        await house.get(who, "/seasons", expect=403)
    await house.get(SCHEDULER, f"/seasons/{uuid4()}", expect=404)
