"""Fuzzing: beside what the tour left behind, letters and lessons that are still under way, so that
most verbs find a row they apply to."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.letters import Letters
from tests.tour import SCHOOL, accept, act, body_of, lessons, pending
from tests.town import Town, until

WEEKS = 5  # after the tour's own days


def bring_to_life(town: Town) -> str:
    """Letters in every state before the end; a lecturer who holds a promise and an offer."""
    for _ in range(3):
        draft(town)
        submitted(town)
    returned = submitted(town)
    fix = {"fields": ["notes"], "reason": "请补充"}
    act(town, "scheduler", f"orders/{returned}/return_for_fix", fix)
    act(town, "scheduler", f"orders/{submitted(town)}/approve", {"lines": []})
    running = submitted(town)
    act(town, "scheduler", f"orders/{running}/approve", {"lines": []})
    placed = lessons(town, running)[:8]
    for lesson in placed:
        act(town, "scheduler", f"lessons/{lesson['id']}/place", {"wish": 0})
    until(lambda: len(pending(town)) >= len(placed), what="offers for the living letter")
    offers = pending(town)
    for offer in offers[:5]:
        accept(town, offer)
    until(lambda: len(pending(town)) == len(offers) - 5, what="five lessons are held")
    confirmed = until(
        lambda: [row for row in lessons(town, running) if row["state"] == "confirmed"],
        what="a lesson is confirmed",
    )
    lesson = next(row for row in confirmed if ":30:00" in row["starts_at"])
    later = datetime.fromisoformat(lesson["starts_at"]) + timedelta(minutes=30)
    wanted = {"starts_at": later.isoformat(), "reason": "换个时间"}
    act(town, SCHOOL, f"lessons/{lesson['id']}/changes", wanted)
    holders = [offer["lecturer_id"] for offer in offers[:5]]
    return str(max((offer["lecturer_id"] for offer in pending(town)), key=holders.count))


def more(town: Town, letters: Letters) -> str:
    """What those before have used up: a draft, a letter to review, lessons without a lecturer, two
    with one, and offers nobody has answered; the lecturer of one of these."""
    draft(town, letters.write(SCHOOL, lines=2))
    submitted(town, letters.write(SCHOOL, lines=2))
    running = submitted(town, letters.write(SCHOOL, lines=6))
    act(town, "scheduler", f"orders/{running}/approve", {"lines": []})
    placed = {lesson["id"] for lesson in lessons(town, running)[:5]}
    for lesson in placed:
        act(town, "scheduler", f"lessons/{lesson}/place", {"wish": 0})

    def asked() -> list[dict[str, Any]]:
        return [offer for offer in pending(town) if offer["lesson_id"] in placed]

    until(lambda: len(asked()) >= 3, 60, what="offers for more lessons")
    *rest, first, second = asked()
    accept(town, first)
    accept(town, second)
    return str(rest[0]["lecturer_id"])


def draft(town: Town, body: Any = None) -> str:
    order = str(uuid4())
    town.put(SCHOOL, f"/api/booking/orders/{order}", body or letter())
    return order


def submitted(town: Town, body: Any = None) -> str:
    order = draft(town, body)
    act(town, SCHOOL, f"orders/{order}/submit")
    return order


def letter() -> Any:
    """The tour's letter, some weeks later."""

    def later(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: moved(key, inner) for key, inner in value.items()}
        return [later(item) for item in value] if isinstance(value, list) else value

    def moved(key: str, value: Any) -> Any:
        if key in ("starts_at", "ends_at"):
            return (datetime.fromisoformat(value) + timedelta(weeks=WEEKS)).isoformat()
        return later(value)

    written = later(json.loads(json.dumps(body_of("letter.json"))))
    mended = later(body_of("mended.json"))["lines"][0]
    written["lines"][3] = {key: value for key, value in mended.items() if key != "line"}
    del written["lines"][4]  # a course of 2026 only
    return written
