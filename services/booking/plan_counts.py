"""Booking: how many lessons of a plan are served, pinned, left out, placed or skipped."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from services.booking.plan_models import PlanLine

PLACED, SKIPPED = "placed", "skipped"  # what publishing made of a line


@dataclass(frozen=True)
class Counts:
    """Of the lines of a plan."""

    lessons: int = 0
    served: int = 0
    pinned: int = 0
    left_out: int = 0
    placed: int = 0
    skipped: int = 0


def counts(session: Session, ids: Sequence[UUID]) -> dict[UUID, Counts]:
    """Of several plans in one query."""
    line = PlanLine

    def many(*where: Any) -> Any:
        return sa.func.sum(sa.case((sa.and_(*where), 1), else_=0))

    rows = session.execute(
        sa.select(
            col(line.plan_id),
            sa.func.count(),
            many(col(line.starts_at).is_not(None)),
            many(col(line.pinned).is_(True)),
            many(col(line.left_out).is_(True)),
            many(col(line.outcome) == PLACED),
            many(col(line.outcome) == SKIPPED),
        )
        .where(col(line.plan_id).in_(ids))
        .group_by(col(line.plan_id))
    )
    return {row[0]: Counts(*(int(n) for n in row[1:])) for row in rows}


def skipped_why(session: Session, plan_id: UUID) -> dict[str, int]:
    """Code of the refusal -> number of lessons that publishing left where they were."""
    code = col(PlanLine.outcome_code)
    rows = session.execute(
        sa.select(code, sa.func.count())
        .where(col(PlanLine.plan_id) == plan_id, col(PlanLine.outcome) == SKIPPED)
        .group_by(code)
        .order_by(code)
    )
    return {str(code): int(n) for code, n in rows}
