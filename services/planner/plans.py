"""Planner: what is asked for and what is answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from services.planner.problem import Assignment

Facts = Mapping[str, Any]


class Score(NamedTuple):
    """Lower is better, the first before the second."""

    unserved: int
    soft: int


class Progress(NamedTuple):
    """How far it is. `bound`: no plan can be better than this; None while unknown.
    `better`: the plan itself, when it is better than the one told before."""

    phase: str
    best: Score
    bound: Score | None
    seconds: float
    better: tuple[Assignment, ...] | None = None


Listener = Callable[[Progress], None]


@dataclass(frozen=True)
class Options:
    """How long, from which seed, starting from which plan; `heard` is told of progress."""

    seconds: float = 60
    seed: int = 0
    start: tuple[Assignment, ...] = ()
    heard: Listener | None = field(default=None, compare=False)


class Status(StrEnum):
    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True)
class Reason:
    """Why not: a code, the lecturer and start it speaks of (None: all of them), and facts."""

    code: str
    lecturer: int | None = None
    start: int | None = None
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """The cheapest single change that would let the lesson be given."""

    kind: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True)
class Unserved:
    """Why a lesson is not in the plan. `counts`: lecturer and start pairs lost to each reason;
    `took`: the lessons that hold the lecturers who could have given it."""

    lesson: int
    headline: str
    counts: Mapping[str, int]
    took: tuple[int, ...] = ()
    change: Change | None = None


@dataclass(frozen=True)
class Violation:
    """A hard rule broken by these lessons."""

    code: str
    lessons: tuple[int, ...]
    lecturer: int | None = None
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """`terms`: the soft points by name. `moved`: lessons not where they were before."""

    assignments: tuple[Assignment, ...]
    status: Status
    score: Score
    bound: Score
    seconds: float
    terms: Mapping[str, int] = field(default_factory=dict)
    unserved: tuple[Unserved, ...] = ()
    moved: tuple[int, ...] = ()
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True)
class Ranked:
    """A lecturer who can give the lesson at this start, and what it would cost, by term."""

    lecturer: int
    start: int
    points: int
    terms: Mapping[str, int]


@dataclass(frozen=True)
class Excluded:
    """What keeps a lecturer from it: every rule about himself (`always`), or, where there is none,
    what stands against each start he cannot take."""

    lecturer: int
    always: tuple[Reason, ...]
    at: Mapping[int, tuple[Reason, ...]]


@dataclass(frozen=True)
class Ranking:
    """Every lecturer and start for one lesson: the possible ones best first, and the others with
    their reasons; none is in both, none in neither."""

    lesson: int
    candidates: tuple[Ranked, ...]
    excluded: tuple[Excluded, ...]
