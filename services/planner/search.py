"""Planner: the search for the best plan: quick plans, the whole problem at once, and where that
takes too long, part after part."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from services.planner import greedy
from services.planner.engine import Answer, solve
from services.planner.model import Floats, Model
from services.planner.neighbourhoods import KINDS, Neighbourhoods
from services.planner.part import Cutter, lessons_free
from services.planner.plans import Score

# One step of weight should outweigh whatever soft points one lesson can cost.
STEP = 5000
# Up to so many entries the whole problem is tried first, up to so many after improving parts.
WHOLE_FIRST, WHOLE_LATER = 40_000, 60_000
WHOLE_SHARE, PARTS_SHARE = 0.6, 0.45
PART_SECONDS, QUICK, SLOW = 5.0, 0.3, 1.0
URGENT = "unserved"  # every other part, while lessons may still be won

Tell = Callable[["Search", str, bool], None]


@dataclass
class Pace:
    """How large the parts of one kind are, and how well they did."""

    size: int = 40
    worth: float = 1.0


class Search:
    """The best plan so far (`values`), what is proven (`bound`), and the means to better both."""

    def __init__(self, model: Model, *, until: float, seed: int, tell: Tell) -> None:
        matrix = model.matrix
        self.model, self.until, self.seed, self.tell = model, until, seed, tell
        weights = [int(w) for w in matrix.lost[matrix.lost > 0].tolist()]
        self.step = math.gcd(*weights) if weights else 1
        self.factor = max(1, -(-STEP // self.step))
        self.cost: Floats = self.factor * matrix.lost + matrix.soft
        self.values = model.values(())
        self.bound = 0.0
        self.least_lost = 0
        self.closed = False

    @property
    def worth(self) -> float:
        return float(self.cost @ self.values)

    @property
    def best(self) -> Score:
        return self.model.score(self.values)

    @property
    def proven(self) -> Score:
        """No plan is better than this."""
        base, best = self.model.base, self.best
        if self.closed:
            return best
        lost = base.unserved + self.least_lost
        if lost < best.unserved:
            return Score(lost, base.soft)
        soft = math.ceil(self.bound - self.factor * (lost - base.unserved) - 1e-6)
        return Score(lost, base.soft + max(0, soft))

    def take(self, values: Floats, phase: str) -> bool:
        """Keep the values if they are better."""
        if float(self.cost @ values) > self.worth - 0.5:
            return False
        self.values = np.round(values)
        self.tell(self, phase, True)
        return True

    def run(self, start: list[int]) -> None:
        model = self.model
        if start:
            self.take(model.values(start), "start")
        self.take(model.values(greedy.regret(model, self.factor)), "greedy")
        for by_time in (True, False):
            rows = greedy.in_order(model, self.factor, by_time=by_time)
            self.take(model.values(rows), "greedy")
        if not len(model.table):
            self.closed = True
            return
        size = model.matrix.values.size
        now = time.monotonic()
        if size <= WHOLE_FIRST:
            self.whole(now + WHOLE_SHARE * (self.until - now))
        else:
            self.relax(now + 0.3 * (self.until - now))
            now = time.monotonic()
            if size <= WHOLE_LATER:
                self.parts(now + PARTS_SHARE * (self.until - now))
                now = time.monotonic()
                self.whole(now + 0.8 * (self.until - now))
        self.parts(self.until)

    def whole(self, until: float) -> None:
        """Everything at once; closed when nothing better exists."""
        if self.closed:
            return

        def heard(best: float, bound: float, values: Floats | None) -> None:
            self.bound = max(self.bound, bound)
            if values is None or not self.take(values, "whole"):
                self.tell(self, "whole", False)

        answer = solve(
            self.model.matrix,
            self.cost,
            until=until,
            start=self.values,
            seed=self.seed,
            heard=heard,
        )
        self._note(answer)
        if answer.values is not None:
            self.take(answer.values, "whole")
        if answer.closed:
            self._close(until)

    def relax(self, until: float) -> None:
        """A bound without whole numbers, for both tiers together and for the first alone; and a
        plan made from what came out whole."""
        matrix, size = self.model.matrix, len(self.model.table)
        answer = solve(matrix, self.cost, until=until, relaxed=True)
        self._note(answer)
        self.tell(self, "bound", False)
        if answer.values is not None:
            whole = np.flatnonzero(answer.values[:size] > 0.99).tolist()
            rows = greedy.regret(self.model, self.factor, whole)
            self.take(self.model.values(rows), "rounded")
        self._least(until)
        self.tell(self, "bound", False)

    def _note(self, answer: Answer) -> None:
        if answer.bound > self.bound and math.isfinite(answer.bound):
            self.bound = answer.bound

    def _least(self, until: float) -> None:
        answer = solve(self.model.matrix, self.model.matrix.lost, until=until, relaxed=True)
        if math.isfinite(answer.bound):
            steps = math.ceil(answer.bound / self.step - 1e-5)
            self.least_lost = max(self.least_lost, steps * self.step)

    def _close(self, until: float) -> None:
        """The sum of both tiers is the best there is. Is the first tier, too? A plan that serves
        more would have to pay for it in soft points more than any lesson can cost."""
        matrix, lost = self.model.matrix, self.best.unserved - self.model.base.unserved
        if lost > 0:
            self._least(max(until, self.until))
        if lost <= self.least_lost:
            self.closed = True
            return
        answer = solve(matrix, matrix.lost, until=self.until, start=self.values, seed=self.seed)
        if not answer.closed or answer.values is None:
            return
        if round(float(matrix.lost @ answer.values)) >= lost:
            self.least_lost, self.closed = lost, True
            return
        # It does pay: weigh the first tier higher and look again.
        self.factor *= 20
        self.cost = self.factor * matrix.lost + matrix.soft
        self.bound = 0.0
        self.take(answer.values, "whole")
        self.whole(self.until)

    def parts(self, until: float) -> None:
        """Lessons near each other planned anew together, everything else held, again and again."""
        if self.closed:
            return
        model, rng = self.model, np.random.default_rng(self.seed)
        cutter = Cutter(model.matrix, self.cost, len(model.table))
        near = Neighbourhoods(model)
        size = max(40, len(model.lessons) // 25)
        paces = {kind: Pace(size) for kind in KINDS}
        names = list(KINDS)
        while time.monotonic() < until and self.worth - self.bound >= 1:
            shares = np.array([pace.worth for pace in paces.values()])
            if self.best.unserved > self.model.base.unserved + self.least_lost:
                shares[names.index(URGENT)] += shares.sum()
            kind = names[int(rng.choice(len(names), p=shares / shares.sum()))]
            pace, began = paces[kind], time.thread_time()
            near.look(self.values)
            lessons = sorted(KINDS[kind](near, rng, pace.size))
            closed, better = self._anew(cutter, lessons, until)
            self._learn(pace, closed, better, time.thread_time() - began)

    def _anew(self, cutter: Cutter, lessons: list[int], until: float) -> tuple[bool, float]:
        """These lessons planned anew beside the others; whether that is their best, and how much
        better."""
        table = self.model.table
        part = cutter.cut(lessons_free(table.lesson, lessons, len(self.cost)), self.values)
        if not len(part.columns):
            return True, 0.0
        before = self.values[part.columns]
        stop = min(until, time.monotonic() + PART_SECONDS)
        answer = solve(part.matrix, part.cost, until=stop, start=before, seed=self.seed)
        better = 0.0
        if answer.values is not None:
            better = float(part.cost @ before - part.cost @ answer.values)
        if answer.values is not None and better > 0.5:
            values = self.values.copy()
            values[part.columns] = answer.values
            self.take(values, "parts")
        else:
            self.tell(self, "parts", False)
        return answer.closed, better

    def _learn(self, pace: Pace, closed: bool, better: float, seconds: float) -> None:
        found = min(better, 2.0 * STEP) / max(seconds, 0.05)
        pace.worth = max(1.0, 0.8 * pace.worth + 0.2 * math.sqrt(found))
        if closed and seconds < QUICK:
            pace.size = min(len(self.model.lessons), int(1.25 * pace.size) + 1)
        elif not closed or seconds > SLOW:
            pace.size = max(8, int(0.8 * pace.size))
