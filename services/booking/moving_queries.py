"""Booking: where else and when else a placed lesson could be held, as far as booking knows; whether
its lecturer can come is for him to say."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from services.booking import rules
from services.booking.checks import site_rules
from services.booking.conflict_queries import Grounds
from services.booking.lesson_queries import Full
from services.booking.models import PlaceHold, SiteCopy, Venue
from services.contracts.booking import Place, Slot
from services.contracts.catalog import CourseVersion

FAR = timedelta(days=28)  # how much later a lesson is proposed to be held
Days = Callable[[date], bool]


@dataclass
class Ground:
    """Places, days and what is held when; a proposal made counts as held for the next one."""

    at: datetime
    grounds: Grounds
    held: dict[UUID, list[tuple[datetime, datetime, UUID]]] = field(default_factory=dict)

    def is_free(self, resource_id: UUID | None, slot: Slot, lesson_id: UUID) -> bool:
        """Nobody else holds it then; what no guard keeps (an address, online) is always free."""
        if resource_id is None:
            return True
        return not any(
            starts < slot.ends_at and ends > slot.starts_at and whose != lesson_id
            for starts, ends, whose in self.held.get(resource_id, ())
        )

    def take(self, resource_id: UUID | None, slot: Slot, lesson_id: UUID) -> None:
        if resource_id is not None:
            entry = (slot.starts_at, slot.ends_at, lesson_id)
            self.held.setdefault(resource_id, []).append(entry)


def ground(session: Session, grounds: Grounds, district: str, *, at: datetime) -> Ground:
    """With every live hold of the district from now on, in one query."""
    rows = session.execute(
        sa.select(
            *(col(PlaceHold.resource_id), col(PlaceHold.starts_at), col(PlaceHold.ends_at)),
            col(PlaceHold.lesson_id),
        ).where(
            col(PlaceHold.district) == district,
            col(PlaceHold.live).is_(True),
            col(PlaceHold.ends_at) > at,
        )
    )
    found = Ground(at, grounds)
    for resource_id, starts, ends, lesson_id in rows:
        found.held.setdefault(resource_id, []).append((starts, ends, lesson_id))
    return found


def another_place(full: Full, ground: Ground) -> Place | None:
    """The nearest other site at the same time, or a hall of the school; None when there is none."""
    lesson, course = full.lesson, CourseVersion.model_validate(full.line.snapshot)
    slot = _slot(full)
    now_at = Place.model_validate(lesson.place)
    sites = [s for s in ground.grounds.sites.values() if s.id != now_at.resource_id]
    # A course made for one site is not taught at another.
    if course.site_id is not None:
        sites = []
    near = sorted(
        sites, key=lambda s: (s.lat - (now_at.lat or 0)) ** 2 + (s.lon - (now_at.lon or 0)) ** 2
    )
    halls = [v for v in ground.grounds.venues.values() if v.school_id == lesson.school_id]
    for kind, rows in (("site", near), ("venue", halls)):
        for row in rows:
            fits = ground.is_free(row.id, slot, lesson.id) and (
                _site_fits(row, slot, full, ground)
                if isinstance(row, SiteCopy)
                else _hall_fits(row, course)
            )
            if fits and not rules.attendee_problems(lesson.attendees, course, row.capacity):
                ground.take(row.id, slot, lesson.id)
                same = row.model_dump(include={"name", "address", "lat", "lon"})
                return Place.model_validate({"kind": kind, "resource_id": row.id, **same})
    return None


def another_time(full: Full, ground: Ground, *, but: Days) -> Slot | None:
    """Another wish of the school, or the same hours on the next day that suits, where it is now;
    never on days that fall out (`but`)."""
    slot = _slot(full)
    wishes = [Slot.model_validate(wish) for wish in full.lesson.wishes]
    length = slot.ends_at - slot.starts_at
    wished = [Slot(starts_at=w.starts_at, ends_at=w.starts_at + length) for w in wishes]
    later = [
        Slot(starts_at=slot.starts_at + timedelta(days=n), ends_at=slot.ends_at + timedelta(days=n))
        for n in range(1, FAR.days + 1)
    ]
    place = Place.model_validate(full.lesson.place)
    for one in [*wished, *later]:
        new = one.starts_at > ground.at and one.starts_at != slot.starts_at
        if new and _time_fits(full, one, place, ground, but):
            ground.take(place.resource_id, one, full.lesson.id)
            return one
    return None


def _time_fits(full: Full, slot: Slot, place: Place, ground: Ground, but: Days) -> bool:
    grounds = ground.grounds
    on = grounds.on(slot.starts_at)
    if but(on) or not ground.is_free(place.resource_id, slot, full.lesson.id):
        return False
    times = grounds.times(full.lesson.school_id)
    if rules.day_problems(on, school=times, calendar=grounds.calendar):
        return False
    site = grounds.sites.get(place.resource_id) if place.resource_id else None
    if site is not None and not _site_fits(site, slot, full, ground):
        return False
    course = CourseVersion.model_validate(full.line.snapshot)
    return not rules.validity_problems(course, slot, grounds.numbers)


def _site_fits(site: SiteCopy, slot: Slot, full: Full, ground: Ground) -> bool:
    minutes, numbers = full.lesson.minutes, ground.grounds.numbers
    return not rules.site_problems(
        site_rules(site), slot, minutes=minutes, numbers=numbers, at=ground.at
    )


def _hall_fits(hall: Venue, course: CourseVersion) -> bool:
    return hall.state == "open" and not rules.equipment_problems(course, hall.equipment)


def _slot(full: Full) -> Slot:
    assert full.lesson.starts_at is not None and full.lesson.ends_at is not None
    return Slot(starts_at=full.lesson.starts_at, ends_at=full.lesson.ends_at)
