"""Teaching sites: where lessons are held outside, and when they are open."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from services.catalog import rules
from services.catalog.models import Site
from services.catalog.states import DISTRICT, SITE, SiteState
from services.contracts.catalog import SiteChanged
from services.kit import db, outbox
from services.kit.auth import Caller
from services.kit.errors import Conflict, NotFound
from services.kit.event import Event

TOLD = tuple(set(SiteChanged.model_fields) - set(Event.model_fields) - {"verb"})


def put(
    session: Session, id: UUID, *, code: str, facts: dict[str, Any], by: Caller, at: datetime
) -> Site:
    """Create the site, open, or give it these facts. 409 `code_taken`, `code_fixed`; 422
    `code_invalid`, `open_rule_invalid`."""
    by.needs(*DISTRICT)
    days: list[date] = facts["closed_on"]
    facts = {
        **facts,
        "open_rule": rules.check_open_rule(facts["open_rule"]),
        "closed_on": sorted({day.isoformat() for day in days}),
    }
    if session.get(Site, id) is None:
        rules.check_code(code)
        taken = select(Site.id).where(Site.district == by.district, Site.code == code)
        if session.exec(taken).first():
            raise Conflict("code_taken", given=code)
        site = Site(id=id, district=by.district, code=code, version=0, **facts)
        session.add(site)
    else:
        site = take(session, id, by=by)
        if site.code != code:
            raise Conflict("code_fixed", known=site.code)
        for name, value in facts.items():
            setattr(site, name, value)
    return _change(session, site, "put", by, at)


def close(session: Session, id: UUID, *, reason: str, by: Caller, at: datetime) -> Site:
    """Nothing new is placed here until it opens again; what is placed already is for the
    scheduler to move."""
    site = take(session, id, by=by)
    return _change(session, site, "close", by, at, closed_because=reason)


def reopen(session: Session, id: UUID, *, by: Caller, at: datetime) -> Site:
    site = take(session, id, by=by)
    return _change(session, site, "reopen", by, at, closed_because=None)


def take(session: Session, id: UUID, *, by: Caller) -> Site:
    """The site, locked; 404 when it is another district's."""
    by.needs(*DISTRICT)
    site = db.get(session, Site, id, lock=True)
    if site.district != by.district:
        raise NotFound("not_found", what="site", id=str(id))
    return site


def told(site: Site) -> dict[str, Any]:
    """What others may know of a site: the body of the event and of the audit."""
    return {name: getattr(site, name) for name in TOLD}


def _change(
    session: Session, site: Site, verb: str, by: Caller, at: datetime, **facts: Any
) -> Site:
    """The door: state, facts, version and event in one breath."""
    site.state = SITE.move(verb, SiteState(site.state), by.roles).target
    for name, value in facts.items():
        setattr(site, name, value)
    site.version += 1
    session.flush()
    said = SiteChanged(
        fact="changed",
        key=site.id,
        version=site.version,
        district=site.district,
        at=at,
        by=by.actor(),
        verb=verb,
        **told(site),
    )
    outbox.tell(session, said)
    return site
