"""Kit: deadlines. Each is a row, written with the state it belongs to; the clock acts on it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, col, select
from structlog.contextvars import bound_contextvars

from services.kit import clock, log, metrics
from services.kit.db import Database, Lease
from services.kit.errors import Refusal
from services.kit.ids import uuid7
from services.kit.outbox import Table
from services.kit.types import Instant
from services.kit.waiting import wait

Act = Callable[[Session, UUID, datetime], None]
Acts = Mapping[str, Act]
# What a room does with its own deadline columns when the service was down: session, the extended
# timers and by how much.
Outage = Callable[[Session, "Sequence[Timer]", timedelta], None]

BEAT = timedelta(seconds=5)
LONGEST_UNNOTICED = timedelta(seconds=60)


class Timer(Table, table=True):
    """At `due_at` (district time) `verb` is tried on `key`. One per key and verb."""

    __tablename__ = "timer"

    key: UUID = Field(primary_key=True)
    verb: str = Field(primary_key=True)
    due_at: datetime = Field(sa_type=Instant, index=True)
    answer: bool = False  # somebody has to answer by then: extended by an outage
    tries: int = 0
    not_before: datetime | None = Field(default=None, sa_type=Instant)  # real time, after a failure


class Heartbeat(Table, table=True):
    """When this service was last known to be alive, in real time."""

    __tablename__ = "heartbeat"

    service: str = Field(primary_key=True)
    beat_at: datetime = Field(sa_type=Instant)


def start(
    session: Session, key: UUID, verb: str, due_at: datetime, *, answer: bool = False
) -> None:
    """Set the deadline, in place of an earlier one of the same verb."""
    fresh = {"due_at": due_at, "answer": answer, "tries": 0, "not_before": None}
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(Timer).values(key=key, verb=verb, **fresh)
    session.execute(
        statement.on_conflict_do_update(index_elements=["key", "verb"], set_=fresh),
        execution_options={"populate_existing": True},
    )


def stop(session: Session, key: UUID, *verbs: str) -> None:
    """Forget these deadlines of a row; all of them when no verb is named."""
    mine = delete(Timer).where(col(Timer.key) == key)
    session.execute(mine.where(col(Timer.verb).in_(verbs)) if verbs else mine)


def extend(session: Session, gap: timedelta) -> Sequence[Timer]:
    """Give everybody who has to answer the time back that the service was down."""
    waiting = session.exec(select(Timer).where(col(Timer.answer).is_(True))).all()
    for timer in waiting:
        timer.due_at += gap
    session.flush()
    return waiting


class Clockwork:
    """One per database: acts on what is due, in due order, within a second or two."""

    def __init__(
        self, database: Database, service: str, acts: Acts, outage: Outage | None = None
    ) -> None:
        self.database, self.service, self.acts, self.outage = database, service, acts, outage
        self._lease = Lease(database, "clock")
        self._beaten = clock.real() - BEAT
        self._first = True

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            if not await asyncio.to_thread(self._lease.held):
                await wait(stopping, 1)
                continue
            if self._first:
                await self.database.write(self._make_good)
                self._first = False
            if clock.real() - self._beaten >= BEAT:
                await self.database.write(self._beat)
            following = await self.database.read(next_due)
            left = 1.0 if following is None else (following.due_at - clock.now()).total_seconds()
            if following is not None and left <= 0:
                await self._act(following)
            else:
                await wait(stopping, min(1.0, left))

    def close(self) -> None:
        self._lease.release()

    async def _act(self, timer: Timer) -> None:
        with bound_contextvars(request_id=str(uuid7())):
            try:
                outcome = await self.database.write(lambda session: self._fire(session, timer))
            except Exception as error:
                outcome = "failed"
                log.get().exception("deadline failed", verb=timer.verb, key=str(timer.key))
                reason = repr(error)
                await self.database.write(lambda session: put_off(session, timer, reason))
        metrics.TIMERS.labels(timer.verb, outcome).inc()

    def _fire(self, session: Session, timer: Timer) -> str:
        # The room locks its own row first and the timer row goes last: verbs do it in this order.
        outcome = "done"
        attempt = session.begin_nested()
        try:
            self.acts[timer.verb](session, timer.key, clock.now())
            attempt.commit()
        except Refusal as refusal:
            # It no longer applies: somebody was faster.
            attempt.commit() if refusal.keep else attempt.rollback()
            outcome = "stale"
        session.execute(
            delete(Timer)
            .where(col(Timer.key) == timer.key, col(Timer.verb) == timer.verb)
            .where(col(Timer.due_at) == timer.due_at)
        )
        return outcome

    def _beat(self, session: Session) -> None:
        session.merge(Heartbeat(service=self.service, beat_at=clock.real()))
        self._beaten = clock.real()

    def _make_good(self, session: Session) -> None:
        """Before the clock starts: an outage is not held against those who had to answer."""
        last = session.get(Heartbeat, self.service)
        if last is not None and clock.real() - last.beat_at > LONGEST_UNNOTICED:
            gap = clock.real() - last.beat_at
            extended = extend(session, gap)
            if self.outage is not None:
                self.outage(session, extended, gap)
            log.get().warning("was down", seconds=int(gap.total_seconds()), extended=len(extended))
        self._beat(session)


def next_due(session: Session) -> Timer | None:
    """The earliest deadline that is not waiting to be tried again."""
    ready = or_(col(Timer.not_before).is_(None), col(Timer.not_before) <= clock.real())
    return session.exec(select(Timer).where(ready).order_by("due_at", "key").limit(1)).first()


def put_off(session: Session, timer: Timer, reason: str) -> None:
    """After a failure: later and later, never forgotten, and never before its neighbours."""
    row = session.get(Timer, (timer.key, timer.verb))
    if row is not None:
        row.tries += 1
        row.not_before = clock.real() + timedelta(seconds=min(600, 2**row.tries))
        log.get().error("deadline put off", verb=row.verb, tries=row.tries, reason=reason)
