"""Lecturer: who could stand in for a lesson, the soonest there first."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session

from services.kit.errors import Conflict
from services.kit.numbers import Numbers
from services.lecturer import candidates, eligibility, people
from services.lecturer.eligibility import WAIVABLE, Ask, Person, Rules
from services.lecturer.models import Seat
from services.lecturer.places import Spot, km
from services.lecturer.ranking import Record

STEP = 5  # minutes: nearer than this, experience decides


@dataclass(frozen=True)
class Substitute:
    """Somebody who could stand in. `minutes` on the way, from home or from the lesson before;
    `late` minutes after the start; `waive`: rules the school would have to agree to drop."""

    person: Person
    arrives_at: datetime
    minutes: int
    late: int
    km: float | None
    leaves_from: str
    record: Record
    waive: list[str] = field(default_factory=list)


def of_seat(session: Session, seat: Seat, *, at: datetime) -> list[Substitute]:
    """Everybody who may, and who would with rules waived; by arrival, to five minutes, then by
    past lessons of the course."""
    if seat.starts_at is None:
        raise Conflict("no_slot", lesson_id=str(seat.lesson_id), state=seat.state)
    rules = Rules.of(Numbers.of(session, seat.district))
    ask = candidates.ask_of(seat, rules)
    first, last = people.around(ask)
    # Where he is today matters, whenever the lesson is.
    near = min(at, people.nearby(ask)[0]), people.nearby(ask)[1]
    found = people.load(
        session, seat.district, course_id=ask.course_id, first=first, last=last, near=near
    )
    known = candidates.records(session, seat.district, ask)
    able = [
        _substitute(ask, person, known.get(person.id, Record()), waive, rules, at)
        for person, waive in _able(ask, found, rules)
    ]
    return sorted(able, key=_order)


def _able(ask: Ask, found: Iterable[Person], rules: Rules) -> Iterable[tuple[Person, list[str]]]:
    for person in found:
        why = {reason["code"] for reason in eligibility.reasons(ask, person, rules)}
        if why <= WAIVABLE:
            yield person, sorted(why)


def _substitute(
    ask: Ask, person: Person, record: Record, waive: list[str], rules: Rules, at: datetime
) -> Substitute:
    """On the way from now, or from the end of the lesson he gives before."""
    before = [e for e in person.engagements if at - timedelta(hours=1) < e.ends_at <= ask.starts_at]
    last = max(before, key=lambda engagement: engagement.ends_at, default=None)
    start: Spot = last.place if last else person.home
    minutes = rules.travel.minutes(start, ask.place)
    arrives_at = max(at, last.ends_at if last else at) + timedelta(minutes=minutes)
    late = -int((ask.starts_at - arrives_at).total_seconds() // 60)
    return Substitute(
        person=person,
        arrives_at=arrives_at,
        minutes=minutes,
        late=max(0, late),
        km=km(start, ask.place),
        leaves_from="lesson" if last else "home",
        record=record,
        waive=waive,
    )


def _order(one: Substitute) -> tuple[int, float, int, str]:
    """Nobody is asked to waive anything while others are there; then the sooner."""
    soon = one.arrives_at.timestamp() // (STEP * 60)
    return len(one.waive), soon, -one.record.course, one.person.code
