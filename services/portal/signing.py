"""Portal's signing keys: one signs, the one before it is still published."""

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
from services.portal.rules import NAMED_UNTIL

PUBLISHED = 2


def ensure(session: Session, *, at: datetime) -> SigningKey:
    """The key that signs; made when there is none yet."""
    newest = _newest(session, 1)
    if newest:
        return newest[0]
    _add(session, 1, by=system(""), at=at)
    return _newest(session, 1)[0]


def rotate(session: Session, *, by: Caller, at: datetime) -> SigningKey:
    """A new key signs from now on. 409 `rotated_recently` while tokens may name the one that
    would leave the published two."""
    by.needs(Role.ADMINISTRATOR)
    last = ensure(session, at=at)
    again_at = last.created_at + NAMED_UNTIL
    if last.number >= PUBLISHED and at < again_at:
        raise Conflict("rotated_recently", again_at=again_at.isoformat())
    if not _add(session, last.number + 1, by=by, at=at):
        raise Conflict("rotated_recently")
    last.private_pem = None
    return _newest(session, 1)[0]


def published(session: Session) -> dict[str, Any]:
    """The public keys, newest first, as a JWK set."""
    return {"keys": [key.public_jwk for key in _newest(session, PUBLISHED)]}


def sign(key: SigningKey, claims: dict[str, Any]) -> str:
    assert key.private_pem is not None
    return jwt.encode(
        claims, _private(key.private_pem), algorithm=ALGORITHM, headers={"kid": key.kid}
    )


def _newest(session: Session, count: int) -> list[SigningKey]:
    newest = select(SigningKey).order_by(col(SigningKey.number).desc()).limit(count)
    return list(session.exec(newest))


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
