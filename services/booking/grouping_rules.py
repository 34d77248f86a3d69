"""Booking: which lessons could be taught together (拼班) or on one way (送教路线). Pure.

Values in, values out; whether a lesson may be somewhere at all is judged by the rules of placing
before it comes here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import combinations
from math import asin, ceil, cos, radians, sin, sqrt
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.booking.models import Lesson
from services.booking.rules import HALF_DAYS
from services.contracts.booking import Gain, Place, Slot
from services.kit.numbers import Numbers

EARTH_KM = 6371.0
ROUND = timedelta(minutes=5)
SECOND_WISH = 6  # what a wish further down counts against a time, as in a plan


@dataclass(frozen=True)
class Waiting:
    """A lesson that waits: `slots` are the times it could be given where it was wished, each with
    what choosing it costs; `capacity` is None where nobody knows it."""

    lesson: Lesson
    delivery: str
    school_name: str
    lat: float
    lon: float
    place: Place | None
    capacity: int | None
    most: int  # people the course is made for
    slots: Sequence[tuple[Slot, int]]
    blocked: frozenset[date] = frozenset()

    @property
    def alike(self) -> tuple[UUID, UUID, str, int]:
        """Only lessons with the same of all these can be one."""
        lesson = self.lesson
        return lesson.course_id, lesson.course_version_id, self.delivery, lesson.minutes


@dataclass(frozen=True)
class Found:
    """Two lessons that could go together, when and where, and what it brings."""

    kind: str
    host: Lesson
    guest: Lesson
    slot: Slot
    place: Place
    gain: Gain


@dataclass(frozen=True)
class Standing:
    """A promised lesson: where it stands, and who gives it."""

    lesson: Lesson
    slot: Slot
    place: Place
    holder_id: UUID
    wished: Sequence[Slot] = field(default=())  # the times the school wished for, as they would be


@dataclass(frozen=True)
class Way:
    """How far is near, and how long a way takes."""

    most_km: float
    fixed_minutes: int
    minutes_per_km: float
    opens: tuple[time, ...] = ()  # when half-days begin

    @classmethod
    def of(cls, numbers: Numbers) -> "Way":
        return cls(
            most_km=float(numbers.decimal("grouping_km")),
            fixed_minutes=numbers.int("travel_fixed_minutes"),
            minutes_per_km=float(numbers.decimal("travel_minutes_per_km")),
            opens=tuple(
                time.fromisoformat(numbers.text(half).partition("-")[0]) for half in HALF_DAYS
            ),
        )

    def minutes(self, km: float) -> int:
        return self.fixed_minutes + ceil(self.minutes_per_km * km - 1e-9) if km else 0


def merges(waiting: Iterable[Waiting], way: Way, zone: ZoneInfo) -> list[Found]:
    """The nearest pairs, no lesson in two of them."""
    alike: dict[object, list[Waiting]] = defaultdict(list)
    for one in waiting:
        alike[one.alike].append(one)
    found = [
        pair
        for group in alike.values()
        for a, b in combinations(group, 2)
        if (pair := _better(merge(a, b, way, zone), merge(b, a, way, zone))) is not None
    ]
    return _apart(sorted(found, key=lambda one: (one.gain.km, one.slot.starts_at, one.guest.id)))


def _better(one: Found | str, other: Found | str) -> Found | None:
    """The fewer have to go, the better."""
    both = [found for found in (one, other) if isinstance(found, Found)]
    return min(both, key=lambda f: (f.guest.attendees, f.gain.km, f.guest.id), default=None)


def _apart(found: Iterable[Found]) -> list[Found]:
    kept: list[Found] = []
    taken: set[UUID] = set()
    for one in found:
        if not taken & {one.host.id, one.guest.id}:
            taken |= {one.host.id, one.guest.id}
            kept.append(one)
    return kept


def merge(
    host: Waiting, guest: Waiting, way: Way, zone: ZoneInfo, at: datetime | None = None
) -> Found | str:
    """The guest's people come to the host's lesson, at a time both wished for (this one, if
    named); or why not: not_alike, same_school, capacity_unknown, too_many_together, too_far_apart,
    no_common_time."""
    if host.alike != guest.alike:
        return "not_alike"
    if host.lesson.school_id == guest.lesson.school_id:
        return "same_school"
    if host.place is None or host.capacity is None:
        return "capacity_unknown"
    people = host.lesson.attendees + guest.lesson.attendees
    if people > min(host.capacity, host.most):
        return "too_many_together"
    km = distance(host.place, guest)
    if km is None or km > way.most_km:
        return "too_far_apart"
    times = [(points, slot) for points, slot in _common(host, guest, zone)]
    if at is not None:
        times = [(points, slot) for points, slot in times if slot.starts_at == at]
    if not times:
        return "no_common_time"
    slot = min(times, key=lambda one: (one[0], one[1].starts_at))[1]
    gain = Gain(
        km=round(km, 1),
        way_minutes=way.minutes(km),
        minutes=host.lesson.minutes,
        people=people,
        capacity=min(host.capacity, host.most),
    )
    return Found("merge", host.lesson, guest.lesson, slot, host.place, gain)


def _common(host: Waiting, guest: Waiting, zone: ZoneInfo) -> Iterator[tuple[int, Slot]]:
    wishes = [Slot.model_validate(wish) for wish in guest.lesson.wishes]
    for slot, points in host.slots:
        number = inside(slot, wishes)
        on = slot.starts_at.astimezone(zone).date()
        if number is not None and on not in guest.blocked:
            yield points + SECOND_WISH * number, slot


def inside(slot: Slot, wishes: Sequence[Slot]) -> int | None:
    """The number of the first wish it lies in."""
    return next(
        (
            number
            for number, wish in enumerate(wishes)
            if wish.starts_at <= slot.starts_at and slot.ends_at <= wish.ends_at
        ),
        None,
    )


def one_way(
    standing: Sequence[Standing], way: Way, zone: ZoneInfo, *, within: timedelta
) -> Iterator[tuple[Standing, Standing, float]]:
    """Lessons of one lecturer at near places on different days: (host, guest, km), both ways
    round, the nearest first."""
    of: dict[UUID, list[Standing]] = defaultdict(list)
    for one in standing:
        of[one.holder_id].append(one)
    pairs = []
    for mine in of.values():
        for a, b in combinations(mine, 2):
            km = between(a.place, b.place)
            days = {x.slot.starts_at.astimezone(zone).date() for x in (a, b)}
            apart = abs(a.slot.starts_at - b.slot.starts_at) <= within and len(days) == 2
            if km is not None and km <= way.most_km and apart and _strangers(a, b):
                pairs += [(km, a, b), (km, b, a)]
    pairs.sort(key=lambda one: (one[0], one[1].lesson.id, one[2].lesson.id))
    return ((a, b, km) for km, a, b in pairs)


def _strangers(a: Standing, b: Standing) -> bool:
    return a.lesson.school_id != b.lesson.school_id


def times_beside(
    host: Standing, guest: Standing, km: float, way: Way, zone: ZoneInfo
) -> list[Slot]:
    """When the guest's lesson could be on the host's day: as its school wished, right after or
    before the host's with the way between, or at the beginning of a half-day."""
    day = host.slot.starts_at.astimezone(zone).date()
    wished = [slot for slot in guest.wished if slot.starts_at.astimezone(zone).date() == day]
    length = guest.slot.ends_at - guest.slot.starts_at
    gap = timedelta(minutes=way.minutes(km))
    after, before = _ceil(host.slot.ends_at + gap), _floor(host.slot.starts_at - gap - length)
    opens = (datetime.combine(day, opens, zone) for opens in way.opens)
    beside = [Slot(starts_at=starts, ends_at=starts + length) for starts in (after, before, *opens)]
    return [*wished, *beside]


