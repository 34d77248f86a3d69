"""Notify: which people a row of the table means."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, or_
from sqlmodel import Session, col, select

from services.contracts.booking import ChangeChanged, LessonChanged, OrderChanged
from services.contracts.lecturer import (
    AppointmentChanged,
    AssignmentChanged,
    LecturerChanged,
    OfferChanged,
    StaffingChanged,
)
from services.kit.auth import Role
from services.kit.event import Event
from services.notify import copies
from services.notify.models import Account
from services.notify.telling import To, other_side


def of(session: Session, to: To, said: Event) -> Sequence[Account]:
    """Active accounts of the event's district, in a fixed order."""
    if to == To.OTHER_SIDE:
        to = other_side(said)
    whom = _whom(session, to, said)
    if whom is None:
        return []
    active = select(Account).where(Account.district == said.district, col(Account.active))
    return session.exec(active.where(whom).order_by("id")).all()


def schedulers(session: Session, district: str) -> Sequence[Account]:
    active = select(Account).where(Account.district == district, col(Account.active))
    return session.exec(active.where(_has(Role.SCHEDULER)).order_by("id")).all()


def _whom(session: Session, to: To, said: Event) -> ColumnElement[bool] | None:
    match to:
        case To.SCHOOL:
            school_id = _school(session, said)
            known = (col(Account.school_id) == school_id) & _has(Role.TOWNSHIP)
            return known if school_id else None
        case To.HOST_SCHOOL | To.GUEST_SCHOOL:
            side = "host_school_id" if to == To.HOST_SCHOOL else "guest_school_id"
            its: UUID | None = getattr(said, side, None)
            return (col(Account.school_id) == its) & _has(Role.TOWNSHIP) if its else None
        case To.GUESTS:
            schools = copies.guests(session, said)
            return col(Account.school_id).in_(schools) & _has(Role.TOWNSHIP) if schools else None
        case To.SCHOOLS:
            return _has(Role.TOWNSHIP)
        case To.LECTURER:
            ids = _lecturers(session, said)
            return col(Account.lecturer_id).in_(ids) if ids else None
        case To.ACCOUNT:
            named: UUID | None = getattr(said, "account_id", None)
            return col(Account.id) == named if named else None
        case To.SUPERVISORS:
            return _has(Role.SUPERVISOR)
        case _:
            return _has(Role.SCHEDULER)


def _has(*roles: Role) -> ColumnElement[bool]:
    # A JSON list of plain words: as text it reads the same on both databases.
    text = cast(col(Account.roles), String)
    return or_(*(text.contains(f'"{role}"') for role in roles))


def _school(session: Session, said: Event) -> UUID | None:
    match said:
        case OrderChanged() | LessonChanged() | ChangeChanged():
            return said.school_id
        case OfferChanged() | AssignmentChanged():
            return said.seat.school_id
        case StaffingChanged():
            lesson = copies.lesson(session, said.key)
            return lesson.school_id if lesson else None
    return None


def _lecturers(session: Session, said: Event) -> list[UUID]:
    match said:
        case OfferChanged() | AssignmentChanged() | AppointmentChanged():
            return [said.lecturer_id]
        case LecturerChanged():
            return [said.key]
        case LessonChanged():
            return [row.lecturer_id for row in copies.seated(session, said.key)]
    return []
