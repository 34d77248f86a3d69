"""Lecturer: what it does when booking and the catalog speak."""

from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col

from services.contracts.booking import CalendarChanged, LessonChanged, NumbersChanged
from services.contracts.catalog import CourseChanged
from services.kit import clock, db, numbers
from services.kit.errors import Conflict
from services.kit.event import Event
from services.kit.inbox import Handlers
from services.lecturer import seats
from services.lecturer.models import Copied, CourseCopy, WorkDay


def lesson_changed(session: Session, said: LessonChanged) -> None:
    seats.hear(session, said, at=clock.now())


def course_changed(session: Session, said: CourseChanged) -> None:
    """Keep the newest copy of a course."""
    now = clock.now().date()
    published = [v for v in said.versions if v.state == "published" and v.valid_from <= now]
    shown = max(published or said.versions, key=lambda v: v.valid_from, default=None)
    row: dict[str, Any] = {
        "id": said.key,
        "code": said.code,
        "district": said.district,
        "title": shown.title if shown else "",
        "eligible_pools": shown.eligible_pools if shown else [],
        "versions": [version.model_dump(mode="json") for version in said.versions],
        "version": said.version,
    }
    if db.insert_once(session, CourseCopy, row):
        return
    copy = db.get(session, CourseCopy, said.key, lock=True, what="course")
    if said.version <= copy.version:
        raise Conflict("stale", version=copy.version)
    for name, value in row.items():
        setattr(copy, name, value)
    session.add(copy)


def calendar_changed(session: Session, said: CalendarChanged) -> None:
    """Keep a year of the work calendar: public holidays stop the answer clock."""
    _newest(session, said)
    days = [day.on for day in said.days]
    of_year = delete(WorkDay).where(
        col(WorkDay.district) == said.district, col(WorkDay.on).in_(days)
    )
    session.execute(of_year)
    rows = [{"district": said.district, **day.model_dump()} for day in said.days]
    db.insert_many(session, WorkDay, rows)


def numbers_changed(session: Session, said: NumbersChanged) -> None:
    """Keep the numbers of the district."""
    _newest(session, said)
    for name, value in said.values.items():
        numbers.put(session, said.district, name, value)


def _newest(session: Session, said: Event) -> None:
    """409 `stale` when this version of the row, or a newer one, was heard before."""
    row = {
        "aggregate": said.aggregate,
        "key": said.key,
        "district": said.district,
        "version": said.version,
    }
    if db.insert_once(session, Copied, row):
        return
    copied = db.get(session, Copied, (said.aggregate, said.key), lock=True)
    if said.version <= copied.version:
        raise Conflict("stale", version=copied.version)
    copied.version = said.version
    session.add(copied)


HANDLERS: Handlers = {
    LessonChanged: lesson_changed,
    CourseChanged: course_changed,
    CalendarChanged: calendar_changed,
    NumbersChanged: numbers_changed,
}
