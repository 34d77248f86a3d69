"""Catalog: many courses at once, from a sheet: drafts, or versions put on the menu at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.catalog import courses, rules
from services.catalog.models import Code, Course, CourseVersion, Site
from services.catalog.states import VersionState
from services.kit import imports
from services.kit.auth import Caller, Role
from services.kit.errors import Invalid, Refusal
from services.kit.ids import uuid7
from services.kit.imports import Imported, Outcome

# What a row may say of a version; the rest is found by code or follows from these.
SAID = (
    *("label", "title", "summary", "module", "category", "format", "minutes", "class_hours"),
    *("audience", "deliveries", "eligible_pools", "equipment", "min_attendees", "max_attendees"),
    *("valid_from", "valid_until"),
)
NEEDED = (
    *("label", "title", "module", "category", "format", "minutes", "class_hours"),
    *("audience", "deliveries", "eligible_pools", "max_attendees", "valid_from"),
)
# The column a refusal is about.
COLUMNS = {
    "code_invalid": "code",
    "label_taken": "label",
    "kind_not_of_format": "format",
    "attendees_backwards": "max_attendees",
    "validity_backwards": "valid_until",
    "validity_over": "valid_until",
    "version_overlaps": "valid_from",
    "site_unknown": "site",
    "prerequisite_unknown": "prerequisite",
    "wrong_state": "state",
}
OF_KIND = {kind: name for name, kind in rules.LISTS.items()} | {n: n for n in rules.SINGLES}


@dataclass(frozen=True)
class Row:
    """One line of the sheet. What is None (or an empty list) is as it was, or as usual."""

    line: int
    code: str
    state: str  # draft, or published: on the menu at once
    facts: Mapping[str, Any]
    site: str | None = None  # codes
    prerequisite: str | None = None


def take(
    session: Session, rows: Sequence[Row], *, dry_run: bool, by: Caller, at: datetime
) -> Imported:
    """Write every row, each as somebody would by hand, or none of them (`kit.imports`). A row that
    says what its version says already changes nothing."""
    by.needs(Role.ADMINISTRATOR)
    usual = _usual(session, by.district)
    sites = _ids(session, Site, by.district, {row.site for row in rows if row.site})
    with imports.all_or_none(session, dry_run=dry_run) as found:
        once = imports.Once(found)
        for row in _in_order(rows):
            if not once.seen(row.code, row.line, "code"):
                one = partial(_one, session, row, usual, sites, by, at)
                imports.write(session, found, row.line, one, column_of=_column_of)
    return found


def _one(
    session: Session,
    row: Row,
    usual: Mapping[str, Mapping[str, Any]],
    sites: Mapping[str, UUID],
    by: Caller,
    at: datetime,
) -> Outcome:
    wanted = {row.code, row.prerequisite} - {None}
    known = _ids(session, Course, by.district, wanted)
    id = known.get(row.code)
    versions = _versions(session, id) if id else []
    facts = _facts(row, versions[0] if versions else None, usual, sites, known)
    if missing := [name for name in NEEDED if facts.get(name) in (None, "", [])]:
        raise Invalid("missing", column=missing[0])
    same = [v for v in versions if v.label == facts["label"] and _says(v) == _plain(facts)]
    if same and (row.state == VersionState.DRAFT or same[0].state == VersionState.PUBLISHED):
        return Outcome.SAME
    course_id = id or uuid7()
    if not same:
        courses.put(session, course_id, code=row.code, facts=facts, by=by, at=at)
    if row.state == VersionState.PUBLISHED:
        version_id = _labelled(session, course_id, facts["label"])
        if not same or same[0].state != VersionState.APPROVED:
            courses.approve(session, course_id, version_id=version_id, by=by, at=at)
        courses.publish(session, course_id, version_id=version_id, by=by, at=at)
    return Outcome.CHANGED if id else Outcome.CREATED


def _facts(
    row: Row,
    newest: CourseVersion | None,
    usual: Mapping[str, Mapping[str, Any]],
    sites: Mapping[str, UUID],
    known: Mapping[str, UUID],
) -> dict[str, Any]:
    """All that is written of a version: the row, then what was, then what is usual."""
    said = {name: row.facts.get(name) for name in SAID}
    said = {name: value for name, value in said.items() if value not in (None, "", [])}
    if row.site and row.site not in sites:
        raise Invalid("site_unknown", given=row.site)
    if row.prerequisite and row.prerequisite not in known:
        raise Invalid("prerequisite_unknown", given=row.prerequisite)
    links = {
        "site_id": sites[row.site] if row.site else None,
        "prerequisite_id": known[row.prerequisite] if row.prerequisite else None,
    }
    before: dict[str, Any] = {"summary": "", "equipment": [], "min_attendees": 1}
    before |= {"valid_until": None, "site_id": None, "prerequisite_id": None}
    if newest is not None:
        before = {name: getattr(newest, name) for name in (*SAID, *links)}
    if "format" in said and (newest is None or newest.format != said["format"]):
        before |= usual.get(str(said["format"]), {})
    facts = {**before, **said, **{name: id for name, id in links.items() if id}}
    facts["kind"] = "programme" if facts.get("format") == "camp" else "lesson"
    return facts


def _says(version: CourseVersion) -> dict[str, Any]:
    return _plain({name: getattr(version, name) for name in (*SAID, "site_id", "prerequisite_id")})


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Comparable: the order of a list says nothing, and 4 hours are 4.00."""
    found = {name: facts[name] for name in (*SAID, "site_id", "prerequisite_id")}
    found |= {name: sorted(set(facts[name])) for name in rules.LISTS}
    found["class_hours"] = Decimal(facts["class_hours"]).quantize(Decimal("0.01"))
    return found


def _in_order(rows: Sequence[Row]) -> Iterator[Row]:
    """A course after the one it builds on, wherever the sheet has it; a circle as it stands."""
    by_code = {row.code: row for row in reversed(rows)}
    done: set[int] = set()

    def visit(row: Row) -> Iterator[Row]:
        if row.line in done:
            return
        done.add(row.line)
        if row.prerequisite in by_code:
            yield from visit(by_code[row.prerequisite])
        yield row

    for row in rows:
        yield from visit(row)


def _versions(session: Session, course_id: UUID) -> Sequence[CourseVersion]:
    mine = select(CourseVersion).where(CourseVersion.course_id == course_id)
    return session.exec(mine.order_by(col(CourseVersion.number).desc())).all()


def _labelled(session: Session, course_id: UUID, label: str) -> UUID:
    mine = select(CourseVersion.id).where(CourseVersion.course_id == course_id)
    return session.exec(mine.where(CourseVersion.label == label)).one()


def _ids(
    session: Session, table: type[Course] | type[Site], district: str, codes: set[Any]
) -> dict[str, UUID]:
    named = select(table.code, table.id).where(table.district == district)
    return dict(session.exec(named.where(col(table.code).in_(codes))).all()) if codes else {}


def _usual(session: Session, district: str) -> dict[str, dict[str, Any]]:
    """Minutes and class hours by format."""
    words = select(Code).where(Code.district == district, Code.kind == "format")
    return {word.code: dict(word.facts) for word in session.exec(words)}


def _column_of(refusal: Refusal) -> str:
    if refusal.code == "code_unknown":
        return OF_KIND.get(str(refusal.facts.get("kind")), "")
    return COLUMNS.get(refusal.code, str(refusal.facts.get("column", "")))
