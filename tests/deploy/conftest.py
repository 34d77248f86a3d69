"""A broker with the rendered configuration, and stacks as a person would start them."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nats
import pytest
import pytest_asyncio
from nats.aio.client import Client

from deploy import keys, nats_init
from deploy.child import get
from deploy.ports import Ports
from tests.deploy.running import Running

BIN = Path(sys.executable).parent


@dataclass
class Broker:
    """A nats-server as a stack runs it, and a way in for each key."""

    folder: Path
    port: int
    http_port: int
    doors: AsyncExitStack
    told: dict[str, list[str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def seed(self, name: str) -> Path:
        return self.folder / "keys" / f"{name}.nk"

    async def connect(self, name: str) -> Client:
        """A connection with this key; what the server refuses it is gathered in `told[name]`."""
        told = self.told.setdefault(name, [])

        async def hear(error: Exception) -> None:
            told.append(str(error))

        client = await nats.connect(
            self.url,
            nkeys_seed=str(self.seed(name)),
            inbox_prefix=f"_INBOX_{name}",
            error_cb=hear,
            allow_reconnect=False,
        )
        self.doors.push_async_callback(client.close)
        return client


@asynccontextmanager
async def running_broker(folder: Path) -> AsyncIterator[Broker]:
    ports = Ports()
    port, http_port = ports.free(), ports.free()
    conf = keys.render(folder, port=port, http_port=http_port)
    process = subprocess.Popen(
        [BIN / "nats-server", "-c", conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        async with AsyncExitStack() as doors:
            await _healthy(http_port)
            yield Broker(folder, port, http_port, doors)
    finally:
        process.terminate()
        process.wait()


async def _healthy(http_port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                if (await get(http_port, "/healthz"))[0] == 200:
                    return
            except OSError:
                pass
            await asyncio.sleep(0.02)


@pytest_asyncio.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    """Streams and durables are there, nothing was said yet."""
    async with running_broker(tmp_path) as broker:
        await nats_init.init(broker.url, broker.seed("admin"))
        yield broker


StartStack = Callable[..., Running]


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Databases with the reference district, made once: two hundred passwords take a while."""
    folder = tmp_path_factory.mktemp("loaded")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("YUEKE_")}
    subprocess.run(
        [sys.executable, "-m", "deploy.prepare"],
        env={**environment, "YUEKE_HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        check=True,
    )
    return folder


@contextmanager
def starter(folder: Path, loaded: Callable[[], Path]) -> Iterator[StartStack]:
    with ExitStack() as ends:

        def begin(
            *arguments: str,
            home: Path | None = None,
            port: int | None = None,
            new: bool = False,
            wait: bool = True,
            **environment: str,
        ) -> Running:
            home = home or folder / "home"
            if not new and not home.exists():
                shutil.copytree(loaded(), home)
            running = Running(home, port, arguments, environment)
            ends.callback(running.kill)
            if wait:
                running.wait_ready()
            return running

        yield begin


@pytest.fixture
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[StartStack]:
    """`start("--restart", YUEKE_NOW=...)`: a stack on a home and a port of its own, until the end
    of the test. `new=True` gives it an empty home, `wait=False` does not wait for the ready line.
    """
    with starter(tmp_path, lambda: request.getfixturevalue("loaded")) as begin:
        yield begin


@pytest.fixture(scope="module")
def stack(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for all tests that only look at it."""
    with starter(tmp_path_factory.mktemp("stack"), lambda: loaded) as begin:
        yield begin()


@pytest.fixture(scope="module")
def enduring(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One that brings back what the tests kill."""
    with starter(tmp_path_factory.mktemp("enduring"), lambda: loaded) as begin:
        yield begin("--restart")
