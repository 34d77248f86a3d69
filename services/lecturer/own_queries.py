"""Lecturer: what a lecturer reads about himself: what waits for him, his agenda, his year."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from services.kit import clock, db
from services.kit.auth import Caller
from services.kit.errors import NotFound
from services.lecturer import calendar, queries
from services.lecturer.eligibility import PARTS
from services.lecturer.models import Assignment, Availability, Leave, Offer, Staffing, WorkDay
from services.lecturer.own_lessons import Own, Shown, himself, promises
from services.lecturer.states import LIVE_ASSIGNMENT, LIVE_OFFER
from services.lecturer.states import AssignmentState as A
from services.lecturer.states import OfferState as P

DAY = timedelta(days=1)
REMEMBERED = timedelta(days=14)  # how long an answer is shown after it was given
MOST_RECENT = 10
MOST = 200
NOT_TAKEN = ("none", "offering", "exhausted")


def todo(session: Session, *, by: Caller, at: datetime) -> Shown:
    """What waits for the lecturer, and what has become of his last answers."""
    me = himself(session, by)
    own = Own(session, me, at)
    own.promises = promises(session, me.id, first=at - DAY)
    own.offers = _asked(session, me.id, at)
    own.learn()
    own.open_seats = _open_seats(session, own.offers)
    today = at.astimezone(own.zone).date()
    waiting = [o for o in own.offers if o.state in LIVE_OFFER or own.is_open(o)]
    ended = [o for o in own.offers if o.state not in LIVE_OFFER and not own.is_open(o)]
    live = [p for p in own.promises if p.state in LIVE_ASSIGNMENT]
    shown = [own.assignment(p) for p in live]
    his_turn = [
        p
        for p in shown
        if p["state"] == A.CHECKED_IN or p["reconfirm_wanted"] or p["starts_at"].date() == today
    ]
    ahead = [p for p in shown if p["ends_at"] > at]
    return {
        "offers": [own.offer(o) for o in sorted(waiting, key=_by_deadline)],
        "lessons": his_turn,
        "recent": [own.offer(o) for o in sorted(ended, key=_by_answer, reverse=True)][:MOST_RECENT],
        "coming": ahead[0] if ahead else None,
    }


def offer(session: Session, id: UUID, *, by: Caller, at: datetime) -> Shown:
    """One offer of his; 404 for another's."""
    me = himself(session, by)
    row = db.get(session, Offer, id, what="offer")
    if row.lecturer_id != me.id:
        raise NotFound("not_found", what="offer", id=str(id))
    own = Own(session, me, at, offers=[row])
    own.promises = promises(
        session, me.id, first=row.starts_at - DAY, last=row.ends_at + DAY, states=set(A)
    )
    if row.kind == "retime":
        held = select(Assignment).where(
            Assignment.lecturer_id == me.id, Assignment.lesson_id == row.lesson_id
        )
        known = {promise.id for promise in own.promises}
        own.promises += [promise for promise in session.exec(held) if promise.id not in known]
    own.learn()
    own.open_seats = _open_seats(session, own.offers)
    return own.offer(row)


def agenda(
    session: Session, first: date | datetime, last: date | datetime, *, by: Caller, at: datetime
) -> Shown:
    """His lessons, leave and week between two days (both included) or instants."""
    me = himself(session, by)
    starts_at, ends_at = calendar.period(session, first, last, district=me.district)
    own = Own(session, me, at)
    own.promises = promises(session, me.id, first=starts_at - DAY, last=ends_at + DAY)
    own.offers = _questions(session, me.id)
    own.learn()
    away = select(Leave).where(
        Leave.lecturer_id == me.id,
        col(Leave.undone_at).is_(None),
        col(Leave.starts_at) < ends_at,
        col(Leave.ends_at) > starts_at,
    )
    week = select(Availability.half_day).where(Availability.lecturer_id == me.id)
    named = select(WorkDay).where(
        WorkDay.district == me.district,
        col(WorkDay.on) >= starts_at.astimezone(own.zone).date(),
        col(WorkDay.on) <= ends_at.astimezone(own.zone).date(),
        col(WorkDay.holiday_name) != "",
    )
    following = (
        select(Assignment.starts_at)
        .where(
            Assignment.lecturer_id == me.id,
            col(Assignment.live),
            col(Assignment.starts_at) >= ends_at,
        )
        .order_by("starts_at")
        .limit(1)
    )
    within = [p for p in own.promises if p.starts_at < ends_at and p.ends_at > starts_at]
    return {
        "starts_at": own.local(starts_at),
        "ends_at": own.local(ends_at),
        "lecturer_id": me.id,
        "items": [own.assignment(p) for p in within],
        "leave": [
            {**row.model_dump(include={"id", "reason"}), **_local(own, row)}
            for row in session.exec(away.order_by("starts_at", "id"))
        ],
        "half_days": sorted(session.exec(week)),
        "parts": {
            part.lower(): tuple(own.numbers.text(f"half_day_{part.lower()}").split("-"))
            for part in PARTS
        },
        "days": [row.model_dump() for row in session.exec(named.order_by("on"))],
        "next": own.local(session.exec(following).first()),
        "version": me.version,
    }