def fits_between(slot: Slot, place: Place, others: Iterable[Standing], way: Way) -> bool:
    """Does it overlap none of these, with the way in between?"""
    for other in others:
        km = between(place, other.place)
        gap = timedelta(minutes=way.minutes(way.most_km if km is None else km))
        before, after = slot.ends_at + gap, slot.starts_at - gap
        if not (before <= other.slot.starts_at or after >= other.slot.ends_at):
            return False
    return True


def route(
    host: Standing, guest: Standing, slot: Slot, km: float, way: Way, *, wished: bool
) -> Found:
    gain = Gain(km=round(km, 1), way_minutes=way.minutes(km), wished=wished)
    return Found("route", host.lesson, guest.lesson, slot, guest.place, gain)


def next_with_host(host: Lesson, guest: Lesson, *, fits: bool) -> tuple[str, dict[str, Any]] | None:
    """What a joined lesson does when its host is as it is now: the verb and the facts; None: it
    stays. `fits`: the host's time lies in the guest's wishes and the room holds everybody."""
    match str(host.state):
        case "delivered" | "verified" | "disputed":
            return "host_delivered", {}
        case "partially_delivered":
            return "host_cut_short", _why(host)
        case "not_delivered" | "written_off":
            return "host_not_delivered", _why(host)
        case "tentative" | "confirmed" | "at_risk" | "suspended" | "in_progress":
            same = (host.starts_at, host.ends_at, host.place)
            if same == (guest.starts_at, guest.ends_at, guest.place):
                return None
            if not fits:
                return "part", {}
            now = dict(zip(("starts_at", "ends_at", "place"), same, strict=True))
            return "follow_host", {**now, "revision": guest.revision + 1}
    return "part", {}


def _why(host: Lesson) -> dict[str, Any]:
    """Its reason is theirs, as far as it says one."""
    said = {"reason_code": host.reason_code, "fault": host.fault}
    return {name: value for name, value in said.items() if value is not None}


def distance(place: Place, school: Waiting) -> float | None:
    if place.lat is None or place.lon is None:
        return None
    return kilometres((place.lat, place.lon), (school.lat, school.lon))


def between(a: Place, b: Place) -> float | None:
    """0 where one is online or both are the same; None when one has no coordinates."""
    same = a.resource_id is not None and a.resource_id == b.resource_id
    if same or "online" in (a.kind, b.kind):
        return 0.0
    if a.lat is None or a.lon is None or b.lat is None or b.lon is None:
        return None
    return kilometres((a.lat, a.lon), (b.lat, b.lon))


def kilometres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """As the crow flies."""
    lat_a, lat_b = radians(a[0]), radians(b[0])
    half = sin((lat_b - lat_a) / 2) ** 2
    half += cos(lat_a) * cos(lat_b) * sin(radians(b[1] - a[1]) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, half)))


def _ceil(at: datetime) -> datetime:
    over = timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
    return at + (ROUND - over if over else timedelta())


def _floor(at: datetime) -> datetime:
    return at - timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
