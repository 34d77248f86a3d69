"""Notify's tables: who is told, what they were told, how they want it, and their calendars."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from services.kit.ids import uuid7
from services.kit.types import Instant, Json


class Channel(StrEnum):
    INAPP = "inapp"  # 站内
    EMAIL = "email"  # 邮件


class Post(StrEnum):
    """How far a message has come; what is read here counts as sent at once."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class Table(SQLModel, registry=registry()):
    """All tables of this room."""


class Account(Table, table=True):
    """A person who can sign in, as the portal last told it."""

    __tablename__ = "account"

    id: UUID = Field(primary_key=True)
    version: int
    district: str = Field(index=True)
    active: bool
    roles: list[str] = Field(sa_type=Json)
    name: str
    email: str | None = None
    language: str = "zh"
    school_id: UUID | None = Field(default=None, index=True)
    lecturer_id: UUID | None = Field(default=None, index=True)


_PENDING_MAIL = text("channel = 'email' AND status = 'pending'")


class Message(Table, table=True):
    """One thing told to one person over one channel, for ever. Exactly one row of each.

    `parameters` and `kind` make the sentences, in the reader's language, when it is read or sent.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("event_id", "account_id", "channel", name="message_once"),
        Index("message_of_account", "account_id", "channel", "id"),
        Index(
            "message_unread",
            "account_id",
            sqlite_where=text("channel = 'inapp' AND read_at IS NULL"),
            postgresql_where=text("channel = 'inapp' AND read_at IS NULL"),
        ),
        Index("message_to_send", "id", sqlite_where=_PENDING_MAIL, postgresql_where=_PENDING_MAIL),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    event_id: UUID
    account_id: UUID
    district: str
    channel: str
    kind: str
    parameters: dict[str, Any] = Field(sa_type=Json)
    about: dict[str, str] = Field(sa_type=Json)  # lesson_id, order_id, offer_id ...
    link: str
    urgent: bool = False
    created_at: datetime = Field(sa_type=Instant)  # district time: when it happened
    read_at: datetime | None = Field(default=None, sa_type=Instant)
    # Recorded for the reader by somebody else: he may object, once.
    objectable: bool = False
    objected_at: datetime | None = Field(default=None, sa_type=Instant)
    status: str = Post.SENT
    tries: int = 0
    not_before: datetime | None = Field(default=None, sa_type=Instant)  # real time, after a failure
    sent_at: datetime | None = Field(default=None, sa_type=Instant)  # real time
    waits: bool = False  # quiet hours hold it back
    message_id: str | None = None  # the Message-ID header, the same with every try
    response: str | None = None  # the mail server's last words
    # The invitation a mail carries.
    calendar_uid: str | None = Field(default=None, index=True)
    calendar_sequence: int | None = None
    calendar_method: str | None = None  # REQUEST CANCEL


class Batch(Table, table=True):
    """Things that happen together (a plan is published): each person is told of them in one."""

    __tablename__ = "batch"

    id: UUID = Field(primary_key=True)  # of the plan
    district: str
    opened_at: datetime = Field(sa_type=Instant)  # when this round of gathering began
    rounds: int = 0  # of messages sent already
    published_at: datetime | None = Field(default=None, sa_type=Instant)
    closed: bool = False  # what comes now is told by itself


class Gathered(Table, table=True):
    """What one person is to be told of together with more of the same batch."""

    __tablename__ = "gathered"
    __table_args__ = (Index("gathered_key", "key"),)

    batch_id: UUID = Field(primary_key=True, foreign_key="batch.id")
    account_id: UUID = Field(primary_key=True)
    event_id: UUID = Field(primary_key=True)
    key: UUID  # what moved: when it moves again, this is no news any more
    kind: str  # of the message if it stays alone
    digest: str  # of the message about several
    mail: bool
    parameters: dict[str, Any] = Field(sa_type=Json)
    about: dict[str, str] = Field(sa_type=Json)
    link: str
    happened_at: datetime = Field(sa_type=Instant)


class Preference(Table, table=True):
    """How a person wants to hear. No row: everything, mail not in quiet hours."""

    __tablename__ = "preference"

    account_id: UUID = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    on: bool = True
    quiet_hours: bool = True
    version: int = 1


class CalendarEntry(Table, table=True):
    """A lesson in one person's calendar: one UID for ever, a sequence that only rises.

    `sequence` -1: ended before the person was ever invited.
    """

    __tablename__ = "calendar_entry"

    lesson_id: UUID = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    uid: str = Field(unique=True)
    sequence: int
    status: str  # confirmed cancelled
    # The newest word on it: an older one changes nothing.
    assignment_id: UUID
    assignment_version: int
    said_at: datetime = Field(sa_type=Instant)
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    place: dict[str, Any] = Field(sa_type=Json)


class Feed(Table, table=True):
    """A calendar address only its owner knows; of the secret in it only the hash is kept."""

    __tablename__ = "feed"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    account_id: UUID = Field(index=True)
    token_hash: str = Field(unique=True)
    created_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class LessonCopy(Table, table=True):
    """A lesson as booking last told it: for school calendars, and for words about its seat."""

    __tablename__ = "lesson_copy"
    __table_args__ = (Index("lesson_copy_of_school", "school_id", "starts_at"),)

    id: UUID = Field(primary_key=True)
    version: int
    district: str
    order_id: UUID
    school_id: UUID
    state: str
    revision: int
    starts_at: datetime | None = Field(default=None, sa_type=Instant)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
    said_at: datetime = Field(sa_type=Instant)
    facts: dict[str, Any] = Field(sa_type=Json)  # what its sentences are made of


class AssignmentCopy(Table, table=True):
    """A promise to teach as the lecturer service last told it."""

    __tablename__ = "assignment_copy"
    __table_args__ = (Index("assignment_copy_of_lecturer", "lecturer_id", "starts_at"),)

    id: UUID = Field(primary_key=True)
    version: int
    district: str
    lesson_id: UUID = Field(index=True)
    lecturer_id: UUID
    lecturer_name: str
    state: str
    sequence: int
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    said_at: datetime = Field(sa_type=Instant)
    facts: dict[str, Any] = Field(sa_type=Json)


class StaffingCopy(Table, table=True):
    """How a seat is filled, as last told: what is news about it depends on what was known."""

    __tablename__ = "staffing_copy"

    id: UUID = Field(primary_key=True)  # of the lesson
    version: int
    district: str
    status: str
    revision: int
    assignment_id: UUID | None = None
    waived: list[str] = Field(default=[], sa_type=Json)
