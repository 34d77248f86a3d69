"""Bench: `python -m tests.bench.planner`: ranking everybody for a lesson, and a repair after every
lecturer's illness, in process, on the season of the reference district."""

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

from services.planner.events import Away
from services.planner.planning import plan
from services.planner.plans import Options
from services.planner.problem import DAY
from services.planner.ranking import rank
from services.planner.repairing import repair
from tests.planner.files import practice

ILL = 3 * DAY  # minutes


def main() -> None:
    for name, value in measure():
        print(f"| {name} | {value} |", flush=True)


def measure() -> Iterator[tuple[str, str]]:
    season = practice("xiqing")
    made = plan(season, Options(seconds=60))
    current = made.assignments
    yield "plan of the season", f"{made.status}, {made.score}, {made.seconds:.1f} s"
    people, lessons = len(season.lecturers), len(season.lessons)
    ranks = [timed(partial(rank, season, current, lesson)) for lesson in range(lessons)]
    yield f"rank, {people} lecturers, {lessons} lessons", shown(ranks)
    ill = []
    for lecturer in sorted({at.lecturer for at in current}):
        first = min(at.start for at in current if at.lecturer == lecturer) // DAY * DAY
        event = Away(lecturer, first, first + ILL)
        ill.append(timed(partial(repair, season, current, [event], (), first)))
    yield f"repair of three days' illness, {len(ill)} lecturers", shown(ill)


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def shown(times: list[float]) -> str:
    ordered = sorted(times)
    p95 = ordered[int(len(ordered) * 0.95)]
    return f"p50 {statistics.median(ordered):.1f} ms, p95 {p95:.1f} ms, most {ordered[-1]:.1f} ms"


if __name__ == "__main__":
    main()
