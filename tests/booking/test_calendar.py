"""Booking: the work calendar, the numbers, and what the reference district brings."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import pairwise

import pytest
from sqlmodel import Session, func, select

from services.booking import calendar, editions, reference
from services.booking.models import CourseCopy, School, SiteCopy, Venue
from services.kit.errors import Forbidden, Invalid, NotFound
from services.kit.numbers import Numbers
from services.kit.outbox import Happened, history
from tests.booking.letter_world import (
    ADMINISTRATOR,
    CLERK,
    NOON,
    REFERENCE,
    SCHEDULER,
    XIQING,
    load,
    ref,
)
from tests.conftest import NewDatabase


def put_day(session: Session, on: date, **facts: object) -> int:
    day = {"is_workday": False, "kind": "public_holiday", "holiday_name": "春节"}
    return calendar.put_day(
        session,
        on,
        **{**day, "provisional": False, **facts},  # type: ignore[arg-type]
        by=ADMINISTRATOR,
        at=NOON,
    )


def test_a_year_has_every_day_and_says_whether_it_is_announced(xiqing: Session) -> None:
    days, provisional = calendar.year(xiqing, XIQING, 2026)
    assert (len(days), provisional) == (365, False)

    days, provisional = calendar.year(xiqing, XIQING, 2027)
    assert (len(days), provisional) == (365, True)

    days, provisional = calendar.year(xiqing, XIQING, 2040)
    assert (len(days), provisional, days[0].kind) == (366, True, "weekend")


def test_a_changed_day_tells_the_whole_year(xiqing: Session) -> None:
    assert put_day(xiqing, date(2027, 2, 8)) == 2
    assert put_day(xiqing, date(2027, 2, 9)) == 3

    said = history(xiqing, [calendar.year_id(XIQING, 2027)])
    assert [(row.subject, row.version) for row in said] == [
        ("booking.calendar.changed", 2),
        ("booking.calendar.changed", 3),
    ]
    told = said[-1].body["data"]
    assert (told["year"], len(told["days"])) == (2027, 365)
    [changed] = [day for day in told["days"] if day["on"] == "2027-02-09"]
    assert (changed["kind"], changed["provisional"]) == ("public_holiday", False)


def test_a_day_is_of_a_kind_and_an_administrators(xiqing: Session) -> None:
    with pytest.raises(Invalid, match="kind_contradicts"):
        put_day(xiqing, date(2027, 2, 8), is_workday=True)
    with pytest.raises(Invalid, match="kind_unknown"):
        put_day(xiqing, date(2027, 2, 8), kind="monday")
    with pytest.raises(Forbidden, match="role_required"):
        calendar.put_day(
            xiqing,
            date(2027, 2, 8),
            is_workday=True,
            kind="workday",
            holiday_name="",
            provisional=False,
            by=SCHEDULER,
            at=NOON,
        )


def put_number(session: Session, name: str, value: str) -> int:
    return editions.put_number(session, name, value=value, source="", by=ADMINISTRATOR, at=NOON)


def test_a_changed_number_tells_all_numbers(xiqing: Session) -> None:
    assert put_number(xiqing, "fix_days", "12") == 2

    [said] = history(xiqing, [editions.numbers_id(XIQING)])
    assert (said.subject, said.version) == ("booking.numbers.changed", 2)
    assert said.body["data"]["values"]["fix_days"] == "12"
    assert Numbers.of(xiqing, XIQING).int("fix_days") == 12


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fix_days", "ten"),
        ("fix_days", "-1"),
        ("class_hours_micro_lesson", "NaN"),
        ("half_day_am", "8:30"),
        ("half_day_am", "25:00-26:00"),
        ("remind_at_percent", "50|x"),
        ("time_zone", "Mars/Olympus"),
    ],
)
def test_a_number_no_rule_could_read_is_refused(xiqing: Session, name: str, value: str) -> None:
    with pytest.raises(Invalid, match="number_invalid"):
        put_number(xiqing, name, value)
    assert xiqing.exec(select(func.count()).select_from(Happened)).one() == 0


def test_an_unknown_number_and_an_unknown_person_are_refused(xiqing: Session) -> None:
    with pytest.raises(NotFound, match="not_found"):
        put_number(xiqing, "luck", "7")
    with pytest.raises(Forbidden, match="role_required"):
        editions.put_number(xiqing, "fix_days", value="9", source="", by=CLERK, at=NOON)


def test_the_reference_district_is_complete(xiqing: Session) -> None:
    def count(table: type) -> int:
        return xiqing.exec(select(func.count()).select_from(table)).one()

    assert [count(table) for table in (School, Venue, CourseCopy, SiteCopy)] == [11, 11, 48, 10]
    assert xiqing.get_one(CourseCopy, ref("RV-T01")).versions[0]["id"] == str(ref("RV-T01/2026.1"))
    assert Numbers.of(xiqing, XIQING).text("name") == "西青区"


def test_courses_are_shifted_and_the_calendar_is_not() -> None:
    [course] = [c for c in reference.courses(REFERENCE, XIQING, 3) if c["code"] == "RV-T01"]
    days = {row["on"]: row for row in reference.work_days(REFERENCE, XIQING, 2029)}

    assert course["versions"][0]["valid_until"] == "2030-12-31"
    assert days[date(2026, 10, 1)]["kind"] == "public_holiday"
    assert (days[date(2031, 1, 1)]["provisional"], date(2032, 1, 1) in days) == (True, False)


def test_two_administrators_at_once_lose_nothing(new_database: NewDatabase) -> None:
    database = new_database("booking")
    with database.transaction() as session:
        load(session)

    def change(day: int) -> None:
        with database.transaction() as session:
            put_day(session, date(2027, 3, day))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(change, range(1, 13)))

    with database.snapshot() as session:
        said = history(session, [calendar.year_id(XIQING, 2027)])
    holidays = [
        sum(day["kind"] == "public_holiday" for day in row.body["data"]["days"])
        for row in sorted(said, key=lambda row: row.version)
    ]
    assert [row.version for row in said] == list(range(2, 14))
    assert [b - a for a, b in pairwise(holidays)] == [1] * 11