def assignment(session: Session, id: UUID, *, by: Caller, at: datetime) -> Shown:
    """One promise of his, however it ended; 404 for another's."""
    me = himself(session, by)
    row = db.get(session, Assignment, id, what="assignment")
    if row.lecturer_id != me.id:
        raise NotFound("not_found", what="assignment", id=str(id))
    own = Own(session, me, at)
    near = promises(session, me.id, first=row.starts_at - DAY, last=row.ends_at + DAY)
    own.promises = [*near, row] if row not in near else near
    own.offers = _questions(session, me.id)
    return own.learn().assignment(row)


def year(session: Session, year: int | None, *, by: Caller, at: datetime) -> Shown:
    """His letters, and his lessons by month: given, to come, missed. Without a year this one."""
    me = himself(session, by)
    own = Own(session, me, at)
    year = year or at.astimezone(own.zone).year
    first, last = clock.calendar_year(year, own.zone)
    months = [_month(number) for number in range(1, 13)]
    for row in promises(session, me.id, first=first, last=last):
        if not first <= row.starts_at < last:
            continue
        month = months[row.starts_at.astimezone(own.zone).month - 1]
        if row.state in (A.FULFILLED, A.PARTIAL):
            month["lessons"] += 1
            month["minutes"] += row.minutes_taught or 0
        elif row.state == A.NO_SHOW:
            month["no_show"] += 1
        else:
            month["to_come"] += 1
            month["minutes_to_come"] += int((row.ends_at - row.starts_at).total_seconds() // 60)
    return {
        "year": year,
        "lecturer": me.model_dump(),
        "appointments": queries.appointments(session, me.id, by=by, at=at),
        "months": months,
        "minutes_per_class_hour": own.numbers.int("minutes_per_class_hour"),
    }


def _asked(session: Session, lecturer_id: UUID, at: datetime) -> list[Offer]:
    """What lives, what ran out before its lesson, and what was answered lately."""
    chosen = select(Offer).where(
        Offer.lecturer_id == lecturer_id,
        or_(
            col(Offer.state).in_(LIVE_OFFER),
            and_(col(Offer.state) == P.EXPIRED, col(Offer.starts_at) > at),
            col(Offer.answered_at) > at - REMEMBERED,
        ),
    )
    return list(session.exec(chosen.order_by(col(Offer.id).desc()).limit(MOST)))


def _questions(session: Session, lecturer_id: UUID) -> list[Offer]:
    """Other times he is asked about."""
    chosen = select(Offer).where(
        Offer.lecturer_id == lecturer_id,
        Offer.kind == "retime",
        col(Offer.state).in_(LIVE_OFFER),
    )
    return list(session.exec(chosen.order_by("id")))


def _open_seats(session: Session, offers: Sequence[Offer]) -> set[UUID]:
    """Lessons of offers that ran out for which somebody is still looked for."""
    ids = {offer.lesson_id for offer in offers if offer.state == P.EXPIRED}
    wanting = select(Staffing.lesson_id).where(
        col(Staffing.lesson_id).in_(ids),
        or_(
            col(Staffing.status).in_(NOT_TAKEN),
            col(Staffing.assignment_state) == A.RELEASE_REQUESTED,
        ),
    )
    return set(session.exec(wanting))


def _month(number: int) -> dict[str, int]:
    counts = ("lessons", "minutes", "to_come", "minutes_to_come", "no_show")
    return {"month": number, **dict.fromkeys(counts, 0)}


def _by_deadline(offer: Offer) -> tuple[bool, datetime]:
    return offer.state == P.EXPIRED, offer.expires_at or offer.starts_at


def _by_answer(offer: Offer) -> datetime:
    return offer.answered_at or offer.sent_at


def _local(own: Own, row: Leave) -> dict[str, Any]:
    return {"starts_at": own.local(row.starts_at), "ends_at": own.local(row.ends_at)}
