"""Portal: rows by the dozen, planted as copies of rows that came about properly, for tests that ask
what a page costs when there is more to show."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import Session, SQLModel, col, select

from services.booking import models as booking
from services.booking import plan_models as booking_plans
from services.booking import repair_models as booking_repairs
from services.booking import season_models as booking_seasons
from services.booking.grouping_models import Grouping
from services.booking.states import LessonState
from services.catalog import models as catalog
from services.kit.ids import reference_id, uuid7
from services.kit.outbox import Happened
from services.lecturer import models as lecturer
from services.lecturer.states import LIVE_ASSIGNMENT, AssignmentState, OfferState
from services.notify import models as notify
from services.portal import models as portal
from tests.portal.world import World
from tests.town import Town

Row = TypeVar("Row", bound=SQLModel)
Facts = dict[str, Any]
Seats = dict[str, tuple[UUID, Facts]]  # state: a lesson and its slot

WAITING = {LessonState.UNPLACED, LessonState.WAITLISTED}
SLOT = ("starts_at", "ends_at")
STEP = timedelta(minutes=20)  # between two short lessons
# In which state the lesson of an offer or a promise is.
ASKED = {OfferState.PENDING: "tentative", OfferState.COUNTERED: "confirmed"}
PROMISED = {
    AssignmentState.COMMITTED: "confirmed",
    AssignmentState.RELEASE_REQUESTED: "at_risk",
    AssignmentState.CHECKED_IN: "in_progress",
    AssignmentState.FULFILLED: "delivered",
    AssignmentState.PARTIAL: "partially_delivered",
    AssignmentState.RELEASED: "suspended",
    AssignmentState.REPLACED: "disputed",
    AssignmentState.VOIDED: "cancelled",
    AssignmentState.NO_SHOW: "not_delivered",
}


def plant(town: Town, world: World, first: int, last: int) -> None:
    """So many more of everything a page of these people can show."""
    rounds = range(first, last + 1)
    with town.database("booking") as session:
        seats = [_lessons(session, world, n) for n in rounds]
        for n in rounds:
            _letters(session, world, n)
            _plan(session, world, seats[n - first])
            _grouping(session, world, seats[n - first])
            _repair(session, world, seats[n - first])
            _school(session, world, n)
            _season(session, world)
    with town.database("lecturer") as session:
        for n, of_round in zip(rounds, seats, strict=True):
            _seats(session, world, n, of_round)
            _lecturers_own(session, world, n)
    with town.database("notify") as session:
        _messages(session, len(rounds))
    with town.database("portal") as session:
        _accounts(session, rounds)
    with town.database("catalog") as session:
        for n in rounds:
            _courses(session, world, n)


def again(session: Session, row: SQLModel, **changes: Any) -> Any:
    """The same row once more, with these things different; the row's id or key."""
    facts = {**row.model_dump(), **changes}
    session.execute(insert(type(row)), [facts])
    return facts.get("id")


def some(session: Session, table: type[Row], **facts: Any) -> Sequence[Row]:
    chosen = select(table)
    for name, value in facts.items():
        chosen = chosen.where(getattr(table, name) == value)
    return session.exec(chosen).all()


def _lessons(session: Session, world: World, n: int) -> Seats:
    """One more of every state, on a line of its own, with its holder and a change."""
    lesson = session.get_one(booking.Lesson, world.lesson)
    staffing = session.get_one(booking.StaffingCopy, world.lesson)
    line = again(
        session,
        session.get_one(booking.OrderLine, lesson.line_id),
        id=uuid7(),
        position=100 + n,
    )
    seats: Seats = {}
    for place, state in enumerate(LessonState):
        slot: Facts = {name: getattr(lesson, name) + n * STEP for name in SLOT}
        known = {"line_id": line, "position": 100 + n, "day_index": place, "state": state}
        known |= {"starts_at": None, "ends_at": None} if state in WAITING else slot
        id = again(session, lesson, id=uuid7(), **known)
        body = _said_of(staffing.body, lesson.id, id)
        again(session, staffing, lesson_id=id, body=body)
        seats[str(state)] = (id, slot)
    for change in (world.district_change, world.school_change):
        found = session.get_one(booking.Change, change)
        state = "confirmed" if change == world.district_change else "tentative"
        again(session, found, id=uuid7(), lesson_id=seats[state][0])
        again(session, found, id=uuid7(), state="rejected", ended_at=found.created_at)
        _history(session, change)
    _history(session, lesson.id)
    world.disputed, world.at_risk = seats["disputed"][0], seats["at_risk"][0]
    world.delivered = seats["delivered"][0]
    return seats


