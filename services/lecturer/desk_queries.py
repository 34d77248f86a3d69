"""Lecturer: what waits for the district, counted, each number with the list it opens; the load."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlmodel import Session, col

from services.kit import clock
from services.kit.auth import Caller
from services.kit.numbers import Numbers
from services.lecturer.models import Appointment, Assignment, Lecturer, Offer
from services.lecturer.people import COUNTED, last_day
from services.lecturer.seeing import DISTRICT_WIDE
from services.lecturer.states import HOLDING, LIVE_OFFER, AssignmentState, OfferState

DAY = timedelta(days=1)
SOON = timedelta(hours=4)  # an offer that runs out within this is worth a call
A, O = AssignmentState, OfferState  # noqa: E741


@dataclass(frozen=True)
class Count:
    """A number of the workbench: `door` and `filter` name the list that shows just these rows."""

    code: str
    count: int
    door: str
    filter: Mapping[str, Any]


@dataclass(frozen=True)
class Letters:
    """Letters that run out with nothing to follow, and active lecturers without a valid one."""

    expiring: list[UUID]
    unappointed: list[UUID]


def counts(session: Session, *, by: Caller, at: datetime) -> list[Count]:
    """All numbers, in the same few queries however many rows there are."""
    by.needs(*DISTRICT_WIDE)
    numbers = Numbers.of(session, by.district)
    days = max(int(n) for n in numbers.list("appointment_notice_days"))
    today = at.astimezone(numbers.zone).date()
    asked = session.execute(
        select(
            _sum(col(Offer.state) == O.PENDING),
            _sum(*expires_before(at + SOON)),
            _sum(col(Offer.state) == O.COUNTERED),
        ).where(col(Offer.district) == by.district, col(Offer.state).in_(LIVE_OFFER))
    ).one()
    held = session.execute(
        select(
            _sum(col(Assignment.state) == A.RELEASE_REQUESTED),
            _sum(not_reconfirmed(at, numbers)),
            _sum(not_checked_in(at)),
            _sum(col(Assignment.state) == A.NO_SHOW),
        ).where(
            col(Assignment.district) == by.district,
            or_(col(Assignment.live), col(Assignment.state) == A.NO_SHOW),
        )
    ).one()
    letters = letters_of(session, by.district, today=today, days=days)
    soon = (at + SOON).astimezone(numbers.zone).isoformat(timespec="minutes")
    return [
        Count("unanswered", asked[0] or 0, "offers", {"state": "pending"}),
        Count("answer_soon", asked[1] or 0, "offers", {"state": "pending", "expires_before": soon}),
        Count("countered", asked[2] or 0, "offers", {"state": "countered"}),
        Count("release_requested", held[0] or 0, "assignments", {"state": "release_requested"}),
        Count("not_reconfirmed", held[1] or 0, "assignments", {"not_reconfirmed": True}),
        Count("not_checked_in", held[2] or 0, "assignments", {"not_checked_in": True}),
        Count("no_show", held[3] or 0, "assignments", {"state": "no_show"}),
        Count("letters_expiring", len(letters.expiring), "appointments", {"expiring": days}),
        Count("unappointed", len(letters.unappointed), "lecturers", {"appointed": False}),
    ]


def expires_before(moment: datetime) -> list[ColumnElement[bool]]:
    """Offers nobody has answered and that run out before."""
    return [col(Offer.state) == O.PENDING, col(Offer.expires_at) < moment]


def not_reconfirmed(at: datetime, numbers: Numbers) -> ColumnElement[bool]:
    """Promises close by that were not confirmed again."""
    near = at + timedelta(hours=numbers.int("reconfirm_hours"))
    return (
        (col(Assignment.state) == A.COMMITTED)
        & (col(Assignment.starts_at) > at)
        & (col(Assignment.starts_at) <= near)
        & col(Assignment.reconfirmed_at).is_(None)
    )


def not_checked_in(at: datetime) -> ColumnElement[bool]:
    """Promises whose lesson has begun without a word of its lecturer."""
    return col(Assignment.state).in_(HOLDING) & (col(Assignment.starts_at) <= at)


def letters_of(session: Session, district: str, *, today: date, days: int) -> Letters:
    """Judged day by day, in two reads: a letter is followed when another of the same lecturer is
    valid the day after its last."""
    terms: dict[UUID, list[tuple[date, date, UUID]]] = {}
    for id, lecturer_id, starts_on, ends_on, revoked_on in session.execute(
        select(
            *(col(Appointment.id), col(Appointment.lecturer_id), col(Appointment.starts_on)),
            *(col(Appointment.ends_on), col(Appointment.revoked_on)),
        ).where(col(Appointment.district) == district)
    ):
        last = last_day(ends_on, revoked_on)
        terms.setdefault(lecturer_id, []).append((starts_on, last, id))
    active = session.execute(
        select(col(Lecturer.id))
        .where(col(Lecturer.district) == district, col(Lecturer.status) == "active")
        .order_by(col(Lecturer.code))
    )
    found = Letters([], [])
    for (lecturer_id,) in active:
        his = terms.get(lecturer_id, [])
        if not _covered(his, today):
            found.unappointed.append(lecturer_id)
        for _, last, id in his:
            near = today <= last <= today + timedelta(days=days)
            if near and not _covered(his, last + DAY):
                found.expiring.append(id)
    return found


def load(
    session: Session,
    *,
    lecturer_ids: Iterable[UUID] | None = None,
    by: Caller,
    at: datetime,
) -> list[dict[str, Any]]:
    """Lessons promised and given per lecturer: this week, this month and this year, and when the
    last of them is; in one query. Nobody without any."""
    by.needs(*DISTRICT_WIDE)
    zone = Numbers.of(session, by.district).zone
    today = at.astimezone(zone).date()
    monday, month = today - timedelta(days=today.weekday()), today.replace(day=1)
    year = today.replace(month=1, day=1)
    starts = col(Assignment.starts_at)

    def within(first: date, after: date) -> Any:
        a, b = (clock.midnight(d, zone) for d in (first, after))
        return _sum((starts >= a) & (starts < b))

    chosen = select(
        col(Assignment.lecturer_id),
        within(monday, monday + timedelta(days=7)),
        within(month, (month + timedelta(days=32)).replace(day=1)),
        within(year, year.replace(year=year.year + 1)),
        _sum(col(Assignment.state) == A.FULFILLED),
        _sum((starts > at) & col(Assignment.live)),
        func.max(starts),
    ).where(
        col(Assignment.district) == by.district,
        col(Assignment.state).in_(COUNTED),
        starts >= clock.midnight(year - timedelta(days=31), zone),
    )
    if lecturer_ids is not None:
        chosen = chosen.where(col(Assignment.lecturer_id).in_(list(lecturer_ids)))
    rows = session.execute(chosen.group_by(col(Assignment.lecturer_id)))
    names = ("lecturer_id", "week", "month", "year", "given", "to_come")
    return [
        {**dict(zip(names, row[:-1], strict=True)), "last_at": row[-1].astimezone(zone)}
        for row in rows
    ]


def _covered(terms: list[tuple[date, date, UUID]], on: date) -> bool:
    return any(starts_on <= on <= last for starts_on, last, _ in terms)


def _sum(*conditions: ColumnElement[bool]) -> Any:
    together = conditions[0]
    for condition in conditions[1:]:
        together = together & condition
    return func.sum(case((together, 1), else_=0))
