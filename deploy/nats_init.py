"""Deploy: streams and durables, made or brought up to date with the admin key. Safe to repeat."""

import asyncio
import sys
from pathlib import Path

import nats
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from services.kit import config

DAY = 24 * 3600
OWNERS = ("portal", "catalog", "booking", "lecturer")
# Who hears whom. The durable bears the name of the service that draws from it.
HEARS = {
    "booking": ("catalog", "lecturer"),
    "lecturer": ("catalog", "booking"),
    "notify": OWNERS,
}
PATIENCE = 30.0  # seconds, in all: a broker that has just started answers its API late


def stream_of(owner: str) -> str:
    return f"EVT_{owner.upper()}"


def stream(owner: str) -> StreamConfig:
    """The events of one service. A full stream refuses new messages instead of losing old ones."""
    return StreamConfig(
        name=stream_of(owner),
        subjects=[f"evt.*.{owner}.>"],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_age=30 * DAY,
        max_bytes=1024**3,
        max_msg_size=256 * 1024,
        duplicate_window=3600,
        deny_delete=True,
        deny_purge=True,
        allow_direct=True,
        num_replicas=1,
    )


def durable(consumer: str) -> ConsumerConfig:
    """Retries, parking and the guard against deadly messages are the client's: no server limit."""
    return ConsumerConfig(
        durable_name=consumer,
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=30,
        max_deliver=-1,
        max_ack_pending=200,
    )


async def init(url: str, seed_path: Path, *, patience: float = PATIENCE) -> None:
    """Everything there and as described here, or the last error after `patience` seconds."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        try:
            return await _once(url, seed_path)
        except (NatsError, OSError, TimeoutError):
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.2)


async def _once(url: str, seed_path: Path) -> None:
    client = await nats.connect(
        url,
        nkeys_seed=str(seed_path),
        inbox_prefix=b"_INBOX_admin",
        name="deploy",
        allow_reconnect=False,
        connect_timeout=2,
        error_cb=_quiet,
    )
    try:
        jetstream = client.jetstream(timeout=5)
        for owner in OWNERS:
            await _stream(jetstream, stream(owner))
        for consumer, owners in HEARS.items():
            for owner in owners:
                await jetstream.add_consumer(stream_of(owner), durable(consumer))
    finally:
        await client.close()


async def _stream(jetstream: JetStreamContext, wanted: StreamConfig) -> None:
    try:
        await jetstream.stream_info(str(wanted.name))
    except NotFoundError:
        await jetstream.add_stream(wanted)
    else:
        await jetstream.update_stream(wanted)


async def _quiet(_: Exception) -> None:
    """Connection errors are raised to the retry loop; said once, at the end, is enough."""


def main() -> None:
    try:
        asyncio.run(init(config.nats_url(), config.nats_seed("admin")))
    except Exception as error:
        sys.exit(f"streams could not be made: {error!r}")


if __name__ == "__main__":
    main()
