"""Accounts: who may come in. Every change goes through one door and is told."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.contracts.portal import AccountChanged
from services.kit import db, outbox
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from services.kit.ids import uuid7
from services.portal import rules, secrecy, sessions
from services.portal.models import Account, ApiKey


def put(
    session: Session,
    id: UUID,
    *,
    login: str,
    name: str,
    roles: list[str],
    email: str | None,
    language: str,
    school_id: UUID | None,
    lecturer_id: UUID | None,
    by: Caller,
    at: datetime,
) -> Account:
    """Create the account, or give it these facts; only an administrator says who has which role.

    A new account has no password and no key until an administrator resets the one.
    409 `login_taken`, `last_administrator`; 422 as `rules.check_account` says.
    """
    by.needs(Role.ADMINISTRATOR)
    chosen = rules.check_account(
        login=login,
        roles=roles,
        email=email,
        language=language,
        school_id=school_id,
        lecturer_id=lecturer_id,
    )
    facts: dict[str, Any] = {
        "login": login,
        "name": name,
        "roles": chosen,
        "administers": Role.ADMINISTRATOR in chosen,
        "email": email,
        "language": language,
        "school_id": school_id,
        "lecturer_id": lecturer_id,
    }
    others = select(Account.id).where(Account.district == by.district, Account.login == login)
    if session.exec(others.where(col(Account.id) != id)).first():
        raise Conflict("login_taken", login=login)
    if session.get(Account, id) is None:
        account = Account(id=id, district=by.district, version=0, **facts)
        session.add(account)
    else:
        account = _kept_administered(session, id, by, administers=bool(facts["administers"]))
        if account.roles != chosen or account.school_id != school_id:
            # What is open on a screen was made for who he was.
            sessions.end_all(session, id, at=at)
    return _change(session, account, "put", by, at, **facts)


def disable(session: Session, id: UUID, *, by: Caller, at: datetime) -> Account:
    """No new token and no page from now on; a token already out lives its ten minutes."""
    account = _kept_administered(session, id, by, administers=False)
    if not account.active:
        raise Conflict("already_disabled")
    sessions.end_all(session, id, at=at)
    return _change(session, account, "disable", by, at, active=False)


def enable(session: Session, id: UUID, *, by: Caller, at: datetime) -> Account:
    account = of_district(session, id, by)
    if account.active:
        raise Conflict("already_enabled")
    return _change(session, account, "enable", by, at, active=True)


def reset_password(session: Session, id: UUID, *, by: Caller, at: datetime) -> tuple[Account, str]:
    """A password for one use; its owner must choose another."""
    account = of_district(session, id, by)
    password = secrecy.new_password()
    sessions.end_all(session, id, at=at)
    changed = {"password_hash": secrecy.hash_password(password), "must_change_password": True}
    _change(session, account, "reset_password", by, at, failures=0, failed_at=None, **changed)
    return account, password


def change_password(
    session: Session,
    *,
    current: str,
    new: str,
    by: Caller,
    at: datetime,
    real: datetime,
    here: str = "",
) -> Account:
    """One's own; every session but the one named by `here` ends. 403 `password_wrong`, counted;
    429 `too_many_failures`; 422 `password_too_weak`; 409 `password_unchanged`.

    `real` is real time: the district's clock may be moved past a lock.
    """
    account = own(session, by)
    _check_current(account, current, real)
    if secrecy.is_password(new, account.password_hash):
        raise Conflict("password_unchanged")
    return set_password(session, account, new, by=by, at=at, here=here)


def set_password(
    session: Session, account: Account, new: str, *, by: Caller, at: datetime, here: str = ""
) -> Account:
    """By somebody who has proved that it is his to set. 422 `password_too_weak`."""
    rules.check_password(new, login=account.login)
    sessions.end_all(session, account.id, at=at, but=here)
    kept = {"password_hash": secrecy.hash_password(new), "must_change_password": False}
    return _change(session, account, "change_password", by, at, failures=0, failed_at=None, **kept)


def choose_language(session: Session, *, language: str, by: Caller, at: datetime) -> Account:
    """Of one's own pages and messages. 422 `language_invalid`."""
    if language not in rules.LANGUAGES:
        raise Invalid("language_invalid", known=list(rules.LANGUAGES))
    return _change(session, own(session, by), "choose_language", by, at, language=language)


