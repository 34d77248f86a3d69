"""Deploy: the supervisor. It starts the children in order, watches them, and ends them together."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from deploy import smtp_sink
from deploy.births import Births
from deploy.child import Child, Process, get, program
from deploy.home import PROCESSES, ROOT, database_url, write
from deploy.lines import Lines
from deploy.ports import Ports

BIN = Path(sys.executable).parent
START_PATIENCE = 60.0
BACK_OFF = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds before the next start of a child that died
STEADY = 10.0  # seconds of life after which its deaths are counted anew
LAST_WORDS, BROKER_LAST_WORDS = 3.0, 1.0  # together under the five seconds a stop may take


def sign_ins(folder: Path) -> Iterator[str]:
    """Three people of the demo to sign in as; nothing in a real installation."""
    path = folder / "demo-credentials.json"
    if not path.exists():
        return
    people = json.loads(path.read_text(encoding="utf-8"))
    for role in ("township", "scheduler", "lecturer"):
        person = next(person for person in people if person["role"] == role)
        yield f"  sign in as {role}: {person['login']} / {person['password']}"


class NotStarted(Exception):
    """The stack cannot come up; the reason is for the person in front of it."""


class Stack:
    """One origin, one broker, one process per service, one mail server in this process."""

    def __init__(self, folder: Path, port: int, *, restart: bool, lines: Lines) -> None:
        self.folder, self.restart, self.lines = folder, restart, lines
        self.children: dict[str, Child] = {}
        self.jobs: set[Child] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        reserved = Ports()
        self.reserved = reserved  # kept: a port stays ours while its child is away
        self.port = reserved.origin(port)
        names = ("nats", "nats_http", "smtp", *PROCESSES)
        self.ports = {name: reserved.free() for name in names} | {"origin": self.port}
        self.env = self._environment()

    def _environment(self) -> dict[str, str]:
        addresses = {f"YUEKE_{name.upper()}": f"127.0.0.1:{self.ports[name]}" for name in PROCESSES}
        defaults = {
            "YUEKE_ORIGIN": f"http://127.0.0.1:{self.port}",
            "YUEKE_SMTP": f"127.0.0.1:{self.ports['smtp']}",
            "YUEKE_SITE": f"http://:{self.port}",
            "YUEKE_BIND": "127.0.0.1",
            # Idle memory on one small machine: fewer malloc arenas, earlier collections in Go.
            "MALLOC_ARENA_MAX": "2",
            "GOGC": "50",
        }
        return {
            **defaults,
            **os.environ,
            **addresses,
            "YUEKE_HOME": str(self.folder),
            "YUEKE_DATABASE_URL": database_url(self.folder),
            "YUEKE_KEYS": str(self.folder / "keys"),
            "YUEKE_NATS_URL": f"nats://127.0.0.1:{self.ports['nats']}",
            "YUEKE_JWKS_URL": f"http://{addresses['YUEKE_PORTAL']}/.well-known/jwks.json",
            "XDG_DATA_HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
            "PYTHONUNBUFFERED": "1",
        }

    async def run(self) -> int:
        """0 when somebody asked it to end, 1 when it ended by itself."""
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._end, "")
        self._task(self._up())
        reason = await self.ended
        self.say(f"{reason}; ending the stack" if reason else "ending the stack")
        await self._down()
        self.say("ended")
        return 1 if reason else 0

    def say(self, text: str) -> None:
        self.lines.say("yueke", text)

    def _end(self, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_result(reason)

    def _task(self, work: Coroutine[Any, Any, None]) -> None:
        async def watched() -> None:
            try:
                await work
            except NotStarted as error:
                self._end(str(error))
            except Exception as error:
                self._end(repr(error))

        task = asyncio.create_task(watched())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # -- up

    async def _up(self) -> None:
        births = Births()
        ports = ("--port", str(self.ports["nats"]), "--http-port", str(self.ports["nats_http"]))
        await self._job("keys", *ports)
        await asyncio.gather(
            self._start(self._broker()),
            self._start(Child("nursery", lambda: births.nursery(self.env), self.lines.say)),
            self._job("prepare"),
        )
        self._task(self._watch_broker())
        if "YUEKE_SMTP" not in os.environ:
            await smtp_sink.serve(self.folder / "outbox", self.ports["smtp"])
        await asyncio.gather(*(self._start(self._service(births, name)) for name in PROCESSES))
        await self._start(self._proxy())
        self.lines.plain(f"ready {self.env['YUEKE_ORIGIN']}")
        for line in sign_ins(self.folder):
            self.lines.plain(line)

    def _broker(self) -> Child:
        return Child(
            "nats",
            self._program(str(BIN / "nats-server"), "-c", str(self.folder / "nats.conf")),
            self.lines.say,
            port=self.ports["nats_http"],
            health="/healthz",
            # After every start: its JetStream directory may be a new one.
            settle=lambda: self._job("nats_init"),
            hides=lambda line: "[INF]" in line,
        )

    def _service(self, births: Births, name: str) -> Child:
        port = self.ports[name]
        launch = partial(births.service, name, port)
        return Child(name, launch, self.lines.say, port=port, health="/readyz")

    def _proxy(self) -> Child:
        config = str(ROOT / "deploy" / "Caddyfile")
        launch = self._program(
            str(BIN / "caddy"), "run", "--config", config, "--adapter", "caddyfile"
        )
        return Child(
            "caddy",
            launch,
            self.lines.say,
            port=self.port,
            health="/livez",
            hides=lambda line: '"level":"info"' in line,
        )

    def _program(self, *argv: str) -> Callable[[], Awaitable[Process]]:
        return lambda: program(argv, self.env)

    async def _job(self, module: str, *arguments: str) -> None:
        """A program that has to end well before the next step."""
        launch = self._program(sys.executable, "-m", f"deploy.{module}", *arguments)
        job = Child(module.removeprefix("nats_"), launch, self.lines.say)
        self.jobs.add(job)
        try:
            await job.spawn()
            how = await job.wait()
        finally:
            job.signal(signal.SIGKILL)
            self.jobs.discard(job)
        if job.failed:
            raise NotStarted(f"{module} {how}")

    # -- watch

    async def _start(self, child: Child) -> None:
        """Start it, keep it, and wait until it serves."""
        self.children[child.name] = child
        up = asyncio.Event()
        self._task(self._keep(child, up))
        try:
            await asyncio.wait_for(up.wait(), START_PATIENCE)
        except TimeoutError:
            why = await child.ready()
            raise NotStarted(f"{child.name} does not get ready: {why}") from None

    async def _keep(self, child: Child, up: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        deaths = 0
        while True:
            await self._held(child)
            started = loop.time()
            how = await self._live(child, up)
            if not self.restart:
                return self._end(f"{child.name} {how}")
            deaths = 1 if loop.time() - started > STEADY else deaths + 1
            pause = BACK_OFF[min(deaths, len(BACK_OFF)) - 1]
            self.say(f"{child.name} {how}; starting it again in {pause} s")
            await asyncio.sleep(pause)

    async def _live(self, child: Child, up: asyncio.Event) -> str:
        """One life of a child; returns how it ended."""
        try:
            await child.spawn()
        except OSError as error:
            return f"did not start ({error})"
        child.serves = False
        self._write()
        settling = asyncio.create_task(self._settle(child, up))
        try:
            return await child.wait()
        finally:
            settling.cancel()

    async def _settle(self, child: Child, up: asyncio.Event) -> None:
        while await child.ready():
            await asyncio.sleep(0.05)
        try:
            await child.settle()
        except NotStarted as error:
            self.say(str(error))
            child.signal(signal.SIGKILL)
        else:
            child.serves = True
            up.set()

    async def _held(self, child: Child) -> None:
        """`$YUEKE_HOME/hold/<name>` keeps a child that has ended from being started again: for
        work on its files, and for tests of bad weather."""
        hold = self.folder / "hold" / child.name
        if hold.exists():
            self.say(f"{child.name} is held back by {hold}")
        while hold.exists():
            await asyncio.sleep(0.1)

    async def _watch_broker(self) -> None:
        """After a write error (a full disk) nats-server stays unwell until it is restarted."""
        unwell = 0
        broker = self.children["nats"]
        while True:
            await asyncio.sleep(1)
            with contextlib.suppress(OSError):
                status, why = await get(self.ports["nats_http"], "/healthz")
                # While it reads its streams in again it is unwell too, and must not be disturbed.
                unwell = unwell + 1 if status == 503 and broker.serves else 0
                if unwell >= 3:
                    self.say(f"nats is unwell: {why}")
                    unwell = 0
                    await broker.end(LAST_WORDS)

    def _write(self) -> None:
        """What other commands need to know; renewed with every start of a child."""
        pids = {c.name: c.process.pid for c in self.children.values() if c.process and c.alive}
        said = {
            "origin": self.env["YUEKE_ORIGIN"],
            "nats_url": self.env["YUEKE_NATS_URL"],
            "ports": self.ports,
            "pids": {"supervisor": os.getpid(), **pids},
            "home": str(self.folder),
            "database_url": self.env["YUEKE_DATABASE_URL"],
        }
        write(self.folder / "stack.json", json.dumps(said, indent=1) + "\n")

    # -- down

    async def _down(self) -> None:
        """Services and proxy first, the broker last: what was committed may still be told."""
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*(job.end(0) for job in list(self.jobs)))
        last = [self.children.pop(name) for name in ("nursery", "nats") if name in self.children]
        await asyncio.gather(*(child.end(LAST_WORDS) for child in self.children.values()))
        await asyncio.gather(*(child.end(BROKER_LAST_WORDS) for child in last))
        (self.folder / "stack.json").unlink(missing_ok=True)
