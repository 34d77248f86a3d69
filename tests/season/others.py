"""Season: the same problem as the planner had, planned as people do without one."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from services.booking import plan_running
from services.booking.plan_problem import Desk, ground_question
from services.contracts.planning import Ground
from services.lecturer.plan_ground import ground
from services.planner import greedy, neutral
from services.planner.model import Model, build
from services.planner.planning import assignments
from services.planner.problem import Problem
from services.planner.scores import score
from tests.town import Town

FACTOR = 1000  # soft points of one point of weight: whoever can be served is served


class Others(NamedTuple):
    """Weight of the lessons that are not given, of all there is, by each way of planning."""

    weight: int
    first_come: int
    greedy: int


def others(town: Town, plan_id: UUID, at: datetime) -> Others:
    """Before anything of the plan is published."""
    with town.database("booking") as session:
        material = plan_running.material(session, plan_id, at=at)
        question = ground_question(material.wanted, material.district)
    with town.database("lecturer") as session:
        said: dict[str, Any] = ground(session, question.model_dump(mode="json"))
    problem = neutral.read_value(Desk(material.wanted, Ground.model_validate(said)).problem())
    model = build(problem, score(problem, problem.fixed))
    lost = sum(one.weight for one in material.hopeless)
    return Others(
        weight=sum(material.weights.values()),
        first_come=lost + unserved(problem, model, first_come(model)),
        greedy=lost + unserved(problem, model, greedy.regret(model, FACTOR)),
    )


def first_come(model: Model) -> list[int]:
    """Letter after letter: each lesson gets what is cheapest of what is left."""
    desk, lists = greedy.Desk(model), greedy.Lists(model)
    for number in np.argsort(lists.lessons).tolist():
        rows = lists.order[lists.firsts[number] : lists.end[number]]
        alive = rows[desk.alive[rows]]
        if len(alive):
            desk.put(int(alive[np.argmin(desk.cost[alive])]))
            desk.alive[rows] = False
    return desk.rows


def unserved(problem: Problem, model: Model, rows: list[int]) -> int:
    return score(problem, assignments(model, rows)).unserved
