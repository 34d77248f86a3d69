"""Lecturer: one lecturer with his lessons around a time, each table read once."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from services.kit import db
from services.kit.auth import Caller, Role
from services.kit.errors import NotFound
from services.kit.numbers import Numbers
from services.lecturer.models import Assignment, Lecturer, Offer, Seat
from services.lecturer.places import Spot, Travel, km, same, spot
from services.lecturer.states import ASSIGNMENT, HOLDING, LIVE_ASSIGNMENT, LIVE_OFFER, OFFER
from services.lecturer.states import AssignmentState as A
from services.lecturer.states import OfferState as P

Shown = dict[str, Any]
HIS = frozenset({Role.LECTURER})
ZERO = timedelta()
SHOWN = {*LIVE_ASSIGNMENT, A.FULFILLED, A.PARTIAL, A.NO_SHOW}
OF_THE_LESSON = (
    *("order_number", "school_name", "course_title", "course_code", "format", "category"),
    *("delivery", "minutes", "attendees", "contact_name", "contact_phone"),
)


def himself(session: Session, by: Caller) -> Lecturer:
    """The caller's own row; 404 for an account without one."""
    by.needs(Role.LECTURER)
    if by.lecturer_id is None:
        raise NotFound("not_found", what="lecturer")
    row = db.get(session, Lecturer, by.lecturer_id, what="lecturer")
    if row.district != by.district:
        raise NotFound("not_found", what="lecturer", id=str(row.id))
    return row


