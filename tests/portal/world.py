"""Portal: one row of everything a page can be about, come about as people make it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from deploy.call import DISTRICT
from services.kit.ids import reference_id
from tests.letters import Letters
from tests.tour import SCHOOL, accept, act, lessons, pending
from tests.town import Town, until


@dataclass
class World:
    """Which rows are copied, and what pages are asked about: one of each kind."""

    order: UUID  # approved, with a line to mend
    draft: UUID
    submitted: UUID
    returned: UUID
    lesson: UUID  # confirmed, a quarter of an hour, with a change proposed by the school
    offered: UUID  # another lesson of the same letter, whose offer is pending
    waiting: UUID  # one that nobody has placed
    district_change: UUID
    school_change: UUID
    assignment: UUID
    offer: UUID
    lecturer: UUID
    venue: UUID
    course: UUID
    site: UUID
    plan: UUID  # a draft of the waiting lesson
    # What is looked for in lists that are long from the beginning: at first few, then many.
    account: str = "yangliuqing"
    person: str = "LEC-001"
    title: str = "乡村振兴思路举措"
    repair: UUID | None = None  # for a leave of the lecturer on the day of the lesson
    season: UUID | None = None  # collects the lessons that wait
    allocated: UUID | None = None  # planted: the season whose plan is out
    grouping: UUID | None = None  # planted: proposed to the school about a lesson that waits
    own_offer: UUID | None = None  # planted: a pending one of the lecturer
    disputed: UUID | None = None
    at_risk: UUID | None = None
    delivered: UUID | None = None


def a_world(town: Town) -> tuple[World, str]:
    """A letter with a lesson that is held, one that is offered, one that waits, one to mend."""
    letters = Letters("constant")
    order, draft, submitted, returned = (
        a_letter(town, letters, *verbs)
        for verbs in (("submit",), (), ("submit",), ("submit", "return_for_fix"))
    )
    back = {"line": 6, "decision": "return", "fields": ["notes"], "reason": "请补充"}
    act(town, "scheduler", f"orders/{order}/approve", {"lines": [back]})
    held, offered, other, waiting, *_ = lessons(town, order)
    for lesson in (held, offered, other):
        act(town, "scheduler", f"lessons/{lesson['id']}/place", {"wish": 0})
    until(lambda: len(pending(town)) == 3, what="an offer for every lesson")
    mine = {offer["lesson_id"]: offer for offer in pending(town)}
    accept(town, mine[held["id"]])
    path = f"/api/booking/lessons/{held['id']}"
    until(lambda: town.get(SCHOOL, path)["state"] == "confirmed", what="confirmed")
    moved = [
        act(town, who, f"lessons/{lesson['id']}/changes", {"starts_at": at, "reason": "会议"})["id"]
        for who, lesson, at in (
            (SCHOOL, held, "2027-01-12T09:00:00+08:00"),
            ("scheduler", other, "2027-01-13T09:00:00+08:00"),
        )
    ]
    lecturer = mine[held["id"]]["lecturer_id"]
    away = {"starts_at": "2027-03-01T00:00:00+08:00", "ends_at": "2027-03-02T00:00:00+08:00"}
    leave = f"/api/lecturer/lecturers/{lecturer}/leave/{uuid4()}"
    town.put("scheduler", leave, {**away, "reason": "培训"})
    promise = town.get("scheduler", f"/api/lecturer/seats/{held['id']}")["staffing"]
    world = World(
        order=UUID(order),
        draft=UUID(draft),
        submitted=UUID(submitted),
        returned=UUID(returned),
        lesson=UUID(held["id"]),
        offered=UUID(offered["id"]),
        waiting=UUID(waiting["id"]),
        school_change=UUID(moved[0]),
        district_change=UUID(moved[1]),
        assignment=UUID(promise["assignment_id"]),
        offer=UUID(mine[offered["id"]]["id"]),
        lecturer=UUID(lecturer),
        venue=reference_id(DISTRICT, "VEN-06"),
        course=UUID(held["course_id"]),
        site=reference_id(DISTRICT, "SITE-01"),
        plan=a_plan(town, waiting),
    )
    world.season = a_season(town, waiting)
    world.repair = a_repair(town, lecturer, mine[held["id"]]["starts_at"][:10])
    return world, mine[held["id"]]["starts_at"][:10]


def a_letter(town: Town, letters: Letters, *verbs: str) -> str:
    order = str(uuid4())
    town.put(SCHOOL, f"/api/booking/orders/{order}", letters.write(SCHOOL, lines=6))
    for verb in verbs:
        who = SCHOOL if verb == "submit" else "scheduler"
        body = {} if verb == "submit" else {"fields": ["notes"], "reason": "请补充"}
        act(town, who, f"orders/{order}/{verb}", body)
    return order


def a_season(town: Town, lesson: dict[str, Any]) -> UUID:
    """Of the days from the first wish of this lesson on."""
    first = date.fromisoformat(lesson["wishes"][0]["starts_at"][:10])
    body = {"name": "征集", "first_on": f"{first}", "last_on": f"{first + timedelta(days=60)}"}
    closes = f"{first - timedelta(days=1)}T18:00:00+08:00"
    path = "/api/booking/seasons"
    return UUID(town.post("scheduler", path, {**body, "closes_at": closes})["id"])


def a_plan(town: Town, lesson: dict[str, Any]) -> UUID:
    on = lesson["wishes"][0]["starts_at"][:10]
    body = {"first_on": on, "last_on": on, "lesson_ids": [lesson["id"]]}
    plan = town.post("scheduler", "/api/booking/plans", body)["id"]
    path = f"/api/booking/plans/{plan}/progress"
    until(lambda: town.get("scheduler", path)["state"] == "ready", 60, what="the draft is made")
    return UUID(plan)


def a_repair(town: Town, lecturer: str, on: str) -> UUID:
    away = {"starts_at": f"{on}T00:00:00+08:00", "ends_at": f"{on}T23:59:00+08:00"}
    cause = {"kind": "leave", "lecturer_id": lecturer, **away}
    repair = town.post("scheduler", "/api/booking/repairs", {"cause": cause})["id"]
    path = f"/api/booking/repairs/{repair}"
    until(lambda: town.get("scheduler", path)["state"] == "ready", 60, what="it is computed")
    return UUID(repair)
