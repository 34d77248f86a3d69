"""Deploy: what a stack prints. Prefixed, flushed, and never a reason to stand still."""

import asyncio
import os
import stat
import sys
from collections import deque

WIDTH = 8
KEPT = 20_000


class Lines:
    """Standard output. A reader of a pipe who stops reading loses old lines; nobody waits for it:
    children write into pipes of their own, and a full pipe would stop them one after the other."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque(maxlen=KEPT)
        self._watched = False
        sys.stdout.flush()
        self._fd = 1
        if stat.S_ISFIFO(os.fstat(1).st_mode):
            # A description of its own: O_NONBLOCK must not reach those who share descriptor 1.
            self._fd = os.open("/proc/self/fd/1", os.O_WRONLY | os.O_NONBLOCK)

    def say(self, name: str, text: str) -> None:
        self.plain(f"{name:<{WIDTH}} | {text}")

    def plain(self, text: str) -> None:
        self._waiting.append(f"{text}\n".encode())
        if not self._watched:
            self._flush()

    def _flush(self) -> None:
        try:
            while self._waiting:
                line = self._waiting[0]
                written = os.write(self._fd, line)
                if written < len(line):
                    self._waiting[0] = line[written:]
                else:
                    self._waiting.popleft()
        except BlockingIOError:
            self._watch(True)
            return
        except OSError:  # the reader has gone; the stack has not
            self._waiting.clear()
        self._watch(False)

    def _watch(self, wanted: bool) -> None:
        if wanted == self._watched:
            return
        loop = asyncio.get_running_loop()
        if wanted:
            loop.add_writer(self._fd, self._flush)
        else:
            loop.remove_writer(self._fd)
        self._watched = wanted
