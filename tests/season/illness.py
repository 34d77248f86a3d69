"""Season: `python -m tests.season.illness` (`make demo-illness`): a lecturer falls ill at eight in
the morning of a planned and promised fortnight, over a stack of its own."""

import shutil
import sys
import tempfile
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from tests.random.world import ZONE
from tests.season.__main__ import TWO_WEEKS
from tests.season.demand import Demand
from tests.season.run import Play
from tests.town import Town, a_town, until

AWAY = timedelta(days=3)
MORNINGS = 5
EIGHT = timedelta(hours=8)
SOONEST = timedelta(minutes=30)  # nobody arrives earlier than half past eight
WITHIN = 60.0  # seconds of the district's clock until a substitute is committed
PATIENCE = 180.0
SEEDS = 4


class Illness(NamedTuple):
    """Who, from when, and the lessons it touches."""

    lecturer: str
    at: datetime
    impact: dict[str, Any]

    @property
    def lessons(self) -> set[str]:
        return {str(one["assignment"]["lesson_id"]) for one in self.impact["lessons"]}

    @property
    def days(self) -> dict[str, str]:
        return {"starts_at": self.at.isoformat(), "ends_at": (self.at + AWAY).isoformat()}


def main() -> int:
    home = Path(tempfile.mkdtemp(prefix="yueke-illness-"))
    try:
        with a_town(home / "town") as town, closing(Play(town, Demand(*TWO_WEEKS, SEEDS))) as play:
            play.run("a fortnight")
            failed = morning(town, play)
            audit = town.audit()
            print(f"  audit            {audit.stdout.strip().splitlines()[-1]}")
            failed += [audit.stdout] if audit.returncode else []
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print("\n".join(["RED", *failed]) if failed else "GREEN")
    return 1 if failed else 0


def morning(town: Town, play: Play) -> list[str]:
    """The bad morning, told in figures; what is not as it should be."""
    ill = who_falls_ill(town)
    town.clock(to=ill.at)
    play.settle()
    before = shape(town)
    began = time.monotonic()
    ill = ill._replace(impact=impact(town, ill))
    looked = time.monotonic() - began
    print(f"a lecturer falls ill on {ill.at:%Y-%m-%d %H:%M}, for {AWAY.days} days")
    print(f"  touched          {len(ill.lessons)} lessons, shown in {looked * 1000:.0f} ms")
    print(f"  to be told       {len(ill.impact['schools'])} schools")

    began = time.monotonic()
    repair = repaired(town, ill)
    computed = time.monotonic() - began
    said = repair["disturbance"]
    print(
        f"  repair           {computed * 1000:.0f} ms after it was asked for "
        f"({repair['seconds'] * 1000:.0f} ms at work, {repair['status']}): "
        f"{said['lecturers_changed']} lecturers changed, {said['times_moved']} times moved, "
        f"{said['schools_asked'] + said['undecided']} that cannot stay"
    )

    said_at = town.now()
    adopt(town, ill, repair)
    first = substituted(town, ill, said_at)
    play.settle()

    after = shape(town)
    changed = {lesson for lesson in before if before[lesson] != after[lesson]}
    held = [lesson for lesson in ill.lessons if after[lesson][2] not in (None, ill.lecturer)]
    moved = [lesson for lesson in held if after[lesson][0] != before[lesson][0]]
    print(f"  first substitute {first:.1f} s of the district's clock after the call")
    print(f"  disturbance      {len(changed)} lessons changed, {len(moved)} of them in time")
    print(f"  held again       {len(held)} of {len(ill.lessons)}")
    chosen = {o["lesson_id"]: o["after"]["lecturer_id"] for o in repair["lines"] if o["after"]}
    as_proposed = [lesson for lesson in held if after[lesson][2] == chosen.get(lesson)]
    print(f"  as proposed      {len(as_proposed)} of {len(held)}")
    failed = [f"the first substitute after {first:.0f} s"] if first > WITHIN else []
    strangers = changed - ill.lessons
    if len(as_proposed) < len(chosen):
        failed.append(f"not by whom the repair proposed: {len(chosen) - len(as_proposed)}")
    return failed + [f"changed without need: {sorted(strangers)}"] * bool(strangers)


