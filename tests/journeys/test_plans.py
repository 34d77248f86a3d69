"""Journey: a draft plan with the planner and the lecturer room there: made, edited, planned anew,
published, offered; and the planner dies on the way."""

import json
import os
import signal
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.booking import plan_running
from services.booking.plan_problem import ground_question
from services.contracts.planning import Ground
from services.lecturer.plan_ground import ground
from tests.conftest import BACKENDS
from tests.season.demand import Demand
from tests.season.run import Play
from tests.town import Town, a_town, databases, until

FIRST, LAST = date(2026, 12, 7), date(2026, 12, 11)
DAYS = {"first_on": str(FIRST), "last_on": str(LAST)}
LONG = 60.0  # seconds on a busy machine


class Desk:
    """The scheduler before his plans."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.play = Play(town, Demand(14, FIRST, LAST, seed=1, wishes=(1, 3, 3)))
        self.play.ask()

    def plan(self, **more: Any) -> Any:
        made = self.town.post("scheduler", "/api/booking/plans", {**DAYS, **more})
        return self.ended(made["id"])

    def say(self, plan_id: str, verb: str) -> Any:
        return self.town.post("scheduler", f"/api/booking/plans/{plan_id}/{verb}")

    def ended(self, plan_id: str) -> Any:
        path = f"/api/booking/plans/{plan_id}"

        def over() -> Any:
            found = self.town.get("scheduler", f"{path}/progress")
            return found["state"] not in ("running", "publishing")

        until(over, LONG, what=f"{path} has ended")
        return self.town.get("scheduler", path)

    def pin(self, plan: Any, line: Any, **body: Any) -> Any:
        path = f"/api/booking/plans/{plan['id']}/lines/{line['lesson_id']}"
        match = {"if-match": f'"{plan["version"]}"'}
        token = {"authorization": f"Bearer {self.town.api.token('scheduler')}"}
        answer = self.town.api._http.put(path, json=body, headers={**token, **match})
        assert answer.is_success, answer.text
        return answer.json()

    def planner(self) -> int:
        return int(json.loads((self.town.home / "stack.json").read_text())["pids"]["planner"])


@pytest.fixture(scope="module", params=BACKENDS)
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("plans") / "town"
    url = databases(request.param, lambda: str(request.getfixturevalue("postgres_url")))
    with url as database_url, a_town(home, database_url=database_url, restart=True) as town:
        yield Desk(town)


def test_a_plan_is_made_edited_and_planned_anew_around_what_is_pinned(desk: Desk) -> None:
    plan = desk.plan()
    assert (plan["state"], plan["status"], plan["bound"]) == ("ready", "optimal", plan["best"])
    assert plan["served"] > 5 and plan["compared"]["greedy"]["unserved"] >= plan["best"]["unserved"]
    for line in plan["lines"]:
        assert (line["lecturer_id"] is None) == (line["why"] is not None)

    first = next(one for one in plan["lines"] if one["lecturer_id"])
    other = _another(desk, plan, first)
    pinned = desk.pin(plan, first, lecturer_id=other, starts_at=first["starts_at"])
    assert pinned["line"]["lecturer_id"] == other
    again = desk.ended(desk.say(plan["id"], "replan")["id"])

    [line] = [one for one in again["lines"] if one["lesson_id"] == first["lesson_id"]]
    assert (line["pinned"], line["lecturer_id"], line["why"]) == (True, other, None)
    assert again["previous_id"] == plan["id"]
    assert desk.say(again["id"], "discard")["state"] == "discarded"
    assert all(one["state"] == "unplaced" for one in desk.play._mine())


def test_whoever_is_planned_may_really_be_asked_then(desk: Desk) -> None:
    """Everything in the plan stands in what the lecturer room allows."""
    plan = desk.plan()
    with desk.town.database("booking") as session:
        material = plan_running.material(session, UUID(plan["id"]), at=desk.town.now())
        question = ground_question(material.wanted, material.district)
    with desk.town.database("lecturer") as session:
        said = Ground.model_validate(ground(session, question.model_dump(mode="json")))

    who = {str(one.lecturer_id): n for n, one in enumerate(said.lecturers)}
    slots = {
        (str(lesson.lesson_id), slot.starts_at): found.able
        for lesson, of in zip(question.lessons, said.lessons, strict=True)
        for slot, found in zip(lesson.slots, of.slots, strict=True)
    }
    for line in plan["lines"]:
        if line["lecturer_id"]:
            at = datetime.fromisoformat(line["starts_at"])
            assert who[line["lecturer_id"]] in slots[line["lesson_id"], at]
    desk.say(plan["id"], "discard")


def test_two_plans_at_once_do_not_disturb_each_other(desk: Desk) -> None:
    made = [desk.town.post("scheduler", "/api/booking/plans", DAYS) for _ in range(2)]

    one, other = (desk.ended(plan["id"]) for plan in made)

    assert (one["state"], other["state"]) == ("ready", "ready")
    assert one["best"] == other["best"]
    for plan in made:
        desk.say(plan["id"], "discard")


def test_a_planner_that_falls_silent_leaves_a_plan_that_can_be_run_again(desk: Desk) -> None:
    silent = desk.planner()
    os.kill(silent, signal.SIGSTOP)
    try:
        lost = desk.plan()
    finally:
        os.kill(silent, signal.SIGCONT)
    assert (lost["state"], lost["code"]) == ("failed", "planner_lost")
    assert all(line["starts_at"] is None for line in lost["lines"])

    desk.say(lost["id"], "retry")

    assert desk.ended(lost["id"])["state"] == "ready"
    desk.say(lost["id"], "discard")


def test_a_planner_that_dies_is_away_until_it_is_back(desk: Desk) -> None:
    dead = desk.planner()
    os.kill(dead, signal.SIGKILL)

    lost = desk.plan()
    until(lambda: desk.planner() != dead, LONG, what="the planner is back")

    def again() -> Any:
        if lost["state"] != "ready":
            desk.say(lost["id"], "retry")
            lost.update(desk.ended(lost["id"]))
        return lost["state"] == "ready"

    until(again, LONG, what="it is planned")
    desk.say(lost["id"], "discard")


def test_a_published_plan_asks_the_planned_lecturers_and_is_filled(desk: Desk) -> None:
    """Last in this file: the lessons are gone from the pile."""
    plan = desk.plan()
    stale, *fine = [one for one in plan["lines"] if one["lecturer_id"]]
    desk.town.post("scheduler", f"/api/booking/lessons/{stale['lesson_id']}/park")

    desk.say(plan["id"], "publish")
    done = desk.ended(plan["id"])
    again = desk.town.call("scheduler", "POST", f"/api/booking/plans/{plan['id']}/publish")

    assert (done["state"], done["placed"], done["skipped"]) == ("published", len(fine), 1)
    outcome = {one["lesson_id"]: one["outcome_code"] for one in done["lines"]}
    assert outcome[stale["lesson_id"]] == "lesson_changed"
    assert (again.status_code, again.json()["type"]) == (409, "wrong_state")
    desk.play.settle()
    asked = {one["lesson_id"]: one["lecturer_id"] for one in desk.play._offers()}
    assert asked == {one["lesson_id"]: one["lecturer_id"] for one in fine}
    desk.play.answer()
    states = {one["id"]: one["state"] for one in desk.play._mine()}
    assert all(states[one["lesson_id"]] in ("confirmed", "unplaced") for one in fine)
    assert desk.town.audit().returncode == 0


def _another(desk: Desk, plan: Any, line: Any) -> str:
    """Somebody else who could give this lesson then."""
    with desk.town.database("booking") as session:
        material = plan_running.material(session, UUID(plan["id"]), at=desk.town.now())
        question = ground_question(material.wanted, material.district)
    with desk.town.database("lecturer") as session:
        said = Ground.model_validate(ground(session, question.model_dump(mode="json")))
    for lesson, found in zip(question.lessons, said.lessons, strict=True):
        if str(lesson.lesson_id) == line["lesson_id"]:
            for slot, at in zip(lesson.slots, found.slots, strict=True):
                for who in at.able:
                    id = str(said.lecturers[who].lecturer_id)
                    same = slot.starts_at.timestamp() == _seconds(line["starts_at"])
                    if same and id != line["lecturer_id"]:
                        return id
    raise AssertionError("nobody else could")


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
