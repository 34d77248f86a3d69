"""What the portal shows: accounts of a district, one's own keys."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.kit import db
from services.kit.auth import Caller, Role
from services.kit.errors import NotFound
from services.kit.web import page
from services.portal import accounts
from services.portal.models import Account, ApiKey


def account(session: Session, id: UUID, *, by: Caller) -> Account:
    """404 also for an account of another district."""
    by.needs(Role.ADMINISTRATOR)
    row = session.get(Account, id)
    if row is None or row.district != by.district:
        raise NotFound("not_found", what="account", id=str(id))
    return row


def own(session: Session, *, by: Caller) -> Account:
    """The caller's own account."""
    return db.get(session, Account, by.id)


def version(session: Session, id: UUID, *, by: Caller) -> int | None:
    """Of an account of the district, locked until the transaction ends; None when there is none."""
    by.needs(Role.ADMINISTRATOR)
    row = session.get(Account, id, with_for_update=True)
    return row.version if row is not None and row.district == by.district else None


def listed(
    session: Session,
    *,
    role: Role | None,
    school_id: UUID | None,
    active: bool | None,
    q: str = "",
    cursor: str | None,
    limit: int,
    by: Caller,
) -> tuple[Sequence[Account], str | None]:
    """Accounts of the caller's district by login name."""
    by.needs(Role.ADMINISTRATOR)
    chosen = select(Account).where(Account.district == by.district)
    if role is Role.TOWNSHIP:
        chosen = chosen.where(col(Account.school_id).is_not(None))
    elif role is Role.LECTURER:
        chosen = chosen.where(col(Account.lecturer_id).is_not(None))
    elif role is not None:
        # People of a school or a pool are many and are left out by an index; the rest are few.
        few = chosen.where(col(Account.school_id).is_(None), col(Account.lecturer_id).is_(None))
        ids = [row.id for row in session.exec(few) if role in row.roles]
        chosen = chosen.where(col(Account.id).in_(ids))
    if school_id is not None:
        chosen = chosen.where(Account.school_id == school_id)
    if active is not None:
        chosen = chosen.where(Account.active == active)
    if q:
        named = col(Account.name).contains(q, autoescape=True)
        chosen = chosen.where(named | col(Account.login).contains(q.casefold(), autoescape=True))
    return page(session, chosen, by=[col(Account.login)], cursor=cursor, limit=limit)


def keys(session: Session, *, by: Caller) -> Sequence[ApiKey]:
    """The caller's own, newest first, revoked ones too."""
    mine = select(ApiKey).where(ApiKey.account_id == by.id)
    return session.exec(mine.order_by(col(ApiKey.client_id).desc()).limit(100)).all()


def audited(
    session: Session, district: str, after: UUID | None, limit: int
) -> Sequence[dict[str, Any]]:
    """Every account with its version and the body of its newest event."""
    chosen = select(Account).where(Account.district == district).order_by(col(Account.id))
    if after is not None:
        chosen = chosen.where(col(Account.id) > after)
    return [
        {"id": str(row.id), "version": row.version, "body": accounts.told(row)}
        for row in session.exec(chosen.limit(limit))
    ]


AUDITS = {"account": audited}
