"""Booking: what a plan is asked to care for, pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.contracts.booking import Slot

Pool = Literal["lead_study", "professional", "backbone"]

# The planner asks for a minute, people do not wait for longer than two.
MOST_SECONDS = 120
MOST_LESSONS = 1000
# Starts within one wish are tried each quarter of an hour; of one lesson no more than so many.
STEP = timedelta(minutes=15)
MOST_STARTS = 40
# What a lesson is worth that is given: by its format, and more where the letter is urgent.
WORTH = {"micro_lesson": 10, "booster": 20, "camp": 25}
URGENT = 15
UNIT = 5  # every weight is a multiple of it
Points = int
# How far fairness reaches: whom, never how many. Less than the smallest worth, so that two lessons
# always outweigh one of the same kind, whoever asks for it.
FAIR = min(WORTH.values()) - 1


class Weights(BaseModel):
    """Soft points: what a scheduler would rather not have. `wish`: for the second wish, twice for
    the third; `request`: a requested lecturer is not the one; `travel`: of every visit, a fifth of
    the minutes there and back; `fairness`: rising with every lesson of the same lecturer; `pool`:
    twice for the second pool of the policy, four times for the third; `stability`: a lesson is not
    where the draft before had it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wish: int = Field(default=6, ge=0, le=1000)
    request: int = Field(default=20, ge=0, le=1000)
    travel: int = Field(default=1, ge=0, le=1000)
    fairness: int = Field(default=3, ge=0, le=1000)
    pool: int = Field(default=1, ge=0, le=1000)
    stability: int = Field(default=5, ge=0, le=1000)


class Options(BaseModel):
    """Policy of a plan: weights, the pools in order of preference (none: each course's own order
    is as good as another), and how long it may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: Weights = Weights()
    pools: tuple[Pool, ...] = Field(default=(), max_length=3)
    seconds: float = Field(default=30, ge=1, le=MOST_SECONDS)
    seed: int = Field(default=0, ge=0, lt=2**31)

    def plain(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


def weight_of(format: str, *, urgent: bool) -> int:
    """What it is worth to give this lesson; a camp's day by itself."""
    return WORTH.get(format, WORTH["booster"]) + URGENT * urgent


class Asked(NamedTuple):
    """A lesson of a school, what it is worth, and the days it could be given on."""

    school_id: UUID
    weight: int
    days: tuple[date, ...] = ()


def fair_weights(asked: Sequence[Asked], served: Mapping[UUID, int]) -> list[int]:
    """What the lessons are worth where the school that was given least goes first: among lessons of
    equal worth an earlier turn is always worth more."""
    turns = _turns(asked, served)
    place = {turn: n for n, turn in enumerate(sorted(set(turns)))}
    last = max(1, len(place) - 1)
    finer = max(1, -(-last // FAIR))  # so fine that every turn has a weight of its own
    return [
        one.weight * finer + FAIR * finer * (len(place) - 1 - place[turn]) // last
        for one, turn in zip(asked, turns, strict=True)
    ]


def _turns(asked: Sequence[Asked], served: Mapping[UUID, int]) -> list[int]:
    """When a lesson's school is called: it has been given so many (`served`), and then one more for
    every turn it had. It takes its worthiest lesson, of equal ones that on the days fewest others
    took theirs, so that schools do not stand in each other's way; what can be given on no day comes
    last."""
    left: dict[UUID, list[int]] = defaultdict(list)
    for number, one in enumerate(asked):
        left[one.school_id].append(number)
    crowd: dict[date, float] = defaultdict(float)

    def choice(number: int) -> tuple[bool, int, float]:
        one = asked[number]
        return not one.days, -one.weight, min((crowd[day] for day in one.days), default=0)

    turns = [0] * len(asked)
    queue = [(served.get(school_id, 0), n, school_id) for n, school_id in enumerate(left)]
    heapify(queue)
    while queue:
        turn, n, school_id = heappop(queue)
        taken = min(left[school_id], key=choice)
        turns[taken] = turn
        for day in asked[taken].days:
            crowd[day] += 1 / len(asked[taken].days)
        left[school_id].remove(taken)
        if left[school_id]:
            heappush(queue, (turn + 1, n, school_id))
    return turns


def slots_of(
    wishes: Sequence[Slot], minutes: int, *, camp: bool, points: Points
) -> list[tuple[Slot, Points]]:
    """The times within the wishes, in their order, each with what choosing it costs. A camp's day
    keeps the hours wished."""
    if camp:
        return [(wish, points * number) for number, wish in enumerate(wishes)]
    length, step = timedelta(minutes=minutes), STEP
    while (many := sum(_many(wish, length, step) for wish in wishes)) > MOST_STARTS:
        step += STEP * max(1, many // MOST_STARTS - 1)
    found: dict[datetime, tuple[Slot, Points]] = {}
    for number, wish in enumerate(wishes):
        for n in range(_many(wish, length, step)):
            starts = wish.starts_at + n * step
            slot = Slot(starts_at=starts, ends_at=starts + length)
            found.setdefault(starts, (slot, points * number))
    return list(found.values())


def _many(wish: Slot, length: timedelta, step: timedelta) -> int:
    left = wish.ends_at - wish.starts_at - length
    return 0 if left < timedelta() else left // step + 1


def whole(wishes: Sequence[Sequence[bool]]) -> int | None:
    """Of the days of a camp, each with what of its wishes is possible: the first wish possible on
    all of them."""
    most = min((len(day) for day in wishes), default=0)
    return next((n for n in range(most) if all(day[n] for day in wishes)), None)
