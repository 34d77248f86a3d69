"""Booking over HTTP: every verb of a plan once, and what is refused. The planner is away."""

import asyncio
import time
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session

from services.booking import plan_pins, plans
from services.booking.models import Lesson, OrderLine
from services.booking.plan_models import Plan
from services.kit import clock
from tests.booking.lesson_world import (
    CLERK,
    LECTURER,
    NOON,
    SCHEDULER,
    SUPERVISOR,
    TUESDAY,
    WANG,
)
from tests.booking.test_lessons_api import House
from tests.booking.test_lessons_api import house as house
from tests.booking.test_plans import FINE, a_plan, ready, wishing

DAYS = {"first_on": "2026-11-30", "last_on": "2026-12-04"}
PIN = {"lecturer_id": str(WANG), "starts_at": TUESDAY.starts_at.isoformat()}


def lessons(house: House, many: int) -> list[Lesson]:
    with house.database.transaction() as session:
        return [wishing(session, TUESDAY) for _ in range(many)]


def a_draft(house: House, *made: Lesson) -> str:
    """All of them by Li on Tuesday, although there is one hall."""
    with house.database.transaction() as session:
        found = ready(session, *(session.get_one(Lesson, lesson.id) for lesson in made))
        return str(found.id)


async def ended(house: House, plan_id: str) -> Any:
    """When it is neither running nor being published any more."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        found = await house.get(SCHEDULER, f"/plans/{plan_id}/progress")
        if found["state"] not in ("running", "publishing"):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(found)


async def put(house: House, plan_id: str, lesson: Lesson, body: Any, version: int | None) -> Any:
    who = {"authorization": f"Bearer {house.token(SCHEDULER)}"}
    match = {} if version is None else {"if-match": f'"{version}"'}
    path = f"/api/booking/plans/{plan_id}/lines/{lesson.id}"
    return await house.client.put(path, json=body, headers={**who, **match})


def pinned(session: Session, plan_id: str, lesson: Lesson) -> None:
    """The lecturer room said that he may."""
    at: dict[str, Any] = {"starts_at": TUESDAY.starts_at, "by": SCHEDULER, "at": NOON}
    plan_pins.pin(session, UUID(plan_id), lesson.id, lecturer_id=WANG, judged=FINE, **at)


async def test_while_nobody_answers_a_plan_fails_and_says_so_and_can_be_run_again(
    house: House,
) -> None:
    lessons(house, 1)

    made = await house.post(SCHEDULER, "/plans", DAYS, expect=202)
    failed = await ended(house, made["id"])
    assert (made["state"], made["lessons"], made["moves"]) == ("running", 1, ["discard"])
    assert (failed["state"], failed["code"]) == ("failed", "service_away")
    assert (failed["facts"], failed["moves"]) == ({"service": "lecturer"}, ["discard", "retry"])

    again = await house.post(SCHEDULER, f"/plans/{made['id']}/retry", expect=202)
    assert (again["state"], again["code"]) == ("running", None)
    assert (await ended(house, made["id"]))["state"] == "failed"

    gone = await house.post(SCHEDULER, f"/plans/{made['id']}/discard")
    refused = await house.post(SCHEDULER, f"/plans/{made['id']}/retry", expect=409)
    assert (gone["state"], refused["type"]) == ("discarded", "wrong_state")


async def test_without_a_lesson_to_plan_there_is_a_clear_no(house: House) -> None:
    refused = await house.post(SCHEDULER, "/plans", DAYS, expect=409)

    assert refused["type"] == "no_open_lessons"
    assert (await house.get(SCHEDULER, "/plans"))["items"] == []


@pytest.mark.parametrize(
    "more",
    [
        {"options": {"seconds": 121}},
        {"options": {"seconds": 0}},
        {"options": {"weights": {"wish": -1}}},
        {"options": {"pools": ["backbone", "nobody"]}},
        {"last_on": "2026-11-01"},
        {"lesson_ids": [str(uuid4())] * 1001},
        {"weigths": {}},
    ],
)
async def test_a_plan_asked_for_in_a_wrong_way_is_refused(
    house: House, more: dict[str, Any]
) -> None:
    lessons(house, 1)

    await house.post(SCHEDULER, "/plans", {**DAYS, **more}, expect=422)


async def test_a_draft_is_read_edited_published_once_and_says_what_became_of_it(
    house: House,
) -> None:
    """One hall: the second lesson on Tuesday cannot be placed, and the third is left out."""
    first, second, third = lessons(house, 3)
    plan_id = a_draft(house, first, second, third)

    shown = await house.get(SUPERVISOR, f"/plans/{plan_id}")
    assert [(o["lesson_id"], o["lecturer_name"]) for o in shown["lines"]] == [
        (str(one.id), "示例讲师") for one in (first, second, third)
    ]
    assert shown["lines"][0]["starts_at"] == "2026-12-01T13:30:00+08:00"
    assert (shown["state"], shown["served"], shown["moves"]) == ("ready", 3, [])
    listed = await house.get(SCHEDULER, "/plans?state=ready")
    assert [one["id"] for one in listed["items"]] == [plan_id]

    version = shown["version"]
    assert (await put(house, plan_id, first, {"pinned": False}, None)).status_code == 428
    assert (await put(house, plan_id, first, {"pinned": False}, version - 1)).status_code == 412
    assert (await put(house, plan_id, first, {"pinned": True}, version)).status_code == 422
    away = await put(house, plan_id, first, PIN, version)
    assert (away.status_code, away.json()["type"]) == (503, "service_away")
    house.write(lambda session: pinned(session, plan_id, first))
    version += 1
    free = (await put(house, plan_id, first, {"pinned": False}, version)).json()
    assert (free["line"]["pinned"], free["plan"]["pinned"]) == (False, 0)
    out = await put(house, plan_id, third, {"left_out": True}, free["plan"]["version"])
    assert (out.json()["line"]["starts_at"], out.json()["plan"]["left_out"]) == (None, 1)

    await house.post(SCHEDULER, f"/plans/{plan_id}/publish", expect=202)
    done = await ended(house, plan_id)
    assert (done["state"], done["placed"], done["skipped"]) == ("published", 1, 1)
    again = await house.post(SCHEDULER, f"/plans/{plan_id}/publish", expect=409)
    assert again["type"] == "wrong_state"
    lines = (await house.get(SCHEDULER, f"/plans/{plan_id}"))["lines"]
    assert [(o["outcome"], o["outcome_code"], o["lesson_state"]) for o in lines] == [
        ("placed", None, "tentative"),
        ("skipped", "place_taken", "unplaced"),
        (None, None, "unplaced"),
    ]


async def test_planning_anew_is_a_new_plan_that_knows_the_one_before(house: House) -> None:
    [lesson] = lessons(house, 1)
    plan_id = a_draft(house, lesson)

    made = await house.post(SCHEDULER, f"/plans/{plan_id}/replan", expect=202)
    await ended(house, made["id"])

    shown = await house.get(SCHEDULER, f"/plans/{made['id']}")
    assert (shown["previous_id"], shown["state"]) == (plan_id, "failed")
    assert shown["differences"] == {"added": [], "moved": [], "lost": []}
    assert (await house.get(SCHEDULER, f"/plans/{plan_id}"))["state"] == "ready"


async def test_what_ran_when_the_service_ended_has_failed(house: House) -> None:
    [lesson] = lessons(house, 1)

    def begun(session: Session) -> UUID:
        plan = a_plan(session, session.get_one(Lesson, lesson.id))
        plan.begun_at = clock.real()
        session.add(plan)
        return plan.id

    with house.database.transaction() as session:
        plan_id = begun(session)

    failed = await ended(house, str(plan_id))
    assert (failed["state"], failed["code"], failed["moves"]) == (
        "failed",
        "interrupted",
        ["discard", "retry"],
    )


async def test_publishing_goes_on_after_the_service_ended(house: House) -> None:
    made = lessons(house, 1)
    plan_id = a_draft(house, *made)

    def say(session: Session) -> None:
        plans.publish(session, UUID(plan_id), by=SCHEDULER, at=NOON)

    house.write(say)

    assert (await ended(house, plan_id))["placed"] == 1


async def test_a_lesson_that_cannot_even_be_tried_does_not_hold_up_the_others(
    house: House,
) -> None:
    """Its course is lost: neither the copy nor the line knows it any more."""
    broken, fine = lessons(house, 2)
    plan_id = a_draft(house, broken, fine)

    def lose(session: Session) -> None:
        lesson = session.get_one(Lesson, broken.id)
        lesson.course_version_id = uuid4()
        session.get_one(OrderLine, lesson.line_id).snapshot = {}

    house.write(lose)
    await house.post(SCHEDULER, f"/plans/{plan_id}/publish", expect=202)
    done = await ended(house, plan_id)

    assert (done["state"], done["placed"], done["skipped"]) == ("published", 1, 1)
    lines = (await house.get(SCHEDULER, f"/plans/{plan_id}"))["lines"]
    assert [(o["outcome"], o["outcome_code"]) for o in lines] == [
        ("skipped", "plan_broken"),
        ("placed", None),
    ]


async def test_plans_are_the_districts_own_affair(house: House) -> None:
    [lesson] = lessons(house, 1)
    plan_id = a_draft(house, lesson)

    for who in (CLERK, LECTURER):
        for path in ("", f"/{plan_id}", f"/{plan_id}/progress"):
            await house.get(who, f"/plans{path}", expect=403)
    for who in (CLERK, LECTURER, SUPERVISOR):
        await house.post(who, "/plans", DAYS, expect=403)
        for verb in ("publish", "discard", "replan", "retry"):
            await house.post(who, f"/plans/{plan_id}/{verb}", expect=403)
    await house.get(SCHEDULER, f"/plans/{uuid4()}", expect=404)
    with house.database.transaction() as session:
        assert session.get_one(Plan, UUID(plan_id)).state == "ready"
