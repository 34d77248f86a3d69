"""Planning problems of any size, from a seed: `python -m tests.planner.generate city > FILE`.

`planted`: made around a plan that serves every lesson, so that nothing unserved is the optimum.
`city`: wishes as they come, more than the lecturers can give. The demand is synthetic.
"""

import argparse
import json
import math
import random
import sys
from dataclasses import replace

from services.planner import neutral
from services.planner.board import Board
from services.planner.candidates import candidates_of
from services.planner.problem import (
    DAY,
    Assignment,
    Lecturer,
    Lesson,
    Problem,
    Site,
    Weights,
    Window,
)

MORNING, AFTERNOON = (540, 720), (840, 1080)
EVENING = (1110, 1230)
MICRO, HALF = ((0, 15),), ((0, 180),)
CAMP = ((0, 450), (1440, 450), (2880, 450))


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.planner.generate", description=__doc__)
    parser.add_argument("kind", choices=["planted", "city"])
    parser.add_argument("--lessons", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    make, usual = (planted, 3000) if chosen.kind == "planted" else (city, 6000)
    problem = make(chosen.lessons or usual, random.Random(chosen.seed))
    json.dump(neutral.write(problem), sys.stdout, separators=(",", ":"))


class Map:
    """Places on a plane of some 35 kilometres, and the minutes between them."""

    def __init__(self, rng: random.Random, sites: int, people: int) -> None:
        def place() -> tuple[float, float]:
            return rng.uniform(0, 35), rng.uniform(0, 35)

        self.sites = [place() for _ in range(sites)]
        self.homes = [rng.choice(self.sites) for _ in range(people)]
        self.between = tuple(tuple(minutes(a, b) for b in self.sites) for a in self.sites)
        self.from_home = tuple(
            tuple(max(10, minutes(a, b)) for b in self.sites) for a in self.homes
        )


def minutes(one: tuple[float, float], other: tuple[float, float]) -> int:
    return 0 if one == other else round(12 + 1.7 * math.dist(one, other))


def planted(lessons: int, rng: random.Random) -> Problem:
    """Every lecturer's free times and caps are just enough for his part of a hidden plan."""
    people, days = max(3, lessons * 6 // 25), 28
    courses = max(4, lessons * 2 // 25)
    map_ = Map(rng, 25, people)
    taught = [rng.sample(range(courses), 4) for _ in range(people)]
    hidden: list[Assignment] = []
    asked: list[Lesson] = []
    free: list[set[tuple[int, int]]] = [set() for _ in range(people)]
    given: list[list[int]] = [[] for _ in range(people)]
    while len(asked) < lessons:
        who = rng.randrange(people)
        long = rng.random() < 0.28
        day = rng.choice([d for d in range(days) if d % 7 < 5])
        half = rng.choice((MORNING, AFTERNOON))
        begins = day * DAY + half[0]
        if any(begins == span[0] for span in free[who]):
            continue
        site = rng.randrange(25)
        size = 180 if long else 15
        start = begins if long else begins + 30 * rng.randrange((half[1] - half[0]) // 30)
        free[who].add((begins, begins + (half[1] - half[0])))
        windows = [Window(begins, day * DAY + half[1], 0)] if long else [around(rng, start, size)]
        for points in range(6, 6 * rng.randint(1, 4), 6):
            other = rng.choice([d for d in range(days) if d % 7 < 5]) * DAY + half[0]
            stop = other + 240 if long else other + rng.choice((45, 75, 105))
            windows.append(Window(other, stop, points))
        hidden.append(Assignment(len(asked), who, start))
        given[who].append(start)
        asked.append(
            Lesson(
                course=rng.choice(taught[who]),
                site=site,
                school=site % 11,
                segments=HALF if long else MICRO,
                windows=tuple(windows),
                weight=10,
                audience=30,
                load=4 if long else 1,
            )
        )
    lecturers = tuple(
        Lecturer(
            pool=rng.randint(1, 3),
            courses=frozenset(taught[who]),
            free=tuple(sorted(free[who])),
            valid=(0, days * DAY),
            max_day=most(given[who], DAY),
            max_week=most(given[who], 7 * DAY),
            max_month=max(1, len(given[who])),
            rating=rng.randint(20, 50),
            prior=0,
            max_travel=240,
            fee=rng.randint(2, 9),
        )
        for who in range(people)
    )
    sites = tuple(Site(rooms=9, seats=120, school=i % 11) for i in range(25))
    return Problem(
        days=days,
        grid=30,
        month_len=28,
        weights=Weights(),
        sites=sites,
        lecturers=lecturers,
        lessons=tuple(asked),
        site_travel=map_.between,
        home_travel=map_.from_home,
        name=f"planted_{lessons}",
    )


def around(rng: random.Random, start: int, size: int) -> Window:
    before, after = 30 * rng.randint(0, 1), 30 * rng.randint(0, 2)
    return Window(start - before, start + size + after, 0)


def most(starts: list[int], span: int) -> int:
    counts: dict[int, int] = {}
    for start in starts:
        counts[start // span] = counts.get(start // span, 0) + 1
    return max(counts.values(), default=1)


def city(lessons: int, rng: random.Random) -> Problem:
    """Sixty schools, thirteen weeks, weekly half-days, requests, camps, budgets, fixed lessons."""
    people, places, days = max(4, lessons // 5), 60, 91
    courses = max(5, lessons // 50)
    map_ = Map(rng, places, people)
    sites = tuple(
        Site(rooms=rng.randint(1, 3), seats=rng.choice((40, 80, 120)), school=i)
        for i in range(places)
    )
    lecturers = tuple(person(rng, days, courses) for _ in range(people))
    asked = tuple(wish(rng, i, places, days, courses, people, sites) for i in range(lessons))
    limits = {school: rng.randint(5, 9) * lessons // 25 for school in range(0, places, 3)}
    problem = Problem(
        days=days,
        grid=30,
        month_len=28,
        weights=Weights(),
        sites=sites,
        lecturers=lecturers,
        lessons=asked,
        site_travel=map_.between,
        home_travel=map_.from_home,
        budgets=limits,
        name=f"city_{lessons}",
    )
    return with_history(problem, rng)


def person(rng: random.Random, days: int, courses: int) -> Lecturer:
    halves = [(d, span) for d in range(5) for span in (MORNING, AFTERNOON)]
    usual = rng.sample(halves, rng.randint(2, 5))
    if rng.random() < 0.4:
        usual.append((rng.randrange(6), EVENING))
    free = [
        (week * 7 * DAY + day * DAY + span[0], week * 7 * DAY + day * DAY + span[1])
        for week in range(days // 7)
        for day, span in usual
        if rng.random() < 0.9
    ]
    week = rng.randint(1, 4)
    return Lecturer(
        pool=rng.choice((1, 2, 2, 3, 3, 3)),
        courses=frozenset(rng.sample(range(courses), min(courses, rng.randint(2, 5)))),
        free=tuple(sorted(free)),
        valid=(0, days * DAY) if rng.random() < 0.9 else (0, days * DAY // 2),
        max_day=rng.randint(1, 3),
        max_week=week,
        max_month=3 * week,
        rating=rng.randint(25, 50),
        prior=rng.randint(0, 4),
        max_travel=rng.choice((45, 60, 75)),
        fee=rng.randint(2, 9),
    )


def wish(
    rng: random.Random,
    number: int,
    places: int,
    days: int,
    courses: int,
    people: int,
    sites: tuple[Site, ...],
) -> Lesson:
    kind = rng.choices((MICRO, HALF, CAMP), (10, 9, 1))[0]
    site = rng.randrange(places)
    windows = []
    for choice in range(rng.randint(1, 4)):
        day = rng.choice([d for d in range(days - 3) if d % 7 < (3 if kind is CAMP else 5)])
        opens, closes = rng.choice((MORNING, AFTERNOON, EVENING))
        if kind is CAMP:
            opens, closes = 540, 540 + 2 * DAY + 450
        elif kind is HALF:
            opens, closes = rng.choice(((540, 720), (840, 1080)))
        windows.append(Window(day * DAY + opens, day * DAY + closes, 6 * choice))
    requested = rng.randrange(people) if rng.random() < 0.3 else None
    return Lesson(
        course=rng.randrange(courses),
        site=site,
        school=sites[site].school,
        segments=kind,
        windows=tuple(windows),
        weight=rng.choice((10, 10, 15, 20, 25, 30, 35)),
        audience=rng.choice((15, 30, 40, 60)),
        load={MICRO: 1, HALF: 4}.get(kind, 12),
        pool=rng.choice((1, 2, 3)) if rng.random() < 0.08 else None,
        requested=requested,
        strict=requested is not None and rng.random() < 0.1,
    )


def with_history(problem: Problem, rng: random.Random) -> Problem:
    """Some lessons are fixed already and some offered: taken as they come."""
    board, offers = Board(problem), []
    for lesson in rng.sample(range(len(problem.lessons)), len(problem.lessons) // 5):
        found = candidates_of(problem, board, lesson)
        if found:
            lecturer, _, start, _ = rng.choice(found)
            one = Assignment(lesson, lecturer, start)
            board.put(one)
            if rng.random() < 0.4:
                offers.append(one)
    moving = {offer.lesson for offer in offers}
    fixed = [one for one in board.at.values() if one.lesson not in moving]
    return replace(problem, fixed=tuple(sorted(fixed)), offers=tuple(sorted(offers)))


if __name__ == "__main__":
    main()
