"""Booking: a plan as the planner understands it, in the form lesson-dispatch/1. Pure.

The rules stay where they are: the times come from the guards of placing, who could give a lesson
from the lecturer room. Whoever the lecturer room excludes at any time is in none of the lesson's
classes, which stand for `course` here; ways, free times and caps are numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import reduce
from math import gcd
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from services.booking import plan_rules
from services.booking.plan_rules import Options
from services.booking.plan_starts import Possible
from services.contracts.booking import Place
from services.contracts.planning import (
    Ground,
    GroundLesson,
    GroundQuestion,
    LessonGround,
    Period,
    PlanOptions,
    Triple,
)
from services.kit.errors import Conflict

SCHEMA = "lesson-dispatch/1"
ANY = 10**6  # seats and ways nobody limits
HELD, NOBODYS = -1, -2  # courses nobody can be asked for
ROOMS = 1000  # lessons at once where no guard holds the place: an address, online
BEST, POOL_STEP = 50, 10
TRAVEL_DIV = 5
LONGEST_MONTH = 31
MINUTE, DAY = timedelta(minutes=1), 24 * 60
MOST_ASKED = 600  # times in one question about the ground: half a second, a megabyte
# Of these the planner knows the minutes himself; everybody else who is out is in no class.
TOO_FAR = "too_far"


class At(NamedTuple):
    """Who, and from when."""

    lecturer_id: UUID
    starts_at: datetime


@dataclass(frozen=True)
class Wanted:
    """What is asked of the planner: the lessons, of which some are `pinned`, and the draft there
    is already (`before`)."""

    lessons: Sequence[Possible]
    first_on: date
    last_on: date
    zone: ZoneInfo
    options: Options
    pinned: Mapping[UUID, At] = field(default_factory=dict)
    before: Mapping[UUID, At] = field(default_factory=dict)

    @property
    def first(self) -> date:
        """Day 0: a Monday, so that weeks are weeks, from which the first month counts whole."""
        first = self.first_on.replace(day=1)
        return first - timedelta(days=first.weekday())

    @property
    def midnight(self) -> datetime:
        return datetime.combine(self.first, time(), self.zone)

    @property
    def opens(self) -> int:
        """Minutes to the period's first day."""
        return (self.first_on - self.first).days * DAY

    @property
    def days(self) -> int:
        return (self.last_on - self.first).days + 1

    @property
    def month(self) -> int:
        """Exact within one month, on the safe side over several."""
        alike = (self.first_on.year, self.first_on.month) == (self.last_on.year, self.last_on.month)
        return self.days if alike else LONGEST_MONTH


def parts(question: GroundQuestion) -> list[GroundQuestion]:
    """The same question, in parts whose answers fit into a message."""
    found: list[list[GroundLesson]] = [[]]
    left = MOST_ASKED
    for one in question.lessons:
        left -= len(one.slots)
        if left < 0 and found[-1]:
            found.append([])
            left = MOST_ASKED - len(one.slots)
        found[-1].append(one)
    return [question.model_copy(update={"lessons": tuple(lessons)}) for lessons in found]


def joined(answers: Sequence[Ground]) -> Ground:
    """The answers to the parts as one; 409 `conflicting_write` when lecturers or what they hold
    changed in between."""
    first, *others = answers
    for other in others:
        if (other.lecturers, other.places, other.held) != (
            first.lecturers,
            first.places,
            first.held,
        ):
            raise Conflict("conflicting_write")
    lessons = tuple(lesson for answer in answers for lesson in answer.lessons)
    return first.model_copy(update={"lessons": lessons})


def ground_question(wanted: Wanted, district: str) -> GroundQuestion:
    """Who could give these lessons."""
    places = list(dict.fromkeys(one.place for one in wanted.lessons if one.place is not None))
    number = {place: n for n, place in enumerate(places)}
    return GroundQuestion(
        district=district,
        period=Period(first_on=wanted.first, last_on=wanted.last_on),
        places=tuple(places),
        lessons=tuple(_ground_lesson(one, number) for one in wanted.lessons),
    )


def _ground_lesson(one: Possible, number: Mapping[Place, int]) -> GroundLesson:
    lesson = one.lesson
    return GroundLesson(
        lesson_id=lesson.id,
        course_id=lesson.course_id,
        category=lesson.category,
        minutes=lesson.minutes,
        school_id=lesson.school_id,
        place=number[one.place] if one.place is not None else None,
        pools=tuple((one.line.snapshot or {}).get("eligible_pools", ())),
        wanted=tuple(UUID(id) for id in lesson.wanted_lecturers),
        wanted_only=lesson.wanted_only,
        revision=lesson.revision if lesson.starts_at is not None else None,
        slots=tuple(slot for slot, _ in one.slots),
    )


