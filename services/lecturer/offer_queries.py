"""Lecturer: what is read about offers, promises and seats; who asks decides how much is shown."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.contracts.booking import Slot
from services.kit import outbox
from services.kit.auth import Caller, Role
from services.kit.numbers import Numbers
from services.kit.web import page
from services.lecturer import speaking
from services.lecturer.held import seat_told
from services.lecturer.models import Assignment, Lecturer, Offer, Seat, Staffing
from services.lecturer.speaking import DISTRICT_WIDE
from services.lecturer.states import ASSIGNMENT, OFFER

Shown = dict[str, Any]
HIS = frozenset({Role.LECTURER})


def offers(
    session: Session,
    *,
    state: str | None,
    lecturer_id: UUID | None,
    lesson_id: UUID | None,
    also: Sequence[ColumnElement[bool]] = (),
    cursor: str | None,
    limit: int,
    by: Caller,
) -> tuple[list[Shown], str | None]:
    """A page of offers, the newest first: a lecturer's own, a school's lessons', the district's;
    of which `also` must be true."""
    chosen = _mine(select(Offer).where(Offer.district == by.district), Offer, by)
    for column, wanted in (
        ("state", state),
        ("lecturer_id", lecturer_id),
        ("lesson_id", lesson_id),
    ):
        if wanted is not None:
            chosen = chosen.where(getattr(Offer, column) == wanted)
    chosen = chosen.where(*also)
    found, following = page(
        session, chosen, by=[col(Offer.id)], cursor=cursor, limit=limit, descending=True
    )
    return shown_offers(session, found, by), following


def offer(session: Session, offer_id: UUID, *, by: Caller) -> Shown:
    """One offer, as far as the caller may know of it."""
    return shown_offers(session, [speaking.offer_for(session, offer_id, by)], by)[0]


def assignments(
    session: Session,
    *,
    state: str | None,
    lecturer_id: UUID | None,
    lesson_id: UUID | None,
    first: datetime | None,
    last: datetime | None,
    also: Sequence[ColumnElement[bool]] = (),
    cursor: str | None,
    limit: int,
    by: Caller,
) -> tuple[list[Shown], str | None]:
    """A page of promises by time, those that end after `first` and start before `last`; of which
    `also` must be true."""
    chosen = _mine(select(Assignment).where(Assignment.district == by.district), Assignment, by)
    for column, wanted in (
        ("state", state),
        ("lecturer_id", lecturer_id),
        ("lesson_id", lesson_id),
    ):
        if wanted is not None:
            chosen = chosen.where(getattr(Assignment, column) == wanted)
    if first is not None:
        chosen = chosen.where(col(Assignment.ends_at) > first)
    if last is not None:
        chosen = chosen.where(col(Assignment.starts_at) < last)
    chosen = chosen.where(*also)
    keys = [col(Assignment.starts_at), col(Assignment.id)]
    found, following = page(session, chosen, by=keys, cursor=cursor, limit=limit)
    return shown_assignments(session, found, by), following


def assignment(session: Session, assignment_id: UUID, *, by: Caller) -> Shown:
    """One promise, as far as the caller may know of it."""
    return shown_assignments(session, [speaking.assignment_for(session, assignment_id, by)], by)[0]


def seat(session: Session, lesson_id: UUID, *, by: Caller) -> Shown:
    """A lesson with its staffing, for the district and the lesson's school."""
    row = speaking.seat_for(session, lesson_id, by)
    zone = Numbers.of(session, row.district).zone
    asked = select(Offer).where(Offer.lesson_id == lesson_id, Offer.revision >= row.revision)
    held = select(Assignment).where(Assignment.lesson_id == lesson_id)
    staff = session.get(Staffing, lesson_id)
    return {
        **_local(_facts(row), zone),
        "lesson": row.body,
        "staffing": _local(_facts(staff), zone) if staff else None,
        "offers": shown_offers(session, session.exec(asked.order_by("sent_at", "id")).all(), by),
        "assignments": shown_assignments(
            session, session.exec(held.order_by("committed_at", "id")).all(), by
        ),
    }


def offer_history(session: Session, offer_id: UUID, *, by: Caller) -> list[Shown]:
    """What happened to one offer, oldest first."""
    return _history(session, [speaking.offer_for(session, offer_id, by).id], by)


def assignment_history(session: Session, assignment_id: UUID, *, by: Caller) -> list[Shown]:
    """What happened to one promise, oldest first."""
    return _history(session, [speaking.assignment_for(session, assignment_id, by).id], by)


