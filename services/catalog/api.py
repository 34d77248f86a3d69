"""The catalog over HTTP: read the request, call the verb, show the course."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response

from services.catalog import courses, queries, sites
from services.catalog.models import Course, Site
from services.catalog.queries import Wish
from services.catalog.schemas import (
    CodePage,
    CourseIn,
    CourseOut,
    Menu,
    MenuItem,
    ReasonIn,
    SiteIn,
    SiteOut,
    SitePage,
    VersionIn,
)
from services.catalog.search import LONGEST_QUESTION
from services.catalog.states import SiteState
from services.kit.auth import Caller
from services.kit.web import IfMatch, Now, Router, Tx, Who, check_match, etag

router = Router(tags=["catalog"])

Limit = Annotated[int, Query(ge=1, le=100)]
Version = VersionIn | None


@router.get("/courses")
def list_courses(
    tx: Tx,
    who: Who,
    now: Now,
    module: str | None = None,
    category: str | None = None,
    format: str | None = None,
    kind: Literal["lesson", "programme"] | None = None,
    audience: str | None = None,
    delivery: str | None = None,
    pool: str | None = None,
    equipment: str | None = None,
    site: UUID | None = None,
    q: Annotated[str | None, Query(max_length=LONGEST_QUESTION)] = None,
    state: Literal["draft", "trial", "approved", "published", "retired", "all"] | None = None,
    valid_on: date | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Menu:
    """The menu: what can be ordered today, or is valid on a day; `q` is Chinese full text."""
    wish = Wish(
        singles={"module": module, "category": category, "format": format, "kind": kind},
        listed={"audience": audience, "delivery": delivery, "pool": pool, "equipment": equipment},
        site_id=site,
        q=q,
        state=state,
        valid_on=valid_on,
    )
    rows, following = queries.menu(tx, wish, cursor=cursor, limit=limit, by=who, at=now)
    return Menu(items=[MenuItem.of(row, who) for row in rows], next=following)


@router.get("/courses/{id}")
def show_course(id: UUID, tx: Tx, who: Who, response: Response) -> CourseOut:
    """A course with its versions, newest first."""
    return _shown(tx, id, who, response)


@router.put("/courses/{id}", responses={201: {"model": CourseOut}})
def put_course(
    id: UUID, body: CourseIn, tx: Tx, who: Who, now: Now, if_match: IfMatch, response: Response
) -> CourseOut:
    """Write the draft of a version under an id of the client's choice; If-Match when the course
    exists."""
    before = queries.version(tx, Course, id, by=who)
    if before is None:
        response.status_code = 201
    else:
        check_match(before, if_match)
    facts = body.model_dump(exclude={"code"})
    courses.put(tx, id, code=body.code, facts=facts, by=who, at=now)
    return _shown(tx, id, who, response)


@router.post("/courses/{id}/trial")
def trial(
    id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: Version = None
) -> CourseOut:
    """Teach it on trial."""
    courses.trial(tx, id, version_id=_meant(body), by=who, at=now)
    return _shown(tx, id, who, response)


@router.post("/courses/{id}/approve")
def approve(
    id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: Version = None
) -> CourseOut:
    """Examined and found good; it no longer changes."""
    courses.approve(tx, id, version_id=_meant(body), by=who, at=now)
    return _shown(tx, id, who, response)


@router.post("/courses/{id}/publish")
def publish(
    id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: Version = None
) -> CourseOut:
    """On the menu; the published version before it ends the day before this one begins."""
    courses.publish(tx, id, version_id=_meant(body), by=who, at=now)
    return _shown(tx, id, who, response)


@router.post("/courses/{id}/retire")
def retire(
    id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: Version = None
) -> CourseOut:
    """Off the menu."""
    courses.retire(tx, id, version_id=_meant(body), by=who, at=now)
    return _shown(tx, id, who, response)


@router.get("/codes")
def list_codes(tx: Tx, who: Who, kind: str | None = None) -> CodePage:
    """Modules, categories, formats, deliveries, audiences, equipment and pools by name."""
    return CodePage.of(list(queries.codes(tx, kind, by=who)))


@router.get("/sites")
def list_sites(
    tx: Tx,
    who: Who,
    state: SiteState | None = None,
    q: Annotated[str | None, Query(max_length=LONGEST_QUESTION)] = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> SitePage:
    """Teaching sites by code; `q` is part of the name, the address or the township."""
    rows, following = queries.list_sites(tx, state=state, q=q, cursor=cursor, limit=limit, by=who)
    return SitePage(items=[SiteOut.seen_by(row, who) for row in rows], next=following)


@router.get("/sites/{id}")
def show_site(id: UUID, tx: Tx, who: Who, response: Response) -> SiteOut:
    return _site(queries.site(tx, id, by=who), who, response)


@router.put("/sites/{id}", responses={201: {"model": SiteOut}})
def put_site(
    id: UUID, body: SiteIn, tx: Tx, who: Who, now: Now, if_match: IfMatch, response: Response
) -> SiteOut:
    """Create a site under an id of the client's choice, or change it (If-Match)."""
    before = queries.version(tx, Site, id, by=who)
    if before is None:
        response.status_code = 201
    else:
        check_match(before, if_match)
    facts = body.model_dump(exclude={"code"})
    return _site(sites.put(tx, id, code=body.code, facts=facts, by=who, at=now), who, response)


@router.post("/sites/{id}/close")
def close(id: UUID, body: ReasonIn, tx: Tx, who: Who, now: Now, response: Response) -> SiteOut:
    """Nothing new is placed here until it opens again."""
    return _site(sites.close(tx, id, reason=body.reason, by=who, at=now), who, response)


@router.post("/sites/{id}/reopen")
def reopen(id: UUID, tx: Tx, who: Who, now: Now, response: Response) -> SiteOut:
    return _site(sites.reopen(tx, id, by=who, at=now), who, response)


def _meant(body: Version) -> UUID | None:
    return None if body is None else body.version_id


def _shown(tx: Tx, id: UUID, who: Caller, response: Response) -> CourseOut:
    course, versions = queries.course(tx, id, by=who)
    etag(response, course.version)
    return CourseOut.seen_by(course, versions, who)


def _site(site: Site, who: Caller, response: Response) -> SiteOut:
    etag(response, site.version)
    return SiteOut.seen_by(site, who)
