"""A stack from outside: it comes up, stays up or says why not, and leaves nothing behind."""

import json
import os
import shutil
import signal
import socket
import stat
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from deploy import nats_init
from deploy.home import PROCESSES, SERVICES
from tests.deploy.conftest import StartStack
from tests.deploy.running import Running, free_port

CHILDREN = {"supervisor", "nats", "nursery", "caddy", *PROCESSES}
MEMORY = 450 * 1024  # KiB, all processes together, shared pages counted once


def test_it_serves_on_one_port_and_listens_on_loopback(stack: Running) -> None:
    said = stack.stack()
    processes = stack.look()

    status, headers, body = stack.get("/livez")
    listening = {
        connection.laddr.ip
        for process in processes
        for connection in process.net_connections(kind="all")
        if connection.status == psutil.CONN_LISTEN
    }
    memory = sum(process.memory_full_info().pss for process in processes) // 1024

    assert (status, body) == (200, "ok")
    assert (headers["X-Content-Type-Options"], headers.get("Server")) == ("nosniff", None)
    assert set(said["pids"]) == CHILDREN
    assert (said["origin"], said["home"]) == (stack.origin, str(stack.home))
    assert listening == {"127.0.0.1"}
    assert memory < MEMORY


def test_it_ends_when_asked(start: StartStack) -> None:
    stack = start()

    ended, seconds = stack.end(signal.SIGTERM)

    assert (ended, stack.left()) == (0, [])
    assert seconds < 5
    assert not (stack.home / "stack.json").exists()


