"""Booking: what is read for a repair: the lessons something touches, where and when else they could
be; and repairs as they are shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.booking import conflict_queries, lesson_queries, plan_starts, repairs
from services.booking.lesson_queries import Full
from services.booking.lesson_rules import CHANGEABLE
from services.booking.models import Lesson
from services.booking.moving_queries import FAR, Ground, another_place, another_time, ground
from services.booking.plan_problem import At
from services.booking.plan_rules import MOST_STARTS
from services.booking.plan_starts import Possible
from services.booking.repair_models import Repair, RepairLine
from services.booking.repair_problem import Damaged
from services.booking.repair_rules import (
    LEAST_DISTURBANCE,
    Appointment,
    Cause,
    Days,
    Leave,
    Site,
    cause_of,
    closed_span,
)
from services.booking.repair_states import REPAIR, RepairState
from services.contracts.booking import Place, Slot
from services.kit import db
from services.kit.auth import Caller
from services.kit.numbers import Numbers

MOST = 500  # lessons of one repair
LONGEST = timedelta(days=190)


class Elsewhere(NamedTuple):
    """What booking itself can think of for a touched lesson: another place at the same time, the
    first of its wishes that is left, and a date its school could be asked about."""

    place: Place | None
    wish: Slot | None
    date: Slot | None


@dataclass(frozen=True)
class Material:
    """What a repair is made of; `wanted` is for the planner, None when it has nothing to say."""

    touched: list[Full]
    elsewhere: dict[UUID, Elsewhere]
    wanted: Damaged | None
    district: str
    refused: dict[UUID, dict[str, int]] = field(default_factory=dict)


def material(session: Session, repair_id: UUID, *, at: datetime) -> Material:
    """Everything booking knows, in a constant number of reads."""
    repair = db.get(session, Repair, repair_id)
    cause, by = cause_of(repair.cause), repairs.maker(repair)
    numbers = Numbers.of(session, repair.district)
    fulls = touched(session, cause, district=repair.district, at=at, numbers=numbers)
    if not fulls:
        return Material([], {}, None, repair.district)
    first, last = _days(fulls, numbers, at)
    possible = _possible(session, fulls, first, last, by, at)
    around = conflict_queries.read(session, repair.district, first, last + FAR)
    elsewhere = _elsewhere(fulls, possible, cause, ground(session, around, repair.district, at=at))
    # What keeps its time, or is held by nobody, is none of the planner's business.
    holds = {
        full.lesson.id: _at(full)
        for full in fulls
        if holder(full) is not None and elsewhere[full.lesson.id].place is None
    }
    asked = [one for one in possible if one.lesson.id in holds]
    wanted = Damaged(
        lessons=asked,
        first_on=first,
        last_on=last,
        zone=numbers.zone,
        options=LEAST_DISTURBANCE,
        holds=holds,
        cause=cause,
        now=at,
    )
    return Material(
        fulls,
        elsewhere,
        wanted if asked else None,
        repair.district,
        {one.lesson.id: one.refused for one in possible},
    )


def touched(
    session: Session, cause: Cause, *, district: str, at: datetime, numbers: Numbers
) -> list[Full]:
    """Placed lessons to come that cannot stay as they are, by time."""
    chosen = select(Lesson).where(Lesson.district == district)
    chosen = chosen.where(col(Lesson.state).in_(CHANGEABLE), col(Lesson.starts_at) > at)
    chosen = chosen.where(col(Lesson.joined_to).is_(None))  # it goes where its host goes
    match cause:
        case Leave():
            chosen = chosen.where(col(Lesson.starts_at) < cause.ends_at)
            chosen = chosen.where(col(Lesson.ends_at) > cause.starts_at)
        case Appointment():
            chosen = chosen.where(col(Lesson.id).in_(cause.lesson_ids))
        case Site() | Days():
            first, last = closed_span(cause, numbers.zone)
            if first is not None:
                chosen = chosen.where(col(Lesson.starts_at) >= first)
            if last is not None:
                chosen = chosen.where(col(Lesson.starts_at) < last)
    if isinstance(cause, Site):
        there = col(Lesson.place)["resource_id"].as_string()
        chosen = chosen.where(there == str(cause.site_id))
    if isinstance(cause, Days) and cause.school_id is not None:
        chosen = chosen.where(Lesson.school_id == cause.school_id)
    rows = session.exec(chosen.order_by("starts_at", "id").limit(4 * MOST)).all()
    found = lesson_queries.full(session, rows)
    if isinstance(cause, Leave | Appointment):
        found = [full for full in found if (id := holder(full)) and cause.takes(id)]
    return found[:MOST]


def holder(full: Full) -> UUID | None:
    """Who has promised the lesson as it is now."""
    said = full.staffing
    return said.holder_id if said and said.revision >= full.lesson.revision else None


def all_repairs(by: Caller) -> SelectOfScalar[Repair]:
    by.needs(*repairs.READERS)
    return select(Repair).where(Repair.district == by.district)


def lines(session: Session, repair: Repair) -> list[tuple[RepairLine, Full]]:
    """In their order, with what stands around each lesson."""
    rows = repairs.lines_of(session, repair.id)
    ids = [row.lesson_id for row in rows]
    lessons = session.exec(select(Lesson).where(col(Lesson.id).in_(ids))).all() if ids else []
    around = {full.lesson.id: full for full in lesson_queries.full(session, lessons)}
    return [(row, around[row.lesson_id]) for row in rows]


def moves(repair: Repair, by: Caller) -> list[str]:
    return REPAIR.open_to(RepairState(repair.state), by.roles)


def _days(fulls: Sequence[Full], numbers: Numbers, at: datetime) -> tuple[date, date]:
    """From today to the last day any of them stands on or was wished for."""
    today, days = at.astimezone(numbers.zone).date(), []
    for full in fulls:
        starts = [Slot.model_validate(wish).starts_at for wish in full.lesson.wishes]
        assert full.lesson.starts_at is not None
        days += [one.astimezone(numbers.zone).date() for one in (*starts, full.lesson.starts_at)]
    return today, min(max([today, *days]), today + LONGEST)


def _possible(
    session: Session, fulls: Sequence[Full], first: date, last: date, by: Caller, at: datetime
) -> list[Possible]:
    """Each with the time it has, and those among its wishes that could be; a day of a camp stays
    with the others."""
    found = plan_starts.possible(
        session,
        [full.lesson for full in fulls],
        first=first,
        last=last,
        wish_points=LEAST_DISTURBANCE.weights.wish,
        pinned={},
        states=CHANGEABLE,
        by=by,
        at=at,
    )
    kept = []
    for one in found:
        own = _slot(one.lesson)
        others = [] if one.lesson.programme_id else [s for s in one.slots if s[0] != own]
        slots = [(own, 0), *others][:MOST_STARTS]
        place = one.place or Place.model_validate(one.lesson.place)
        kept.append(Possible(one.lesson, one.line, one.weight, place, slots, one.refused))
    return kept


def _elsewhere(
    fulls: Sequence[Full], possible: Sequence[Possible], cause: Cause, held: Ground
) -> dict[UUID, Elsewhere]:
    found = {}
    for full, one in zip(fulls, possible, strict=True):
        lesson, own = full.lesson, _slot(full.lesson)
        left = [s for s, _ in one.slots if s != own and not cause.day_out(_on(s, held))]
        place = another_place(full, held) if isinstance(cause, Site) else None
        camp = lesson.programme_id is not None
        date = None if camp else another_time(full, held, but=_out(full, cause, held))
        found[lesson.id] = Elsewhere(place, left[0] if left else None, date)
    return found


def _out(full: Full, cause: Cause, held: Ground) -> Callable[[date], bool]:
    """Days that were tried already, or fall out."""
    tried = {_on(Slot.model_validate(wish), held) for wish in full.lesson.wishes}
    return lambda on: on in tried or cause.day_out(on)


def _on(slot: Slot, held: Ground) -> date:
    return held.grounds.on(slot.starts_at)


def _slot(lesson: Lesson) -> Slot:
    assert lesson.starts_at is not None and lesson.ends_at is not None
    return Slot(starts_at=lesson.starts_at, ends_at=lesson.ends_at)


def _at(full: Full) -> At:
    who = holder(full)
    assert who is not None and full.lesson.starts_at is not None
    return At(who, full.lesson.starts_at)
