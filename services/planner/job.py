"""Planner: one question in a process of its own: read, worked on, answered (in frames), gone."""

import json
import os
import resource
import threading
import time
from collections.abc import Mapping
from typing import Any, BinaryIO

from services.kit.parcels import Unreadable, unpacked
from services.planner import asked, neutral
from services.planner.answers import write_plan, write_ranking, write_violation
from services.planner.asked import Asked
from services.planner.checks import validate
from services.planner.damage import Damage
from services.planner.frames import HEAD
from services.planner.plans import Progress
from services.planner.ranking import rank
from services.planner.worker import WorkerDied, run

MOST_MEMORY = 4 << 30  # of address space, for this process and the solver's
AFTERWARDS = 30.0  # seconds for everything but solving


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    out, began = os.fdopen(os.dup(1), "wb"), time.monotonic()
    os.dup2(2, 1)  # nothing but frames goes there
    question = received()
    threading.Thread(target=left_alone, daemon=True).start()
    try:
        said = answer(asked.read(unpacked(question)), out, began)
    except Unreadable as error:
        said = {"kind": "refused", "code": "malformed_problem", "where": "file", "why": str(error)}
    except neutral.Malformed as error:
        said = {
            "kind": "refused",
            "code": "malformed_problem",
            "where": error.where,
            "why": error.why,
        }
    except (WorkerDied, MemoryError) as error:
        said = {"kind": "refused", "code": "planner_failed", "why": str(error) or "out of memory"}
    send(out, said if said["kind"] == "refused" else {**said, "seconds": since(began)})


def answer(question: Asked, out: BinaryIO, began: float) -> dict[str, Any]:
    solves = question.do in ("plan", "repair")
    limit = question.options.seconds * solves + AFTERWARDS
    first = {"kind": "progress", "phase": "read", "seconds": since(began), "limit": limit}
    send(out, first)
    problem = question.problem
    if question.do == "validate":
        broken = validate(problem, question.current)
        return {"kind": "done", "violations": [write_violation(one) for one in broken]}
    if question.do == "rank":
        assert question.lesson is not None
        found = rank(problem, question.current, question.lesson)
        return {"kind": "done", "ranking": write_ranking(found)}

    def heard(progress: Progress) -> None:
        told = {"kind": "progress", "phase": progress.phase, "best": progress.best}
        send(out, {**told, "bound": progress.bound, "seconds": since(began)})

    damage = None
    if question.do == "repair":
        damage = Damage(problem, question.current, question.events, question.pinned, question.now)
    made = run(problem, question.options, heard, damage)
    if made.violations:
        raise WorkerDied(f"made a plan that breaks {made.violations[0].code}")
    plan = {**write_plan(made), "moved": made.moved}
    return {"kind": "done", "plan": plan if damage is None else plan | {"touched": damage.touched}}


def received() -> bytes:
    head = read(HEAD.size)
    return read(*HEAD.unpack(head)) if len(head) == HEAD.size else b""


def read(size: int) -> bytes:
    """By the descriptor: a buffer with a thread asleep in it cannot be put away at the end."""
    parts, left = [], size
    while left and (part := os.read(0, min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def send(out: BinaryIO, said: Mapping[str, Any]) -> None:
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    out.write(HEAD.pack(len(text)) + text)
    out.flush()


def left_alone() -> None:
    """Whoever asked has gone: so does this process, and the solver after it."""
    os.read(0, 1)
    os._exit(1)


def since(began: float) -> float:
    return round(time.monotonic() - began, 3)


if __name__ == "__main__":
    main()
