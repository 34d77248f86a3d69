"""Lecturer: many accept at once. The database decides, everybody else gets a reason."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from services.kit import db
from services.kit.db import Database, insert_many
from services.kit.errors import Conflict
from services.kit.ids import uuid7
from services.lecturer import offers
from services.lecturer.models import (
    Appointment,
    Assignment,
    Availability,
    Lecturer,
    Offer,
    Qualification,
    Staffing,
)
from tests.conftest import NewDatabase
from tests.lecturer.seatings import COURSE, DISTRICT, LESSON_AT, NOW, Lesson, lecturer
from tests.lecturer.world import a_district

THREADS = 5  # as many writers as a service lets in at once
MANY = {cap: {"limit": 1000} for cap in ("day", "week", "month")}
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


@pytest.fixture
def database(new_database: NewDatabase) -> Database:
    return new_database("lecturer")


def people(database: Database, count: int) -> list[UUID]:
    """So many lecturers, each free every morning and able to teach the course."""
    ids = [uuid7() for _ in range(count)]
    with database.transaction() as session:
        a_district(session)
        rows = [
            Lecturer(
                id=id,
                code=f"T-{number:03}",
                district=DISTRICT,
                name=f"示例{number}",
                pool="backbone",
                max_sessions_per_week=1000,
                caps=MANY,
            ).model_dump()
            for number, id in enumerate(ids)
        ]
        insert_many(session, Lecturer, rows)
        letters = [
            Appointment(
                id=uuid7(),
                lecturer_id=id,
                district=DISTRICT,
                number=f"聘{number}",
                starts_on=date(2026, 1, 1),
                ends_on=date(2027, 12, 31),
            ).model_dump()
            for number, id in enumerate(ids)
        ]
        insert_many(session, Appointment, letters)
        insert_many(session, Qualification, [{"lecturer_id": i, "course_id": COURSE} for i in ids])
        mornings = [{"lecturer_id": i, "half_day": f"{d}_AM"} for i in ids for d in WEEKDAYS]
        insert_many(session, Availability, mornings)
    return ids


def open_to_all(database: Database, starts: list[timedelta]) -> list[UUID]:
    """Lessons that everybody is asked to give."""
    lessons = []
    for after in starts:
        with database.transaction() as session:
            lesson = Lesson(session, mode="open", starts_at=LESSON_AT + after).tell()
            lessons.append(lesson.id)
    return lessons


def everybody_accepts(database: Database) -> Counter[str]:
    """All pending offers are accepted at once, by threads; says what was answered how often."""
    with database.snapshot() as session:
        pending = session.exec(select(Offer.id, Offer.lecturer_id)).all()
    begin = threading.Barrier(THREADS)
    shares = [pending[n::THREADS] for n in range(THREADS)]

    def work(share: list[tuple[UUID, UUID]]) -> list[str]:
        begin.wait()
        return [_answer(database, offer_id, lecturer_id) for offer_id, lecturer_id in share]

    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(answer for answers in pool.map(work, shares) for answer in answers)


def _answer(database: Database, offer_id: UUID, lecturer_id: UUID) -> str:
    """As a request is served: a refusal that asks for it is committed, a lost race run again."""
    for attempt in range(1, db.RETRIES + 1):
        try:
            with database.transaction() as session:
                try:
                    by = lecturer(lecturer_id)
                    offers.accept(session, offer_id, revision=1, by=by, at=NOW)
                except Conflict as conflict:
                    if not conflict.keep:
                        session.rollback()
                    return str(conflict.facts.get("reason") or conflict.code)
            return "won"
        except DBAPIError as error:
            if not db.is_lost_race(error) or attempt == db.RETRIES:
                raise
            time.sleep(db.pause(attempt))
    raise AssertionError("unreachable")


def holders(database: Database) -> list[Assignment]:
    with database.snapshot() as session:
        return list(session.exec(select(Assignment).where(col(Assignment.live))))


def test_twenty_seats_wanted_by_fifty_lecturers_have_twenty_holders(database: Database) -> None:
    people(database, 50)
    lessons = open_to_all(database, [timedelta(days=day) for day in range(20)])

    answers = everybody_accepts(database)

    assert (answers.pop("won"), answers.total()) == (20, 980)
    assert set(answers) <= {"seat_taken"}
    assert {one.lesson_id for one in holders(database)} == set(lessons)
    with database.snapshot() as session:
        assert {staff.status for staff in session.exec(select(Staffing))} == {"held"}


def test_twenty_lecturers_wanted_at_fifty_places_hold_one_each(database: Database) -> None:
    lecturers = people(database, 20)
    open_to_all(database, [timedelta(minutes=n % 60) for n in range(50)])

    answers = everybody_accepts(database)

    assert (answers.pop("won"), answers.total()) == (20, 980)
    assert set(answers) <= {"seat_taken", "overlapping", "already_teaching"}
    held = holders(database)
    assert sorted(one.lecturer_id for one in held) == sorted(lecturers)
    assert len({one.lesson_id for one in held}) == 20
