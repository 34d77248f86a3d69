"""Lecturer: many letters of appointment renewed at once (批量续聘), all or none."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from services.kit.auth import Caller
from services.kit.db import insert_many
from services.kit.errors import Conflict, Invalid, NotFound
from services.kit.ids import uuid7
from services.kit.numbers import Numbers
from services.kit.outbox import tell
from services.kit.timers import Timer
from services.lecturer import appointments
from services.lecturer.models import Appointment, Lecturer
from services.lecturer.people import last_day
from services.lecturer.seeing import KEEPERS


def renew_many(
    session: Session,
    *,
    letters: Sequence[tuple[UUID, str]],
    ends_on: date | None = None,
    scope: str | None = None,
    by: Caller,
    at: datetime,
) -> list[Appointment]:
    """The letters that follow these, each under the number given for it, in the same few queries
    however many they are. One that cannot be renewed refuses all: 404, 409 `number_taken`,
    `renewed_already`, 422 `letter_repeated`, `term_invalid`."""
    by.needs(*KEEPERS)
    ids, numbers = [id for id, _ in letters], [number for _, number in letters]
    if len(set(ids)) < len(ids):
        raise Invalid("letter_repeated")
    if len(set(numbers)) < len(numbers):
        raise Conflict("number_taken", number=next(n for n in numbers if numbers.count(n) > 1))
    old = _locked(session, ids, by)
    _check_numbers(session, numbers, by.district)
    _check_unrenewed(session, ids, old)
    of_district = Numbers.of(session, by.district)
    today = at.astimezone(of_district.zone).date()
    rows = []
    for id, number in letters:
        before = old[id]
        ended = last_day(before.ends_on, before.revoked_on)
        starts_on = max(ended + timedelta(days=1), today)
        until = ends_on or appointments.usual_end(starts_on, of_district)
        appointments.check_term(starts_on, until)
        rows.append(
            Appointment(
                id=uuid7(),
                lecturer_id=before.lecturer_id,
                district=before.district,
                number=number,
                scope=before.scope if scope is None else scope,
                starts_on=starts_on,
                ends_on=until,
                renews_id=id,
                version=1,
            )
        )
    insert_many(session, Appointment, [row.model_dump() for row in rows])
    _say(session, rows, by=by, at=at)
    return rows


def _locked(session: Session, ids: Sequence[UUID], by: Caller) -> dict[UUID, Appointment]:
    """The letters, locked by id, their lecturers before them, as renewing one does."""
    mine = select(Appointment.lecturer_id).where(
        col(Appointment.id).in_(ids), Appointment.district == by.district
    )
    whose = select(Lecturer.id).where(col(Lecturer.id).in_(mine)).order_by("id")
    session.exec(whose.with_for_update(key_share=True)).all()
    chosen = select(Appointment).where(
        col(Appointment.id).in_(ids), Appointment.district == by.district
    )
    found = {row.id: row for row in session.exec(chosen.order_by("id").with_for_update())}
    if unknown := [id for id in ids if id not in found]:
        raise NotFound("not_found", what="appointment", id=str(unknown[0]))
    return found


def _check_numbers(session: Session, numbers: Sequence[str], district: str) -> None:
    same = select(Appointment.number).where(
        col(Appointment.number).in_(numbers), Appointment.district == district
    )
    if (taken := session.exec(same.order_by("number")).first()) is not None:
        raise Conflict("number_taken", number=taken)


def _check_unrenewed(session: Session, ids: Sequence[UUID], old: dict[UUID, Appointment]) -> None:
    after = select(Appointment).where(col(Appointment.renews_id).in_(ids))
    following = session.exec(after.order_by("id")).first()
    if following is not None and following.renews_id is not None:
        number = old[following.renews_id].number
        raise Conflict("renewed_already", number=number, by=following.number)


def _say(session: Session, rows: Sequence[Appointment], *, by: Caller, at: datetime) -> None:
    """Each new letter is told, and watched by the clock."""
    numbers = Numbers.of(session, by.district)
    days = [int(one) for one in numbers.list("appointment_notice_days")]
    named = select(Lecturer.id, Lecturer.name).where(
        col(Lecturer.id).in_({row.lecturer_id for row in rows})
    )
    names = dict(session.exec(named).all())
    tell(
        session,
        *(appointments.said(row, names[row.lecturer_id], "changed", by=by, at=at) for row in rows),
    )
    watched = [
        {
            "key": row.id,
            "verb": verb,
            "due_at": due,
            "answer": False,
            "tries": 0,
            "not_before": None,
        }
        for row in rows
        for verb, due in appointments.deadlines(
            row.ends_on, zone=numbers.zone, days_before=days, at=at
        ).items()
    ]
    if watched:
        insert_many(session, Timer, watched)
