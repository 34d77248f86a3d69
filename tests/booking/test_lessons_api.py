"""Booking over HTTP: every verb of a lesson and of a change once, and what is refused."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlmodel import Session

from services.booking.app import app
from services.booking.clockwork import TIMERS
from services.booking.models import Lesson
from services.booking.states import LessonState as L
from services.kit import clock, config
from services.kit.auth import Caller
from services.kit.db import Database
from tests.booking.lesson_world import (
    CLERK,
    JING,
    LECTURER,
    NOON,
    SCHEDULER,
    STRANGER,
    SUPERVISOR,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    a_district,
    a_lesson,
    after,
    staffed,
)
from tests.conftest import NewDatabase
from tests.kit import toy


@dataclass
class House:
    """Booking over HTTP, alone in the world, and its database."""

    client: httpx.AsyncClient
    database: Database

    async def call(
        self, who: Caller, method: str, path: str, body: Any = None, expect: int = 200
    ) -> Any:
        headers = {"authorization": f"Bearer {self.token(who)}"}
        if method == "POST":
            headers["idempotency-key"] = str(uuid4())
        answer = await self.client.request(
            method, f"/api/booking{path}", json=body, headers=headers
        )
        assert answer.status_code == expect, answer.text
        return answer.json()

    def token(self, who: Caller) -> str:
        claims = {"school_id": str(who.school_id)} if who.school_id else {}
        return toy.token(who.id, [str(role) for role in who.roles], name=who.name, **claims)

    async def get(self, who: Caller, path: str, expect: int = 200) -> Any:
        return await self.call(who, "GET", path, expect=expect)

    async def post(self, who: Caller, path: str, body: Any = None, expect: int = 200) -> Any:
        return await self.call(who, "POST", path, body, expect=expect)

    def a_lesson(self, state: L = L.UNPLACED, **facts: Any) -> Lesson:
        with self.database.transaction() as session:
            return a_lesson(session, state, **facts)

    def staffed(self, lesson: Lesson, status: str, **facts: Any) -> None:
        def say(session: Session) -> None:
            staffed(session, session.get_one(Lesson, lesson.id), status, **facts)

        self.write(say)

    def write(self, work: Callable[[Session], None]) -> None:
        with self.database.transaction() as session:
            work(session)

    def at(self, moment: datetime) -> None:
        """The district's clock shows this from now on."""
        seconds = (moment - clock.real()).total_seconds()
        path = config.home() / "clock.json"
        path.write_text(json.dumps({"offset_seconds": seconds}))


