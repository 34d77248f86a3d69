"""Random events: one run: a town, scenes and a crowd, checkpoints, and what it came to."""

import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import TextIO

from tests import postgres
from tests.faults.count import unquiet
from tests.random import (
    scenes_changes,
    scenes_groupings,
    scenes_lessons,
    scenes_offers,
    scenes_orders,
    scenes_promises,
)
from tests.random.crowd import Crowd
from tests.random.people import Broken, People
from tests.random.scene import Scene
from tests.random.scenes import SCRIPTS, Script
from tests.random.stage import At, Stage, Steps
from tests.random.watch import Row, Watch
from tests.random.world import Timetable, World
from tests.town import Town, a_town, databases

SCENES = (
    *(scenes_orders, scenes_lessons, scenes_offers, scenes_promises, scenes_changes),
    scenes_groupings,
)
WHOLE = 2000  # events in which every move of the table has to occur
CHECKPOINT = 500
LEAST_GOOD = 0.6
DAYS_OF_2000, MOST_DAYS = 34.0, 300.0  # how far the district's clock goes, about
MORNING = clock_time(9)
LONG = 10  # days
TRIES = 4  # a scene is played as often until its moves have occurred
OF_SCENES = 0.45  # of the events, once every scene has been played
QUIET_PATIENCE = 240.0


@dataclass
class Result:
    """What a run came to; `reasons` is empty when all is well."""

    seed: int
    events: int = 0
    looks: int = 0
    repeats: int = 0
    busy: int = 0
    share: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    covered: int = 0
    of: int = 0
    moves: Counter[Row] = field(default_factory=Counter)
    given_up: list[str] = field(default_factory=list)
    scenes: int = 0
    stops: int = 0
    until: str = ""
    seconds: float = 0.0
    answering: float = 0.0
    checkpoints: int = 0
    reasons: list[str] = field(default_factory=list)


