"""Lecturer: many lecturers at once, from a sheet. All rows or none; a trial says what would be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.kit.auth import Caller, Role
from services.kit.errors import Invalid, Refusal
from services.kit.ids import reference_id
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


@dataclass
class Imported:
    """How many are new, how many change, and what is wrong where."""

    created: int = 0
    changed: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)


def take(
    session: Session, rows: Sequence[Row], *, dry_run: bool, by: Caller, at: datetime
) -> Imported:
    """Write every row, each as somebody would by hand. With an error anywhere nothing is written:
    422 `import_has_errors` with all of them, unless it was only a trial."""
    by.needs(Role.ADMINISTRATOR)
    courses = _courses(session, by.district, {code for row in rows for code in row.courses})
    known = _known(session, by.district, [row.facts["code"] for row in rows])
    found, seen = Imported(), dict[str, int]()
    trial = session.begin_nested()
    for row in rows:
        code = row.facts["code"]
        if code in seen:
            found.errors.append(_error(row, "code", "row_repeated", line_before=seen[code]))
            continue
        seen[code] = row.line
        if unknown := [one for one in row.courses if one not in courses]:
            found.errors.append(_error(row, "courses", "courses_unknown", courses=unknown))
            continue
        try:
            with session.begin_nested():
                _one(session, row, known.get(code), [courses[c] for c in row.courses], by, at)
        except Refusal as refusal:
            found.errors.append(_error(row, "", refusal.code, **refusal.facts))
            continue
        found.created += code not in known
        found.changed += code in known
    if not dry_run and not found.errors:
        trial.commit()
        return found
    trial.rollback()
    if not dry_run:
        raise Invalid("import_has_errors", errors=found.errors)
    return found


def _one(
    session: Session,
    row: Row,
    known: Lecturer | None,
    courses: list[UUID],
    by: Caller,
    at: datetime,
) -> None:
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


def _courses(session: Session, district: str, codes: set[str]) -> Mapping[str, UUID]:
    named = select(CourseCopy.code, CourseCopy.id).where(
        CourseCopy.district == district, col(CourseCopy.code).in_(codes)
    )
    return dict(session.exec(named).all()) if codes else {}


def _known(session: Session, district: str, codes: Sequence[str]) -> Mapping[str, Lecturer]:
    chosen = select(Lecturer).where(Lecturer.district == district, col(Lecturer.code).in_(codes))
    return {row.code: row for row in session.exec(chosen)}


def _error(row: Row, name: str, code: str, **facts: Any) -> dict[str, Any]:
    return {"line": row.line, "field": name, "code": code, **facts}
