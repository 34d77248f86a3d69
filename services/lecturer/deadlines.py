"""Lecturer: how long somebody has to answer an offer. Pure: values in, values out."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.kit.numbers import Numbers

DAY = timedelta(days=1)
# The work calendar is known for some years; a clock that never runs is a bug, not a wait.
FURTHEST = 400
MOST = 0.75
LEADS = ((14, "lead_14_days"), (7, "lead_7_days"), (2, "lead_2_days"), (1, "lead_1_day"))


@dataclass(frozen=True)
class Clock:
    """The answer clock: runs from `opens` to `closes`, local time, not on public holidays."""

    opens: time
    closes: time
    zone: ZoneInfo
    holidays: AbstractSet[date]

    def after(self, at: datetime, span: timedelta) -> datetime:
        """The moment at which the clock, watched from `at`, has run for `span`."""
        for start, end in self._open_from(at):
            if end - start >= span:
                return start + span
            span -= end - start
        raise ValueError("the answer clock never runs")

    def between(self, at: datetime, until: datetime) -> timedelta:
        """How long the clock runs between two moments."""
        total = timedelta()
        for start, end in self._open_from(at):
            if start >= until:
                break
            total += min(end, until) - start
        return total

    def _open_from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        today = at.astimezone(self.zone).date()
        for day in (today + DAY * n for n in range(FURTHEST)):
            start = max(at, datetime.combine(day, self.opens, self.zone).astimezone(UTC))
            end = datetime.combine(day, self.closes, self.zone).astimezone(UTC)
            if day not in self.holidays and start < end:
                yield start, end


def expiry(
    at: datetime,
    starts_at: datetime,
    *,
    rescue: bool,
    numbers: Numbers,
    holidays: AbstractSet[date],
) -> datetime:
    """By when an offer made now for a lesson at `starts_at` has to be answered.

    The time given shrinks with the lead; it runs on the answer clock, except in a rescue, where
    every minute counts. Holidays before the lesson never take more than three quarters of the time
    that is left, so that there is always time for somebody else.
    """
    if rescue:
        return at + answer_time(timedelta(), numbers)
    lead = starts_at - at
    clock = clock_of(numbers, holidays)
    return min(clock.after(at, answer_time(lead, numbers)), at + max(lead, timedelta()) * MOST)


def reminders(
    asked_at: datetime, expires_at: datetime, *, numbers: Numbers, holidays: AbstractSet[date]
) -> list[datetime]:
    """When somebody who has not answered is reminded: parts of the time as the clock runs."""
    clock = clock_of(numbers, holidays)
    running = clock.between(asked_at, expires_at)
    shares = [int(percent) / 100 for percent in numbers.list("remind_at_percent")]
    if not running:  # a rescue in the night
        return [asked_at + (expires_at - asked_at) * share for share in shares]
    return [clock.after(asked_at, running * share) for share in shares]


def answer_time(lead: timedelta, numbers: Numbers) -> timedelta:
    """How long the clock runs for an offer sent this long before the lesson."""
    for days, name in LEADS:
        if lead >= DAY * days:
            return timedelta(hours=numbers.int(f"answer_hours_{name}"))
    return timedelta(minutes=numbers.int("answer_minutes_same_day"))


def is_rescue(state: str, asked: bool, starts_at: datetime, at: datetime) -> bool:
    """A lesson that is at risk or starts within a day: minutes, not hours, and nobody sleeps."""
    return asked or state == "at_risk" or starts_at - at < DAY


def clock_of(numbers: Numbers, holidays: AbstractSet[date]) -> Clock:
    opens, closes = numbers.text("answer_clock").split("-")
    return Clock(time.fromisoformat(opens), time.fromisoformat(closes), numbers.zone, holidays)


def notice(at: datetime, starts_at: datetime, numbers: Numbers) -> str:
    """How early an end comes: early, late, same_day or after_start."""
    if at >= starts_at:
        return "after_start"
    if starts_at - at < timedelta(hours=numbers.int("notice_same_day_hours")):
        return "same_day"
    if starts_at - at < timedelta(hours=numbers.int("notice_early_hours")):
        return "late"
    return "early"
