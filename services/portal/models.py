"""Portal's tables: who may come in, and with what."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from services.kit.types import Instant, Json


class Table(SQLModel, registry=registry()):
    """Portal's own tables."""


class Account(Table, table=True):
    """A person of one district. `administers` repeats what `roles` say, for the index."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("district", "login", name="account_login"),)

    id: UUID = Field(primary_key=True)
    district: str
    login: str
    name: str
    roles: list[str] = Field(sa_type=Json)
    administers: bool = False
    email: str | None = None
    language: str = "zh"
    school_id: UUID | None = Field(default=None, index=True)
    lecturer_id: UUID | None = Field(default=None, index=True)
    password_hash: str | None = None  # argon2id; None until somebody sets one
    must_change_password: bool = False
    failures: int = 0  # wrong passwords in a row
    failed_at: datetime | None = Field(default=None, sa_type=Instant)  # real time
    active: bool = True
    version: int = 1


class ApiKey(Table, table=True):
    """A client of one account. The secret is random enough that a plain hash keeps it."""

    __tablename__ = "api_key"

    client_id: UUID = Field(primary_key=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    name: str
    secret_hash: str
    created_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class SigningKey(Table, table=True):
    """A key that signs access tokens; the newest two are published."""

    __tablename__ = "signing_key"

    # Numbered, so that two processes that start together make one first key.
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kid: str = Field(unique=True)
    private_pem: str | None  # forgotten when a newer one signs
    public_jwk: dict[str, Any] = Field(sa_type=Json)
    created_at: datetime = Field(sa_type=Instant)  # real time
    created_by: UUID


class TokenFailure(Table, table=True):
    """Refused attempts to get a token, per client id as it was sent, known or not."""

    __tablename__ = "token_failure"

    client_id: str = Field(primary_key=True)
    failures: int
    since: datetime = Field(sa_type=Instant, index=True)  # real time


class WebSession(Table, table=True):
    """A browser somebody signed in with. The cookie holds the secret, this row only its hash."""

    __tablename__ = "web_session"

    token_hash: str = Field(primary_key=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    csrf: str
    started_at: datetime = Field(sa_type=Instant)  # real time, like the next two
    seen_at: datetime = Field(sa_type=Instant, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    agent: str = ""
    notices: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)  # to show once


class Attempt(Table, table=True):
    """Failures under one name (a login as it was typed, a source address, an account's codes),
    known or not; what is older than its window goes."""

    __tablename__ = "attempt"

    name: str = Field(primary_key=True)
    count: int
    since: datetime = Field(sa_type=Instant)  # real time, like the next
    until: datetime = Field(sa_type=Instant, index=True)


class Ticket(Table, table=True):
    """Something that works once and not for long: half a sign-in, a way out to the identity
    provider and back, another password, the answer to an offer. Only hashes of secrets."""

    __tablename__ = "ticket"

    id: UUID = Field(primary_key=True)
    kind: str  # code oidc reset offer
    secret_hash: str | None = Field(default=None, unique=True)
    account_id: UUID | None = Field(default=None, index=True)
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    ends_at: datetime = Field(sa_type=Instant, index=True)  # real time, like the next
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class Totp(Table, table=True):
    """The second step of an account's sign-in. The secret has to be readable: codes are made of
    it; recovery codes are kept as hashes and leave the list when used."""

    __tablename__ = "totp"

    account_id: UUID = Field(primary_key=True, foreign_key="account.id")
    secret: str
    confirmed: bool = False
    last_step: int = 0  # a code works once: steps up to this one are used
    recovery: list[str] = Field(default_factory=list, sa_type=Json)


class Identity(Table, table=True):
    """A person as the identity provider knows him, tied to his account here."""

    __tablename__ = "identity"

    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    first_at: datetime = Field(sa_type=Instant)
    seen_at: datetime = Field(sa_type=Instant)
