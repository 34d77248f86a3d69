"""Lecturer: times as a planning problem counts them: minutes on the district's wall clock from
00:00 of the period's first day. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from services.lecturer.eligibility import PARTS, WEEKDAYS, Person, Rules

DAY = 1440
Minutes = tuple[int, int]


@dataclass(frozen=True)
class Horizon:
    """The days of a period, both included."""

    first_on: date
    last_on: date
    rules: Rules

    @property
    def days(self) -> int:
        return (self.last_on - self.first_on).days + 1

    def span(self, starts_at: datetime, ends_at: datetime) -> Minutes:
        """Whole minutes around it."""
        return int(self._minutes(starts_at) // 1), -int(-self._minutes(ends_at) // 1)

    def _minutes(self, moment: datetime) -> float:
        local = moment.astimezone(self.rules.zone).replace(tzinfo=None)
        return (local - datetime.combine(self.first_on, time())).total_seconds() / 60


def valid(person: Person, horizon: Horizon) -> Minutes:
    """From the first to the last minute of his letters in the period."""
    days = [day for term in person.terms for day in _days(term.starts_on, term.ends_on, horizon)]
    return (min(days) * DAY, (max(days) + 1) * DAY) if days else (0, 0)


def free(person: Person, horizon: Horizon) -> list[Minutes]:
    """When he may be booked: half-days, joined where he has both sides of a break, on days a
    letter covers, without leave."""
    week = {day: _spans(person, day, horizon.rules) for day in WEEKDAYS}
    covered = {day for term in person.terms for day in _days(term.starts_on, term.ends_on, horizon)}
    found: list[Minutes] = []
    for day in sorted(covered):
        on = horizon.first_on + timedelta(days=day)
        spans = week[WEEKDAYS[on.weekday()]]
        found += [(day * DAY + opens, day * DAY + closes) for opens, closes in spans]
    for away in person.leave:
        found = _without(found, horizon.span(away.starts_at, away.ends_at))
    return found


def _days(starts_on: date, ends_on: date, horizon: Horizon) -> range:
    """The days of the period from one day to another, both included."""
    first = max(0, (starts_on - horizon.first_on).days)
    return range(first, min(horizon.days, (ends_on - horizon.first_on).days + 1))


def _spans(person: Person, day: str, rules: Rules) -> list[Minutes]:
    found: list[Minutes] = []
    joined = False
    for part in PARTS:
        has = f"{day}_{part}" in person.half_days
        if has:
            opens, closes = (hour.hour * 60 + hour.minute for hour in rules.half_days[part])
            found.append((found.pop()[0] if joined else opens, closes))
        joined = has
    return found


def _without(spans: Iterable[Minutes], gone: Minutes) -> list[Minutes]:
    left = []
    for opens, closes in spans:
        for a, b in ((opens, min(closes, gone[0])), (max(opens, gone[1]), closes)):
            if a < b:
                left.append((a, b))
    return left
