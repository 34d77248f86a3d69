"""Booking over HTTP: the workbench of the district, and what a decision would touch."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.booking import (
    answer_schemas,
    desk_queries,
    impact_queries,
    ledger,
    targets,
    whole_queries,
)
from services.booking import lesson_answer_schemas as showing
from services.booking.calendar import FIRST_YEAR, LAST_YEAR
from services.booking.desk_schemas import (
    CountOut,
    DeskOut,
    EndsOut,
    ImpactOut,
    LedgerOut,
    OverviewOut,
    PartOut,
    ProposalOut,
    QuestionOut,
    ReviewOut,
    SchoolYearOut,
    TouchedOut,
    WholeLessonOut,
)
from services.booking.impact_queries import Question
from services.booking.lesson_queries import Full
from services.booking.schemas import Day
from services.booking.school_schemas import MixOut
from services.kit import clock
from services.kit.numbers import Numbers
from services.kit.web import Now, Router, Tx, Who

router = Router(tags=["desk"])

Year = Annotated[int, Query(ge=FIRST_YEAR, le=LAST_YEAR)]


@router.get("/desk")
def desk(tx: Tx, who: Who, now: Now) -> DeskOut:
    """What waits for the district, each number with the list it opens."""
    items = [CountOut(**asdict(one)) for one in desk_queries.counts(tx, by=who, at=now)]
    return DeskOut(at=now.astimezone(Numbers.of(tx, who.district).zone), items=items)


@router.get("/overview")
def overview(tx: Tx, who: Who, now: Now, year: Year | None = None) -> OverviewOut:
    """All lessons of a year, and those without a time, by school, category and state."""
    zone = Numbers.of(tx, who.district).zone
    of = year or now.astimezone(zone).year
    first, after = clock.calendar_year(of, zone)
    rows = desk_queries.overview(tx, first, after, by=who)
    reached = targets.progress(tx, who.district, of)
    return OverviewOut(
        year=of,
        items=[PartOut(**row) for row in rows],
        schools=[SchoolYearOut.model_validate(row) for row in reached],
    )


@router.get("/review/{order_id}")
def review(order_id: UUID, tx: Tx, who: Who, now: Now) -> ReviewOut:
    """A letter with its lines and warnings, the mix of its school, and the letter to open next."""
    found = whole_queries.review(tx, order_id, by=who, at=now)
    zone = Numbers.of(tx, who.district).zone
    order = answer_schemas.order(found.letter, who, zone)
    mix = MixOut.of(found.mix, school_id=order.school_id, year=found.year)
    return ReviewOut(
        order=order, mix=mix, waiting=found.waiting, previous=found.previous, next=found.following
    )


@router.get("/lessons/{lesson_id}/whole")
def whole(lesson_id: UUID, tx: Tx, who: Who, now: Now) -> WholeLessonOut:
    """A lesson with its changes and its history, and what cancelling it now would mean."""
    found = whole_queries.lesson(tx, lesson_id, by=who, at=now)
    numbers = Numbers.of(tx, who.district)
    return WholeLessonOut(
        lesson=showing.shown(found.full, who, numbers),
        changes=[showing.change(row, who, numbers) for row in found.changes],
        history=[answer_schemas.happened(row, numbers.zone) for row in found.history],
        ends=EndsOut(**asdict(found.ends)),
        problems=found.problems,
    )


@router.get("/ledger")
def fairness(tx: Tx, who: Who, now: Now, year: Year | None = None) -> LedgerOut:
    """How the schools were served this year or another one; a township sees itself and the
    average."""
    of = year or now.astimezone(Numbers.of(tx, who.district).zone).year
    return LedgerOut.model_validate(ledger.ledger(tx, year=of, by=who))


@router.get("/impact")
def impact(
    tx: Tx,
    who: Who,
    now: Now,
    site_id: UUID | None = None,
    course_id: UUID | None = None,
    school_id: UUID | None = None,
    on: Day | None = None,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
) -> ImpactOut:
    """What would be touched if this site closed, this course were withdrawn, or this day (`on`) or
    these days (`from`, `to`, both included) fell out; with a proposal for each placed lesson."""
    asked = Question(site_id, course_id, school_id, on or first, on or last)
    found = impact_queries.impact(tx, asked, by=who, at=now)
    numbers = Numbers.of(tx, who.district)

    def shown(full: Full) -> TouchedOut:
        return TouchedOut(**showing.shown(full, who, numbers).model_dump())

    placed = [
        shown(full).model_copy(update={"proposal": ProposalOut(**proposal)})
        for full, proposal in found["placed"]
    ]
    return ImpactOut.model_validate(
        {
            **found,
            "question": QuestionOut(**asdict(asked)),
            "placed": placed,
            "waiting": [shown(full) for full in found["waiting"]],
        }
    )
