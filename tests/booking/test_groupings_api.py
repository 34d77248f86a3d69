"""Booking over HTTP: pairs are found, proposed, agreed to and read; and who may not."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.booking.states import LessonState as L
from services.kit.auth import Caller, Role
from tests.booking.lesson_world import (
    CLERK,
    JING,
    LECTURER,
    SCHEDULER,
    STRANGER,
    SUPERVISOR,
    a_lesson,
)
from tests.booking.test_lessons_api import House
from tests.booking.test_lessons_api import house as house

NEIGHBOUR = Caller(UUID(int=8), frozenset({Role.TOWNSHIP}), CLERK.district, school_id=UUID(int=7))


def pair(house: House) -> dict[str, Any]:
    """45 people of one school and 30 of another wait for the same course."""
    with house.database.transaction() as session:
        host = a_lesson(session, L.UNPLACED, attendees=45)
        guest = a_lesson(session, L.UNPLACED, school=JING, attendees=30)
        return {"kind": "merge", "host_id": str(host.id), "guest_id": str(guest.id)}


async def test_a_pair_is_found_proposed_agreed_to_and_read(house: House) -> None:
    both = pair(house)

    found = (await house.get(SUPERVISOR, "/groupings/found?kind=merge"))["items"]
    made = await house.post(SCHEDULER, "/groupings", {**both, "note": "两校相邻"}, expect=201)
    path = f"/groupings/{made['id']}"
    seen = await house.get(CLERK, path)
    first = await house.post(CLERK, f"{path}/agree")
    last = await house.post(STRANGER, f"{path}/agree")

    assert [(one["host"]["lesson_id"], one["guest"]["attendees"]) for one in found] == [
        (both["host_id"], 30)
    ]
    assert (made["state"], made["waits_for"], made["moves"]) == (
        "proposed",
        ["host", "guest"],
        ["withdraw"],
    )
    assert (made["due_at"], made["gain"]["people"]) == (seen["due_at"], 75)
    assert seen["moves"] == ["agree", "decline"]
    assert (first["waits_for"], first["moves"]) == (["guest"], ["decline"])
    assert (last["state"], last["guest"]["state"], last["moves"]) == ("applied", "joined", [])
    lesson = await house.get(STRANGER, f"/lessons/{both['guest_id']}")
    assert (lesson["joined_to"], lesson["state"]) == (both["host_id"], "joined")
    applied = await house.get(SCHEDULER, "/groupings?state=applied&state=agreed&kind=merge")
    assert [one["id"] for one in applied["items"]] == [made["id"]]
    assert (await house.get(SCHEDULER, f"/groupings?lesson_id={uuid4()}"))["items"] == []


async def test_a_school_says_no_or_the_district_takes_it_back(house: House) -> None:
    both = pair(house)
    made = await house.post(SCHEDULER, "/groupings", both, expect=201)
    twice = await house.post(SCHEDULER, "/groupings", both, expect=409)
    no = await house.post(STRANGER, f"/groupings/{made['id']}/decline", {"reason": "有会"})
    again = await house.post(SCHEDULER, "/groupings", both, expect=201)
    back = await house.post(SCHEDULER, f"/groupings/{again['id']}/withdraw")

    assert (twice["type"], no["state"], no["reason"]) == ("grouping_open", "declined", "有会")
    assert back["state"] == "withdrawn"


@pytest.mark.parametrize(
    "more", [{"kind": "marry"}, {"host_id": "x"}, {"note": "x" * 501}, {"who": 1}]
)
async def test_what_makes_no_sense_is_refused(house: House, more: dict[str, Any]) -> None:
    await house.post(SCHEDULER, "/groupings", {**pair(house), **more}, expect=422)


async def test_nobody_hears_of_the_proposals_of_others(house: House) -> None:
    both = pair(house)
    made = await house.post(SCHEDULER, "/groupings", both, expect=201)
    path = f"/groupings/{made['id']}"

    await house.get(NEIGHBOUR, path, expect=404)
    await house.get(LECTURER, path, expect=403)
    await house.get(CLERK, "/groupings/found", expect=403)
    await house.post(CLERK, "/groupings", both, expect=403)
    await house.post(NEIGHBOUR, f"{path}/decline", expect=404)
    assert (await house.get(NEIGHBOUR, "/groupings"))["items"] == []
    same = await house.post(
        SCHEDULER, "/groupings", {**both, "guest_id": both["host_id"]}, expect=409
    )
    assert same["type"] == "not_alike"
