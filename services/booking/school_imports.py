"""Booking: many schools at once, from a sheet, each with its target of a year."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session, col, select

from services.booking import schools, targets
from services.booking.models import School, TrainingTarget
from services.booking.targets import Wanted
from services.kit import imports
from services.kit.auth import Caller, Role
from services.kit.errors import Invalid, Refusal
from services.kit.ids import uuid7
from services.kit.imports import Imported, Outcome
from services.kit.numbers import Numbers

NEEDED = ("name", "township", "lat", "lon")


@dataclass(frozen=True)
class Row:
    """One line of the sheet. What is None is as it was; `year` is this year when left out."""

    line: int
    facts: Mapping[str, Any]  # of a school, with its code
    year: int | None = None
    sessions: int | None = None
    person_times: int | None = None


def take(
    session: Session, rows: Sequence[Row], *, dry_run: bool, by: Caller, at: datetime
) -> Imported:
    """Write every row, each as somebody would by hand, or none of them (`kit.imports`)."""
    by.needs(Role.ADMINISTRATOR)
    this_year = at.astimezone(Numbers.of(session, by.district).zone).year
    codes = [row.facts["code"] for row in rows]
    mine = select(School).where(School.district == by.district, col(School.code).in_(codes))
    known = {school.code: school for school in session.exec(mine.with_for_update())}
    wanted = targets.all_of(session, [school.id for school in known.values()])
    with imports.all_or_none(session, dry_run=dry_run) as found:
        once = imports.Once(found)
        for row in rows:
            code = row.facts["code"]
            if not once.seen(code, row.line, "code"):
                school = known.get(code)
                before = {one.year: one for one in wanted[school.id]} if school else {}
                target = before.get(row.year or this_year)
                one = partial(_one, session, row, school, target, row.year or this_year, by)
                imports.write(session, found, row.line, one, column_of=_column_of)
    return found


def _one(
    session: Session,
    row: Row,
    school: School | None,
    target: TrainingTarget | None,
    year: int,
    by: Caller,
) -> Outcome:
    said = {name: value for name, value in row.facts.items() if value not in (None, "")}
    if school is None and (missing := [name for name in NEEDED if name not in said]):
        raise Invalid("missing", column=missing[0])
    wanted = _wanted(row, target, year)
    if school is None:
        schools.put(session, uuid7(), said, wanted=wanted, if_match=None, by=by)
        return Outcome.CREATED
    as_known = all(getattr(school, name) == value for name, value in said.items())
    reached = target is not None and wanted == [Wanted(year, target.sessions, target.person_times)]
    if as_known and (reached or not wanted):
        return Outcome.SAME
    schools.put(session, school.id, said, wanted=wanted, if_match=school.version, by=by)
    return Outcome.CHANGED


def _wanted(row: Row, target: TrainingTarget | None, year: int) -> list[Wanted]:
    """The year's target, half of it as it was; a new one is said whole."""
    if row.sessions is None and row.person_times is None:
        return []
    sessions, people = row.sessions, row.person_times
    if target is not None:
        sessions = target.sessions if sessions is None else sessions
        people = target.person_times if people is None else people
    if sessions is None or people is None:
        missing = "target_sessions" if sessions is None else "target_person_times"
        raise Invalid("missing", column=missing)
    return [Wanted(year, sessions, people)]


def _column_of(refusal: Refusal) -> str:
    return "code" if refusal.code == "code_taken" else str(refusal.facts.get("column", ""))