@pytest.fixture
async def house(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    database = new_database("booking")
    monkeypatch.setenv("YUEKE_DATABASE_URL", database.url)
    monkeypatch.setenv("YUEKE_NATS_URL", "nats://127.0.0.1:1")
    with database.transaction() as session:
        a_district(session)
    with toy.published_keys() as url:
        monkeypatch.setenv("YUEKE_JWKS_URL", url)
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://booking") as client:
                house = House(client, database)
                house.at(NOON)
                yield house


async def test_a_lesson_from_placing_to_the_end_of_its_letter(house: House) -> None:
    lesson = house.a_lesson()
    path = f"/lessons/{lesson.id}"

    shown = await house.get(SCHEDULER, path)
    assert shown["moves"] == ["cancel", "park", "place"]
    parked = await house.post(SCHEDULER, f"{path}/park")
    assert (parked["state"], parked["moves"]) == ("waitlisted", ["cancel"])
    house.write(lambda s: TIMERS["capacity_found"](s, lesson.id, NOON))
    placed = await house.post(SCHEDULER, f"{path}/place", {"wish": 0, "mode": "parallel"})
    assert placed["starts_at"] == "2026-12-01T13:30:00+08:00"
    assert (placed["mode"], placed["moves"]) == ("parallel", ["cancel", "suspend", "unplace"])
    await house.post(SCHEDULER, f"{path}/unplace", {"reason": "另排"})
    spot = {"starts_at": THURSDAY.starts_at.isoformat(), "override": "电话同意"}
    elsewhere = await house.post(SCHEDULER, f"{path}/place", spot)
    assert [warning["code"] for warning in elsewhere["warnings"]] == ["outside_wishes"]
    house.staffed(lesson, "held", revision=2)
    held = await house.get(CLERK, path)
    assert (held["state"], held["staffing"]["holder_name"]) == ("confirmed", "示例讲师")
    await house.post(SCHEDULER, f"{path}/suspend", {"reason": "雨雪"})
    resumed = await house.post(SCHEDULER, f"{path}/resume")
    assert resumed["state"] == "confirmed"
    house.staffed(lesson, "done", at=THURSDAY.ends_at, minutes_taught=180)
    disputed = await house.post(CLERK, f"{path}/dispute", {"reason": "只讲了一小时"})
    assert disputed["moves"] == []
    finding = {"resolution": "属实", "minutes": 60, "attendance": 40}
    verified = await house.post(SUPERVISOR, f"{path}/resolve_verified", finding)
    assert (verified["state"], verified["verified_minutes"]) == ("verified", 60)
    letter = await house.get(CLERK, f"/orders/{lesson.order_id}")
    assert letter["state"] == "closed"

    history = (await house.get(CLERK, f"{path}/history"))["items"]

    assert [row["verb"] for row in history] == [
        "line_approved",
        "park",
        "capacity_found",
        "place",
        "unplace",
        "place",
        "all_seats_filled",
        "suspend",
        "resume_intact",
        "checkin",
        "complete",
        "dispute",
        "resolve_verified",
    ]
    assert [row["version"] for row in history] == list(range(2, 15))
    assert history[1]["by"]["name"] == "示例一"


async def test_the_other_verbs_of_a_lesson(house: House) -> None:
    risky = house.a_lesson(L.AT_RISK)
    house.staffed(risky, "held", waived=["wrong_pool"])
    shown = await house.get(CLERK, f"/lessons/{risky.id}")
    assert shown["moves"] == ["cancel", "downgrade_agreed"]
    agreed = await house.post(CLERK, f"/lessons/{risky.id}/downgrade_agreed")
    assert agreed["state"] == "confirmed"
    why = {"reason_code": "heavy_snow", "fault": "force_majeure", "reason": "大雪"}
    gone = await house.post(SCHEDULER, f"/lessons/{risky.id}/cancel", why)
    assert (gone["fault"], gone["notice"]) == ("force_majeure", "early")

    partly = house.a_lesson(L.PARTIALLY_DELIVERED)
    house.at(after(partly))
    content = await house.post(CLERK, f"/lessons/{partly.id}/accept_as_is")
    assert content["moves"] == ["attest", "dispute"]
    count = {"head_count": 40}
    attested = await house.post(SCHEDULER, f"/lessons/{partly.id}/attest", count)
    assert (attested["verified_minutes"], attested["attendance"]) == (60, 40)

    missed = house.a_lesson(L.NOT_DELIVERED, school=JING)
    wish = {"starts_at": "2026-12-08T13:30:00+08:00", "ends_at": "2026-12-08T16:30:00+08:00"}
    path = f"/lessons/{missed.id}"
    made_up = await house.post(SCHEDULER, f"{path}/schedule_makeup", {"wishes": [wish]})
    assert (made_up["state"], made_up["makeup"]["makeup_of"]) == ("written_off", str(missed.id))
    assert made_up["makeup"]["moves"] == ["cancel", "park", "place"]

    unmet = house.a_lesson(L.NOT_DELIVERED)
    closed = await house.post(SCHEDULER, f"/lessons/{unmet.id}/close_unmet", {"reason": "无法补"})
    assert (closed["state"], closed["reason_code"]) == ("written_off", "nothing_taught")

    doubted = house.a_lesson(L.VERIFIED)
    again = await house.post(SUPERVISOR, f"/lessons/{doubted.id}/reopen", {"reason": "人数有误"})
    assert again["moves"] == ["resolve_verified", "resolve_written_off"]
    off = {"resolution": "未授课", "fault": "lecturer"}
    done = await house.post(SUPERVISOR, f"/lessons/{doubted.id}/resolve_written_off", off)
    assert (done["state"], done["fault"]) == ("written_off", "lecturer")


async def test_a_change_from_proposal_to_the_holders_answer(house: House) -> None:
    lesson = house.a_lesson(L.CONFIRMED)
    wednesday = {"starts_at": WEDNESDAY.starts_at.isoformat(), "reason": "村里换届"}
    thursday = {"starts_at": THURSDAY.starts_at.isoformat(), "reason": "场地"}

    change = await house.post(CLERK, f"/lessons/{lesson.id}/changes", wednesday, expect=201)
    assert (change["proposed_by"], change["moves"]) == ("township", ["withdraw"])
    path = f"/changes/{change['id']}"
    seen = await house.get(SCHEDULER, path)
    assert seen["moves"] == ["accept", "counter", "reject"]
    countered = await house.post(SCHEDULER, f"{path}/counter", thursday)
    assert (countered["round"], countered["proposed_by"]) == (2, "scheduler")
    accepted = await house.post(CLERK, f"{path}/accept")
    assert (accepted["state"], accepted["moves"]) == ("agreed", [])
    waiting = await house.get(CLERK, f"/lessons/{lesson.id}")
    assert (waiting["moves"], waiting["changeable"]) == (["cancel"], False)
    assert waiting["change_id"] == change["id"]
    house.staffed(
        lesson, "held", revision=2, retime_change_id=UUID(change["id"]), retime_answer="accepted"
    )

    applied = await house.get(CLERK, path)
    moved = await house.get(CLERK, f"/lessons/{lesson.id}")

    assert (applied["state"], applied["reason_code"]) == ("applied", "apply_ok")
    assert (moved["starts_at"], moved["revision"]) == ("2026-12-03T08:30:00+08:00", 2)
    history = (await house.get(CLERK, f"/lessons/{lesson.id}/history"))["items"]
    assert [row["verb"] for row in history if row["about"] == "change"] == [
        "propose",
        "counter",
        "accept",
        "apply_ok",
    ]


async def test_changes_taken_back_and_turned_down(house: House) -> None:
    lesson = house.a_lesson(L.TENTATIVE)
    body = {"starts_at": WEDNESDAY.starts_at.isoformat()}

    first = await house.post(SCHEDULER, f"/lessons/{lesson.id}/changes", body, expect=201)
    gone = await house.post(SCHEDULER, f"/changes/{first['id']}/withdraw", {"reason": "算了"})
    second = await house.post(SCHEDULER, f"/lessons/{lesson.id}/changes", body, expect=201)
    no = await house.post(CLERK, f"/changes/{second['id']}/reject", {"reason": "不便"})
    newest = await house.get(CLERK, "/changes?limit=1")

    assert (gone["state"], no["state"]) == ("withdrawn", "rejected")
    assert [item["id"] for item in newest["items"]] == [second["id"]]
    rest = await house.get(CLERK, f"/changes?limit=1&cursor={newest['next']}")
    assert [item["id"] for item in rest["items"]] == [first["id"]]
    assert rest["next"] is None
    none = await house.get(STRANGER, f"/changes?lesson_id={lesson.id}")
    assert none["items"] == []


async def test_lists_of_lessons(house: House) -> None:
    early = house.a_lesson(L.TENTATIVE)
    late = house.a_lesson(L.UNPLACED)
    theirs = house.a_lesson(L.TENTATIVE, school=JING)
    spot = {"starts_at": WEDNESDAY.starts_at.isoformat()}
    await house.post(SCHEDULER, f"/lessons/{late.id}/place", spot)

    async def ids(who: Caller, query: str) -> list[str]:
        return [item["id"] for item in (await house.get(who, f"/lessons?{query}"))["items"]]

    three = {str(early.id), str(late.id), str(theirs.id)}
    assert set(await ids(SCHEDULER, "")) == three
    assert set(await ids(CLERK, "")) == {str(early.id), str(late.id)}
    assert await ids(SUPERVISOR, f"school_id={JING}") == [str(theirs.id)]
    assert await ids(CLERK, f"order_id={late.order_id}") == [str(late.id)]
    assert set(await ids(SCHEDULER, "state=tentative&state=confirmed")) == three
    assert await ids(SCHEDULER, "state=confirmed") == []
    assert await ids(SCHEDULER, "from=2026-12-02&to=2026-12-02") == [str(late.id)]
    assert await ids(CLERK, "to=2026-12-02T00:00:00%2B08:00") == [str(early.id)]
    first = await house.get(CLERK, "/lessons?from=2026-12-01&limit=1")
    assert [item["id"] for item in first["items"]] == [str(early.id)]
    second = await house.get(CLERK, f"/lessons?from=2026-12-01&limit=1&cursor={first['next']}")
    assert [item["id"] for item in second["items"]] == [str(late.id)]


@pytest.mark.parametrize(
    ("who", "path", "status", "code"),
    [
        (LECTURER, "/lessons", 403, "role_required"),
        (LECTURER, "/changes", 403, "role_required"),
        (SCHEDULER, f"/lessons/{UUID(int=1)}", 404, "not_found"),
        (SCHEDULER, f"/changes/{UUID(int=1)}", 404, "not_found"),
        (SCHEDULER, "/lessons?from=yesterday", 400, "date_invalid"),
        (SCHEDULER, "/lessons?from=2026-12-01T00:00:00", 400, "date_invalid"),
        (SCHEDULER, "/lessons?state=asleep", 422, "invalid_body"),
        (SCHEDULER, "/lessons?cursor=nonsense", 400, "cursor_invalid"),
        (SCHEDULER, "/lessons?limit=101", 422, "invalid_body"),
        (SCHEDULER, "/changes?cursor=nonsense", 400, "cursor_invalid"),
    ],
)
async def test_reading_refused(
    house: House, who: Caller, path: str, status: int, code: str
) -> None:
    answer = await house.get(who, path, expect=status)

    assert answer["type"] == code


@pytest.mark.parametrize(
    ("who", "verb", "body", "status", "code"),
    [
        (STRANGER, "cancel", None, 404, "not_found"),
        (LECTURER, "cancel", None, 403, "role_required"),
        (CLERK, "place", None, 403, "not_yours"),
        (SCHEDULER, "resume", None, 409, "wrong_state"),
        (SCHEDULER, "place", {"wish": 2}, 422, "no_such_wish"),
        (SCHEDULER, "place", {"wish": 3}, 422, "invalid_body"),
        (SCHEDULER, "place", {"colour": "red"}, 422, "invalid_body"),
        (SCHEDULER, "place", {"starts_at": "2026-12-01T13:30:00"}, 422, "invalid_body"),
        (SCHEDULER, "place", {"starts_at": "2020-12-01T13:30:00Z"}, 409, "in_the_past"),
        (SCHEDULER, "place", {"starts_at": "9999-12-31T23:59:00Z"}, 422, "slot_invalid"),
        (SCHEDULER, "place", {"venue_id": str(uuid4())}, 404, "not_found"),
        (SCHEDULER, "place", {"address": "某村", "lat": "NaN", "lon": 117}, 422, "invalid_body"),
        (SCHEDULER, "suspend", None, 422, "invalid_body"),
        (CLERK, "attest", {"attendance": 0}, 422, "invalid_body"),
        (CLERK, "attest", {"attendance": 1}, 409, "wrong_state"),
        (CLERK, "changes", {"starts_at": "2026-12-02T13:30:00+08:00"}, 409, "wrong_state"),
    ],
)
async def test_verbs_refused(
    house: House, who: Caller, verb: str, body: Any, status: int, code: str
) -> None:
    lesson = house.a_lesson()

    answer = await house.post(who, f"/lessons/{lesson.id}/{verb}", body, expect=status)

    assert answer["type"] == code
    assert (await house.get(SCHEDULER, f"/lessons/{lesson.id}"))["version"] == lesson.version


async def test_a_taken_hall_says_whose_it_is(house: House) -> None:
    holder, lesson = house.a_lesson(L.TENTATIVE), house.a_lesson()

    answer = await house.post(SCHEDULER, f"/lessons/{lesson.id}/place", expect=409)

    assert (answer["type"], answer["lesson_id"]) == ("place_taken", str(holder.id))


async def test_how_many_are_free_is_a_question_to_the_lecturers(house: House) -> None:
    lesson = house.a_lesson()

    answer = await house.get(SCHEDULER, f"/lessons/{lesson.id}/free", expect=503)

    assert answer["type"] == "service_away"


async def test_far_away_dates_are_answered_not_failed(house: House) -> None:
    lesson = house.a_lesson()

    path = f"/lessons/{lesson.id}/place"
    past = await house.post(SCHEDULER, path, {"starts_at": "0001-01-01T00:00:00+14:00"}, expect=409)
    far = await house.post(SCHEDULER, path, {"starts_at": "9998-01-06T08:30:00+08:00"}, expect=409)

    assert (past["type"], far["type"]) == ("in_the_past", "course_not_valid")


async def test_the_clock_of_the_house_acts_on_what_is_due(house: House) -> None:
    lesson = house.a_lesson(L.TENTATIVE)

    house.at(TUESDAY.starts_at + timedelta(seconds=1))

    for _ in range(60):
        shown = await house.get(SCHEDULER, f"/lessons/{lesson.id}")
        if shown["state"] != "tentative":
            break
        await asyncio.sleep(0.1)
    assert (shown["state"], shown["reason_code"]) == ("not_delivered", "no_lecturer")
