"""The whole system as people run it: `deploy.run` on free ports, in a home of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
from sqlmodel import Session

from deploy import call, clock
from deploy.home import SERVICES
from services.kit.db import Database

NOW = "2026-11-23T09:00+08:00"  # a Monday
START_PATIENCE = 180


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Town:
    """A running stack, and what a test may do with it."""

    def __init__(
        self, home: Path, *, database_url: str | None = None, now: str = NOW, restart: bool = False
    ) -> None:
        self.home, self.port, self.restart = home, free_port(), restart
        self.database_url = database_url or f"sqlite:///{home}/{{service}}.db"
        self.env = {
            **os.environ,
            "YUEKE_HOME": str(home),
            "YUEKE_PORT": str(self.port),
            "YUEKE_NOW": now,
            "YUEKE_DATABASE_URL": self.database_url,
        }
        self.log = home / "stack.log"

    def start(self) -> "Town":
        command = [sys.executable, "-m", "deploy.run", *(["--restart"] if self.restart else [])]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        deadline = time.monotonic() + START_PATIENCE
        while f"ready http://127.0.0.1:{self.port}" not in self.log.read_text(errors="replace"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"the stack did not start:\n{self.log.read_text()[-8000:]}")
            time.sleep(0.05)
        self.api = call.Api(self.home)
        return self

    def stop(self) -> int:
        """SIGTERM and how it ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # -- people

    def call(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        return self.api.call(who, method, path, body)

    def get(self, who: str, path: str) -> Any:
        """The answer's JSON; anything but 2xx fails the test with the answer in it."""
        return self._good(self.call(who, "GET", path))

    def put(self, who: str, path: str, body: Any) -> Any:
        return self._good(self.call(who, "PUT", path, body))

    def post(self, who: str, path: str, body: Any = None) -> Any:
        return self._good(self.call(who, "POST", path, body or {}))

    def all(self, who: str, path: str) -> list[Any]:
        """Every item of a list, page after page."""
        items: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            mark = "&" if "?" in path else "?"
            more = {"cursor": cursor} if cursor else {}
            page = self.get(who, path + mark + str(httpx.QueryParams({"limit": 100, **more})))
            items += page["items"]
            cursor = page["next"]
        return items

    def _good(self, answer: httpx.Response) -> Any:
        request = answer.request
        assert answer.is_success, (
            f"{request.method} {request.url}: {answer.status_code} {answer.text}"
        )
        return answer.json() if answer.content else None

    # -- time

    def now(self) -> datetime:
        return clock.now(self.home)

    def clock(self, *, add: timedelta | None = None, to: str | datetime | None = None) -> None:
        wanted = clock.instant(to) if isinstance(to, str) else to
        clock.move(self.home, add=add, to=wanted)

    # -- what is inside

    @contextmanager
    def database(self, service: str) -> Iterator[Session]:
        """A session on the service's own database, to plant or to look."""
        url = self.database_url.replace("{service}", service)
        database = Database(service, url)
        try:
            with database.transaction() as session:
                yield session
        finally:
            database.dispose()

    def mails(self) -> list[EmailMessage]:
        """Every mail delivered so far, in order of arrival."""
        files = sorted((self.home / "outbox").glob("*.eml"))
        return [message_from_bytes(f.read_bytes(), policy=policy.default) for f in files]

    def audit(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deploy.audit"],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=300,
        )


def until(check: Callable[[], Any], seconds: float = 15, *, what: str = "") -> Any:
    """Ask again until it is so."""
    deadline = time.monotonic() + seconds
    while not (found := check()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or check}")
        time.sleep(0.05)
    return found


@contextmanager
def databases(backend: str, postgres_url: Callable[[], str]) -> Iterator[str | None]:
    """A database per service; None means SQLite files in the home."""
    if backend == "sqlite":
        yield None
        return
    base = postgres_url().replace("+psycopg", "").rsplit("/", 1)[0]
    mark = f"town_{uuid4().hex[:8]}"
    with psycopg.connect(f"{base}/postgres", autocommit=True) as admin:
        for service in SERVICES:
            admin.execute(f'CREATE DATABASE "{mark}_{service}"')
    try:
        url = base.replace("postgresql://", "postgresql+psycopg://")
        yield f"{url}/{mark}_{{service}}"
    finally:
        with psycopg.connect(f"{base}/postgres", autocommit=True) as admin:
            for service in SERVICES:
                admin.execute(f'DROP DATABASE "{mark}_{service}" WITH (FORCE)')


@contextmanager
def a_town(home: Path, *, database_url: str | None = None, **options: Any) -> Iterator[Town]:
    home.mkdir(parents=True, exist_ok=True)
    town = Town(home, database_url=database_url, **options)
    try:
        yield town.start()
    finally:
        town.stop()
        # Kept when a test asks to look at it afterwards.
        if not os.environ.get("YUEKE_KEEP"):
            shutil.rmtree(home, ignore_errors=True)
