"""Kit: carries what happened to the broker, oldest first, in order per aggregate."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from nats.js import JetStreamContext
from sqlalchemy import bindparam, or_, update
from sqlmodel import Session, col, select

from services.kit import clock, log, metrics
from services.kit.bus import Bus, stream_of, subject_of
from services.kit.db import Database, Lease
from services.kit.outbox import Happened
from services.kit.waiting import wait

BATCH = 200
AT_ONCE = 64
KEPT_BY_BROKER = timedelta(days=30)

Acked = tuple[int, int]  # position here, sequence in the stream


class Relay:
    """One per database. Woken by commits, with a poll each second behind it; never gives up."""

    def __init__(self, bus: Bus, database: Database, service: str) -> None:
        self.bus, self.database, self.service = bus, database, service
        self.wake = asyncio.Event()
        self._lease = Lease(database, "relay")
        self._publishing = asyncio.Semaphore(AT_ONCE)
        self._reconciled = 0
        self._stream = ""

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            self.wake.clear()
            if not self.bus.connected or not await asyncio.to_thread(self._lease.held):
                await wait(self.wake, 1)
                continue
            if self._reconciled != self.bus.connections:
                if not await self.database.read(has_told):
                    await wait(self.wake, 1)  # nothing to lose; notify has no stream at all
                    continue
                await self._reconcile()
            rows = await self.database.read(unsent)
            metrics.OUTBOX_AGE.set(age(rows))
            if rows and await self._send(rows) == len(rows):
                continue
            await wait(self.wake, 0.2 if rows else 1)

    def close(self) -> None:
        self._lease.release()

    async def _reconcile(self) -> None:
        """The broker may have lost its disk: rows it no longer has are sent again."""
        connection = self.bus.connections
        info = await self.bus.jetstream().stream_info(stream_of(self.service))
        self._stream = str(info.created)
        again = await self.database.write(
            lambda session: forget_lost(session, self._stream, info.state.last_seq)
        )
        if again:
            log.get().warning("the broker lost events, telling them again", events=again)
        self._reconciled = connection

    async def _send(self, rows: Sequence[Happened]) -> int:
        by_key: dict[UUID, list[Happened]] = defaultdict(list)
        for row in rows:
            by_key[row.key].append(row)
        js = self.bus.jetstream()
        done = await asyncio.gather(*(self._send_in_order(js, group) for group in by_key.values()))
        acked = [ack for group in done for ack in group]
        if acked:
            await self.database.write(lambda session: mark_sent(session, acked, self._stream))
            metrics.SENT.inc(len(acked))
        return len(acked)

    async def _send_in_order(self, js: JetStreamContext, rows: list[Happened]) -> list[Acked]:
        """Stops at the first failure, so that a later event never overtakes an earlier one."""
        acked: list[Acked] = []
        async with self._publishing:
            for row in rows:
                try:
                    ack = await js.publish(
                        subject_of(row.district, row.subject),
                        json.dumps(row.body).encode(),
                        timeout=5,
                        stream=stream_of(self.service),
                        headers={
                            "Nats-Msg-Id": str(row.id),
                            "content-type": "application/cloudevents+json",
                        },
                    )
                except Exception as error:
                    metrics.SEND_ERRORS.inc()
                    log.get().warning("not sent yet", event_id=str(row.id), error=repr(error))
                    # Another stream may answer after a restart: look before sending more.
                    self._reconciled = 0
                    break
                acked.append((row.pos, ack.seq))
        return acked


def has_told(session: Session) -> bool:
    return session.exec(select(Happened.pos).limit(1)).first() is not None


def unsent(session: Session) -> Sequence[Happened]:
    waiting = select(Happened).where(col(Happened.sent_at).is_(None)).order_by("pos").limit(BATCH)
    return session.exec(waiting).all()


def age(rows: Sequence[Happened]) -> float:
    """Seconds the oldest unsent row has waited; ids carry the real time they were made."""
    return (clock.real() - made_at(rows[0].id)).total_seconds() if rows else 0.0


def made_at(id: UUID) -> datetime:
    """The real time inside a UUIDv7."""
    return datetime.fromtimestamp((id.int >> 80) / 1000, tz=clock.real().tzinfo)


def mark_sent(session: Session, acked: list[Acked], stream: str) -> None:
    table = Happened.__table__  # type: ignore[attr-defined]
    statement = (
        update(table)
        .where(table.c.pos == bindparam("at_pos"))
        .values(sent_at=bindparam("now"), stream=bindparam("name"), stream_seq=bindparam("seq"))
    )
    now = clock.real()
    session.connection().execute(
        statement,
        [{"at_pos": pos, "now": now, "name": stream, "seq": seq} for pos, seq in acked],
    )


def forget_lost(session: Session, stream: str, last_seq: int) -> int:
    """Unmark what a new or shorter stream cannot have; consumers know what they heard before."""
    lost = (
        update(Happened)
        .where(col(Happened.sent_at) > clock.real() - KEPT_BY_BROKER)
        .where(or_(col(Happened.stream) != stream, col(Happened.stream_seq) > last_seq))
        .values(sent_at=None)
        .returning(col(Happened.pos))
    )
    return len(session.execute(lost).all())
