"""Random events: scenes are played side by side, and the district clock moves when all of them
wait for it. In rounds, so that the same seed chooses the same."""

import random
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.random.people import People
from tests.random.watch import Watch
from tests.random.world import ZONE, NoSlot
from tests.town import Town

PATIENCE = 45.0  # seconds an effect may take on a busy machine
SETTLING = 90.0  # and everything together
MARGIN = timedelta(seconds=1)
ROOM = timedelta(minutes=4)  # real time passes, too


class GaveUp(Exception):
    """The scene cannot go on: somebody else was there first. It may be played again."""


@dataclass(frozen=True)
class At:
    """Go on when the district's clock stands between these two."""

    first: datetime
    last: datetime | None = None


@dataclass(frozen=True)
class Until:
    """Go on when this is so; what it answers is sent back."""

    check: Callable[[], Any]
    what: str


Steps = Generator[At | Until, Any, Any]


@dataclass
class Running:
    name: str
    steps: Steps
    wait: At | Until | None = None
    value: Any = None  # what the check answered


class Stage:
    """Who is on it, and what they wait for."""

    def __init__(self, town: Town, people: People, watch: Watch, *, talk: bool = False) -> None:
        self.town, self.people, self.watch, self.talk = town, people, watch, talk
        self.running: list[Running] = []
        self.begun: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.given_up: list[str] = []
        self.stops = 0
        self.stood_at = self.now()

    def now(self) -> datetime:
        return self.town.now().astimezone(ZONE)

    def today(self) -> datetime:
        """Where the clock was last moved to: the same in every run, however fast it is."""
        return self.stood_at

    def begin(self, name: str, steps: Steps) -> None:
        self.begun[name] += 1
        self.running.append(Running(name, steps))

    def round(self) -> bool:
        """Everybody who can take his next step takes it. False: all of them wait for the clock."""
        ready = [one for one in self.running if self._is_ready(one)]
        for one in ready:
            self._step(one)
        self._await_effects()
        return bool(ready)

    def forward(self) -> None:
        """To the earliest moment somebody has to have, or the latest that serves him and those who
        wait for about the same time."""
        waits = [one.wait for one in self.running if isinstance(one.wait, At)]
        must = min(max(wait.first, (wait.last or wait.first) - ROOM) for wait in waits)
        wanted = max(wait.first for wait in waits if wait.first <= must)
        self.settle()
        if wanted > self.now():
            self.town.clock(to=wanted + MARGIN)
            self.stood_at = wanted
            self.people.moved()
            self.stops += 1
            self.settle()

    def settle(self) -> None:
        """Until booking and lecturer have done what was due and have heard each other."""
        deadline = time.monotonic() + SETTLING
        while busy := self.watch.busy():
            if time.monotonic() > deadline:
                raise AssertionError(f"not quiet after {SETTLING:.0f} s: {'; '.join(busy)}")
            time.sleep(0.03)

    def _is_ready(self, one: Running) -> bool:
        if isinstance(one.wait, At):
            return one.wait.first <= self.now()
        return True

    def _step(self, one: Running) -> None:
        try:
            if isinstance(one.wait, At) and one.wait.last and self.now() > one.wait.last + ROOM:
                raise GaveUp(f"it is too late: {one.wait.last}")
            one.wait = one.steps.send(one.value)
            one.value = None
            return
        except StopIteration:
            self.ended[one.name] += 1
        except (GaveUp, NoSlot) as reason:
            self.given_up.append(f"{one.name}: {reason}")
            if self.talk:
                print(f"{self.now():%m-%d %H:%M} gave up {self.given_up[-1]}", flush=True)
        self.running.remove(one)

    def _await_effects(self) -> None:
        """All that was caused in this round has to be seen before the next one."""
        waiting = [one for one in self.running if isinstance(one.wait, Until)]
        deadline = time.monotonic() + PATIENCE
        while waiting:
            waiting = [one for one in waiting if not self._seen(one)]
            if waiting and time.monotonic() > deadline:
                for one in waiting:
                    self._lose(one)
                return
            if waiting:
                time.sleep(0.03)

    def _seen(self, one: Running) -> bool:
        assert isinstance(one.wait, Until)
        try:
            one.value = one.wait.check()
        except GaveUp as reason:
            self.given_up.append(f"{one.name}: {reason}")
            self.running.remove(one)
            return True
        return bool(one.value)

    def _lose(self, one: Running) -> None:
        assert isinstance(one.wait, Until)
        self.given_up.append(f"{one.name}: waited in vain for {one.wait.what}")
        if self.talk:
            print(f"{self.now():%m-%d %H:%M} gave up {self.given_up[-1]}", flush=True)
        one.steps.close()
        self.running.remove(one)


def pick(choose: random.Random, weights: Mapping[Any, float]) -> Any:
    """One of these, by weight, in a fixed order."""
    return choose.choices(list(weights), list(weights.values()))[0]
