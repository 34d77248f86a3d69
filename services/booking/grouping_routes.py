"""Booking: promised lessons that could be given on one way (送教路线), as the rows stand."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking import grouping_rules, lesson_rules, place_checks, plan_rules, plan_starts
from services.booking.change_door import LIVE
from services.booking.grouping_rules import Found, Standing, Way
from services.booking.models import Change, Lesson, SiteCopy, StaffingCopy, Venue
from services.booking.states import LessonState as L
from services.contracts.booking import Place, Slot
from services.kit.auth import Caller
from services.kit.numbers import Numbers

AHEAD = timedelta(days=120)  # how far lessons are looked for
APART = timedelta(days=31)  # how far a lesson is moved to be on somebody's way
MOST_PAIRS = 400  # looked at, the nearest first


def found(session: Session, *, but: set[UUID], by: Caller, at: datetime) -> list[Found]:
    """The moves among all promised lessons that put two on one way, each lesson once; without
    these lessons. What a school wished for itself first, then the nearest."""
    numbers = Numbers.of(session, by.district)
    way, all_of_them = Way.of(numbers), promised(session, by.district, at=at)
    free = [one for one in all_of_them if one.lesson.id not in but]
    pairs = list(grouping_rules.one_way(free, way, numbers.zone, within=APART))[:MOST_PAIRS]
    if not pairs:
        return []
    judge = Judge(session, all_of_them, by, at)
    kept: list[Found] = []
    taken: set[UUID] = set()
    for host, guest, km in pairs:
        if {host.lesson.id, guest.lesson.id} & taken:
            continue
        one = judge.route(host, guest, km, way)
        if one is not None:
            kept.append(one)
            taken |= {host.lesson.id, guest.lesson.id}
    return sorted(kept, key=lambda one: (not one.gain.wished, one.gain.km, one.guest.id))


def between(
    session: Session, host_id: UUID, guest_id: UUID, *, by: Caller, at: datetime
) -> Found | str:
    """The same for two lessons named; or why not: lesson_not_promised, no_way_together."""
    numbers = Numbers.of(session, by.district)
    way, all_of_them = Way.of(numbers), promised(session, by.district, at=at)
    named = [one for one in all_of_them if one.lesson.id in (host_id, guest_id)]
    if len(named) < len({host_id, guest_id}):
        return "lesson_not_promised"
    for host, guest, km in grouping_rules.one_way(named, way, numbers.zone, within=APART):
        if (host.lesson.id, guest.lesson.id) == (host_id, guest_id):
            return Judge(session, all_of_them, by, at).route(host, guest, km, way) or (
                "no_way_together"
            )
    return "no_way_together"


class Judge:
    """When may a promised lesson be beside another one? Everything is read once."""

    def __init__(
        self, session: Session, standing: Sequence[Standing], by: Caller, at: datetime
    ) -> None:
        numbers = Numbers.of(session, by.district)
        days = [one.slot.starts_at.astimezone(numbers.zone).date() for one in standing]
        self.period = min(days), max(days)
        self.session, self.at = session, at
        self.soonest = at + lesson_rules.early(numbers)
        self.on = plan_starts.read(session, [one.lesson for one in standing], *self.period, by)
        self.kept = _rooms(session, [one.place for one in standing])
        self.of: dict[UUID, list[Standing]] = defaultdict(list)
        for one in standing:
            self.of[one.holder_id].append(one)

    def route(self, host: Standing, guest: Standing, km: float, way: Way) -> Found | None:
        others = [x for x in self.of[guest.holder_id] if x.lesson.id != guest.lesson.id]
        zone = self.on.numbers.zone
        for slot in grouping_rules.times_beside(host, guest, km, way, zone):
            near = slot.starts_at < self.soonest
            if near or not grouping_rules.fits_between(slot, guest.place, others, way):
                continue
            if not self.against(guest, slot):
                wished = slot in guest.wished
                return grouping_rules.route(host, guest, slot, km, way, wished=wished)
        return None

    def against(self, one: Standing, slot: Slot) -> list[str]:
        version = place_checks.version_of(self.session, one.lesson)
        grounds = plan_starts.grounds_of(self.session, one.lesson, one.place, version, self.on)
        return plan_starts.codes(
            one.lesson, slot, one.place, grounds, self.on, self.period, self.at
        )


def promised(session: Session, district: str, *, at: datetime) -> list[Standing]:
    """Lessons to come that a lecturer has promised, about which nothing else is going on."""
    talked = sa.select(col(Change.id)).where(
        col(Change.lesson_id) == col(Lesson.id), col(Change.state).in_(LIVE)
    )
    rows = session.execute(
        sa.select(Lesson, col(StaffingCopy.holder_id))
        .join(StaffingCopy, col(StaffingCopy.lesson_id) == col(Lesson.id))
        .where(col(Lesson.district) == district, col(Lesson.state) == L.CONFIRMED)
        .where(col(Lesson.starts_at) > at, col(Lesson.starts_at) < at + AHEAD)
        .where(col(StaffingCopy.status) == "held", col(StaffingCopy.holder_id).is_not(None))
        .where(col(StaffingCopy.revision) >= col(Lesson.revision), ~talked.exists())
        .where(col(Lesson.programme_id).is_(None), col(Lesson.guest_people) == 0)
        .order_by(col(Lesson.starts_at), col(Lesson.id))
        .limit(plan_rules.MOST_LESSONS)
    )
    return [_standing(lesson, holder_id) for lesson, holder_id in rows]


def _standing(lesson: Lesson, holder_id: UUID) -> Standing:
    assert lesson.starts_at and lesson.ends_at
    wishes = [Slot.model_validate(wish) for wish in lesson.wishes]
    times = plan_rules.slots_of(wishes, lesson.minutes, camp=False, points=0)
    return Standing(
        lesson=lesson,
        slot=Slot(starts_at=lesson.starts_at, ends_at=lesson.ends_at),
        place=Place.model_validate(lesson.place),
        holder_id=holder_id,
        wished=[slot for slot, _ in times],
    )


def _rooms(session: Session, places: Iterable[Place]) -> list[object]:
    """Kept, so that looking one up later costs nothing."""
    ids = {place.resource_id for place in places if place.resource_id}
    return [
        row
        for table in (Venue, SiteCopy)
        for row in session.exec(select(table).where(col(table.id).in_(ids)))
    ]
