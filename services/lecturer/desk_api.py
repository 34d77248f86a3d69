"""Lecturer over HTTP: the workbench of the district, the load, and what a leave would touch."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.kit.numbers import Numbers
from services.kit.web import Now, Router, Tx, Who
from services.lecturer import desk_queries, leave_queries, ledger, queries, renewing
from services.lecturer.desk_schemas import (
    CountOut,
    DeskOut,
    LeaveImpactOut,
    LedgerOut,
    LoadsOut,
    RenewManyIn,
    WholeLecturerOut,
)
from services.lecturer.schemas import AppointmentsOut, Day, Moment

router = Router(tags=["desk"])


@router.get("/desk")
def desk(tx: Tx, who: Who, now: Now) -> DeskOut:
    """What waits for the district, each number with the list it opens."""
    items = [CountOut(**asdict(one)) for one in desk_queries.counts(tx, by=who, at=now)]
    return DeskOut(at=now.astimezone(Numbers.of(tx, who.district).zone), items=items)


@router.get("/load")
def load(
    tx: Tx,
    who: Who,
    now: Now,
    lecturer_id: Annotated[list[UUID] | None, Query(max_length=100)] = None,
) -> LoadsOut:
    """How much the lecturers teach now, all of them or these; nobody without a lesson."""
    items = desk_queries.load(tx, lecturer_ids=lecturer_id, by=who, at=now)
    return LoadsOut.model_validate({"items": items})


@router.get("/ledger")
def fairness(
    tx: Tx, who: Who, now: Now, year: Annotated[int | None, Query(ge=2000, le=2199)] = None
) -> LedgerOut:
    """Who carried how much this year or another one; a lecturer sees himself and the averages."""
    of = year or now.astimezone(Numbers.of(tx, who.district).zone).year
    return LedgerOut.model_validate(ledger.ledger(tx, year=of, by=who))


@router.get("/lecturers/{id}/leave_impact")
def leave_impact(
    id: UUID, starts_at: Moment, ends_at: Moment, tx: Tx, who: Who, now: Now
) -> LeaveImpactOut:
    """The lessons and offers a leave would touch, whom to call, and who could take each lesson."""
    found = leave_queries.leave_impact(tx, id, starts_at=starts_at, ends_at=ends_at, by=who, at=now)
    return LeaveImpactOut.model_validate(found)


@router.get("/appointments/{id}/revoke_impact")
def revoke_impact(id: UUID, tx: Tx, who: Who, now: Now, on: Day | None = None) -> LeaveImpactOut:
    """The same, if this letter were not valid any more from today or from a later day on."""
    found = leave_queries.revoke_impact(tx, id, on=on, by=who, at=now)
    return LeaveImpactOut.model_validate(found)


@router.get("/lecturers/{id}/whole")
def whole(id: UUID, tx: Tx, who: Who, now: Now) -> WholeLecturerOut:
    """One lecturer with all that his page shows, for those who keep the pools."""
    loads = desk_queries.load(tx, lecturer_ids=[id], by=who, at=now)
    courses, _ = queries.qualifications(tx, id, by=who)
    return WholeLecturerOut.model_validate(
        {
            "lecturer": queries.lecturer(tx, id, by=who),
            "load": loads[0] if loads else None,
            "appointments": queries.appointments(tx, id, by=who, at=now),
            "leave": queries.leave(tx, id, by=who),
            "half_days": queries.half_days(tx, id, by=who)["half_days"],
            "courses": courses,
            "history": queries.history(tx, id, by=who)[-100:],
        }
    )


@router.post("/appointments/renew_many", status_code=201)
def renew_many(body: RenewManyIn, tx: Tx, who: Who, now: Now) -> AppointmentsOut:
    """The letters that follow these; one that cannot be renewed refuses all."""
    letters = [(one.id, one.number) for one in body.letters]
    rows = renewing.renew_many(
        tx, letters=letters, ends_on=body.ends_on, scope=body.scope, by=who, at=now
    )
    return AppointmentsOut.model_validate({"items": queries.letters_shown(tx, rows, at=now)})
