"""Booking: a lesson whose people come to another school's (拼班). It keeps its row and its number,
has no seat and no place of its own, goes where its host goes, and is attested by its own school."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from services.booking import grouping_rules, place_checks
from services.booking.lesson_door import move_lesson, slot_of, tell_lesson
from services.booking.models import Lesson, SiteCopy, Venue
from services.booking.order_door import settle
from services.booking.states import SETTLED
from services.booking.states import LessonState as L
from services.contracts.booking import Place, Slot
from services.kit.auth import Caller, Role
from services.kit.errors import Refusal


def join(session: Session, host: Lesson, guest: Lesson, *, by: Caller, at: datetime) -> Lesson:
    """From now on the guest is where the host is. Both are locked, the host has a place."""
    return move_lesson(
        session,
        guest,
        "join",
        by=by,
        at=at,
        allowed=Role.SYSTEM,
        joined_to=host.id,
        starts_at=host.starts_at,
        ends_at=host.ends_at,
        place=host.place,
        revision=guest.revision + 1,
        agreed_assignment=None,
    )


def follow(session: Session, host: Lesson, guest: Lesson, *, by: Caller, at: datetime) -> None:
    """The guest catches up with the host, and the host with who comes. Both are locked."""
    if guest.state == L.JOINED and guest.joined_to == host.id:
        _catch_up(session, host, guest, by, at)
    coming = _coming(session, host)
    if coming != host.guest_people and host.state not in SETTLED:
        tell_lesson(session, host, "guests_changed", by=by, at=at, guest_people=coming)


def wished_place(session: Session, lesson: Lesson, *, by: Caller) -> dict[str, Any] | None:
    """Where the school itself wished to be."""
    try:
        asked = place_checks.Asked()
        alone = lesson.model_copy(update={"starts_at": None})
        return place_checks.place_asked(session, alone, asked, by=by).model_dump(mode="json")
    except Refusal:
        return None


def _catch_up(session: Session, host: Lesson, guest: Lesson, by: Caller, at: datetime) -> None:
    found = grouping_rules.next_with_host(host, guest, fits=_fits(session, host, guest))
    if found is None:
        return
    verb, facts = found
    if verb == "part":
        facts = {"place": wished_place(session, guest, by=by), "revision": guest.revision + 1}
    move_lesson(session, guest, verb, by=by, at=at, allowed=Role.SYSTEM, **facts)
    if guest.state in SETTLED:
        settle(session, guest.order_id, at=at)


def _fits(session: Session, host: Lesson, guest: Lesson) -> bool:
    """Is the host's time one the guest wished for, and is there room for all?"""
    slot = slot_of(host)
    if slot is None or host.place is None:
        return False
    wishes = [Slot.model_validate(wish) for wish in guest.wishes]
    return grouping_rules.inside(slot, wishes) is not None and _room(session, host)


def _room(session: Session, host: Lesson) -> bool:
    place = Place.model_validate(host.place)
    table = {"venue": Venue, "site": SiteCopy}.get(place.kind)
    if table is None or place.resource_id is None:
        return False
    row: Any = session.get(table, place.resource_id)
    return row is not None and host.attendees + host.guest_people <= row.capacity


def _coming(session: Session, host: Lesson) -> int:
    """How many people of other schools come."""
    session.flush()
    people = session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(col(Lesson.attendees)), 0)).where(
            col(Lesson.joined_to) == host.id, col(Lesson.state) != L.CANCELLED
        )
    )
    return int(people or 0)
