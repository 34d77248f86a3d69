"""Lecturer: what is read about lecturers; who asks decides how much is shown."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col
from sqlmodel import select as rows_of

from services.kit import outbox
from services.kit.auth import Caller, Role
from services.kit.errors import Invalid, NotFound
from services.kit.numbers import Numbers
from services.kit.web import page
from services.lecturer import candidates as choice
from services.lecturer import desk_queries
from services.lecturer.eligibility import Person
from services.lecturer.lecturers import usual_caps
from services.lecturer.models import (
    Appointment,
    Availability,
    CourseCopy,
    Leave,
    Lecturer,
    Offer,
    Qualification,
    Seat,
)
from services.lecturer.people import last_day
from services.lecturer.seeing import DISTRICT_WIDE, lecturer_for, own_or_kept

Shown = dict[str, Any]
DAY = timedelta(days=1)


def lecturers(
    session: Session,
    wanted: Mapping[str, Any],
    *,
    cursor: str | None,
    limit: int,
    by: Caller,
) -> tuple[list[Shown], str | None]:
    """A page of lecturers by code: in full for the district, names for a school, himself for a
    lecturer. `wanted`: pool, status, course_id, q (part of the name, or the code), appointed (has
    a letter valid `at`; False: is active and has none)."""
    by.needs(*DISTRICT_WIDE, Role.TOWNSHIP, Role.LECTURER)
    chosen = rows_of(Lecturer).where(Lecturer.district == by.district)
    if not by.has(*DISTRICT_WIDE, Role.TOWNSHIP):
        chosen = chosen.where(Lecturer.id == by.lecturer_id)
    elif not by.has(*DISTRICT_WIDE):
        chosen = chosen.where(Lecturer.status == "active")
    for name in ("pool", "status"):
        if wanted[name] is not None:
            chosen = chosen.where(getattr(Lecturer, name) == wanted[name])
    if wanted["q"]:
        named = col(Lecturer.name).contains(wanted["q"], autoescape=True)
        chosen = chosen.where(named | (col(Lecturer.code) == wanted["q"].strip().upper()))
    if wanted.get("appointed") is not None:
        today = wanted["at"].astimezone(Numbers.of(session, by.district).zone).date()
        without = desk_queries.letters_of(session, by.district, today=today, days=0).unappointed
        those = col(Lecturer.id).in_(without)
        chosen = chosen.where(~those if wanted["appointed"] else those)
    if wanted["course_id"] is not None:
        able = select(col(Qualification.lecturer_id)).where(
            col(Qualification.course_id) == wanted["course_id"]
        )
        chosen = chosen.where(col(Lecturer.id).in_(able))
    found, following = page(
        session, chosen, by=[col(Lecturer.code), col(Lecturer.id)], cursor=cursor, limit=limit
    )
    return _shown(session, found, by), following


def lecturer(session: Session, id: UUID, *, by: Caller) -> Shown:
    """One lecturer, as far as the caller may know of him."""
    return _shown(session, [lecturer_for(session, id, by)], by)[0]


def qualifications(session: Session, id: UUID, *, by: Caller) -> tuple[list[Shown], int]:
    """The courses he may teach, and the version of his row."""
    row = lecturer_for(session, id, by)
    statement = (
        select(col(Qualification.course_id), col(CourseCopy.code), col(CourseCopy.title))
        .join(CourseCopy, col(CourseCopy.id) == col(Qualification.course_id), isouter=True)
        .where(col(Qualification.lecturer_id) == id)
        .order_by(col(CourseCopy.code), col(Qualification.course_id))
    )
    found = session.execute(statement)
    return [{"id": id, "code": code, "title": title} for id, code, title in found], row.version


def appointments(session: Session, id: UUID, *, by: Caller, at: datetime) -> list[Shown]:
    """His letters, the newest first."""
    row = own_or_kept(session, id, by)
    his = rows_of(Appointment).where(Appointment.lecturer_id == id)
    found = session.exec(his.order_by(col(Appointment.starts_on).desc(), "id"))
    return [_letter(session, one, row, at) for one in found]


def letters(
    session: Session,
    *,
    ends_before: date | None,
    expiring: int | None = None,
    cursor: str | None,
    limit: int,
    by: Caller,
    at: datetime,
) -> tuple[list[Shown], str | None]:
    """A page of all letters; with `ends_before`, those that run out before and are not revoked;
    with `expiring`, those that run out within so many days and nothing follows."""
    by.needs(*DISTRICT_WIDE)
    chosen = rows_of(Appointment).where(Appointment.district == by.district)
    if ends_before is not None:
        chosen = chosen.where(
            col(Appointment.ends_on) < ends_before, col(Appointment.revoked_on).is_(None)
        )
    if expiring is not None:
        today = at.astimezone(Numbers.of(session, by.district).zone).date()
        near = desk_queries.letters_of(session, by.district, today=today, days=expiring)
        chosen = chosen.where(col(Appointment.id).in_(near.expiring))
    found, following = page(session, chosen, by=[col(Appointment.id)], cursor=cursor, limit=limit)
    return letters_shown(session, found, at=at), following


def letters_shown(session: Session, rows: Sequence[Appointment], *, at: datetime) -> list[Shown]:
    """These letters, each with its lecturer's name."""
    ids = {letter.lecturer_id for letter in rows}
    whose = {
        row.id: row for row in session.exec(rows_of(Lecturer).where(col(Lecturer.id).in_(ids)))
    }
    return [_letter(session, one, whose[one.lecturer_id], at) for one in rows]


