"""Planner: the solver in a process of its own, ended from outside when it overruns its time.

The solver may work on for long after its limit. Whoever asked has an answer in time all the same:
the best plan told so far, validated here again. Only the process that solves loads the solver.
"""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection

from services.planner.checks import validate
from services.planner.damage import Damage
from services.planner.plans import Options, Plan, Progress, Score, Status
from services.planner.problem import Assignment, Problem
from services.planner.scores import score, terms
from services.planner.unserved import explain

# Kept back of the time asked for, to read the answer and to judge it.
END_SECONDS = 0.5


class WorkerDied(RuntimeError):
    """The process ended without a plan; the same question may be asked again."""


def run(
    problem: Problem,
    options: Options,
    heard: Callable[[Progress], None],
    damage: Damage | None = None,
) -> Plan:
    """The plan, at the latest when `options.seconds` are over; with `damage` a repaired one."""
    began = time.monotonic()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    deadline = began + options.seconds
    asked = problem if damage is None else damage.later
    last: Progress | None = None
    best: tuple[Assignment, ...] | None = None
    try:
        told = replace(options, heard=None)
        ours.send((problem if damage is None else damage, told, deadline - END_SECONDS))
        while ours.poll(max(0.0, deadline - time.monotonic())):
            said = ours.recv()
            if isinstance(said, Plan):
                return checked(asked, replace(said, seconds=time.monotonic() - began))
            last = said
            best = said.better if said.better is not None else best
            heard(said)
    except (EOFError, BrokenPipeError) as error:
        if best is None:
            raise WorkerDied(f"ended with {process.exitcode}") from error
    finally:
        process.kill()
        process.join()
        ours.close()
    found = so_far(asked, best, last, time.monotonic() - began)
    return found if damage is None else replace(found, moved=damage.moved(found.assignments))


def work(pipe: Connection) -> None:
    """In the worker: one problem, its progress, its plan."""
    from services.planner.planning import plan
    from services.planner.repairing import mend

    threading.Thread(target=orphaned, daemon=True).start()
    asked, options, deadline = pipe.recv()
    # time.monotonic() is the machine's, the same in both processes.
    left = max(0.05, deadline - time.monotonic())
    told = replace(options, seconds=left, heard=pipe.send)
    pipe.send(mend(asked, told) if isinstance(asked, Damage) else plan(asked, told))


def orphaned() -> None:
    """Nobody waits for the answer any more once the process that asked has gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def so_far(
    problem: Problem,
    best: tuple[Assignment, ...] | None,
    last: Progress | None,
    seconds: float,
) -> Plan:
    """What is known when the time is over: the best plan told, or the fixed lessons alone."""
    found = best if best is not None else tuple(sorted(problem.fixed))
    served = {at.lesson for at in found}
    bound = last.bound if last is not None and last.bound is not None else Score(0, 0)
    left = [lesson for lesson in problem.open if lesson not in served]
    return checked(
        problem,
        Plan(
            assignments=found,
            status=Status.FEASIBLE,
            score=score(problem, found),
            bound=bound,
            seconds=seconds,
            terms=terms(problem, found),
            unserved=tuple(explain(problem, found, left, time.monotonic())),
        ),
    )


def checked(problem: Problem, made: Plan) -> Plan:
    """No plan leaves without having been judged by the rules written apart from the solver."""
    return replace(made, violations=tuple(validate(problem, made.assignments)))
