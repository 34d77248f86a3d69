"""Faults: what strikes, in a seeded random order: kills, a lost disk, an outage, things said twice
and in the wrong order."""

import asyncio
import contextlib
import json
import random
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import nats
import psutil
from sqlmodel import col, select

from deploy.home import PROCESSES as SERVED
from deploy.nats_init import stream_of
from services.kit.bus import subject_of
from services.kit.outbox import Happened
from tests.faults.count import reading
from tests.town import Town

PROCESSES = (*SERVED, "nats")
TALKERS = ("portal", "booking", "lecturer")
BROKER_PATIENCE = 15  # seconds, until it is there to be told something again
SAID_AGAIN = 30  # events per round


@dataclass(frozen=True)
class Forecast:
    """How bad it will be."""

    seconds: float
    kills: int  # of each process of `victims`
    victims: tuple[str, ...] = PROCESSES
    disk_losses: int = 0
    outage_seconds: float = 0
    repeats: int = 0  # rounds of events said again
    births: int = 0  # kills of the nursery: every service at once
    stalls: int = 0  # a service stands still for a while

    def deck(self, choose: random.Random) -> list[tuple[str, str]]:
        """Every strike, in this seed's order."""
        strikes = [("kill", name) for name in self.victims for _ in range(self.kills)]
        strikes += [("kill", "nursery")] * self.births
        strikes += [("lose_disk", "nats")] * self.disk_losses
        strikes += [("outage", "nats")] * bool(self.outage_seconds)
        strikes += [("stall", choose.choice(self.victims)) for _ in range(self.stalls)]
        owners = [choose.choice(TALKERS) for _ in range(self.repeats)]
        strikes += [("say_again", owner) for owner in owners]
        choose.shuffle(strikes)
        return strikes


class Weather:
    """Strikes one after the other, spread over the time of the forecast."""

    def __init__(self, town: Town, forecast: Forecast, seed: int) -> None:
        self.town, self.forecast = town, forecast
        self.struck: Counter[str] = Counter()
        self.missed: list[str] = []
        self._choose = random.Random(f"weather {seed}")
        self._killed: dict[str, int] = {}
        self._enough = threading.Event()

    def rage(self) -> None:
        """Returns when the last strike is over and the time is up."""
        deck = self.forecast.deck(self._choose)
        began, quiet = time.monotonic(), self.forecast.outage_seconds
        gap = max(0.0, self.forecast.seconds - quiet) / max(1, len(deck))
        for number, (what, name) in enumerate(deck, 1):
            strike: Callable[[str], None] = getattr(self, f"_{what}")
            try:
                strike(name)
                self.struck[f"{what} {name}"] += 1
            except (TimeoutError, OSError, nats.errors.Error, psutil.Error) as error:
                self.missed.append(f"{what} {name}: {error!r}")
            if what == "outage":
                began += quiet
            due = began + number * gap * self._choose.uniform(0.9, 1.1)
            time.sleep(max(0.0, due - time.monotonic()))
        self.clear()

    def clear(self) -> None:
        """Nothing is held back any more."""
        shutil.rmtree(self.town.home / "hold", ignore_errors=True)

    def _kill(self, name: str) -> None:
        self._process(name).kill()

    def _stall(self, name: str) -> None:
        process = self._process(name, killed=False)
        process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(self._choose.uniform(1, 3))
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)

    def _lose_disk(self, name: str) -> None:
        """Killed, and when it comes back nothing it had written is there any more."""
        with self._away(name):
            shutil.rmtree(self.town.home / "jetstream")

    def _outage(self, name: str) -> None:
        with self._away(name):
            time.sleep(self.forecast.outage_seconds)

    @contextlib.contextmanager
    def _away(self, name: str) -> Any:
        process = self._process(name)
        hold = self.town.home / "hold" / name
        hold.parent.mkdir(exist_ok=True)
        hold.touch()
        try:
            process.kill()
            with contextlib.suppress(psutil.NoSuchProcess):
                process.wait(5)
            yield
        finally:
            hold.unlink(missing_ok=True)

    def _say_again(self, owner: str) -> None:
        """Old events once more, under new message ids, the newest first: duplicates the broker
        cannot know, in an order nobody sent them in."""
        with reading(self.town, owner) as session:
            sent = select(Happened).where(col(Happened.sent_at).is_not(None))
            rows = list(session.exec(sent.order_by(col(Happened.pos).desc()).limit(300)))
        rows = self._choose.sample(rows, min(SAID_AGAIN, len(rows)))
        rows.sort(key=lambda row: -row.pos)
        deadline = time.monotonic() + BROKER_PATIENCE
        while True:
            try:
                return asyncio.run(say(self.town.home, owner, rows))
            except (TimeoutError, OSError, nats.errors.Error):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)

    def _process(self, name: str, *, killed: bool = True) -> psutil.Process:
        """The living process of that name, one that was not killed before. It is ours: a child of
        the supervisor or of the nursery, on this home."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            pids = json.loads((self.town.home / "stack.json").read_text())["pids"]
            pid = pids.get(name)
            with contextlib.suppress(psutil.NoSuchProcess):
                if pid and pid != self._killed.get(name) and psutil.pid_exists(pid):
                    process = psutil.Process(pid)
                    if process.ppid() in (self.town.process.pid, pids.get("nursery")):
                        if killed:
                            self._killed[name] = pid
                        return process
            time.sleep(0.02)
        raise TimeoutError(f"{name} does not come back")


async def say(home: Path, owner: str, rows: list[Happened]) -> None:
    """Publish what a service told before, with its own key."""
    client = await nats.connect(
        json.loads((home / "stack.json").read_text())["nats_url"],
        nkeys_seed=str(home / "keys" / f"{owner}.nk"),
        inbox_prefix=f"_INBOX_{owner}".encode(),
        allow_reconnect=False,
        connect_timeout=2,
        error_cb=_quiet,
    )
    try:
        for row in rows:
            await client.jetstream(timeout=2).publish(
                subject_of(row.district, row.subject),
                json.dumps(row.body).encode(),
                stream=stream_of(owner),
                headers={
                    "Nats-Msg-Id": f"again-{uuid4()}",
                    "content-type": "application/cloudevents+json",
                },
            )
    finally:
        await client.close()


async def _quiet(_: Exception) -> None:
    """Bad weather is what this is about."""
