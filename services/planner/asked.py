"""Planner: a question from the wire as values. What is wrong with it is said with its path."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from services.planner.events import Away, Closed, Event, Lapsed, Withdrawn
from services.planner.neutral import At, read_triples, read_value, shown
from services.planner.plans import Options
from services.planner.problem import Assignment, Problem

T = TypeVar("T")
MOST_SECONDS = 600
MOST_LESSONS, MOST_PEOPLE, MOST_SITES = 20_000, 5_000, 2_000


@dataclass(frozen=True)
class Asked:
    """What `services.contracts.planning.PlannerQuestion` says."""

    do: str
    problem: Problem
    options: Options
    current: tuple[Assignment, ...]
    events: tuple[Event, ...]
    pinned: frozenset[int]
    now: int
    lesson: int | None


def read(value: object) -> Asked:
    """`Malformed` says where it is none and why."""
    question = At(value, "")
    do = question["do"]
    if do.value not in ("plan", "repair", "rank", "validate"):
        raise do.wrong(f"must be plan, repair, rank or validate, not {shown(do.value)}")
    given = question["problem"]
    for name, most in (
        ("lessons", MOST_LESSONS),
        ("lecturers", MOST_PEOPLE),
        ("sites", MOST_SITES),
    ):
        if len(given[name].entries()) > most:
            raise given[name].wrong(f"has more than {most} entries")
    problem = read_value(given.value)
    lessons, people = len(problem.lessons), len(problem.lecturers)
    lesson = given_or(question, "lesson", lambda at: at.maybe(lambda at: at.index(lessons)), None)
    if do.value == "rank" and lesson is None:
        raise question["lesson"].wrong("which lesson is to be ranked?")

    def events(rows: At) -> tuple[Event, ...]:
        return tuple(event(row, people, len(problem.sites)) for row in rows.entries())

    def pins(rows: At) -> frozenset[int]:
        return frozenset(row.index(lessons) for row in rows.entries())

    def triples(rows: At) -> tuple[Assignment, ...]:
        return read_triples(rows, problem)

    return Asked(
        do=do.value,
        problem=problem,
        options=given_or(question, "options", lambda at: options(at, problem), Options()),
        current=given_or(question, "current", triples, ()),
        events=given_or(question, "events", events, ()),
        pinned=given_or(question, "pinned", pins, frozenset()),
        now=given_or(question, "now", At.number, 0),
        lesson=lesson,
    )


def given_or(question: At, name: str, read: Callable[[At], T], usual: T) -> T:
    return read(question[name]) if name in question.value else usual


def options(row: At, problem: Problem) -> Options:
    seconds = given_or(row, "seconds", number, 60.0)
    if not 0 < seconds <= MOST_SECONDS:
        raise row["seconds"].wrong(f"must be more than 0, at most {MOST_SECONDS}")
    seed = given_or(row, "seed", lambda at: at.number(0), 0)
    start = read_triples(row["start"], problem) if "start" in row.value else ()
    return Options(seconds, seed, start)


def number(at: At) -> float:
    if not isinstance(at.value, int | float) or isinstance(at.value, bool):
        raise at.wrong(f"must be a number, not {shown(at.value)}")
    return float(at.value)


def event(row: At, people: int, sites: int) -> Event:
    kind = row["kind"].value
    if kind == "away":
        return Away(row["lecturer"].index(people), *span(row))
    if kind == "lapsed":
        return Lapsed(row["lecturer"].index(people), row["ends"].number())
    if kind == "closed":
        site = given_or(row, "site", lambda at: at.maybe(lambda at: at.index(sites)), None)
        return Closed(*span(row), site)
    if kind == "withdrawn":
        return Withdrawn(row["course"].number(), row["begins"].number())
    raise row["kind"].wrong(f"must be away, lapsed, closed or withdrawn, not {shown(kind)}")


def span(row: At) -> tuple[int, int]:
    begins, ends = row["begins"].number(), row["ends"].number()
    if begins > ends:
        raise row["ends"].wrong(f"{ends} is before it begins at {begins}")
    return begins, ends
