"""Booking: schools and agreed lessons from sheets: all rows or none, and twice is once."""

from datetime import date, time
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from services.booking import agreed_imports, lesson_door, school_imports, schools
from services.booking.models import (
    CourseCopy,
    Lesson,
    Order,
    PlaceHold,
    School,
    TrainingTarget,
    Venue,
)
from services.kit.auth import Caller, Role
from services.kit.errors import Forbidden, Invalid
from services.kit.imports import Imported
from services.kit.outbox import Happened
from tests.booking.letter_world import (
    ADMINISTRATOR,
    CLERK,
    JING,
    LECTURER,
    NOON,
    SCHEDULER,
    SUPERVISOR,
    YANG,
    local,
    ref,
    told,
)
from tests.booking.test_lessons_api import House
from tests.booking.test_lessons_api import house as house

FOREIGN = Caller(UUID(int=44), frozenset({Role.ADMINISTRATOR}), "dongli")
OTHERS = (CLERK, SCHEDULER, SUPERVISOR, LECTURER)
TUESDAY = date(2026, 12, 8)
Agreed, Row = agreed_imports.Row, school_imports.Row


def agreed(line: int = 2, **changes: Any) -> Agreed:
    facts: dict[str, Any] = {
        "school": "SCH-06",
        "course": "RV-T03",
        "on": TUESDAY,
        "start": time(8, 30),
        "attendees": 60,
        "place": "VEN-06",
    }
    return Agreed(line, **{**facts, **changes})


def book(
    session: Session, *rows: Agreed, dry_run: bool = False, by: Caller = ADMINISTRATOR
) -> Imported:
    return agreed_imports.take(session, rows, title="电话商定", dry_run=dry_run, by=by, at=NOON)


def a_school(line: int = 2, code: str = "SCH-12", **changes: Any) -> Row:
    facts = {"name": "示例镇党校", "township": "示例镇", "lat": 39.1, "lon": 117.05}
    target = {n: changes.pop(n, None) for n in ("year", "sessions", "person_times")}
    return Row(line, {"code": code, **facts, **changes}, **target)


def take(
    session: Session, *rows: Row, dry_run: bool = False, by: Caller = ADMINISTRATOR
) -> Imported:
    return school_imports.take(session, rows, dry_run=dry_run, by=by, at=NOON)


def counts(found: Imported) -> tuple[int, int, int]:
    return found.created, found.changed, found.same


def wrong(found: Imported) -> list[tuple[int, str, str]]:
    return [(one["line"], one["field"], one["code"]) for one in found.errors]


def happened(session: Session) -> int:
    return len(session.exec(select(Happened.pos)).all())


def placed(session: Session) -> list[Lesson]:
    rows = select(Lesson).order_by(col(Lesson.school_id), "position", "day_index")
    return list(session.exec(rows).all())


def test_agreed_lessons_become_one_approved_letter_per_school_and_are_placed(
    xiqing: Session,
) -> None:
    lecturer = ref("LEC-001")
    found = book(
        xiqing,
        agreed(lecturer_id=lecturer, notes="王书记电话"),
        agreed(3, course="RV-T04", start=time(13, 30)),
        agreed(4, school="SCH-09", place="VEN-09"),
    )

    assert (counts(found), found.errors) == ((3, 0, 0), [])
    orders = xiqing.exec(select(Order)).all()
    assert {(o.school_id, str(o.state), o.title) for o in orders} == {
        (YANG, "approved", "电话商定"),
        (JING, "approved", "电话商定"),
    }
    assert len({o.number for o in orders}) == 2 and all(o.number for o in orders)
    lessons = [one for one in placed(xiqing) if one.school_id == YANG]
    assert [(str(one.state), one.starts_at) for one in lessons] == [
        ("tentative", local("2026-12-08 08:30")),
        ("tentative", local("2026-12-08 13:30")),
    ]
    # The lecturer named is the first to be asked, and others may be after him.
    facts = lesson_door.facts_of(xiqing, lessons[0])
    assert (facts["wanted_lecturers"], facts["wanted_only"], facts["mode"]) == (
        [lecturer],
        False,
        "in_turn",
    )
    assert [verb for verb, _, _ in told(xiqing, lessons[0].id)] == [
        "requested",
        "line_approved",
        "place",
    ]
    assert len(xiqing.exec(select(PlaceHold)).all()) == 3


def test_the_same_sheet_twice_books_nothing_twice(xiqing: Session) -> None:
    rows = agreed(), agreed(3, school="SCH-09", place="VEN-09")
    book(xiqing, *rows)
    before = happened(xiqing)

    again = book(xiqing, *rows)
    assert (counts(again), happened(xiqing)) == ((0, 0, 2), before)

    more = book(xiqing, *rows, agreed(4, on=date(2026, 12, 9)))
    assert (counts(more), len(placed(xiqing))) == ((1, 0, 2), 3)


