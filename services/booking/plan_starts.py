"""Booking: when the lessons of a plan could begin, by the rules that guard placing; all of them in
a constant number of reads."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from services.booking import calendar, place_checks, plan_rules
from services.booking.models import (
    BlockedDate,
    CourseCopy,
    Lesson,
    Order,
    OrderLine,
    PlaceHold,
    School,
    SiteCopy,
    Venue,
)
from services.booking.place_checks import Asked, Grounds
from services.booking.plan_rules import Points
from services.booking.rules import SchoolTimes, WorkCalendar
from services.booking.states import LessonState
from services.contracts.booking import Place, Slot
from services.contracts.catalog import CourseVersion
from services.kit.auth import Caller
from services.kit.errors import Invalid
from services.kit.numbers import Numbers

OPEN = frozenset({LessonState.UNPLACED, LessonState.WAITLISTED})


@dataclass(frozen=True)
class Possible:
    """A lesson, where it would be, and when it could begin; `refused`: the rules against the times
    it cannot, and how many of them each refused."""

    lesson: Lesson
    line: OrderLine
    weight: int
    place: Place | None
    slots: list[tuple[Slot, Points]] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)

    def days(self, zone: ZoneInfo) -> tuple[date, ...]:
        """On which it could be given."""
        return tuple(sorted({slot.starts_at.astimezone(zone).date() for slot, _ in self.slots}))


@dataclass(frozen=True)
class Reading:
    """What all lessons of a plan are judged by."""

    numbers: Numbers
    calendar: WorkCalendar
    blocked: dict[UUID, frozenset[date]]
    schools: dict[UUID, School]
    lines: dict[UUID, OrderLine]
    orders: dict[UUID, Order]
    taken: dict[UUID, list[tuple[datetime, datetime, UUID]]]


def possible(
    session: Session,
    lessons: Sequence[Lesson],
    *,
    first: date,
    last: date,
    wish_points: Points,
    pinned: dict[UUID, Slot],
    states: Collection[LessonState] = OPEN,
    by: Caller,
    at: datetime,
) -> list[Possible]:
    """Every lesson in its order, as far as it is in one of the `states`. A pinned one is judged at
    its own time alone."""
    on = read(session, lessons, first, last, by)
    found = [
        _one(session, lesson, on, (first, last), wish_points, pinned, by, at)
        if lesson.state in states
        else _not_open(lesson, on)
        for lesson in lessons
    ]
    return _whole_camps(found)


def _not_open(lesson: Lesson, on: Reading) -> Possible:
    """It was placed or ended since it was asked for."""
    line, order = on.lines[lesson.line_id], on.orders[lesson.order_id]
    format = str((line.snapshot or {}).get("format", ""))
    weight = plan_rules.weight_of(format, urgent=order.urgent)
    return Possible(lesson, line, weight, None, refused={"lesson_not_open": 1})


def _one(
    session: Session,
    lesson: Lesson,
    on: Reading,
    period: tuple[date, date],
    wish_points: Points,
    pinned: dict[UUID, Slot],
    by: Caller,
    at: datetime,
) -> Possible:
    line, order = on.lines[lesson.line_id], on.orders[lesson.order_id]
    version = place_checks.version_of(session, lesson)
    weight = plan_rules.weight_of(version.format, urgent=order.urgent)
    try:
        place = place_checks.place_asked(session, lesson, Asked(), by=by)
    except Invalid as refusal:
        return Possible(lesson, line, weight, None, refused={refusal.code: 1})
    grounds = grounds_of(session, lesson, place, version, on)
    asked = _asked(lesson, wish_points, pinned)
    refused: Counter[str] = Counter()
    slots = []
    for slot, points in asked:
        against = codes(lesson, slot, place, grounds, on, period, at)
        refused.update(against)
        if not against:
            slots.append((slot, points))
    return Possible(lesson, line, weight, place, slots, dict(refused))


def grounds_of(
    session: Session, lesson: Lesson, place: Place, version: CourseVersion, on: Reading
) -> Grounds:
    """What this lesson is judged by at this place."""
    school = on.schools[lesson.school_id]
    blocked = on.blocked.get(school.id, frozenset())
    return Grounds(
        numbers=on.numbers,
        times=SchoolTimes(school.evening_class, school.saturday_class, blocked),
        calendar=on.calendar,
        course=version,
        venue=session.get(Venue, place.resource_id) if place.kind == "venue" else None,
        site=session.get(SiteCopy, place.resource_id) if place.kind == "site" else None,
    )


def _asked(
    lesson: Lesson, wish_points: Points, pinned: dict[UUID, Slot]
) -> list[tuple[Slot, Points]]:
    if lesson.id in pinned:
        return [(pinned[lesson.id], 0)]
    wishes = [Slot.model_validate(wish) for wish in lesson.wishes]
    camp = lesson.programme_id is not None
    return plan_rules.slots_of(wishes, lesson.minutes, camp=camp, points=wish_points)


def codes(
    lesson: Lesson,
    slot: Slot,
    place: Place,
    grounds: Grounds,
    on: Reading,
    period: tuple[date, date],
    at: datetime,
) -> list[str]:
    """The codes of everything that stands against this time."""
    day = slot.starts_at.astimezone(on.numbers.zone).date()
    if not period[0] <= day <= period[1]:
        return ["outside_period"]
    found = [p.code for p in place_checks.against(lesson, slot, place, grounds, at=at)]
    held = on.taken.get(place.resource_id, ()) if place.resource_id else ()
    others = (other for *_, other in _overlapping(held, slot) if other != lesson.id)
    return [*found, *(["place_taken"] if any(others) else [])]


def _overlapping(
    held: Iterable[tuple[datetime, datetime, UUID]], slot: Slot
) -> Iterable[tuple[datetime, datetime, UUID]]:
    return (one for one in held if one[0] < slot.ends_at and one[1] > slot.starts_at)


def _whole_camps(found: list[Possible]) -> list[Possible]:
    """The days of a camp keep to one wish: the first that is possible on all of its days."""
    camps: dict[UUID, list[Possible]] = defaultdict(list)
    for one in found:
        if one.lesson.programme_id is not None:
            camps[one.lesson.programme_id].append(one)
    kept: dict[UUID, list[tuple[Slot, Points]]] = {}
    for days in camps.values():
        wish = plan_rules.whole([_wishes_left(day) for day in days])
        for day in days:
            kept[day.lesson.id] = [
                one for one in day.slots if wish is not None and _number(day, one[0]) == wish
            ]
    return [
        Possible(one.lesson, one.line, one.weight, one.place, kept[one.lesson.id], one.refused)
        if one.lesson.id in kept
        else one
        for one in found
    ]


def _wishes_left(day: Possible) -> list[bool]:
    left = {_number(day, slot) for slot, _ in day.slots}
    return [number in left for number in range(len(day.lesson.wishes))]


def _number(day: Possible, slot: Slot) -> int | None:
    starts = [Slot.model_validate(wish).starts_at for wish in day.lesson.wishes]
    return starts.index(slot.starts_at) if slot.starts_at in starts else None


def read(
    session: Session, lessons: Sequence[Lesson], first: date, last: date, by: Caller
) -> Reading:
    """The rows are kept in the session, so that looking one up later costs nothing."""
    numbers = Numbers.of(session, by.district)
    lines = _some(session, OrderLine, {lesson.line_id for lesson in lessons})
    venues = {line.venue_id for line in lines if line.venue_id}
    sites = {line.site_id for line in lines if line.site_id}
    sites |= {UUID(str(id)) for line in lines if (id := (line.snapshot or {}).get("site_id"))}
    kept: list[Any] = [
        *_some(session, Venue, venues),
        *_some(session, SiteCopy, sites),
        *_some(session, CourseCopy, {lesson.course_id for lesson in lessons}),
    ]
    session.info["plan_rows"] = kept
    schools = _some(session, School, {lesson.school_id for lesson in lessons})
    blocked: dict[UUID, set[date]] = defaultdict(set)
    for day in session.exec(
        select(BlockedDate)
        .where(BlockedDate.district == by.district)
        .where(col(BlockedDate.on).between(first, last))
    ):
        blocked[day.school_id].add(day.on)
    return Reading(
        numbers=numbers,
        calendar=calendar.between(session, by.district, first, last),
        blocked={school: frozenset(days) for school, days in blocked.items()},
        schools={school.id: school for school in schools},
        lines={line.id: line for line in lines},
        orders={o.id: o for o in _some(session, Order, {lesson.order_id for lesson in lessons})},
        taken=_taken(session, by.district, first, last, numbers),
    )


def _taken(
    session: Session, district: str, first: date, last: date, numbers: Numbers
) -> dict[UUID, list[tuple[datetime, datetime, UUID]]]:
    """Which venues and sites are held when, and for which lesson."""
    opens = datetime.combine(first, time(), numbers.zone).astimezone(UTC)
    closes = datetime.combine(last + timedelta(days=1), time(), numbers.zone).astimezone(UTC)
    found: dict[UUID, list[tuple[datetime, datetime, UUID]]] = defaultdict(list)
    for hold in session.exec(
        select(PlaceHold)
        .where(PlaceHold.district == district, col(PlaceHold.live).is_(True))
        .where(col(PlaceHold.starts_at) < closes, col(PlaceHold.ends_at) > opens)
    ):
        found[hold.resource_id].append((hold.starts_at, hold.ends_at, hold.lesson_id))
    return found


def _some(session: Session, table: Any, ids: set[Any]) -> Sequence[Any]:
    return session.exec(select(table).where(table.id.in_(ids))).all() if ids else []