class Run:
    """Mornings on which scenes begin, and a crowd that never stops."""

    def __init__(
        self, town: Town, *, events: int, seed: int, talk: bool, journal: TextIO | None
    ) -> None:
        self.town, self.events, self.seed, self.talk = town, events, seed, talk
        self.result = Result(seed)
        self.people = People(town, self._choices("people"))
        self.people.journal = journal
        self.watch = Watch(town)
        self.stage = Stage(town, self.people, self.watch, talk=talk)
        self.timetable = Timetable(World())
        self.crowd = Crowd(self._scene("crowd"), self.stage, seed)
        self.choose = self._choices("run")
        self.days = min(MOST_DAYS, max(3.0, DAYS_OF_2000 * events / WHOLE))
        # The longest first, so that all of them end in time.
        self.waiting = sorted(SCRIPTS.values(), key=lambda script: -script.days)
        # There is no time to play these again, so they are played twice at once.
        self.waiting[:0] = [script for script in self.waiting if script.days >= LONG]
        self.played: Counter[str] = Counter()
        self.per_morning = -(-len(self.waiting) // max(1, min(9, int(self.days * 5 / 7 / 2))))

    def play(self) -> None:
        self.started = self.stage.today()
        self.stage.begin("(mornings)", self._mornings())
        next_checkpoint = CHECKPOINT
        while self.people.events < self.events:
            if self.people.events >= next_checkpoint:
                self._check(f"after {self.people.events} events")
                next_checkpoint += CHECKPOINT
            stepped = self.stage.round()
            if self.people.events < self._planned() or self.choose.random() < 0.15:
                self.crowd.act()
            elif not stepped:
                self.stage.forward()
        self._check("at the end")

    def finish(self, seconds: float) -> Result:
        result, people = self.result, self.people
        missing = self.watch.missing()
        result.events, result.looks, result.repeats = people.events, people.looks, people.repeats
        result.busy, result.share = people.busy, people.share
        result.statuses, result.refused = people.statuses, people.refused
        result.done = people.done
        result.of = len(self.watch.table)
        result.covered = result.of - len(missing)
        result.moves = self.watch.moves
        result.given_up = self.stage.given_up
        result.scenes = self.stage.begun.total()
        result.stops, result.until = self.stage.stops, f"{self.stage.now():%Y-%m-%d %H:%M}"
        result.seconds, result.answering = seconds, people.seconds
        if missing and self.events >= WHOLE:
            result.reasons.append(f"never occurred: {', '.join(map(str, missing))}")
        elif missing:
            print(f"never occurred: {', '.join(map(str, missing))}")
        if people.share < LEAST_GOOD:
            result.reasons.append(f"only {people.share:.0%} of the calls were answered 2xx")
        result.reasons += [f"no such move: {strange}" for strange in self.watch.strange[:10]]
        return result

    def close(self) -> None:
        self.people.close()
        self.watch.close()

    # -- the plan

    def _planned(self) -> float:
        """How many events there should have been by now."""
        passed = (self.stage.today() - self.started) / timedelta(days=self.days)
        return self.events * min(1.0, passed + 0.02)

    def _mornings(self) -> Steps:
        """On every working day some scenes begin."""
        while True:
            now = self.stage.today()
            if self.timetable.world.teaches_on(now.date()):
                for script in self._chosen():
                    self.played[script.name] += 1
                    name = f"{script.name} {self.played[script.name]}"
                    self.stage.begin(name, script.play(self._scene(name)))
            on = now.date() + timedelta(days=1)
            while not self.timetable.world.teaches_on(on):
                on += timedelta(days=1)
            morning = datetime.combine(on, MORNING, now.tzinfo)
            yield At(morning, morning + timedelta(minutes=50))

    def _chosen(self) -> list[Script]:
        """Those not played so far; then those whose moves have not occurred; then any."""
        chosen = self.waiting[: self.per_morning]
        self.waiting = self.waiting[self.per_morning :]
        if chosen:
            return chosen
        missing = set(self.watch.missing())
        on_stage = {one.name.split()[0] for one in self.stage.running}
        again = [
            script
            for script in SCRIPTS.values()
            if missing & set(script.moves)
            and script.name not in on_stage
            and self.played[script.name] < TRIES * (1 + self.events // WHOLE)
        ]
        left = int(self.events * OF_SCENES / (self.days * 5 / 7) / 12) - len(again)
        many = max(0, left) if self.events > WHOLE else 0
        return again + self.choose.choices(list(SCRIPTS.values()), k=many)

    def _check(self, when: str) -> None:
        """Quiet, nothing parked, and the audit green."""
        self._wait_until_quiet()
        if parked := self.watch.parked():
            raise Broken(f"parked {when}: {'; '.join(parked[:5])}")
        audit = self.town.audit()
        if audit.returncode:
            raise Broken(f"the audit {when} ended with status {audit.returncode}:\n{audit.stdout}")
        self.result.checkpoints += 1
        if self.talk:
            missing = len(self.watch.missing())
            print(
                f"{when}: {self.stage.now():%m-%d %H:%M}, {self.people.share:.0%} 2xx, "
                f"{missing} moves missing, {len(self.stage.running)} scenes, audit green",
                flush=True,
            )

    def _wait_until_quiet(self) -> None:
        deadline = time.monotonic() + QUIET_PATIENCE
        while restless := unquiet(self.town):
            if time.monotonic() > deadline:
                raise Broken(f"not quiet: {'; '.join(restless)}")
            time.sleep(0.3)

    def _scene(self, name: str) -> Scene:
        return Scene(
            self.people, self.timetable, self._choices(name), self.stage.now, self.stage.today
        )

    def _choices(self, name: str) -> random.Random:
        return random.Random(f"{self.seed} {name}")


def run(
    events: int,
    seed: int,
    *,
    backend: str = "sqlite",
    talk: bool = False,
    journal: TextIO | None = None,
) -> Result:
    """Start a town, play, look, stop."""
    with ExitStack() as stack:
        home = stack.enter_context(_home())
        url = stack.enter_context(databases(backend, _postgres))
        town = stack.enter_context(a_town(home, database_url=url))
        began = time.monotonic()
        playing = Run(town, events=events, seed=seed, talk=talk, journal=journal)
        stack.callback(playing.close)
        broken = []
        try:
            playing.play()
        except AssertionError as error:
            broken.append(f"after {playing.people.events} events: {error}")
        result = playing.finish(time.monotonic() - began)
        result.reasons = broken + result.reasons + _logged(town)
        return result


def _logged(town: Town) -> list[str]:
    """What a service calls an error is one."""
    lines = town.log.read_text(errors="replace").splitlines()
    errors = [line for line in lines if '"level": "error"' in line]
    return [f"{len(errors)} errors in the log: {errors[0][:2000]}"] if errors else []


@contextmanager
def _home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="yueke-random-"))
    try:
        yield home / "town"
    finally:
        if os.environ.get("YUEKE_KEEP"):
            print(f"kept: {home}")
        else:
            shutil.rmtree(home, ignore_errors=True)


def _postgres() -> str:
    url = postgres.ensure()
    if url is None:
        raise SystemExit("no PostgreSQL here")
    return url


def show(result: Result) -> None:
    """Figures, then the verdict."""
    print(f"seed {result.seed}, {result.events} events, {result.seconds:.0f} s", end="")
    print(f" ({result.answering:.0f} s of it waiting for answers), until {result.until}")
    print(f"  answered 2xx          {result.share:7.1%}")
    by_status = ", ".join(f"{status} {many}" for status, many in sorted(result.statuses.items()))
    print(f"  by status             {by_status}")
    print(f"  moves of the table    {result.covered} of {result.of}")
    print(f"  moves in all          {result.moves.total()}")
    print(f"  scenes                {result.scenes}, {len(result.given_up)} given up")
    print(f"  stops of the clock    {result.stops}")
    print(f"  looks, repeats, busy  {result.looks}, {result.repeats}, {result.busy}")
    print(f"  audits green          {result.checkpoints}")
    done = ", ".join(f"{verb} {many}" for verb, many in result.done.most_common(40))
    print(f"  done                  {done}")
    for why, many in result.refused.most_common(12):
        print(f"  refused {many:5} {why}")
    print("\n".join(["RED", *result.reasons]) if result.reasons else "GREEN")
