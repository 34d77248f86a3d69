"""Deploy: one child process of a stack: its group, its output, its readiness, its end."""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from deploy.home import ROOT

PR_SET_PDEATHSIG = 1
Say = Callable[[str, str], None]
_libc = ctypes.CDLL(None)


async def _nothing() -> None:
    pass


@dataclass(eq=False)
class Child:
    """A program that should run as long as the stack does."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    say: Say
    port: int = 0
    health: str = ""  # path that answers 200 once it can serve
    settle: Callable[[], Awaitable[None]] = _nothing  # what has to follow each of its starts
    hides: Callable[[str], bool] = lambda _: False  # lines nobody wants to read
    process: asyncio.subprocess.Process | None = field(default=None, init=False)
    pump: asyncio.Task[None] | None = field(default=None, init=False)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def spawn(self) -> None:
        supervisor = os.getpid()

        def bind_to_supervisor() -> None:
            # A supervisor killed with -9 cannot tidy up: the kernel does. It only acts on deaths
            # from now on, so one that died between the fork and this line is looked for.
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != supervisor:
                os._exit(1)

        self.process = await asyncio.create_subprocess_exec(
            *self.argv,
            env=dict(self.env),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the supervisor, which ends them in order
            preexec_fn=bind_to_supervisor,
        )
        self.pump = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process is not None and self.process.stdout is not None
        rest = b""
        while chunk := await self.process.stdout.read(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._tell(line)
        if rest:
            self._tell(rest)

    def _tell(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip()
        if text and not self.hides(text):
            self.say(self.name, text)

    async def wait(self) -> str:
        """How it ended, once everything it had to say was read."""
        assert self.process is not None and self.pump is not None
        status = await self.process.wait()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(self.pump), 1)
        if status < 0:
            return f"was killed by {signal.Signals(-status).name}"
        return f"ended with status {status}"

    async def ready(self) -> str:
        """Wait until it serves; returns "" or why it does not yet."""
        if not self.health:
            return ""
        try:
            status, body = await get(self.port, self.health)
        except (TimeoutError, OSError) as error:
            return repr(error)
        return "" if status == 200 else f"{status} {body}"

    def signal(self, number: signal.Signals) -> None:
        """To its whole group, so that nothing it started is left."""
        if self.alive and self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    async def end(self, patience: float) -> None:
        """Ask, wait, insist."""
        if not self.alive or self.process is None:
            return
        self.signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), patience)
        except TimeoutError:
            self.signal(signal.SIGKILL)
            await self.process.wait()


async def get(port: int, path: str, *, timeout: float = 2.0) -> tuple[int, str]:
    """Status and body of a loopback GET; a client library would cost the supervisor 10 MB."""

    async def talk() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
            return await reader.read()
        finally:
            writer.close()

    head, _, body = (await asyncio.wait_for(talk(), timeout)).partition(b"\r\n\r\n")
    words = head.split(maxsplit=2)
    if len(words) < 2:
        raise ConnectionError("no answer")
    return int(words[1]), _short(body)


def _short(body: bytes) -> str:
    with contextlib.suppress(ValueError):
        return json.dumps(json.loads(body), ensure_ascii=False)[:500]
    return body.decode("utf-8", "replace")[:500]
