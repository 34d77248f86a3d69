"""Booking: a lesson that is spoken of in a proposal, or shared, has moved: those who go with it are
looked at again.

By the clock, in a transaction of their own: they belong to other letters, whose rows must not be
locked after this one's.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from services.booking.grouping_models import Grouping
from services.booking.grouping_states import LIVE, GroupingState
from services.booking.models import Lesson
from services.kit.db import insert_once
from services.kit.timers import Timer

VERB = "lesson_moved"


def touched(session: Session, lesson: Lesson, *, at: datetime) -> None:
    """Within two seconds: see `groupings.lesson_moved`."""
    about = (col(Grouping.host_id) == lesson.id) | (col(Grouping.guest_id) == lesson.id)
    states = (*LIVE, GroupingState.APPLIED)
    with session.no_autoflush:  # the lesson is written once, by its door
        ids = session.scalars(
            sa.select(col(Grouping.id)).where(about, col(Grouping.state).in_(states))
        ).all()
    soon(session, *ids, at=at)


def soon(session: Session, *ids: UUID, at: datetime) -> None:
    due = {"verb": VERB, "due_at": at, "answer": False, "tries": 0, "not_before": None}
    if ids:
        insert_once(session, Timer, [{"key": id, **due} for id in sorted(ids)])
