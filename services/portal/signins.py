"""Portal: signing in: a name and a password, then a code where one is asked for."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, select

from services.kit.errors import TooMany, Unauthorized
from services.portal import attempts, rules, sessions, tickets, totp
from services.portal.models import Account

LONGEST_LOGIN = 100


@dataclass(frozen=True)
class Started:
    """The secret of a session, or of a ticket that a code turns into one."""

    secret: str
    wants_code: bool = False


def named(session: Session, login: str) -> Account | None:
    """The account with this login name; `login@district` where districts share one."""
    name, _, district = login.strip().casefold().partition("@")
    chosen = select(Account).where(Account.login == name)
    if district:
        chosen = chosen.where(Account.district == district)
    found = session.exec(chosen.limit(2)).all()
    return found[0] if len(found) == 1 else None


def knock(session: Session, login: str, *, source: str, real: datetime) -> Account | None:
    """The account somebody wants to come in with, before any password is looked at. 429
    `too_many_failures` for a name and for an address that failed too often, known or not."""
    attempts.check(session, attempts.OF_SOURCE, source, real=real)
    attempts.check(session, attempts.OF_LOGIN, typed(login), real=real)
    account = named(session, login)
    check_open(account, real=real)
    return account


def check_open(account: Account | None, *, real: datetime) -> None:
    """429 `too_many_failures` while the account is locked, whatever the password is."""
    if account is None or account.failed_at is None:
        return
    left = (account.failed_at + rules.LOCKED - real).total_seconds()
    if account.failures >= rules.MOST_WRONG_PASSWORDS and left > 0:
        raise TooMany("too_many_failures", retry_after=int(left) + 1)


def start(
    session: Session,
    login: str,
    account_id: UUID | None,
    *,
    matched: bool,
    source: str,
    agent: str,
    real: datetime,
) -> Started:
    """A new session. The password was compared before, outside of any transaction: that takes
    long on purpose.

    401 `sign_in_refused` for an unknown name, a wrong password and a disabled account alike,
    counted under the name as it was typed and under the address.
    """
    attempts.check(session, attempts.OF_LOGIN, typed(login), real=real)
    account = session.get(Account, account_id, with_for_update=True) if account_id else None
    check_open(account, real=real)
    if account is None or not matched or not account.active:
        if account is not None:
            # However the name was typed: with capitals, with the district behind it.
            over = account.failures >= rules.MOST_WRONG_PASSWORDS
            account.failures = 1 if over else account.failures + 1
            account.failed_at = real
        attempts.count(session, attempts.OF_LOGIN, typed(login), real=real)
        attempts.count(session, attempts.OF_SOURCE, source, real=real)
        raise Unauthorized("sign_in_refused", keep=True)
    account.failures, account.failed_at = 0, None
    attempts.forget(session, attempts.OF_LOGIN, typed(login))
    return proved(session, account, agent=agent, real=real)


def proved(session: Session, account: Account, *, agent: str, real: datetime) -> Started:
    """Somebody who has shown a password, or whom the identity provider knows."""
    if totp.is_on(session, account.id):
        _, secret = tickets.issue(session, tickets.CODE, account_id=account.id, real=real)
        return Started(secret, wants_code=True)
    return Started(sessions.open_for(session, account, agent=agent, real=real))


def finish(
    session: Session, secret: str, code: str, *, agent: str, real: datetime
) -> tuple[Account, str]:
    """The session behind half a sign-in, for the right code. 403 `code_wrong`, counted; 404
    `link_dead` when it took too long."""
    ticket = tickets.look(session, tickets.CODE, secret, real=real)
    assert ticket.account_id is not None
    totp.prove(session, ticket.account_id, code, real=real)
    tickets.take(session, tickets.CODE, secret, real=real)
    account = session.get_one(Account, ticket.account_id, with_for_update=True)
    return account, sessions.open_for(session, account, agent=agent, real=real)


def typed(login: str) -> str:
    return login.strip().casefold()[:LONGEST_LOGIN]
