"""Booking over HTTP: lessons taught together (拼班) and on one way (送教路线)."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlmodel import Session, col

from services.booking import grouping_pairs, groupings
from services.booking import grouping_queries as queries
from services.booking.grouping_door import find
from services.booking.grouping_models import Grouping
from services.booking.grouping_schemas import (
    FoundsOut,
    GroupIn,
    GroupingOut,
    GroupingsOut,
    Kind,
    WhyIn,
    grouping,
    of_found,
)
from services.booking.grouping_states import GroupingState
from services.kit.auth import Caller
from services.kit.numbers import Numbers
from services.kit.web import Now, Router, Tx, Who, etag, page

router = Router(tags=["groupings"])

Limit = Annotated[int, Query(ge=1, le=100)]


@router.get("/groupings/found")
def found(tx: Tx, who: Who, now: Now, kind: Kind | None = None) -> FoundsOut:
    """What could be proposed now: like requests of near schools at a time both wished for, and
    promised lessons of one lecturer at near places on different days; the nearest first."""
    rows = grouping_pairs.found(tx, kind=kind, by=who, at=now)
    of = queries.lessons_of(tx, {id for one in rows for id in (one.host.id, one.guest.id)})
    numbers = Numbers.of(tx, who.district)
    return FoundsOut(items=[of_found(one, of, numbers) for one in rows])


@router.post("/groupings", status_code=201)
def propose(body: GroupIn, tx: Tx, who: Who, now: Now, response: Response) -> GroupingOut:
    """Ask the schools whose lessons change. 409 says why two lessons do not go together."""
    done = groupings.propose(tx, **body.model_dump(), by=who, at=now)
    return _shown(tx, done, who, response)


@router.get("/groupings")
def all_groupings(
    tx: Tx,
    who: Who,
    state: Annotated[list[GroupingState] | None, Query()] = None,
    kind: Kind | None = None,
    lesson_id: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> GroupingsOut:
    """Proposals the caller may know of, newest first; a school those it has a part in."""
    chosen = queries.groupings(who, states=state or (), kind=kind, lesson_id=lesson_id)
    by = [col(Grouping.created_at), col(Grouping.id)]
    rows, following = page(tx, chosen, by=by, cursor=cursor, limit=limit, descending=True)
    numbers = Numbers.of(tx, who.district)
    items = [grouping(one, who, numbers) for one in queries.shown(tx, rows)]
    return GroupingsOut(items=items, next=following)


@router.get("/groupings/{grouping_id}")
def one(grouping_id: UUID, tx: Tx, who: Who, response: Response) -> GroupingOut:
    """A proposal, and what the caller may do next."""
    return _shown(tx, find(tx, grouping_id, who), who, response)


@router.post("/groupings/{grouping_id}/agree")
def agree(grouping_id: UUID, tx: Tx, who: Who, now: Now, response: Response) -> GroupingOut:
    """A school agrees. The last one carries it out: `applied`; `agreed` while a lecturer is asked
    about the new time; `lapsed` with the reason when it cannot be any more."""
    return _shown(tx, groupings.agree(tx, grouping_id, by=who, at=now), who, response)


@router.post("/groupings/{grouping_id}/decline")
def decline(
    grouping_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: WhyIn | None = None
) -> GroupingOut:
    """A school does not want it: everything stays as it is."""
    reason = body.reason if body else None
    done = groupings.decline(tx, grouping_id, reason=reason, by=who, at=now)
    return _shown(tx, done, who, response)


@router.post("/groupings/{grouping_id}/withdraw")
def withdraw(
    grouping_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: WhyIn | None = None
) -> GroupingOut:
    """The district takes its proposal back."""
    reason = body.reason if body else None
    done = groupings.withdraw(tx, grouping_id, reason=reason, by=who, at=now)
    return _shown(tx, done, who, response)


def _shown(tx: Session, row: Grouping, who: Caller, response: Response) -> GroupingOut:
    etag(response, row.version)
    return grouping(queries.shown(tx, [row])[0], who, Numbers.of(tx, who.district))
