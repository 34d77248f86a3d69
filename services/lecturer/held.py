"""Lecturer: one seat with everything around it, locked in one order by everybody."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from services.contracts.booking import Place, Retime, Slot
from services.contracts.lecturer import Seat as SeatTold
from services.kit import db
from services.kit.errors import NotFound
from services.kit.numbers import Numbers
from services.lecturer.models import Assignment, Lecturer, Offer, Seat, Staffing, WorkDay
from services.lecturer.states import LIVE_OFFER, OfferState

# Everything booking is told about a staffing row; the rest is this room's own.
PUBLIC = (
    *("revision", "status", "holder_id", "holder_name", "assignment_id", "assignment_state"),
    *("starts_at", "ends_at", "checked_in_at", "checked_out_at", "minutes_taught", "handovers"),
    *("lost", "checkout_missed", "waived", "fault", "notice", "excluded"),
    *("retime_change_id", "retime_answer"),
)


@dataclass
class Held:
    """A seat, its staffing row, its holder and the offers that live, all locked.

    `offers` are the live ones of this seat. `crossing` are live offers to one lecturer for other
    seats at the same time, when they were asked for.
    """

    session: Session
    seat: Seat
    staff: Staffing
    holder: Assignment | None
    offers: list[Offer] = field(default_factory=list)
    crossing: list[Offer] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    names: dict[UUID, str] = field(default_factory=dict)

    @property
    def live(self) -> list[Offer]:
        return [offer for offer in self.offers if offer.state in LIVE_OFFER]

    def name_of(self, lecturer_id: UUID) -> str:
        self.learn_names([lecturer_id])
        return self.names[lecturer_id]

    def learn_names(self, lecturer_ids: Iterable[UUID]) -> None:
        """Those of many lecturers in one query."""
        if unknown := set(lecturer_ids) - self.names.keys():
            named = select(Lecturer.id, Lecturer.name).where(col(Lecturer.id).in_(unknown))
            self.names |= dict(self.session.exec(named).all())

    @cached_property
    def numbers(self) -> Numbers:
        return Numbers.of(self.session, self.seat.district)

    @cached_property
    def holidays(self) -> set[date]:
        """The public holidays the answer clock stands still on."""
        days = select(col(WorkDay.on)).where(
            WorkDay.district == self.seat.district, WorkDay.kind == "public_holiday"
        )
        return set(self.session.exec(days))

    @property
    def retime(self) -> Retime | None:
        """The agreed change the holder is to be asked about."""
        asked = self.seat.body.get("retime")
        return Retime.model_validate(asked) if asked else None

    @property
    def slot(self) -> tuple[datetime, datetime]:
        starts_at, ends_at = self.seat.starts_at, self.seat.ends_at
        assert starts_at is not None and ends_at is not None
        return starts_at, ends_at


def hold(
    session: Session,
    lesson_id: UUID,
    *,
    lecturer_ids: Iterable[UUID] = (),
    offer_id: UUID | None = None,
    crossing: Offer | None = None,
) -> Held:
    """Lock the seat's staffing row, then lecturers by id, then offers by id, all of them at once.

    `crossing` adds the live offers to the same lecturer at an overlapping time. Everybody who
    changes a seat comes through here, so nobody waits for somebody who waits for him.
    """
    session.flush()
    staff = _staffing(session, lesson_id)
    ids = sorted(lecturer_ids)
    if ids:
        locked = select(Lecturer).where(col(Lecturer.id).in_(ids)).order_by("id")
        # Not the key: rows that point at a lecturer are written by others meanwhile.
        locked = locked.with_for_update(key_share=True)
        session.exec(locked.execution_options(populate_existing=True)).all()
    seat = db.get(session, Seat, lesson_id, what="seat")
    session.refresh(seat)
    offers = _offers(session, lesson_id, offer_id, crossing)
    holding = select(Assignment).where(
        Assignment.lesson_id == lesson_id, col(Assignment.live).is_(True)
    )
    return Held(
        session=session,
        seat=seat,
        staff=staff,
        holder=session.exec(holding.execution_options(populate_existing=True)).first(),
        offers=[offer for offer in offers if offer.lesson_id == lesson_id],
        crossing=[offer for offer in offers if offer.lesson_id != lesson_id],
        before=public(staff),
    )


def public(staff: Staffing) -> dict[str, Any]:
    return {name: getattr(staff, name) for name in PUBLIC}


def seat_told(
    seat: Seat,
    *,
    revision: int | None = None,
    slot: tuple[datetime, datetime] | None = None,
    place: dict[str, Any] | None = None,
) -> SeatTold:
    """The lesson as an offer or an assignment names it, at its own time and place or another."""
    starts_at, ends_at = slot or (seat.starts_at, seat.ends_at)
    assert starts_at is not None and ends_at is not None
    body = seat.body
    return SeatTold(
        lesson_id=seat.lesson_id,
        revision=seat.revision if revision is None else revision,
        order_number=body.get("order_number"),
        school_id=seat.school_id,
        school_name=body["school_name"],
        course_title=body["course_title"],
        slot=Slot(starts_at=starts_at, ends_at=ends_at),
        place=Place.model_validate(place or body["place"]),
        attendees=body["attendees"],
        contact_name=body["contact_name"],
        contact_phone=body["contact_phone"],
    )


def _staffing(session: Session, lesson_id: UUID) -> Staffing:
    mine = select(Staffing).where(Staffing.lesson_id == lesson_id).with_for_update()
    mine = mine.execution_options(populate_existing=True)
    staff = session.exec(mine).first()
    if staff is None:
        seat = db.get(session, Seat, lesson_id, what="seat")
        new = Staffing(lesson_id=lesson_id, district=seat.district, revision=seat.revision)
        db.insert_once(session, Staffing, new.model_dump())
        staff = session.exec(mine).first()
    if staff is None:
        raise NotFound("not_found", what="seat", id=str(lesson_id))
    return staff


def _offers(
    session: Session, lesson_id: UUID, offer_id: UUID | None, crossing: Offer | None
) -> list[Offer]:
    wanted = [and_(col(Offer.lesson_id) == lesson_id, col(Offer.state).in_(LIVE_OFFER))]
    if offer_id is not None:
        wanted.append(col(Offer.id) == offer_id)
    if crossing is not None:
        wanted.append(
            and_(
                col(Offer.lecturer_id) == crossing.lecturer_id,
                col(Offer.state) == OfferState.PENDING,
                col(Offer.starts_at) < crossing.ends_at,
                col(Offer.ends_at) > crossing.starts_at,
            )
        )
    locked = select(Offer).where(or_(*wanted)).order_by("id").with_for_update()
    return list(session.exec(locked.execution_options(populate_existing=True)))
