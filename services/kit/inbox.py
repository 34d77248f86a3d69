"""Kit: hear twice, act once. The inbox row and the effect are one transaction."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, Session

from services.kit import clock
from services.kit.db import insert_once
from services.kit.errors import Refusal
from services.kit.event import TYPE_PREFIX, Event
from services.kit.ids import uuid7
from services.kit.outbox import Table
from services.kit.types import Instant, Json

Handler = Callable[[Session, Any], None]
Handlers = Mapping[type[Event], Handler]


class Heard(Table, table=True):
    """Events this service has acted on, or found to apply no longer (`stale`, with the reason)."""

    __tablename__ = "heard"

    id: UUID = Field(primary_key=True)
    subject: str
    outcome: str
    reason: str | None = None
    heard_at: datetime = Field(sa_type=Instant)


class Parked(Table, table=True):
    """Messages this service could not act on, kept for a person to replay or drop with a reason."""

    __tablename__ = "parked"

    id: UUID = Field(primary_key=True)
    stream: str
    stream_seq: int
    subject: str
    body: dict[str, Any] | None = Field(default=None, sa_type=Json)
    raw: str | None = None
    error: str
    parked_at: datetime = Field(sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    settled_how: str | None = None
    settled_by: UUID | None = None


class Unreadable(Exception):
    """Not a CloudEvent this service can act on; trying again will not help."""


class Inbox:
    """Which events a service hears, and what it does on each."""

    def __init__(self, handlers: Handlers) -> None:
        self._by_noun = {event.aggregate: (event, act) for event, act in handlers.items()}

    @property
    def sources(self) -> set[str]:
        """The services whose events are heard."""
        return {noun.split(".")[0] for noun in self._by_noun}

    def read(self, data: bytes, *, source: str) -> Event | None:
        """The event in a message of `source`'s stream; None for one nobody here listens to."""
        try:
            envelope = json.loads(data)
            kind = str(envelope["type"]).removeprefix(f"{TYPE_PREFIX}.")
            service, noun, _, version = kind.split(".")
            if not str(envelope["source"]).endswith(f"/{source}") or service != source:
                raise Unreadable(f"says it is from {envelope['source']}, came from {source}")
            found = self._by_noun.get(f"{service}.{noun}")
            if found is None:
                return None
            if version != "v1":
                raise Unreadable(f"unknown version {version} of {kind}")
            return found[0].read(envelope)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise Unreadable(repr(error)) from error

    def act(self, session: Session, event: Event) -> str:
        """Run the handler once per event; says the outcome: done, stale or known."""
        heard = {
            "id": event.id,
            "subject": event.subject,
            "outcome": "done",
            "reason": None,
            "heard_at": clock.real(),
        }
        if not insert_once(session, Heard, heard):
            return "known"
        attempt = session.begin_nested()
        try:
            self._by_noun[event.aggregate][1](session, event)
        except Refusal as refusal:
            if refusal.keep:
                attempt.commit()
            else:
                attempt.rollback()
            row = session.get_one(Heard, event.id)
            row.outcome, row.reason = "stale", refusal.code
            session.add(row)
            return "stale"
        attempt.commit()
        return "done"


def park(
    session: Session, *, stream: str, stream_seq: int, subject: str, data: bytes, error: str
) -> None:
    """Keep a message for a person. Parking the same one twice keeps one row."""
    try:
        body = json.loads(data)
        body = body if isinstance(body, dict) else None
    except ValueError:
        body = None
    row = {
        "id": _id_of(body) or uuid7(),
        "stream": stream,
        "stream_seq": stream_seq,
        "subject": subject,
        "body": body,
        "raw": None if body else data.decode("utf-8", "replace"),
        "error": error[:1000],
        "parked_at": clock.real(),
        "settled_at": None,
    }
    insert_once(session, Parked, row)


def replay(session: Session, inbox: Inbox, parked: Parked, *, by: UUID) -> str:
    """Run the handler on a parked message again, through the same inbox."""
    source = parked.stream.removeprefix("EVT_").lower()
    event = inbox.read(json.dumps(parked.body).encode(), source=source)
    outcome = "unheard" if event is None else inbox.act(session, event)
    settle(session, parked, how=f"replayed: {outcome}", by=by)
    return outcome


def settle(session: Session, parked: Parked, *, how: str, by: UUID) -> None:
    """Close a parked message with what was done about it."""
    parked.settled_at, parked.settled_how, parked.settled_by = clock.real(), how, by
    session.add(parked)


def _id_of(body: dict[str, Any] | None) -> UUID | None:
    try:
        return UUID(body["id"]) if body else None
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