def test_a_camp_is_three_days_and_an_address_is_where_the_school_stands(xiqing: Session) -> None:
    copy = xiqing.get_one(CourseCopy, ref("RV-C01"))
    copy.versions = [{**version, "state": "published"} for version in copy.versions]
    xiqing.flush()
    camp = agreed(course="RV-C01", on=date(2026, 12, 14), place=None, address="镇文化中心")

    found = book(xiqing, camp)

    assert wrong(found) == []
    days = placed(xiqing)
    assert [one.starts_at for one in days] == [
        local(f"2026-12-{day} 08:30") for day in (14, 15, 16)
    ]
    school = xiqing.get_one(School, YANG)
    assert days[0].place is not None
    assert (days[0].place["address"], days[0].place["lat"]) == ("镇文化中心", school.lat)


def test_what_was_agreed_for_tomorrow_is_urgent_and_not_too_late(xiqing: Session) -> None:
    found = book(xiqing, agreed(on=date(2026, 11, 24)))

    order = xiqing.exec(select(Order)).one()
    assert (counts(found), order.urgent, order.urgent_reason) == ((1, 0, 0), True, "电话商定")


def test_every_wrong_row_is_named_and_nothing_is_booked(xiqing: Session) -> None:
    for number, name, capacity in ((77, "大教室", 10), (78, "重名", 90), (79, "重名", 90)):
        room = {"name": name, "capacity": capacity, "lat": 39, "lon": 117}
        equipment = ["projector", "audio"]
        xiqing.add(
            Venue(
                id=UUID(int=number), district="xiqing", school_id=YANG, equipment=equipment, **room
            )
        )
    xiqing.flush()
    rows = (
        agreed(),
        agreed(3),
        agreed(4, school="SCH-99"),
        agreed(5, course="XX-999"),
        agreed(6, place="没有的教室", on=date(2026, 12, 16)),
        agreed(7, place="VEN-09", on=date(2026, 12, 17)),  # a room of another school
        agreed(8, place="重名", on=date(2026, 12, 18)),
        agreed(9, place=None, on=date(2026, 12, 21)),
        agreed(10, address="两处", on=date(2026, 12, 22)),
        agreed(11, on=date(2026, 12, 13)),
        agreed(12, on=date(2026, 11, 1)),
        agreed(13, start=time(11, 45), on=date(2026, 12, 9)),
        agreed(14, place="大教室", on=date(2026, 12, 10)),
        agreed(15, attendees=3, on=date(2026, 12, 11)),
        agreed(16, place="线上", on=date(2026, 12, 11), start=time(13, 30)),
        agreed(17, audience=["nobody"], on=date(2026, 12, 15)),
        agreed(18, on=date(2040, 1, 10)),
    )
    before = happened(xiqing)

    trial = book(xiqing, *rows, dry_run=True)
    with pytest.raises(Invalid, match="import_has_errors") as refused:
        book(xiqing, *rows)

    assert refused.value.facts["errors"] == trial.errors
    assert wrong(trial) == [
        (3, "start", "row_repeated"),
        (4, "school", "school_unknown"),
        (5, "course", "course_unknown"),
        (6, "place", "place_unknown"),
        (7, "place", "place_unknown"),
        (8, "place", "place_ambiguous"),
        (9, "place", "place_missing"),
        (10, "address", "one_place_only"),
        (11, "start", "not_a_teaching_day"),
        (12, "start", "in_the_past"),
        (13, "start", "outside_half_days"),
        (14, "attendees", "too_many_attendees"),
        (15, "attendees", "too_few_attendees"),
        (16, "place", "delivery_not_offered"),
        (17, "audience", "audience_not_served"),
        (18, "course", "course_not_valid"),
    ]
    assert (placed(xiqing), xiqing.exec(select(Order)).all()) == ([], [])
    assert happened(xiqing) == before


def test_a_room_is_held_once_even_within_the_sheet(xiqing: Session) -> None:
    trial = book(xiqing, agreed(), agreed(3, course="RV-T04"), dry_run=True)

    assert wrong(trial) == [(3, "place", "place_taken")]
    assert xiqing.exec(select(PlaceHold)).all() == []


def test_a_closed_school_or_one_without_a_contact_books_nothing(xiqing: Session) -> None:
    schools.close(xiqing, YANG, by=ADMINISTRATOR, at=NOON)
    xiqing.get_one(School, JING).liaison = ""
    xiqing.flush()

    trial = book(xiqing, agreed(), agreed(3, school="SCH-09", place="VEN-09"), dry_run=True)

    assert wrong(trial) == [
        (2, "school", "school_closed"),
        (3, "school", "school_contact_missing"),
    ]


def test_what_is_worth_knowing_is_said_and_stands_in_nobodys_way(xiqing: Session) -> None:
    found = book(xiqing, agreed(), agreed(3, course="RV-T04", place=None, address="村委会"))

    assert counts(found) == (2, 0, 0)
    assert {(one["line"], one["code"]) for one in found.warnings} == {
        (3, "school_busy"),
        (3, "school_confirms_equipment"),
    }


