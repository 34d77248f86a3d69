"""Booking: who may know of what. A foreign school's rows do not exist for a township."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.booking.models import Order
from services.kit import db
from services.kit.auth import Caller, Role
from services.kit.errors import Missing, NotFound, Stale

READERS = (Role.TOWNSHIP, Role.SCHEDULER, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.SYSTEM)
DISTRICT_WIDE = READERS[1:]


def see(by: Caller, district: str, school_id: UUID, *, what: str, id: Any) -> None:
    """403 `role_required` for lecturers; 404 for another district's or another school's rows."""
    by.needs(*READERS)
    foreign = district != by.district
    if not by.has(*DISTRICT_WIDE):
        foreign = foreign or school_id != by.school_id
    if foreign:
        raise NotFound("not_found", what=what, id=str(id))


def order_for(session: Session, order_id: UUID, by: Caller, *, lock: bool = False) -> Order:
    """The letter, as far as the caller may know of it."""
    by.needs(*READERS)
    order = db.get(session, Order, order_id, lock=lock, what="order")
    see(by, order.district, order.school_id, what="order", id=order_id)
    return order


def acting(by: Caller) -> Caller:
    """The service itself, on what this person said: the history keeps the name."""
    return replace(by, roles=frozenset({Role.SYSTEM}))


def check_version(version: int, if_match: int | None) -> None:
    """Changing what exists names its newest version: 428 without, 412 with an older one."""
    if if_match is None:
        raise Missing("if_match_required", version=version)
    if if_match != version:
        raise Stale("version_stale", version=version)
