"""Deadlines are rows; the clock acts on them in order, once, and forgives an outage."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from sqlmodel import Session, select

from services.kit import clock, timers
from services.kit.db import Database
from services.kit.errors import Conflict
from services.kit.timers import Clockwork, Heartbeat, Timer

fired: list[tuple[UUID, str]] = []


def ring(session: Session, key: UUID, at: datetime) -> None:
    fired.append((key, "ring"))


def stale(session: Session, key: UUID, at: datetime) -> None:
    fired.append((key, "stale"))
    raise Conflict("wrong_state")


def broken(session: Session, key: UUID, at: datetime) -> None:
    fired.append((key, "broken"))
    raise RuntimeError("a bug")


def again(session: Session, key: UUID, at: datetime) -> None:
    fired.append((key, "again"))
    timers.start(session, key, "again", at + timedelta(hours=1))


ACTS = {"ring": ring, "stale": stale, "broken": broken, "again": again}


@asynccontextmanager
async def running(clockwork: Clockwork) -> AsyncIterator[None]:
    fired.clear()
    stopping = asyncio.Event()
    task = asyncio.create_task(clockwork.run(stopping))
    yield
    stopping.set()
    await task
    clockwork.close()


async def until(check: object, seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not check():  # type: ignore[operator]
            await asyncio.sleep(0.02)


def left(database: Database) -> list[Timer]:
    with database.snapshot() as session:
        return list(session.exec(select(Timer).order_by("verb")))


async def test_due_rows_run_in_due_order_and_are_gone(toy_database: Database) -> None:
    first, second, third = uuid4(), uuid4(), uuid4()
    now = clock.now()
    with toy_database.transaction() as session:
        timers.start(session, second, "ring", now - timedelta(minutes=1))
        timers.start(session, first, "ring", now - timedelta(minutes=2))
        timers.start(session, third, "ring", now + timedelta(days=1))

    async with running(Clockwork(toy_database, "toy", ACTS)):
        await until(lambda: len(fired) == 2)

    assert [key for key, _ in fired] == [first, second]
    assert [timer.key for timer in left(toy_database)] == [third]


async def test_a_moved_clock_is_noticed_within_two_seconds(
    toy_database: Database, home: Path
) -> None:
    with toy_database.transaction() as session:
        timers.start(session, uuid4(), "ring", clock.now() + timedelta(days=2))

    async with running(Clockwork(toy_database, "toy", ACTS)):
        await asyncio.sleep(0.2)
        assert fired == []
        (home / "clock.json").write_text(json.dumps({"offset_seconds": 2 * 86400 + 60}))
        await until(lambda: len(fired) == 1, seconds=2)


async def test_what_no_longer_applies_is_dropped(toy_database: Database) -> None:
    with toy_database.transaction() as session:
        timers.start(session, uuid4(), "stale", clock.now())

    async with running(Clockwork(toy_database, "toy", ACTS)):
        await until(lambda: not left(toy_database))


async def test_a_failing_deadline_waits_and_does_not_hold_up_its_neighbours(
    toy_database: Database,
) -> None:
    with toy_database.transaction() as session:
        timers.start(session, uuid4(), "broken", clock.now() - timedelta(hours=1))
        timers.start(session, uuid4(), "ring", clock.now())

    async with running(Clockwork(toy_database, "toy", ACTS)):
        await until(lambda: any(verb == "ring" for _, verb in fired))

    [timer] = left(toy_database)
    assert (timer.verb, timer.tries >= 1) == ("broken", True)


async def test_a_deadline_may_set_itself_again(toy_database: Database) -> None:
    key = uuid4()
    with toy_database.transaction() as session:
        timers.start(session, key, "again", clock.now())

    async with running(Clockwork(toy_database, "toy", ACTS)):
        await until(lambda: len(fired) == 1)
        await asyncio.sleep(0.1)

    [timer] = left(toy_database)
    assert (timer.key, timer.due_at > clock.now()) == (key, True)


async def test_an_outage_is_given_back_to_those_who_have_to_answer(
    toy_database: Database,
) -> None:
    """Down for two hours while an answer was due in one: it is due an hour after the start."""
    answer, other = uuid4(), uuid4()
    asleep = clock.real() - timedelta(hours=2)
    with toy_database.transaction() as session:
        session.add(Heartbeat(service="toy", beat_at=asleep))
        timers.start(session, answer, "ring", asleep + timedelta(hours=1), answer=True)
        timers.start(session, other, "ring", asleep + timedelta(hours=1))

    async with running(Clockwork(toy_database, "toy", ACTS)):
        await until(lambda: len(fired) == 1)
        await asyncio.sleep(0.1)

    assert fired == [(other, "ring")]
    [timer] = left(toy_database)
    assert timedelta(minutes=59) < timer.due_at - clock.now() < timedelta(minutes=61)
