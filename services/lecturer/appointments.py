"""Lecturer: letters of appointment (聘任书): issued, corrected, renewed, revoked, running out."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from services.contracts.lecturer import AppointmentChanged
from services.kit import clock, db, timers
from services.kit.auth import Caller, timer
from services.kit.errors import Conflict, Invalid, NotFound
from services.kit.ids import uuid7
from services.kit.numbers import Numbers
from services.kit.outbox import tell
from services.lecturer import losses
from services.lecturer import substitutes as standing_in
from services.lecturer.models import Appointment, Assignment, Lecturer
from services.lecturer.people import last_day
from services.lecturer.seeing import KEEPERS, check_version, kept
from services.lecturer.substitutes import NOBODY_NAMED, Substitutes

NOTICE, LAPSE = "appointment_notice", "appointment_lapse"
IN_THE_MORNING = time(9)  # when a notice goes out, local time
LONGEST_YEARS = 10


def put(
    session: Session,
    lecturer_id: UUID,
    id: UUID,
    *,
    number: str,
    scope: str,
    starts_on: date,
    ends_on: date | None,
    force: bool = False,
    if_match: int | None,
    by: Caller,
    at: datetime,
) -> Appointment:
    """Issue a letter, or correct one. Without a last day the district's usual term (24 months).

    A correction that takes days away is refused (`holds_lessons`) while he has promised lessons
    on them, unless forced.
    """
    lecturer = kept(session, lecturer_id, by)
    last = ends_on or usual_end(starts_on, Numbers.of(session, by.district))
    check_term(starts_on, last)
    _check_number(session, id, number, by.district)
    facts = {"number": number, "scope": scope, "starts_on": starts_on, "ends_on": last}
    row = session.get(Appointment, id, with_for_update=True, populate_existing=True)
    if row is None:
        row = _new(session, lecturer, id, facts)
        _changed(session, row, lecturer, by=by, at=at)
        return row
    if row.lecturer_id != lecturer_id:
        raise NotFound("not_found", what="appointment", id=str(id))
    check_version(row.version, if_match)
    _check_valid(row)
    bare = _bare(session, lecturer, instead_of=row, term=(starts_on, last), at=at)
    losses.check(session, lecturer, bare, force=force, by=by)
    row.sqlmodel_update(facts)
    _changed(session, row, lecturer, by=by, at=at)
    losses.take_away(session, lecturer, bare, code="appointment_shortened", by=by, at=at)
    losses.settle_offers(session, lecturer, by=by, at=at)
    return row


def renew(
    session: Session,
    id: UUID,
    *,
    number: str,
    scope: str | None = None,
    ends_on: date | None = None,
    by: Caller,
    at: datetime,
) -> Appointment:
    """The letter that follows: from the day after, or from today when the old one has ended."""
    old, lecturer = _kept(session, id, by)
    numbers = Numbers.of(session, by.district)
    today = at.astimezone(numbers.zone).date()
    starts_on = max(last_day(old.ends_on, old.revoked_on) + timedelta(days=1), today)
    last = ends_on or usual_end(starts_on, numbers)
    check_term(starts_on, last)
    _check_number(session, None, number, by.district)
    facts = {
        "number": number,
        "scope": old.scope if scope is None else scope,
        "starts_on": starts_on,
        "ends_on": last,
        "renews_id": old.id,
    }
    row = _new(session, lecturer, uuid7(), facts)
    _changed(session, row, lecturer, by=by, at=at)
    return row


def revoke(
    session: Session,
    id: UUID,
    *,
    reason: str,
    on: date | None = None,
    force: bool = False,
    substitutes: Substitutes = NOBODY_NAMED,
    by: Caller,
    at: datetime,
) -> Appointment:
    """No longer valid from today or from a later day on. 409 `holds_lessons` while he has promised
    lessons that no other letter covers, unless forced; whoever is named for them is asked first
    (409 `not_eligible`)."""
    row, lecturer = _kept(session, id, by)
    on = ends_from(session, row, on, at)
    bare = bare_from(session, row, lecturer, on=on, at=at)
    losses.check(session, lecturer, bare, force=force, by=by)
    standing_in.check(session, lecturer, bare, substitutes, by=by, at=at)
    row.revoked_on, row.revoke_reason = on, reason
    _changed(session, row, lecturer, by=by, at=at)
    losses.take_away(
        session,
        lecturer,
        bare,
        code="appointment_revoked",
        chosen=substitutes,
        by=by,
        at=at,
    )
    losses.settle_offers(session, lecturer, by=by, at=at)
    return row


def ends_from(session: Session, row: Appointment, on: date | None, at: datetime) -> date:
    """From which day on it would not be valid: today, or the later day that is asked for."""
    _check_valid(row)
    today = at.astimezone(Numbers.of(session, row.district).zone).date()
    on = on or today
    if on < today:
        raise Invalid("in_the_past", on=str(on))
    if on > row.ends_on:
        raise Conflict("appointment_ends_before", ends_on=str(row.ends_on))
    return on


def bare_from(
    session: Session, row: Appointment, lecturer: Lecturer, *, on: date, at: datetime
) -> losses.Promises:
    """What he promised on days no letter would cover, if this one were valid no more from a day
    on."""
    term = (row.starts_on, last_day(row.ends_on, on))
    return _bare(session, lecturer, instead_of=row, term=term, at=at)


def notice(session: Session, id: UUID, at: datetime) -> None:
    """60, 30 and 7 days before the end, as long as no other letter follows."""
    row = db.get(session, Appointment, id, lock=True)
    lecturer = db.get(session, Lecturer, row.lecturer_id)
    zone = Numbers.of(session, row.district).zone
    if not _followed(session, row):
        last = last_day(row.ends_on, row.revoked_on)
        left = (last - at.astimezone(zone).date()).days
        _tell(session, row, lecturer, "expiring", days_left=left, by=timer(row.district), at=at)
    _watch(session, row, at)


def lapse(session: Session, id: UUID, at: datetime) -> None:
    """The day after the last one, as long as no other letter follows."""
    row = db.get(session, Appointment, id, lock=True)
    lecturer = db.get(session, Lecturer, row.lecturer_id)
    if not _followed(session, row):
        _tell(session, row, lecturer, "lapsed", days_left=0, by=timer(row.district), at=at)


TIMERS = {NOTICE: notice, LAPSE: lapse}


def deadlines(
    ends_on: date, *, zone: ZoneInfo, days_before: list[int], at: datetime
) -> dict[str, datetime]:
    """Pure: the next notice and the lapse of a letter that ends on this day; none once it has."""
    over = clock.midnight(ends_on + timedelta(days=1), zone)
    if over <= at:
        return {}
    notices = [
        datetime.combine(ends_on - timedelta(days=days), IN_THE_MORNING, zone).astimezone(UTC)
        for days in days_before
    ]
    to_come = [moment for moment in notices if moment > at]
    return ({NOTICE: min(to_come)} if to_come else {}) | {LAPSE: over}


def _kept(session: Session, id: UUID, by: Caller) -> tuple[Appointment, Lecturer]:
    """The letter and its lecturer, his row locked first, as accepting an offer does."""
    by.needs(*KEEPERS)
    found = db.get(session, Appointment, id)
    if found.district != by.district:
        raise NotFound("not_found", what="appointment", id=str(id))
    lecturer = kept(session, found.lecturer_id, by)
    return db.get(session, Appointment, id, lock=True), lecturer


def _new(session: Session, lecturer: Lecturer, id: UUID, facts: dict[str, Any]) -> Appointment:
    row = Appointment(
        id=id, lecturer_id=lecturer.id, district=lecturer.district, version=0, **facts
    )
    session.add(row)
    return row


def _changed(
    session: Session, row: Appointment, lecturer: Lecturer, *, by: Caller, at: datetime
) -> None:
    _tell(session, row, lecturer, "changed", by=by, at=at)
    _watch(session, row, at)


def _tell(session: Session, row: Appointment, lecturer: Lecturer, fact: str, **facts: Any) -> None:
    """The one door of a letter's row: the next version, and what happened."""
    row.version += 1
    session.flush()
    tell(session, said(row, lecturer.name, fact, **facts))


