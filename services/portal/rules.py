"""Portal's rules: what an account must be, when somebody has tried too often, what a token says."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.kit.auth import AUDIENCE, PEOPLE, Role
from services.kit.errors import Invalid

TOKEN_LIVES = timedelta(minutes=10)
MOST_FAILURES, WITHIN = 10, timedelta(minutes=1)
MOST_WRONG_PASSWORDS, LOCKED = 5, timedelta(minutes=5)
MOST_KEYS = 20
KEYS_KEPT = timedelta(minutes=5)  # how long a verifier may keep the published keys
# A new key is published this long before it signs: verifiers have heard of it by then.
SIGNS_AFTER = KEYS_KEPT + timedelta(minutes=1)
# The key before it signed until then, and its last tokens live on.
ROTATES_AFTER = SIGNS_AFTER + TOKEN_LIVES + timedelta(minutes=1)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
LANGUAGES = ("zh", "en")


def check_account(
    *,
    login: str,
    roles: Iterable[str],
    email: str | None,
    language: str,
    school_id: UUID | None,
    lecturer_id: UUID | None,
) -> list[str]:
    """The roles in order, or 422: a township belongs to a school, a lecturer is one, and nobody
    else is either."""
    chosen = set(roles)
    if not chosen or chosen - PEOPLE:
        raise Invalid("roles_invalid", known=sorted(PEOPLE))
    if (Role.TOWNSHIP in chosen) != (school_id is not None):
        raise Invalid("school_required" if school_id is None else "school_without_role")
    if (Role.LECTURER in chosen) != (lecturer_id is not None):
        raise Invalid("lecturer_required" if lecturer_id is None else "lecturer_without_role")
    if not LOGIN.fullmatch(login):
        raise Invalid("login_invalid", pattern=LOGIN.pattern)
    if email is not None and not EMAIL.fullmatch(email):
        raise Invalid("email_invalid")
    if language not in LANGUAGES:
        raise Invalid("language_invalid", known=list(LANGUAGES))
    return sorted(chosen)


def check_password(password: str, *, login: str) -> None:
    """422 `password_too_weak`: long enough, and not the login name in another dress."""
    simple = login in password.casefold() or len(set(password)) < 5
    if simple or not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid("password_too_weak", shortest=SHORTEST_PASSWORD, longest=LONGEST_PASSWORD)


def seconds_to_wait(failures: int, since: datetime, now: datetime) -> int:
    """0, or how long this client id is not looked at."""
    if failures < MOST_FAILURES or now >= since + WITHIN:
        return 0
    return int((since + WITHIN - now).total_seconds()) + 1


def claims(
    *,
    issuer: str,
    account_id: UUID,
    roles: list[str],
    district: str,
    name: str,
    language: str,
    school_id: UUID | None,
    lecturer_id: UUID | None,
    jti: UUID,
    at: datetime,
) -> dict[str, Any]:
    """What an access token says; `at` is real time, whatever the district's clock shows."""
    issued = int(at.timestamp())
    said: dict[str, Any] = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": str(account_id),
        "roles": roles,
        "district": district,
        "name": name,
        "language": language,
        "iat": issued,
        "exp": issued + int(TOKEN_LIVES.total_seconds()),
        "jti": str(jti),
    }
    if school_id is not None:
        said["school_id"] = str(school_id)
    if lecturer_id is not None:
        said["lecturer_id"] = str(lecturer_id)
    return said
