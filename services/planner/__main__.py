"""Planner: `python -m services.planner solve FILE --seconds N`: plan a problem from a file."""

import argparse
import json
import sys
from pathlib import Path

from services.planner import neutral
from services.planner.answers import write_plan
from services.planner.plans import Options, Progress, Score, Status
from services.planner.worker import WorkerDied, run

MALFORMED, IMPOSSIBLE, BROKEN = 2, 3, 4


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.planner", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    solve = commands.add_parser("solve", help="read a problem, print a plan as JSON")
    solve.add_argument("file", type=Path, help="a problem of the form lesson-dispatch/1")
    solve.add_argument("--seconds", type=float, default=60, help="at most so long (60)")
    solve.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if not 0 < asked.seconds < 1e6 or asked.seed < 0:
        parser.error("--seconds must be more than 0, --seed at least 0")
    return answer(asked.file, Options(seconds=asked.seconds, seed=asked.seed))


def answer(file: Path, options: Options) -> int:
    """0 a plan; 2 the file is no problem; 3 nothing can be planned; 4 no plan was made."""
    try:
        problem = neutral.read(file.read_bytes())
    except OSError as error:
        return refuse(MALFORMED, f"{file}: {error.strerror}")
    except neutral.Malformed as error:
        return refuse(MALFORMED, f"{file}: {error}")
    try:
        plan = run(problem, options, show)
    except WorkerDied as error:
        return refuse(BROKEN, f"{file}: the solver {error}; try again")
    finally:
        if sys.stderr.isatty():
            print(file=sys.stderr)
    if plan.violations:
        return refuse(BROKEN, f"{file}: the plan breaks {plan.violations[0]}")
    json.dump(write_plan(plan), sys.stdout)
    print()
    if plan.status is Status.IMPOSSIBLE:
        return refuse(IMPOSSIBLE, f"{file}: not one open lesson can be given by anybody")
    return 0


def show(progress: Progress) -> None:
    """One line that follows the search, where somebody looks on."""
    if sys.stderr.isatty():
        bound = "?" if progress.bound is None else shown(progress.bound)
        line = f"{progress.seconds:6.1f} s  {progress.phase:<7} {shown(progress.best)}  >= {bound}"
        print(f"\r{line:<70}", end="", file=sys.stderr, flush=True)


def shown(score: Score) -> str:
    return f"{score.unserved} / {score.soft}"


def refuse(code: int, why: str) -> int:
    print(why, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