def letter(session: Session, row: Appointment, *, at: datetime) -> Shown:
    """One letter, as its list shows it."""
    return _letter(session, row, session.get_one(Lecturer, row.lecturer_id), at)


def half_days(session: Session, id: UUID, *, by: Caller) -> Shown:
    """His week."""
    row = own_or_kept(session, id, by)
    found = session.execute(
        select(col(Availability.half_day)).where(col(Availability.lecturer_id) == id)
    )
    return {
        "lecturer_id": id,
        "half_days": sorted(half for (half,) in found),
        "version": row.version,
    }


def leave(session: Session, id: UUID, *, by: Caller) -> list[Shown]:
    """His leave, undone ones too, the newest first."""
    own_or_kept(session, id, by)
    newest = rows_of(Leave).where(Leave.lecturer_id == id).order_by(col(Leave.starts_at).desc())
    return [leave_shown(session, row) for row in session.exec(newest.limit(100))]


def leave_shown(session: Session, row: Leave) -> Shown:
    """A leave in local time."""
    zone = Numbers.of(session, row.district).zone
    instants = {name: getattr(row, name) for name in ("starts_at", "ends_at", "undone_at")}
    local = {name: moment and moment.astimezone(zone) for name, moment in instants.items()}
    return {**row.model_dump(exclude={"district"}), **local}


def history(session: Session, id: UUID, *, by: Caller) -> list[Shown]:
    """What happened to him and to his letters, oldest first."""
    row = own_or_kept(session, id, by)
    zone = Numbers.of(session, row.district).zone
    mine = select(col(Appointment.id)).where(col(Appointment.lecturer_id) == id)
    keys = [id, *session.execute(mine).scalars()]
    return [
        {
            "subject": happened.subject,
            "key": str(happened.key),
            "version": happened.version,
            "at": happened.at.astimezone(zone).isoformat(),
            "by": happened.body["data"]["by"],
            "facts": {k: v for k, v in happened.body["data"].items() if k != "by"},
        }
        for happened in outbox.history(session, keys)
    ]


