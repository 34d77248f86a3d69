"""Kit: long questions between services: the answers come as a stream, and silence is noticed.

Gzipped JSON over core NATS. Whoever is asked says something at least once a second, to the end.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from services.kit.bus import Bus
from services.kit.errors import TooLarge, Unavailable
from services.kit.parcels import MOST_PACKED, packed, unpacked

SILENCE = 4.5  # seconds without a word after which whoever was asked is taken for dead
HEARTBEAT = 1.0  # seconds between two words, at most
LAST_WORDS = frozenset({"done", "refused"})
NOBODY, TRIES, RETRY = "503", 2, 0.5
RUN = "Yueke-Run"


async def talk(
    bus: Bus, do: str, body: Mapping[str, Any], *, service: str = "planner"
) -> AsyncGenerator[dict[str, Any], None]:
    """Ask `rpc.<service>.<do>` and hear every answer, the last of kind `done` or `refused`.

    503 `service_away` when nobody is there, 503 `planner_lost` when they fall silent before the
    end: ask again. 413 `question_too_large`. Whoever stops listening early ends the work: the
    body's `run` is told to `rpc.<service>.stop`. Use `contextlib.aclosing` to stop listening.
    """
    asked = await asyncio.to_thread(packed, body)
    if len(asked) > MOST_PACKED:
        raise TooLarge("question_too_large", bytes=len(asked), limit=MOST_PACKED)
    if not bus.connected:
        raise Unavailable("service_away", service=service)
    heard: asyncio.Queue[Msg] = asyncio.Queue()
    over = False
    try:
        client = bus.client
        inbox = client.new_inbox()
        mine = await client.subscribe(inbox, cb=heard.put)
    except (NatsError, OSError) as error:
        raise Unavailable("service_away", service=service) from error
    try:
        # The name of the run stands outside too: it is needed before anything is unpacked.
        headers = {RUN: str(body.get("run", ""))}
        tries = TRIES
        await client.publish(f"rpc.{service}.{do}", asked, reply=inbox, headers=headers)
        while not over:
            try:
                message = await asyncio.wait_for(heard.get(), SILENCE)
            except TimeoutError:
                raise Unavailable("planner_lost", service=service, seconds=SILENCE) from None
            if message.headers and message.headers.get("Status") == NOBODY:
                tries -= 1
                if not tries:
                    over = True
                    raise Unavailable("service_away", service=service)
                await asyncio.sleep(RETRY)  # it may just be starting
                await client.publish(f"rpc.{service}.{do}", asked, reply=inbox, headers=headers)
                continue
            said = await asyncio.to_thread(unpacked, message.data)
            over = said.get("kind") in LAST_WORDS
            yield said
    except NatsError as error:
        raise Unavailable("service_away", service=service) from error
    finally:
        stop = None if over or "run" not in body else f"rpc.{service}.stop"
        await _hang_up(bus, mine, stop, {RUN: str(body.get("run", ""))})


async def _hang_up(bus: Bus, mine: Any, stop: str | None, headers: dict[str, str]) -> None:
    """Nobody listens any more; the work is not wanted any more either when it has not ended."""
    if not bus.connected:
        return
    try:
        if stop is not None:
            await bus.client.publish(stop, b"", headers=headers)
        await mine.unsubscribe()
    except NatsError:
        pass  # the connection has gone, and the subscription with it