def said(row: Appointment, lecturer_name: str, fact: str, **facts: Any) -> AppointmentChanged:
    """Pure: a letter as others are told of it."""
    by: Caller = facts.pop("by")
    return AppointmentChanged(
        fact=fact,
        key=row.id,
        version=row.version,
        district=row.district,
        by=by.actor(),
        lecturer_id=row.lecturer_id,
        lecturer_name=lecturer_name,
        number=row.number,
        starts_on=row.starts_on,
        ends_on=last_day(row.ends_on, row.revoked_on),
        **facts,
    )


def _watch(session: Session, row: Appointment, at: datetime) -> None:
    numbers = Numbers.of(session, row.district)
    days = [int(days) for days in numbers.list("appointment_notice_days")]
    last = last_day(row.ends_on, row.revoked_on)
    due = deadlines(last, zone=numbers.zone, days_before=days, at=at)
    timers.stop(session, row.id, *(TIMERS.keys() - due.keys()))
    for verb, moment in due.items():
        timers.start(session, row.id, verb, moment)


def _bare(
    session: Session,
    lecturer: Lecturer,
    *,
    instead_of: Appointment,
    term: tuple[date, date],
    at: datetime,
) -> losses.Promises:
    """What he promised on days that no letter would cover, if this one had that term."""
    zone = Numbers.of(session, lecturer.district).zone
    others = session.exec(
        select(Appointment).where(
            Appointment.lecturer_id == lecturer.id, Appointment.id != instead_of.id
        )
    )
    terms = [term, *((one.starts_on, last_day(one.ends_on, one.revoked_on)) for one in others)]
    return [
        (promise, seat)
        for promise, seat in losses.promised(session, lecturer, col(Assignment.ends_at) > at)
        if not any(a <= promise.starts_at.astimezone(zone).date() <= b for a, b in terms)
    ]


def _followed(session: Session, row: Appointment) -> bool:
    after = last_day(row.ends_on, row.revoked_on) + timedelta(days=1)
    others = session.exec(
        select(Appointment).where(
            Appointment.lecturer_id == row.lecturer_id,
            Appointment.id != row.id,
            Appointment.starts_on <= after,
        )
    )
    return any(last_day(other.ends_on, other.revoked_on) >= after for other in others)


def usual_end(starts_on: date, numbers: Numbers) -> date:
    months = starts_on.month - 1 + numbers.int("appointment_months")
    year, month = starts_on.year + months // 12, months % 12 + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    last_of_month = (following - timedelta(days=1)).day
    return date(year, month, min(starts_on.day, last_of_month)) - timedelta(days=1)


def check_term(starts_on: date, ends_on: date) -> None:
    if ends_on < starts_on or ends_on.year - starts_on.year > LONGEST_YEARS:
        raise Invalid("term_invalid", starts_on=str(starts_on), ends_on=str(ends_on))


def _check_number(session: Session, id: UUID | None, number: str, district: str) -> None:
    same = select(Appointment.id).where(
        Appointment.number == number, Appointment.district == district
    )
    if any(other != id for other in session.exec(same)):
        raise Conflict("number_taken", number=number)


def _check_valid(row: Appointment) -> None:
    if row.revoked_on is not None:
        raise Conflict("appointment_revoked", revoked_on=str(row.revoked_on))
