"""Kit: takes messages from a durable consumer, one effect per message, whatever happens."""

import asyncio
import random
from collections.abc import Iterable

from nats.aio.msg import Msg
from nats.js.client import JetStreamContext
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from structlog.contextvars import bound_contextvars

from services.kit import clock, log, metrics
from services.kit.bus import Bus, stream_of
from services.kit.db import Database, unavailable
from services.kit.inbox import Inbox, Unreadable, park
from services.kit.relay import made_at
from services.kit.waiting import first_of

BATCH = 20
RETRY_AFTER = (1, 5, 30, 120, 600)  # seconds; after the last one the message is parked
# More deliveries than retries and restarts explain: this message kills the process.
DEADLY = 12
STILL_WORKING = 10  # seconds between signs of life to the broker


class Listener:
    """Hears one stream for one service."""

    def __init__(self, bus: Bus, database: Database, inbox: Inbox, source: str) -> None:
        self.bus, self.database, self.inbox, self.source = bus, database, inbox, source
        self.stream = stream_of(source)

    async def run(self, stopping: asyncio.Event) -> None:
        await first_of(self.bus.ready, stopping)
        if stopping.is_set():
            return
        subscription = await self.bus.jetstream().pull_subscribe_bind(
            durable=self.bus.service, stream=self.stream
        )
        try:
            while not stopping.is_set():
                await self._take(subscription)
        finally:
            await subscription.unsubscribe()

    async def _take(self, subscription: JetStreamContext.PullSubscription) -> None:
        try:
            # Short, because a fetch across a broker restart hears nothing until it times out.
            messages = await subscription.fetch(BATCH, timeout=1)
        except TimeoutError:
            return
        waiting = list(sooner_first(messages))
        alive = asyncio.create_task(self._still_working(waiting))
        try:
            while waiting:
                await self._hear(waiting[0])
                waiting.pop(0)
        finally:
            alive.cancel()

    async def _hear(self, message: Msg) -> None:
        deliveries = message.metadata.num_delivered
        if deliveries > DEADLY:
            await self._park(message, f"delivered {deliveries} times: it ends the process")
            return
        try:
            event = self.inbox.read(message.data, source=self.source)
        except Unreadable as error:
            await self._park(message, str(error))
            return
        if event is None:
            metrics.HEARD.labels("unheard").inc()
            await message.ack()
            return
        with bound_contextvars(request_id=str(event.id)):
            try:
                heard = event

                def act(session: Session) -> str:
                    return self.inbox.act(session, heard)

                outcome = await self.database.write(act)
            except Exception as error:
                await self._later(message, deliveries, error)
                return
        metrics.HEARD.labels(outcome).inc()
        metrics.EFFECT.observe(max(0.0, (clock.real() - made_at(event.id)).total_seconds()))
        await message.ack_sync(timeout=5)

    async def _later(self, message: Msg, deliveries: int, error: Exception) -> None:
        log.get().exception("could not act", subject=message.subject, deliveries=deliveries)
        metrics.HEARD.labels("failed").inc()
        if isinstance(error, DBAPIError) and unavailable(error):
            await message.nak(delay=RETRY_AFTER[1])  # bad weather passes; the message is innocent
        elif deliveries > len(RETRY_AFTER):
            await self._park(message, repr(error))
        else:
            delay = RETRY_AFTER[deliveries - 1] * random.uniform(0.9, 1.1)
            await message.nak(delay=delay)

    async def _park(self, message: Msg, error: str) -> None:
        def keep(session: Session) -> None:
            park(
                session,
                stream=self.stream,
                stream_seq=message.metadata.sequence.stream,
                subject=message.subject,
                data=message.data,
                error=error,
            )

        await self.database.write(keep)
        metrics.HEARD.labels("parked").inc()
        log.get().error("parked", subject=message.subject, error=error)
        await message.ack_sync(timeout=5)

    async def _still_working(self, waiting: list[Msg]) -> None:
        while True:
            await asyncio.sleep(STILL_WORKING)
            for message in list(waiting):
                await message.in_progress()


def sooner_first(messages: Iterable[Msg]) -> list[Msg]:
    """Fresh ones in order; redelivered ones last and shuffled, so that a bad one cannot always
    stand before the same innocent neighbours."""
    fresh: list[Msg] = []
    again: list[Msg] = []
    for message in messages:
        (fresh if message.metadata.num_delivered == 1 else again).append(message)
    random.shuffle(again)
    return fresh + again
