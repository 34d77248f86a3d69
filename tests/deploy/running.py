"""A stack started by a test, seen from outside: its lines, its processes, its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

START_PATIENCE = 90.0


class Running:
    """One `python -m deploy.run`."""

    def __init__(
        self,
        home: Path,
        port: int | None,
        arguments: Sequence[str],
        environment: Mapping[str, str],
    ) -> None:
        self.home = home
        self.port = port or free_port()
        self.log = home.with_name(f"{home.name}-{self.port}.log")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("YUEKE_")}
        ours = {"YUEKE_HOME": str(home), "YUEKE_PORT": str(self.port)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy.run", *arguments],
                env={**inherited, **ours, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.seen: dict[int, psutil.Process] = {}

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines()

    def wait_ready(self) -> None:
        self.until(lambda: f"ready {self.origin}" in self.lines(), "the ready line")
        self.look()

    def until(self, true: Any, what: str, *, patience: float = START_PATIENCE) -> None:
        deadline = time.monotonic() + patience
        while not true():
            ended = self.process.poll() is not None
            if ended and not true():
                raise AssertionError(f"ended before {what}:\n" + "\n".join(self.lines()[-30:]))
            if time.monotonic() > deadline:
                raise AssertionError(f"no {what}:\n" + "\n".join(self.lines()[-30:]))
            time.sleep(0.05)

    def stack(self) -> dict[str, Any]:
        return dict(json.loads((self.home / "stack.json").read_text()))

    def pid(self, name: str) -> int:
        return int(self.stack()["pids"][name])

    def look(self) -> list[psutil.Process]:
        """Remember everything that belongs to it, so that later nothing is overlooked."""
        me = psutil.Process(self.process.pid)
        for process in [me, *me.children(recursive=True)]:
            self.seen[process.pid] = process
        return list(self.seen.values())

    def left(self) -> list[str]:
        """What of it still runs. A zombie does not: its parent only has not looked."""
        return [
            f"{process.pid} {process.name()}"
            for process in self.seen.values()
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        ]

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Its status and the seconds it took."""
        started = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(30)
        return status, time.monotonic() - started

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def get(self, path: str) -> tuple[int, dict[str, str], str]:
        try:
            with urllib.request.urlopen(self.origin + path, timeout=10) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read().decode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
