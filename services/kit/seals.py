"""Kit: links that prove themselves. A link is a few ids, an end and a seal over them.

Whoever holds the key can make one and check one; nothing has to be asked, sent or kept for it, so
no secret stands in an event or a database. That a link works once is its reader's business.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from services.kit import config

ID, END, SEAL = 16, 4, 16  # bytes


def write(kind: str, ids: Sequence[UUID], ends_at: datetime) -> str | None:
    """The secret part of a link of this kind; None where this service has no key to seal with."""
    key = _key()
    if key is None:
        return None
    said = int(ends_at.timestamp()).to_bytes(END, "big") + b"".join(id.bytes for id in ids)
    return base64.urlsafe_b64encode(said + _seal(key, kind, said)).decode().rstrip("=")


def read(kind: str, token: str, *, now: datetime) -> list[UUID] | None:
    """The ids; None when the seal is not ours, or of another kind, or the end has passed."""
    key = _key()
    try:
        found = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    said, seal = found[:-SEAL], found[-SEAL:]
    if key is None or len(said) < END + ID or (len(said) - END) % ID:
        return None
    if not hmac.compare_digest(seal, _seal(key, kind, said)):
        return None
    if now >= datetime.fromtimestamp(int.from_bytes(said[:END], "big"), UTC):
        return None
    return [UUID(bytes=said[at : at + ID]) for at in range(END, len(said), ID)]


def _seal(key: bytes, kind: str, said: bytes) -> bytes:
    return hmac.new(key, kind.encode() + b"\x00" + said, hashlib.sha256).digest()[:SEAL]


def _key() -> bytes | None:
    path = config.link_key()
    return path.read_bytes() if path.exists() else None
