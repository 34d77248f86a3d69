"""Deploy: one child process of a stack: its group, its output, its readiness, its end."""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from deploy.home import ROOT

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
Say = Callable[[str, str], None]
_libc = ctypes.CDLL(None)


class Process(Protocol):
    """What is needed of a running program."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    @property
    def stdout(self) -> asyncio.StreamReader | None: ...
    async def wait(self) -> int: ...


async def program(
    argv: Sequence[str], env: Mapping[str, str], *, pass_fds: Sequence[int] = ()
) -> Process:
    """Start it in a group of its own (Ctrl-C is for the supervisor, which ends all in order) and
    bound to our life."""
    supervisor = os.getpid()
    return await asyncio.create_subprocess_exec(
        *argv,
        env=dict(env),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        pass_fds=pass_fds,
        preexec_fn=lambda: die_with_parent(supervisor),
    )


def die_with_parent(parent: int, how: signal.Signals = signal.SIGKILL) -> None:
    """A parent killed with -9 cannot tidy up: the kernel does. It only acts on deaths from now
    on, so one between the fork and this line is looked for."""
    _libc.prctl(PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:
        os._exit(1)


def name_process(name: str) -> None:
    """What `ps -o comm` and `top` show of a process that never called exec."""
    _libc.prctl(PR_SET_NAME, name.encode())


async def nothing() -> None:
    pass


@dataclass(eq=False)
class Child:
    """A program that should run as long as the stack does."""

    name: str
    launch: Callable[[], Awaitable[Process]]
    say: Say
    port: int = 0
    health: str = ""  # path that answers 200 once it can serve
    settle: Callable[[], Awaitable[None]] = nothing  # what has to follow each of its starts
    hides: Callable[[str], bool] = lambda _: False  # lines nobody wants to read
    process: Process | None = field(default=None, init=False)
    pump: asyncio.Task[None] | None = field(default=None, init=False)
    serves: bool = field(default=False, init=False)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    @property
    def failed(self) -> bool:
        return self.process is not None and self.process.returncode not in (0, None)

    async def spawn(self) -> None:
        self.process = await self.launch()
        self.pump = asyncio.create_task(self._read(self.process.stdout))

    async def _read(self, output: asyncio.StreamReader | None) -> None:
        assert output is not None
        rest = b""
        while chunk := await output.read(65536):
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
        with contextlib.suppress(TimeoutError):
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
        except OSError as error:
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