def add_key(session: Session, *, name: str, by: Caller, at: datetime) -> tuple[ApiKey, str]:
    """A client id and its secret for oneself; the secret is seen this once."""
    account = own(session, by)
    live = select(ApiKey).where(ApiKey.account_id == account.id, col(ApiKey.revoked_at).is_(None))
    if len(session.exec(live).all()) >= rules.MOST_KEYS:
        raise Conflict("too_many_keys", most=rules.MOST_KEYS)
    key, secret = new_key(account.id, name, at)
    session.add(key)
    _change(session, account, "add_key", by, at)
    return key, secret


def revoke_key(session: Session, client_id: UUID, *, by: Caller, at: datetime) -> ApiKey:
    """One's own key, or any of the district for an administrator."""
    key = db.get(session, ApiKey, client_id)
    account = session.get_one(Account, key.account_id)
    administers = by.has(Role.ADMINISTRATOR) and account.district == by.district
    if account.id != by.id and not administers:
        raise NotFound("not_found", what="api_key", id=str(client_id))
    account = db.get(session, Account, account.id, lock=True)
    key = db.get(session, ApiKey, client_id, lock=True)
    if key.revoked_at is not None:
        raise Conflict("already_revoked")
    key.revoked_at = at
    _change(session, account, "revoke_key", by, at)
    return key


def new_key(account_id: UUID, name: str, at: datetime) -> tuple[ApiKey, str]:
    """A key and its secret, not yet kept."""
    secret = secrecy.new_secret()
    kept = secrecy.hash_secret(secret)
    row = ApiKey(
        client_id=uuid7(), account_id=account_id, name=name, secret_hash=kept, created_at=at
    )
    return row, secret


def own(session: Session, by: Caller) -> Account:
    """The caller's account, locked; 403 `account_disabled` although his token still lives."""
    account = db.get(session, Account, by.id, lock=True)
    if not account.active:
        raise Forbidden("account_disabled")
    return account


def note(session: Session, account: Account, verb: str, *, by: Caller, at: datetime) -> Account:
    """Something about the account that is no fact of it for others, and is told all the same."""
    return _change(session, account, verb, by, at)


def told(account: Account) -> dict[str, Any]:
    """What others may know of an account: the body of the event and of the audit."""
    return {
        "active": account.active,
        "roles": account.roles,
        "name": account.name,
        "email": account.email,
        "language": account.language,
        "school_id": account.school_id,
        "lecturer_id": account.lecturer_id,
    }


def of_district(session: Session, id: UUID, by: Caller) -> Account:
    by.needs(Role.ADMINISTRATOR)
    account = db.get(session, Account, id, lock=True)
    if account.district != by.district:
        raise NotFound("not_found", what="account", id=str(id))
    return account


def _kept_administered(session: Session, id: UUID, by: Caller, *, administers: bool) -> Account:
    """The account, locked, unless the change would leave the district without administrator.

    All administrators are locked first, by id: two of them cannot remove each other at once.
    """
    by.needs(Role.ADMINISTRATOR)
    all_of_them = (
        select(Account.id)
        .where(Account.district == by.district, col(Account.administers), col(Account.active))
        .order_by(col(Account.id))
        .with_for_update()
    )
    administrators = session.exec(all_of_them).all()
    account = of_district(session, id, by)
    if list(administrators) == [id] and not administers:
        raise Conflict("last_administrator")
    return account


def _check_current(account: Account, password: str, real: datetime) -> None:
    locked = account.failures >= rules.MOST_WRONG_PASSWORDS and account.failed_at is not None
    left = account.failed_at + rules.LOCKED - real if locked and account.failed_at else timedelta()
    if left > timedelta():
        raise TooMany("too_many_failures", retry_after=int(left.total_seconds()) + 1)
    if not secrecy.is_password(password, account.password_hash):
        account.failures = 1 if locked else account.failures + 1
        account.failed_at = real
        raise Forbidden("password_wrong", keep=True)


def _change(
    session: Session, account: Account, verb: str, by: Caller, at: datetime, **facts: Any
) -> Account:
    """The door: facts, version and event in one breath."""
    for name, value in facts.items():
        setattr(account, name, value)
    account.version += 1
    session.flush()
    outbox.tell(session, said(account, verb, by, at))
    return account


def said(account: Account, verb: str, by: Caller, at: datetime) -> AccountChanged:
    """The account as it is now, as an event."""
    return AccountChanged(
        fact="changed",
        key=account.id,
        version=account.version,
        district=account.district,
        at=at,
        by=by.actor(),
        verb=verb,
        **told(account),
    )
