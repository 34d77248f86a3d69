"""The road between services, with a real broker: nothing lost, nothing done twice."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import nats
import pytest
from nats.js.api import AckPolicy, ConsumerConfig, StreamConfig
from sqlmodel import Session, select

from services.kit import inbox, listener, replies
from services.kit.bus import Bus, keep, stream_of
from services.kit.db import Database
from services.kit.inbox import Heard, Inbox, Parked
from services.kit.listener import Listener
from services.kit.outbox import Happened
from services.kit.relay import Relay
from tests.conftest import Templates
from tests.kit import toy
from tests.kit.toy import BoothChanged, Rung

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


class Broker:
    """A nats-server that can be stopped, robbed of its disk and started again."""

    def __init__(self, folder: Path, port: int) -> None:
        self.store, self.url = folder / "store", f"nats://127.0.0.1:{port}"
        binary = Path(sys.executable).parent / "nats-server"
        self.command = [binary, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", self.store]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def lose_disk(self) -> None:
        shutil.rmtree(self.store)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Any]:
        client = await nats.connect(self.url, max_reconnect_attempts=-1, reconnect_time_wait=0.1)
        try:
            yield client.jetstream()
        finally:
            await client.close()

    async def make_streams(self) -> None:
        async with self.connected() as js:
            await js.add_stream(StreamConfig(name=stream_of("toy"), subjects=["evt.*.toy.>"]))
            config = ConsumerConfig(
                durable_name="ears", ack_policy=AckPolicy.EXPLICIT, ack_wait=5, max_deliver=-1
            )
            await js.add_consumer(stream_of("toy"), config)


@pytest.fixture
async def broker(
    tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Broker]:
    broker = Broker(tmp_path, unused_tcp_port)
    monkeypatch.setenv("YUEKE_NATS_URL", broker.url)
    broker.start()
    await broker.make_streams()
    yield broker
    broker.stop()


@pytest.fixture
def ears_database(templates: Templates, backend: str) -> Iterator[Database]:
    url = templates.empty(f"ears_{uuid4().hex}", backend)
    database = toy.made(url)
    yield database
    database.dispose()
    templates.drop(url)


@asynccontextmanager
async def road(mouth: Database, ears: Database | None = None) -> AsyncIterator[Relay]:
    """A service that tells and, maybe, one that hears."""
    stopping, buses = asyncio.Event(), [Bus("toy")]
    relay = Relay(buses[0], mouth, "toy")
    works = {"relay": lambda: relay.run(stopping)}
    if ears is not None:
        buses.append(Bus("ears"))
        hears = Listener(buses[1], ears, Inbox({BoothChanged: toy.hear}), "toy")
        works["listen"] = lambda: hears.run(stopping)
    for bus in buses:
        await bus.connect()
    tasks = [asyncio.create_task(keep(name, work, stopping)) for name, work in works.items()]
    yield relay
    stopping.set()
    relay.wake.set()
    await asyncio.gather(*tasks)
    relay.close()
    for bus in buses:
        await bus.close()


async def until(check: Callable[[], Any], seconds: float = 10) -> Any:
    async with asyncio.timeout(seconds):
        while not (found := check()):
            await asyncio.sleep(0.02)
        return found


def rows(database: Database, table: Any) -> list[Any]:
    with database.snapshot() as session:
        return list(session.exec(select(table)))


def tell(database: Database, *versions: int, note: str = "") -> Any:
    key = uuid4()
    with database.transaction() as session:
        for version in versions:
            toy.say(session, key, at=NOON, version=version, note=note)
    return key


async def test_what_is_told_is_heard_in_order(
    broker: Broker, toy_database: Database, ears_database: Database
) -> None:
    async with road(toy_database, ears_database):
        keys = [tell(toy_database, 1, 2, 3) for _ in range(5)]
        await until(lambda: len(rows(ears_database, Heard)) == 15)

    assert {(r.id, r.version, r.times) for r in rows(ears_database, Rung)} == {
        (key, 3, 3) for key in keys
    }
    assert all(row.sent_at and row.stream_seq for row in rows(toy_database, Happened))


async def test_told_while_the_broker_is_away_arrives_when_it_is_back(
    broker: Broker, toy_database: Database, ears_database: Database
) -> None:
    async with road(toy_database, ears_database):
        broker.stop()
        tell(toy_database, 1)
        await asyncio.sleep(0.5)
        assert rows(ears_database, Rung) == []
        broker.start()
        await until(lambda: rows(ears_database, Rung), seconds=20)


async def test_a_broker_that_lost_its_disk_is_told_again_and_nothing_is_done_twice(
    broker: Broker, toy_database: Database, ears_database: Database
) -> None:
    async with road(toy_database, ears_database):
        tell(toy_database, 1, 2)
        await until(lambda: len(rows(ears_database, Heard)) == 2)
        broker.stop()
        broker.lose_disk()
        tell(toy_database, 1)
        broker.start()
        await broker.make_streams()
        await until(lambda: len(rows(ears_database, Heard)) == 3, seconds=20)
        await until(lambda: all(row.sent_at for row in rows(toy_database, Happened)))

    assert sorted(row.times for row in rows(ears_database, Rung)) == [1, 2]


async def test_the_same_event_delivered_twice_acts_once(
    broker: Broker, toy_database: Database, ears_database: Database
) -> None:
    async with road(toy_database, ears_database):
        tell(toy_database, 1)
        [told] = rows(toy_database, Happened)
        async with broker.connected() as js:
            for n in range(3):  # beyond the broker's own deduplication
                headers = {"Nats-Msg-Id": f"again-{n}"}
                body = json.dumps(told.body).encode()
                await js.publish("evt.xiqing.toy.booth.changed", body, headers=headers)
        await until(lambda: rows(ears_database, Rung))
        await asyncio.sleep(0.3)

    assert [row.times for row in rows(ears_database, Rung)] == [1]


async def test_an_older_event_that_comes_late_changes_nothing(
    broker: Broker, toy_database: Database, ears_database: Database
) -> None:
    async with road(toy_database, ears_database):
        tell(toy_database, 2, 1)
        await until(lambda: len(rows(ears_database, Heard)) == 2)

    assert [(row.version, row.times) for row in rows(ears_database, Rung)] == [(2, 1)]
    assert sorted(row.outcome for row in rows(ears_database, Heard)) == ["done", "stale"]


async def test_a_message_that_cannot_be_acted_on_is_parked_and_its_neighbours_are_served(
    broker: Broker,
    toy_database: Database,
    ears_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listener, "RETRY_AFTER", (0.05, 0.05))
    async with road(toy_database, ears_database):
        poison, good = tell(toy_database, 1, note="poison"), tell(toy_database, 1)
        await until(lambda: rows(ears_database, Parked))
        await until(lambda: rows(ears_database, Rung))

    [parked] = rows(ears_database, Parked)
    assert parked.body["subject"] == str(poison)
    assert "cannot be acted on" in parked.error
    assert [row.id for row in rows(ears_database, Rung)] == [good]


async def test_a_parked_message_can_be_replayed_through_the_same_inbox(
    broker: Broker,
    toy_database: Database,
    ears_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listener, "RETRY_AFTER", ())
    async with road(toy_database, ears_database):
        poison = tell(toy_database, 1, note="poison")
        await until(lambda: rows(ears_database, Parked))

    mended = Inbox({BoothChanged: lambda session, said: session.add(Rung(id=said.key, version=9))})
    with ears_database.transaction() as session:
        [parked] = session.exec(select(Parked)).all()
        assert inbox.replay(session, mended, parked, by=uuid4()) == "done"

    assert [(row.id, row.version) for row in rows(ears_database, Rung)] == [(poison, 9)]
    assert rows(ears_database, Parked)[0].settled_how == "replayed: done"


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"{}",
        b'{"type": 7}',
        json.dumps({"type": "cn.party-school.yueke.toy.booth.changed.v1", "source": "/x/other"}),
        json.dumps({"type": "cn.party-school.yueke.toy.booth.changed.v9", "source": "/x/toy"}),
    ],
)
async def test_what_is_no_event_of_its_stream_is_parked_at_once(
    broker: Broker, toy_database: Database, ears_database: Database, body: bytes | str
) -> None:
    async with road(toy_database, ears_database):
        async with broker.connected() as js:
            raw = body if isinstance(body, bytes) else body.encode()
            await js.publish("evt.xiqing.toy.booth.changed", raw)
        await until(lambda: rows(ears_database, Parked))


async def test_a_message_that_ends_the_process_again_and_again_is_parked_unrun(
    broker: Broker,
    toy_database: Database,
    ears_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with road(toy_database):
        tell(toy_database, 1)
        await until(lambda: all(row.sent_at for row in rows(toy_database, Happened)))
    async with broker.connected() as js:
        drawn = await js.pull_subscribe_bind(durable="ears", stream=stream_of("toy"))
        for _ in range(listener.DEADLY):  # as a process that dies each time would leave it
            [message] = await drawn.fetch(1, timeout=5)
            await message.nak()

    async with road(toy_database, ears_database):
        [parked] = await until(lambda: rows(ears_database, Parked))

    assert "ends the process" in parked.error
    assert rows(ears_database, Heard) == []


async def test_one_relay_at_a_time_on_postgresql(
    broker: Broker, toy_database: Database, ears_database: Database
) -> None:
    if toy_database.is_sqlite:
        return  # a SQLite file belongs to one process
    second = Database("toy", toy_database.url)
    async with road(toy_database, ears_database), road(second):
        tell(toy_database, *range(1, 40))
        await until(lambda: len(rows(ears_database, Heard)) == 39)
    second.dispose()

    assert [row.times for row in rows(ears_database, Rung)] == [39]


async def test_a_listener_whose_broker_never_came_ends_with_its_service(
    ears_database: Database,
) -> None:
    stopping = asyncio.Event()
    listener = Listener(Bus("ears"), ears_database, Inbox({BoothChanged: toy.hear}), "toy")
    running = asyncio.create_task(listener.run(stopping))
    await asyncio.sleep(0)

    stopping.set()

    await asyncio.wait_for(running, timeout=10)


async def test_a_question_is_answered_and_a_forged_reply_is_not(
    broker: Broker, toy_database: Database
) -> None:
    def double(session: Session, facts: dict[str, Any]) -> dict[str, Any]:
        return {"n": facts["n"] * 2}

    answerer, asker = Bus("toy"), Bus("ears")
    await answerer.connect()
    await asker.connect()
    await replies.serve(answerer, toy_database, {"number.double": double})

    assert await replies.ask(asker, "toy", "number.double", n=21) == {"n": 42}

    stolen = "evt.xiqing.toy.booth.changed"
    await asker.client.publish("rpc.toy.number.double", b'{"n": 1}', reply=stolen)
    await asyncio.sleep(0.3)
    info = await asker.jetstream().stream_info(stream_of("toy"))
    assert info.state.messages == 0
    await answerer.close()
    await asker.close()
