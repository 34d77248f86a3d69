"""Lecturer: what a leave or the end of a letter would touch: lessons promised, offers out, whom to
tell, and who could take each lesson instead. Nothing is changed."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col
from sqlmodel import select as rows_of

from services.kit import clock, db
from services.kit.auth import Caller
from services.kit.errors import Invalid, NotFound
from services.kit.numbers import Numbers
from services.lecturer import appointments, eligibility, losses, offer_queries, people, ranking
from services.lecturer.availability import LONGEST_LEAVE
from services.lecturer.candidates import ask_of
from services.lecturer.eligibility import Ask, Person, Rules
from services.lecturer.models import Appointment, Assignment, Lecturer, Offer, Qualification, Seat
from services.lecturer.people import COUNTED, last_day
from services.lecturer.ranking import Record
from services.lecturer.seeing import DISTRICT_WIDE, KEEPERS, own_or_kept
from services.lecturer.states import LIVE_OFFER

BEST = 3
Touched = dict[str, Any]
Counted = dict[UUID, list[tuple[datetime, UUID, UUID]]]  # lecturer: start, school, course


def leave_impact(
    session: Session, id: UUID, *, starts_at: datetime, ends_at: datetime, by: Caller, at: datetime
) -> Touched:
    """What he has promised and is asked in that time, whom to tell, and for the district the best
    three for each lesson; in the same few queries however many there are. 422 `leave_invalid`."""
    lecturer = own_or_kept(session, id, by)
    if ends_at <= starts_at or ends_at - starts_at > LONGEST_LEAVE:
        raise Invalid("leave_invalid", longest_days=LONGEST_LEAVE.days)
    promised = losses.promised(
        session,
        lecturer,
        col(Assignment.starts_at) < ends_at,
        col(Assignment.ends_at) > max(starts_at, at),
    )
    return _touched(session, lecturer, promised, (starts_at, ends_at), by)


def revoke_impact(
    session: Session, id: UUID, *, on: date | None = None, by: Caller, at: datetime
) -> Touched:
    """The same of a letter that is valid no more from today or from a later day (`on`): what he has
    promised and no other letter would cover. 409 and 422 as `revoke`."""
    by.needs(*KEEPERS)
    row = db.get(session, Appointment, id)
    if row.district != by.district:
        raise NotFound("not_found", what="appointment", id=str(id))
    lecturer = db.get(session, Lecturer, row.lecturer_id)
    on = appointments.ends_from(session, row, on, at)
    bare = appointments.bare_from(session, row, lecturer, on=on, at=at)
    zone = Numbers.of(session, lecturer.district).zone
    over = last_day(row.ends_on, row.revoked_on) + timedelta(days=1)
    begins, ends = (clock.midnight(day, zone).astimezone(zone) for day in (on, over))
    return _touched(session, lecturer, bare, (begins, ends), by)


def _touched(
    session: Session,
    lecturer: Lecturer,
    promised: losses.Promises,
    span: tuple[datetime, datetime],
    by: Caller,
) -> Touched:
    starts_at, ends_at = span
    asked = session.exec(
        rows_of(Offer)
        .where(Offer.lecturer_id == lecturer.id, col(Offer.state).in_(LIVE_OFFER))
        .where(col(Offer.starts_at) < ends_at, col(Offer.ends_at) > starts_at)
        .order_by("starts_at", "id")
    ).all()
    seats = [seat for _, seat in promised if seat is not None and seat.starts_at is not None]
    best: dict[UUID, list[dict[str, Any]]] = {}
    if seats and by.has(*DISTRICT_WIDE):
        best = _best(session, lecturer.district, seats, but=lecturer.id)
    lessons = offer_queries.shown_assignments(session, [one for one, _ in promised], by)
    return {
        "lecturer_id": lecturer.id,
        "lecturer_name": lecturer.name,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "lessons": [
            {
                "assignment": lesson,
                "proposal": "substitute" if best.get(lesson["lesson_id"]) else "decide",
                "candidates": best.get(lesson["lesson_id"], []),
            }
            for lesson in lessons
        ],
        "offers": offer_queries.shown_offers(session, asked, by),
        "schools": _schools(lessons),
    }


def _best(
    session: Session, district: str, seats: Sequence[Seat], *, but: UUID
) -> dict[UUID, list[dict[str, Any]]]:
    """The best three for each seat; one of them may be named for several, who is taken decides."""
    rules = Rules.of(Numbers.of(session, district))
    asks = {seat.lesson_id: ask_of(seat, rules) for seat in seats}
    first, last = people.around(*asks.values())
    everybody = people.load(session, district, course_id=None, first=first, last=last)
    able = _qualified(session, {ask.course_id for ask in asks.values()})
    counted = _counted(session, district, asks.values(), rules)
    found = {}
    for lesson_id, ask in asks.items():
        eligible = [
            (person, _record(counted, person.id, ask))
            for person in _for(everybody, able.get(ask.course_id, set()))
            if person.id != but and not eligibility.reasons(ask, person, rules)
        ]
        found[lesson_id] = [
            {
                "lecturer_id": one.person.id,
                "name": one.person.name,
                "pool": one.person.pool,
                "score": one.score,
            }
            for one in ranking.rank(ask, eligible, rules)[:BEST]
        ]
    return found


def _for(everybody: Sequence[Person], able: Collection[UUID]) -> list[Person]:
    return [replace(person, qualified=True) for person in everybody if person.id in able]


def _qualified(session: Session, courses: Collection[UUID]) -> dict[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = {}
    statement = select(col(Qualification.course_id), col(Qualification.lecturer_id))
    for course_id, lecturer_id in session.execute(
        statement.where(col(Qualification.course_id).in_(courses))
    ):
        found.setdefault(course_id, set()).add(lecturer_id)
    return found


def _counted(session: Session, district: str, asks: Collection[Ask], rules: Rules) -> Counted:
    """What everybody gave or promised from the year before the first ask to the end of the last
    one's."""
    years = [ask.frame.on.year for ask in asks]
    first = datetime(min(years) - 1, 1, 1, tzinfo=rules.zone).astimezone(UTC)
    last = datetime.combine(datetime(max(years), 12, 31), time.max, rules.zone).astimezone(UTC)
    found: Counted = {}
    for lecturer_id, *row in session.execute(
        select(
            col(Assignment.lecturer_id),
            *(col(Assignment.starts_at), col(Seat.school_id), col(Seat.course_id)),
        )
        .join(Seat, col(Seat.lesson_id) == col(Assignment.lesson_id))
        .where(
            col(Assignment.district) == district,
            col(Assignment.state).in_(COUNTED),
            col(Assignment.starts_at).between(first, last),
        )
    ):
        starts_at, school_id, course_id = row
        found.setdefault(lecturer_id, []).append((starts_at, school_id, course_id))
    return found


def _record(counted: Counted, lecturer_id: UUID, ask: Ask) -> Record:
    year = ask.frame.on.year
    rows = counted.get(lecturer_id, [])
    here = [one for one in rows if one[0].astimezone(ask.frame.zone).year == year]
    return Record(
        year=len(here),
        school=sum(school_id == ask.school_id for _, school_id, _ in here),
        course=sum(course_id == ask.course_id for _, _, course_id in rows),
    )


def _schools(lessons: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Whom to call."""
    found: dict[str, dict[str, Any]] = {}
    for lesson in lessons:
        seat = lesson["seat"]
        one = {
            "id": seat["school_id"],
            "name": seat["school_name"],
            "contact_name": seat["contact_name"],
            "contact_phone": seat["contact_phone"],
            "lessons": 0,
        }
        found.setdefault(seat["school_id"], one)["lessons"] += 1
    return list(found.values())
