"""Lecturer: may this lecturer take this seat? Pure rules, the same for ranking, sending and
accepting. A reason is {"code", ...facts, "change"}: the smallest change that would lift it."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.kit import clock
from services.kit.numbers import Numbers
from services.lecturer.places import Spot, Travel

Reason = dict[str, Any]

# What a scheduler may waive while a lesson is at risk; the school then has to agree.
WAIVABLE = frozenset({"not_qualified", "wrong_pool", "not_the_requested_lecturer"})
# What depends on the other lessons of the lecturer; everything else is about himself.
OF_THE_MOMENT = frozenset({"already_teaching", "travel_buffer", "day_cap", "week_cap", "month_cap"})
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
PARTS = ("AM", "PM", "EVE")
HALF_DAYS = frozenset(f"{day}_{part}" for day in WEEKDAYS for part in PARTS)


@dataclass(frozen=True)
class Rules:
    """The district's numbers, read once."""

    zone: ZoneInfo
    half_days: Mapping[str, tuple[time, time]]
    travel: Travel
    max_travel_minutes: int
    day_cap: int
    month_cap: int

    @classmethod
    def of(cls, numbers: Numbers) -> "Rules":
        def hours(part: str) -> tuple[time, time]:
            opens, closes = numbers.text(f"half_day_{part.lower()}").split("-")
            return time.fromisoformat(opens), time.fromisoformat(closes)

        return cls(
            zone=numbers.zone,
            half_days={part: hours(part) for part in PARTS},
            travel=Travel(
                numbers.int("travel_fixed_minutes"), float(numbers.decimal("travel_minutes_per_km"))
            ),
            max_travel_minutes=numbers.int("lecturer_max_travel_minutes"),
            day_cap=numbers.int("lecturer_day_cap"),
            month_cap=numbers.int("lecturer_month_cap"),
        )


@dataclass(frozen=True)
class Frame:
    """The local day, week and month of a slot, as instants, and the half-days it takes."""

    on: date
    zone: ZoneInfo
    half_days: tuple[str, ...]
    day: tuple[datetime, datetime]
    week: tuple[datetime, datetime]
    month: tuple[datetime, datetime]

    @classmethod
    def of(cls, rules: Rules, starts_at: datetime, ends_at: datetime) -> "Frame":
        def span(first: date, after: date) -> tuple[datetime, datetime]:
            return clock.midnight(first, rules.zone), clock.midnight(after, rules.zone)

        on = starts_at.astimezone(rules.zone).date()
        monday = on - timedelta(days=on.weekday())
        first = on.replace(day=1)
        return cls(
            on=on,
            zone=rules.zone,
            half_days=half_days(rules, starts_at, ends_at),
            day=span(on, on + timedelta(days=1)),
            week=span(monday, monday + timedelta(days=7)),
            month=span(first, (first + timedelta(days=32)).replace(day=1)),
        )


@dataclass(frozen=True)
class Ask:
    """What a seat needs. `wanted_only`: nobody but the requested lecturers will do."""

    course_id: UUID
    pools: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    place: Spot
    frame: Frame
    lesson_id: UUID | None = None
    school_id: UUID | None = None
    wanted: tuple[UUID, ...] = ()
    wanted_only: bool = False
    short_notice: bool = False  # whoever promises now has little time to prepare

    @property
    def in_the_evening(self) -> bool:
        return bool(self.frame.half_days) and self.frame.half_days[-1].endswith("_EVE")


@dataclass(frozen=True)
class Term:
    """A letter of appointment: valid from the first to the last day, both included."""

    starts_on: date
    ends_on: date

    def covers(self, on: date) -> bool:
        return self.starts_on <= on <= self.ends_on


@dataclass(frozen=True)
class Away:
    """A leave, half-open."""

    id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Engagement:
    """A lesson this lecturer holds or has given."""

    assignment_id: UUID
    lesson_id: UUID
    starts_at: datetime
    ends_at: datetime
    place: Spot


@dataclass
class Person:
    """A lecturer and everything the rules look at."""

    id: UUID
    code: str
    name: str
    pool: str
    status: str
    week_cap: int
    home: Spot = field(default_factory=Spot)
    raised: Mapping[str, int] = field(default_factory=dict)
    qualified: bool = False
    terms: list[Term] = field(default_factory=list)
    half_days: set[str] = field(default_factory=set)
    leave: list[Away] = field(default_factory=list)
    engagements: list[Engagement] = field(default_factory=list)


def reasons(
    ask: Ask, person: Person, rules: Rules, *, waive: AbstractSet[str] = frozenset()
) -> list[Reason]:
    """Why not, all of it, in the order of the rules; an empty list means he may."""
    found = [*against(ask, person, rules), *this_day(ask, person, rules)]
    return [reason for reason in found if reason["code"] not in waive & WAIVABLE]


def against(ask: Ask, person: Person, rules: Rules) -> Iterator[Reason]:
    """What speaks against him at any time: course, pool, wishes, the way from home."""
    if person.status != "active":
        yield _reason("lecturer_inactive", "activate_lecturer", status=person.status)
    if not person.qualified:
        yield _reason("not_qualified", ("add_qualification", {"course_id": str(ask.course_id)}))
    if person.pool not in ask.pools:
        waiver = ("waive", {"rule": "wrong_pool", "lesson_state": "at_risk"})
        yield _reason("wrong_pool", waiver, pool=person.pool, pools=list(ask.pools))
    if ask.wanted_only and person.id not in ask.wanted:
        wish = ("add_wish", {"lecturer_id": str(person.id)})
        requested = [str(id) for id in ask.wanted]
        yield _reason("not_the_requested_lecturer", wish, requested=requested)
    minutes = rules.travel.minutes(person.home, ask.place)
    if person.home.lat is not None and minutes > rules.max_travel_minutes:
        nearer = ("place_nearer", {"minutes": minutes - rules.max_travel_minutes})
        yield _reason("too_far", nearer, minutes=minutes, limit=rules.max_travel_minutes)


