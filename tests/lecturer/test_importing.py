"""Many lecturers from a sheet: all rows or none, and what is wrong by line."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlmodel import Session, select

from services.kit.errors import Forbidden, Invalid
from services.kit.outbox import Happened
from services.lecturer import importing
from services.lecturer.importing import Row
from services.lecturer.models import Appointment, Lecturer
from tests.lecturer.world import ADMINISTRATOR, NOON, SCHEDULER

FACTS = {
    "code": "LEC-901",
    "name": "甲",
    "pool": "backbone",
    "identity": "",
    "title": "",
    "home_school_id": None,
    "home_lat": None,
    "home_lon": None,
    "phone": "",
    "email": "",
    "max_sessions_per_week": 2,
}


def a_row(line: int = 2, courses: tuple[str, ...] = (), **facts: Any) -> Row:
    letter = {name: facts.pop(name) for name in ("number", "starts_on") if name in facts}
    return Row(line, {**FACTS, **facts}, list(courses), **letter)


def take(session: Session, *rows: Row, dry_run: bool = False) -> importing.Imported:
    return importing.take(session, rows, dry_run=dry_run, by=ADMINISTRATOR, at=NOON)


def test_a_sheet_makes_lecturers_with_courses_and_letters(xiqing: Session) -> None:
    letter = {"number": "聘字901", "starts_on": date(2026, 3, 1)}

    found = take(xiqing, a_row(courses=("RV-T01",), **letter), a_row(3, code="LEC-902", name="乙"))

    assert (found.created, found.changed, found.errors) == (2, 0, [])
    made = xiqing.exec(select(Lecturer).where(Lecturer.code == "LEC-901")).one()
    issued = xiqing.exec(select(Appointment).where(Appointment.number == "聘字901")).one()
    assert issued.lecturer_id == made.id


def test_a_trial_says_what_would_be_and_leaves_no_trace(xiqing: Session) -> None:
    told = len(xiqing.exec(select(Happened.pos)).all())

    found = take(xiqing, a_row(), dry_run=True)

    assert (found.created, found.errors) == (1, [])
    assert xiqing.exec(select(Lecturer).where(Lecturer.code == "LEC-901")).first() is None
    assert len(xiqing.exec(select(Happened.pos)).all()) == told


def test_one_wrong_row_keeps_all_of_them_out(xiqing: Session) -> None:
    rows = (a_row(), a_row(3), a_row(4, code="LEC-903", courses=("XX-999",)))

    trial = take(xiqing, *rows, dry_run=True)
    with pytest.raises(Invalid, match="import_has_errors"):
        take(xiqing, *rows)

    assert [(one["line"], one["code"]) for one in trial.errors] == [
        (3, "row_repeated"),
        (4, "courses_unknown"),
    ]
    assert xiqing.exec(select(Lecturer).where(Lecturer.code == "LEC-901")).first() is None


def test_of_somebody_known_an_empty_cell_changes_nothing(xiqing: Session) -> None:
    known = xiqing.exec(select(Lecturer).order_by("code")).first()
    assert known is not None
    phone = known.phone

    found = take(xiqing, a_row(code=known.code, name="另一个名字", pool=known.pool))

    xiqing.expire_all()
    assert (found.created, found.changed) == (0, 1)
    again = xiqing.get_one(Lecturer, known.id)
    assert (again.name, again.phone) == ("另一个名字", phone)


def test_the_same_sheet_twice_changes_nothing(xiqing: Session) -> None:
    letter = {"number": "聘字901", "starts_on": date(2026, 3, 1)}
    rows = a_row(courses=("RV-T01",), **letter), a_row(3, code="LEC-902", name="乙")
    take(xiqing, *rows)
    told = len(xiqing.exec(select(Happened.pos)).all())

    again = take(xiqing, *rows)

    assert (again.created, again.changed, again.same) == (0, 0, 2)
    assert len(xiqing.exec(select(Happened.pos)).all()) == told


def test_what_a_sheet_leaves_out_of_somebody_known_stays(xiqing: Session) -> None:
    known = xiqing.exec(select(Lecturer).order_by("code")).first()
    assert known is not None
    known.home_lat, known.home_lon, known.max_sessions_per_week = 39.1, 117.0, 5
    xiqing.flush()
    row = a_row(code=known.code, name="另一个名字", pool=known.pool)

    take(xiqing, replace(row, left_out=frozenset({"max_sessions_per_week"})))

    assert (known.home_lat, known.home_lon, known.max_sessions_per_week) == (39.1, 117.0, 5)


def test_a_letter_of_somebody_else_is_not_taken_over(xiqing: Session) -> None:
    letter = xiqing.exec(select(Appointment).order_by("number")).first()
    assert letter is not None

    trial = take(xiqing, a_row(number=letter.number, starts_on=letter.starts_on), dry_run=True)

    assert [one["code"] for one in trial.errors] == ["number_taken"]


def test_only_an_administrator_imports(xiqing: Session) -> None:
    with pytest.raises(Forbidden):
        importing.take(xiqing, [a_row()], dry_run=True, by=SCHEDULER, at=NOON)


def test_codes_of_a_sheet_are_lecturers_of_the_district(xiqing: Session) -> None:
    known = xiqing.exec(select(Lecturer).order_by("code")).first()
    assert known is not None

    found = importing.by_code(xiqing, [known.code, "LEC-999"], by=ADMINISTRATOR)

    assert [(row.id, courses) for row, courses in found] == [
        (known.id, ["GG-T05", "PW-T06", "RV-T01"])
    ]
    abroad = replace(ADMINISTRATOR, district="dongli")
    assert importing.by_code(xiqing, [known.code], by=abroad) == []
    with pytest.raises(Forbidden, match="role_required"):
        importing.by_code(xiqing, [known.code], by=replace(ADMINISTRATOR, roles=frozenset()))
