"""Kit: the same POST twice acts once. The answer is kept in the transaction of the effect."""

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Field, Session, col

from services.kit import clock
from services.kit.db import insert_once
from services.kit.errors import Invalid, Malformed
from services.kit.outbox import Table
from services.kit.types import Instant

LONGEST_KEY = 200
KEPT = timedelta(days=7)


class Answered(Table, table=True):
    """What a caller was told for a key."""

    __tablename__ = "answered"

    caller_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    digest: str
    status: int | None = None
    media_type: str | None = None
    etag: str | None = None
    body: str | None = None
    at: datetime = Field(sa_type=Instant, index=True)


def digest(method: str, path: str, body: bytes) -> str:
    """What makes two requests the same."""
    return hashlib.sha256(f"{method} {path}\n".encode() + body).hexdigest()


def check_key(key: str | None) -> str:
    """400 `idempotency_key_required` or `idempotency_key_invalid`."""
    if not key:
        raise Malformed("idempotency_key_required")
    if len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Malformed("idempotency_key_invalid", longest=LONGEST_KEY)
    return key


def claim(session: Session, caller_id: UUID, key: str, wanted: str) -> Answered | None:
    """None: the first time, go on. Otherwise the answer given then; another body is a 422."""
    row: dict[str, Any] = {
        "caller_id": caller_id,
        "key": key,
        "digest": wanted,
        "at": clock.real(),
    }
    if insert_once(session, Answered, row):
        return None
    before = session.get_one(Answered, (caller_id, key))
    if before.digest and before.digest != wanted:
        raise Invalid("idempotency_key_reused")
    return before


def remember(
    session: Session,
    caller_id: UUID,
    key: str,
    *,
    status: int,
    media_type: str,
    etag: str | None,
    body: str | None,
) -> None:
    """Keep the answer beside the effect; of a secret one (no body) not even the digest."""
    row = session.get_one(Answered, (caller_id, key))
    if body is None:
        row.digest = ""
    row.status, row.media_type, row.etag, row.body = status, media_type, etag, body
    session.add(row)


def forget_old(session: Session) -> None:
    """Keys are for retries, not for ever."""
    session.execute(delete(Answered).where(col(Answered.at) < clock.real() - KEPT))
