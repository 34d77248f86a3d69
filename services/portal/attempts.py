"""Portal: who tried too often. Counted under any name, known or not, in real time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import delete
from sqlmodel import Session, col

from services.kit.db import insert_once
from services.kit.errors import TooMany
from services.portal.models import Attempt

LONGEST_NAME = 120


@dataclass(frozen=True)
class Limit:
    """So many within this time; counted anew afterwards."""

    kind: str
    most: int
    within: timedelta

    def name(self, of: object) -> str:
        return f"{self.kind}:{of}"[:LONGEST_NAME]


# A whole office may sit behind one address: failures only, and more of them than one person makes.
OF_SOURCE = Limit("source", 40, timedelta(minutes=5))
# A name nobody has is locked like a real one, so that the lock does not tell them apart.
OF_LOGIN = Limit("login", 5, timedelta(minutes=5))
OF_CODE = Limit("code", 5, timedelta(minutes=5))
OF_RESET = Limit("reset", 3, timedelta(hours=1))
OF_RESET_SOURCE = Limit("reset source", 20, timedelta(hours=1))


def check(session: Session, limit: Limit, of: object, *, real: datetime) -> None:
    """429 `too_many_failures` when there were too many under this name."""
    row = session.get(Attempt, limit.name(of))
    if row is not None and row.count >= limit.most and real < row.until:
        raise TooMany("too_many_failures", retry_after=int((row.until - real).total_seconds()) + 1)


def count(session: Session, limit: Limit, of: object, *, real: datetime) -> None:
    """One more. What is over for everybody goes, so that guesses do not fill the table."""
    session.execute(delete(Attempt).where(col(Attempt.until) <= real))
    fresh = {"name": limit.name(of), "count": 1, "since": real, "until": real + limit.within}
    if not insert_once(session, Attempt, fresh):
        row = session.get_one(Attempt, fresh["name"], with_for_update=True)
        row.count += 1
        # The lock counts from the last try, as the wait is told.
        row.until = real + limit.within


def forget(session: Session, limit: Limit, of: object) -> None:
    """It was the right one at last."""
    session.execute(delete(Attempt).where(col(Attempt.name) == limit.name(of)))


def network(source: str) -> str:
    """Whom an address belongs to: an IPv6 customer has a whole /64 of them."""
    try:
        address = ip_address(source)
    except ValueError:
        return source[:LONGEST_NAME]
    if isinstance(address, IPv6Address):
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)
