"""Portal: what happens while a desk page is open, as it happens (server-sent events).

The portal hears events in passing (a core subscription: no durable, nothing is kept) and pushes
small patches. Whoever missed some is told `again` and reads his page anew.
"""

import asyncio
import json
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse
from nats.aio.msg import Msg

from services.kit import clock, log
from services.kit.auth import Role
from services.kit.bus import Bus
from services.kit.waiting import wait
from services.portal import sessions
from services.portal.pages.frame import Page, pages
from services.portal.pages.live_patches import HEARD, patch_of
from services.portal.pages.visit import cookie_name

DESK = (Role.SCHEDULER, Role.SUPERVISOR, Role.ADMINISTRATOR)
TOGETHER = 0.1  # seconds: what happens within them travels in one event
LOOK = 5.0  # seconds between looks whether the person is still signed in
LONGEST = 3600.0  # seconds; browsers come back by themselves
MOST_WAITING = 500  # patches; a reader who is slower than that reads his page anew
BACK_AFTER = 2000  # milliseconds a browser waits before it comes back

Patch = dict[str, Any]
router = pages("/live", *DESK)


class Ear:
    """One open page: the patches it has not been sent yet."""

    def __init__(self, district: str) -> None:
        self.district = district
        self.news = asyncio.Event()
        self.again = False
        self._waiting: list[Patch] = []

    def tell(self, patch: Patch) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self.lost()
        else:
            self._waiting.append(patch)
            self.news.set()

    def lost(self) -> None:
        """What it was told is no longer everything."""
        self._waiting, self.again = [], True
        self.news.set()

    def take(self) -> tuple[list[Patch], bool]:
        found, again = self._waiting, self.again
        self._waiting, self.again = [], False
        self.news.clear()
        return found, again


class Hub:
    """All open pages of this process."""

    def __init__(self) -> None:
        self.ears: set[Ear] = set()
        self.ending = False

    @contextmanager
    def ear(self, district: str) -> Iterator[Ear]:
        mine = Ear(district)
        self.ears.add(mine)
        try:
            yield mine
        finally:
            self.ears.discard(mine)

    def say(self, envelope: dict[str, Any]) -> None:
        """An event, to every page of its district that is open."""
        if not self.ears or (patch := patch_of(envelope)) is None:
            return
        for ear in self.ears:
            if ear.district == envelope["district"]:
                ear.tell(patch)

    def lost(self) -> None:
        for ear in self.ears:
            ear.lost()

    def end(self) -> None:
        """No stream may keep the process from ending."""
        self.ending = True
        for ear in self.ears:
            ear.news.set()


async def listen(app: FastAPI, stopping: asyncio.Event) -> None:
    """Hear the events of the desk for as long as the service lives."""
    hub: Hub = app.state.live
    hub.ending = False
    bus: Bus = app.state.bus
    with _at_the_first_signal(hub.end):
        while not bus.ready.is_set() and not stopping.is_set():
            await asyncio.sleep(0.1)
        heard: list[Any] = []
        if not stopping.is_set():
            heard = [await bus.client.subscribe(one, cb=_hear(hub)) for one in HEARD]
        connection = bus.connections
        while not stopping.is_set():
            if bus.connections != connection:  # it was away: nobody knows what was said
                connection = bus.connections
                hub.lost()
            await wait(stopping, 1)
        hub.end()
        for subscription in heard:
            with suppress(Exception):
                await subscription.unsubscribe()


@router.get("")
async def live(page: Page) -> Response:
    """`patch` events: a list of patches, each with its aggregate's version; `again`: some were
    missed. It ends when the person signs out."""
    hub: Hub = page.request.app.state.live
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(page, hub), media_type="text/event-stream", headers=headers)


async def _stream(page: Page, hub: Hub) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    ends = loop.time() + LONGEST
    with hub.ear(page.visitor.district) as ear:
        yield f"retry: {BACK_AFTER}\nevent: hello\ndata: {{}}\n\n"
        looked = loop.time()
        while not hub.ending and loop.time() < ends:
            await wait(ear.news, LOOK)
            if ear.news.is_set() and not hub.ending:
                await asyncio.sleep(TOGETHER)
            patches, again = ear.take()
            if again:
                yield "event: again\ndata: {}\n\n"
            if patches:
                yield f"event: patch\ndata: {json.dumps(patches, separators=(',', ':'))}\n\n"
            if loop.time() - looked >= LOOK:
                looked = loop.time()
                if not await _still_there(page):
                    yield "event: bye\ndata: {}\n\n"
                    return
                yield ": still here\n\n"  # a connection nobody reads shows itself by this


async def _still_there(page: Page) -> bool:
    """Neither signed out, nor idle too long, nor of another role by now."""
    secret = page.request.cookies.get(cookie_name(), "")
    found = await page.read(lambda s: sessions.find(s, secret, real=clock.real()))
    return found is not None and found.has(*DESK)


def _hear(hub: Hub) -> Callable[[Msg], Any]:
    async def hear(message: Msg) -> None:
        try:
            hub.say(json.loads(message.data))
        except (ValueError, KeyError, TypeError) as error:
            log.get().warning("not for a page", subject=message.subject, error=repr(error))

    return hear


@contextmanager
def _at_the_first_signal(act: Callable[[], None]) -> Iterator[None]:
    """uvicorn waits for open answers before it tells the application to end, and a stream is an
    open answer: so the signal is heard here as well."""
    loop = asyncio.get_running_loop()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def heard(number: int, frame: Any) -> None:
        loop.call_soon_threadsafe(act)
        then = before[signal.Signals(number)]
        if callable(then):
            then(number, frame)

    try:
        for number, then in before.items():
            if callable(then):
                signal.signal(number, heard)
        yield
    finally:
        for number, then in before.items():
            if signal.getsignal(number) is heard:
                signal.signal(number, then)