class Desk:
    """The problem of a plan, in the planner's numbers."""

    def __init__(self, wanted: Wanted, ground: Ground) -> None:
        self.wanted, self.ground = wanted, ground
        self.number = {one.lesson.id: n for n, one in enumerate(wanted.lessons)}
        self.who = {one.lecturer_id: n for n, one in enumerate(ground.lecturers)}
        self.place = {place: n for n, place in enumerate(ground.places)}
        self._classes: dict[frozenset[int], int] = {}
        self._class_of = [self._class(lesson) for lesson in ground.lessons]
        # A pinned lesson outweighs all that are not, and no two of them may be exchanged.
        self.heavy = plan_rules.UNIT + sum(one.weight for one in wanted.lessons)

    def options(self) -> PlanOptions:
        asked = self.wanted.options
        return PlanOptions(seconds=asked.seconds, seed=asked.seed, start=self._before())

    def problem(self) -> dict[str, Any]:
        wanted, ground = self.wanted, self.ground
        open_ = [self._lesson(n) for n in range(len(wanted.lessons))]
        starts = [window[0] for lesson in open_ for window in lesson["windows"]]
        held = [
            self._row(
                course=HELD,
                site=one.place,
                segments=[[0, max(1, one.ends - one.begins)]],
                windows=[],
                weight=0,
            )
            for one in ground.held
        ]
        weights = wanted.options.weights
        return {
            "schema": SCHEMA,
            "name": "",
            "days": wanted.days,
            "grid": reduce(gcd, starts, 0) or 1,
            "month_len": wanted.month,
            "weights": {
                "request": weights.request,
                "move": weights.stability,
                "travel": weights.travel,
                "travel_div": TRAVEL_DIV,
                "fair": weights.fairness,
                "rating": weights.pool,
            },
            "sites": _numbered(
                {"rooms": 1 if place.resource_id else ROOMS, "seats": ANY, "school": 0}
                for place in ground.places
            ),
            "lecturers": _numbered(self._lecturer(n) for n in range(len(ground.lecturers))),
            "lessons": _numbered([*open_, *held]),
            "site_travel": [list(row) for row in ground.ways],
            "home_travel": [list(one.homes) for one in ground.lecturers],
            "fixed": [
                [len(open_) + n, one.lecturer, one.begins] for n, one in enumerate(ground.held)
            ],
            "offers": [list(one) for one in self._before()] if weights.stability else [],
            "budgets": [],
        }

    def _class(self, lesson: LessonGround) -> int:
        out = {n for o in lesson.out if set(o.codes) - {TOO_FAR} for n in o.lecturers}
        able = frozenset(range(len(self.ground.lecturers))) - out
        return self._classes.setdefault(able, len(self._classes))

    def _lesson(self, number: int) -> dict[str, Any]:
        one, ground = self.wanted.lessons[number], self.ground.lessons[number]
        pin = self.wanted.pinned.get(one.lesson.id)
        requested = pin.lecturer_id if pin else next(iter(one.lesson.wanted_lecturers), None)
        # Pinned to somebody the lecturer room does not know: nobody else will do.
        nobody = pin is not None and pin.lecturer_id not in self.who
        return self._row(
            course=NOBODYS if nobody else self._class_of[number],
            site=self.place[one.place] if one.place is not None else 0,
            segments=[[0, one.lesson.minutes if not one.slots else _minutes(one)]],
            windows=[
                [slot.begins, slot.ends, points]
                for slot, (_, points) in zip(ground.slots, one.slots, strict=True)
            ],
            weight=one.weight + (self.heavy if pin else 0),
            requested=self.who.get(UUID(str(requested))) if requested else None,
            strict=pin is not None,
        )

    def _row(self, **facts: Any) -> dict[str, Any]:
        usual = {"school": 0, "audience": 0, "load": 0, "pool": None}
        return {**usual, "requested": None, "strict": False, **facts}

    def _lecturer(self, number: int) -> dict[str, Any]:
        one, pools = self.ground.lecturers[number], self.wanted.options.pools
        place = pools.index(one.pool) if one.pool in pools else len(pools)
        opens = self.wanted.opens  # no time before is proposed
        return {
            "pool": 0,
            "courses": [n for able, n in self._classes.items() if number in able],
            "avail": [[max(a, opens), b] for a, b in one.free if b > opens],
            "valid": list(one.valid),
            "max_day": one.day_cap,
            "max_week": one.week_cap,
            "max_month": one.month_cap,
            "rating": max(0, BEST - POOL_STEP * place),
            "prior": one.given_this_year,
            "max_travel": self.ground.max_travel_minutes if one.home_known else ANY,
            "fee": 0,
        }

    def _before(self) -> tuple[Triple, ...]:
        """The draft there is, as far as it is still possible."""
        found = []
        for lesson_id, at in self.wanted.before.items():
            number, who = self.number.get(lesson_id), self.who.get(at.lecturer_id)
            if number is None or who is None:
                continue
            begins = int((at.starts_at - self.wanted.midnight) / MINUTE)
            if any(slot.begins == begins for slot in self.ground.lessons[number].slots):
                found.append((number, who, begins))
        return tuple(found)


def _minutes(one: Possible) -> int:
    """A camp's day is as long as it was wished."""
    slot = one.slots[0][0]
    return int((slot.ends_at - slot.starts_at) / MINUTE)


def _numbered(rows: Any) -> list[dict[str, Any]]:
    return [{"id": id, **row} for id, row in enumerate(rows)]
