"""Season: one season, from the wishes to the lessons that somebody has promised to give."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.random.watch import Watch
from tests.season.demand import Demand
from tests.season.others import Others, others
from tests.town import Town, until

# Of a hundred offers, how many are declined and how many never answered.
DECLINED, SILENT = 10, 4
PLANNING, QUIET = 150.0, 240.0
ROUNDS = 3  # what could not be filled is planned again
NOTHING = Others(0, 0, 0)
END = ("ready", "failed", "discarded")


@dataclass
class Season:
    """What came of it."""

    name: str
    lessons: int = 0
    others: Others = NOTHING
    unserved: int = 0
    status: str = ""
    planning: float = 0.0
    publishing: float = 0.0
    placed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    states: Counter[str] = field(default_factory=Counter)
    as_planned: int = 0
    reading: float = 0.0

    @property
    def served(self) -> int:
        return self.others.weight - self.unserved


class Play:
    def __init__(self, town: Town, demand: Demand) -> None:
        self.town, self.demand, self.watch = town, demand, Watch(town)
        self.choose = random.Random(f"answers {demand.seed}")
        self.lessons: set[str] = set()
        self.silent: set[str] = set()
        self.planned: dict[str, str] = {}

    def close(self) -> None:
        self.watch.close()

    def run(self, name: str) -> Season:
        season = Season(name)
        self.ask()
        season.lessons = len(self.lessons)
        for season.rounds in range(1, ROUNDS + 1):
            if not self._open() or not self._round(season):
                break
        found = self._mine()
        season.states = Counter(one["state"] for one in found)
        season.as_planned = sum(
            (one["staffing"] or {}).get("holder_id") == self.planned.get(one["id"], "")
            for one in found
        )
        return season

    # -- the schools

    def ask(self) -> None:
        """Every letter is written, sent and approved."""
        for school, body in self.demand.letters():
            id = uuid4()
            path = f"/api/booking/orders/{id}"
            self.town.put(school, path, body)
            self.town.post(school, f"{path}/submit")
            self.town.post("scheduler", f"{path}/approve", {"lines": []})
            found = self.town.all("scheduler", f"/api/booking/lessons?order_id={id}")
            self.lessons |= {one["id"] for one in found}

    # -- the scheduler

    def _round(self, season: Season) -> bool:
        """Plan what is open, publish, let everybody answer. False: there is nothing to publish."""
        began = time.monotonic()
        plan = self.plan()
        if season.rounds == 1:
            season.planning = time.monotonic() - began
            season.unserved, season.status = plan["best"]["unserved"], plan["status"]
            season.others = others(self.town, UUID(plan["id"]), self.town.now())
            began = time.monotonic()
            self.town.get("scheduler", f"/api/booking/plans/{plan['id']}")
            season.reading = time.monotonic() - began
        if not plan["served"]:
            self.town.post("scheduler", f"/api/booking/plans/{plan['id']}/discard")
            return False
        began = time.monotonic()
        done = self.publish(plan["id"])
        if season.rounds == 1:
            season.publishing, season.placed = time.monotonic() - began, done["placed"]
        season.skipped += Counter(o["outcome_code"] for o in done["lines"] if o["outcome_code"])
        season.answers += self.answer()
        return True

    def plan(self, **more: Any) -> Any:
        first, last = self.demand.first_on.isoformat(), self.demand.last_on.isoformat()
        body = {"first_on": first, "last_on": last, "lesson_ids": sorted(self._open()), **more}
        made = self.town.post("scheduler", "/api/booking/plans", body)
        path = f"/api/booking/plans/{made['id']}"
        self._until(path, END, PLANNING)
        plan = self.town.get("scheduler", path)
        assert plan["state"] == "ready", f"{plan['state']}: {plan['code']} {plan['facts']}"
        return plan

    def publish(self, plan_id: str) -> Any:
        path = f"/api/booking/plans/{plan_id}"
        self.town.post("scheduler", f"{path}/publish")
        self._until(path, ("published",), PLANNING)
        plan = self.town.get("scheduler", path)
        self.planned |= {
            one["lesson_id"]: one["lecturer_id"] for one in plan["lines"] if one["lecturer_id"]
        }
        return plan

    def _until(self, path: str, states: tuple[str, ...], seconds: float) -> None:
        def there() -> bool:
            return self.town.get("scheduler", f"{path}/progress")["state"] in states

        until(there, seconds, what=f"{path} is one of {states}")

    def _open(self) -> set[str]:
        return {one["id"] for one in self._mine() if one["state"] == "unplaced"}

    def _mine(self) -> list[Any]:
        found = self.town.all("scheduler", "/api/booking/lessons")
        return [one for one in found if one["id"] in self.lessons]

    # -- the lecturers

    def answer(self) -> Counter[str]:
        """Until no offer waits any more: accepted, declined, or left until it expires."""
        said: Counter[str] = Counter()
        while True:
            self.settle()
            waiting = [one for one in self._offers() if one["id"] not in self.silent]
            for offer in waiting:
                said[self._answer(offer)] += 1
            if waiting:
                continue
            left = self._offers()
            if not left:
                return said
            expires = max(datetime.fromisoformat(one["expires_at"]) for one in left)
            self.town.clock(to=expires + timedelta(seconds=2))

    def _answer(self, offer: Any) -> str:
        dice = self.choose.random() * 100
        if dice < SILENT:
            self.silent.add(offer["id"])
            return "silent"
        verb = "decline" if dice < SILENT + DECLINED else "accept"
        declined = verb == "decline"
        body = {"reason": "duty"} if declined else {"revision": offer["revision"]}
        path = f"/api/lecturer/offers/{offer['id']}/{verb}"
        answer = self.town.call(offer["lecturer_id"], "POST", path, body)
        if answer.is_success:
            return "declined" if declined else "accepted"
        return str(answer.json()["type"])

    def _offers(self) -> list[Any]:
        found = self.town.all("scheduler", "/api/lecturer/offers?state=pending")
        return [one for one in found if one["lesson_id"] in self.lessons]

    def settle(self) -> None:
        """Until booking and lecturer have done what was due and have heard each other. Mails wait
        for the morning."""
        until(lambda: not self.watch.busy(), QUIET, what="quiet")


def figures(season: Season) -> Iterator[str]:
    kept, ways = season.served, season.others
    yield f"{season.name}: {season.lessons} lessons, weight {ways.weight}"
    yield (
        f"  served weight    plan {kept} ({season.status}), greedy {ways.weight - ways.greedy}, "
        f"first come {ways.weight - ways.first_come}"
    )
    yield (
        f"  planned in       {season.planning:.1f} s, read in {season.reading * 1000:.0f} ms, "
        f"published in {season.publishing:.1f} s"
    )
    yield f"  placed           {season.placed}, skipped {dict(season.skipped)}"
    yield f"  answers          {dict(season.answers)} in {season.rounds} rounds"
    yield f"  afterwards       {dict(season.states)}, {season.as_planned} by whom it was planned"
