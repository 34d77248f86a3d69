"""Kit: gzipped JSON for messages that would be too large without."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

MOST_PACKED = 8_000_000  # bytes of a message; the broker takes 8 MiB
MOST_UNPACKED = 64_000_000
GZIP = 16 + zlib.MAX_WBITS


class Unreadable(ValueError):
    """Not gzipped JSON, or more of it than anybody would mean."""


def packed(value: Mapping[str, Any]) -> bytes:
    """For the wire. Ids and instants travel as text."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    squeeze = zlib.compressobj(6, zlib.DEFLATED, GZIP)
    return squeeze.compress(text.encode()) + squeeze.flush()


def unpacked(message: bytes, most: int = MOST_UNPACKED) -> dict[str, Any]:
    """What was packed. `Unreadable` for anything else; no more than `most` bytes are ever made."""
    unfold = zlib.decompressobj(GZIP)
    try:
        text = unfold.decompress(message, most)
    except zlib.error as error:
        raise Unreadable(f"is not gzipped: {error}") from None
    if not unfold.eof:
        cut = "is cut off" if not unfold.unconsumed_tail else f"unfolds to more than {most} bytes"
        raise Unreadable(cut)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Unreadable("is not an object")
    return value
