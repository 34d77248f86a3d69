"""Lecturer: the reference district as it is loaded, as sentences."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import Session, SQLModel, col, select

from services.lecturer import appointments, reference
from services.lecturer.models import Appointment, CourseCopy, Lecturer, Qualification, WorkDay
from tests.conftest import RoomSession
from tests.lecturer.world import NOON, NUMBERS, XIQING, due, local, ref


def count(session: Session, table: type[SQLModel]) -> int:
    return session.exec(select(func.count()).select_from(table)).one()


def test_everybody_is_there_with_letter_week_and_courses(xiqing: Session) -> None:
    pools = select(Lecturer.pool, func.count()).group_by(col(Lecturer.pool))

    assert dict(xiqing.exec(pools).all()) == {
        "lead_study": 24,
        "professional": 36,
        "backbone": 180,
    }
    assert (count(xiqing, Appointment), count(xiqing, CourseCopy)) == (240, 48)
    assert count(xiqing, WorkDay) == 1095
    assert xiqing.get_one(Lecturer, ref("LEC-100")).home_lat is not None


def test_every_lesson_can_be_taught_by_four(xiqing: Session) -> None:
    able = select(Qualification.course_id, func.count()).group_by(col(Qualification.course_id))
    lessons = [c for c in xiqing.exec(select(CourseCopy)) if c.versions[0]["kind"] == "lesson"]

    teachers = dict(xiqing.exec(able).all())

    assert min(teachers[course.id] for course in lessons) >= 4


def test_every_letter_that_runs_has_its_clocks(xiqing: Session) -> None:
    running = [
        letter for letter in xiqing.exec(select(Appointment)) if letter.ends_on > date(2027, 6, 1)
    ]

    assert running
    assert all("appointment_lapse" in due(xiqing, letter.id) for letter in running)


def test_terms_move_with_the_reference_year(room_session: RoomSession) -> None:
    session = room_session("lecturer")

    reference.load(session, Path("deploy/reference"), district=XIQING, shift_years=1)

    letter = session.get_one(Appointment, ref("LEC-001/appointment"))
    assert (letter.starts_on, letter.ends_on) == (date(2027, 3, 1), date(2029, 2, 28))


def test_a_letter_near_its_end_has_only_the_notices_still_to_come() -> None:
    zone: ZoneInfo = NUMBERS.zone

    due_ = appointments.deadlines(date(2026, 12, 10), zone=zone, days_before=[60, 30, 7], at=NOON)

    assert due_ == {
        "appointment_notice": local("2026-12-03 09:00"),
        "appointment_lapse": local("2026-12-11 00:00"),
    }