def _letters(session: Session, world: World, n: int) -> None:
    for id in (world.order, world.draft, world.submitted, world.returned):
        order = session.get_one(booking.Order, id)
        number = order.number and f"{order.number}-{n}"
        line, *_ = some(session, booking.OrderLine, order_id=id)
        copy = again(session, order, id=uuid7(), number=number)
        again(session, line, id=uuid7(), order_id=copy)
        if id == world.order:
            back = {"review": "returned", "review_fields": ["notes"], "review_reason": "请补充"}
            again(session, line, id=uuid7(), position=500 + n, **back)
            over = {"number": f"{order.number}-over-{n}", "state": "closed"}
            again(session, line, id=uuid7(), order_id=again(session, order, id=uuid7(), **over))
        else:
            again(session, line, id=uuid7(), position=100 + n)
        _history(session, id)


def _plan(session: Session, world: World, seats: Seats) -> None:
    """One more draft, and in the one that is looked at a line more, given and not given."""
    plan = session.get_one(booking_plans.Plan, world.plan)
    line, *_ = some(session, booking_plans.PlanLine, plan_id=world.plan)
    copy = again(session, plan, id=uuid7())
    again(session, line, plan_id=copy)
    for state in WAITING:
        again(session, line, lesson_id=seats[state][0])


def _repair(session: Session, world: World, seats: Seats) -> None:
    """One more repair, and in the one that is looked at a line more for every placed lesson."""
    assert world.repair is not None
    repair = session.get_one(booking_repairs.Repair, world.repair)
    line, *_ = some(session, booking_repairs.RepairLine, repair_id=world.repair)
    again(session, repair, id=uuid7())
    for state in ("tentative", "confirmed", "at_risk"):
        again(session, line, lesson_id=seats[state][0])


def _season(session: Session, world: World) -> None:
    """One more that collects, and one that was allocated by the plan that is looked at."""
    assert world.season is not None
    season = session.get_one(booking_seasons.Season, world.season)
    again(session, season, id=uuid7())
    over: Facts = {"state": "allocated", "plan_id": world.plan, "ended_at": season.created_at}
    world.allocated = again(session, season, id=uuid7(), **over)
    session.get_one(booking_plans.Plan, world.plan).season_id = world.allocated
    _history(session, season.id)


def _grouping(session: Session, world: World, seats: Seats) -> None:
    """Another school waits for the same course, and there is a proposal to go together."""
    waiting = session.get_one(booking.Lesson, world.waiting)
    order = session.get_one(booking.Order, world.order)
    line = session.get_one(booking.OrderLine, waiting.line_id)
    school = reference_id(order.district, "SCH-09")
    letter = again(
        session, order, id=uuid7(), school_id=school, number=f"{order.number}-g-{uuid7()}"
    )
    copied = again(session, line, id=uuid7(), order_id=letter)
    known = {"order_id": letter, "line_id": copied, "school_id": school, "state": "unplaced"}
    host = again(session, waiting, id=uuid7(), **known, starts_at=None, ends_at=None)
    slot = seats["confirmed"][1]
    world.grouping = uuid7()
    session.add(
        Grouping(
            id=world.grouping,
            district=order.district,
            kind="merge",
            created_at=order.created_at,
            proposer_id=uuid7(),
            host_id=host,
            guest_id=seats["unplaced"][0],
            host_school_id=school,
            guest_school_id=order.school_id,
            place=waiting.place or {"kind": "address", "address": "某村"},
            gain={"km": 3.2, "people": 60, "capacity": 80},
            deadline_at=slot["starts_at"],
            **slot,
        )
    )
    session.flush()


def _school(session: Session, world: World, n: int) -> None:
    room = session.get_one(booking.Venue, world.venue)
    school = session.get_one(booking.School, room.school_id)
    again(session, school, id=uuid7(), code=f"ZZ-{n}", name=f"{n} 号党校")
    again(session, room, id=uuid7(), code=None, name=f"{n} 号教室")
    day = session.get_one(booking.Lesson, world.lesson).created_at.date()
    blocked = booking.BlockedDate(
        school_id=room.school_id, on=day + timedelta(days=200 + n), district=room.district
    )
    session.add(blocked)


