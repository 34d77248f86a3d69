"""What the catalog shows: the menu, a course with its versions, sites, the lists of words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlmodel import Session, col, or_, select

from services.catalog import courses, rules, search, sites
from services.catalog.models import Code, Course, CourseVersion, Site, VersionCode
from services.catalog.states import DISTRICT, SiteState, VersionState
from services.kit.auth import Caller
from services.kit.errors import Invalid, NotFound
from services.kit.numbers import Numbers
from services.kit.web import page

ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody looks for on the menu; None leaves a question open."""

    singles: dict[str, str | None] = field(default_factory=dict)  # module category format kind
    listed: dict[str, str | None] = field(default_factory=dict)  # audience delivery pool equipment
    site_id: UUID | None = None
    q: str | None = None
    state: str | None = None  # None: the menu; `all` and the others for those who edit
    valid_on: date | None = None


def menu(
    session: Session, wish: Wish, *, cursor: str | None, limit: int, by: Caller, at: datetime
) -> tuple[Sequence[CourseVersion], str | None]:
    """Versions by course code: the published ones valid today (or on the day asked for), of each
    course at most one. Another state is shown to those who edit, whenever it is valid.

    422 `code_unknown` for a filter that is not in the lists.
    """
    chosen = select(CourseVersion).where(CourseVersion.district == by.district)
    state, on = wish.state or VersionState.PUBLISHED, wish.valid_on
    if state != VersionState.PUBLISHED:
        by.needs(*DISTRICT)
    elif on is None:
        on = at.astimezone(Numbers.of(session, by.district).zone).date()
    if state != ALL:
        chosen = chosen.where(CourseVersion.state == state)
    if on is not None:
        until = col(CourseVersion.valid_until)
        chosen = chosen.where(CourseVersion.valid_from <= on, or_(until.is_(None), until >= on))
    _check_words(session, wish, by)
    for name, value in wish.singles.items():
        if value is not None:
            chosen = chosen.where(getattr(CourseVersion, name) == value)
    for kind, value in wish.listed.items():
        if value is not None:
            those = select(VersionCode.version_id).where(
                VersionCode.kind == kind, VersionCode.code == value
            )
            chosen = chosen.where(col(CourseVersion.id).in_(those))
    if wish.site_id is not None:
        chosen = chosen.where(CourseVersion.site_id == wish.site_id)
    if wish.q is not None and wish.q.strip():
        chosen = chosen.where(search.finds(session, col(CourseVersion.id), wish.q))
    by_code = [col(CourseVersion.code), col(CourseVersion.number)]
    return page(session, chosen, by=by_code, cursor=cursor, limit=limit)


def course(session: Session, id: UUID, *, by: Caller) -> tuple[Course, list[CourseVersion]]:
    """A course and its versions, newest first; drafts only for those who edit. 404 when there is
    nothing the caller may see."""
    row = session.get(Course, id)
    seen: list[CourseVersion] = []
    if row is not None and row.district == by.district:
        mine = select(CourseVersion).where(CourseVersion.course_id == id)
        if not by.has(*DISTRICT):
            shown = (VersionState.PUBLISHED, VersionState.RETIRED)
            mine = mine.where(col(CourseVersion.state).in_(shown))
        seen = list(session.exec(mine.order_by(col(CourseVersion.number).desc())))
    if row is None or not seen:
        raise NotFound("not_found", what="course", id=str(id))
    return row, seen


def site(session: Session, id: UUID, *, by: Caller) -> Site:
    row = session.get(Site, id)
    if row is None or row.district != by.district:
        raise NotFound("not_found", what="site", id=str(id))
    return row


def list_sites(
    session: Session,
    *,
    state: SiteState | None,
    q: str | None = None,
    cursor: str | None,
    limit: int,
    by: Caller,
) -> tuple[Sequence[Site], str | None]:
    """Sites by code; `q` is part of the name, the address or the township, or the code."""
    chosen = select(Site).where(Site.district == by.district)
    if q and (word := q.strip()):
        parts = (col(Site.name), col(Site.address), col(Site.township))
        found = [part.contains(word, autoescape=True) for part in parts]
        chosen = chosen.where(or_(*found, col(Site.code) == word.upper()))
    if state is not None:
        chosen = chosen.where(Site.state == state)
    return page(session, chosen, by=[col(Site.code)], cursor=cursor, limit=limit)


def codes(session: Session, kind: str | None, *, by: Caller) -> Sequence[Code]:
    """The lists, each in its order."""
    chosen = select(Code).where(Code.district == by.district)
    if kind is not None:
        chosen = chosen.where(Code.kind == kind)
    return session.exec(chosen.order_by(col(Code.kind), col(Code.position))).all()


def version(
    session: Session, table: type[Course] | type[Site], id: UUID, *, by: Caller
) -> int | None:
    """Of a row of the district, locked until the transaction ends; None when there is none."""
    by.needs(*DISTRICT)
    row = session.get(table, id, with_for_update=True)
    if not isinstance(row, Course | Site) or row.district != by.district:
        return None
    return row.version


def answer_course(session: Session, question: dict[str, Any]) -> dict[str, Any]:
    """`course.get` of another service: {"id"} → {"id", "version", "code", "versions"}."""
    try:
        id = UUID(question["id"])
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("question_invalid", needs="id") from error
    row = session.get(Course, id)
    if row is None:
        raise NotFound("not_found", what="course", id=str(id))
    body = {"id": row.id, "version": row.version, **courses.told(session, row)}
    answer: dict[str, Any] = to_jsonable_python(body)
    return answer


def audited_courses(
    session: Session, district: str, after: UUID | None, limit: int
) -> Sequence[dict[str, Any]]:
    """Every course with its version and what its newest event said."""
    chosen = select(Course).where(Course.district == district).order_by(col(Course.id))
    if after is not None:
        chosen = chosen.where(col(Course.id) > after)
    return [
        {"id": str(row.id), "version": row.version, "body": courses.told(session, row)}
        for row in session.exec(chosen.limit(limit)).all()
    ]


def audited_sites(
    session: Session, district: str, after: UUID | None, limit: int
) -> Sequence[dict[str, Any]]:
    """Every site with its version and what its newest event said."""
    chosen = select(Site).where(Site.district == district).order_by(col(Site.id))
    if after is not None:
        chosen = chosen.where(col(Site.id) > after)
    return [
        {"id": str(row.id), "version": row.version, "body": sites.told(row)}
        for row in session.exec(chosen.limit(limit))
    ]


def _check_words(session: Session, wish: Wish, by: Caller) -> None:
    asked = {**wish.singles, **wish.listed}
    wanted = {kind: [code] for kind, code in asked.items() if code is not None and kind != "kind"}
    if wanted:
        known: dict[str, list[str]] = {}
        for row in codes(session, None, by=by):
            known.setdefault(row.kind, []).append(row.code)
        rules.check_codes(known, wanted)


AUDITS = {"course": audited_courses, "site": audited_sites}
ANSWERS = {"course.get": answer_course}