def this_day(ask: Ask, person: Person, rules: Rules) -> Iterator[Reason]:
    """What speaks against him on this day and at this hour: his letter, his week, his lessons."""
    if not any(term.covers(ask.frame.on) for term in person.terms):
        yield _not_appointed(ask, person)
    yield from _not_available(ask, person, rules)
    yield from _his_week(ask, person, rules)


def _not_appointed(ask: Ask, person: Person) -> Reason:
    before = [term.ends_on for term in person.terms if term.ends_on < ask.frame.on]
    ended = max(before, default=None)
    change = ("renew_appointment" if ended else "appoint", {"valid_on": str(ask.frame.on)})
    return _reason(
        "appointment_not_valid", change, on=str(ask.frame.on), ended_on=ended and str(ended)
    )


def _not_available(ask: Ask, person: Person, rules: Rules) -> Iterator[Reason]:
    wanted = ask.frame.half_days
    if not wanted:
        hours = [f"{a:%H:%M}-{b:%H:%M}" for a, b in rules.half_days.values()]
        yield _reason("not_available", ("move_into_half_day", {"half_days": hours}), half_day=None)
    for half in wanted:
        if half in person.half_days:
            continue
        available = sorted(person.half_days, key=_rank)
        change = ("add_availability", {"half_day": half})
        yield _reason("not_available", change, half_day=half, available=available)
    first = wanted[0] if wanted else None
    for away in person.leave:
        if away.starts_at < ask.ends_at and away.ends_at > ask.starts_at:
            change = ("undo_leave", {"leave_id": str(away.id)})
            local = {"from": _at(away.starts_at, rules), "until": _at(away.ends_at, rules)}
            yield _reason("not_available", change, half_day=first, leave=local)


def _his_week(ask: Ask, person: Person, rules: Rules) -> Iterator[Reason]:
    others = [e for e in person.engagements if e.lesson_id != ask.lesson_id]
    for other in others:
        yield from _too_close(ask, other, rules)
    caps = (
        ("day", ask.frame.day, rules.day_cap),
        ("week", ask.frame.week, person.week_cap),
        ("month", ask.frame.month, rules.month_cap),
    )
    for name, (first, after), usual in caps:
        limit = person.raised.get(name, usual)
        count = sum(first <= other.starts_at < after for other in others)
        if count >= limit:
            change = ("raise_cap", {"cap": name, "limit": count + 1})
            yield _reason(f"{name}_cap", change, count=count, limit=limit)


def _too_close(ask: Ask, other: Engagement, rules: Rules) -> Iterator[Reason]:
    """Overlap, or not enough time for the way to or from a neighbour."""
    way = rules.travel.minutes(other.place, ask.place)
    buffer = timedelta(minutes=way)
    if other.starts_at >= ask.ends_at + buffer or other.ends_at + buffer <= ask.starts_at:
        return
    earlier, later = ask.ends_at + buffer - other.starts_at, other.ends_at + buffer - ask.starts_at
    facts = {
        "assignment_id": str(other.assignment_id),
        "lesson_id": str(other.lesson_id),
        "starts_at": _at(other.starts_at, rules),
        "ends_at": _at(other.ends_at, rules),
    }
    shift = -_minutes(earlier) if earlier <= later else _minutes(later)
    change = ("move_lesson", {"minutes": shift})
    if other.starts_at < ask.ends_at and other.ends_at > ask.starts_at:
        yield _reason("already_teaching", change, **facts)
    else:
        gap = max(other.starts_at - ask.ends_at, ask.starts_at - other.ends_at)
        gap_minutes = int(gap.total_seconds() // 60)
        yield _reason("travel_buffer", change, **facts, needs_minutes=way, gap_minutes=gap_minutes)


def half_days(rules: Rules, starts_at: datetime, ends_at: datetime) -> tuple[str, ...]:
    """The half-days of one local day that the slot takes, for example MON_AM; a camp's day takes
    the morning, the break and the afternoon. None when it begins or ends outside of all."""
    starts, ends = starts_at.astimezone(rules.zone), ends_at.astimezone(rules.zone)
    if starts.date() != ends.date():
        return ()
    parts = list(rules.half_days)
    hours = rules.half_days.values()
    begun = [n for n, (opens, closes) in enumerate(hours) if opens <= starts.time() < closes]
    ended = [n for n, (opens, closes) in enumerate(hours) if opens < ends.time() <= closes]
    if not begun or not ended:
        return ()
    day = WEEKDAYS[starts.weekday()]
    return tuple(f"{day}_{part}" for part in parts[begun[0] : ended[0] + 1])


def _reason(code: str, change: str | tuple[str, dict[str, Any]], **facts: Any) -> Reason:
    kind, how = (change, {}) if isinstance(change, str) else change
    return {"code": code, **facts, "change": {"kind": kind, **how}}


def _rank(half_day: str) -> tuple[int, int]:
    day, _, part = half_day.partition("_")
    return WEEKDAYS.index(day), PARTS.index(part)


def _at(moment: datetime, rules: Rules) -> str:
    return moment.astimezone(rules.zone).isoformat()


def _minutes(span: timedelta) -> int:
    return -int(-span.total_seconds() // 60)