def test_every_service_answers_behind_the_one_origin(stack: Running) -> None:
    for service in SERVICES:
        status, _, body = stack.get(f"/api/{service}/openapi.json")
        assert (status, json.loads(body)["info"]["title"]) == (200, f"Yueke {service}")
    assert stack.get("/.well-known/jwks.json")[0] == 200
    for path in ("/metrics", "/readyz", "/api/nowhere"):
        status, headers, body = stack.get(path)
        assert (status, headers["Content-Type"]) == (404, "application/problem+json")
        assert json.loads(body)["type"] == "not_found"
    status, headers, _ = stack.get("/nowhere")
    assert (status, headers["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_two_stacks_live_side_by_side(start: StartStack, tmp_path: Path) -> None:
    first = start(home=tmp_path / "first", wait=False)
    second = start(home=tmp_path / "second", wait=False)
    first.wait_ready()
    second.wait_ready()

    ports = [set(stack.stack()["ports"].values()) for stack in (first, second)]
    assert not ports[0] & ports[1]
    first.end()
    assert second.get("/api/booking/openapi.json")[0] == 200
    assert (first.left(), second.process.poll()) == ([], None)


def test_one_home_has_one_stack_and_one_port_one_owner(stack: Running, start: StartStack) -> None:
    again = start(home=stack.home, wait=False)
    other = start(port=stack.port, wait=False)

    assert (again.process.wait(20), other.process.wait(20)) == (2, 2)
    assert again.lines() == [
        f"yueke    | another stack runs on {stack.home} (YUEKE_HOME moves this one)"
    ]
    assert other.lines() == [f"yueke    | port {stack.port} is in use (YUEKE_PORT moves it)"]
    assert stack.get("/livez")[0] == 200


def test_a_port_of_somebody_else_is_left_alone(start: StartStack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]

        stack = start(port=port, wait=False)

        assert stack.process.wait(20) == 2
        assert stack.lines() == [f"yueke    | port {port} is in use (YUEKE_PORT moves it)"]


@pytest.mark.parametrize("child", ["booking", "nats"])
def test_a_child_that_dies_ends_the_stack(start: StartStack, child: str) -> None:
    stack = start()

    os.kill(stack.pid(child), signal.SIGKILL)

    assert stack.process.wait(6) == 1
    assert f"yueke    | {child} was killed by SIGKILL; ending the stack" in stack.lines()
    assert stack.left() == []


def test_a_killed_supervisor_leaves_nothing(start: StartStack) -> None:
    stack = start()

    stack.end(signal.SIGKILL)

    for process in stack.seen.values():
        psutil.wait_procs([process], timeout=3)
    assert stack.left() == []


def test_ctrl_c_while_starting_leaves_nothing(start: StartStack) -> None:
    stack = start(wait=False)
    stack.until(lambda: len(stack.look()) > 3, "children")

    status, seconds = stack.end(signal.SIGINT)

    assert (status, stack.left()) == (0, [])
    assert seconds < 5


def test_a_second_run_continues_with_what_is_there(start: StartStack) -> None:
    first = start(new=True, YUEKE_NOW="2026-11-23T09:00+08:00")
    first.end()
    kept = snapshot(first.home)

    second = start(YUEKE_NOW="2031-01-01T09:00+08:00")

    assert snapshot(second.home) == kept
    assert not [line for line in second.lines() if "reference loaded" in line]
    assert any("YUEKE_NOW left aside" in line for line in second.lines())


def test_the_demo_has_one_account_for_everybody(stack: Running) -> None:
    path = stack.home / "demo-credentials.json"
    people = json.loads(path.read_text())
    count: dict[str, int] = {}
    for person in people:
        count[person["role"]] = count.get(person["role"], 0) + 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert count == {
        "administrator": 1,
        "scheduler": 1,
        "supervisor": 1,
        "township": 11,
        "lecturer": 240,
    }
    assert set(people[0]) == {
        "role",
        "login",
        "name",
        "client_id",
        "client_secret",
        "password",
        "school_id",
        "lecturer_id",
    }


def test_a_real_installation_starts_with_one_administrator(start: StartStack) -> None:
    stack = start(new=True, YUEKE_DEMO="0")

    shown = [line for line in stack.lines() if "the first administrator" in line]
    assert len(shown) == 1
    assert "password" in shown[0]
    assert not (stack.home / "demo-credentials.json").exists()
    stack.end()
    again = start(YUEKE_DEMO="0")
    assert not [line for line in again.lines() if "the first administrator" in line]


def test_restart_brings_a_service_back_and_says_when_it_is_away(enduring: Running) -> None:
    before = enduring.pid("booking")

    with held(enduring, "booking"):
        status, headers, body = enduring.get("/api/booking/openapi.json")
    enduring.until(lambda: enduring.get("/api/booking/openapi.json")[0] == 200, "booking")

    assert (status, headers["Content-Type"]) == (502, "application/problem+json")
    assert json.loads(body)["type"] == "service_away"
    assert headers["Retry-After"] == "1"
    assert enduring.pid("booking") != before


@pytest.mark.parametrize("child", ["nursery", "caddy", "nats"])
def test_restart_brings_everything_else_back_too(enduring: Running, child: str) -> None:
    before = enduring.pid(child)

    os.kill(before, signal.SIGKILL)
    enduring.until(lambda: enduring.stack()["pids"].get(child, before) != before, child)
    enduring.until(lambda: all_ready(enduring), "every service")

    assert enduring.process.poll() is None


def test_a_broker_that_lost_its_disk_gets_its_streams_again(enduring: Running) -> None:
    with held(enduring, "nats"):
        shutil.rmtree(enduring.home / "jetstream")

    streams = enduring.home / "jetstream" / "$G" / "streams"
    wanted = {nats_init.stream_of(owner) for owner in nats_init.OWNERS}
    enduring.until(
        lambda: streams.exists() and {path.name for path in streams.iterdir()} == wanted, "streams"
    )
    enduring.until(lambda: all_ready(enduring), "every service")


@contextmanager
def held(stack: Running, child: str) -> Iterator[None]:
    """The child is dead and stays so in here."""
    hold = stack.home / "hold" / child
    hold.parent.mkdir(exist_ok=True)
    hold.touch()
    os.kill(stack.pid(child), signal.SIGKILL)
    stack.until(lambda: any(str(hold) in line for line in stack.lines()), "hold")
    yield
    hold.unlink()


def test_what_is_no_port_or_no_instant_is_said(start: StartStack) -> None:
    no_port = start(YUEKE_PORT="http", wait=False)
    no_instant = start(YUEKE_NOW="2026-11-23T09:00", port=free_port(), wait=False)

    assert (no_port.process.wait(20), no_instant.process.wait(20)) == (2, 2)
    assert no_port.lines() == ["yueke    | YUEKE_PORT is no port: http"]
    assert no_instant.lines() == [
        "yueke    | no offset in 2026-11-23T09:00 (write 2026-11-23T09:00+08:00)"
    ]


def all_ready(stack: Running) -> bool:
    try:
        for name in PROCESSES:
            port = stack.stack()["ports"][name]
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
        return stack.get("/livez")[0] == 200
    except OSError:
        return False


def snapshot(home: Path) -> dict[str, bytes]:
    kept = [home / "demo-credentials.json", home / "clock.json", *(home / "keys").iterdir()]
    return {path.name: path.read_bytes() for path in kept}
