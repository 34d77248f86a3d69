"""Bench: `python -m tests.bench [orders effect start memory lines]` (`make bench`): a table in
Markdown. Bounded, on loopback, each part on a stack of its own."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from deploy.home import PROCESSES, ROOT
from tests import postgres
from tests.bench.clients import orders, percentile
from tests.faults.count import unquiet
from tests.faults.run import fit
from tests.town import Town, databases, free_port

Line = tuple[str, str]
ROOMS = ("kit", "contracts", *PROCESSES)
IDLE = 20.0  # seconds until a stack counts as idle


def main() -> None:
    parts: dict[str, Callable[[], Iterator[Line]]] = {
        "orders": _orders,
        "effect": _effect,
        "start": _start,
        "memory": _memory,
        "lines": _lines,
    }
    options = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    options.add_argument("parts", nargs="*", help=f"of {', '.join(parts)}; all when none is named")
    chosen = options.parse_args().parts or list(parts)
    if unknown := set(chosen) - set(parts):
        options.error(f"unknown: {', '.join(sorted(unknown))}")
    print(f"| measured on {os.cpu_count()} cores | |\n| --- | ---: |")
    for name in chosen:
        for what, figure in parts[name]():
            print(f"| {what} | {figure} |", flush=True)


def _orders() -> Iterator[Line]:
    """PUT and submit of letters of three lines, at 1 and 16 clients, on both databases."""
    for backend in ("sqlite", "postgresql"):
        with _town(backend) as town:
            orders(town, clients=2, each=10)
            for clients, each in ((1, 150), (16, 30)):
                found = orders(town, clients=clients, each=each)
                what = f"PUT + submit, {clients} client{'s' * (clients > 1)}, {backend}"
                p50, p99 = (1000 * found.percentile(percent) for percent in (50, 99))
                figure = f"{found.per_second:.1f}/s, p50 {p50:.0f} ms, p99 {p99:.0f} ms"
                yield what, figure
                _drained(town)


def _effect() -> Iterator[Line]:
    """From the commit of what happened in booking to the commit of its effect in another service,
    while one client writes unhurried: each event measured, in the processes themselves."""
    for backend in ("sqlite", "postgresql"):
        with _town(backend, instruments="stopwatch") as town:
            orders(town, clients=1, each=10, pause=0.3, lines=1)
            _drained(town)
            (town.home / "stopwatch.log").unlink()
            orders(town, clients=1, each=100, pause=0.3, lines=1)
            _drained(town)
            took = _effects((town.home / "stopwatch.log").read_text())
            p50, p99 = (1000 * percentile(took, percent) for percent in (50, 99))
            figure = f"p50 {p50:.0f} ms, p99 {p99:.0f} ms ({len(took)} effects)"
            yield f"commit to effect, {backend}", figure


def _effects(watched: str) -> list[float]:
    told: dict[str, float] = {}
    heard: list[tuple[str, float]] = []
    for line in watched.splitlines():
        what, event_id, at = line.split()
        if what == "told":
            told[event_id] = float(at)
        else:
            heard.append((event_id, float(at)))
    return [at - told[event_id] for event_id, at in heard if event_id in told]


def _start() -> Iterator[Line]:
    """Of a whole stack, on an empty home and again; of one service as a program of its own."""
    with _home() as home:
        town = Town(home)
        for what in ("cold start to ready (migrations, reference district)", "second start"):
            began = time.perf_counter()
            town.log.unlink(missing_ok=True)
            town.start()
            yield what, f"{time.perf_counter() - began:.1f} s"
            if what == "second start":
                for name in PROCESSES:
                    tries = [_one_service(town, name) for _ in range(3)]
                    took, busy = (
                        statistics.median(figures) for figures in zip(*tries, strict=True)
                    )
                    figure = f"{took:.2f} s ({busy:.2f} s of processor)"
                    yield f"start of {name} alone to /readyz", figure
            town.stop()


def _one_service(town: Town, name: str) -> tuple[float, float]:
    """A second process of the service beside the first one, until it is ready: seconds, and how
    many of them it was working, which other work on this machine does not change."""
    said = json.loads((town.home / "stack.json").read_text())
    port = free_port()
    environment = {
        **town.env,
        "YUEKE_NATS_URL": said["nats_url"],
        "YUEKE_KEYS": str(town.home / "keys"),
        "YUEKE_ORIGIN": said["origin"],
        "YUEKE_SMTP": f"127.0.0.1:{said['ports']['smtp']}",
    }
    program = [sys.executable, "-m", "uvicorn", f"services.{name}.app:app"]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*program, "--host", "127.0.0.1", "--port", str(port), "--log-level", "error"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(port) and time.perf_counter() - began < 30:
            time.sleep(0.02)
        took, worked = time.perf_counter() - began, psutil.Process(process.pid).cpu_times()
        return took, worked.user + worked.system
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _memory() -> Iterator[Line]:
    """PSS: shared pages are counted once, by their share."""
    with _town("sqlite") as town:
        time.sleep(IDLE)
        supervisor = psutil.Process(town.process.pid)
        pids = json.loads((town.home / "stack.json").read_text())["pids"]
        names = {pid: name for name, pid in pids.items()}
        total = 0.0
        for process in [supervisor, *supervisor.children(recursive=True)]:
            pss = process.memory_full_info().pss / 2**20
            total += pss
            yield f"memory, {names.get(process.pid, process.name())}", f"{pss:.0f} MiB"
        yield "memory of the idle stack (PSS)", f"{total:.0f} MiB"


def _lines() -> Iterator[Line]:
    """Python, without migrations, blank lines left out."""
    for room in ROOMS:
        files = [p for p in (ROOT / "services" / room).rglob("*.py") if "migrations" not in p.parts]
        text = [line for path in files for line in path.read_text().splitlines() if line.strip()]
        yield f"lines of {room}", f"{len(text)} in {len(files)} files"


def _drained(town: Town) -> None:
    """Nothing of this part is left for the next one."""
    deadline = time.monotonic() + 120
    while unquiet(town) and time.monotonic() < deadline:
        time.sleep(0.2)


@contextmanager
def _town(backend: str, *, instruments: str = "") -> Iterator[Town]:
    with _home() as home, databases(backend, _postgres) as url:
        town = Town(home, database_url=url)
        if instruments:
            fit(town, instruments)
        try:
            yield town.start()
        finally:
            town.stop()


@contextmanager
def _home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="yueke-bench-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _postgres() -> str:
    url = postgres.ensure()
    if url is None:
        sys.exit("no PostgreSQL here")
    return url


if __name__ == "__main__":
    main()
