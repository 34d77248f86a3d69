"""Lecturer over HTTP: a lecturer about himself: what waits for him, his agenda, his year."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.kit.web import Now, Router, Tx, Who, etag
from services.lecturer import own_queries, own_schemas
from services.lecturer.schemas import Day, Moment

router = Router(tags=["own"])


@router.get("/todo")
def show_todo(tx: Tx, who: Who, now: Now) -> own_schemas.TodoOut:
    """What waits for the lecturer: offers and questions, lessons of today, lessons to be
    confirmed again; with the way there and everything a card shows."""
    return own_schemas.TodoOut.model_validate(own_queries.todo(tx, by=who, at=now))


@router.get("/todo/{offer_id}")
def show_own_offer(
    offer_id: UUID, response: Response, tx: Tx, who: Who, now: Now
) -> own_schemas.OwnOfferOut:
    """One of the lecturer's own offers."""
    found = own_queries.offer(tx, offer_id, by=who, at=now)
    shown = own_schemas.OwnOfferOut.model_validate(found)
    etag(response, shown.version)
    return shown


@router.get("/agenda")
def show_agenda(
    tx: Tx,
    who: Who,
    now: Now,
    first: Annotated[Day | Moment, Query(alias="from")],
    last: Annotated[Day | Moment, Query(alias="to")],
) -> own_schemas.AgendaOut:
    """The lecturer's own lessons by time between two days (both included) or instants, with his
    leave and his week."""
    found = own_queries.agenda(tx, first, last, by=who, at=now)
    return own_schemas.AgendaOut.model_validate(found)


@router.get("/agenda/{assignment_id}")
def show_own_assignment(
    assignment_id: UUID, response: Response, tx: Tx, who: Who, now: Now
) -> own_schemas.OwnAssignmentOut:
    """One of the lecturer's own promises, however it ended."""
    found = own_queries.assignment(tx, assignment_id, by=who, at=now)
    shown = own_schemas.OwnAssignmentOut.model_validate(found)
    etag(response, shown.version)
    return shown


@router.get("/year")
def show_year(
    tx: Tx,
    who: Who,
    now: Now,
    year: Annotated[int | None, Query(ge=2000, le=2199)] = None,
) -> own_schemas.YearOut:
    """The lecturer's letters, and his lessons by month; without a year this one."""
    return own_schemas.YearOut.model_validate(own_queries.year(tx, year, by=who, at=now))
