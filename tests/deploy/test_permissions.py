"""Each key may do exactly what its service needs: right by right, on a live server."""

import asyncio
import os
from collections.abc import Iterable

import nats
import nkeys
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError

from deploy.home import PROCESSES
from deploy.nats_init import HEARS, OWNERS
from tests.deploy.conftest import Broker

# Who tells events, who asks whom, who therefore answers into whose inbox.
TELLS = {"portal", "catalog", "booking", "lecturer"}
# What open pages of the desk are told as it happens, without a durable.
IN_PASSING = {
    "evt.*.booking.lesson.changed",
    "evt.*.lecturer.staffing.changed",
    "evt.*.lecturer.assignment.*",
    "evt.*.lecturer.offer.*",
}
ASKS = {"booking": {"catalog", "lecturer", "planner"}, "lecturer": {"catalog"}}


def needed_to_publish(name: str) -> set[str]:
    rights = {f"$JS.API.CONSUMER.MSG.NEXT.EVT_{o.upper()}.{name}" for o in HEARS.get(name, ())}
    rights |= {ack(owner, name) for owner in HEARS.get(name, ())}
    rights |= {f"rpc.{other}.thing.ask" for other in ASKS.get(name, ())}
    rights |= {f"_INBOX_{asker}.x" for asker, asked in ASKS.items() if name in asked}
    if name in TELLS:
        rights |= {f"evt.xiqing.{name}.thing.done", f"$JS.API.STREAM.INFO.EVT_{name.upper()}"}
    return rights


def needed_to_hear(name: str) -> set[str]:
    answers = any(name in asked for asked in ASKS.values())
    in_passing = IN_PASSING if name == "portal" else set()
    # The planner asks nobody and tells no event: nothing ever comes back to it.
    inbox = set() if name == "planner" else {f"_INBOX_{name}.>"}
    return inbox | ({f"rpc.{name}.thing.ask"} if answers else set()) | in_passing


def ack(owner: str, durable: str) -> str:
    return f"$JS.ACK.EVT_{owner.upper()}.{durable}.1.1.1.1.1"


def everything_to_publish() -> set[str]:
    subjects = {"$SYS.REQ.SERVER.PING", "$JS.API.INFO", "$JS.API.STREAM.LIST", "free.for.all"}
    for name in PROCESSES:
        subjects |= {f"evt.xiqing.{name}.thing.done", f"rpc.{name}.thing.ask", f"_INBOX_{name}.x"}
    subjects |= {"_INBOX_admin.x", "_INBOX.x"}
    for owner in OWNERS:
        stream = f"EVT_{owner.upper()}"
        verbs = ("INFO", "CREATE", "UPDATE", "DELETE", "PURGE", "MSG.GET", "MSG.DELETE")
        subjects |= {f"$JS.API.STREAM.{verb}.{stream}" for verb in verbs}
        subjects |= {f"$JS.API.DIRECT.GET.{stream}", f"$JS.API.CONSUMER.LIST.{stream}"}
        for durable in PROCESSES:
            kinds = ("MSG.NEXT", "INFO", "CREATE", "DELETE", "DURABLE.CREATE")
            subjects |= {f"$JS.API.CONSUMER.{kind}.{stream}.{durable}" for kind in kinds}
            subjects.add(ack(owner, durable))
    return subjects


def everything_to_hear() -> set[str]:
    subjects = {">", "evt.>", "$JS.>", "$SYS.>", "_INBOX.>", "_INBOX_admin.>", "rpc.>"}
    subjects |= IN_PASSING | {"evt.*.booking.order.*", "evt.*.lecturer.appointment.*"}
    for name in PROCESSES:
        subjects |= {f"_INBOX_{name}.>", f"rpc.{name}.thing.ask", f"evt.*.{name}.>"}
    return subjects


THE_END = "the.end"  # nobody may: its refusal says that all others have come


async def refused(client: Client, told: list[str], subjects: Iterable[str], verb: str) -> set[str]:
    """Those the server says no to. It says so in order, but after the call has returned."""
    by_name = {subject.lower(): subject for subject in subjects}
    for subject in [*by_name.values(), THE_END]:
        if verb == "publish":
            await client.publish(subject, b"")
        else:
            await client.subscribe(subject)
    async with asyncio.timeout(10):
        while not any(f'"{THE_END}"' in line for line in told):
            await asyncio.sleep(0.01)
    assert all("permissions violation" in line.lower() for line in told), told
    named = {line.split('"')[1] for line in told} - {THE_END}
    return {by_name[name] for name in named}


@pytest.mark.parametrize("name", PROCESSES)
async def test_a_key_publishes_what_its_service_needs_and_nothing_else(
    broker: Broker, name: str
) -> None:
    client = await broker.connect(name)

    no = await refused(client, broker.told[name], everything_to_publish(), "publish")

    assert everything_to_publish() - no == needed_to_publish(name)


@pytest.mark.parametrize("name", PROCESSES)
async def test_a_key_hears_what_its_service_needs_and_nothing_else(
    broker: Broker, name: str
) -> None:
    client = await broker.connect(name)

    no = await refused(client, broker.told[name], everything_to_hear(), "subscribe")

    assert everything_to_hear() - no == needed_to_hear(name)


async def test_the_deploy_key_makes_streams_and_forges_no_event(broker: Broker) -> None:
    client = await broker.connect("admin")
    forged = {f"evt.xiqing.{owner}.thing.done" for owner in OWNERS} | {"rpc.booking.thing.ask"}

    no = await refused(client, broker.told["admin"], forged, "publish")

    assert no == forged


async def test_an_event_travels_from_its_teller_to_whoever_hears_it(broker: Broker) -> None:
    booking, lecturer = await broker.connect("booking"), await broker.connect("lecturer")

    said = await booking.jetstream().publish(
        "evt.xiqing.booking.lesson.changed", b"{}", stream="EVT_BOOKING"
    )
    durable = await lecturer.jetstream().pull_subscribe_bind(
        durable="lecturer", stream="EVT_BOOKING"
    )
    heard = (await durable.fetch(1, timeout=5))[0]
    await heard.ack_sync()

    assert (said.seq, heard.metadata.sequence.stream) == (1, 1)
    assert broker.told == {"booking": [], "lecturer": []}


async def test_a_question_is_answered_into_the_inbox_of_the_asker(broker: Broker) -> None:
    booking, lecturer = await broker.connect("booking"), await broker.connect("lecturer")

    async def answer(message: Msg) -> None:
        await lecturer.publish(message.reply, b"free")

    await lecturer.subscribe("rpc.lecturer.seat.free", cb=answer)
    for _ in range(2):  # the first ping overtakes what the client has not written yet
        await lecturer.flush()
    reply = await booking.request("rpc.lecturer.seat.free", b"", timeout=2)

    assert reply.data == b"free"
    with pytest.raises(NoRespondersError):
        await booking.request("rpc.catalog.course.read", b"", timeout=2)
    assert broker.told == {"booking": [], "lecturer": []}


async def test_nobody_comes_in_without_a_key(broker: Broker) -> None:
    stranger = broker.folder / "stranger.nk"
    stranger.write_bytes(nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER))

    for seed in (None, str(stranger)):
        with pytest.raises(nats.errors.Error, match=r"(?i)authorization"):
            await nats.connect(broker.url, nkeys_seed=seed, allow_reconnect=False)