def _seats(session: Session, world: World, n: int, seats: Seats) -> None:
    """The lessons' seats, with offers and promises of every state, all of one lecturer."""
    seat = session.get_one(lecturer.Seat, world.lesson)
    staffing = session.get_one(lecturer.Staffing, world.lesson)
    offer = session.get_one(lecturer.Offer, world.offer)
    promise = session.get_one(lecturer.Assignment, world.assignment)
    for state, (id, slot) in seats.items():
        said = {"state": state, **{name: at.isoformat() for name, at in slot.items()}}
        body = {**_said_of(seat.body, seat.lesson_id, id), **said}
        again(session, seat, lesson_id=id, state=state, body=body, **slot)
        again(session, staffing, lesson_id=id, **slot)
    for state in OfferState:
        id, slot = seats[ASKED.get(state, "unplaced")]
        own = again(
            session,
            offer,
            id=uuid7(),
            lecturer_id=world.lecturer,
            lesson_id=id,
            state=state,
            **slot,
        )
        if state == OfferState.PENDING:
            world.own_offer = own
        ended = {"state": "declined", "reason": "duty", "kind": "seat"}
        again(session, offer, id=uuid7(), lesson_id=world.lesson, **ended)
    for weeks, (promised, of) in enumerate(PROMISED.items()):
        id, slot = seats[of]
        live = promised in LIVE_ASSIGNMENT
        # Live ones may not overlap: each kind in a week of its own.
        slot = {name: at + timedelta(weeks=weeks) for name, at in slot.items()} if live else slot
        known: Facts = {"state": promised, "live": live, "lecturer_id": world.lecturer}
        again(session, promise, id=uuid7(), lesson_id=id, **known, **slot)
        if not live:
            again(session, promise, id=uuid7(), **known)
    for key in (world.lesson, world.offer, world.assignment):
        _history(session, key)


def _lecturers_own(session: Session, world: World, n: int) -> None:
    letter, *_ = some(session, lecturer.Appointment, lecturer_id=world.lecturer)
    again(session, letter, id=uuid7(), number=f"{letter.number}-{n}")
    leave, *_ = some(session, lecturer.Leave, lecturer_id=world.lecturer)
    moved: Facts = {name: getattr(leave, name) + timedelta(days=n) for name in SLOT}
    again(session, leave, id=uuid7(), **moved)
    _history(session, world.lecturer)


def _messages(session: Session, times: int) -> None:
    """One that is read and one that is not, for everybody who ever got one."""
    of: dict[UUID, notify.Message] = {}
    for message in some(session, notify.Message, channel="inapp"):
        of.setdefault(message.account_id, message)
    for message in [*of.values()] * times:
        for read_at in (None, message.created_at):
            again(session, message, id=uuid7(), event_id=uuid7(), read_at=read_at)
    for feed in [*some(session, notify.Feed)[:5]] * times:
        again(session, feed, id=uuid7(), token_hash=str(uuid7()))


def _accounts(session: Session, rounds: range) -> None:
    """More schools' clerks, and of everybody here more sessions and keys."""
    clerk = next(one for one in some(session, portal.Account) if one.roles == ["township"])
    browsers, keys = some(session, portal.WebSession), some(session, portal.ApiKey)
    for n in rounds:
        again(session, clerk, id=uuid7(), login=f"{clerk.login}-{n}")
        for web in browsers:
            again(session, web, token_hash=str(uuid7()))
        for key in keys:
            again(session, key, client_id=uuid7())


def _courses(session: Session, world: World, n: int) -> None:
    """A version more of the course, and a site."""
    version = some(session, catalog.CourseVersion, course_id=world.course)[0]
    known: Facts = {"number": version.number + n, "label": f"x{n}", "state": "draft"}
    again(session, version, id=uuid7(), **known)
    site = session.get_one(catalog.Site, world.site)
    again(session, site, id=uuid7(), code=f"ZZ-{n}", name=f"{n} 号教学点")
    for key in (version.course_id, site.id):
        _history(session, key)


def _history(session: Session, key: UUID) -> None:
    """What happened last to it happened once more."""
    newest = select(Happened).where(Happened.key == key).order_by(col(Happened.pos).desc())
    row = session.exec(newest.limit(1)).first()
    if row is not None:
        again(session, row, id=uuid7(), pos=None)


def _said_of(body: Any, old: UUID, new: UUID) -> Any:
    """What was told of one lesson, told of another."""
    return json.loads(json.dumps(body).replace(str(old), str(new)))