def who_falls_ill(town: Town) -> Illness:
    """Of those who teach on the first mornings and whose every lesson somebody could take over: the
    one with the most lessons in the days of the illness."""
    confirmed = [one for one in lessons(town) if one["state"] == "confirmed"]
    mornings: dict[datetime, set[str]] = {}
    for one in confirmed:
        starts = datetime.fromisoformat(one["starts_at"]).astimezone(ZONE)
        eight = starts.replace(hour=0, minute=0) + EIGHT
        if starts - eight >= SOONEST:
            mornings.setdefault(eight, set()).add(one["staffing"]["holder_id"])
    known = [
        ill._replace(impact=impact(town, ill))
        for at, people in sorted(mornings.items())[:MORNINGS]
        for ill in (Illness(who, at, {}) for who in sorted(people))
    ]
    possible = [ill for ill in known if all(o["candidates"] for o in ill.impact["lessons"])]
    assert possible, "nobody could be replaced on any morning"
    return max(possible, key=lambda ill: len(ill.lessons))


def impact(town: Town, ill: Illness) -> Any:
    query = "&".join(f"{name}={at.replace('+', '%2B')}" for name, at in ill.days.items())
    path = f"/api/lecturer/lecturers/{ill.lecturer}/leave_impact?{query}"
    return town.get("scheduler", path)


def repaired(town: Town, ill: Illness) -> Any:
    """What could be done with the least disturbance; nothing is saved yet."""
    cause = {"kind": "leave", "lecturer_id": ill.lecturer, **ill.days, "reason": "突发疾病"}
    all_of_them = "/api/booking/repairs"
    path = f"{all_of_them}/{town.post('scheduler', all_of_them, {'cause': cause})['id']}"
    until(lambda: town.get("scheduler", path)["state"] != "running", PATIENCE, what="computed")
    found = town.get("scheduler", path)
    assert found["state"] == "ready", (found["code"], found["facts"])
    return found


def adopt(town: Town, ill: Illness, repair: Any) -> None:
    """All of it: the leave is saved, whoever stands in is asked first, the others are moved."""
    lines = [line for line in repair["lines"] if line["action"] != "decide"]
    first = {
        line["lesson_id"]: line["after"]["lecturer_id"] if line["action"] == "substitute" else None
        for line in lines
    }
    leave = f"/api/lecturer/lecturers/{ill.lecturer}/leave/{repair['id']}"
    body = {**ill.days, "reason": "突发疾病", "force": True, "substitutes": first}
    town.put("scheduler", leave, body)
    chosen = {"lesson_ids": list(first), "reason": "原讲师不能到课"}
    town.post("scheduler", f"/api/booking/repairs/{repair['id']}/adopt", chosen)


def substituted(town: Town, ill: Illness, since: datetime) -> float:
    """Whoever is asked for one of these lessons says yes; the seconds until the first seat is held
    again, and then all answer until nobody is asked any more."""
    first: list[float] = []

    def answered() -> bool:
        pending = town.all("scheduler", "/api/lecturer/offers?state=pending")
        mine = [one for one in pending if one["lesson_id"] in ill.lessons]
        for offer in mine:
            body = {"revision": offer["revision"]}
            path = f"/api/lecturer/offers/{offer['id']}/accept"
            if town.call(offer["lecturer_id"], "POST", path, body).is_success and not first:
                first.append((town.now() - since).total_seconds())
        return bool(first) and not mine

    until(answered, PATIENCE, what="everybody who was asked has answered")
    return first[0]


def shape(town: Town) -> dict[str, tuple[Any, Any, Any]]:
    """Of every lesson: when, where, and who holds it."""
    return {
        one["id"]: (one["starts_at"], one["place"], (one["staffing"] or {}).get("holder_id"))
        for one in lessons(town)
    }


def lessons(town: Town) -> list[dict[str, Any]]:
    return town.all("scheduler", "/api/booking/lessons")


if __name__ == "__main__":
    sys.exit(main())
