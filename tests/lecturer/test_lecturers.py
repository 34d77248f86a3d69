"""Lecturer: lecturers and what is written of them, as sentences."""

from typing import Any

import pytest
from sqlmodel import Session

from services.kit.errors import Conflict, Forbidden, Invalid, Missing, NotFound, Stale
from services.kit.ids import uuid7
from services.lecturer import lecturers, queries
from services.lecturer.models import Assignment, Offer
from tests.lecturer.world import (
    ADMINISTRATOR,
    CLERK,
    COURSE,
    DAY,
    END,
    FOREIGN,
    NOON,
    SCHEDULER,
    START,
    a_lecturer,
    a_promise,
    a_seat,
    an_offer,
    himself,
    last_told,
    ref,
    told,
)

WRITTEN = {
    "code": "LEC-900",
    "name": "欧阳𠮷😀（虚构）",
    "pool": "backbone",
    "max_sessions_per_week": 3,
}


def listed(session: Session, by: Any, **wanted: Any) -> list[dict[str, Any]]:
    chosen = {"pool": None, "status": None, "course_id": None, "q": None} | wanted
    return queries.lecturers(session, chosen, cursor=None, limit=100, by=by)[0]


def test_a_lecturer_is_taken_into_a_pool_and_the_others_are_told(district: Session) -> None:
    id = uuid7()

    row = lecturers.put(district, id, WRITTEN, if_match=None, by=ADMINISTRATOR, at=NOON)

    assert (row.version, row.status, row.name) == (1, "active", "欧阳𠮷😀（虚构）")
    assert told(district, id) == ["lecturer.lecturer.changed"]
    assert last_told(district, id)["verb"] == "put"


def test_correcting_a_lecturer_names_the_newest_version(district: Session) -> None:
    row = a_lecturer(district)
    facts = WRITTEN | {"code": row.code}

    with pytest.raises(Missing, match="if_match_required"):
        lecturers.put(district, row.id, facts, if_match=None, by=SCHEDULER, at=NOON)
    with pytest.raises(Stale, match="version_stale"):
        lecturers.put(district, row.id, facts, if_match=9, by=SCHEDULER, at=NOON)
    lecturers.put(district, row.id, facts, if_match=1, by=SCHEDULER, at=NOON)

    assert (row.version, row.pool) == (2, "backbone")


def test_two_lecturers_never_share_a_code(district: Session) -> None:
    a_lecturer(district, "LEC-900")

    with pytest.raises(Conflict, match="code_taken"):
        lecturers.put(district, uuid7(), WRITTEN, if_match=None, by=SCHEDULER, at=NOON)


def test_only_the_district_writes_lecturers_down(district: Session) -> None:
    row = a_lecturer(district)

    for stranger in (CLERK, himself(row.id)):
        with pytest.raises(Forbidden, match="role_required"):
            lecturers.put(district, row.id, WRITTEN, if_match=1, by=stranger, at=NOON)
    with pytest.raises(NotFound, match="not_found"):
        lecturers.activate(district, row.id, reason="返聘", by=FOREIGN, at=NOON)


def test_a_raised_cap_keeps_its_reason(district: Session) -> None:
    row = a_lecturer(district)

    lecturers.raise_cap(
        district, row.id, cap="week", limit=4, reason="主题教育月", by=SCHEDULER, at=NOON
    )

    shown = queries.lecturer(district, row.id, by=SCHEDULER)["caps"]
    assert (shown["week"]["limit"], shown["week"]["usual"]) == (4, 2)
    assert shown["week"]["reason"] == "主题教育月"
    assert shown["day"] == {"usual": 3, "limit": 3}
    assert last_told(district, row.id)["caps"] == {"week": 4}


def test_a_cap_is_only_ever_raised_above_the_usual_number(district: Session) -> None:
    row = a_lecturer(district)

    with pytest.raises(Invalid, match="not_a_raise"):
        lecturers.raise_cap(
            district, row.id, cap="day", limit=3, reason="忙", by=SCHEDULER, at=NOON
        )
    with pytest.raises(Conflict, match="cap_not_raised"):
        lecturers.reset_cap(district, row.id, cap="day", reason="不忙", by=SCHEDULER, at=NOON)
    with pytest.raises(Forbidden, match="role_required"):
        lecturers.raise_cap(
            district, row.id, cap="day", limit=4, reason="忙", by=ADMINISTRATOR, at=NOON
        )


def test_a_raised_cap_is_taken_back(district: Session) -> None:
    row = a_lecturer(district, caps={"day": {"limit": 5, "reason": "x"}})

    lecturers.reset_cap(district, row.id, cap="day", reason="活动结束", by=SCHEDULER, at=NOON)

    assert row.caps == {}


def test_qualifications_are_replaced_as_a_whole(district: Session) -> None:
    row = a_lecturer(district)
    wanted = [ref("RV-T04"), ref("RV-T04")]

    lecturers.qualify(district, row.id, courses=wanted, if_match=1, by=SCHEDULER, at=NOON)

    items, version = queries.qualifications(district, row.id, by=SCHEDULER)
    assert [item["code"] for item in items] == ["RV-T04"]
    assert version == 2


