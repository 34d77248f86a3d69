"""Lecturer: who is asked first and why, as sentences. Pure: no database."""

from typing import Any
from uuid import UUID

from services.lecturer import ranking
from services.lecturer.eligibility import Person
from services.lecturer.places import Spot
from services.lecturer.ranking import Candidate, Record
from tests.lecturer.test_eligibility import HERE, ONLINE, RULES, THERE, ask, person, taught
from tests.lecturer.world import local


def somebody(code: str, **facts: Any) -> Person:
    return person(id=UUID(int=int(code)), code=code, **facts)


def ranked(*people: tuple[Person, Record], **asked: Any) -> list[Candidate]:
    return ranking.rank(ask(**asked), people, RULES)


def codes(found: list[Candidate]) -> list[str]:
    return [one.person.code for one in found]


def points(one: Candidate) -> dict[str, float]:
    return {term["name"]: term["points"] for term in one.terms}


def test_the_wished_come_first_in_the_order_of_the_wishes() -> None:
    people = [(somebody(str(n), home=THERE), Record(year=n)) for n in (1, 2, 3)]

    found = ranked(*people, wanted=(UUID(int=3), UUID(int=2)))

    assert codes(found) == ["3", "2", "1"]
    assert found[0].terms[0] == {"name": "wish", "points": 1000, "why": {"place": 1}}


def test_equals_stand_in_the_order_of_their_codes() -> None:
    people = [(somebody(code), Record()) for code in ("3", "1", "2")]

    assert codes(ranked(*people)) == ["1", "2", "3"] == codes(ranked(*reversed(people)))


def test_who_has_less_to_do_and_less_far_to_go_comes_first() -> None:
    busy = somebody("1", engagements=[taught("2026-12-10 08:30")])
    far, near = somebody("2", home=THERE), somebody("3")

    found = ranked((busy, Record(year=1)), (far, Record()), (near, Record()))

    assert codes(found) == ["3", "2", "1"]


def test_a_score_is_the_sum_of_its_named_terms() -> None:
    one = somebody("1", home=THERE, engagements=[taught("2026-12-10 08:30")])

    [found] = ranked((one, Record(year=4, school=2, course=9)))

    assert points(found) == {
        "wish": 0,
        "pool": -20,
        "distance": -11.1,
        "load_month": -15,
        "load_year": -8,
        "often_at_school": -16,
        "experience": 20,
    }
    assert found.score == -50.1
    assert found.terms[2]["why"] == {"km": 11.1}


def test_nobody_is_held_to_have_no_way_because_his_home_is_unknown() -> None:
    [unknown] = ranked((somebody("1", home=Spot()), Record()))
    [online] = ranked((somebody("1", home=Spot()), Record()), place=ONLINE)

    assert points(unknown)["distance"] == -30
    assert points(online)["distance"] == 0


def test_the_pool_the_course_names_first_is_preferred() -> None:
    found = ranked(
        (somebody("1", pool="professional"), Record()),
        (somebody("2", pool="lead_study"), Record()),
        place=HERE,
    )

    assert codes(found) == ["2", "1"]


def test_often_at_one_school_is_a_warning_not_a_refusal() -> None:
    [found] = ranked((somebody("1"), Record(school=3)))

    assert found.warnings == [{"code": "often_at_school", "sessions": 3}]


def test_an_evening_after_a_full_day_is_a_warning() -> None:
    day = [taught("2026-12-01 08:30"), taught("2026-12-01 13:30")]
    evening = {"starts_at": local("2026-12-01 18:00"), "ends_at": local("2026-12-01 20:00")}

    [found] = ranked((somebody("1", engagements=day), Record()), **evening)

    assert found.warnings == [{"code": "evening_after_a_full_day", "sessions": 2}]
