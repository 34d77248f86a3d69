"""Booking: proposals to teach together or on one way, with both their lessons."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.booking import lesson_queries
from services.booking.grouping_door import visible
from services.booking.grouping_models import Grouping
from services.booking.grouping_states import GroupingState
from services.booking.lesson_queries import Full
from services.booking.models import Lesson
from services.kit.auth import Caller


@dataclass(frozen=True)
class Shown:
    """A proposal with both its lessons."""

    grouping: Grouping
    host: Full
    guest: Full


def groupings(
    by: Caller, *, states: Sequence[GroupingState], kind: str | None, lesson_id: UUID | None
) -> SelectOfScalar[Grouping]:
    """Proposals the caller may know of: a school those in which it has a part."""
    chosen = visible(by)
    if states:
        chosen = chosen.where(col(Grouping.state).in_(states))
    if kind is not None:
        chosen = chosen.where(Grouping.kind == kind)
    if lesson_id is not None:
        about = (col(Grouping.host_id) == lesson_id) | (col(Grouping.guest_id) == lesson_id)
        chosen = chosen.where(about)
    return chosen


def shown(session: Session, rows: Sequence[Grouping]) -> list[Shown]:
    """With their lessons, in two reads."""
    both = lessons_of(session, {id for row in rows for id in (row.host_id, row.guest_id)})
    return [Shown(row, both[row.host_id], both[row.guest_id]) for row in rows]


def lessons_of(session: Session, ids: set[UUID]) -> dict[UUID, Full]:
    rows = session.exec(select(Lesson).where(col(Lesson.id).in_(ids))).all() if ids else []
    return {full.lesson.id: full for full in lesson_queries.full(session, rows)}
