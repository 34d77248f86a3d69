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
from services.kit.ids import reference_id
from services.kit.imports import Imported, Outcome
from services.lecturer import appointments, lecturers
from services.lecturer.models import Appointment, CourseCopy, Lecturer


@dataclass(frozen=True)
class Row:
    """One line of the sheet: the lecturer, what he may teach, and his letter if there is one."""

    line: int
    facts: dict[str, Any]
    courses: list[str]  # codes; empty leaves what is known
    number: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None


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


def by_code(session: Session, codes: Sequence[str], *, by: Caller) -> Sequence[Lecturer]:
    """The lecturers of the district with these codes."""
    by.needs(Role.SCHEDULER, Role.ADMINISTRATOR)
    known = _known(session, by.district, codes)
    return sorted(known.values(), key=lambda row: row.code)


def _one(
    session: Session,
    row: Row,
    known: Lecturer | None,
    courses: list[UUID],
    by: Caller,
    at: datetime,
) -> Outcome:
    id = known.id if known else reference_id(by.district, row.facts["code"])
    facts, version = row.facts, known.version if known else None
    if known is not None:
        # Of somebody known an empty cell says nothing.
        before = known.model_dump(include=set(facts))
        facts = {name: value if value != "" else before[name] for name, value in facts.items()}
    made = lecturers.put(session, id, facts, if_match=version, by=by, at=at)
    if courses:
        lecturers.qualify(session, id, courses=courses, if_match=made.version, by=by, at=at)
    if row.number and row.starts_on:
        letter_id = reference_id(by.district, f"appointment/{row.number}")
        letter = session.get(Appointment, letter_id)
        appointments.put(
            session,
            id,
            letter_id,
            number=row.number,
            scope="",
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            if_match=letter.version if letter else None,
            by=by,
            at=at,
        )
    return Outcome.CHANGED if known else Outcome.CREATED


def _courses(session: Session, district: str, codes: set[str]) -> Mapping[str, UUID]:
    named = select(CourseCopy.code, CourseCopy.id).where(
        CourseCopy.district == district, col(CourseCopy.code).in_(codes)
    )
    return dict(session.exec(named).all()) if codes else {}


def _known(session: Session, district: str, codes: Sequence[str]) -> Mapping[str, Lecturer]:
    chosen = select(Lecturer).where(Lecturer.district == district, col(Lecturer.code).in_(codes))
    return {row.code: row for row in session.exec(chosen)}
