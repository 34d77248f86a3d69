"""Deploy: the state machines from their tables: docs/states.md for developers, and what the
help page of the portal draws, which may not import the rooms the tables live in."""

import json
from pathlib import Path
from typing import Any

from services.booking.grouping_states import GROUPING
from services.booking.plan_states import PLAN
from services.booking.repair_states import REPAIR
from services.booking.season_states import SEASON
from services.booking.states import CHANGE, LESSON, ORDER
from services.kit.states import Machine
from services.lecturer.states import ASSIGNMENT, OFFER

TARGET = Path(__file__).parent.parent / "docs" / "states.md"
PICTURES = TARGET.parent.parent / "services" / "portal" / "assets" / "states.json"
MACHINES: dict[str, Machine[Any]] = {
    "邀请函 order": ORDER,
    "课次 lesson": LESSON,
    "派课单 offer": OFFER,
    "授课承诺 assignment": ASSIGNMENT,
    "改期单 change": CHANGE,
    "排课方案 plan": PLAN,
    "补救方案 repair": REPAIR,
    "拼班与送教 grouping": GROUPING,
    "季度征集 season": SEASON,
}


def text() -> str:
    """One Mermaid diagram and one table of moves a machine."""
    parts = ["# The state machines", "", "Made by `make asyncapi` from the tables of the rooms"]
    parts += ["(`services/*/*states.py`); a test keeps it true."]
    for title, machine in MACHINES.items():
        parts += ["", f"## {title}", "", "```mermaid", machine.diagram(), "```", ""]
        parts += ["| from | verb | by | to |", "|---|---|---|---|"]
        for move in machine.moves:
            by = ", ".join(sorted(move.by))
            parts += [
                f"| {state} | {move.verb} | {by} | {move.target} |" for state in sorted(move.source)
            ]
    return "\n".join(parts) + "\n"


def pictures() -> str:
    """Per machine its states in the table's order and who leads from one to another."""
    drawn = {}
    for title, machine in MACHINES.items():
        pairs: dict[tuple[str, str], set[str]] = {}
        for move in machine.moves:
            for state in sorted(move.source):
                if state != move.target:
                    pairs.setdefault((state, move.target), set()).update(map(str, move.by))
        drawn[title.split()[1]] = {
            "states": list(
                dict.fromkeys(
                    str(s) for move in machine.moves for s in (*sorted(move.source), move.target)
                )
            ),
            "ways": [[str(a), str(b), sorted(by)] for (a, b), by in pairs.items()],
        }
    return json.dumps(drawn, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    TARGET.write_text(text(), encoding="utf-8")
    PICTURES.write_text(pictures(), encoding="utf-8")


if __name__ == "__main__":
    main()
