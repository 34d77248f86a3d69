"""The planner over a real broker: what it says, who waits, and what is left when it dies."""

import asyncio
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
import pytest_asyncio
from pydantic import TypeAdapter

from services.contracts.planning import Away as AwayIn
from services.contracts.planning import PlannerAnswer, PlannerQuestion, PlanOptions
from services.kit.bus import Bus
from services.kit.errors import TooLarge, Unavailable
from services.kit.talk import talk
from services.planner import neutral
from services.planner.damage import touched
from services.planner.events import Away
from services.planner.planning import plan
from services.planner.plans import Options
from services.planner.problem import Assignment
from services.planner.ranking import rank
from services.planner.repairing import repair
from tests.deploy.conftest import Broker, running_broker
from tests.deploy.running import free_port
from tests.planner.files import practice, text
from tests.planner.generate import city

PATIENCE = 60.0
ANSWER: TypeAdapter[Any] = TypeAdapter(PlannerAnswer)
LONG = "a city"  # takes longer than any test


@cache
def long_one() -> dict[str, Any]:
    return neutral.write(city(1000, random.Random(1)))


class Instance:
    """A planner as a stack runs it."""

    def __init__(self, broker: Broker) -> None:
        self.port = free_port()
        keys = {"YUEKE_NATS_URL": broker.url, "YUEKE_KEYS": str(broker.folder / "keys")}
        self.log = broker.folder / f"planner-{self.port}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "uvicorn", "services.planner.app:app"),
                    *("--host", "127.0.0.1", "--port", str(self.port)),
                    *("--log-level", "warning", "--timeout-graceful-shutdown", "2"),
                ],
                env={**os.environ, **keys},
                stdout=log,
                stderr=log,
            )

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    async def until(self, true: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, f"no {what}\n{self.log.read_text()}"
            await asyncio.sleep(0.05)

    async def ready(self) -> "Instance":
        await self.until(lambda: self.get("/readyz")[0] == 200, "readiness")
        return self

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest_asyncio.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    async with running_broker(tmp_path) as broker:
        yield broker


StartPlanner = Callable[[], Instance]


@pytest.fixture
def start(broker: Broker) -> Iterator[StartPlanner]:
    started: list[Instance] = []

    def begin() -> Instance:
        started.append(Instance(broker))
        return started[-1]

    yield begin
    for instance in started:
        instance.end()


@pytest_asyncio.fixture
async def bus(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bus]:
    """Whoever asks: booking, with its own key."""
    monkeypatch.setenv("YUEKE_NATS_URL", broker.url)
    monkeypatch.setenv("YUEKE_KEYS", str(broker.folder / "keys"))
    bus = Bus("booking")
    await bus.connect()
    yield bus
    assert bus.denied == []
    await bus.close()


def question(name: str, do: str = "plan", *, seconds: float = 600, **facts: Any) -> dict[str, Any]:
    asked = PlannerQuestion(
        run=uuid4(),
        do=do,  # type: ignore[arg-type]
        options=PlanOptions(seconds=seconds),
        problem=json.loads(text(name)) if name != LONG else long_one(),
        **facts,
    )
    return asked.model_dump(mode="json")


async def heard(
    bus: Bus, asked: dict[str, Any], begun: asyncio.Event | None = None
) -> list[dict[str, Any]]:
    answers = []
    async for said in talk(bus, asked["do"], asked):
        answers.append(said)
        if begun is not None:
            begun.set()
    assert {said["run"] for said in answers} == {asked["run"]}
    for said in answers:
        ANSWER.validate_python(said)
    return answers


def lives(process: psutil.Process) -> bool:
    """A zombie does not: whoever inherited it only has not looked."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def triples(plan: dict[str, Any]) -> tuple[Assignment, ...]:
    return tuple(Assignment(*one) for one in plan["assignments"])


async def test_a_plan_over_the_wire_is_the_plan_in_process(start: StartPlanner, bus: Bus) -> None:
    instance = await start().ready()

    *before, done = await heard(bus, question("month"))

    here = plan(practice("month"), Options(seconds=600))
    assert done["kind"] == "done"
    assert triples(done["plan"]) == here.assignments
    assert (done["plan"]["status"], tuple(done["plan"]["score"])) == ("optimal", here.score)
    assert [why["lesson"] for why in done["plan"]["why"]] == done["plan"]["unserved"]
    assert {said["kind"] for said in before} == {"progress"}
    best = [tuple(said["best"]) for said in before if said["best"]]
    assert best == sorted(best, reverse=True)
    assert 'yueke_planner_runs_total{do="plan",outcome="done"} 1.0' in instance.get("/metrics")[1]
    # The solver was loaded elsewhere, and that process has gone.
    mapped = Path(f"/proc/{instance.process.pid}/maps").read_text()
    assert "highspy" not in mapped and "numpy" not in mapped
    assert instance.children() == []


async def test_repair_rank_and_validate_over_the_wire(start: StartPlanner, bus: Bus) -> None:
    await start().ready()
    problem = practice("month")
    current = plan(problem, Options(seconds=600)).assignments
    ill, now = current[0].lecturer, min(at.start for at in current)
    facts = {"current": current, "now": now}
    events = [AwayIn(lecturer=ill, begins=now, ends=10**6)]

    [*_, repaired] = await heard(bus, question("month", "repair", events=events, **facts))
    [*_, ranked] = await heard(bus, question("month", "rank", lesson=3, current=current))
    missing = min(set(problem.open) - {at.lesson for at in current})
    twice = [*current, current[0]._replace(lesson=missing)]
    [*_, judged] = await heard(bus, question("month", "validate", current=twice))

    what = [Away(ill, now, 10**6)]
    here = repair(problem, current, what, (), now, Options(seconds=600))
    assert triples(repaired["plan"]) == here.assignments
    assert tuple(repaired["plan"]["moved"]) == here.moved != ()
    assert tuple(repaired["plan"]["touched"]) == touched(problem, current, what, now)
    order = rank(problem, current, 3)
    names = ("lecturer", "start", "points")
    told = [tuple(one[name] for name in names) for one in ranked["ranking"]["candidates"]]
    assert told == [(one.lecturer, one.start, one.points) for one in order.candidates]
    assert len(ranked["ranking"]["excluded"]) == len(order.excluded)
    assert "already_teaching" in {broken["code"] for broken in judged["violations"]}


async def test_two_runs_at_once_both_end_and_the_second_waits(
    start: StartPlanner, bus: Bus
) -> None:
    await start().ready()

    begun = asyncio.Event()
    first = asyncio.create_task(heard(bus, question("tour_s"), begun))
    await begun.wait()
    second = asyncio.create_task(heard(bus, question("month")))

    answers, others = await first, await second
    assert (answers[-1]["kind"], others[-1]["kind"]) == ("done", "done")
    assert answers[-1]["plan"]["score"] == [420, 3606]
    assert {"kind": "waiting", "before": 1}.items() <= others[0].items()
    waited = [said["seconds"] for said in others if said["kind"] == "waiting"]
    assert max((b - a for a, b in pairwise(waited)), default=0) < 3


async def test_two_planners_share_the_work(start: StartPlanner, bus: Bus) -> None:
    instances = [start(), start()]
    for instance in instances:
        await instance.ready()

    runs = [asyncio.create_task(heard(bus, question("month"))) for _ in range(8)]

    assert {(await run)[-1]["kind"] for run in runs} == {"done"}
    # Eight questions to one of two at random: one alone had them all once in a hundred times.
    assert sum('outcome="done"} ' in one.get("/metrics")[1] for one in instances) >= 1


async def test_a_malformed_problem_is_refused_with_the_place(start: StartPlanner, bus: Bus) -> None:
    await start().ready()
    asked = question("tour_s")
    asked["problem"]["lessons"][7]["segments"] = [[0, -15]]
    no_lesson = question("month", "rank")
    long = question("month") | {"options": {"seconds": 10**6}}
    bomb = question("month") | {"bomb": "0" * 70_000_000}

    said = [(await heard(bus, one))[-1] for one in (asked, no_lesson, long, bomb)]

    assert [(one["kind"], one["code"]) for one in said] == [("refused", "malformed_problem")] * 4
    assert (said[0]["where"], said[0]["why"]) == ("lessons[7].segments[0][1]", "-15 is below 1")
    assert [one["where"] for one in said[1:]] == ["lesson", "options.seconds", "file"]
    assert "unfolds to more than" in said[3]["why"]


async def test_what_no_message_can_carry_is_not_sent(start: StartPlanner, bus: Bus) -> None:
    await start().ready()
    asked = question("month") | {"noise": secrets.token_hex(10_000_000)}

    with pytest.raises(TooLarge, match="question_too_large"):
        await heard(bus, asked)


async def test_nobody_there_is_told_at_once(bus: Bus) -> None:
    began = time.monotonic()

    with pytest.raises(Unavailable, match="service_away"):
        await heard(bus, question("month"))

    assert time.monotonic() - began < 3


async def test_a_planner_killed_in_mid_run_is_noticed_and_the_next_one_answers(
    start: StartPlanner, bus: Bus
) -> None:
    instance = await start().ready()
    asked = question(LONG, seconds=120)
    run = asyncio.create_task(heard(bus, asked))
    await instance.until(lambda: len(instance.children()) >= 2, "solver")
    started = instance.children()

    instance.end()
    killed = time.monotonic()
    with pytest.raises(Unavailable, match="planner_lost"):
        await run

    assert time.monotonic() - killed < 6
    while any(lives(child) for child in started):
        assert time.monotonic() - killed < 10
        await asyncio.sleep(0.05)
    await start().ready()
    assert (await heard(bus, question("month")))[-1]["plan"]["score"] == [435, 2109]


async def test_a_planner_that_is_ended_says_so_and_leaves_no_child(
    start: StartPlanner, bus: Bus
) -> None:
    instance = await start().ready()
    running = asyncio.create_task(heard(bus, question(LONG, seconds=120)))
    await instance.until(lambda: len(instance.children()) >= 2, "solver")
    waiting = asyncio.create_task(heard(bus, question("month")))
    await asyncio.sleep(0.5)
    started = instance.children()

    instance.process.send_signal(signal.SIGTERM)
    ended = time.monotonic()
    answers = [(await run)[-1] for run in (running, waiting)]
    status = await asyncio.to_thread(instance.process.wait, 10)

    assert [said["code"] for said in answers] == ["planner_stopped"] * 2
    assert time.monotonic() - ended < 3
    assert status in (0, -signal.SIGTERM)
    assert not [child for child in started if lives(child)]


async def test_whoever_stops_listening_ends_the_work(start: StartPlanner, bus: Bus) -> None:
    instance = await start().ready()
    asked = question(LONG, seconds=120)

    async with aclosing(talk(bus, "plan", asked)) as answers:
        async for _ in answers:
            if len(instance.children()) >= 2:
                break

    await instance.until(lambda: instance.children() == [], "end of the work")
    assert (await heard(bus, question("month")))[-1]["kind"] == "done"


async def test_the_line_is_not_endless(start: StartPlanner, bus: Bus) -> None:
    instance = await start().ready()
    async with AsyncExitStack() as doors:
        for n in range(9):
            asked = question(LONG, seconds=120)
            answers = await doors.enter_async_context(aclosing(talk(bus, "plan", asked)))
            said = await anext(aiter(answers))
            assert said["kind"] == ("waiting" if n else "progress")

        last = await heard(bus, question("month"))
        # Short questions do not stand in that line.
        ranked = await heard(bus, question("month", "rank", lesson=3))

    assert [(said["kind"], said["code"]) for said in last] == [("refused", "planner_busy")]
    assert ranked[-1]["kind"] == "done"
    await instance.until(lambda: instance.children() == [], "end of the work")


async def test_answers_go_to_inboxes_only(start: StartPlanner, bus: Bus, broker: Broker) -> None:
    instance = await start().ready()
    for reply in ("evt.xiqing.booking.lesson.changed", "rpc.planner.stop", ""):
        await bus.client.publish("rpc.planner.plan", b"x", reply=reply)
    await bus.client.flush()

    assert (await heard(bus, question("month")))[-1]["kind"] == "done"
    counted = [
        line
        for line in instance.get("/metrics")[1].splitlines()
        if line.startswith("yueke_planner_runs_total{")
    ]
    assert counted == ['yueke_planner_runs_total{do="plan",outcome="done"} 1.0']
    assert json.loads(instance.get("/readyz")[1])["ready"]


async def test_without_a_broker_it_lives_and_is_not_ready(tmp_path: Path) -> None:
    away = Broker(tmp_path, free_port(), free_port(), AsyncExitStack())
    instance = Instance(away)
    try:
        await instance.until(lambda: instance.get("/livez")[0] == 200, "life")
        status, body = instance.get("/readyz")
    finally:
        instance.end()

    assert status == 503
    assert json.loads(body) == {"ready": False, "broker": False, "listening": False}
