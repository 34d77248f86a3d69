"""Kit: what happened here. Each row is at once the history, the audit entry and the message."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, insert, text
from sqlalchemy.orm import registry
from sqlmodel import Field, Session, SQLModel, col, select

from services.kit import log
from services.kit.event import Event
from services.kit.types import Instant, Json


class Table(SQLModel, registry=registry()):
    """Tables every service has."""


_UNSENT = text("sent_at IS NULL")
_SPOKEN_FOR = text("spoken_for IS NOT NULL")
# SQLite numbers rows by itself only in a column spelt INTEGER.
Position = BigInteger().with_variant(Integer(), "sqlite")


class Happened(Table, table=True):
    """Written in the transaction of the change it tells of; kept for ever.

    `stream` and `stream_seq` say where the broker put it, so that a broker that lost its disk can
    be told again.
    """

    __tablename__ = "happened"
    __table_args__ = (
        Index("happened_unsent", "pos", sqlite_where=_UNSENT, postgresql_where=_UNSENT),
        Index("happened_key", "key", "pos"),
        Index("happened_sent", "sent_at"),
        # Who did what, when: each list in its own order, newest first without sorting.
        Index("happened_at", "at", "pos"),
        Index("happened_actor", "actor_id", "at", "pos"),
        Index("happened_name", "actor_name", "at", "pos"),
        Index(
            "happened_spoken_for",
            *("spoken_for", "at", "pos"),
            sqlite_where=_SPOKEN_FOR,
            postgresql_where=_SPOKEN_FOR,
        ),
    )

    pos: int = Field(sa_column=Column(Position, Identity(), primary_key=True))
    id: UUID = Field(unique=True)
    subject: str
    key: UUID
    version: int
    district: str
    at: datetime = Field(sa_type=Instant)
    actor_id: UUID
    actor_name: str = ""  # as the body says it, to be found by; like the next
    spoken_for: UUID | None = None  # on whose behalf
    body: dict[str, Any] = Field(sa_type=Json)
    request_id: str | None = None
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    stream: str | None = None
    stream_seq: int | None = Field(default=None, sa_type=BigInteger)


def tell(session: Session, *events: Event) -> None:
    """Say it in the transaction of the change; the relay carries it out after the commit."""
    if events:
        session.execute(insert(Happened), [_row(event) for event in events])


def _row(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "subject": event.subject,
        "key": event.key,
        "version": event.version,
        "district": event.district,
        "at": event.at,
        "actor_id": event.by.id,
        "actor_name": event.by.name,
        "spoken_for": event.by.on_behalf_of,
        "body": event.envelope(),
        "request_id": log.request_id(),
    }


def history(session: Session, keys: Iterable[UUID], *, limit: int = 500) -> Sequence[Happened]:
    """What happened to these rows last, oldest first."""
    of = select(Happened).where(col(Happened.key).in_(list(keys)))
    return session.exec(of.order_by(col(Happened.pos).desc()).limit(limit)).all()[::-1]
