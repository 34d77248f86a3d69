"""Portal: people the identity provider sent: their account here, made at the first sign-in.

What the rules say counts then; afterwards the administrator does. An account is never found by its
e-mail address or name: whoever can choose those at the provider could take over another's.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from services.kit.auth import Role, system
from services.kit.ids import uuid7
from services.portal import accounts, oidc, rules
from services.portal.models import Account, Identity

NOT_OF_A_LOGIN = re.compile(r"[^a-z0-9._-]+")


def admit(
    session: Session,
    settings: oidc.Settings,
    claims: Mapping[str, Any],
    *,
    at: datetime,
    real: datetime,
) -> Account:
    """The account of this person; a new one waits, disabled and without a role, when no rule fits.
    Never an administrator."""
    issuer, subject = settings.issuer, str(claims["sub"])
    known = session.get(Identity, (issuer, subject), with_for_update=True)
    if known is not None:
        known.seen_at = real
        return session.get_one(Account, known.account_id)
    given = settings.given(claims)
    account = Account(
        id=uuid7(),
        district=settings.district,
        login=_free_login(session, settings, claims),
        name=str(claims.get("name") or claims.get("preferred_username") or subject)[:100],
        roles=[str(given.role)] if given.role and given.role is not Role.ADMINISTRATOR else [],
        email=_email(claims),
        school_id=given.school_id,
        lecturer_id=given.lecturer_id,
        active=given.role is not None,
        version=0,
    )
    session.add(account)
    session.flush()
    session.add(
        Identity(issuer=issuer, subject=subject, account_id=account.id, first_at=real, seen_at=real)
    )
    return accounts.note(session, account, "put", by=system(account.district), at=at)


def is_waiting(account: Account) -> bool:
    """Nobody has said yet what this person may do."""
    return not account.active and not account.roles


def _email(claims: Mapping[str, Any]) -> str | None:
    """Only an address the provider has verified: forgotten passwords are sent there."""
    email = str(claims.get("email") or "")
    return email if claims.get("email_verified") is True and rules.EMAIL.fullmatch(email) else None


def _free_login(session: Session, settings: oidc.Settings, claims: Mapping[str, Any]) -> str:
    mark = hashlib.sha256(f"{settings.issuer} {claims['sub']}".encode()).hexdigest()[:8]
    wanted = str(claims.get("preferred_username") or "").casefold()
    name = NOT_OF_A_LOGIN.sub("", wanted).strip("._-")[:40]
    if not rules.LOGIN.fullmatch(name):
        return f"id-{mark}"
    taken = select(Account.id).where(Account.district == settings.district, Account.login == name)
    return f"{name}-{mark}" if session.exec(taken).first() else name
