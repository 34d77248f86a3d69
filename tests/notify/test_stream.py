"""News as they come, over a real connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from sqlmodel import Session, select

from services.kit.auth import Caller
from services.kit.db import Database
from services.notify.app import app
from services.notify.models import Message
from services.notify.stream_api import STRAGGLERS, Place
from tests.notify import people
from tests.notify.people import CLERK, COLLEAGUE, SCHEDULER, actor, headers


@pytest.fixture
async def origin(client: httpx.AsyncClient, unused_tcp_port: int) -> AsyncIterator[str]:
    """The same service behind a real socket: the in-process transport cannot stream."""
    config = uvicorn.Config(app, port=unused_tcp_port, lifespan="off", log_level="warning")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{unused_tcp_port}"
    app.state.stopping.set()
    server.should_exit = True
    await asyncio.wait_for(serving, 5)


class Reader:
    """What one browser hears."""

    def __init__(self, response: httpx.Response) -> None:
        self.lines = response.aiter_lines()

    async def next(self) -> tuple[str, Any, str | None]:
        """Event, data, id."""
        found: dict[str, str] = {}
        async with asyncio.timeout(5):
            async for line in self.lines:
                if not line and "event" in found:
                    return found["event"], json.loads(found["data"]), found.get("id")
                name, _, value = line.partition(": ")
                if name:
                    found[name] = value
        raise AssertionError("the stream ended")


@asynccontextmanager
async def listening(
    origin: str, who: Caller, last_event_id: str | None = None
) -> AsyncIterator[Reader]:
    head = headers(who) | ({"Last-Event-ID": last_event_id} if last_event_id else {})
    async with (
        httpx.AsyncClient(timeout=10) as client,
        client.stream("GET", f"{origin}/api/notify/stream", headers=head) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Reader(response)


async def tell(database: Database, *said: Any) -> None:
    """Through the service's own database, as its listener does."""

    def act(session: Session) -> None:
        people.hear(session, *said)

    await app.state.database.write(act)


async def test_news_arrive_at_once_and_only_one_s_own(origin: str, database: Database) -> None:
    async with listening(origin, CLERK) as clerk, listening(origin, SCHEDULER) as scheduler:
        assert await clerk.next() == ("unread", {"unread": 0}, None)
        await scheduler.next()
        await tell(database, people.order("returned", by=actor(COLLEAGUE)))
        event, data, id = await clerk.next()
        await tell(database, people.order("submitted", by=actor(CLERK)))
        other = await scheduler.next()

    assert (event, data["kind"], data["id"]) == ("message", "order_returned", id)
    assert other[1]["kind"] == "order_submitted"


async def test_reading_elsewhere_changes_the_count(
    origin: str, client: httpx.AsyncClient, database: Database
) -> None:
    await tell(database, people.order("returned"))
    async with listening(origin, CLERK) as reader:
        assert (await reader.next())[1] == {"unread": 1}
        await client.post("/api/notify/messages/read_all", headers=headers(CLERK))
        assert (await reader.next())[:2] == ("unread", {"unread": 0})


async def test_what_was_missed_is_sent_again_from_the_last_one_seen(
    origin: str, database: Database
) -> None:
    for fact in ("returned", "approved", "closed"):
        await tell(database, people.order(fact))
    with database.snapshot() as session:
        mine = select(Message.id).where(Message.account_id == CLERK.id, Message.channel == "inapp")
        first, *missed = session.exec(mine.order_by("id")).all()

    async with listening(origin, CLERK, str(first)) as reader:
        heard = [(await reader.next())[2] for _ in missed]

    assert heard == [str(id) for id in missed]


async def test_without_a_token_nobody_listens(origin: str) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{origin}/api/notify/stream")

    assert (answer.status_code, answer.json()["type"]) == (401, "token_required")


async def test_an_open_stream_ends_when_the_service_does(origin: str) -> None:
    async with listening(origin, CLERK) as reader:
        await reader.next()
        app.state.stopping.set()
        with pytest.raises(AssertionError, match="the stream ended"):
            await reader.next()


async def test_waiting_readers_hold_no_place_at_the_database(
    origin: str, client: httpx.AsyncClient, database: Database
) -> None:
    async with (
        listening(origin, CLERK) as a,
        listening(origin, CLERK) as b,
        listening(origin, CLERK) as c,
        listening(origin, CLERK) as d,
        listening(origin, CLERK) as e,
        listening(origin, CLERK) as f,
    ):
        for reader in (a, b, c, d, e, f):
            await reader.next()
        answer = await asyncio.wait_for(
            client.get("/api/notify/messages", headers=headers(CLERK)), 2
        )
        await tell(database, people.order("returned"))
        heard = {(await reader.next())[1]["kind"] for reader in (a, b, c, d, e, f)}

    assert answer.status_code == 200
    assert heard == {"order_returned"}


def test_a_message_numbered_earlier_but_committed_later_is_not_missed() -> None:
    at = 1_700_000_000_000
    late, early = UUID(int=(at + 2000) << 80), UUID(int=at << 80)
    place = Place(UUID(int=(at - 60_000) << 80))

    place.passed([late])

    assert place.floor < early
    assert late in place.sent
    place.passed([UUID(int=(at + 60_000) << 80)])
    assert place.floor == UUID(int=(at + 60_000 - int(STRAGGLERS.total_seconds()) * 1000) << 80)
    assert late not in place.sent
