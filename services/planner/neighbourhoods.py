"""Planner: which lessons to plan anew together, while everything else stays."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from services.planner.model import Floats, Model
from services.planner.problem import DAY

Kind = Callable[["Neighbourhoods", "np.random.Generator", int], set[int]]


class Neighbourhoods:
    """Lessons near each other: by lecturer, by day, by site, and around one left unserved."""

    def __init__(self, model: Model) -> None:
        table, problem = model.table, model.problem
        self.model = model
        self.lessons = model.lessons.tolist()
        self.site = {lesson: problem.lessons[lesson].site for lesson in self.lessons}
        self.people: dict[int, list[int]] = defaultdict(list)
        self.wanted: dict[int, list[int]] = defaultdict(list)
        self.days: dict[int, list[int]] = defaultdict(list)
        pairs = np.unique(np.stack([table.lecturer, table.lesson]), axis=1)
        for lecturer, lesson in pairs.T.tolist():
            self.people[lesson].append(lecturer)
            self.wanted[lecturer].append(lesson)
        pairs = np.unique(np.stack([table.start // DAY, table.lesson]), axis=1)
        for day, lesson in pairs.T.tolist():
            self.days[day].append(lesson)
        self.by_site: dict[int, list[int]] = defaultdict(list)
        for lesson in self.lessons:
            self.by_site[self.site[lesson]].append(lesson)
        self.gives: dict[int, list[int]] = {}
        self.holder: dict[int, int] = {}
        self.on: dict[int, list[int]] = {}
        self.unserved: list[int] = []

    def look(self, values: Floats) -> None:
        """Take note of the plan as it is."""
        table, taken = self.model.table, self.model.taken(values)
        self.gives, self.on = defaultdict(list), defaultdict(list)
        self.holder = {}
        for row in taken:
            lesson, lecturer = int(table.lesson[row]), int(table.lecturer[row])
            self.gives[lecturer].append(lesson)
            self.holder[lesson] = lecturer
            self.on[int(table.start[row]) // DAY].append(lesson)
        self.unserved = [lesson for lesson in self.lessons if lesson not in self.holder]

    def near_people(self, rng: np.random.Generator, size: int) -> set[int]:
        """The lessons of lecturers who could take lessons from each other, and what they could
        take of the unserved."""
        first = int(rng.choice(list(self.wanted)))
        people, chosen, queue = {first}, set[int](), [first]
        while queue and len(chosen) < size:
            lecturer = queue.pop(int(rng.integers(len(queue))))
            chosen |= set(self.gives.get(lecturer, ()))
            others = {
                other for lesson in self.gives.get(lecturer, ()) for other in self.people[lesson]
            }
            others |= {self.holder[i] for i in self.wanted[lecturer] if i in self.holder}
            fresh = sorted(others - people)
            if len(fresh) > 6:
                fresh = rng.choice(fresh, 6, replace=False).tolist()
            people |= set(fresh)
            queue += fresh
        return chosen | self._could_take(people, rng, size // 3)

    def near_days(self, rng: np.random.Generator, size: int) -> set[int]:
        """The lessons of some days."""
        chosen: set[int] = set()
        for day in rng.permutation(list(self.days)).tolist():
            lessons = [*self.on.get(day, ())]
            room = size - len(chosen)
            if len(lessons) > room:
                lessons = rng.choice(lessons, room, replace=False).tolist()
            chosen |= set(lessons)
            if len(chosen) >= size:
                break
        open_ = [i for i in self.unserved if rng.random() < size / (3 * len(self.unserved))]
        return chosen | set(open_)

    def near_site(self, rng: np.random.Generator, size: int) -> set[int]:
        """The lessons of some sites."""
        chosen: set[int] = set()
        for site in rng.permutation(list(self.by_site)).tolist():
            chosen |= set(self.by_site[site])
            if len(chosen) >= size:
                break
        return self._some(chosen, rng, size)

    def near_unserved(self, rng: np.random.Generator, size: int) -> set[int]:
        """Lessons left out, those who could give them, and what those give instead."""
        if not self.unserved:
            return self.near_people(rng, size)
        chosen: set[int] = set()
        for lesson in rng.permutation(self.unserved).tolist():
            chosen.add(lesson)
            for lecturer in self.people[lesson]:
                mine = self.gives.get(lecturer, [])
                chosen |= set(mine)
                for other in mine:
                    for third in self.people[other][:4]:
                        chosen |= set(self.gives.get(third, ())[:2])
            if len(chosen) >= size:
                break
        return self._some(chosen, rng, size)

    def anywhere(self, rng: np.random.Generator, size: int) -> set[int]:
        """Any lessons."""
        return self._some(self.lessons, rng, size)

    def _could_take(self, people: Iterable[int], rng: np.random.Generator, most: int) -> set[int]:
        open_ = set(self.unserved)
        found = {lesson for lecturer in people for lesson in self.wanted[lecturer]} & open_
        return self._some(found, rng, most)

    def _some(self, lessons: Iterable[int], rng: np.random.Generator, most: int) -> set[int]:
        ordered: Sequence[int] = sorted(lessons)
        if len(ordered) <= most:
            return set(ordered)
        return set(rng.choice(ordered, most, replace=False).tolist())


KINDS: dict[str, Kind] = {
    "people": Neighbourhoods.near_people,
    "unserved": Neighbourhoods.near_unserved,
    "days": Neighbourhoods.near_days,
    "site": Neighbourhoods.near_site,
    "anywhere": Neighbourhoods.anywhere,
}
