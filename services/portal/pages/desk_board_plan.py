"""Portal: a draft plan on the board: its lessons as ghosts in the cells, and as cards. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.portal.pages import desk_board_view as view
from services.portal.pages.live_patches import half_of
from services.portal.pages.words import instant

Shown = dict[str, Any]
MOST_CARDS = 100
FIRST_ROWS = 30


def cards(plan: Shown, days: Sequence[date]) -> list[Shown]:
    """What has no place in the draft first, then what it gives on the days shown."""
    lost = [line for line in plan["lines"] if line["starts_at"] is None]
    here = [line for line in plan["lines"] if _on(line) in days]
    here.sort(key=lambda line: (line["starts_at"], line["position"]))
    return [
        {**line, "id": line["lesson_id"], "state": line["lesson_state"], "version": 0}
        for line in [*lost, *here][:MOST_CARDS]
    ]


def lecturers(plan: Shown, days: Sequence[date]) -> set[str]:
    """Who gives something of the draft on these days."""
    return {str(line["lecturer_id"]) for line in plan["lines"] if _on(line) in days}


def shown_first(items: Sequence[Shown], used: set[str], picked: bool) -> list[Shown]:
    """The rows: whoever gives something of the draft, and some others. For a lesson that is picked
    in their own order, its best first."""
    some = [item for item in items if item["lecturer"]["id"] not in used][:FIRST_ROWS]
    kept = used | {item["lecturer"]["id"] for item in some}
    rows = [item for item in items if item["lecturer"]["id"] in kept]
    return rows if picked else sorted(rows, key=lambda item: item["lecturer"]["id"] not in used)


def haunt(rows: Sequence[Shown], plan: Shown) -> None:
    """The lessons of the draft into the cells of their lecturers."""
    ghosts: dict[str, list[Shown]] = {}
    for line in plan["lines"]:
        if line["starts_at"] is not None and line["outcome"] != "placed":
            ghosts.setdefault(str(line["lecturer_id"]), []).append(_chip(line))
    for row in rows:
        for chip in ghosts.get(row["lecturer"]["id"], ()):
            row["chips"].append(chip)
            for cell in row["row"]:
                if (cell["on"], cell["half"]) == (chip["on"], chip["half"]):
                    cell["chips"] = [*cell["chips"], chip]


def picked(lesson: Shown | None, plan: Shown) -> Shown | None:
    """The lesson picked, where the draft has it."""
    if lesson is None:
        return None
    for line in plan["lines"]:
        if line["lesson_id"] == lesson["id"]:
            at = {name: line[name] for name in ("starts_at", "ends_at", "pinned", "left_out")}
            return {**lesson, **at, "lecturer_name": line["lecturer_name"]}
    return lesson


def _chip(line: Shown) -> Shown:
    starts, ends = instant(line["starts_at"]), instant(line["ends_at"])
    assert starts is not None and ends is not None
    return {
        "kind": "p",
        "id": line["lesson_id"],
        "lesson": line["lesson_id"],
        "version": 0,
        "state": "pinned" if line["pinned"] else "draft",
        "starts": f"{starts:%H:%M}",
        "ends": f"{ends:%H:%M}",
        "x": max(0, starts.hour * 60 + starts.minute - view.OPENS),
        "width": max(10, int((ends - starts).total_seconds() // 60)),
        "on": f"{starts:%Y-%m-%d}",
        "half": half_of(starts.hour),
        "school": line["school_name"],
        "title": line["course_title"],
    }


def _on(line: Shown) -> date | None:
    starts = instant(line["starts_at"]) if line["starts_at"] else None
    return starts.date() if starts else None
