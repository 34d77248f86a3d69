"""Lecturer: many lecturers at once, from a sheet. All rows or none; a trial says what would be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.kit import imports
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict
from services.kit.ids import reference_id
from services.kit.imports import Imported, Outcome
from services.lecturer import appointments, lecturers
from services.lecturer.models import Appointment, CourseCopy, Lecturer, Qualification


@dataclass(frozen=True)
class Row:
    """One line of the sheet: the lecturer, what he may teach, and his letter if there is one."""

    line: int
    facts: dict[str, Any]
    courses: list[str]  # codes; empty leaves what is known
    number: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    left_out: frozenset[str] = frozenset()  # of `facts`: not said at all


def take(
    session: Session, rows: Sequence[Row], *, dry_run: bool, by: Caller, at: datetime
) -> Imported:
    """Write every row, each as somebody would by hand, or none of them (`kit.imports`)."""
    by.needs(Role.ADMINISTRATOR)
    courses = _courses(session, by.district, {code for row in rows for code in row.courses})
    known = _known(session, by.district, [row.facts["code"] for row in rows])
    with imports.all_or_none(session, dry_run=dry_run) as found:
        once = imports.Once(found)
        for row in rows:
            code = row.facts["code"]
            if once.seen(code, row.line, "code"):
                continue
            if unknown := [one for one in row.courses if one not in courses]:
                found.wrong(row.line, "courses", "courses_unknown", courses=unknown)
                continue
            ids = [courses[course] for course in row.courses]
            imports.write(
                session,
                found,
                row.line,
                partial(_one, session, row, known.get(code), ids, by, at),
            )
    return found


def by_code(
    session: Session, codes: Sequence[str], *, by: Caller
) -> list[tuple[Lecturer, list[str]]]:
    """The lecturers of the district with these codes, each with the codes of his courses."""
    by.needs(Role.SCHEDULER, Role.ADMINISTRATOR)
    known = _known(session, by.district, codes)
    taught: dict[UUID, list[str]] = {row.id: [] for row in known.values()}
    named = (
        select(Qualification.lecturer_id, CourseCopy.code)
        .join(CourseCopy, col(CourseCopy.id) == col(Qualification.course_id))
        .where(col(Qualification.lecturer_id).in_(taught))
    )
    for lecturer_id, course in session.exec(named.order_by(CourseCopy.code)):
        taught[lecturer_id].append(course)
    return [(known[code], taught[known[code].id]) for code in sorted(known)]


def _one(
    session: Session,
    row: Row,
    known: Lecturer | None,
    courses: list[UUID],
    by: Caller,
    at: datetime,
) -> Outcome:
    if known is None:
        id = reference_id(by.district, row.facts["code"])
        made = lecturers.put(session, id, row.facts, if_match=None, by=by, at=at)
        _say(session, row, made, courses, by, at)
        return Outcome.CREATED
    # Of somebody known an empty cell says nothing.
    facts = {
        name: getattr(known, name) if name in row.left_out or value in ("", None) else value
        for name, value in row.facts.items()
    }
    version = known.version
    as_known = all(getattr(known, name) == value for name, value in facts.items())
    if not as_known:
        lecturers.put(session, known.id, facts, if_match=version, by=by, at=at)
    issued = _say(session, row, known, courses, by, at)
    return Outcome.CHANGED if issued or known.version != version else Outcome.SAME


def _say(
    session: Session, row: Row, lecturer: Lecturer, courses: list[UUID], by: Caller, at: datetime
) -> bool:
    """His courses and his letter, when the row names any and they are not so already; True when a
    letter was issued or corrected."""
    mine = select(Qualification.course_id).where(Qualification.lecturer_id == lecturer.id)
    if courses and set(courses) != set(session.exec(mine)):
        match = lecturer.version
        lecturers.qualify(session, lecturer.id, courses=courses, if_match=match, by=by, at=at)
    if not row.number or not row.starts_on:
        return False
    numbered = select(Appointment).where(Appointment.number == row.number)
    letter = session.exec(numbered.where(Appointment.district == by.district)).first()
    if letter is not None and letter.lecturer_id != lecturer.id:
        raise Conflict("number_taken", number=row.number)
    if letter is not None and _says(letter, row):
        return False
    appointments.put(
        session,
        lecturer.id,
        letter.id if letter else reference_id(by.district, f"appointment/{row.number}"),
        number=row.number,
        scope=letter.scope if letter else "",
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        if_match=letter.version if letter else None,
        by=by,
        at=at,
    )
    return True


def _says(letter: Appointment, row: Row) -> bool:
    return letter.starts_on == row.starts_on and row.ends_on in (None, letter.ends_on)


def _courses(session: Session, district: str, codes: set[str]) -> Mapping[str, UUID]:
    named = select(CourseCopy.code, CourseCopy.id).where(
        CourseCopy.district == district, col(CourseCopy.code).in_(codes)
    )
    return dict(session.exec(named).all()) if codes else {}


def _known(session: Session, district: str, codes: Sequence[str]) -> Mapping[str, Lecturer]:
    chosen = select(Lecturer).where(Lecturer.district == district, col(Lecturer.code).in_(codes))
    return {row.code: row for row in session.exec(chosen)}
