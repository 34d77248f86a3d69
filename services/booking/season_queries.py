"""Booking: what is read of seasons, for the district or for one school, in a constant number of
reads. A draft of the allocation is nobody's business but the district's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import mean
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from services.booking import ledger, plans, season_lessons, seasons
from services.booking.lesson_queries import Full, full
from services.booking.models import Lesson
from services.booking.plan_models import Plan, PlanLine
from services.booking.plan_states import PlanState
from services.booking.season_models import Season
from services.booking.season_states import SEASON, SHUT, SeasonState
from services.booking.seeing import DISTRICT_WIDE, READERS
from services.booking.states import LessonState
from services.kit.auth import Caller
from services.kit.numbers import Numbers

GONE = (PlanState.FAILED, PlanState.DISCARDED)


@dataclass(frozen=True)
class Figures:
    """How many lessons the caller may know of: collected, of them not reviewed yet; and of its
    plan: all, given in it, placed."""

    lessons: int = 0
    unreviewed: int = 0
    plan_id: UUID | None = None
    plan_state: str | None = None
    planned: int = 0
    placed: int = 0


@dataclass
class Share:
    """Of one school or course. `before`: what the school had been given when it came to allocating
    (so far, while it has not); `after`: with what this season gives it."""

    id: UUID
    name: str
    code: str = ""
    lessons: int = 0
    unreviewed: int = 0
    given: int = 0
    before: int = 0

    @property
    def after(self) -> int:
        return self.before + self.given


@dataclass(frozen=True)
class Whole:
    season: Season
    figures: Figures
    schools: list[Share]
    courses: list[Share]
    average_before: float
    lines: list[tuple[Full, PlanLine | None]] = field(default_factory=list)


def all_seasons(
    session: Session,
    *,
    states: Sequence[SeasonState],
    current: bool,
    by: Caller,
    at: datetime,
) -> SelectOfScalar[Season]:
    """`current`: those that collect or are about to be allocated, and allocated ones whose days
    are not over."""
    by.needs(*READERS)
    chosen = select(Season).where(Season.district == by.district)
    if states:
        chosen = chosen.where(col(Season.state).in_(states))
    if current:
        today = at.astimezone(Numbers.of(session, by.district).zone).date()
        lasting = sa.and_(col(Season.state) == SeasonState.ALLOCATED, col(Season.last_on) >= today)
        chosen = chosen.where(or_(col(Season.state).in_(SHUT), lasting))
    return chosen


def figures(session: Session, rows: Sequence[Season], *, by: Caller) -> dict[UUID, Figures]:
    """Of several seasons; a township is told of its own lessons, and of a plan when it is out."""
    own = _own(by)
    waiting = [row for row in rows if row.state in SHUT]
    collected = season_lessons.collected(session, waiting, school_id=own)
    found_plans = _plans(session, rows, by)
    counted = _counted(session, [id for id, _ in found_plans.values()], own)
    found = {}
    for row in rows:
        mine = collected.get(row.id, [])
        plan_id, state = found_plans.get(row.id, (None, None))
        many, planned, placed = counted.get(plan_id, (0, 0, 0)) if plan_id else (0, 0, 0)
        found[row.id] = Figures(
            lessons=len(mine) if row.state in SHUT else many,
            unreviewed=sum(one.state == LessonState.REQUESTED for one in mine),
            plan_id=plan_id,
            plan_state=state,
            planned=planned,
            placed=placed,
        )
    return found


def whole(session: Session, season_id: UUID, *, by: Caller, at: datetime) -> Whole:
    """A season with its schools, courses and, for a township, its own lessons."""
    season = seasons.find(session, season_id, by=by)
    own, known = _own(by), figures(session, [season], by=by)[season.id]
    lines = _lines(session, season, known.plan_id, own)
    schools, average = _schools(session, season, by, at)
    courses: dict[UUID, Share] = {}
    for of, line in lines:
        lesson, given = of.lesson, _given(season, line)
        title = (of.line.snapshot or {}).get("title", "")
        course = courses.setdefault(
            lesson.course_id, Share(lesson.course_id, title, of.line.course_code)
        )
        school = schools.setdefault(lesson.school_id, Share(lesson.school_id, of.school_name))
        for share in (course, school):
            share.lessons += 1
            share.unreviewed += lesson.state == LessonState.REQUESTED
            share.given += given
    return Whole(
        season,
        known,
        sorted(schools.values(), key=lambda one: (not one.lessons, one.before, one.name)),
        sorted(courses.values(), key=lambda one: (-one.lessons, one.code)),
        average,
        lines if own else [],
    )


def moves(season: Season, by: Caller) -> list[str]:
    return SEASON.open_to(SeasonState(season.state), by.roles)


def _own(by: Caller) -> UUID | None:
    """The school the caller is held to."""
    return None if by.has(*DISTRICT_WIDE) else by.school_id


def _plans(session: Session, rows: Sequence[Season], by: Caller) -> dict[UUID, tuple[UUID, str]]:
    """The plan of each season: the published one, before that the newest that stands."""
    ids = [row.id for row in rows if row.state not in (SeasonState.CANCELLED,)]
    published = {row.id: row.plan_id for row in rows}
    chosen = (
        sa.select(col(Plan.season_id), col(Plan.id), col(Plan.state))
        .where(col(Plan.season_id).in_(ids), col(Plan.state).not_in(GONE))
        .order_by(col(Plan.created_at), col(Plan.id))
    )
    found: dict[UUID, tuple[UUID, str]] = {}
    for season_id, id, state in session.execute(chosen):
        if published[season_id] in (None, id):
            found[season_id] = (id, str(state))
    if _own(by) is None:
        return found
    return {id: plan for id, plan in found.items() if published[id] is not None}


def _counted(
    session: Session, plan_ids: Sequence[UUID], own: UUID | None
) -> dict[UUID, tuple[int, int, int]]:
    def many(*where: Any) -> Any:
        return sa.func.sum(sa.case((sa.and_(*where), 1), else_=0))

    chosen = (
        sa.select(
            col(PlanLine.plan_id),
            sa.func.count(),
            many(col(PlanLine.starts_at).is_not(None)),
            many(col(PlanLine.outcome) == "placed"),
        )
        .join(Lesson, col(Lesson.id) == col(PlanLine.lesson_id))
        .where(col(PlanLine.plan_id).in_(plan_ids))
        .group_by(col(PlanLine.plan_id))
    )
    if own is not None:
        chosen = chosen.where(col(Lesson.school_id) == own)
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in session.execute(chosen)}


def _lines(
    session: Session, season: Season, plan_id: UUID | None, own: UUID | None
) -> list[tuple[Full, PlanLine | None]]:
    """The lessons of a season, with what its plan makes of them."""
    of_plan: Mapping[UUID, PlanLine] = {}
    if plan_id is not None:
        of_plan = {line.lesson_id: line for line in plans.lines_of(session, plan_id)}
    ids = [*of_plan]
    if season.state in SHUT:
        ids = [one.lesson_id for one in season_lessons.collected(session, [season])[season.id]]
    chosen = select(Lesson).where(col(Lesson.id).in_(ids))
    if own is not None:
        chosen = chosen.where(Lesson.school_id == own)
    rows = session.exec(chosen.order_by(col(Lesson.created_at), col(Lesson.id))).all()
    return [(one, of_plan.get(one.lesson.id)) for one in full(session, rows)]


def _given(season: Season, line: PlanLine | None) -> bool:
    """In the plan; once that is out, placed."""
    if line is None or line.starts_at is None:
        return False
    return season.state != SeasonState.ALLOCATED or line.outcome == "placed"


def _schools(
    session: Session, season: Season, by: Caller, at: datetime
) -> tuple[dict[UUID, Share], float]:
    """The schools the caller may know of, with what each has been given so far."""
    year = at.astimezone(Numbers.of(session, by.district).zone).year
    known = ledger.ledger(session, year=year, by=by)
    frozen = {UUID(id): int(many) for id, many in season.served_before.items()}
    found = {
        one["school_id"]: Share(
            one["school_id"],
            one["school_name"],
            before=frozen.get(one["school_id"], 0) if frozen else one["served"],
        )
        for one in known["items"]
    }
    average = round(mean(frozen.values()), 1) if frozen else known["average"]["served"]
    return found, float(average)
