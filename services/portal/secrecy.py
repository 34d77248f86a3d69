"""Portal's secrets: made here, kept only as hashes."""

import hashlib
import hmac
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's first choice for argon2id.
_PASSWORDS = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Without letters and digits that people confuse when they copy them from paper.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    """256 bits: nobody guesses it, so one round of SHA-256 is enough to keep it."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def is_secret(secret: str, kept: str) -> bool:
    return same(hash_secret(secret), kept)


def new_password() -> str:
    """For one use, four groups of four: about 79 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def hash_password(password: str) -> str:
    return _PASSWORDS.hash(password)


def is_password(password: str, kept: str | None) -> bool:
    if kept is None:
        return False
    try:
        return _PASSWORDS.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def same(sent: str, kept: str) -> bool:
    """In a time that does not tell how much of it was right."""
    return hmac.compare_digest(sent.encode(), kept.encode())
