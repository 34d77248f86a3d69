"""Access tokens: who asks with a client id and its secret speaks for the account behind it."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from services.kit.db import insert_once
from services.kit.errors import TooMany, Unauthorized
from services.portal import rules, secrecy, signing
from services.portal.models import Account, ApiKey, TokenFailure
from services.portal.sessions import claims_of

LONGEST_CLIENT_ID = 100


class InvalidClient(Unauthorized):
    """RFC 6749, 5.2."""

    scheme: ClassVar[str] = 'Basic realm="yueke", charset="UTF-8"'


@dataclass(frozen=True)
class Token:
    access_token: str
    expires_in: int


def issue(session: Session, *, client_id: str, client_secret: str, at: datetime) -> Token:
    """A token for ten minutes. 401 `invalid_client` for an unknown client, a wrong secret, a
    revoked key and a disabled account alike; 429 `too_many_failures`. `at` is real time."""
    _throttle(session, client_id, at)
    account = _account_behind(session, client_id, client_secret)
    if account is None:
        _count_failure(session, client_id, at)
        raise InvalidClient("invalid_client", keep=True, error="invalid_client")
    claims = claims_of(account, at)
    signed = signing.sign(signing.ensure(session, at=at), claims)
    return Token(signed, int(rules.TOKEN_LIVES.total_seconds()))


def _account_behind(session: Session, client_id: str, client_secret: str) -> Account | None:
    try:
        wanted = UUID(client_id)
    except ValueError:
        return None
    both = select(ApiKey, Account).join(Account).where(col(ApiKey.client_id) == wanted)
    found = session.exec(both).first()
    if found is None:
        return None
    key, account = found
    good = secrecy.is_secret(client_secret, key.secret_hash)
    return account if good and key.revoked_at is None and account.active else None


def _throttle(session: Session, client_id: str, at: datetime) -> None:
    failed = session.get(TokenFailure, client_id[:LONGEST_CLIENT_ID])
    wait = rules.seconds_to_wait(failed.failures, failed.since, at) if failed else 0
    if wait:
        raise TooMany("too_many_failures", retry_after=wait, error="invalid_client")


def _count_failure(session: Session, client_id: str, at: datetime) -> None:
    """Unknown ids are counted too, so that an answer does not tell them apart; what is older than
    the window goes, so that guesses do not fill the table."""
    session.execute(delete(TokenFailure).where(col(TokenFailure.since) <= at - rules.WITHIN))
    row = {"client_id": client_id[:LONGEST_CLIENT_ID], "failures": 1, "since": at}
    if not insert_once(session, TokenFailure, row):
        failed = session.get_one(TokenFailure, row["client_id"], with_for_update=True)
        failed.failures += 1
