"""Keys and streams: made once, kept, brought up to date, made again when they were lost."""

import shutil
import stat
from pathlib import Path

from nats.js.api import AckPolicy, ConsumerConfig, StreamConfig

from deploy import keys, nats_init
from deploy.home import PROCESSES
from tests.deploy.conftest import Broker, running_broker


def test_seeds_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    keys.render(tmp_path, port=1, http_port=2)

    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "keys").iterdir()}
    seeds = [f"{name}.nk" for name in ("admin", *PROCESSES)]
    assert modes == dict.fromkeys([*seeds, "links.key"], 0o600)


def test_keys_are_made_once_and_only_public_ones_are_in_the_configuration(tmp_path: Path) -> None:
    first = keys.render(tmp_path, port=1, http_port=2).read_text()
    seeds = {p.name: p.read_text() for p in (tmp_path / "keys").iterdir()}

    second = keys.render(tmp_path, port=1, http_port=2).read_text()

    assert first == second
    assert {p.name: p.read_text() for p in (tmp_path / "keys").iterdir()} == seeds
    assert not [seed for seed in seeds.values() if seed in first]
    assert "@" not in "".join(line.split("#")[0] for line in first.splitlines())


async def test_streams_and_durables_are_as_described(broker: Broker) -> None:
    jetstream = (await broker.connect("admin")).jetstream()

    for owner in nats_init.OWNERS:
        stream = nats_init.stream_of(owner)
        info = await jetstream.stream_info(stream)
        said, wanted = info.config, nats_init.stream(owner)
        for name in ("subjects", "max_age", "max_bytes", "max_msg_size", "duplicate_window"):
            assert getattr(said, name) == getattr(wanted, name), (owner, name)
        assert (said.deny_delete, said.deny_purge, said.allow_direct) == (True, True, True)
        assert (said.storage, said.discard, said.retention) == ("file", "new", "limits")
        durables = {c.name: c.config for c in await jetstream.consumers_info(stream)}
        assert set(durables) == {who for who, owners in nats_init.HEARS.items() if owner in owners}
        for config in durables.values():
            assert config.ack_policy == "explicit"
            assert (config.ack_wait, config.max_deliver, config.max_ack_pending) == (30, -1, 200)


async def test_making_them_again_changes_nothing_and_loses_nothing(broker: Broker) -> None:
    booking = await broker.connect("booking")
    for _ in range(3):
        await booking.jetstream().publish("evt.xiqing.booking.lesson.changed", b"{}")
    before = await described(broker)

    await nats_init.init(broker.url, broker.seed("admin"))

    assert await described(broker) == before
    info = await booking.jetstream().stream_info("EVT_BOOKING")
    assert info.state.messages == 3


async def test_a_stream_of_an_older_release_is_brought_up_to_date(broker: Broker) -> None:
    jetstream = (await broker.connect("admin")).jetstream()
    older = nats_init.stream("catalog")
    older.max_bytes, older.max_age = 4096, 7200
    await jetstream.update_stream(older)
    await jetstream.add_consumer(
        "EVT_CATALOG",
        ConsumerConfig(durable_name="notify", ack_policy=AckPolicy.EXPLICIT, ack_wait=5),
    )

    await nats_init.init(broker.url, broker.seed("admin"))

    assert (await jetstream.stream_info("EVT_CATALOG")).config.max_bytes == 1024**3
    assert (await jetstream.consumer_info("EVT_CATALOG", "notify")).config.ack_wait == 30


async def test_a_lost_disk_is_filled_again(tmp_path: Path) -> None:
    async with running_broker(tmp_path) as broker:
        await nats_init.init(broker.url, broker.seed("admin"))
        first = await described(broker)
    shutil.rmtree(tmp_path / "jetstream")

    async with running_broker(tmp_path) as broker:
        await nats_init.init(broker.url, broker.seed("admin"))

        assert await described(broker) == first


async def described(broker: Broker) -> dict[str, tuple[StreamConfig, list[ConsumerConfig]]]:
    jetstream = (await broker.connect("admin")).jetstream()
    return {
        str(info.config.name): (
            info.config,
            sorted(
                (c.config for c in await jetstream.consumers_info(str(info.config.name))),
                key=lambda config: str(config.durable_name),
            ),
        )
        for info in await jetstream.streams_info()
    }