def candidates(
    session: Session,
    lesson_id: UUID,
    *,
    waive: Collection[str] = (),
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    by: Caller,
) -> Shown:
    """Who may take a seat and who may not; for those who find somebody for it."""
    by.needs(*DISTRICT_WIDE)
    seat = session.get(Seat, lesson_id)
    if seat is None or seat.district != by.district:
        raise NotFound("not_found", what="seat", id=str(lesson_id))
    slot = _slot(starts_at, ends_at)
    found = choice.of_seat(session, seat, waive=frozenset(waive), slot=slot)
    offers = asked(session, seat)
    zone = Numbers.of(session, seat.district).zone
    first, last = slot or (seat.starts_at, seat.ends_at)
    return {
        "lesson_id": lesson_id,
        "revision": seat.revision,
        "starts_at": first and first.astimezone(zone),
        "ends_at": last and last.astimezone(zone),
        "items": [
            {
                **_name(one.person),
                "rank": rank,
                "score": one.score,
                "terms": one.terms,
                "warnings": one.warnings,
                "offer": offers.get(one.person.id),
            }
            for rank, one in enumerate(found.ranked, 1)
        ],
        "excluded": [{**_name(out.person), "reasons": out.reasons} for out in found.excluded],
        "counts": found.counts(),
    }


def asked(session: Session, seat: Seat) -> dict[UUID, str]:
    """How the newest offer of each lecturer for this revision stands."""
    statement = (
        select(col(Offer.lecturer_id), col(Offer.state))
        .where(col(Offer.lesson_id) == seat.lesson_id, col(Offer.revision) == seat.revision)
        .order_by(col(Offer.id))
    )
    return {lecturer_id: str(state) for lecturer_id, state in session.execute(statement)}


def _slot(starts_at: datetime | None, ends_at: datetime | None) -> tuple[datetime, datetime] | None:
    if starts_at is None and ends_at is None:
        return None
    if starts_at is None or ends_at is None or not timedelta() < ends_at - starts_at <= DAY:
        raise Invalid("slot_invalid")
    return starts_at, ends_at


def _name(person: Person) -> Shown:
    return {
        "lecturer_id": person.id,
        "code": person.code,
        "name": person.name,
        "pool": person.pool,
    }


def _letter(session: Session, row: Appointment, whose: Lecturer, at: datetime) -> Shown:
    """A letter with what it is worth today."""
    today = at.astimezone(Numbers.of(session, row.district).zone).date()
    until = last_day(row.ends_on, row.revoked_on)
    if until >= today:
        status = "to_come" if row.starts_on > today else "valid"
    else:
        status = "lapsed" if row.revoked_on is None else "revoked"
    return {
        **row.model_dump(exclude={"district"}),
        "lecturer_name": whose.name,
        "valid_until": until,
        "status": status,
    }


def _shown(session: Session, rows: Sequence[Lecturer], by: Caller) -> list[Shown]:
    ids = [row.id for row in rows]
    courses = _courses(session, ids)
    if not by.has(*DISTRICT_WIDE, Role.LECTURER):
        names = [row.model_dump(include={"id", "name", "pool"}) for row in rows]
        return [{**name, "courses": courses.get(name["id"], [])} for name in names]
    until = _appointed(session, ids)
    return [
        {
            **row.model_dump(exclude={"district"}),
            "caps": {
                cap: {"usual": usual, "limit": usual, **row.caps.get(cap, {})}
                for cap, usual in usual_caps(session, row).items()
            },
            "courses": courses.get(row.id, []),
            "appointed_until": until.get(row.id),
        }
        for row in rows
    ]


def _courses(session: Session, ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    statement = select(col(Qualification.lecturer_id), col(Qualification.course_id))
    chosen = statement.where(col(Qualification.lecturer_id).in_(ids))
    for lecturer_id, course_id in session.execute(chosen.order_by(col(Qualification.course_id))):
        found.setdefault(lecturer_id, []).append(course_id)
    return found


def _appointed(session: Session, ids: Collection[UUID]) -> dict[UUID, date]:
    statement = (
        select(col(Appointment.lecturer_id), func.max(col(Appointment.ends_on)))
        .where(col(Appointment.lecturer_id).in_(ids), col(Appointment.revoked_on).is_(None))
        .group_by(col(Appointment.lecturer_id))
    )
    return {lecturer_id: ends_on for lecturer_id, ends_on in session.execute(statement)}
