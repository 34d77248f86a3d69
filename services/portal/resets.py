"""Portal: a forgotten password. A link that works once, for half an hour, by mail.

The event that asks for the mail names the ticket, never a secret: notify seals the link when the
mail leaves (`kit/seals.py`), and only the sealed link opens the ticket.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, or_, select

from services.contracts.portal import ResetAsked
from services.kit import outbox, seals
from services.kit.auth import system
from services.kit.errors import NotFound, TooMany
from services.portal import accounts, attempts, tickets
from services.portal.models import Account, Ticket

MOST_ACCOUNTS = 5  # of one address


def ask(session: Session, wanted: str, *, source: str, at: datetime, real: datetime) -> int:
    """A link for every active account with this name or address; how many. Nobody is told whether
    there was one: 429 `too_many_failures` counts what an address asks for, not what was found."""
    attempts.check(session, attempts.OF_RESET_SOURCE, source, real=real)
    attempts.count(session, attempts.OF_RESET_SOURCE, source, real=real)
    sent = 0
    for account in _meant(session, wanted):
        try:
            attempts.check(session, attempts.OF_RESET, account.id, real=real)
        except TooMany:
            continue
        attempts.count(session, attempts.OF_RESET, account.id, real=real)
        ticket, _ = tickets.issue(session, tickets.RESET, account_id=account.id, real=real)
        outbox.tell(session, _asked(account, ticket, at))
        sent += 1
    return sent


def look(session: Session, token: str, *, real: datetime) -> Account:
    """Whose password the link changes; 404 `link_dead` for a forged, used or old one alike."""
    return session.get_one(Account, _of(_ticket(session, token, real)))


def use(session: Session, token: str, new: str, *, at: datetime, real: datetime) -> Account:
    """Another password; every session ends, and other links for this account with it."""
    ticket = _ticket(session, token, real, lock=True)
    account = session.get_one(Account, _of(ticket), with_for_update=True)
    by = system(account.district)
    accounts.set_password(session, account, new, by=by, at=at)
    open_ones = select(Ticket).where(Ticket.account_id == account.id, Ticket.kind == tickets.RESET)
    for one in session.exec(open_ones.where(col(Ticket.used_at).is_(None))):
        one.used_at = real
    return account


def _meant(session: Session, wanted: str) -> Sequence[Account]:
    text = wanted.strip().casefold()
    named = or_(col(Account.login) == text, func.lower(col(Account.email)) == text)
    # Whoever has no password here comes in another way, or waits for the administrator's first.
    has = (col(Account.active), col(Account.email).is_not(None))
    chosen = select(Account).where(named, *has, col(Account.password_hash).is_not(None))
    return session.exec(chosen.order_by(col(Account.id)).limit(MOST_ACCOUNTS)).all()


def _ticket(session: Session, token: str, real: datetime, *, lock: bool = False) -> Ticket:
    ids = seals.read(tickets.RESET, token, now=real)
    if ids is None or len(ids) != 1:
        raise NotFound("link_dead")
    found = session.get(Ticket, ids[0], with_for_update=lock or None)
    ticket = tickets.alive(found, tickets.RESET, real=real)
    if not session.get_one(Account, _of(ticket)).active:
        raise NotFound("link_dead")
    return ticket


def _of(ticket: Ticket) -> UUID:
    assert ticket.account_id is not None
    return ticket.account_id


def _asked(account: Account, ticket: Ticket, at: datetime) -> ResetAsked:
    return ResetAsked(
        fact="asked",
        key=ticket.id,
        version=1,
        district=account.district,
        at=at,
        by=system(account.district).actor(),
        account_id=account.id,
        ends_at=ticket.ends_at,
    )
