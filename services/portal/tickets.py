"""Portal: what works once and not for long. The secret is in somebody's hand, here is its hash."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from services.kit.errors import NotFound
from services.kit.ids import uuid7
from services.portal import secrecy
from services.portal.models import Ticket

CODE, OIDC, RESET, OFFER = "code", "oidc", "reset", "offer"
LIVES = {
    CODE: timedelta(minutes=10),
    OIDC: timedelta(minutes=10),
    RESET: timedelta(minutes=30),
    # How long an answered link is remembered: longer than the link itself lives.
    OFFER: timedelta(days=60),
}


def issue(
    session: Session, kind: str, *, account_id: UUID | None = None, real: datetime, **facts: Any
) -> tuple[Ticket, str]:
    """A ticket and its secret. Tickets nobody will ask for any more go."""
    session.execute(delete(Ticket).where(col(Ticket.ends_at) < real - timedelta(days=1)))
    secret = secrecy.new_secret()
    ticket = Ticket(
        id=uuid7(),
        kind=kind,
        secret_hash=secrecy.hash_secret(secret),
        account_id=account_id,
        facts=facts,
        ends_at=real + LIVES[kind],
    )
    session.add(ticket)
    session.flush()
    return ticket, secret


def look(session: Session, kind: str, secret: str, *, real: datetime) -> Ticket:
    """The ticket with this secret; 404 `link_dead` for a wrong, used or old one alike."""
    chosen = select(Ticket).where(Ticket.secret_hash == secrecy.hash_secret(secret))
    return alive(session.exec(chosen).first(), kind, real=real)


def take(session: Session, kind: str, secret: str, *, real: datetime) -> Ticket:
    """The same, used from now on."""
    chosen = select(Ticket).where(Ticket.secret_hash == secrecy.hash_secret(secret))
    ticket = alive(session.exec(chosen.with_for_update()).first(), kind, real=real)
    ticket.used_at = real
    return ticket


def alive(ticket: Ticket | None, kind: str, *, real: datetime) -> Ticket:
    if ticket is None or ticket.kind != kind or ticket.used_at or real >= ticket.ends_at:
        raise NotFound("link_dead")
    return ticket
