"""The practice problems by the command people use, and a solver that does not come back."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from services.planner import neutral, worker
from services.planner.checks import validate
from services.planner.plans import Options, Progress
from services.planner.scores import score
from tests.planner.files import practice, text

BEST = {"month": (435, 2109), "planted_s": (0, 3890), "xiqing": (845, 11863)}


def solve(file: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "services.planner", "solve", str(file), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=800, check=False)


def written(folder: Path, value: Any) -> Path:
    file = folder / "problem.json"
    file.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return file


@pytest.mark.parametrize("name", BEST)
def test_the_best_plan_is_found_and_proven(name: str, tmp_path: Path) -> None:
    done = solve(written(tmp_path, text(name)), "--seconds", "600")

    assert done.returncode == 0, done.stderr
    plan, problem = json.loads(done.stdout), practice(name)
    found = neutral.read_assignments(plan, problem)
    assert validate(problem, found) == []
    assert score(problem, found) == BEST[name]
    assert plan["status"] == "optimal"
    assert tuple(plan["bound"]) == BEST[name]
    assert sorted([*plan["unserved"], *(at.lesson for at in found)]) == list(
        range(len(problem.lessons))
    )
    assert done.stderr == ""


def test_a_malformed_file_is_refused_with_the_place(tmp_path: Path) -> None:
    file = json.loads(text("tour_s"))
    file["lessons"][7]["segments"] = [[0, -15]]

    done = solve(written(tmp_path, file))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip().endswith("lessons[7].segments[0][1]: -15 is below 1")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    done = solve(tmp_path / "nowhere.json")

    assert (done.returncode, done.stdout) == (2, "")
    assert "No such file" in done.stderr


def test_a_problem_nobody_can_serve_says_so(tmp_path: Path) -> None:
    file = json.loads(text("tour_s"))
    for lecturer in file["lecturers"]:
        lecturer["courses"] = []

    done = solve(written(tmp_path, file))

    plan = json.loads(done.stdout)
    assert done.returncode == 3
    assert (plan["status"], plan["assignments"]) == ("impossible", [])
    assert {why["headline"] for why in plan["why"]} == {"not_qualified"}


def test_a_time_too_short_still_gives_an_allowed_plan(tmp_path: Path) -> None:
    done = solve(written(tmp_path, text("xiqing")), "--seconds", "0.2")

    plan, problem = json.loads(done.stdout), practice("xiqing")
    found = neutral.read_assignments(plan, problem)
    assert done.returncode == 0
    assert plan["status"] == "feasible"
    assert validate(problem, found) == []


def hang(pipe: Any) -> None:
    pipe.recv()
    time.sleep(600)


def die(pipe: Any) -> None:
    pipe.recv()


def test_a_solver_that_overruns_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "work", hang)
    problem = practice("tour_s")

    plan = worker.run(problem, Options(seconds=0.5), lambda progress: None)

    assert plan.assignments == problem.fixed
    assert plan.status == "feasible"
    assert plan.seconds < 30


def test_a_solver_that_dies_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "work", die)

    with pytest.raises(worker.WorkerDied):
        worker.run(practice("tour_s"), Options(seconds=60), lambda progress: None)


def test_progress_is_told_while_it_runs() -> None:
    told: list[Progress] = []

    plan = worker.run(practice("tour_s"), Options(seconds=600), told.append)

    assert plan.status == "optimal"
    assert plan.score == (420, 3606)
    assert [p.best for p in told] == sorted((p.best for p in told), reverse=True)
    assert all(p.bound is not None and p.bound <= plan.score for p in told)
