"""Booking: the five words of a letter (点单 审单 派单 接单 评单), and how far each is; pure."""

from collections.abc import Mapping
from typing import NamedTuple

from services.booking.states import LessonState, OrderState

L, O = LessonState, OrderState  # noqa: E741

PLACE_ORDER = "place_order"  # 点单
REVIEW = "review"  # 审单
DISPATCH = "dispatch"  # 派单
ACCEPT = "accept"  # 接单
EVALUATE = "evaluate"  # 评单
STEPS = (PLACE_ORDER, REVIEW, DISPATCH, ACCEPT, EVALUATE)

# Which word a lesson waits for; a lesson that is settled waits for none.
WAITS_FOR: dict[LessonState, str] = {
    L.REQUESTED: REVIEW,
    L.UNPLACED: DISPATCH,
    L.WAITLISTED: DISPATCH,
    L.TENTATIVE: ACCEPT,
    L.AT_RISK: ACCEPT,
    L.SUSPENDED: ACCEPT,
    L.JOINED: ACCEPT,  # the other lesson has to find its lecturer
    L.CONFIRMED: EVALUATE,
    L.IN_PROGRESS: EVALUATE,
    L.DELIVERED: EVALUATE,
    L.PARTIALLY_DELIVERED: EVALUATE,
    L.NOT_DELIVERED: EVALUATE,
    L.DISPUTED: EVALUATE,
}
# What the district has to do next.
WITH_DISTRICT = {
    L.UNPLACED,
    L.WAITLISTED,
    L.TENTATIVE,
    L.AT_RISK,
    L.SUSPENDED,
    L.NOT_DELIVERED,
    L.DISPUTED,
}
DEAD = {O.REJECTED, O.WITHDRAWN, O.EXPIRED, O.CANCELLED}


class Step(NamedTuple):
    """One word: done, now, todo, or ended where a dead letter stopped; `done` of `of`."""

    step: str
    state: str
    done: int
    of: int


def steps(
    state: OrderState, *, sent: bool, lines: int, returned: int, lessons: Mapping[LessonState, int]
) -> list[Step]:
    """The five words of a letter. Cancelled lessons do not count."""
    live = {s: n for s, n in lessons.items() if s != L.CANCELLED}
    total = sum(live.values())
    reviewed = state in (O.APPROVED, O.CLOSED, O.CANCELLED)
    done = {PLACE_ORDER: int(sent), REVIEW: lines - returned if reviewed else 0}
    for at, word in enumerate(STEPS[2:], 2):
        past = {s for s in live if s not in WAITS_FOR or STEPS.index(WAITS_FOR[s]) > at}
        done[word] = sum(live[s] for s in past)
    of = {PLACE_ORDER: 1, REVIEW: lines} | dict.fromkeys(STEPS[2:], total)
    found, waiting = [], False
    for word in STEPS:
        complete = done[word] >= of[word] > 0 and not waiting
        kind = "done" if complete else "todo" if waiting else "ended" if state in DEAD else "now"
        waiting = waiting or not complete
        found.append(Step(word, kind, done[word], of[word]))
    return found


def may_urge(state: OrderState, lessons: Mapping[LessonState, int]) -> bool:
    """Does the letter wait for the district?"""
    if state == O.SUBMITTED:
        return True
    return state == O.APPROVED and any(n for s, n in lessons.items() if s in WITH_DISTRICT)
