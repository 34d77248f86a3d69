"""Booking: venues and sites held for lessons, under the guard of the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlmodel import Session, col, select

from services.booking.models import PLACE_GUARD, Lesson, PlaceHold, School
from services.booking.states import LessonState
from services.contracts.booking import Place, Slot
from services.kit.auth import Caller, Role
from services.kit.db import insert_once
from services.kit.errors import Conflict
from services.kit.ids import uuid7
from services.kit.timers import Timer

Wanted = tuple[Lesson, Slot, Place]


def hold(session: Session, *wanted: Wanted, by: Caller) -> dict[UUID, UUID]:
    """Hold the venue or site of each lesson, all or none: lesson id -> hold id. Free addresses
    and online lessons need none. 409 `place_taken`, to a scheduler with whose it is.

    Sorted by resource: two callers who want the same two rooms meet at the first one.
    """
    rows: list[dict[str, Any]] = [
        {
            "id": uuid7(),
            "district": lesson.district,
            "resource_id": place.resource_id,
            "lesson_id": lesson.id,
            "starts_at": slot.starts_at,
            "ends_at": slot.ends_at,
            "live": True,
        }
        for lesson, slot, place in wanted
        if place.resource_id is not None
    ]
    if rows:
        rows.sort(key=lambda row: str(row["resource_id"]))
        try:
            with PLACE_GUARD.holding(session, "place_taken"):
                session.execute(insert(PlaceHold), rows)
        except Conflict as conflict:
            raise _taken(session, wanted, by) from conflict
    return {row["lesson_id"]: row["id"] for row in rows}


def _taken(session: Session, wanted: Sequence[Wanted], by: Caller) -> Conflict:
    for lesson, slot, place in wanted:
        other = session.exec(
            select(PlaceHold, Lesson, School)
            .join(Lesson, col(Lesson.id) == col(PlaceHold.lesson_id))
            .join(School, col(School.id) == col(Lesson.school_id))
            .where(col(PlaceHold.live).is_(True), PlaceHold.resource_id == place.resource_id)
            .where(col(PlaceHold.starts_at) < slot.ends_at)
            .where(col(PlaceHold.ends_at) > slot.starts_at)
            .where(PlaceHold.lesson_id != lesson.id)
        ).first()
        if other is None:
            continue
        taken, holder, school = other
        facts: dict[str, Any] = {
            "place": place.name,
            "starts_at": taken.starts_at.isoformat(),
            "ends_at": taken.ends_at.isoformat(),
        }
        if by.has(Role.SCHEDULER):
            facts |= {"lesson_id": str(holder.id), "school_name": school.name}
        return Conflict("place_taken", **facts)
    return Conflict("place_taken")  # whoever held it has let go meanwhile


def is_held(session: Session, lesson: Lesson) -> bool:
    """Is the place of the lesson's slot still its own? True for one that needs none."""
    place = Place.model_validate(lesson.place) if lesson.place else None
    if place is None or lesson.starts_at is None:
        return False
    if place.resource_id is None:
        return True
    mine = select(PlaceHold.id).where(
        PlaceHold.lesson_id == lesson.id,
        PlaceHold.resource_id == place.resource_id,
        PlaceHold.starts_at == lesson.starts_at,
        col(PlaceHold.live).is_(True),
    )
    return session.exec(mine).first() is not None


def drop(
    session: Session,
    lesson: Lesson,
    *,
    at: datetime,
    only: UUID | None = None,
    but: UUID | None = None,
) -> None:
    """Let go of a lesson's holds (only this one; all but this one), and wake who waits for such a
    time. A lesson that lets go of everything frees a lecturer too, wherever it was to be held."""
    mine = select(PlaceHold).where(PlaceHold.lesson_id == lesson.id, col(PlaceHold.live).is_(True))
    if only is not None:
        mine = mine.where(PlaceHold.id == only)
    if but is not None:
        mine = mine.where(PlaceHold.id != but)
    rows = session.exec(mine.order_by("resource_id")).all()
    freed = [Slot(starts_at=row.starts_at, ends_at=row.ends_at) for row in rows]
    if rows:
        gone = col(PlaceHold.id).in_([row.id for row in rows])
        session.execute(update(PlaceHold).where(gone).values(live=False))
    if only is None and but is None and lesson.starts_at is not None and lesson.ends_at is not None:
        freed.append(Slot(starts_at=lesson.starts_at, ends_at=lesson.ends_at))
    wake(session, lesson, [slot for slot in freed if slot.ends_at > at], at=at)


def wake(session: Session, lesson: Lesson, freed: Sequence[Slot], *, at: datetime) -> None:
    """Waitlisted lessons of the district that wished for a freed time are looked at again.

    By the clock, each in a transaction of its own: they belong to other letters, whose rows must
    not be locked after this one's.
    """
    if not freed:
        return
    waiting = session.exec(
        select(Lesson.id, Lesson.wishes)
        .where(Lesson.district == lesson.district, Lesson.state == LessonState.WAITLISTED)
        .where(Lesson.id != lesson.id)
        .order_by(col(Lesson.id))
    ).all()
    for waiting_id, wishes in waiting:
        if any(_overlap(wish, slot) for wish in wishes for slot in freed):
            timer = {"key": waiting_id, "verb": "capacity_found", "due_at": at, "answer": False}
            insert_once(session, Timer, {**timer, "tries": 0, "not_before": None})


def _overlap(wish: dict[str, str], slot: Slot) -> bool:
    starts, ends = (datetime.fromisoformat(wish[name]) for name in ("starts_at", "ends_at"))
    return starts < slot.ends_at and ends > slot.starts_at
