"""Portal's signing keys: two are published, one of them signs."""

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from sqlmodel import Session, col, select

from services.kit.auth import ALGORITHM, Caller, Role, system
from services.kit.db import insert_once
from services.kit.errors import Conflict
from services.kit.ids import uuid7
from services.portal.models import SigningKey
from services.portal.rules import ROTATES_AFTER, SIGNS_AFTER

PUBLISHED = 2


def ensure(session: Session, *, at: datetime) -> SigningKey:
    """The key that signs now; made when there is none yet. The private half of one that signs no
    more is forgotten."""
    signing = current(newest_keys(session) or _make_first(session, at), at=at)
    for key in newest_keys(session):
        if key.number < signing.number:
            key.private_pem = None
    return signing


def current(published: list[SigningKey], *, at: datetime) -> SigningKey:
    """Of the published keys the one that signs at that moment."""
    newest, *older = published
    return older[0] if older and at < signs_at(newest) else newest


def rotate(session: Session, *, by: Caller, at: datetime) -> SigningKey:
    """A new key, published now and signing in six minutes, when every verifier has heard of it.
    409 `rotated_recently` while tokens may name the key that would leave the published two."""
    by.needs(Role.ADMINISTRATOR)
    ensure(session, at=at)
    newest, *older = newest_keys(session)
    again_at = newest.created_at + ROTATES_AFTER
    is_too_early = bool(older) and at < again_at
    if is_too_early or not _add(session, newest.number + 1, by=by, at=at):
        raise Conflict("rotated_recently", again_at=again_at.isoformat())
    return newest_keys(session)[0]


def signs_at(key: SigningKey) -> datetime:
    """From when on: the first key at once, a later one when verifiers know it."""
    return key.created_at if key.number == 1 else key.created_at + SIGNS_AFTER


def published(session: Session) -> dict[str, Any]:
    """The public keys, newest first, as a JWK set."""
    return {"keys": [key.public_jwk for key in newest_keys(session)]}


def sign(key: SigningKey, claims: dict[str, Any]) -> str:
    assert key.private_pem is not None
    return jwt.encode(
        claims, _private(key.private_pem), algorithm=ALGORITHM, headers={"kid": key.kid}
    )


def newest_keys(session: Session) -> list[SigningKey]:
    """The published ones, newest first."""
    newest = select(SigningKey).order_by(col(SigningKey.number).desc()).limit(PUBLISHED)
    return list(session.exec(newest))


def _make_first(session: Session, at: datetime) -> list[SigningKey]:
    _add(session, 1, by=system(""), at=at)
    return newest_keys(session)


def _add(session: Session, number: int, *, by: Caller, at: datetime) -> bool:
    """False when another process was faster; its key is then the one."""
    key, kid = ec.generate_private_key(ec.SECP256R1()), str(uuid7())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = json.loads(ECAlgorithm.to_jwk(key.public_key()))
    row: dict[str, Any] = {
        "number": number,
        "kid": kid,
        "private_pem": pem.decode(),
        "public_jwk": {**public, "kid": kid, "alg": ALGORITHM, "use": "sig"},
        "created_at": at,
        "created_by": by.id,
    }
    return insert_once(session, SigningKey, row)


@lru_cache(maxsize=PUBLISHED)
def _private(pem: str) -> ec.EllipticCurvePrivateKey:
    """Reading a PEM takes longer than signing with it."""
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
