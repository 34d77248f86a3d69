"""Courses: a version is written, tried, approved, published, retired. One door tells the others."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from services.catalog import rules, search
from services.catalog.models import Code, Course, CourseVersion, Site, VersionCode
from services.catalog.states import DISTRICT, VERSION, VersionState
from services.contracts import catalog as contract
from services.kit import db, outbox
from services.kit.auth import Caller
from services.kit.errors import Conflict, Invalid, NotFound
from services.kit.ids import uuid7
from services.kit.numbers import Numbers

TOLD = tuple(contract.CourseVersion.model_fields)


def put(
    session: Session, id: UUID, *, code: str, facts: dict[str, Any], by: Caller, at: datetime
) -> Course:
    """Write the course's draft: a new course, a new version after the last one was approved, or
    the draft (or trial) there is. `facts` are those of a version, with its label.

    409 `code_taken`, `code_fixed`, `label_taken`; 422 as `rules.check_version` says,
    `code_unknown`, `site_unknown`, `prerequisite_unknown`.
    """
    by.needs(*DISTRICT)
    if session.get(Course, id) is None:
        _check_code_is_free(session, code, by)
        course = Course(id=id, district=by.district, code=code, version=0)
        session.add(course)
        session.flush()
    else:
        course = take(session, id, by=by)
        if course.code != code:
            raise Conflict("code_fixed", known=course.code)
    facts = _checked(session, course, facts, by)
    versions = _versions(session, course)
    draft = next((v for v in versions if v.state in (VersionState.DRAFT, VersionState.TRIAL)), None)
    if any(v.label == facts["label"] and v is not draft for v in versions):
        raise Conflict("label_taken", label=facts["label"])
    if draft is None:
        number = max((v.number for v in versions), default=0) + 1
        draft = CourseVersion(
            id=uuid7(),
            course_id=id,
            district=course.district,
            code=course.code,
            number=number,
            state=VersionState.DRAFT,
            **facts,
        )
        session.add(draft)
    else:
        draft.state = VERSION.move("put", VersionState(draft.state), by.roles).target
        for name, value in facts.items():
            setattr(draft, name, value)
    session.flush()
    _index(session, draft)
    return _change(session, course, "put", by, at)


def trial(
    session: Session, id: UUID, *, version_id: UUID | None = None, by: Caller, at: datetime
) -> Course:
    """Teach it on trial (试讲)."""
    course, version = _of(session, id, "trial", version_id, by)
    return _move(session, course, version, "trial", by, at)


def approve(
    session: Session, id: UUID, *, version_id: UUID | None = None, by: Caller, at: datetime
) -> Course:
    """Examined and found good (审定); from now on the version no longer changes."""
    course, version = _of(session, id, "approve", version_id, by)
    return _move(session, course, version, "approve", by, at)


def publish(
    session: Session, id: UUID, *, version_id: UUID | None = None, by: Caller, at: datetime
) -> Course:
    """Put it on the menu (上架). The published version it follows ends the day before it begins.

    409 `version_overlaps` as `rules.make_room` says, `validity_over`.
    """
    course, version = _of(session, id, "publish", version_id, by)
    VERSION.move("publish", VersionState(version.state), by.roles)
    if version.valid_until is not None and version.valid_until < today(session, course, at):
        raise Conflict("validity_over", valid_until=version.valid_until.isoformat())
    others = [other for other in _versions(session, course) if other.id != version.id]
    for other, last_day in rules.make_room(version, others):
        other.valid_until = last_day
    return _move(session, course, version, "publish", by, at)


def retire(
    session: Session, id: UUID, *, version_id: UUID | None = None, by: Caller, at: datetime
) -> Course:
    """Take it off the menu (下架): the published version, or the one that is named."""
    course, version = _of(session, id, "retire", version_id, by)
    return _move(session, course, version, "retire", by, at)


def take(session: Session, id: UUID, *, by: Caller) -> Course:
    """The course, locked; 404 when it is another district's."""
    by.needs(*DISTRICT)
    course = db.get(session, Course, id, lock=True)
    if course.district != by.district:
        raise NotFound("not_found", what="course", id=str(id))
    return course


def today(session: Session, course: Course, at: datetime) -> date:
    return at.astimezone(Numbers.of(session, course.district).zone).date()


