"""Deploy: docs/states.md, the five state machines drawn from their tables."""

from pathlib import Path
from typing import Any

from services.booking.states import CHANGE, LESSON, ORDER
from services.kit.states import Machine
from services.lecturer.states import ASSIGNMENT, OFFER

TARGET = Path(__file__).parent.parent / "docs" / "states.md"
MACHINES: dict[str, Machine[Any]] = {
    "邀请函 order": ORDER,
    "课次 lesson": LESSON,
    "派课单 offer": OFFER,
    "授课承诺 assignment": ASSIGNMENT,
    "改期单 change": CHANGE,
}


def text() -> str:
    """One Mermaid diagram and one table of moves a machine."""
    parts = ["# The five state machines", "", "Made by `make asyncapi` from the tables in"]
    parts += [
        "`services/booking/states.py` and `services/lecturer/states.py`; a test keeps it true."
    ]
    for title, machine in MACHINES.items():
        parts += ["", f"## {title}", "", "```mermaid", machine.diagram(), "```", ""]
        parts += ["| from | verb | by | to |", "|---|---|---|---|"]
        for move in machine.moves:
            by = ", ".join(sorted(move.by))
            parts += [
                f"| {state} | {move.verb} | {by} | {move.target} |" for state in sorted(move.source)
            ]
    return "\n".join(parts) + "\n"


def main() -> None:
    TARGET.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
