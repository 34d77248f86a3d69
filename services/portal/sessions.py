"""Sessions: who is signed in with which browser. Rows on the server, so that they can be ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from services.kit import config
from services.kit.auth import Caller, Role
from services.kit.errors import Forbidden, TooMany, Unauthorized, Unavailable
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


def named(session: Session, login: str) -> Account | None:
    """The account with this login name; `login@district` where districts share one."""
    name, _, district = login.strip().casefold().partition("@")
    chosen = select(Account).where(Account.login == name)
    if district:
        chosen = chosen.where(Account.district == district)
    found = session.exec(chosen.limit(2)).all()
    return found[0] if len(found) == 1 else None


def check_open(account: Account | None, *, real: datetime) -> None:
    """429 `too_many_failures` while the account is locked, whatever the password is."""
    if account is None or account.failed_at is None:
        return
    left = account.failed_at + rules.LOCKED - real
    if account.failures >= rules.MOST_WRONG_PASSWORDS and left > timedelta():
        raise TooMany("too_many_failures", retry_after=int(left.total_seconds()) + 1)


def start(
    session: Session, account_id: UUID | None, *, matched: bool, agent: str, real: datetime
) -> str:
    """A new session and the secret of its cookie. The password was compared before, outside of
    any transaction: that takes long on purpose.

    401 `sign_in_refused` for an unknown name, a wrong password and a disabled account alike,
    counted against the account; 429 `too_many_failures`.
    """
    account = session.get(Account, account_id, with_for_update=True) if account_id else None
    check_open(account, real=real)
    if account is None or not matched or not account.active:
        if account is not None:
            over = account.failures >= rules.MOST_WRONG_PASSWORDS
            account.failures = 1 if over else account.failures + 1
            account.failed_at = real
        raise Unauthorized("sign_in_refused", keep=True)
    account.failures, account.failed_at = 0, None
    return open_for(session, account, agent=agent, real=real)


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
    alive = row.ended_at is None and real < min(row.seen_at + IDLE, row.started_at + LONGEST)
    if not alive or not account.active:
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


def end(session: Session, key: str, *, real: datetime) -> None:
    """Signed out here."""
    mine = update(WebSession).where(col(WebSession.token_hash) == key)
    session.execute(mine.values(ended_at=real))


def end_all(session: Session, account_id: UUID, *, real: datetime, but: str = "") -> int:
    """Signed out everywhere, but for the session named; how many were open."""
    open_ones = update(WebSession).where(
        col(WebSession.account_id) == account_id,
        col(WebSession.ended_at).is_(None),
        col(WebSession.token_hash) != but,
    )
    ended = session.execute(open_ones.values(ended_at=real).returning(col(WebSession.token_hash)))
    return len(ended.all())
