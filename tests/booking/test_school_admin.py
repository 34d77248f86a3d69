"""Booking: schools are added, written anew, closed and reopened; and their yearly targets."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking import clerk_queries, orders, queries, schools, targets
from services.booking.models import Lesson, School, TrainingTarget
from services.booking.school_answer_schemas import shown
from services.booking.targets import Wanted
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict, Forbidden, Invalid, Missing, NotFound, Stale
from services.kit.ids import uuid7
from tests.booking.letter_world import (
    ADMINISTRATOR,
    CLERK,
    LECTURER,
    NOON,
    SCHEDULER,
    SUPERVISOR,
    YANG,
    a_draft,
    a_line,
    approved,
    lessons_of,
    put,
    submitted,
)
from tests.booking.test_lessons_api import House
from tests.booking.test_lessons_api import house as house

FOREIGN = Caller(UUID(int=44), frozenset({Role.ADMINISTRATOR}), "dongli")


def a_school(**facts: Any) -> dict[str, Any]:
    return {
        "code": "SCH-12",
        "name": "示例镇党校",
        "township": "示例镇",
        "kind": "town",
        "address": "示例路1号",
        "lat": 39.1,
        "lon": 117.05,
        "liaison": "示例联络员12",
        "contact_phone": "000-0000-1011",
        "contact_email": "",
        "brand": "",
        "evening_class": None,
        "saturday_class": None,
        **facts,
    }


def verified(session: Session, people: int) -> Lesson:
    lesson = lessons_of(session, approved(session))[0]
    session.execute(
        sa.update(Lesson)
        .where(col(Lesson.id) == lesson.id)
        .values(state="verified", attendance=people, starts_at=NOON, ends_at=NOON.replace(hour=7))
    )
    session.expire_all()
    return lesson


def test_a_school_is_added_and_written_anew(xiqing: Session) -> None:
    id = uuid7()

    school, new = schools.put(
        xiqing, id, a_school(), wanted=[Wanted(2026, 20, 2000)], if_match=None, by=ADMINISTRATOR
    )
    assert (new, school.version, school.evening_class) == (True, 1, False)

    facts = a_school(name="示例镇委党校", code="SCH-13", saturday_class=True)
    school, new = schools.put(xiqing, id, facts, if_match=1, by=ADMINISTRATOR)
    seen = shown(xiqing, [school], ADMINISTRATOR)[0]
    assert (new, seen.name, seen.code, seen.saturday_class) == (
        False,
        "示例镇委党校",
        "SCH-13",
        True,
    )
    assert [one.model_dump() for one in seen.targets] == [
        {"year": 2026, "sessions": 20, "person_times": 2000}
    ]
    assert (seen.version, seen.moves) == (2, ["close"])
    assert shown(xiqing, [school], CLERK)[0].moves == []


def test_what_exists_is_changed_by_its_newest_version_only(xiqing: Session) -> None:
    with pytest.raises(Missing, match="if_match_required"):
        schools.put(xiqing, YANG, a_school(code="SCH-06"), if_match=None, by=ADMINISTRATOR)
    with pytest.raises(Stale, match="version_stale"):
        schools.put(xiqing, YANG, a_school(code="SCH-06"), if_match=7, by=ADMINISTRATOR)


def test_a_code_is_given_once_in_a_district(xiqing: Session) -> None:
    with pytest.raises(Conflict, match="code_taken"):
        schools.put(xiqing, uuid7(), a_school(code="SCH-06"), if_match=None, by=ADMINISTRATOR)
    with pytest.raises(Conflict, match="code_taken"):
        schools.put(xiqing, YANG, a_school(code="SCH-09"), if_match=1, by=ADMINISTRATOR)

    other, new = schools.put(xiqing, uuid7(), a_school(code="SCH-06"), if_match=None, by=FOREIGN)

    assert (new, other.district) == (True, "dongli")


def test_only_an_administrator_of_the_district_keeps_schools(xiqing: Session) -> None:
    for by in (CLERK, SCHEDULER, SUPERVISOR, LECTURER):
        with pytest.raises(Forbidden, match="role_required"):
            schools.put(xiqing, uuid7(), a_school(), if_match=None, by=by)
        with pytest.raises(Forbidden, match="role_required"):
            schools.close(xiqing, YANG, by=by, at=NOON)
        with pytest.raises(Forbidden, match="role_required"):
            schools.reopen(xiqing, YANG, by=by)
    with pytest.raises(NotFound, match="not_found"):
        schools.put(xiqing, YANG, a_school(), if_match=1, by=FOREIGN)
    with pytest.raises(NotFound, match="not_found"):
        schools.close(xiqing, YANG, by=FOREIGN, at=NOON)


def test_a_closed_school_sends_no_new_letter_and_those_it_sent_go_on(xiqing: Session) -> None:
    draft, sent = a_draft(xiqing), submitted(xiqing)
    schools.close(xiqing, YANG, by=ADMINISTRATOR, at=NOON)

    with pytest.raises(Conflict, match="school_closed"):
        put(xiqing, uuid7(), [a_line()])
    with pytest.raises(Conflict, match="school_closed"):
        orders.submit(xiqing, draft.id, by=CLERK, at=NOON)
    with pytest.raises(Conflict, match="wrong_state"):
        schools.close(xiqing, YANG, by=ADMINISTRATOR, at=NOON)
    assert orders.withdraw(xiqing, sent.id, by=CLERK, at=NOON).state == "withdrawn"

    schools.reopen(xiqing, YANG, by=ADMINISTRATOR)
    assert orders.submit(xiqing, draft.id, by=CLERK, at=NOON).state == "submitted"
    with pytest.raises(Conflict, match="wrong_state"):
        schools.reopen(xiqing, YANG, by=ADMINISTRATOR)


def test_the_targets_of_a_year_are_set_and_the_others_stay(xiqing: Session) -> None:
    school = xiqing.get_one(School, YANG)
    before = targets.all_of(xiqing, [YANG])[YANG]
    assert [(one.year, one.sessions > 0) for one in before] == [(2026, True)]

    assert targets.put(xiqing, school, [Wanted(2027, 5, 50)]) is True
    assert targets.put(xiqing, school, [Wanted(2027, 5, 50)]) is False
    assert targets.put(xiqing, school, [Wanted(2027, 6, 50)]) is True

    after = targets.all_of(xiqing, [YANG])[YANG]
    assert [(one.year, one.sessions) for one in after] == [(2027, 6), (2026, before[0].sessions)]
    with pytest.raises(Invalid, match="year_repeated"):
        targets.put(xiqing, school, [Wanted(2028, 1, 1), Wanted(2028, 2, 2)])


def test_only_what_is_verified_in_the_year_counts_towards_the_target(xiqing: Session) -> None:
    verified(xiqing, 70)
    approved(xiqing)
    wanted = xiqing.get_one(TrainingTarget, (YANG, 2026))

    found = {one.school_id: one for one in targets.progress(xiqing, "xiqing", 2026)}

    assert len(found) == 11
    mine = found[YANG]
    assert (mine.sessions, mine.person_times) == (1, 70)
    assert (mine.target_sessions, mine.target_person_times) == (
        wanted.sessions,
        wanted.person_times,
    )
    last_year = targets.progress(xiqing, "xiqing", 2025, YANG)[0]
    assert (last_year.sessions, last_year.target_sessions) == (0, None)
    year = clerk_queries.desk(xiqing, days=7, by=CLERK, at=NOON).year
    assert (year.attendance, year.target) == (70, wanted)


def test_the_reference_district_comes_with_its_targets(xiqing: Session) -> None:
    rows = xiqing.exec(select(TrainingTarget)).all()
    kinds = {school.kind for school in queries.all_schools(xiqing, CLERK)}

    assert (len(rows), kinds) == (11, {"subdistrict", "town"})


async def test_schools_over_http(house: House) -> None:
    id = uuid7()
    body = {k: v for k, v in a_school().items() if v is not None}
    body["targets"] = [{"year": 2026, "sessions": 3, "person_times": 30}]

    made = await house.call(ADMINISTRATOR, "PUT", f"/schools/{id}", body, expect=201)
    assert (made["version"], made["targets"]) == (1, body["targets"])
    assert (await house.get(ADMINISTRATOR, f"/schools/{id}"))["moves"] == ["close"]
    closed = await house.post(ADMINISTRATOR, f"/schools/{id}/close")
    assert (closed["moves"], closed["closed_at"] is not None) == (["reopen"], True)
    assert (await house.post(ADMINISTRATOR, f"/schools/{id}/reopen"))["moves"] == ["close"]

    refused = await house.call(ADMINISTRATOR, "PUT", f"/schools/{id}", body, expect=428)
    assert refused["type"] == "if_match_required"
    bad = {**body, "code": "小写 code", "lat": 200, "targets": [{"year": 1, "sessions": -1}]}
    wrong = await house.call(ADMINISTRATOR, "PUT", f"/schools/{uuid7()}", bad, expect=422)
    assert {(one["field"], one["code"]) for one in wrong["errors"]} == {
        ("code", "string_pattern_mismatch"),
        ("lat", "less_than_equal"),
        ("targets.0.year", "greater_than_equal"),
        ("targets.0.sessions", "greater_than_equal"),
        ("targets.0.person_times", "missing"),
    }
    overview = await house.get(ADMINISTRATOR, "/overview?year=2026")
    assert [one for one in overview["schools"] if one["school_id"] == str(id)] == [
        {
            "school_id": str(id),
            "school_code": "SCH-12",
            "school_name": "示例镇党校",
            "sessions": 0,
            "person_times": 0,
            "target_sessions": 3,
            "target_person_times": 30,
        }
    ]
