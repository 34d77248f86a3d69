"""Notify: news as they come, for one signed-in person (server-sent events).

Between looks it waits without a place at the database. It ends by itself after a while, so that a
token that is no longer given out stops being good here too; clients come back by themselves.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlmodel import Session

from services.kit.auth import Caller
from services.kit.db import Database
from services.kit.web import Listener
from services.notify import queries
from services.notify.schemas import MessageOut, UnreadOut
from services.notify.waking import BELL

LONGEST = 600  # seconds: as long as a token
LOOK = 5  # seconds between looks when nobody rings
CHUNK = 100
# Two transactions may commit in another order than their messages were numbered in.
STRAGGLERS = timedelta(seconds=10)
BACK_AFTER = 2000  # milliseconds a client waits before it comes back

router = APIRouter(tags=["notify"])


@router.get("/stream", response_class=EventSourceResponse)
async def stream(
    request: Request, who: Listener, last_event_id: Annotated[str | None, Header()] = None
) -> AsyncIterator[ServerSentEvent]:
    """`message` events (id = the message's id, data = the message) from now on, or from after
    Last-Event-ID; `unread` events with the count whenever it changes."""
    database: Database = request.app.state.database
    stopping: asyncio.Event = request.app.state.stopping
    ends = asyncio.get_running_loop().time() + LONGEST
    with BELL.heard_by(who.id) as news:
        place = Place(await database.read(lambda session: _start(session, who, last_event_id)))
        unread = -1
        while not stopping.is_set() and asyncio.get_running_loop().time() < ends:
            news.clear()
            rows, count, more = await database.read(lambda session: _look(session, who, place))
            for row in rows:
                yield ServerSentEvent(event="message", id=str(row.id), data=row)
            if count != unread:
                unread = count
                yield ServerSentEvent(
                    event="unread", data=UnreadOut(unread=count), retry=BACK_AFTER
                )
            if not more:
                await first(news, stopping, seconds=LOOK)


class Place:
    """How far one reader has come."""

    def __init__(self, start: UUID) -> None:
        self.start = self.newest = start
        self.sent: set[UUID] = set()

    @property
    def floor(self) -> UUID:
        """Nothing new is expected up to here."""
        milliseconds = (self.newest.int >> 80) - int(STRAGGLERS.total_seconds() * 1000)
        return max(self.start, UUID(int=max(0, milliseconds) << 80))

    def passed(self, ids: list[UUID]) -> None:
        self.newest = max([self.newest, *ids])
        self.sent = {id for id in [*self.sent, *ids] if id > self.floor}


async def first(*events: asyncio.Event, seconds: float) -> None:
    """Wait for one of them, or until the time is over."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def _start(session: Session, who: Caller, last_event_id: str | None) -> UUID:
    try:
        return UUID(last_event_id or "")
    except ValueError:
        return queries.newest(session, who.id)


def _look(session: Session, who: Caller, place: Place) -> tuple[list[MessageOut], int, bool]:
    ids = [id for id in queries.since(session, who.id, place.floor) if id not in place.sent]
    chunk = ids[:CHUNK]
    words = queries.words(session, who)
    rows = [MessageOut.seen(row, words) for row in queries.some(session, chunk)]
    place.passed(chunk)
    return rows, queries.unread(session, who.id), len(ids) > CHUNK
