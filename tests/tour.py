"""The README's tour without its shell: the same letter, the same answers, the same last state.

`tests/journeys/test_readme_tour.py` proves the command blocks; here the rows they leave behind are
made quickly, for tests that look at them.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from deploy.call import resolve
from tests.town import Town, until

DOCS = Path(__file__).parents[1] / "docs" / "tour"
SCHOOL = "SCH-06"


def tour(town: Town) -> str:
    """From letter to closed; the order's id."""
    order = str(uuid4())
    town.put(SCHOOL, f"/api/booking/orders/{order}", body_of("letter.json"))
    act(town, SCHOOL, f"orders/{order}/submit")
    line = {"line": 4, "decision": "return", "fields": ["expected_attendees"]}
    act(town, "scheduler", f"orders/{order}/approve", {"lines": [{**line, "reason": "请核对人数"}]})
    act(town, SCHOOL, f"orders/{order}/amend_lines", body_of("mended.json"))
    decision = {"lines": [{"line": 4, "decision": "approve"}]}
    act(town, "scheduler", f"orders/{order}/review_lines", decision)
    _staffed(town, order)
    _retimed(town, lessons(town, order)[-1])
    _released(town, lessons(town, order)[0])
    _taught(town, order)
    return order


def body_of(name: str) -> Any:
    return json.loads(resolve((DOCS / name).read_text(encoding="utf-8")))


def act(town: Town, who: str, path: str, body: Any = None) -> Any:
    """One verb of booking."""
    return town.post(who, f"/api/booking/{path}", body)


def lessons(town: Town, order: str) -> list[dict[str, Any]]:
    return town.all("scheduler", f"/api/booking/lessons?order_id={order}")


def pending(town: Town) -> list[dict[str, Any]]:
    return town.all("scheduler", "/api/lecturer/offers?state=pending")


def answer(town: Town, offer: dict[str, Any], verb: str, body: dict[str, Any]) -> Any:
    return town.post(offer["lecturer_id"], f"/api/lecturer/offers/{offer['id']}/{verb}", body)


def accept(town: Town, offer: dict[str, Any]) -> Any:
    return answer(town, offer, "accept", {"revision": offer["revision"]})


def held(town: Town, lesson: str) -> dict[str, Any]:
    return dict(town.get("scheduler", f"/api/lecturer/seats/{lesson}")["staffing"])


def _staffed(town: Town, order: str) -> None:
    """Two decline, one answers by phone, one says nothing until his time is up."""
    for lesson in lessons(town, order):
        act(town, "scheduler", f"lessons/{lesson['id']}/place", {"wish": 0})
    until(lambda: len(pending(town)) == 12, what="an offer for every lesson")
    for offer in pending(town)[:2]:
        answer(town, offer, "decline", {"reason": "time_conflict"})
    until(lambda: len(pending(town)) == 12, what="the next two are asked")
    silent, *others, called = pending(town)
    phoned = {"on_behalf_of": called["lecturer_id"], "channel": "phone", "note": "办公室电话"}
    path = f"/api/lecturer/offers/{called['id']}/accept"
    town.post("scheduler", path, {"revision": called["revision"], **phoned})
    for offer in others:
        accept(town, offer)
    expiry = datetime.fromisoformat(silent["expires_at"])
    town.clock(to=max(expiry, town.now()))
    until(lambda: [o for o in pending(town) if o["id"] != silent["id"]], what="after a silence")
    for offer in pending(town):
        accept(town, offer)
    _confirmed(town, order)


def _confirmed(town: Town, order: str) -> None:
    until(
        lambda: {lesson["state"] for lesson in lessons(town, order)} == {"confirmed"},
        what="every lesson is confirmed",
    )


def _retimed(town: Town, lesson: dict[str, Any]) -> None:
    wanted = {"starts_at": "2026-12-22T09:00:00+08:00", "reason": "上午会议顺延"}
    change = act(town, SCHOOL, f"lessons/{lesson['id']}/changes", wanted)
    act(town, "scheduler", f"changes/{change['id']}/accept")
    [offer] = until(lambda: pending(town), what="the holder is asked")
    accept(town, offer)
    path = f"/api/booking/changes/{change['id']}"
    until(lambda: town.get(SCHOOL, path)["state"] == "applied", what="the change is applied")


def _released(town: Town, lesson: dict[str, Any]) -> None:
    town.clock(to="2026-12-05T14:00+08:00")
    holder = held(town, lesson["id"])
    path = f"/api/lecturer/assignments/{holder['assignment_id']}/release"
    town.post(holder["holder_id"], path, {"reason": "health"})
    offer, *_ = until(lambda: pending(town), what="a substitute is asked")
    accept(town, offer)


def _taught(town: Town, order: str) -> None:
    _confirmed(town, order)
    for lesson in lessons(town, order):
        holder = held(town, lesson["id"])
        path = f"/api/lecturer/assignments/{holder['assignment_id']}"
        town.clock(to=lesson["starts_at"])
        town.post(holder["holder_id"], f"{path}/check_in")
        town.clock(to=lesson["ends_at"])
        town.post(holder["holder_id"], f"{path}/check_out")
    until(
        lambda: {lesson["state"] for lesson in lessons(town, order)} == {"delivered"},
        what="every lesson is delivered",
    )
    for lesson in lessons(town, order):
        act(town, SCHOOL, f"lessons/{lesson['id']}/attest", {"attendance": 40})
    path = f"/api/booking/orders/{order}"
    until(lambda: town.get(SCHOOL, path)["state"] == "closed", what="the letter closes")
