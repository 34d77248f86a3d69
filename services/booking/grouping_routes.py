"""Booking: promised lessons that could be given on one way (送教路线), as the rows stand."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from services.booking import (
    conflict_queries,
    grouping_rules,
    lesson_queries,
    lesson_rules,
    moving_queries,
    place_checks,
    plan_rules,
)
from services.booking.grouping_rules import Found, Standing, Way
from services.booking.lesson_queries import Full
from services.booking.models import Lesson, StaffingCopy
from services.booking.states import LessonState as L
from services.contracts.booking import Place, Slot
from services.contracts.catalog import CourseVersion
from services.kit.auth import Caller
from services.kit.numbers import Numbers

AHEAD = timedelta(days=120)  # how far lessons are looked for
APART = timedelta(days=31)  # how far a lesson is moved to be on somebody's way
MOST_PAIRS = 400  # looked at, the nearest first


def found(session: Session, *, but: set[UUID], by: Caller, at: datetime) -> list[Found]:
    """Among all promised lessons of the district, without these."""
    return routes(session, _promised(session, by, but, at), by=by, at=at)


def routes(session: Session, rows: Sequence[Full], *, by: Caller, at: datetime) -> list[Found]:
    """The moves among these promised lessons that put two on one way, each lesson once."""
    numbers = Numbers.of(session, by.district)
    standing = [_standing(full) for full in rows]
    by_way, zone = Way.of(numbers), numbers.zone
    pairs = list(grouping_rules.one_way(standing, by_way, zone, within=APART))[:MOST_PAIRS]
    if not pairs:
        return []
    judge = Judge(session, rows, by.district, numbers, at)
    of: dict[UUID, list[Standing]] = defaultdict(list)
    for one in standing:
        of[one.holder_id].append(one)
    kept: list[Found] = []
    taken: set[UUID] = set()
    for host, guest, km in pairs:
        if {host.lesson.id, guest.lesson.id} & taken:
            continue
        slot = judge.beside(host, guest, of[guest.holder_id], by_way)
        if slot is not None:
            wished = slot in guest.wished
            kept.append(grouping_rules.route(host, guest, slot, km, by_way, wished=wished))
            taken |= {host.lesson.id, guest.lesson.id}
    # What a school wished for itself first, then the nearest.
    return sorted(kept, key=lambda one: (not one.gain.wished, one.gain.km, one.guest.id))


def ways_for(
    session: Session,
    host: Lesson,
    guest: Lesson,
    rows: Sequence[Full],
    *,
    by: Caller,
    at: datetime,
) -> list[Found]:
    """The same for two lessons named; what else their lecturer gives on that day counts too."""
    holder = {full.staffing.holder_id for full in rows if full.staffing}
    if len(holder) != 1:
        return []
    numbers = Numbers.of(session, by.district)
    by_way, zone = Way.of(numbers), numbers.zone
    standing = {full.lesson.id: _standing(full) for full in rows}
    others = promised(_given_by(session, by.district, holder.pop(), at))
    pairs = grouping_rules.one_way(list(standing.values()), by_way, zone, within=APART)
    judge = Judge(session, rows, by.district, numbers, at)
    for a, b, km in pairs:
        if (a.lesson.id, b.lesson.id) == (host.id, guest.id):
            slot = judge.beside(a, b, [_standing(full) for full in others], by_way)
            if slot is not None:
                return [grouping_rules.route(a, b, slot, km, by_way, wished=slot in b.wished)]
    return []


class Judge:
    """May a promised lesson be at this time where it is? Everything is read once."""

    def __init__(
        self, session: Session, rows: Sequence[Full], district: str, numbers: Numbers, at: datetime
    ) -> None:
        days = [d for full in rows if (d := full.lesson.starts_at) is not None]
        first, last = (day.astimezone(numbers.zone).date() for day in (min(days), max(days)))
        self.grounds = conflict_queries.read(session, district, first, last)
        self.ground = moving_queries.ground(session, self.grounds, district, at=at)
        self.rows = {full.lesson.id: full for full in rows}
        self.soonest, self.at = at + lesson_rules.early(numbers), at

    def beside(
        self, host: Standing, guest: Standing, others: Iterable[Standing], by_way: Way
    ) -> Slot | None:
        zone = self.grounds.numbers.zone
        km = grouping_rules.between(host.place, guest.place) or 0.0
        rest = [one for one in others if one.lesson.id != guest.lesson.id]
        for slot in grouping_rules.times_beside(host, guest, km, by_way, zone):
            early = slot.starts_at >= self.soonest
            free = grouping_rules.fits_between(slot, guest.place, rest, by_way)
            if early and free and self.may(guest, slot):
                return slot
        return None

    def may(self, one: Standing, slot: Slot) -> bool:
        place, lesson, grounds = one.place, one.lesson, self.grounds
        course = CourseVersion.model_validate(self.rows[lesson.id].line.snapshot)
        on = place_checks.Grounds(
            numbers=grounds.numbers,
            times=grounds.times(lesson.school_id),
            calendar=grounds.calendar,
            course=course,
            venue=grounds.venues.get(place.resource_id) if place.kind == "venue" else None,  # type: ignore[arg-type]
            site=grounds.sites.get(place.resource_id) if place.kind == "site" else None,  # type: ignore[arg-type]
        )
        if place_checks.against(lesson, slot, place, on, at=self.at):
            return False
        return self.ground.is_free(place.resource_id, slot, lesson.id)


def promised(rows: Sequence[Full]) -> list[Full]:
    """Of these the ones a lecturer has promised, about which nothing else is going on."""
    return [
        full
        for full in rows
        if full.lesson.state == L.CONFIRMED
        and full.staffing is not None
        and full.staffing.status == "held"
        and full.staffing.holder_id is not None
        and full.staffing.revision >= full.lesson.revision
        and full.change_id is None
        and full.lesson.retime is None
        and full.lesson.programme_id is None
        and not full.lesson.guest_people
    ]


def _promised(session: Session, by: Caller, spoken: set[UUID], at: datetime) -> list[Full]:
    rows = session.exec(
        select(Lesson)
        .where(Lesson.district == by.district, Lesson.state == L.CONFIRMED)
        .where(col(Lesson.starts_at) > at, col(Lesson.starts_at) < at + AHEAD)
        .order_by(col(Lesson.starts_at), col(Lesson.id))
        .limit(plan_rules.MOST_LESSONS)
    ).all()
    free = [row for row in rows if row.id not in spoken]
    return promised(lesson_queries.full(session, free))


def _given_by(session: Session, district: str, holder_id: UUID | None, at: datetime) -> list[Full]:
    rows = session.exec(
        select(Lesson)
        .join(StaffingCopy, col(StaffingCopy.lesson_id) == col(Lesson.id))
        .where(Lesson.district == district, Lesson.state == L.CONFIRMED)
        .where(StaffingCopy.holder_id == holder_id, col(Lesson.starts_at) > at)
    ).all()
    return lesson_queries.full(session, rows)


def _standing(full: Full) -> Standing:
    lesson, said = full.lesson, full.staffing
    assert lesson.starts_at and lesson.ends_at and said and said.holder_id
    wishes = [Slot.model_validate(wish) for wish in lesson.wishes]
    times = plan_rules.slots_of(wishes, lesson.minutes, camp=False, points=0)
    return Standing(
        lesson=lesson,
        slot=Slot(starts_at=lesson.starts_at, ends_at=lesson.ends_at),
        place=Place.model_validate(lesson.place),
        holder_id=said.holder_id,
        school_name=full.school_name,
        course_title=(full.line.snapshot or {}).get("title", ""),
        wished=[slot for slot, _ in times],
    )
