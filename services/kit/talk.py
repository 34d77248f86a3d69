"""Kit: long questions between services: the answers come as a stream, and silence is noticed.

Gzipped JSON over core NATS. Whoever is asked says something at least once a second, to the end.
"""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from services.kit.bus import Bus
from services.kit.errors import TooLarge, Unavailable

SILENCE = 4.5  # seconds without a word after which whoever was asked is taken for dead
HEARTBEAT = 1.0  # seconds between two words, at most
LAST_WORDS = frozenset({"done", "refused"})
MOST_PACKED = 8_000_000  # bytes of a message; the broker takes 8 MiB
MOST_UNPACKED = 64_000_000
GZIP = 16 + zlib.MAX_WBITS
NOBODY = "503"


async def talk(
    bus: Bus, do: str, body: Mapping[str, Any], *, service: str = "planner"
) -> AsyncIterator[dict[str, Any]]:
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
        await client.publish(f"rpc.{service}.{do}", asked, reply=inbox)
        while not over:
            try:
                message = await asyncio.wait_for(heard.get(), SILENCE)
            except TimeoutError:
                raise Unavailable("planner_lost", service=service, seconds=SILENCE) from None
            if message.headers and message.headers.get("Status") == NOBODY:
                over = True
                raise Unavailable("service_away", service=service)
            said = await asyncio.to_thread(unpacked, message.data)
            over = said.get("kind") in LAST_WORDS
            yield said
    except NatsError as error:
        raise Unavailable("service_away", service=service) from error
    finally:
        await _hang_up(bus, mine, None if over else f"rpc.{service}.stop", body.get("run"))


async def _hang_up(bus: Bus, mine: Any, subject: str | None, run: Any) -> None:
    """Nobody listens any more; the work is not wanted any more either when it has not ended."""
    if not bus.connected:
        return
    try:
        if subject is not None and run is not None:
            await bus.client.publish(subject, packed({"run": str(run)}))
        await mine.unsubscribe()
    except NatsError:
        pass  # the connection has gone, and the subscription with it


class Unreadable(ValueError):
    """Not gzipped JSON, or more of it than anybody would mean."""


def packed(value: Mapping[str, Any]) -> bytes:
    """For the wire. Ids and instants travel as text."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    squeeze = zlib.compressobj(6, zlib.DEFLATED, GZIP)
    return squeeze.compress(text.encode()) + squeeze.flush()


def unpacked(message: bytes, most: int = MOST_UNPACKED) -> dict[str, Any]:
    """What was packed. `Unreadable` for anything else; no more than `most` bytes are ever made."""
    unfold = zlib.decompressobj(GZIP)
    try:
        text = unfold.decompress(message, most)
    except zlib.error as error:
        raise Unreadable(f"is not gzipped: {error}") from None
    if not unfold.eof:
        cut = "is cut off" if not unfold.unconsumed_tail else f"unfolds to more than {most} bytes"
        raise Unreadable(cut)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Unreadable("is not an object")
    return value
