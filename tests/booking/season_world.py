"""Booking's tests: seasons in any state, and lessons that wish for their days."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.booking import plan_publishing, plan_running, plans, seasons
from services.booking.models import Lesson
from services.booking.plan_answer import Answer, Served
from services.booking.plan_models import Plan
from services.booking.plan_rules import Options
from services.booking.season_models import Season
from services.contracts.booking import Slot
from tests.booking.lesson_world import DAY, LI, NOON, SCHEDULER, TUESDAY, a_lesson

FIRST, LAST = date(2026, 11, 30), date(2026, 12, 31)
CLOSES = NOON + 3 * DAY
AFTER = CLOSES + DAY


def a_season(session: Session, *, at: datetime = NOON, **facts: Any) -> Season:
    usual: dict[str, Any] = {"name": "十二月征集", "first_on": FIRST, "last_on": LAST}
    known = {**usual, "closes_at": CLOSES, **facts}
    return seasons.open(session, **known, by=SCHEDULER, at=at)


def closed(session: Session, **facts: Any) -> Season:
    season = a_season(session, **facts)
    return seasons.close(session, season.id, by=SCHEDULER, at=NOON)


def allocating(session: Session, **facts: Any) -> tuple[Season, Plan]:
    season = closed(session, **facts)
    return seasons.allocate(session, season.id, options=Options(), by=SCHEDULER, at=NOON)


def planned(session: Session, plan: Plan, *served: Lesson) -> Plan:
    """The planner answers: these on their first wish, all by Li; the others by nobody."""
    plan_running.begin(session, plan.id, real=NOON)
    material = plan_running.material(session, plan.id, at=NOON)
    given = {one.id: Served(LI, "示例讲师", _wish(one)) for one in served}
    why = {"headline": "week_cap", "counts": {"week_cap": 3}, "took": [], "change": None}
    lost = [one.lesson.id for one in material.wanted.lessons if one.lesson.id not in given]
    figures: dict[str, Any] = {"unserved": 0, "soft": 0, "bound_unserved": 0, "bound_soft": 0}
    answer = Answer(
        served=given, why=dict.fromkeys(lost, why), status="optimal", **figures, terms={}
    )
    plan_running.finish(session, plan.id, material, answer, compared={}, seconds=1, at=NOON)
    session.expire_all()
    return session.get_one(Plan, plan.id)


def published(session: Session, plan: Plan) -> Plan:
    plans.publish(session, plan.id, by=SCHEDULER, at=NOON)
    while not plan_publishing.publish_some(session, plan.id, most=2, at=NOON):
        pass
    return session.get_one(Plan, plan.id)


def weights(session: Session, plan_id: UUID) -> dict[UUID, int]:
    return plan_running.material(session, plan_id, at=NOON).weights


def wishing(session: Session, *wishes: Slot, **facts: Any) -> Lesson:
    plain = [wish.model_dump(mode="json") for wish in wishes or (TUESDAY,)]
    return a_lesson(session, wishes=plain, **facts)


def _wish(lesson: Lesson) -> datetime:
    return Slot.model_validate(lesson.wishes[0]).starts_at
