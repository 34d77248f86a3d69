"""Courses: written, tried, approved, published, retired; every change told, one valid a day."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from services.catalog import courses, rules
from services.catalog.models import CourseVersion
from services.catalog.states import VERSION, VersionState
from services.contracts.catalog import CourseChanged
from services.kit import outbox
from services.kit.auth import Role
from services.kit.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from services.kit.ids import reference_id, uuid7
from tests.catalog.conftest import (
    CLERK,
    NOON,
    RV_T01,
    SCHEDULER,
    STRANGER,
    a_caller,
    a_course,
    facts,
    published,
)

V = VersionState
VERBS: dict[str, Callable[..., object]] = {
    "trial": courses.trial,
    "approve": courses.approve,
    "publish": courses.publish,
    "retire": courses.retire,
}


def versions(session: Session, id: UUID) -> list[CourseVersion]:
    mine = select(CourseVersion).where(CourseVersion.course_id == id).order_by("number")
    return list(session.exec(mine))


def test_a_course_goes_from_draft_to_the_menu_and_off_it(catalog: Session) -> None:
    course = a_course(catalog)

    for verb in ("trial", "approve", "publish", "retire"):
        VERBS[verb](catalog, course.id, by=SCHEDULER, at=NOON)

    rows = outbox.history(catalog, [course.id])
    said = [CourseChanged.read(row.body) for row in rows]
    assert [(s.version, s.verb, s.versions[0].state) for s in said] == [
        (1, "put", "draft"),
        (2, "trial", "trial"),
        (3, "approve", "approved"),
        (4, "publish", "published"),
        (5, "retire", "retired"),
    ]
    assert {row.subject for row in rows} == {"catalog.course.changed"}
    assert said[-1].versions[0].model_dump(mode="json") == {
        **{n: v for n, v in facts().items() if n != "summary"},
        "id": str(versions(catalog, course.id)[0].id),
        "state": "retired",
        "class_hours": "4.00",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
    }


ALLOWED = {
    ("trial", V.DRAFT),
    ("approve", V.DRAFT),
    ("approve", V.TRIAL),
    ("publish", V.APPROVED),
    ("retire", V.DRAFT),
    ("retire", V.TRIAL),
    ("retire", V.APPROVED),
    ("retire", V.PUBLISHED),
}


@pytest.mark.parametrize("state", list(V))
@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_from_every_state(catalog: Session, verb: str, state: V) -> None:
    course = a_course(catalog)
    versions(catalog, course.id)[0].state = state
    catalog.flush()

    if (verb, state) in ALLOWED:
        VERBS[verb](catalog, course.id, by=SCHEDULER, at=NOON)
        expected = VERSION.move(verb, state, {Role.SCHEDULER}).target
        assert versions(catalog, course.id)[0].state == expected
    else:
        with pytest.raises(Conflict, match="wrong_state"):
            VERBS[verb](catalog, course.id, by=SCHEDULER, at=NOON)


@pytest.mark.parametrize("role", [Role.TOWNSHIP, Role.LECTURER, Role.SUPERVISOR])
def test_only_the_district_writes_the_menu(catalog: Session, role: Role) -> None:
    by, before = a_caller(role), len(outbox.history(catalog, [RV_T01]))

    with pytest.raises(Forbidden, match="role_required"):
        courses.put(catalog, RV_T01, code="RV-T01", facts=facts(), by=by, at=NOON)
    for verb in VERBS.values():
        with pytest.raises(Forbidden, match="role_required"):
            verb(catalog, RV_T01, by=by, at=NOON)

    assert len(outbox.history(catalog, [RV_T01])) == before


def test_another_district_does_not_find_the_course(catalog: Session) -> None:
    with pytest.raises(NotFound):
        courses.put(catalog, RV_T01, code="RV-T01", facts=facts(), by=STRANGER, at=NOON)
    for verb in VERBS.values():
        with pytest.raises(NotFound):
            verb(catalog, RV_T01, by=STRANGER, at=NOON)


def test_a_draft_is_written_again_and_a_trial_becomes_a_draft(catalog: Session) -> None:
    course = a_course(catalog)
    courses.trial(catalog, course.id, by=SCHEDULER, at=NOON)

    a_course(catalog, id=course.id, title="改过的题目")

    [version] = versions(catalog, course.id)
    assert (version.state, version.title, version.number) == ("draft", "改过的题目", 1)


def test_after_approval_a_put_begins_the_next_version(catalog: Session) -> None:
    course = a_course(catalog)
    courses.approve(catalog, course.id, by=SCHEDULER, at=NOON)

    with pytest.raises(Conflict, match="label_taken"):
        a_course(catalog, id=course.id)
    a_course(catalog, id=course.id, label="2026.2", title="第二版")

    first, second = versions(catalog, course.id)
    assert (first.title, first.state) == (facts()["title"], "approved")
    assert (second.title, second.state, second.number) == ("第二版", "draft", 2)


def test_a_new_version_ends_the_one_before_it_the_day_before(catalog: Session) -> None:
    course = published(catalog)

    published(catalog, id=course.id, label="2026.2", valid_from=date(2026, 9, 1))

    first, second = versions(catalog, course.id)
    assert (first.state, first.valid_until) == ("published", date(2026, 8, 31))
    assert (second.state, second.valid_until) == ("published", date(2026, 12, 31))
    said = CourseChanged.read(outbox.history(catalog, [course.id])[-1].body)
    assert [(v.label, v.valid_until) for v in said.versions] == [
        ("2026.1", date(2026, 8, 31)),
        ("2026.2", date(2026, 12, 31)),
    ]


@pytest.mark.parametrize("start", [date(2026, 1, 1), date(2025, 7, 1)])
def test_a_new_version_does_not_push_away_one_that_starts_later(
    catalog: Session, start: date
) -> None:
    course = published(catalog)
    a_course(catalog, id=course.id, label="2026.2", valid_from=start)
    courses.approve(catalog, course.id, by=SCHEDULER, at=NOON)

    with pytest.raises(Conflict, match="version_overlaps"):
        courses.publish(catalog, course.id, by=SCHEDULER, at=NOON)
    courses.retire(catalog, course.id, by=SCHEDULER, at=NOON)
    courses.publish(catalog, course.id, by=SCHEDULER, at=NOON)

    assert [v.state for v in versions(catalog, course.id)] == ["retired", "published"]


class Told:
    """A version as the rule looks at it."""

    def __init__(self, label: str, first: int, days: int | None) -> None:
        self.label, self.state = label, "published"
        self.valid_from = date(2026, 1, 1) + timedelta(days=first)
        self.valid_until = None if days is None else self.valid_from + timedelta(days=days)


SPANS = st.tuples(st.integers(0, 40), st.none() | st.integers(0, 30))


@given(st.lists(SPANS, min_size=1, max_size=8))
def test_however_versions_are_published_one_at_most_is_valid_on_any_day(
    spans: list[tuple[int, int | None]],
) -> None:
    on_the_menu: list[Any] = []
    for number, (first, days) in enumerate(spans):
        new = Told(str(number), first, days)
        try:
            for other, last_day in rules.make_room(new, on_the_menu):
                other.valid_until = last_day
        except Conflict:
            continue
        on_the_menu.append(new)

    for day in range(100):
        on = date(2026, 1, 1) + timedelta(days=day)
        assert sum(rules.is_valid_on(version, on) for version in on_the_menu) <= 1
    assert all(v.valid_until is None or v.valid_until >= v.valid_from for v in on_the_menu)


def test_what_is_over_is_not_published(catalog: Session) -> None:
    course = a_course(catalog, valid_until=date(2026, 5, 31))
    courses.approve(catalog, course.id, by=SCHEDULER, at=NOON)

    with pytest.raises(Conflict, match="validity_over"):
        courses.publish(catalog, course.id, by=SCHEDULER, at=NOON)


def test_the_version_meant_can_be_named(catalog: Session) -> None:
    course = published(catalog)
    a_course(catalog, id=course.id, label="2026.2")
    draft = versions(catalog, course.id)[1]

    courses.retire(catalog, course.id, version_id=draft.id, by=SCHEDULER, at=NOON)
    with pytest.raises(NotFound, match="not_found"):
        courses.retire(catalog, course.id, version_id=uuid7(), by=SCHEDULER, at=NOON)

    assert [v.state for v in versions(catalog, course.id)] == ["published", "retired"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"module": "astronomy"}, "code_unknown"),
        ({"audience": ["everybody"]}, "code_unknown"),
        ({"equipment": ["rocket"]}, "code_unknown"),
        ({"kind": "programme"}, "kind_not_of_format"),
        ({"format": "camp"}, "kind_not_of_format"),
        ({"valid_until": date(2025, 1, 1)}, "validity_backwards"),
        ({"max_attendees": 29}, "attendees_backwards"),
        ({"site_id": UUID(int=1)}, "site_unknown"),
        ({"prerequisite_id": UUID(int=1)}, "prerequisite_unknown"),
    ],
)
def test_a_version_that_means_nothing_is_refused(
    catalog: Session, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Invalid, match=code):
        a_course(catalog, **changes)


def test_a_course_is_not_its_own_prerequisite(catalog: Session) -> None:
    course = a_course(catalog)

    with pytest.raises(Invalid, match="prerequisite_unknown"):
        a_course(catalog, id=course.id, prerequisite_id=course.id)
    a_course(catalog, id=course.id, prerequisite_id=RV_T01)


@pytest.mark.parametrize(
    ("code", "id", "refusal"),
    [
        ("RV-T01", None, "code_taken"),
        ("gg p07", None, "code_invalid"),
        ("RV-T99", RV_T01, "code_fixed"),
    ],
)
def test_a_code_names_one_course_for_ever(
    catalog: Session, code: str, id: UUID | None, refusal: str
) -> None:
    with pytest.raises(Refusal, match=refusal):
        a_course(catalog, code, id=id, label="2027.1")


def test_the_lists_keep_the_order_they_were_written_in(catalog: Session) -> None:
    course = a_course(catalog, audience=["party_worker", "branch_secretary", "party_worker"])

    [version] = versions(catalog, course.id)
    assert version.audience == ["party_worker", "branch_secretary"]


def test_a_refused_change_says_nothing(catalog: Session) -> None:
    with pytest.raises(Conflict, match="wrong_state"):
        courses.approve(catalog, RV_T01, by=SCHEDULER, at=NOON)
    with pytest.raises(Forbidden):
        courses.retire(catalog, RV_T01, by=CLERK, at=NOON)

    assert outbox.history(catalog, [RV_T01, reference_id("xiqing", "RV-T02")]) == []
