"""Portal: the second step of signing in: a code of six digits that changes every 30 seconds."""

import secrets
from datetime import datetime
from uuid import UUID

import pyotp
from sqlmodel import Session

from services.kit.auth import Caller
from services.kit.errors import Conflict, Forbidden
from services.portal import accounts, attempts, secrecy
from services.portal.models import Totp

STEP = 30  # seconds
AROUND = (0, -1, 1)  # a phone's clock may be half a minute off
RECOVERY_CODES = 8
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
ISSUER = "Yueke 约课"


def is_on(session: Session, account_id: UUID) -> bool:
    row = session.get(Totp, account_id)
    return row is not None and row.confirmed


def begin(session: Session, *, by: Caller) -> str:
    """A new secret for oneself, which counts once a code of it was shown. 409 `totp_on_already`."""
    account = accounts.own(session, by)
    row = session.get(Totp, account.id, with_for_update=True)
    if row is not None and row.confirmed:
        raise Conflict("totp_on_already")
    secret = pyotp.random_base32()
    session.merge(Totp(account_id=account.id, secret=secret))
    return secret


def confirm(session: Session, code: str, *, by: Caller, at: datetime, real: datetime) -> list[str]:
    """On from now on. Answers the recovery codes, which are seen this once."""
    account = accounts.own(session, by)
    row = session.get(Totp, account.id, with_for_update=True)
    if row is None or row.confirmed:
        raise Conflict("totp_off_already" if row is None else "totp_on_already")
    _prove(session, row, code, real)
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    row.confirmed, row.recovery = True, [secrecy.hash_secret(code) for code in codes]
    accounts.note(session, account, "turn_on_totp", by=by, at=at)
    return codes


def turn_off(session: Session, code: str, *, by: Caller, at: datetime, real: datetime) -> None:
    """One's own, with a code or a recovery code: an open browser alone is not enough."""
    account = accounts.own(session, by)
    row = session.get(Totp, account.id, with_for_update=True)
    if row is None or not row.confirmed:
        raise Conflict("totp_off_already")
    _prove(session, row, code, real)
    session.delete(row)
    accounts.note(session, account, "turn_off_totp", by=by, at=at)


def remove(session: Session, account_id: UUID, *, by: Caller, at: datetime) -> None:
    """For somebody who lost his phone, by the administrator."""
    account = accounts.of_district(session, account_id, by)
    row = session.get(Totp, account.id, with_for_update=True)
    if row is None:
        raise Conflict("totp_off_already")
    session.delete(row)
    accounts.note(session, account, "turn_off_totp", by=by, at=at)


def prove(session: Session, account_id: UUID, code: str, *, real: datetime) -> None:
    """403 `code_wrong`, counted, also for a code used before; 429 `too_many_failures`."""
    row = session.get(Totp, account_id, with_for_update=True)
    if row is not None and row.confirmed:
        _prove(session, row, code, real)


def _prove(session: Session, row: Totp, code: str, real: datetime) -> None:
    attempts.check(session, attempts.OF_CODE, row.account_id, real=real)
    given = "".join(code.split()).casefold()
    if not (_is_code(row, given, real) or _is_recovery(row, given)):
        attempts.count(session, attempts.OF_CODE, row.account_id, real=real)
        raise Forbidden("code_wrong", keep=True)
    attempts.forget(session, attempts.OF_CODE, row.account_id)


def _is_code(row: Totp, given: str, real: datetime) -> bool:
    """Each step's code works once, and none older than the last one used."""
    now, maker = int(real.timestamp()) // STEP, pyotp.TOTP(row.secret)
    for step in (now + off for off in AROUND):
        if step > row.last_step and secrecy.same(given, maker.generate_otp(step)):
            row.last_step = step
            return True
    return False


def _is_recovery(row: Totp, given: str) -> bool:
    kept = secrecy.hash_secret(given)
    if kept not in row.recovery:
        return False
    row.recovery = [code for code in row.recovery if code != kept]
    return True


def _recovery_code() -> str:
    """Ten letters and digits: about 49 bits, and five tries."""
    return "".join(secrets.choice(LETTERS) for _ in range(10))


def uri(secret: str, login: str) -> str:
    """What an authenticator app reads from the square picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)
