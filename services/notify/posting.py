"""Notify: rows of messages: one for each person and channel, exactly once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from services.kit.ids import uuid7
from services.notify import calendars
from services.notify.models import Account, Channel, Message, Post
from services.notify.waking import MAIL, wake


def row(
    account: Account,
    channel: Channel,
    *,
    waits: bool,
    told: calendars.Told | None = None,
    **values: Any,
) -> dict[str, Any]:
    id, mail = uuid7(), channel == Channel.EMAIL
    return {
        "urgent": False,
        "objectable": False,
        **values,
        "id": id,
        "account_id": account.id,
        "district": account.district,
        "channel": str(channel),
        "status": str(Post.PENDING if mail else Post.SENT),
        "tries": 0,
        "waits": mail and waits,
        "message_id": f"<{id}@{calendars.DOMAIN}>" if mail else None,
        "calendar_uid": told and told.uid,
        "calendar_sequence": told and told.sequence,
        "calendar_method": told and told.method,
    }


def write(session: Session, rows: Sequence[dict[str, Any]]) -> int:
    """One statement; RETURNING, because what was there already is not counted by every driver."""
    if not rows:
        return 0
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    once = dialect.insert(Message).on_conflict_do_nothing(
        index_elements=["event_id", "account_id", "channel"]
    )
    new = session.execute(once.returning(col(Message.id)), list(rows)).all()
    wake(session, *{row["account_id"] for row in rows})
    if any(row["channel"] == Channel.EMAIL for row in rows):
        wake(session, MAIL)
    return len(new)
