"""Planner: a plan after a bad morning, with the least disturbance."""

import time
from collections.abc import Collection, Iterable
from dataclasses import replace

from services.planner.damage import Damage
from services.planner.events import Event
from services.planner.planning import planned
from services.planner.plans import Options, Plan, Score
from services.planner.problem import Assignment, Problem
from services.planner.scores import terms


def repair(
    problem: Problem,
    current: Iterable[Assignment],
    events: Iterable[Event],
    pinned: Collection[int],
    now: int,
    options: Options | None = None,
) -> Plan:
    """The plan with the touched lessons given anew; every other lesson stays where it is.

    Keeping a touched lesson's time and changing only its lecturer costs the least. Pinned lessons
    and those that begin before `now` are never changed, touched or not. `moved`: the lessons that
    were changed; `unserved`: those that nobody can take at any time its school offered.
    """
    damage = Damage(problem, tuple(current), tuple(events), frozenset(pinned), now)
    return mend(damage, options or Options(seconds=5))


def mend(damage: Damage, options: Options) -> Plan:
    began = time.monotonic()
    found = planned(damage.near, options, damage.broken)
    points = terms(damage.later, found.assignments)
    return replace(
        found,
        score=Score(found.score.unserved, sum(points.values())),
        terms=points,
        moved=damage.moved(found.assignments),
        seconds=time.monotonic() - began,
    )