def test_only_an_administrator_imports_and_only_for_his_district(xiqing: Session) -> None:
    for by in OTHERS:
        with pytest.raises(Forbidden, match="role_required"):
            book(xiqing, agreed(), by=by)
        with pytest.raises(Forbidden, match="role_required"):
            take(xiqing, a_school(), by=by)


def test_schools_of_another_district_are_not_known(xiqing: Session) -> None:
    from services.kit import numbers

    numbers.put(xiqing, "dongli", "time_zone", "Asia/Shanghai")

    trial = book(xiqing, agreed(), dry_run=True, by=FOREIGN)
    found = take(xiqing, a_school(code="SCH-06"), by=FOREIGN)

    assert wrong(trial) == [(2, "school", "school_unknown")]
    # The same code there is another school.
    assert counts(found) == (1, 0, 0)
    assert xiqing.get_one(School, YANG).name == "杨柳青镇党校"


def test_schools_come_with_their_targets_and_twice_is_once(xiqing: Session) -> None:
    rows = (
        a_school(sessions=20, person_times=2000),
        a_school(
            3,
            "SCH-06",
            name="杨柳青镇党委党校",
            sessions=30,
            township="杨柳青镇",
            lat=None,
            lon=None,
        ),
        a_school(4, "SCH-13", year=2027, sessions=1, person_times=2),
    )
    before = xiqing.get_one(TrainingTarget, (YANG, 2026)).person_times

    found = take(xiqing, *rows)

    assert (counts(found), found.errors) == ((2, 1, 0), [])
    xiqing.expire_all()
    yang = xiqing.get_one(School, YANG)
    target = xiqing.get_one(TrainingTarget, (YANG, 2026))
    assert (yang.name, yang.lat, target.sessions, target.person_times) == (
        "杨柳青镇党委党校",
        39.1375,
        30,
        before,
    )
    version = yang.version
    assert counts(take(xiqing, *rows)) == (0, 0, 3)
    assert xiqing.get_one(School, YANG).version == version


def test_every_wrong_school_is_named_and_none_is_written(xiqing: Session) -> None:
    rows = (
        a_school(),
        a_school(3),
        Row(4, {"code": "SCH-14", "name": "没有位置", "township": "某镇"}),
        a_school(5, "SCH-15", sessions=5),
    )

    trial = take(xiqing, *rows, dry_run=True)
    with pytest.raises(Invalid, match="import_has_errors"):
        take(xiqing, *rows)

    assert wrong(trial) == [
        (3, "code", "row_repeated"),
        (4, "lat", "missing"),
        (5, "target_person_times", "missing"),
    ]
    assert xiqing.exec(select(School).where(School.code == "SCH-12")).first() is None


async def test_over_http(house: House) -> None:
    boss = ADMINISTRATOR
    row = {"line": 2, "code": "SCH-12", "name": "示例镇党校", "township": "示例镇"}
    row |= {"lat": 39.1, "lon": 117.05, "target_sessions": 1, "target_person_times": 10}
    lesson = {"line": 2, "school": "SCH-06", "course": "RV-T03", "on": "2026-12-08"}
    lesson |= {"start": "08:30", "place": "多功能教室", "attendees": 60}
    body = {"title": "电话商定", "rows": [lesson]}

    trial = await house.post(boss, "/schools/import", {"rows": [row], "dry_run": True})
    made = await house.post(boss, "/schools/import", {"rows": [row]})
    assert (trial["created"], made["created"]) == (1, 1)
    empty = await house.post(boss, "/import", body, expect=422)
    assert [one["code"] for one in empty["errors"]] == ["school_contact_missing"]

    def name_a_contact(session: Session) -> None:
        school = session.get_one(School, YANG)
        school.liaison, school.contact_phone = "示例", "000"

    house.write(name_a_contact)
    assert (await house.post(boss, "/import", body))["created"] == 1
    assert (await house.post(boss, "/import", body))["same"] == 1

    for path, sent in (("/schools/import", {"rows": [row]}), ("/import", body)):
        refused = await house.post(SCHEDULER, path, sent, expect=403)
        assert refused["type"] == "role_required"
    many = {"rows": [{**row, "line": n, "code": f"X-{n}"} for n in range(2, 503)]}
    assert (await house.post(boss, "/schools/import", many, expect=422))["errors"][0][
        "code"
    ] == "too_long"
    bad = {**body, "rows": [{**lesson, "on": "下周二", "start": "早上", "attendees": 0}]}
    unread = await house.post(boss, "/import", bad, expect=422)
    assert {one["field"]: one["code"] for one in unread["errors"]} == {
        "rows.0.on": "date_from_datetime_parsing",
        "rows.0.start": "time_parsing",
        "rows.0.attendees": "greater_than_equal",
    }
