"""Booking: what it hears. Each copy keeps the newest version; an older word changes nothing."""

from typing import Any

from sqlmodel import Session

from services.booking.follow import follow
from services.booking.lesson_door import take
from services.booking.models import CourseCopy, SiteCopy, StaffingCopy
from services.contracts.catalog import CourseChanged, SiteChanged
from services.contracts.lecturer import StaffingChanged
from services.kit import db
from services.kit.auth import system
from services.kit.errors import Conflict
from services.kit.event import Event
from services.kit.inbox import Handlers


def staffing_changed(session: Session, said: StaffingChanged) -> None:
    """Who holds the seat now; the lesson catches up with it."""
    by = system(said.district)
    lesson = take(session, said.key, by=by)
    copy = session.get(StaffingCopy, said.key, populate_existing=True)
    _newer(said, copy.version if copy else 0)
    session.merge(
        StaffingCopy(
            lesson_id=said.key,
            district=said.district,
            version=said.version,
            lesson_version=said.lesson_version,
            revision=said.revision,
            status=said.status,
            holder_id=said.holder_id,
            holder_name=said.holder_name,
            body=said.model_dump(mode="json"),
        )
    )
    lesson.staffing_version = said.version
    session.flush()
    follow(session, lesson, by=by, at=said.at)


def course_changed(session: Session, said: CourseChanged) -> None:
    """A course and its versions. Orders keep the version they ordered."""
    row: dict[str, Any] = {
        "id": said.key,
        "district": said.district,
        "code": said.code,
        "version": said.version,
        "versions": [version.model_dump(mode="json") for version in said.versions],
    }
    if not db.insert_once(session, CourseCopy, row):
        copy = db.get(session, CourseCopy, said.key, lock=True)
        _newer(said, copy.version)
        session.merge(CourseCopy(**row))
        session.flush()


def site_changed(session: Session, said: SiteChanged) -> None:
    """A teaching site and when it is open. What is placed there already stays."""
    shared = set(SiteCopy.model_fields) - {"id"}
    row = {"id": said.key, **said.model_dump(mode="json", include=shared)}
    if not db.insert_once(session, SiteCopy, row):
        copy = db.get(session, SiteCopy, said.key, lock=True)
        _newer(said, copy.version)
        session.merge(SiteCopy(**row))
        session.flush()


def _newer(said: Event, known: int) -> None:
    if said.version <= known:
        raise Conflict("stale", known=known, said=said.version)


HANDLERS: Handlers = {
    StaffingChanged: staffing_changed,
    CourseChanged: course_changed,
    SiteChanged: site_changed,
}
