"""Planner: one question at a time, the others wait in line and are told so."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from services.kit import log
from services.planner.frames import HEAD

Said = dict[str, Any]
Say = Callable[[Said], Awaitable[None]]

ROOT = Path(__file__).parents[2]
HEARTBEAT = 0.9  # seconds
MOST_WAITING = 8
READ_PATIENCE = 60.0  # seconds for starting a process and reading the question in it

RUNS = Counter("yueke_planner_runs_total", "Questions, by how they ended", ["do", "outcome"])
WAITING = Gauge("yueke_planner_waiting", "Questions that wait or run")
SECONDS = Histogram(
    "yueke_planner_run_seconds",
    "From the question to its last answer",
    ["do"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600),
)


@dataclass(eq=False)
class Question:
    """Packed as it came. `say` answers whoever asked."""

    do: str
    run: str
    packed: bytes
    say: Say
    came: float = field(default_factory=time.monotonic)
    turn: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self.came, 3)


class Line:
    """Questions in the order they came."""

    def __init__(self) -> None:
        self.questions: list[Question] = []
        self.tasks: dict[Question, asyncio.Task[None]] = {}

    def join(self, question: Question) -> None:
        """Answered in its turn, or refused at once with `planner_busy`."""
        full = len(self.questions) > MOST_WAITING
        if not full:
            self.questions.append(question)
        task = asyncio.create_task(self._keep(question, full=full))
        self.tasks[question] = task
        task.add_done_callback(lambda _: self._gone(question))
        WAITING.inc()

    def leave(self, run: str) -> None:
        """Whoever asked wants no answer any more."""
        for question, task in self.tasks.items():
            if run and question.run == run:
                task.cancel()

    async def close(self) -> None:
        """Everybody is told to ask another planner; no process is left."""
        while tasks := list(self.tasks.values()):
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def _gone(self, question: Question) -> None:
        WAITING.dec()
        del self.tasks[question]
        if question in self.questions:
            self.questions.remove(question)
        if self.questions:
            self.questions[0].turn.set()

    async def _keep(self, question: Question, *, full: bool) -> None:
        try:
            last = refusal("planner_busy") if full else await self._wait(question)
        except asyncio.CancelledError:
            last = refusal("planner_stopped")
        except Exception as error:
            log.get().error("run failed", run=question.run, error=repr(error))
            last = refusal("planner_failed", why=type(error).__name__)
        outcome, seconds = last.get("code", "done"), question.seconds
        RUNS.labels(question.do, outcome).inc()
        SECONDS.labels(question.do).observe(seconds)
        run = {"run": question.run, "do": question.do, "outcome": outcome}
        log.get().info("run ended", **run, seconds=seconds)
        await question.say({"run": question.run, **last})

    async def _wait(self, question: Question) -> Said:
        while (before := self.questions.index(question)) > 0:
            waiting = {"kind": "waiting", "run": question.run, "before": before}
            await question.say({**waiting, "seconds": question.seconds})
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(question.turn.wait(), HEARTBEAT)
        return await work(question)


async def work(question: Question) -> Said:
    """Ask a process of its own; the last word it says. Every second something is said."""
    began = time.monotonic()
    said: Said = {"kind": "progress", "phase": "begin", "best": None, "bound": None}
    await question.say({**said, "run": question.run, "seconds": question.seconds})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.planner.job"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # Its solver is in the group, so that both are ended in one go.
        start_new_session=True,
    )
    try:
        writing = asyncio.create_task(give(process, question.packed))
        limit = READ_PATIENCE
        frame = asyncio.ensure_future(take(process))
        while True:
            if time.monotonic() - began > limit:
                return refusal("planner_failed", why=f"took longer than {limit:.0f} s")
            done, _ = await asyncio.wait({frame}, timeout=HEARTBEAT)
            if done:
                told: Said = json.loads(frame.result())
                if told["kind"] != "progress":
                    return told
                said |= told
                limit = said.pop("limit", 0) or limit
                frame = asyncio.ensure_future(take(process))
            await question.say({**said, "run": question.run, "seconds": question.seconds})
    except asyncio.IncompleteReadError:
        return refusal("planner_failed", why="the process ended without an answer")
    finally:
        frame.cancel()
        writing.cancel()
        await end(process)


async def give(process: asyncio.subprocess.Process, packed: bytes) -> None:
    """The question. The pipe stays open: its end would mean that nobody wants the answer."""
    assert process.stdin is not None
    process.stdin.write(HEAD.pack(len(packed)) + packed)
    with contextlib.suppress(ConnectionError):  # it died: the other pipe says so
        await process.stdin.drain()


async def take(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    head = await process.stdout.readexactly(HEAD.size)
    return await process.stdout.readexactly(*HEAD.unpack(head))


async def end(process: asyncio.subprocess.Process) -> None:
    """The process and everything it started, and nothing of it is left to be buried."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def refusal(code: str, *, why: str = "") -> Said:
    return {"kind": "refused", "code": code, "where": "", "why": why}
