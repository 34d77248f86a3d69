"""Notify: what is read. Messages of one person; copies and doubles for the audit."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, func, select

from services.kit.audits import rows_of
from services.kit.auth import Caller
from services.kit.house import AuditRows
from services.kit.numbers import Numbers
from services.kit.web import page
from services.notify.models import (
    Account,
    AssignmentCopy,
    Channel,
    LessonCopy,
    Message,
    StaffingCopy,
)
from services.notify.sentences import Words


def words(session: Session, by: Caller) -> Words:
    """The caller's language and the time of his district."""
    return Words(by.language, Numbers.of(session, by.district).zone)


def messages(
    session: Session, *, unread: bool, cursor: str | None, limit: int, by: Caller
) -> tuple[Sequence[Message], str | None]:
    """A page of the caller's messages, the newest first."""
    mine = select(Message).where(Message.account_id == by.id, Message.channel == Channel.INAPP)
    if unread:
        mine = mine.where(col(Message.read_at).is_(None))
    return page(session, mine, by=[col(Message.id)], cursor=cursor, limit=limit, descending=True)


def unread(session: Session, account_id: UUID) -> int:
    """How many messages the person has not read."""
    mine = select(func.count()).select_from(Message).where(Message.account_id == account_id)
    mine = mine.where(Message.channel == Channel.INAPP, col(Message.read_at).is_(None))
    return session.exec(mine).one()


def since(session: Session, account_id: UUID, after: UUID) -> Sequence[UUID]:
    """The ids of a person's messages after this one, oldest first."""
    mine = select(Message.id).where(Message.account_id == account_id, Message.id > after)
    return session.exec(mine.where(Message.channel == Channel.INAPP).order_by("id")).all()


def some(session: Session, ids: Sequence[UUID]) -> Sequence[Message]:
    """These messages, oldest first."""
    return session.exec(select(Message).where(col(Message.id).in_(ids)).order_by("id")).all()


def newest(session: Session, account_id: UUID) -> UUID:
    """The person's latest message; the smallest id when there is none."""
    mine = select(Message.id).where(Message.account_id == account_id)
    mine = mine.where(Message.channel == Channel.INAPP)
    return session.exec(mine.order_by(col(Message.id).desc()).limit(1)).first() or UUID(int=0)


def _doubles(
    session: Session, district: str, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """The same told twice to the same person: there must be none."""
    key = (col(Message.event_id), col(Message.account_id), col(Message.channel))
    many = select(*key, func.count()).where(Message.district == district)
    many = many.group_by(*key).having(func.count() > 1).order_by(*key).limit(limit)
    rows = session.exec(many).all() if after is None else []
    return [
        {"id": str(event_id), "account_id": str(account_id), "channel": channel, "rows": count}
        for event_id, account_id, channel, count in rows
    ]


# The copies, each with the version heard, and what is here that must not be.
AUDITS: dict[str, AuditRows] = {
    "account": rows_of(Account),
    "lesson_copy": rows_of(LessonCopy, but=("facts",)),
    "assignment_copy": rows_of(AssignmentCopy, but=("facts",)),
    "staffing_copy": rows_of(StaffingCopy),
    "message_twice": _doubles,
}
