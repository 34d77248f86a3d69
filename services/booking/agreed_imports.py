"""Booking: lessons agreed by phone, from a sheet: one approved letter per school, and every lesson
placed at its time. A named lecturer is asked first; others only after his no."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.booking import checks, orders, placing, review, schools
from services.booking.models import CourseCopy, Lesson, Order, School
from services.booking.place_checks import Asked
from services.booking.place_names import Places
from services.booking.rules import CAMP_DAYS, version_on
from services.contracts.catalog import CourseVersion
from services.kit import imports
from services.kit.auth import Caller, Role
from services.kit.errors import Invalid, Refusal
from services.kit.ids import uuid7
from services.kit.imports import Imported, Outcome
from services.kit.numbers import Numbers

# The column of the sheet for a field of a line.
COLUMNS = {
    "course_id": "course",
    "expected_attendees": "attendees",
    "preferred_lecturers": "lecturer_id",
    "venue_id": "place",
    "site_id": "place",
    "address": "place",
    "delivery": "place",
    "audience": "audience",
}
OF_PLACES = {"place_taken", "venue_closed", "equipment_missing", "too_many_attendees"}
LATE = "lead_time_too_short"


@dataclass(frozen=True)
class Row:
    """One line of the sheet: what was agreed. Codes are those of the district."""

    line: int
    school: str
    course: str
    on: date
    start: time
    attendees: int
    place: str | None = None  # a room, a site, or online; by code or name
    address: str | None = None
    audience: Sequence[str] = ()
    lecturer_id: UUID | None = None
    notes: str = ""


@dataclass(frozen=True)
class Ready:
    """A row that says something possible: the line of a letter."""

    row: Row
    line: dict[str, Any]


def take(
    session: Session,
    rows: Sequence[Row],
    *,
    title: str,
    dry_run: bool,
    by: Caller,
    at: datetime,
) -> Imported:
    """Book every row, or none of them (`kit.imports`). A row whose school has that course at that
    time already, whatever became of it, changes nothing. `title` is that of the letters, and the
    reason why nobody had to review them."""
    by.needs(Role.ADMINISTRATOR)
    known = _schools(session, by.district, {row.school for row in rows})
    menu = _courses(session, by.district, {row.course for row in rows})
    places = Places(session, by.district, [school.id for school in known.values()])
    zone = Numbers.of(session, by.district).zone
    booked = _booked(session, known, menu)
    with imports.all_or_none(session, dry_run=dry_run) as found:
        once = imports.Once(found)
        ready: dict[UUID, list[Ready]] = {}
        for row in rows:
            starts_at = datetime.combine(row.on, row.start, zone).astimezone(UTC)
            if once.seen((row.school, row.course, starts_at), row.line, "start"):
                continue
            try:
                line = _line(row, starts_at, known, menu, places)
            except Refusal as refusal:
                found.refused(row.line, str(refusal.facts.get("column", "")), refusal)
                continue
            school = known[row.school]
            if (school.id, line["course_id"], starts_at) in booked:
                found.count(Outcome.SAME)
            else:
                ready.setdefault(school.id, []).append(Ready(row, line))
        for school_id, group in ready.items():
            _letter(session, found, school_id, group, title, by, at)
    return found


def _line(
    row: Row,
    starts_at: datetime,
    known: Mapping[str, School],
    menu: Mapping[str, CourseCopy],
    places: Places,
) -> dict[str, Any]:
    """The row as columns of `OrderLine`."""
    if row.school not in known:
        raise Invalid("school_unknown", column="school", given=row.school)
    if row.course not in menu:
        raise Invalid("course_unknown", column="course", given=row.course)
    versions = [CourseVersion.model_validate(one) for one in menu[row.course].versions]
    version = version_on(versions, row.on)
    if version is None:
        published = any(one.state == "published" for one in versions)
        raise Invalid("course_not_valid" if published else "course_not_published", column="course")
    where = places.find(known[row.school], version, row.place, row.address)
    minutes = version.minutes // (CAMP_DAYS if version.format == "camp" else 1)
    ends_at = starts_at + timedelta(minutes=minutes)
    return {
        "course_id": menu[row.course].id,
        "wishes": [{"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}],
        **where,
        "audience": list(row.audience) or list(version.audience),
        "expected_attendees": row.attendees,
        "preferred_lecturers": [str(row.lecturer_id)] if row.lecturer_id else [],
        "notes": row.notes,
    }


def _letter(
    session: Session,
    found: Imported,
    school_id: UUID,
    group: Sequence[Ready],
    title: str,
    by: Caller,
    at: datetime,
) -> None:
    """Written, sent and approved in the school's and the district's place, then placed. Who did
    it stands in the history."""
    school = session.get_one(School, school_id)
    acting = replace(by, roles=by.roles | {Role.TOWNSHIP, Role.SCHEDULER}, school_id=school_id)
    letter = {
        "title": title,
        "contact_name": school.liaison,
        "contact_phone": school.contact_phone,
        "notes": "",
        "urgent": False,
        "urgent_reason": "",
    }
    try:
        schools.check_open(session, school_id)
        lines = [one.line for one in group]
        order, _ = orders.put(session, uuid7(), letter, lines, if_match=None, by=acting, at=at)
    except Refusal as refusal:
        found.refused(group[0].row.line, "school", refusal)
        return
    if _stands_against(session, found, order, group, title, at):
        return
    orders.submit(session, order.id, by=acting, at=at)
    review.approve(session, order.id, by=acting, at=at)
    for position, one in enumerate(group, 1):
        _place(session, found, order, position, one.row, title, acting, at)


def _stands_against(
    session: Session, found: Imported, order: Order, group: Sequence[Ready], why: str, at: datetime
) -> bool:
    """Notes beside each row what a letter with it would be refused for. Too late is nothing that
    two who have agreed need to be told: the letter is urgent then."""
    lines = orders.lines_of(session, order.id)
    on = checks.ground(session, order, lines, at)
    problems = checks.problems(order, lines, on, at)
    if any(problem["code"] == LATE for problem in problems):
        order.urgent, order.urgent_reason = True, why
        session.flush()
        problems = checks.problems(order, lines, on, at)
    for problem in problems:
        facts = {k: v for k, v in problem.items() if k not in ("line", "field", "code")}
        if problem["line"] is None:
            found.wrong(group[0].row.line, "school", "school_contact_missing")
            return True
        field = COLUMNS.get(problem["field"], "start")
        found.wrong(group[problem["line"] - 1].row.line, field, problem["code"], **facts)
    return bool(problems)


def _place(
    session: Session,
    found: Imported,
    order: Order,
    position: int,
    row: Row,
    why: str,
    by: Caller,
    at: datetime,
) -> None:
    mine = select(Lesson.id).where(Lesson.order_id == order.id, Lesson.position == position)
    try:
        with session.begin_nested():
            placed = [
                placing.place(session, id, asked=Asked(wish=0), override=why, by=by, at=at)
                for id in session.exec(mine.order_by(col(Lesson.day_index))).all()
            ]
    except Refusal as refusal:
        field = "place" if refusal.code in OF_PLACES else "start"
        found.refused(row.line, field, refusal)
        return
    found.count(Outcome.CREATED)
    told = {warning["code"]: warning for one in placed for warning in one.warnings}
    found.warnings += [
        {**warning, "line": row.line, "field": ""} for code, warning in told.items() if code != LATE
    ]


def _schools(session: Session, district: str, codes: set[str]) -> dict[str, School]:
    mine = select(School).where(School.district == district, col(School.code).in_(codes))
    return {school.code: school for school in session.exec(mine)}


def _courses(session: Session, district: str, codes: set[str]) -> dict[str, CourseCopy]:
    mine = select(CourseCopy).where(CourseCopy.district == district)
    return {copy.code: copy for copy in session.exec(mine.where(col(CourseCopy.code).in_(codes)))}


def _booked(
    session: Session, known: Mapping[str, School], menu: Mapping[str, CourseCopy]
) -> set[tuple[UUID, UUID, datetime]]:
    """Which school has which course when: as placed, and as it was first wished."""
    rows = session.exec(
        select(Lesson.school_id, Lesson.course_id, Lesson.starts_at, Lesson.wishes)
        .where(col(Lesson.school_id).in_([school.id for school in known.values()]))
        .where(col(Lesson.course_id).in_([copy.id for copy in menu.values()]))
        .where(Lesson.day_index == 0)
    )
    found = set()
    for school_id, course_id, starts_at, wishes in rows:
        if starts_at is not None:
            found.add((school_id, course_id, starts_at))
        for wish in wishes[:1]:
            found.add((school_id, course_id, datetime.fromisoformat(wish["starts_at"])))
    return found
