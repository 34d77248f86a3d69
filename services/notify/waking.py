"""Notify: whoever waits for news is woken when it is committed, in this process.

Who waits in another process, or misses a call, looks by himself every few seconds: this only makes
it quick.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

# The sender of mails waits under this name, people under their account's.
MAIL = UUID(int=0)

_WOKEN = "woken"


class Bell:
    """Events of whoever waits, by name; rung from any thread."""

    def __init__(self) -> None:
        self._ears: dict[UUID, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}
        self._lock = Lock()

    @contextmanager
    def heard_by(self, name: UUID) -> Iterator[asyncio.Event]:
        """An event that is set whenever there is news for `name`."""
        ear = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._ears.setdefault(name, set()).add(ear)
        try:
            yield ear[1]
        finally:
            with self._lock:
                self._ears[name].discard(ear)
                if not self._ears[name]:
                    del self._ears[name]

    def ring(self, names: set[UUID]) -> None:
        with self._lock:
            ears = [ear for name in names for ear in self._ears.get(name, ())]
        for loop, news in ears:
            if not loop.is_closed():
                loop.call_soon_threadsafe(news.set)


BELL = Bell()


def wake(session: Session, *names: UUID) -> None:
    """Ring for these when the transaction has ended."""
    session.info.setdefault(_WOKEN, set()).update(names)


@event.listens_for(Session, "after_transaction_end")
def _ended(session: Session, transaction: SessionTransaction) -> None:
    # Savepoints end too, with nothing to see yet. A rollback wakes for nothing: harmless.
    if transaction.parent is None:
        names: Any = session.info.pop(_WOKEN, None)
        if names:
            BELL.ring(names)
