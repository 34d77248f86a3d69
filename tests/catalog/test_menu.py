"""The menu: what can be ordered today, filtered; drafts are the district's own."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic_core import to_jsonable_python
from sqlmodel import Session, select

from services.catalog import courses, queries, sites
from services.catalog.models import CourseVersion
from services.catalog.queries import Wish
from services.contracts import reference
from services.contracts.catalog import CourseChanged, SiteChanged
from services.kit import outbox
from services.kit.auth import Caller
from services.kit.errors import Forbidden, Invalid, NotFound
from services.kit.ids import reference_id, uuid7
from tests.catalog.conftest import (
    CLERK,
    FOLDER,
    NOON,
    RV_T01,
    SCHEDULER,
    SITE_01,
    STRANGER,
    a_course,
)


def codes(session: Session, wish: Wish, by: Caller = CLERK, at: datetime = NOON) -> list[str]:
    rows, following = queries.menu(session, wish, cursor=None, limit=100, by=by, at=at)
    assert following is None
    return [row.code for row in rows]


def test_the_menu_holds_the_45_lessons_and_no_camp(catalog: Session) -> None:
    found = codes(catalog, Wish())

    assert len(found) == 45
    assert found == sorted(found)
    assert not [code for code in found if "-C" in code]


@pytest.mark.parametrize(
    ("wish", "count"),
    [
        (Wish(singles={"module": "party_work"}), 15),
        (Wish(singles={"category": "exemplary_model"}), 9),
        (Wish(singles={"module": "party_work", "category": "political_theory"}), 6),
        (Wish(singles={"format": "camp"}), 0),
        (Wish(singles={"kind": "programme"}), 0),
        (Wish(listed={"delivery": "on_site"}), 5),
        (Wish(listed={"delivery": "home"}), 3),
        (Wish(listed={"pool": "lead_study"}), 18),
        (Wish(listed={"audience": "ordinary_member", "delivery": "online"}), 7),
        (Wish(site_id=SITE_01), 1),
        (Wish(site_id=uuid7()), 0),
        (Wish(q="枫桥经验"), 2),
        (Wish(q="枫桥经验", singles={"format": "booster"}), 1),
        (Wish(q="  "), 45),
        (Wish(q="？"), 0),
    ],
)
def test_filters_narrow_the_menu(catalog: Session, wish: Wish, count: int) -> None:
    mine = [
        version
        for version in catalog.exec(select(CourseVersion))
        if version.state == "published"
        and all(getattr(version, name) == value for name, value in wish.singles.items())
    ]

    found = codes(catalog, wish)

    assert len(found) == count
    assert set(found) <= {version.code for version in mine}


def test_a_filter_that_is_in_no_list_is_refused(catalog: Session) -> None:
    with pytest.raises(Invalid, match="code_unknown"):
        codes(catalog, Wish(singles={"module": "astronomy"}))
    with pytest.raises(Invalid, match="code_unknown"):
        codes(catalog, Wish(listed={"pool": "party_worker"}))


def test_what_is_not_valid_on_the_day_is_not_on_the_menu(catalog: Session) -> None:
    late_evening = datetime(2026, 12, 31, 16, tzinfo=UTC)  # already 2027 in the district

    assert "RV-T02" in codes(catalog, Wish(valid_on=date(2026, 12, 31)))
    assert "RV-T02" not in codes(catalog, Wish(valid_on=date(2027, 1, 1)))
    assert "RV-T02" not in codes(catalog, Wish(), at=late_evening)
    assert codes(catalog, Wish(valid_on=date(2028, 1, 1))) == []


def test_drafts_are_for_those_who_edit(catalog: Session) -> None:
    assert codes(catalog, Wish(state="draft"), SCHEDULER) == ["GG-C01", "PW-C01", "RV-C01"]
    assert len(codes(catalog, Wish(state="all"), SCHEDULER)) == 48
    for state in ("draft", "trial", "approved", "retired", "all"):
        with pytest.raises(Forbidden, match="role_required"):
            codes(catalog, Wish(state=state))


def test_a_course_is_shown_without_its_drafts_to_a_school(catalog: Session) -> None:
    a_course(catalog, "RV-T01", id=RV_T01, label="2026.2")
    camp = reference_id("xiqing", "RV-C01")

    _, seen_by_school = queries.course(catalog, RV_T01, by=CLERK)
    _, seen_by_district = queries.course(catalog, RV_T01, by=SCHEDULER)

    assert [v.label for v in seen_by_school] == ["2026.1"]
    assert [v.label for v in seen_by_district] == ["2026.2", "2026.1"]
    with pytest.raises(NotFound):
        queries.course(catalog, camp, by=CLERK)


def test_another_district_sees_nothing(catalog: Session) -> None:
    assert queries.codes(catalog, None, by=STRANGER) == []
    assert queries.list_sites(catalog, state=None, cursor=None, limit=9, by=STRANGER) == ([], None)
    assert codes(catalog, Wish(valid_on=date(2026, 6, 1)), STRANGER) == []
    assert codes(catalog, Wish(state="all"), STRANGER) == []
    for look in (queries.course, queries.site):
        with pytest.raises(NotFound):
            look(catalog, RV_T01, by=STRANGER)
    with pytest.raises(NotFound):
        queries.site(catalog, SITE_01, by=STRANGER)
    assert queries.AUDITS["course"](catalog, "beichen", None, 10) == []


def test_pages_follow_each_other_without_gap_or_repeat(catalog: Session) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        rows, cursor = queries.menu(catalog, Wish(), cursor=cursor, limit=7, by=CLERK, at=NOON)
        seen += [row.code for row in rows]
        if cursor is None:
            break

    assert seen == codes(catalog, Wish())


def test_every_word_of_the_menu_is_in_the_lists(catalog: Session) -> None:
    known = {(row.kind, row.code) for row in queries.codes(catalog, None, by=CLERK)}

    for version in catalog.exec(select(CourseVersion)):
        used = {(name, getattr(version, name)) for name in ("module", "category", "format")}
        used |= {(row["kind"], row["code"]) for row in courses.code_rows(version)}
        assert used <= known
    assert {row.kind for row in queries.codes(catalog, "pool", by=CLERK)} == {"pool"}


def test_the_names_of_words_are_those_of_the_reference_file(catalog: Session) -> None:
    names = {(row.kind, row.code): row.name for row in queries.codes(catalog, None, by=CLERK)}

    for row in reference.rows(FOLDER, "courses"):
        for kind in ("module", "category", "format"):
            assert names[kind, row[f"{kind}_code"]] == row[kind]
    for row in reference.rows(FOLDER, "lecturers"):
        assert names["pool", row["pool"]] == row["pool_name"]


def test_reference_rows_are_what_every_room_reads_from_the_files(catalog: Session) -> None:
    for course in reference.courses(FOLDER, "xiqing", 0):
        row, _ = queries.course(catalog, course["id"], by=SCHEDULER)
        told = courses.told(catalog, row)
        assert (row.version, told) == (
            1,
            {"code": course["code"], "versions": course["versions"]},
        )
    for site in reference.sites(FOLDER, "xiqing"):
        found = queries.site(catalog, site["id"], by=CLERK)
        assert {**sites.told(found), "id": found.id, "version": found.version} == site


def test_a_shifted_menu_is_valid_in_its_year(room_session: Any) -> None:
    from services.catalog import reference as rows

    session = room_session("catalog")
    rows.load(session, FOLDER, district="xiqing", shift_years=3)

    assert codes(session, Wish()) == []
    assert len(codes(session, Wish(valid_on=date(2029, 6, 1)))) == 45


def test_what_the_audit_shows_is_what_was_told(catalog: Session) -> None:
    courses.retire(catalog, RV_T01, by=SCHEDULER, at=NOON)
    sites.close(catalog, SITE_01, reason="x", by=SCHEDULER, at=NOON)

    for kind, key, event in (("course", RV_T01, CourseChanged), ("site", SITE_01, SiteChanged)):
        rows = {row["id"]: row for row in queries.AUDITS[kind](catalog, "xiqing", None, 500)}
        [happened] = outbox.history(catalog, [key])
        body = {n: v for n, v in happened.body["data"].items() if n not in ("by", "verb")}
        assert rows[str(key)]["version"] == happened.version == 2
        assert to_jsonable_python(rows[str(key)]["body"]) == body
        assert event.read(happened.body).verb in ("retire", "close")
    every = queries.AUDITS["course"](catalog, "xiqing", None, 500)
    assert [row["id"] for row in every] == sorted(row["id"] for row in every)
    after = queries.AUDITS["course"](catalog, "xiqing", RV_T01, 3)
    assert [r["id"] for r in after] == [r["id"] for r in every if r["id"] > str(RV_T01)][:3]


def test_another_service_may_ask_for_a_course(catalog: Session) -> None:
    answer = queries.ANSWERS["course.get"](catalog, {"id": str(RV_T01)})

    assert (answer["code"], answer["version"]) == ("RV-T01", 1)
    assert answer["versions"][0]["class_hours"] == "0.25"
    with pytest.raises(NotFound):
        queries.ANSWERS["course.get"](catalog, {"id": str(uuid7())})
    for question in ({}, {"id": None}, {"id": "RV-T01"}):
        with pytest.raises(Invalid, match="question_invalid"):
            queries.ANSWERS["course.get"](catalog, question)


def test_a_wish_changes_nothing_of_another(catalog: Session) -> None:
    wish = Wish(singles={"module": "party_work"})

    assert len(codes(catalog, replace(wish, q="党费"))) == 1
    assert len(codes(catalog, wish)) == 15