def test_a_course_nobody_told_of_is_refused(district: Session) -> None:
    row = a_lecturer(district)

    with pytest.raises(Invalid, match="courses_unknown"):
        lecturers.qualify(district, row.id, courses=[uuid7()], if_match=1, by=SCHEDULER, at=NOON)


def test_who_is_no_longer_qualified_is_no_longer_asked(district: Session) -> None:
    row, seat = a_lecturer(district), a_seat(district)
    offer = an_offer(district, row, seat)

    lecturers.qualify(district, row.id, courses=[], if_match=1, by=SCHEDULER, at=NOON)

    district.refresh(offer)
    assert (offer.state, offer.reason_code) == ("invalidated", "not_qualified")


def test_a_holder_is_not_deactivated_by_the_way(district: Session) -> None:
    row = a_lecturer(district)
    promise = a_promise(district, row, a_seat(district, state="confirmed"))

    with pytest.raises(Conflict, match="holds_lessons") as refused:
        lecturers.deactivate(district, row.id, reason="调离", by=SCHEDULER, at=NOON)

    assert row.status == "active"
    [lesson] = refused.value.facts["lessons"]
    assert lesson["assignment_id"] == str(promise.id)
    assert lesson["starts_at"] == "2026-12-01T13:30:00+08:00"


def test_deactivated_by_force_he_loses_what_he_promised_and_was_asked(district: Session) -> None:
    row = a_lecturer(district)
    promise = a_promise(district, row, a_seat(district, state="confirmed"))
    tomorrow = a_seat(district, starts_at=START + DAY, ends_at=END + DAY)
    offer = an_offer(district, row, tomorrow)

    lecturers.deactivate(district, row.id, reason="调离", force=True, by=SCHEDULER, at=NOON)

    gone, ended = district.get_one(Assignment, promise.id), district.get_one(Offer, offer.id)
    assert (gone.state, gone.reason_code, gone.fault) == ("voided", "lecturer_inactive", "lecturer")
    assert (ended.state, ended.reason_code) == ("invalidated", "lecturer_inactive")
    assert row.status == "inactive"
    lecturers.activate(district, row.id, reason="返聘", by=SCHEDULER, at=NOON)
    assert row.status == "active"
    with pytest.raises(Conflict, match="already_active"):
        lecturers.activate(district, row.id, reason="返聘", by=SCHEDULER, at=NOON)


def test_the_district_sees_all_a_school_names_a_lecturer_himself(district: Session) -> None:
    one, other = a_lecturer(district, "LEC-001"), a_lecturer(district, "LEC-002")
    a_lecturer(district, "LEC-003", status="inactive")

    assert [row["code"] for row in listed(district, SCHEDULER)] == ["LEC-001", "LEC-002", "LEC-003"]
    assert listed(district, CLERK) == [
        {"id": row.id, "name": row.name, "pool": "professional", "courses": [COURSE]}
        for row in (one, other)
    ]
    assert [row["code"] for row in listed(district, himself(other.id))] == ["LEC-002"]
    with pytest.raises(NotFound, match="not_found"):
        queries.lecturer(district, one.id, by=himself(other.id))
    with pytest.raises(NotFound, match="not_found"):
        queries.lecturer(district, ref("LEC-003"), by=CLERK)


def test_lecturers_are_found_by_pool_course_and_part_of_the_name(district: Session) -> None:
    a_lecturer(district, "LEC-001", name="王一（虚构）")
    a_lecturer(district, "LEC-002", name="李_二（虚构）", pool="backbone", courses=[ref("RV-T04")])

    assert [r["code"] for r in listed(district, SCHEDULER, pool="backbone")] == ["LEC-002"]
    assert [r["code"] for r in listed(district, SCHEDULER, course_id=COURSE)] == ["LEC-001"]
    assert [r["code"] for r in listed(district, SCHEDULER, q="_")] == ["LEC-002"]


def test_pages_of_lecturers_lead_to_each_other(district: Session) -> None:
    for number in (1, 2, 3):
        a_lecturer(district, f"LEC-00{number}")
    chosen = {"pool": None, "status": None, "course_id": None, "q": None}

    first, cursor = queries.lecturers(district, chosen, cursor=None, limit=2, by=SCHEDULER)
    rest, end = queries.lecturers(district, chosen, cursor=cursor, limit=2, by=SCHEDULER)

    assert [row["code"] for row in first + rest] == ["LEC-001", "LEC-002", "LEC-003"]
    assert end is None


def test_what_happened_to_a_lecturer_is_kept(district: Session) -> None:
    row = a_lecturer(district)
    lecturers.deactivate(district, row.id, reason="借调", by=SCHEDULER, at=NOON)

    [happened] = queries.history(district, row.id, by=himself(row.id))

    assert (happened["facts"]["verb"], happened["facts"]["reason"]) == ("deactivate", "借调")
    assert happened["by"]["name"] == "示例一"
    assert happened["at"] == "2026-11-23T12:00:00+08:00"
