"""Lecturer: what a planning problem stands on: who could give what, when, and who holds what.

Answers `rpc.lecturer.plan.ground` (`services/contracts/planning.py`). `eligibility.py` is the only
judge; the number of queries does not depend on how much is asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlmodel import Session

from services.contracts.booking import Slot
from services.contracts.planning import (
    Ground,
    GroundLecturer,
    GroundLesson,
    GroundQuestion,
    GroundSlot,
    LessonGround,
    Out,
)
from services.kit.errors import Invalid
from services.kit.numbers import Numbers
from services.lecturer import people, plan_ground_times
from services.lecturer.eligibility import (
    OF_THE_MOMENT,
    Ask,
    Frame,
    Person,
    Rules,
    against,
    this_day,
)
from services.lecturer.places import Spot
from services.lecturer.plan_ground_rows import (
    Places,
    given_this_year,
    holdings,
    offers,
    qualified,
    reach,
    tried,
)
from services.lecturer.plan_ground_times import Horizon

MOST_DAYS = 400
Codes = tuple[str, ...]


def ground(session: Session, facts: dict[str, Any]) -> dict[str, Any]:
    """`GroundQuestion` -> `Ground`. 422 `question_malformed`."""
    numbers = Numbers.of(session, facts.get("district", ""))
    question, rules = read(facts, numbers.zone), Rules.of(numbers)
    horizon = Horizon(question.period.first_on, question.period.last_on, rules)
    first, last = reach(horizon)
    found = people.load(session, question.district, course_id=None, first=first, last=last)
    number = {person.id: n for n, person in enumerate(found)}
    able = qualified(session, question, number)
    places = Places(question.places)
    held = list(holdings(session, question.district, found, horizon, places))
    given = given_this_year(session, question.district, horizon)
    judge, before = Judge(found, rules), tried(session, question, number)
    answer = Ground(
        lecturers=tuple(
            shown(person, horizon, places.spots, given.get(person.id, 0)) for person in found
        ),
        lessons=tuple(
            judged(
                lesson,
                places,
                able.get(lesson.course_id, frozenset()),
                judge,
                horizon,
                before.get(lesson.lesson_id, {}),
            )
            for lesson in question.lessons
        ),
        places=tuple(places.all),
        ways=tuple(tuple(rules.travel.minutes(a, b) for b in places.spots) for a in places.spots),
        held=tuple(held),
        offered=tuple(offers(session, question, number)),
        max_travel_minutes=rules.max_travel_minutes,
    )
    return answer.model_dump(mode="json")


def read(facts: dict[str, Any], zone: ZoneInfo) -> GroundQuestion:
    try:
        question = GroundQuestion.model_validate(facts)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in wrong["loc"])
        raise Invalid("question_malformed", where=where, why=wrong["msg"]) from None
    period = question.period
    if not timedelta() <= period.last_on - period.first_on < timedelta(days=MOST_DAYS):
        raise Invalid("question_malformed", where="period", why=f"1 to {MOST_DAYS} days")
    for n, lesson in enumerate(question.lessons):
        if lesson.place is not None and not 0 <= lesson.place < len(question.places):
            raise Invalid("question_malformed", where=f"lessons.{n}.place", why="no such place")
        for m, slot in enumerate(lesson.slots):
            days = [moment.astimezone(zone).date() for moment in (slot.starts_at, slot.ends_at)]
            if not period.first_on <= days[0] <= days[1] <= period.last_on:
                where = f"lessons.{n}.slots.{m}"
                raise Invalid("question_malformed", where=where, why="is not in the period")
    return question


class Judge:
    """Asks the rules once for what is asked often: lessons share courses, places and slots."""

    def __init__(self, found: Sequence[Person], rules: Rules) -> None:
        # What they hold is the planner's business: here they hold nothing.
        self.bare = [replace(person, engagements=[]) for person in found]
        self.rules = rules
        self._always: dict[Any, Codes] = {}
        self._then: dict[tuple[datetime, datetime], list[Codes]] = {}
        self._weekly: dict[tuple[int, tuple[str, ...], bool], Codes] = {}

    def always(self, ask: Ask, able: frozenset[int]) -> list[Codes]:
        """By lecturer, what stands against him at any time."""
        wanted = ask.wanted if ask.wanted_only else None
        found = []
        for n, person in enumerate(self.bare):
            key = (n, n in able, ask.pools, ask.place, wanted)
            if key not in self._always:
                person.qualified = n in able
                self._always[key] = codes(against(ask, person, self.rules))
            found.append(self._always[key])
        return found

    def then(self, slot: Slot) -> list[Codes]:
        """By lecturer, what stands against him at this time, his lessons left aside."""
        key = (slot.starts_at, slot.ends_at)
        if key not in self._then:
            ask = asked(key, self.rules)
            self._then[key] = [self._one(n, person, ask) for n, person in enumerate(self.bare)]
        return self._then[key]

    def _one(self, n: int, person: Person, ask: Ask) -> Codes:
        for away in person.leave:
            if away.starts_at < ask.ends_at and away.ends_at > ask.starts_at:
                return codes(this_day(ask, person, self.rules))
        # Without leave it is the same every week, as long as the letter is.
        on = ask.frame.on
        key = (n, ask.frame.half_days, any([term.covers(on) for term in person.terms]))
        if key not in self._weekly:
            self._weekly[key] = codes(this_day(ask, person, self.rules))
        return self._weekly[key]


def codes(reasons: Iterable[Mapping[str, Any]]) -> Codes:
    found = dict.fromkeys(reason["code"] for reason in reasons)
    return tuple(code for code in found if code not in OF_THE_MOMENT)


def asked(slot: tuple[datetime, datetime], rules: Rules, **facts: Any) -> Ask:
    facts = {"course_id": UUID(int=0), "pools": (), "place": Spot(), **facts}
    return Ask(starts_at=slot[0], ends_at=slot[1], frame=Frame.of(rules, *slot), **facts)


def judged(
    lesson: GroundLesson,
    places: Places,
    able: frozenset[int],
    judge: Judge,
    horizon: Horizon,
    before: Mapping[int, str],
) -> LessonGround:
    noon = datetime.combine(horizon.first_on, time(12, tzinfo=horizon.rules.zone))
    ask = asked(
        (noon, noon),
        horizon.rules,
        course_id=lesson.course_id,
        pools=lesson.pools,
        place=Spot() if lesson.place is None else places.spots[lesson.place],
        wanted=lesson.wanted,
        wanted_only=lesson.wanted_only,
    )
    always = [
        (*found, before[n]) if n in before else found
        for n, found in enumerate(judge.always(ask, able))
    ]
    slots = []
    for slot in lesson.slots:
        then = judge.then(slot)
        begins, ends = horizon.span(slot.starts_at, slot.ends_at)
        free = tuple(n for n, found in enumerate(then) if not found and not always[n])
        slots.append(GroundSlot(begins=begins, ends=ends, able=free, out=grouped(then)))
    return LessonGround(
        lesson_id=lesson.lesson_id,
        allowed=tuple(n for n, found in enumerate(always) if not found),
        out=grouped(always),
        slots=tuple(slots),
    )


def grouped(found: Sequence[Codes]) -> tuple[Out, ...]:
    groups: dict[Codes, list[int]] = {}
    for n, why in enumerate(found):
        if why:
            groups.setdefault(why, []).append(n)
    return tuple(Out(codes=why, lecturers=tuple(whose)) for why, whose in groups.items())


def shown(person: Person, horizon: Horizon, spots: Sequence[Spot], given: int) -> GroundLecturer:
    rules = horizon.rules
    return GroundLecturer(
        lecturer_id=person.id,
        code=person.code,
        name=person.name,
        pool=person.pool,
        active=person.status == "active",
        lat=person.home.lat,
        lon=person.home.lon,
        home_known=person.home.lat is not None,
        homes=tuple(rules.travel.minutes(person.home, place) for place in spots),
        day_cap=person.raised.get("day", rules.day_cap),
        week_cap=person.raised.get("week", person.week_cap),
        month_cap=person.raised.get("month", rules.month_cap),
        valid=plan_ground_times.valid(person, horizon),
        free=tuple(plan_ground_times.free(person, horizon)),
        given_this_year=given,
    )
