"""Lecturer over HTTP: offers, promises and seats, as the pages and the tour use them."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.kit import clock
from services.kit.db import Database
from services.lecturer import reference
from services.lecturer.app import app
from tests.conftest import NewDatabase
from tests.kit import toy
from tests.lecturer.seatings import DISTRICT, HOUR, NOW, SCHOOL, Lesson

PERSON = uuid4()


@pytest.fixture(scope="module")
def keys() -> Iterator[str]:
    with toy.published_keys() as url:
        yield url


@pytest.fixture
def database(new_database: NewDatabase) -> Database:
    database = new_database("lecturer")
    with database.transaction() as session:
        reference.load(session, Path("deploy/reference"), district=DISTRICT, shift_years=0)
    return database


@pytest.fixture
async def http(
    database: Database, keys: str, monkeypatch: pytest.MonkeyPatch, home: Path
) -> AsyncIterator[httpx.AsyncClient]:
    """The service with the reference district; the broker is away."""
    monkeypatch.setenv("YUEKE_DATABASE_URL", database.url)
    monkeypatch.setenv("YUEKE_NATS_URL", "nats://127.0.0.1:1")
    monkeypatch.setenv("YUEKE_JWKS_URL", keys)
    offset = (NOW - clock.real()).total_seconds()
    (home / "clock.json").write_text(json.dumps({"offset_seconds": offset}))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        base = "http://lecturer/api/lecturer"
        async with httpx.AsyncClient(transport=transport, base_url=base, timeout=30) as client:
            yield client


def a_lesson(database: Database, **facts: Any) -> UUID:
    with database.transaction() as session:
        return Lesson(session, **facts).tell(at=NOW).id


def by(role: str, lecturer_id: str | None = None, **claims: str) -> dict[str, str]:
    if lecturer_id:
        claims["lecturer_id"] = lecturer_id
    if role == "township":
        claims = {"school_id": str(SCHOOL), **claims}
    token = toy.token(PERSON, [role], **claims)
    return {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())}


async def the_offer(http: httpx.AsyncClient, lesson: UUID) -> dict[str, Any]:
    listed = await http.get(f"/offers?lesson_id={lesson}&state=pending", headers=by("scheduler"))
    return dict(listed.json()["items"][0])


async def test_an_offer_is_seen_by_its_lecturer_the_school_and_the_district(
    http: httpx.AsyncClient, database: Database
) -> None:
    offer = await the_offer(http, a_lesson(database))
    path, his = f"/offers/{offer['id']}", offer["lecturer_id"]

    own = await http.get(path, headers=by("lecturer", his))
    other = await http.get(path, headers=by("lecturer", str(uuid4())))
    school = await http.get(path, headers=by("township"))
    foreign = await http.get(path, headers=by("township", school_id=str(uuid4())))
    listed = await http.get("/offers", headers=by("lecturer", str(uuid4())))

    assert own.json()["moves"] == ["accept", "counter", "decline"]
    assert own.json()["starts_at"].endswith("+08:00")
    assert school.json()["moves_on_behalf"] == ["accept", "counter", "decline"]
    assert (other.status_code, foreign.status_code) == (404, 404)
    assert listed.json()["items"] == []


async def test_accepting_answers_with_the_promise_and_once_per_key(
    http: httpx.AsyncClient, database: Database
) -> None:
    lesson = a_lesson(database)
    offer = await the_offer(http, lesson)
    path, headers = f"/offers/{offer['id']}/accept", by("lecturer", offer["lecturer_id"])

    stale = await http.post(
        path, json={"revision": 0}, headers=by("lecturer", offer["lecturer_id"])
    )
    first = await http.post(path, json={"revision": 1}, headers=headers)
    again = await http.post(path, json={"revision": 1}, headers=headers)
    twice = await http.post(
        path, json={"revision": 1}, headers=by("lecturer", offer["lecturer_id"])
    )
    seat = await http.get(f"/seats/{lesson}", headers=by("township"))
    promise = await http.get(
        f"/assignments/{first.json()['assignment_id']}",
        headers=by("lecturer", offer["lecturer_id"]),
    )

    assert (stale.status_code, stale.json()["type"]) == (409, "revision_stale")
    assert (first.status_code, first.json()["state"]) == (200, "accepted")
    assert (again.status_code, again.json()) == (200, first.json())
    assert (twice.status_code, twice.json()["type"]) == (409, "wrong_state")
    assert seat.json()["staffing"]["status"] == "held"
    assert promise.json()["moves"] == ["check_in", "reconfirm", "release"]


async def test_a_declined_offer_is_followed_by_the_next(
    http: httpx.AsyncClient, database: Database
) -> None:
    lesson = a_lesson(database)
    offer = await the_offer(http, lesson)
    path = f"/offers/{offer['id']}/decline"

    odd = await http.post(path, json={"reason": "bored"}, headers=by("scheduler"))
    said = {
        "reason": "health",
        "on_behalf_of": offer["lecturer_id"],
        "channel": "phone",
        "note": "感冒",
    }
    done = await http.post(path, json=said, headers=by("township"))
    history = await http.get(f"/offers/{offer['id']}/history", headers=by("scheduler"))

    assert odd.status_code == 422
    assert (done.json()["state"], done.json()["reason_code"]) == ("declined", "health")
    assert (await the_offer(http, lesson))["lecturer_id"] != offer["lecturer_id"]
    assert [row["subject"] for row in history.json()["items"]] == [
        "lecturer.offer.sent",
        "lecturer.offer.declined",
    ]


async def test_a_losing_accept_is_kept_although_it_answers_409(
    http: httpx.AsyncClient, database: Database
) -> None:
    lesson = a_lesson(database, mode="manual")
    names = await http.get(f"/seats/{lesson}/candidates", headers=by("scheduler"))
    first = names.json()["items"][0]["lecturer_id"]
    sent = await http.post(
        f"/seats/{lesson}/offers", json={"lecturer_ids": [first]}, headers=by("scheduler")
    )
    letter = (await http.get(f"/lecturers/{first}/appointments", headers=by("scheduler"))).json()
    _lapse(database, UUID(letter["items"][0]["id"]))

    lost = await http.post(
        f"/offers/{sent.json()['items'][0]['id']}/accept",
        json={"revision": 1},
        headers=by("lecturer", first),
    )
    offer = await http.get(f"/offers/{sent.json()['items'][0]['id']}", headers=by("scheduler"))

    assert (lost.status_code, lost.json()["type"]) == (409, "appointment_not_valid")
    assert (offer.json()["state"], offer.json()["reason_code"]) == (
        "invalidated",
        "appointment_not_valid",
    )


def _lapse(database: Database, appointment_id: UUID) -> None:
    """As if the message about it had not been acted on yet."""
    from services.lecturer.models import Appointment

    with database.transaction() as session:
        row = session.get_one(Appointment, appointment_id)
        row.ends_on = row.starts_on
        session.add(row)


async def test_checking_in_a_day_early_is_refused(
    http: httpx.AsyncClient, database: Database
) -> None:
    offer = await the_offer(http, a_lesson(database))
    his = offer["lecturer_id"]
    done = await http.post(
        f"/offers/{offer['id']}/accept", json={"revision": 1}, headers=by("lecturer", his)
    )

    early = await http.post(
        f"/assignments/{done.json()['assignment_id']}/check_in", headers=by("lecturer", his)
    )

    assert (early.status_code, early.json()["type"]) == (409, "too_early")


async def test_a_rescue_runs_over_http(http: httpx.AsyncClient, database: Database) -> None:
    """The clock of the service itself ends what nobody answers, and asks the next ones."""
    lesson = a_lesson(database, mode="manual")
    names = await http.get(f"/seats/{lesson}/candidates", headers=by("scheduler"))
    first = names.json()["items"][0]["lecturer_id"]
    await http.post(
        f"/seats/{lesson}/offers",
        json={"lecturer_ids": [first], "mode": "in_turn"},
        headers=by("scheduler"),
    )
    _hurry(database, lesson)

    async def expired() -> bool:
        seat = await http.get(f"/seats/{lesson}", headers=by("scheduler"))
        return [offer["state"] for offer in seat.json()["offers"]] == ["expired", "pending"]

    for _ in range(100):
        if await expired():
            break
        await asyncio.sleep(0.1)

    assert await expired()


def _hurry(database: Database, lesson: UUID) -> None:
    """The answer time is over now."""
    from sqlmodel import select

    from services.kit import timers
    from services.lecturer.models import Offer

    with database.transaction() as session:
        offer = session.exec(select(Offer).where(Offer.lesson_id == lesson)).one()
        offer.expires_at = clock.now() - HOUR
        timers.start(session, offer.id, "deadline", offer.expires_at, answer=True)


async def test_promises_are_listed_by_time(http: httpx.AsyncClient, database: Database) -> None:
    ids = []
    for _ in range(2):
        offer = await the_offer(http, a_lesson(database))
        done = await http.post(
            f"/offers/{offer['id']}/accept",
            json={"revision": 1},
            headers=by("lecturer", offer["lecturer_id"]),
        )
        ids.append(done.json()["assignment_id"])

    first = (await http.get("/assignments?limit=1", headers=by("scheduler"))).json()
    second = (
        await http.get(f"/assignments?limit=1&cursor={first['next']}", headers=by("scheduler"))
    ).json()

    assert sorted(page["items"][0]["id"] for page in (first, second)) == sorted(ids)
    assert second["next"] is None


async def test_what_cannot_be_meant_is_no_500(http: httpx.AsyncClient, database: Database) -> None:
    lesson = a_lesson(database)
    offer = await the_offer(http, lesson)
    his, path = offer["lecturer_id"], f"/offers/{offer['id']}"
    bodies: list[tuple[str, str, Any]] = [
        ("scheduler", f"{path}/adopt_counter", {"revision": 1}),
        ("lecturer", f"{path}/accept", {"revision": 10**30}),
        ("lecturer", f"{path}/counter", {"starts_at": "0001-01-01T00:00:00Z", "ends_at": "x"}),
        ("lecturer", f"{path}/counter", {"starts_at": "2026-01-01T00:00:00", "ends_at": "x"}),
        ("scheduler", f"/offers/{uuid4()}/revoke", {}),
        ("scheduler", f"/seats/{uuid4()}/offers", {}),
        ("scheduler", f"/seats/{lesson}/offers", {"mode": "lottery"}),
        ("scheduler", f"/seats/{lesson}/offers", {"lecturer_ids": [str(uuid4())]}),
        ("scheduler", f"/assignments/{uuid4()}/grant", {}),
        ("supervisor", f"{path}/revoke", {}),
        ("lecturer", f"/seats/{lesson}/offers", {}),
    ]

    answers = [
        (await http.post(url, json=body, headers=by(role, his))).status_code
        for role, url, body in bodies
    ]

    assert answers == [409, 422, 422, 422, 404, 404, 422, 404, 404, 403, 403]
