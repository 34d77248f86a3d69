"""Kit: the connection to NATS. It may come late and go away; the service works on without it."""

import asyncio
from typing import Any

import nats
from nats.aio.client import Client
from nats.js import JetStreamContext

from services.kit import config, log
from services.kit.waiting import wait


class Bus:
    """One connection per service, kept for as long as the service lives."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.ready = asyncio.Event()
        self.denied: list[str] = []
        # Raised with every new connection: the relay then asks the broker what it still has.
        self.connections = 0
        self._client: Client | None = None
        self._log = log.get()

    @property
    def client(self) -> Client:
        if self._client is None:
            raise nats.errors.ConnectionClosedError
        return self._client

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.is_connected

    def jetstream(self) -> JetStreamContext:
        return self.client.jetstream(timeout=5)

    async def connect(self) -> None:
        """Connect, however long it takes; reconnecting is the client's business from then on."""
        seed = config.nats_seed(self.service)
        self._client = await nats.connect(
            servers=[config.nats_url()],
            name=self.service,
            nkeys_seed=str(seed) if seed.exists() else None,
            inbox_prefix=f"_INBOX_{self.service}".encode(),
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.5,
            connect_timeout=2,
            ping_interval=20,
            max_outstanding_pings=2,
            error_cb=self._on_error,
            reconnected_cb=self._on_connected,
            disconnected_cb=self._on_disconnected,
        )
        await self._on_connected()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _on_connected(self) -> None:
        self.connections += 1
        self.ready.set()
        self._log.info("broker connected", connections=self.connections)

    async def _on_disconnected(self) -> None:
        self.ready.clear()

    async def _on_error(self, error: Exception) -> None:
        # A denied publish shows itself to the caller only as a timeout: the reason is only here.
        if "permissions violation" in str(error).lower():
            self.denied.append(str(error))
        self._log.warning("broker error", error=repr(error))


def stream_of(service: str) -> str:
    """The stream a service's events live in."""
    return f"EVT_{service.upper()}"


def subject_of(district: str, subject: str) -> str:
    """Where an event of a district is published: `evt.<district>.<service>.<noun>.<fact>`."""
    tokens = [district, *subject.split(".")]
    for token in tokens:
        # The client lets wildcards and any script through; the server would route them oddly.
        if not token or not set(token) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-"):
            raise ValueError(f"not a subject token: {token!r}")
    return ".".join(["evt", *tokens])


async def keep(name: str, work: Any, stopping: asyncio.Event) -> None:
    """Run the work again whenever it stumbles: the broker or the database may be away."""
    while not stopping.is_set():
        try:
            await work()
        except Exception as error:
            log.get().warning("stumbled, starting again", task=name, error=repr(error))
            await wait(stopping, 0.5)
