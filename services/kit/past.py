"""Kit: who did what, for those who answer for it: one list of what happened, in every service."""

from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from services.kit.auth import Caller, Role
from services.kit.numbers import Numbers
from services.kit.outbox import Happened
from services.kit.web import Router, Tx, Who, page

READERS = (Role.SUPERVISOR, Role.ADMINISTRATOR, Role.SCHEDULER)
# What is shown in columns of its own; everything else an event says is its facts.
OF_A_MOVE = ("verb", "was", "state", "note")

FEW_NAMES = 20

Part = Annotated[str | None, Query(max_length=100)]


class HappenedOut(BaseModel):
    """One thing that happened: to what (`about`, `key`), what (`fact`, `verb`), and by whom."""

    pos: int
    id: UUID
    at: datetime
    subject: str
    about: str
    fact: str
    key: UUID
    version: int
    verb: str | None
    was: str | None
    state: str | None
    note: str | None
    by: dict[str, Any]
    request_id: str | None
    facts: dict[str, Any]


class PastOut(BaseModel):
    items: list[HappenedOut]
    next: str | None


def doors() -> APIRouter:
    """`/happened`: for the supervisor, the administrator and the scheduler of the district."""
    router = Router(tags=["house"])

    @router.get("/happened")
    def happened(
        tx: Tx,
        who: Who,
        person: Part = None,
        subject: Part = None,
        key: UUID | None = None,
        first: Annotated[AwareDatetime | None, Query(alias="from")] = None,
        last: Annotated[AwareDatetime | None, Query(alias="to")] = None,
        cursor: Annotated[str | None, Query(max_length=500)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> PastOut:
        """What happened in the district, newest first. `person` is an account, a lecturer spoken
        for, or part of a name; `subject` is `booking.order` or `booking.order.submitted`; `from`
        is included, `to` is not."""
        chosen = asked(tx, who, person=person, subject=subject, key=key, first=first, last=last)
        by = [col(Happened.at), col(Happened.pos)]
        rows, following = page(tx, chosen, by=by, cursor=cursor, limit=limit, descending=True)
        zone = _zone(tx, who.district)
        return PastOut(items=[_shown(row, zone) for row in rows], next=following)

    return router


def asked(
    session: Session,
    by: Caller,
    *,
    person: str | None = None,
    subject: str | None = None,
    key: UUID | None = None,
    first: datetime | None = None,
    last: datetime | None = None,
) -> SelectOfScalar[Happened]:
    """The rows of the caller's district that answer the question; 403 for everybody else."""
    by.needs(*READERS)
    chosen = select(Happened).where(Happened.district == by.district)
    if person:
        chosen = chosen.where(_did(session, person.strip()))
    if subject:
        inside = col(Happened.subject).startswith(f"{subject}.", autoescape=True)
        chosen = chosen.where(or_(col(Happened.subject) == subject, inside))
    if key is not None:
        chosen = chosen.where(Happened.key == key)
    if first is not None:
        chosen = chosen.where(Happened.at >= first)
    if last is not None:
        chosen = chosen.where(Happened.at < last)
    return chosen


def _did(session: Session, person: str) -> Any:
    """An account that acted, somebody on whose behalf it did, or part of the name of who did."""
    try:
        id = UUID(person)
    except ValueError:
        part_of = col(Happened.actor_name).contains(person, autoescape=True)
        names = _names(session, person)
        # Few names are looked up one by one; many are met soon enough on the way back in time.
        return col(Happened.actor_name).in_(names) if len(names) <= FEW_NAMES else part_of
    return or_(col(Happened.actor_id) == id, col(Happened.spoken_for) == id)


def _names(session: Session, part: str) -> list[str]:
    """Names that contain it, a few more than `FEW_NAMES` at most. The names there are stand in
    order in their index: from each the next one is a step, whatever stands between."""
    name = col(Happened.actor_name)
    steps = sa.select(sa.func.min(name).label("name")).cte("steps", recursive=True)
    after = sa.select(sa.func.min(name)).where(name > steps.c.name).scalar_subquery()
    steps = steps.union_all(sa.select(after).where(steps.c.name.is_not(None)))
    found = sa.select(steps.c.name).where(steps.c.name.contains(part, autoescape=True))
    return [str(one) for one in session.execute(found.limit(FEW_NAMES + 1)).scalars()]


def _zone(session: Session, district: str) -> tzinfo:
    """The district's; a service that never heard of its numbers tells in UTC."""
    numbers = Numbers.of(session, district)
    return numbers.zone if "time_zone" in numbers.all() else UTC


def _shown(row: Happened, zone: tzinfo) -> HappenedOut:
    said: dict[str, Any] = row.body["data"]
    service_and_noun, _, fact = row.subject.rpartition(".")
    same = row.model_dump(include={"pos", "id", "subject", "key", "version", "request_id"})
    return HappenedOut.model_validate(
        {
            **same,
            "at": row.at.astimezone(zone),
            "about": service_and_noun,
            "fact": fact,
            **{name: said.get(name) for name in OF_A_MOVE},
            "by": said["by"],
            "facts": {k: v for k, v in said.items() if k != "by" and k not in OF_A_MOVE},
        }
    )
