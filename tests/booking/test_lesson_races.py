"""Booking: many hands at once. One wins, the others are told why, nothing locks up."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from services.booking import attest, changes, lessons, placing
from services.booking.models import Change, Lesson, Order, PlaceHold
from services.booking.place_checks import Asked
from services.booking.states import LessonState as L
from services.booking.states import OrderState
from services.kit.db import Database
from services.kit.errors import Refusal
from tests.booking.lesson_world import (
    CLERK,
    HALL,
    NOON,
    OTHER_HALL,
    PATHS,
    SCHEDULER,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    a_district,
    a_lesson,
    a_request,
    an_order,
    staffed,
    verbs,
)
from tests.conftest import NewDatabase


def a_house(new_database: NewDatabase) -> Database:
    database = new_database("booking")
    with database.transaction() as session:
        a_district(session)
    return database


async def all_at_once(database: Database, *works: Callable[[Session], Any]) -> Counter[str]:
    """Each in a transaction of its own; how often which answer."""

    async def one(work: Callable[[Session], Any]) -> str:
        try:
            await database.write(work)
        except Refusal as refusal:
            return refusal.code
        return "done"

    return Counter(await asyncio.gather(*(one(work) for work in works)))


def placing_of(lesson_id: UUID, **asked: Any) -> Callable[[Session], Any]:
    return lambda s: placing.place(s, lesson_id, asked=Asked(**asked), by=SCHEDULER, at=NOON)


async def test_twenty_lessons_want_one_hall(new_database: NewDatabase) -> None:
    database = a_house(new_database)
    with database.transaction() as session:
        ids = [a_lesson(session).id for _ in range(20)]

    answers = await all_at_once(database, *(placing_of(id) for id in ids))

    assert answers == {"done": 1, "place_taken": 19}
    with database.snapshot() as session:
        assert len(session.exec(select(PlaceHold)).all()) == 1
        states = Counter(str(row) for row in session.exec(select(Lesson.state)))
    assert states == {"tentative": 1, "unplaced": 19}


async def test_one_lesson_is_placed_by_twenty(new_database: NewDatabase) -> None:
    database = a_house(new_database)
    with database.transaction() as session:
        id = a_lesson(session).id

    answers = await all_at_once(database, *(placing_of(id) for _ in range(20)))

    assert answers == {"done": 1, "wrong_state": 19}


async def test_the_last_attestations_close_the_letter_once(new_database: NewDatabase) -> None:
    database = a_house(new_database)
    slots = [TUESDAY, WEDNESDAY, THURSDAY]
    halls = [HALL, OTHER_HALL]
    with database.transaction() as session:
        order = an_order(session)
        ids = []
        for slot in slots:
            for hall in halls:
                lesson = a_request(session, order)
                PATHS[L.UNPLACED][0](session, lesson)
                asked = Asked(starts_at=slot.starts_at, venue_id=hall)
                placing.place(session, lesson.id, asked=asked, by=SCHEDULER, at=NOON)
                staffed(session, lesson, "done", at=slot.ends_at)
                ids.append(lesson.id)

    def attesting(id: UUID) -> Callable[[Session], Any]:
        return lambda s: attest.attest(s, id, attendance=50, by=CLERK, at=THURSDAY.ends_at)

    answers = await all_at_once(database, *(attesting(id) for id in ids for _ in range(2)))

    assert answers == {"done": 6, "wrong_state": 6}
    with database.snapshot() as session:
        assert session.get_one(Order, order.id).state == OrderState.CLOSED
        assert verbs(session, order.id) == ["all_lessons_settled_some_verified"]


async def test_a_change_is_answered_once(new_database: NewDatabase) -> None:
    database = a_house(new_database)
    with database.transaction() as session:
        lesson = a_lesson(session, L.CONFIRMED)
        asked = Asked(starts_at=WEDNESDAY.starts_at)
        change = changes.propose(session, lesson.id, asked=asked, by=CLERK, at=NOON)

    answers = await all_at_once(
        database,
        *[lambda s: changes.accept(s, change.id, by=SCHEDULER, at=NOON)] * 5,
        *[lambda s: changes.reject(s, change.id, reason=None, by=SCHEDULER, at=NOON)] * 5,
        *[lambda s: changes.deadline(s, change.id, NOON)] * 5,
    )

    assert answers["done"] == 1
    assert answers.total() == 15
    with database.snapshot() as session:
        assert len(verbs(session, change.id)) == 2


async def test_cancelling_meets_accepting(new_database: NewDatabase) -> None:
    database = a_house(new_database)
    with database.transaction() as session:
        pairs = []
        for hall, slot in [(h, s) for h in (HALL, OTHER_HALL) for s in (TUESDAY, THURSDAY)]:
            lesson = a_lesson(session)
            asked = Asked(starts_at=slot.starts_at, venue_id=hall)
            placing.place(session, lesson.id, asked=asked, by=SCHEDULER, at=NOON)
            asked = Asked(starts_at=WEDNESDAY.starts_at)
            change = changes.propose(session, lesson.id, asked=asked, by=CLERK, at=NOON)
            pairs.append((lesson.id, change.id))
    works = []
    for lesson_id, change_id in pairs:
        works += [
            lambda s, id=lesson_id: lessons.cancel(s, id, by=CLERK, at=NOON),
            lambda s, id=change_id: changes.accept(s, id, by=SCHEDULER, at=NOON),
        ]

    await all_at_once(database, *works)

    with database.snapshot() as session:
        assert {str(state) for state in session.exec(select(Lesson.state))} == {"cancelled"}
        live = select(PlaceHold).where(PlaceHold.live == True)  # noqa: E712
        assert session.exec(live).all() == []
        ended = {str(state) for state in session.exec(select(Change.state))}
        assert ended <= {"withdrawn", "applied"}
