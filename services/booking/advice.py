"""Booking: warnings about a letter. The scheduler may overrule them; nobody is stopped."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.booking import mix
from services.booking.checks import Ground
from services.booking.models import Lesson, Order, OrderLine
from services.booking.states import LessonState
from services.contracts.catalog import CourseVersion
from services.kit.numbers import Numbers


def warnings(
    session: Session, order: Order, lines: Sequence[OrderLine], on: Ground
) -> list[dict[str, Any]]:
    """What the scheduler may overrule: prerequisites, theory share, another school's venue."""
    versions = [(line, version) for line in lines if (version := on.version(line))]
    found: list[dict[str, Any]] = []
    heard = _heard(session, order, [v for _, v in versions]) | {line.course_id for line in lines}
    for line, version in versions:
        if version.prerequisite_id and version.prerequisite_id not in heard:
            facts = {"course_id": str(version.prerequisite_id)}
            found.append({"line": line.position, "code": "prerequisite_missing", **facts})
        venue = on.venues.get(line.venue_id) if line.venue_id else None
        if venue is not None and venue.school_id != order.school_id:
            found.append({"line": line.position, "code": "venue_of_another_school"})
    if share := _theory_share([v for _, v in versions], on.numbers):
        found.append({"line": None, "code": "theory_share", **share})
    return found


def _theory_share(versions: Sequence[CourseVersion], numbers: Numbers) -> dict[str, str] | None:
    """How far political theory is from its share of hours, when a letter of this size could come
    closer."""
    shares = mix.meter([(v.category, v.class_hours) for v in versions], numbers)
    if shares.best_reachable is None:
        return None
    theory = shares.hours.shares["political_theory"]
    wanted = shares.targets["political_theory"]
    if abs(theory - wanted) <= max(shares.tolerance, shares.best_reachable):
        return None
    return {"percent": str(theory), "wanted": str(wanted)}


def _heard(session: Session, order: Order, versions: Sequence[CourseVersion]) -> set[UUID]:
    """Which of the prerequisites the school has had, or is going to have."""
    wanted = {v.prerequisite_id for v in versions if v.prerequisite_id}
    if not wanted:
        return set()
    return set(
        session.exec(
            select(Lesson.course_id)
            .where(Lesson.school_id == order.school_id)
            .where(col(Lesson.course_id).in_(wanted))
            .where(col(Lesson.state).not_in([LessonState.CANCELLED, LessonState.WRITTEN_OFF]))
        ).all()
    )
