"""Lecturer: who may take a seat and who may not, from one query per table."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from services.kit import clock
from services.kit.errors import Conflict
from services.kit.numbers import Numbers
from services.lecturer import eligibility, ledger, people, ranking
from services.lecturer.eligibility import Ask, Frame, Person, Reason, Rules
from services.lecturer.ledger import NOTHING, Measure
from services.lecturer.models import Assignment, Seat
from services.lecturer.people import COUNTED
from services.lecturer.places import spot
from services.lecturer.ranking import Candidate, Record

Slot = tuple[datetime, datetime]


@dataclass(frozen=True)
class Excluded:
    """A lecturer who may not take the seat, and all the reasons why."""

    person: Person
    reasons: list[Reason]


@dataclass(frozen=True)
class Candidates:
    """Who may take a seat, best first, and who may not."""

    ranked: list[Candidate]
    excluded: list[Excluded]

    def counts(self) -> dict[str, int]:
        """Reason code -> number of lecturers it excludes."""
        found: dict[str, int] = {}
        for out in self.excluded:
            for code in {reason["code"] for reason in out.reasons}:
                found[code] = found.get(code, 0) + 1
        return dict(sorted(found.items()))


def of_seat(
    session: Session,
    seat: Seat,
    *,
    waive: AbstractSet[str] = frozenset(),
    slot: Slot | None = None,
    place: dict[str, Any] | None = None,
    lecturer_ids: Collection[UUID] | None = None,
) -> Candidates:
    """All lecturers of the district for a seat, or some of them; 409 `no_slot` before it has one.

    `slot` and `place` ask about another time than the lesson's own: a retime, a counter-proposal.
    """
    numbers = Numbers.of(session, seat.district)
    rules, measure = Rules.of(numbers), Measure.of(numbers)
    ask = ask_of(seat, rules, slot=slot, place=place)
    ask = replace(ask, short_notice=measure.is_short(clock.now(), ask.starts_at))
    known = records(session, seat.district, ask)
    able: list[Person] = []
    excluded: list[Excluded] = []
    for person in _load(session, seat.district, ask, lecturer_ids):
        why = eligibility.reasons(ask, person, rules, waive=waive)
        if why:
            excluded.append(Excluded(person, why))
        else:
            able.append(person)
    carried = ledger.burdens(
        session,
        seat.district,
        year=ask.frame.on.year,
        measure=measure,
        ids=[person.id for person in able],
        without=ask.lesson_id,
    )
    with_records = [
        (one, replace(known.get(one.id, Record()), carried=carried.get(one.id, NOTHING)))
        for one in able
    ]
    return Candidates(ranking.rank(ask, with_records, rules), excluded)


def why_not(
    session: Session,
    seat: Seat,
    lecturer_id: UUID,
    *,
    waive: AbstractSet[str] = frozenset(),
    slot: Slot | None = None,
    place: dict[str, Any] | None = None,
) -> list[Reason]:
    """The reasons against one lecturer, by the same rules; an empty list means he may."""
    rules = Rules.of(Numbers.of(session, seat.district))
    ask = ask_of(seat, rules, slot=slot, place=place)
    found = _load(session, seat.district, ask, [lecturer_id])
    return [reason for one in found for reason in eligibility.reasons(ask, one, rules, waive=waive)]


def free(session: Session, question: dict[str, Any]) -> dict[str, Any]:
    """How many lecturers could take a lesson at each of these times, for booking to place it.

    Asked: district, course_id, pools, slots (starts_at, ends_at), place. Answered: {"free": [n]}.
    """
    rules = Rules.of(Numbers.of(session, question["district"]))
    asks = [_asked(question, slot, rules) for slot in question["slots"]]
    if not asks:
        return {"free": []}
    first, last = people.around(*asks)
    found = people.load(
        session, question["district"], course_id=asks[0].course_id, first=first, last=last
    )
    return {"free": [_able(ask, found, rules) for ask in asks]}


def against(session: Session, question: dict[str, Any]) -> dict[str, Any]:
    """What stands against one lecturer giving a lesson at one time, for booking to pin him there.

    Asked: district, lecturer_id, lesson_id, course_id, pools, slot, place, wanted, wanted_only.
    Answered: {"name": None when the district has no such lecturer, "reasons": [...]}.
    """
    rules = Rules.of(Numbers.of(session, question["district"]))
    ask = _asked(question, question["slot"], rules)
    ask = replace(ask, lesson_id=UUID(question["lesson_id"]))
    found = _load(session, question["district"], ask, [UUID(question["lecturer_id"])])
    if not found:
        return {"name": None, "reasons": []}
    return {"name": found[0].name, "reasons": eligibility.reasons(ask, found[0], rules)}


def ask_of(
    seat: Seat, rules: Rules, *, slot: Slot | None = None, place: dict[str, Any] | None = None
) -> Ask:
    """What a lesson asks for, at its own time and place or at another."""
    starts_at, ends_at = slot or (seat.starts_at, seat.ends_at)
    if starts_at is None or ends_at is None:
        raise Conflict("no_slot", lesson_id=str(seat.lesson_id), state=seat.state)
    return Ask(
        course_id=seat.course_id,
        pools=tuple(seat.body["eligible_pools"]),
        starts_at=starts_at,
        ends_at=ends_at,
        place=spot(place or seat.body.get("place")),
        frame=Frame.of(rules, starts_at, ends_at),
        lesson_id=seat.lesson_id,
        school_id=seat.school_id,
        wanted=tuple(UUID(str(id)) for id in seat.body.get("wanted_lecturers", ())),
        wanted_only=bool(seat.body.get("wanted_only")),
    )


def _asked(question: dict[str, Any], slot: dict[str, str], rules: Rules) -> Ask:
    starts_at = datetime.fromisoformat(slot["starts_at"])
    ends_at = datetime.fromisoformat(slot["ends_at"])
    return Ask(
        course_id=UUID(question["course_id"]),
        pools=tuple(question["pools"]),
        starts_at=starts_at,
        ends_at=ends_at,
        place=spot(question.get("place")),
        frame=Frame.of(rules, starts_at, ends_at),
        wanted=tuple(UUID(id) for id in question.get("wanted", ())),
        wanted_only=bool(question.get("wanted_only")),
    )


def _able(ask: Ask, found: list[Person], rules: Rules) -> int:
    return sum(not eligibility.reasons(ask, person, rules) for person in found)


def _load(
    session: Session, district: str, ask: Ask, lecturer_ids: Collection[UUID] | None
) -> list[Person]:
    first, last = people.around(ask)
    return people.load(
        session,
        district,
        course_id=ask.course_id,
        first=first,
        last=last,
        near=people.nearby(ask),
        ids=lecturer_ids,
    )


def records(session: Session, district: str, ask: Ask) -> dict[UUID, Record]:
    """What each lecturer gave or promised in this calendar year and the one before it."""
    zone = ask.frame.zone
    year = clock.midnight(ask.frame.on.replace(month=1, day=1), zone)
    before = year.replace(year=year.year - 1)
    after = datetime.combine(ask.frame.on.replace(month=12, day=31), time.max, zone).astimezone(UTC)
    this_year = col(Assignment.starts_at) >= year
    here = this_year & (col(Seat.school_id) == ask.school_id)
    statement = (
        select(
            col(Assignment.lecturer_id),
            func.sum(case((this_year, 1), else_=0)),
            func.sum(case((here, 1), else_=0)),
            func.sum(case((col(Seat.course_id) == ask.course_id, 1), else_=0)),
        )
        .join(Seat, col(Seat.lesson_id) == col(Assignment.lesson_id))
        .where(
            col(Assignment.district) == district,
            col(Assignment.state).in_(COUNTED),
            col(Assignment.starts_at).between(before, after),
            col(Assignment.lesson_id) != ask.lesson_id,
        )
        .group_by(col(Assignment.lecturer_id))
    )
    return {id: Record(int(y), int(s), int(c)) for id, y, s, c in session.execute(statement)}
