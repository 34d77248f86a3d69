"""Sessions: who is signed in with which browser. Rows on the server, so that they can be ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, update
from sqlmodel import Session, col, select

from services.kit import config
from services.kit.auth import Caller, Role
from services.kit.errors import Forbidden, NotFound, Unavailable
from services.kit.ids import uuid7
from services.portal import rules, secrecy, signing
from services.portal.models import Account, WebSession

IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)
TOUCHED = timedelta(minutes=1)  # how exact `seen_at` is: one write a minute, not one a click
LONGEST_AGENT = 200
MOST_NOTICES = 5


@dataclass(frozen=True)
class Visitor:
    """The person behind a browser, and what his pages need of the session."""

    id: UUID
    login: str
    name: str
    roles: frozenset[Role]
    district: str
    language: str
    school_id: UUID | None
    lecturer_id: UUID | None
    must_change_password: bool
    session: str  # hash of the cookie: the row's key
    csrf: str
    token: str  # an access token of ten minutes, for the calls behind this page
    notices: tuple[dict[str, Any], ...]
    touched: bool  # whether `seen_at` is new enough

    def has(self, *roles: Role) -> bool:
        return bool(self.roles & set(roles))

    @property
    def caller(self) -> Caller:
        return Caller(
            self.id,
            self.roles,
            self.district,
            self.school_id,
            self.lecturer_id,
            self.name,
            self.language,
        )


def open_for(session: Session, account: Account, *, agent: str, real: datetime) -> str:
    """A session for somebody who has proved who he is; old rows go."""
    if not account.active:
        raise Forbidden("account_disabled")
    session.execute(delete(WebSession).where(col(WebSession.seen_at) < real - LONGEST))
    secret = secrecy.new_secret()
    row = WebSession(
        token_hash=secrecy.hash_secret(secret),
        account_id=account.id,
        csrf=secrecy.new_secret(),
        started_at=real,
        seen_at=real,
        agent=agent[:LONGEST_AGENT],
    )
    session.add(row)
    session.flush()
    return secret


def find(session: Session, secret: str, *, real: datetime) -> Visitor | None:
    """Who this cookie speaks for; None when it is unknown, ended, too old or idle too long, or the
    account was disabled."""
    both = select(WebSession, Account).join(Account)
    found = session.exec(both.where(WebSession.token_hash == secrecy.hash_secret(secret))).first()
    if found is None:
        return None
    row, account = found
    if row.ended_at is not None or real >= _ends(row) or not account.active:
        return None
    return Visitor(
        id=account.id,
        login=account.login,
        name=account.name,
        roles=frozenset(Role(role) for role in account.roles),
        district=account.district,
        language=account.language,
        school_id=account.school_id,
        lecturer_id=account.lecturer_id,
        must_change_password=account.must_change_password,
        session=row.token_hash,
        csrf=row.csrf,
        token=_token(session, account, real),
        notices=tuple(row.notices),
        touched=real - row.seen_at < TOUCHED,
    )


def _token(session: Session, account: Account, real: datetime) -> str:
    """Made while reading: the key that signs is there since the service's first start."""
    published = signing.newest_keys(session)
    if not published:
        raise Unavailable("keys_unavailable")
    return signing.sign(signing.current(published, at=real), claims_of(account, real))


def claims_of(account: Account, real: datetime) -> dict[str, Any]:
    """What an access token says of this account."""
    return rules.claims(
        issuer=config.origin(),
        account_id=account.id,
        roles=account.roles,
        district=account.district,
        name=account.name,
        language=account.language,
        school_id=account.school_id,
        lecturer_id=account.lecturer_id,
        jti=uuid7(),
        at=real,
    )


def touch(session: Session, key: str, *, real: datetime) -> None:
    """Used just now."""
    mine = update(WebSession).where(col(WebSession.token_hash) == key)
    session.execute(mine.values(seen_at=real))


def say(session: Session, key: str, notice: dict[str, Any]) -> None:
    """Something to tell on the next page."""
    row = session.get(WebSession, key, with_for_update=True)
    if row is not None:
        row.notices = [*row.notices, notice][-MOST_NOTICES:]


def told(session: Session, key: str) -> None:
    """The notices were shown."""
    mine = update(WebSession).where(col(WebSession.token_hash) == key)
    session.execute(mine.values(notices=[]))


def end(session: Session, key: str, *, at: datetime) -> None:
    """Signed out here."""
    mine = update(WebSession).where(col(WebSession.token_hash) == key)
    session.execute(mine.values(ended_at=at))


def end_all(session: Session, account_id: UUID, *, at: datetime, but: str = "") -> int:
    """Signed out everywhere, but for the session named; how many were open."""
    open_ones = update(WebSession).where(
        col(WebSession.account_id) == account_id,
        col(WebSession.ended_at).is_(None),
        col(WebSession.token_hash) != but,
    )
    ended = session.execute(open_ones.values(ended_at=at).returning(col(WebSession.token_hash)))
    return len(ended.all())


def end_one(session: Session, account_id: UUID, mark: str, *, at: datetime) -> None:
    """One of the person's own, by the mark the page shows it under; 404 for anybody else's."""
    row = next((row for row in _open(session, account_id) if mark_of(row) == mark), None)
    if row is None:
        raise NotFound("not_found", what="session")
    row.ended_at = at


def listed(session: Session, account_id: UUID, *, real: datetime) -> list[dict[str, Any]]:
    """The person's open sessions, the one used last first."""
    return [
        {
            "mark": mark_of(row),
            "key": row.token_hash,
            "started_at": row.started_at,
            "seen_at": row.seen_at,
            "agent": row.agent,
        }
        for row in _open(session, account_id)
        if real < _ends(row)
    ]


def mark_of(row: WebSession) -> str:
    """What stands for the session in a page: enough to tell it apart, of no use as a key."""
    return row.token_hash[:16]


def _open(session: Session, account_id: UUID) -> Sequence[WebSession]:
    mine: ColumnElement[bool] = col(WebSession.account_id) == account_id
    chosen = select(WebSession).where(mine, col(WebSession.ended_at).is_(None))
    return session.exec(chosen.order_by(col(WebSession.seen_at).desc()).limit(50)).all()


def _ends(row: WebSession) -> datetime:
    return min(row.seen_at + IDLE, row.started_at + LONGEST)