def told(session: Session, course: Course) -> dict[str, Any]:
    """What others may know of a course: the body of the event and of the audit."""
    versions = reversed(_versions(session, course))
    return {"code": course.code, "versions": [as_told(version) for version in versions]}


def as_told(version: CourseVersion) -> contract.CourseVersion:
    return contract.CourseVersion(**version.model_dump(include=set(TOLD)))


def code_rows(version: CourseVersion) -> list[dict[str, Any]]:
    """The lists of a version as rows."""
    return [
        {"version_id": version.id, "kind": kind, "code": code}
        for field, kind in rules.LISTS.items()
        for code in getattr(version, field)
    ]


def text(version: CourseVersion) -> str:
    """What a question is compared with."""
    return f"{version.code} {version.title} {version.summary}"


def _checked(session: Session, course: Course, facts: dict[str, Any], by: Caller) -> dict[str, Any]:
    bounds = ("kind", "format", "valid_from", "valid_until", "min_attendees", "max_attendees")
    rules.check_version(**{name: facts[name] for name in bounds})
    facts = {**facts, **{name: list(dict.fromkeys(facts[name])) for name in rules.LISTS}}
    facts["class_hours"] = Decimal(facts["class_hours"]).quantize(Decimal("0.01"))
    wanted = {kind: facts[name] for name, kind in rules.LISTS.items()}
    known: dict[str, list[str]] = {}
    for row in session.exec(select(Code).where(Code.district == by.district)):
        known.setdefault(row.kind, []).append(row.code)
    rules.check_codes(known, {**wanted, **{name: [facts[name]] for name in rules.SINGLES}})
    site = session.get(Site, facts["site_id"]) if facts["site_id"] else None
    if facts["site_id"] and (site is None or site.district != by.district):
        raise Invalid("site_unknown", site_id=str(facts["site_id"]))
    before = facts["prerequisite_id"]
    required = session.get(Course, before) if before else None
    if before and (required is None or required.district != by.district or before == course.id):
        raise Invalid("prerequisite_unknown", prerequisite_id=str(before))
    return facts


def _check_code_is_free(session: Session, code: str, by: Caller) -> None:
    rules.check_code(code)
    taken = select(Course.id).where(Course.district == by.district, Course.code == code)
    if session.exec(taken).first():
        raise Conflict("code_taken", given=code)


def _of(
    session: Session, id: UUID, verb: str, version_id: UUID | None, by: Caller
) -> tuple[Course, CourseVersion]:
    """The course and the version meant: the one named; else the newest the verb may be said of,
    where a published one goes before drafts; else the newest, whose state is the reason."""
    course = take(session, id, by=by)
    versions = _versions(session, course)
    if version_id is not None:
        named = [version for version in versions if version.id == version_id]
        if not named:
            raise NotFound("not_found", what="course_version", id=str(version_id))
        return course, named[0]
    ready = [v for v in versions if verb in VERSION.open_to(VersionState(v.state), by.roles)]
    ready.sort(key=lambda v: v.state != VersionState.PUBLISHED)
    return course, (ready or versions)[0]


def _versions(session: Session, course: Course) -> Sequence[CourseVersion]:
    """Newest first."""
    mine = select(CourseVersion).where(CourseVersion.course_id == course.id)
    return session.exec(mine.order_by(col(CourseVersion.number).desc())).all()


def _index(session: Session, version: CourseVersion) -> None:
    session.execute(delete(VersionCode).where(col(VersionCode.version_id) == version.id))
    db.insert_many(session, VersionCode, code_rows(version))
    search.put(session, [(version.id, text(version))])


def _move(
    session: Session, course: Course, version: CourseVersion, verb: str, by: Caller, at: datetime
) -> Course:
    version.state = VERSION.move(verb, VersionState(version.state), by.roles).target
    return _change(session, course, verb, by, at)


def _change(session: Session, course: Course, verb: str, by: Caller, at: datetime) -> Course:
    """The door: every change of a course or of one of its versions is counted and told here."""
    course.version += 1
    session.flush()
    said = contract.CourseChanged(
        fact="changed",
        key=course.id,
        version=course.version,
        district=course.district,
        at=at,
        by=by.actor(),
        verb=verb,
        **told(session, course),
    )
    outbox.tell(session, said)
    return course
