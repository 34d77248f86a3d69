"""Portal: help: the five words, and every state with the ways between them.

Where a state stands in the picture is said here; which states and ways there are, the tables say
(`make asyncapi` writes them to assets/states.json).
"""

import json
from functools import lru_cache
from typing import Any

from fastapi import Response

from services.portal.pages.assets import OWN
from services.portal.pages.frame import Page, pages

router = pages("/help")

WIDE, HIGH, STEP_X, STEP_Y, EDGE = 108, 34, 150, 62, 10
# Column and row of each state: from left to right as things go well, ends below.
PLACES: dict[str, dict[str, tuple[float, float]]] = {
    "order": {
        "draft": (0, 0),
        "submitted": (1, 0),
        "approved": (2, 0),
        "closed": (3, 0),
        "returned": (1, 1),
        "rejected": (2, 1),
        "withdrawn": (0, 1),
        "expired": (0, 2),
        "cancelled": (3, 1),
    },
    "lesson": {
        "requested": (0, 0),
        "unplaced": (1, 0),
        "tentative": (2, 0),
        "confirmed": (3, 0),
        "in_progress": (4, 0),
        "delivered": (5, 0),
        "verified": (6, 0),
        "waitlisted": (1, 1),
        "suspended": (2, 1.5),
        "joined": (2.5, 2.5),
        "at_risk": (3, 1),
        "partially_delivered": (4, 1),
        "disputed": (6, 1),
        "cancelled": (1, 2.5),
        "not_delivered": (4, 2.5),
        "written_off": (5, 2.5),
    },
    "offer": {
        "pending": (0, 1),
        "countered": (1, 1),
        "accepted": (2, 0),
        "expired": (2, 2),
        "declined": (0, 2),
        "revoked": (0, 0),
        "superseded": (1, 0),
        "invalidated": (1, 2),
    },
    "assignment": {
        "committed": (0, 0),
        "checked_in": (1, 0),
        "fulfilled": (2, 0),
        "partial": (2, 1),
        "release_requested": (0, 1),
        "no_show": (1, 1),
        "voided": (2, 2),
        "released": (0, 2),
        "replaced": (1, 2),
    },
    "change": {
        "proposed": (0, 0),
        "agreed": (1, 0),
        "applied": (2, 0),
        "rejected": (1, 1),
        "withdrawn": (0, 1),
        "expired": (2, 1),
    },
    "plan": {
        "running": (0, 0),
        "ready": (1, 0),
        "publishing": (2, 0),
        "published": (3, 0),
        "failed": (0, 1),
        "discarded": (1, 1),
    },
    "repair": {
        "running": (0, 0),
        "ready": (1, 0),
        "adopted": (2, 0),
        "failed": (0, 1),
        "discarded": (1, 1),
    },
    "grouping": {
        "proposed": (0, 0),
        "agreed": (1, 0),
        "applied": (2, 0),
        "lapsed": (1, 1),
        "declined": (0, 1),
        "expired": (2, 1),
        "withdrawn": (0, 2),
    },
    "season": {
        "collecting": (0, 0),
        "closed": (1, 0),
        "allocating": (2, 0),
        "allocated": (3, 0),
        "cancelled": (1, 1),
    },
}


@router.get("")
async def help_page(page: Page) -> Response:
    drawn = {kind: drawing(kind) for kind in PLACES}
    return await page.show("account/help.html", drawn=drawn)


@lru_cache
def drawing(kind: str) -> dict[str, Any]:
    """Boxes and arrows of one machine, in pixels."""
    machine = json.loads((OWN / "states.json").read_text(encoding="utf-8"))[kind]
    places = PLACES[kind]
    boxes = [
        {
            "state": state,
            "x": EDGE + places[state][0] * STEP_X,
            "y": EDGE + places[state][1] * STEP_Y,
        }
        for state in machine["states"]
    ]
    at = {box["state"]: (box["x"] + WIDE / 2, box["y"] + HIGH / 2) for box in boxes}
    arrows = [_arrow(at[a], at[b]) for a, b, _ in machine["ways"]]
    return {
        "boxes": boxes,
        "arrows": arrows,
        "ways": machine["ways"],
        "wide": max(box["x"] for box in boxes) + WIDE + EDGE,
        "high": max(box["y"] for box in boxes) + HIGH + EDGE,
        "box": (WIDE, HIGH),
    }


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    """From edge to edge, bent a little, so that there and back are two lines."""
    a, b = _edge(start, end), _edge(end, start)
    (x1, y1), (x2, y2) = a, b
    bend = 9 if abs(y2 - y1) < HIGH else 14
    length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 1)
    mx, my = (x1 + x2) / 2 - (y2 - y1) / length * bend, (y1 + y2) / 2 + (x2 - x1) / length * bend
    return f"M{x1:.0f} {y1:.0f}Q{mx:.0f} {my:.0f} {x2:.0f} {y2:.0f}"


def _edge(of: tuple[float, float], towards: tuple[float, float]) -> tuple[float, float]:
    dx, dy = towards[0] - of[0], towards[1] - of[1]
    scale = min(
        (WIDE / 2 + 2) / abs(dx) if dx else 99,
        (HIGH / 2 + 2) / abs(dy) if dy else 99,
    )
    return of[0] + dx * scale, of[1] + dy * scale
