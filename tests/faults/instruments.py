"""Faults: what a run fits into the services from outside: a witness to every effect, slow handlers,
and the mistakes (mutants) the suite must catch.

The product has no switch for any of this; `site/sitecustomize.py` comes in by PYTHONPATH.
"""

import random
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from nats.aio.msg import Msg
from sqlalchemy import orm
from sqlalchemy.event import listens_for
from sqlmodel import Session, SQLModel, col, func, select

from services.kit import clock, config, db, inbox, outbox
from services.kit.event import Event
from services.kit.ids import uuid7
from services.kit.inbox import Heard, Inbox
from services.kit.listener import Listener

WITNESS = "witness"
SLOWEST = 0.08  # seconds


def fit(names: Sequence[str]) -> None:
    """`witness`, `stopwatch`, `slow`, `inbox-off`, `ack-first`."""
    for name in names:
        {
            "witness": witness,
            "stopwatch": stopwatch,
            "slow": slow,
            "inbox-off": inbox_off,
            "ack-first": ack_first,
        }[name]()


def witness() -> None:
    """Every run of a handler leaves a row of its own, in the transaction of its effect. The inbox
    itself cannot testify: it keeps one row per event whatever happens."""
    act = Inbox.act

    def seen(self: Inbox, session: Session, event: Event) -> str:
        outcome = act(self, session, event)
        if outcome != "known":
            row = {
                "id": uuid7(),
                "subject": WITNESS,
                "outcome": outcome,
                "reason": str(event.id),
                "heard_at": clock.real(),
            }
            db.insert_many(session, Heard, [row])
        return outcome

    Inbox.act = seen  # type: ignore[method-assign]


def stopwatch() -> None:
    """When each event was committed by its producer, and its effect by each consumer: a line
    `told|heard <event id> <seconds>` in the home's `stopwatch.log`."""
    act, tell = Inbox.act, outbox.tell

    def heard(self: Inbox, session: Session, event: Event) -> str:
        session.info.setdefault("watched", []).append(f"heard {event.id}")
        return act(self, session, event)

    def told(session: Session, *events: Event) -> None:
        session.info.setdefault("watched", []).extend(f"told {event.id}" for event in events)
        tell(session, *events)

    @listens_for(orm.Session, "after_commit")
    def committed(session: orm.Session) -> None:
        lines = [f"{what} {time.time():.4f}\n" for what in session.info.pop("watched", ())]
        if lines:
            with (config.home() / "stopwatch.log").open("a") as log:
                log.write("".join(lines))

    Inbox.act = heard  # type: ignore[method-assign]
    outbox.tell = told


def slow() -> None:
    """Handlers take their time; otherwise hardly any kill strikes between an ack and a commit."""
    act = Inbox.act

    def dawdling(self: Inbox, session: Session, event: Event) -> str:
        time.sleep(random.uniform(0, SLOWEST))
        return act(self, session, event)

    Inbox.act = dawdling  # type: ignore[method-assign]


def inbox_off() -> None:
    """The mistake: an event that was heard before is acted on again."""
    insert_once = db.insert_once

    def always(session: Session, table: type[SQLModel], row: dict[str, Any]) -> bool:
        inserted = insert_once(session, table, row)
        return inserted or table is Heard

    inbox.insert_once = always  # type: ignore[attr-defined]


def ack_first() -> None:
    """The mistake: the broker is told that a message was dealt with before it is."""
    hear = Listener._hear

    async def hasty(self: Listener, message: Msg) -> None:
        await message.ack_sync(timeout=5)
        await hear(self, Acked(message))  # type: ignore[arg-type]

    Listener._hear = hasty  # type: ignore[method-assign]


class Acked:
    """A message the broker will hear nothing more about."""

    def __init__(self, message: Msg) -> None:
        self._message = message

    def __getattr__(self, name: str) -> Any:
        return getattr(self._message, name)

    async def ack(self) -> None: ...
    async def ack_sync(self, timeout: float = 1.0) -> None: ...
    async def nak(self, delay: float | None = None) -> None: ...


def effects(session: Session) -> dict[UUID, int]:
    """How often each event was acted on here."""
    counted = (
        select(Heard.reason, func.count())
        .where(col(Heard.subject) == WITNESS)
        .group_by(col(Heard.reason))
    )
    return {UUID(event_id): runs for event_id, runs in session.exec(counted) if event_id}