@dataclass
class Own:
    """`promises` are those that may be neighbours of what is shown; `open_seats` the lessons
    whose seat an expired offer could still take."""

    session: Session
    row: Lecturer
    at: datetime
    promises: list[Assignment] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    seats: dict[UUID, Seat] = field(default_factory=dict)
    open_seats: set[UUID] = field(default_factory=set)

    @cached_property
    def numbers(self) -> Numbers:
        return Numbers.of(self.session, self.row.district)

    @property
    def zone(self) -> ZoneInfo:
        return self.numbers.zone

    def local(self, moment: datetime | None) -> datetime | None:
        return moment and moment.astimezone(self.zone)

    def learn(self) -> "Own":
        """The lessons behind what was read."""
        ids = {p.lesson_id for p in self.promises} | {o.lesson_id for o in self.offers}
        found = self.session.exec(select(Seat).where(col(Seat.lesson_id).in_(ids)))
        self.seats = {seat.lesson_id: seat for seat in found}
        return self

    def offer(self, row: Offer) -> Shown:
        """An offer as its lecturer sees it."""
        slot = (row.starts_at, row.ends_at)
        place = row.seat["place"]
        was = self._was(row)
        rounds = self.numbers.int("offer_counter_rounds") - row.counters
        return {
            **row.model_dump(
                include={
                    *("id", "kind", "state", "revision", "reason", "reason_code", "note"),
                    "version",
                },
                warnings=False,
            ),
            "lesson": self._lesson(row.lesson_id, row.seat),
            "place": place,
            "starts_at": self.local(row.starts_at),
            "ends_at": self.local(row.ends_at),
            "was": was,
            "way_in": self._way_in(row.lesson_id, slot, place),
            "way_out": self._way_out(row.lesson_id, slot, place),
            "sent_at": self.local(row.sent_at),
            "expires_at": self.local(row.expires_at),
            "answered_at": self.local(row.answered_at),
            "counter": row.counter and self._slot(row.counter),
            "counters_left": max(rounds, 0) if row.kind == "seat" else 0,
            "assignment_id": self._made_of(row),
            "moves": self._moves(row, rounds),
        }

    def assignment(self, row: Assignment) -> Shown:
        """A promise as its lecturer sees it."""
        slot = (row.starts_at, row.ends_at)
        near = timedelta(hours=self.numbers.int("notice_early_hours"))
        reconfirm = timedelta(hours=self.numbers.int("reconfirm_hours"))
        opens = timedelta(minutes=self.numbers.int("check_in_opens_minutes_before"))
        ahead = row.starts_at - self.at
        asked = [
            offer
            for offer in self.offers
            if offer.kind == "retime"
            and offer.lesson_id == row.lesson_id
            and offer.state in LIVE_OFFER
        ]
        moves = [m for m in ASSIGNMENT.open_to(row.state, HIS) if m != "release" or ahead > ZERO]
        early_or_late = "early" if ahead >= near else "late"
        instants = ("committed_at", "reconfirmed_at", "checked_in_at", "checked_out_at")
        return {
            **row.model_dump(
                include={
                    *("id", "lesson_id", "state", "revision", "sequence", "minutes_taught"),
                    *("release_reason", "reason_code", "fault", "version"),
                },
                warnings=False,
            ),
            **{name: self.local(getattr(row, name)) for name in instants},
            "lesson": self._lesson(row.lesson_id, {}),
            "place": row.place,
            "starts_at": self.local(row.starts_at),
            "ends_at": self.local(row.ends_at),
            "way_in": self._way_in(row.lesson_id, slot, row.place),
            "way_out": self._way_out(row.lesson_id, slot, row.place),
            "reconfirm_by": self.local(row.starts_at - reconfirm),
            "reconfirm_wanted": row.state == A.COMMITTED
            and row.reconfirmed_at is None
            and ZERO < ahead <= near,
            "check_in_opens_at": self.local(row.starts_at - opens),
            "release": early_or_late if "release" in moves else None,
            "release_early_until": self.local(row.starts_at - near),
            "question": self.offer(asked[0]) if asked else None,
            "moves": moves,
        }

    def is_open(self, offer: Offer) -> bool:
        """May an offer that ran out still be accepted?"""
        seat = self.seats.get(offer.lesson_id)
        return (
            offer.state == P.EXPIRED
            and offer.kind == "seat"
            and offer.starts_at > self.at
            and offer.lesson_id in self.open_seats
            and seat is not None
            and seat.revision == offer.revision
        )

    def _moves(self, offer: Offer, rounds: int) -> list[str]:
        if offer.state == P.EXPIRED and not self.is_open(offer):
            return []
        moves = OFFER.open_to(offer.state, HIS)
        can_counter = offer.kind == "seat" and rounds > 0
        return [move for move in moves if move != "counter" or can_counter]

    def _was(self, offer: Offer) -> Shown | None:
        holding = (p for p in self.promises if p.lesson_id == offer.lesson_id)
        old = next((p for p in holding if p.state in HOLDING), None)
        if offer.kind != "retime" or old is None or offer.state not in LIVE_OFFER:
            return None
        slot = {"starts_at": self.local(old.starts_at), "ends_at": self.local(old.ends_at)}
        return {"assignment_id": old.id, "place": old.place, **slot}

    def _made_of(self, offer: Offer) -> UUID | None:
        return next((p.id for p in self.promises if p.offer_id == offer.id), None)

    def _lesson(self, lesson_id: UUID, told: Shown) -> Shown:
        seat = self.seats.get(lesson_id)
        body = {**told, **(seat.body if seat else {})}
        facts = {name: body.get(name) for name in OF_THE_LESSON}
        return {
            **facts,
            "id": lesson_id,
            "state": seat.state if seat else "",
            "school_name": facts["school_name"] or "",
            "course_title": facts["course_title"] or "",
            "attendees": facts["attendees"] or 0,
            "contact_name": facts["contact_name"] or "",
            "contact_phone": facts["contact_phone"] or "",
            "audience": body.get("audience") or [],
            "notes": body.get("notes") or "",
        }

    # -- ways

    @cached_property
    def _travel(self) -> Travel:
        per_km = float(self.numbers.decimal("travel_minutes_per_km"))
        return Travel(self.numbers.int("travel_fixed_minutes"), per_km)

    def _way_in(self, lesson: UUID, slot: tuple[datetime, datetime], place: Shown) -> Shown | None:
        before = [p for p in self._neighbours(lesson, slot) if p.ends_at <= slot[0]]
        here = spot(place)
        if not before:
            row = self.row
            home = Spot(lat=row.home_lat, lon=row.home_lon)
            return None if here.online else {"other": "home", **self._way(home, here)}
        return self._between(before[-1], here, slot[0] - before[-1].ends_at)

    def _way_out(self, lesson: UUID, slot: tuple[datetime, datetime], place: Shown) -> Shown | None:
        after = [p for p in self._neighbours(lesson, slot) if p.starts_at >= slot[1]]
        return self._between(after[0], spot(place), after[0].starts_at - slot[1]) if after else None

    def _neighbours(self, lesson: UUID, slot: tuple[datetime, datetime]) -> Iterable[Assignment]:
        day = slot[0].astimezone(self.zone).date()
        on_the_day = (
            p
            for p in self.promises
            if p.lesson_id != lesson
            and p.state in {*LIVE_ASSIGNMENT, A.FULFILLED}
            and p.starts_at.astimezone(self.zone).date() == day
        )
        return sorted(on_the_day, key=lambda p: p.starts_at)

    def _between(self, other: Assignment, here: Spot, gap: timedelta) -> Shown:
        way = self._way(spot(other.place), here)
        lesson = self._lesson(other.lesson_id, {})
        return {
            "other": "lesson",
            **way,
            "spare_minutes": int(gap.total_seconds() // 60) - (way["minutes"] or 0),
            "course_title": lesson["course_title"],
            "school_name": lesson["school_name"],
            "starts_at": self.local(other.starts_at),
            "ends_at": self.local(other.ends_at),
        }

    def _way(self, a: Spot, b: Spot) -> Shown:
        """Minutes by the travel rule; None when nobody knows where one of them is."""
        way = km(a, b)
        known = a.online or b.online or same(a, b) or way is not None
        minutes = self._travel.minutes(a, b) if known else None
        return {"minutes": minutes, "km": way and round(way, 1)}

    def _slot(self, told: Shown) -> Shown:
        names = ("starts_at", "ends_at")
        return {name: self.local(datetime.fromisoformat(told[name])) for name in names}


def promises(
    session: Session,
    lecturer_id: UUID,
    *,
    first: datetime,
    last: datetime | None = None,
    states: Collection[str] = SHOWN,
) -> list[Assignment]:
    """His promises that end after `first` and start before `last`, by time."""
    chosen = select(Assignment).where(
        Assignment.lecturer_id == lecturer_id,
        col(Assignment.ends_at) > first,
        col(Assignment.state).in_(states),
    )
    if last is not None:
        chosen = chosen.where(col(Assignment.starts_at) < last)
    return list(session.exec(chosen.order_by("starts_at", "id")))