def seat_history(session: Session, lesson_id: UUID, *, by: Caller) -> list[Shown]:
    """Everything that happened about a seat, oldest first."""
    speaking.seat_for(session, lesson_id, by)
    asked = session.exec(select(Offer.id).where(Offer.lesson_id == lesson_id)).all()
    held = session.exec(select(Assignment.id).where(Assignment.lesson_id == lesson_id)).all()
    return _history(session, [lesson_id, *asked, *held], by)


def _mine(
    chosen: SelectOfScalar[Any], table: type[Offer] | type[Assignment], by: Caller
) -> SelectOfScalar[Any]:
    by.needs(*DISTRICT_WIDE, Role.TOWNSHIP, Role.LECTURER)
    if by.has(*DISTRICT_WIDE):
        return chosen
    if by.has(Role.TOWNSHIP):
        taught = select(Seat.lesson_id).where(Seat.school_id == by.school_id)
        return chosen.where(col(table.lesson_id).in_(taught))
    return chosen.where(table.lecturer_id == by.lecturer_id)


def shown_offers(session: Session, rows: Sequence[Offer], by: Caller) -> list[Shown]:
    names = _names(session, {row.lecturer_id for row in rows})
    made = select(Assignment.offer_id, Assignment.id).where(
        col(Assignment.offer_id).in_([row.id for row in rows])
    )
    promises = dict(session.exec(made).all())
    zone = Numbers.of(session, by.district).zone
    shown = []
    for row in rows:
        facts = _local(_facts(row), zone)
        facts["counter"] = row.counter and _slot(row.counter, zone)
        facts["seat"] = {**row.seat, "slot": _slot(row.seat["slot"], zone)}
        own, other = _moves(OFFER, row.state, row.lecturer_id, by)
        name = names[row.lecturer_id]
        shown.append(
            {
                **facts,
                "lecturer_name": name,
                "assignment_id": promises.get(row.id),
                "moves": own,
                "moves_on_behalf": other,
            }
        )
    return shown


def shown_assignments(session: Session, rows: Sequence[Assignment], by: Caller) -> list[Shown]:
    names = _names(session, {row.lecturer_id for row in rows})
    wanted = select(Seat).where(col(Seat.lesson_id).in_({row.lesson_id for row in rows}))
    seats = {seat.lesson_id: seat for seat in session.exec(wanted)}
    zone = Numbers.of(session, by.district).zone
    shown = []
    for row in rows:
        told = seat_told(
            seats[row.lesson_id],
            revision=row.revision,
            slot=(row.starts_at.astimezone(zone), row.ends_at.astimezone(zone)),
            place=row.place,
        )
        own, other = _moves(ASSIGNMENT, row.state, row.lecturer_id, by)
        shown.append(
            {
                **_local(_facts(row), zone),
                "seat": told.model_dump(mode="json"),
                "lecturer_name": names[row.lecturer_id],
                "moves": own,
                "moves_on_behalf": other,
            }
        )
    return shown


def _moves(machine: Any, state: str, lecturer_id: UUID, by: Caller) -> tuple[list[str], list[str]]:
    """The URL verbs of the caller's own, and those he may say for the lecturer."""
    himself = by.has(Role.LECTURER) and by.lecturer_id == lecturer_id
    own = machine.open_to(state, by.roles if himself else by.roles - HIS)
    if machine is ASSIGNMENT and by.has(Role.SCHEDULER) and state == "checked_in":
        own = sorted([*own, "handover"])
    speaks = not himself and by.has(Role.SCHEDULER, Role.TOWNSHIP)
    return own, machine.open_to(state, HIS) if speaks else []


def _names(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    named = select(Lecturer.id, Lecturer.name).where(col(Lecturer.id).in_(ids))
    return dict(session.exec(named).all())


def _history(session: Session, keys: Sequence[UUID], by: Caller) -> list[Shown]:
    zone = Numbers.of(session, by.district).zone
    return [
        {
            "subject": row.subject,
            "key": str(row.key),
            "version": row.version,
            "at": row.at.astimezone(zone).isoformat(),
            "by": row.body["data"]["by"],
            "facts": {name: fact for name, fact in row.body["data"].items() if name != "by"},
        }
        for row in outbox.history(session, keys)
    ]


def _facts(row: Offer | Assignment | Seat | Staffing) -> Shown:
    # A state read from the database is its text, not yet the enum.
    return row.model_dump(warnings=False)


def _local(facts: Shown, zone: ZoneInfo) -> Shown:
    return {
        name: fact.astimezone(zone) if isinstance(fact, datetime) else fact
        for name, fact in facts.items()
    }


def _slot(told: dict[str, Any], zone: ZoneInfo) -> Shown:
    slot = Slot.model_validate(told)
    return {
        "starts_at": slot.starts_at.astimezone(zone).isoformat(),
        "ends_at": slot.ends_at.astimezone(zone).isoformat(),
    }
