"""Lecturer: who should be asked first, and why. Pure: the same facts give the same order."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from services.lecturer.eligibility import Ask, Person, Rules
from services.lecturer.ledger import NOTHING, Burden, is_far
from services.lecturer.places import km

Term = dict[str, Any]

WISHED, NEXT_WISH = 1000, 100
POOL_STEP = 20
POINTS_PER_KM, UNKNOWN_WAY = 1.0, 30
MONTH_SESSION, YEAR_SESSION = 15, 2
OFTEN_AT_SCHOOL, SAME_SCHOOL_SESSION = 3, 8
EXPERIENCE, MOST_EXPERIENCE = 4, 5
TURN = (
    5  # points for each evening, long way or short notice of the year, where the lesson is one more
)


@dataclass(frozen=True)
class Record:
    """What a lecturer has given or promised: this year, at this school, of this course; and how
    much of this year is what nobody likes."""

    year: int = 0
    school: int = 0
    course: int = 0
    carried: Burden = NOTHING


@dataclass(frozen=True)
class Candidate:
    """An eligible lecturer; `score` is the sum of the terms, the higher the sooner."""

    person: Person
    score: float
    terms: list[Term] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)


def rank(ask: Ask, people: Iterable[tuple[Person, Record]], rules: Rules) -> list[Candidate]:
    """Best first; equal scores in the order of the lecturers' codes."""
    found = [_candidate(ask, person, record, rules) for person, record in people]
    return sorted(found, key=lambda candidate: (-candidate.score, candidate.person.code))


def _candidate(ask: Ask, person: Person, record: Record, rules: Rules) -> Candidate:
    terms = [
        _wish(ask, person),
        _pool(ask, person),
        _way(ask, person),
        _month(ask, person),
        _term("load_year", -YEAR_SESSION * record.year, sessions=record.year),
        _term("often_at_school", -SAME_SCHOOL_SESSION * record.school, sessions=record.school),
        _term(
            "experience", EXPERIENCE * min(record.course, MOST_EXPERIENCE), sessions=record.course
        ),
        *_turns(ask, person, record.carried),
    ]
    score = round(sum(term["points"] for term in terms), 1)
    return Candidate(person, score, terms, list(_warnings(ask, person, record)))


def _wish(ask: Ask, person: Person) -> Term:
    if person.id not in ask.wanted:
        return _term("wish", 0, place=None)
    place = ask.wanted.index(person.id)
    return _term("wish", WISHED - NEXT_WISH * place, place=place + 1)


def _pool(ask: Ask, person: Person) -> Term:
    place = ask.pools.index(person.pool) if person.pool in ask.pools else len(ask.pools)
    return _term("pool", -POOL_STEP * place, pool=person.pool)


def _way(ask: Ask, person: Person) -> Term:
    """From home: who lives next door is sent first. Lecturers of the city have no home here."""
    if ask.place.online:
        return _term("distance", 0, km=0.0)
    way = km(person.home, ask.place)
    if way is None:
        return _term("distance", -UNKNOWN_WAY, km=None)
    return _term("distance", -round(POINTS_PER_KM * way, 1), km=round(way, 1))


def _month(ask: Ask, person: Person) -> Term:
    first, after = ask.frame.month
    mine = [e for e in person.engagements if e.lesson_id != ask.lesson_id]
    sessions = sum(first <= e.starts_at < after for e in mine)
    return _term("load_month", -MONTH_SESSION * sessions, sessions=sessions)


def _turns(ask: Ask, person: Person, carried: Burden) -> Iterable[Term]:
    """Whoever had fewer evenings, long ways or short notices comes first when one more is due."""
    due = {
        "evenings": (ask.in_the_evening, carried.evenings),
        "far": (is_far(person.home, ask.place), carried.far),
        "short_notice": (ask.short_notice, carried.short_notice),
    }
    for name, (another, had) in due.items():
        if another:
            yield _term(name, -TURN * had, sessions=had)


def _warnings(ask: Ask, person: Person, record: Record) -> Iterable[dict[str, Any]]:
    if record.school >= OFTEN_AT_SCHOOL:
        yield {"code": "often_at_school", "sessions": record.school}
    first, after = ask.frame.day
    today = sum(first <= e.starts_at < after for e in person.engagements)
    if ask.in_the_evening and today >= 2:
        yield {"code": "evening_after_a_full_day", "sessions": today}


def _term(name: str, points: float, **why: Any) -> Term:
    return {"name": name, "points": points, "why": why}
