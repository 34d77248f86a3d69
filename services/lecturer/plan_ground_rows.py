"""Lecturer: what a planning problem reads of its tables, one query for each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from services.contracts.booking import Place, Slot
from services.contracts.planning import GroundQuestion, Held, Offered
from services.kit import clock
from services.lecturer.eligibility import Frame, Person
from services.lecturer.ladder import ANSWERED, GONE
from services.lecturer.models import Assignment, Offer, Qualification
from services.lecturer.people import COUNTED, NEIGHBOUR
from services.lecturer.places import Spot, spot
from services.lecturer.plan_ground_times import Horizon
from services.lecturer.states import LIVE_OFFER


class Places:
    """The places of the question, then those that come up in the answer, each once."""

    def __init__(self, asked: Sequence[Place]) -> None:
        self.all = list(asked)
        self.spots = [spot(place.model_dump(mode="json")) for place in asked]
        self._known = {where: n for n, where in reversed(list(enumerate(self.spots)))}

    def of(self, where: Spot) -> int:
        if where not in self._known:
            self._known[where] = len(self.all)
            self.spots.append(where)
            self.all.append(
                Place(
                    kind="online" if where.online else "venue" if where.resource_id else "address",
                    resource_id=UUID(where.resource_id) if where.resource_id else None,
                    lat=where.lat,
                    lon=where.lon,
                )
            )
        return self._known[where]


def reach(horizon: Horizon) -> tuple[datetime, datetime]:
    """The weeks and months the period touches, and neighbours of its first and last hours."""
    noon = time(12, tzinfo=horizon.rules.zone)
    ends = [datetime.combine(on, noon) for on in (horizon.first_on, horizon.last_on)]
    frames = [Frame.of(horizon.rules, noon, noon) for noon in ends]
    return (
        min(frames[0].week[0], frames[0].month[0]) - NEIGHBOUR,
        max(frames[1].week[1], frames[1].month[1]) + NEIGHBOUR,
    )


def qualified(
    session: Session, question: GroundQuestion, number: Mapping[UUID, int]
) -> dict[UUID, frozenset[int]]:
    """By course, the lecturers who may teach it."""
    courses = {lesson.course_id for lesson in question.lessons}
    statement = select(col(Qualification.course_id), col(Qualification.lecturer_id))
    found: dict[UUID, set[int]] = {}
    for course, lecturer in session.execute(
        statement.where(col(Qualification.course_id).in_(courses))
    ):
        if lecturer in number:
            found.setdefault(course, set()).add(number[lecturer])
    return {course: frozenset(able) for course, able in found.items()}


def holdings(
    session: Session, district: str, found: Sequence[Person], horizon: Horizon, places: Places
) -> Iterable[Held]:
    """In order of time."""
    first, last = reach(horizon)
    live = select(col(Assignment.id)).where(
        col(Assignment.district) == district,
        col(Assignment.live),
        col(Assignment.starts_at) < last,
        col(Assignment.ends_at) > first,
    )
    still = set(session.execute(live).scalars())
    held = [(one, n) for n, person in enumerate(found) for one in person.engagements]
    for one, n in sorted(held, key=lambda pair: (pair[0].starts_at, pair[0].assignment_id)):
        begins, ends = horizon.span(one.starts_at, one.ends_at)
        yield Held(
            lecturer=n,
            lesson_id=one.lesson_id,
            assignment_id=one.assignment_id,
            slot=Slot(starts_at=one.starts_at, ends_at=one.ends_at),
            begins=begins,
            ends=ends,
            place=places.of(one.place),
            live=one.assignment_id in still,
        )


def offers(
    session: Session, question: GroundQuestion, number: Mapping[UUID, int]
) -> Iterable[Offered]:
    lessons = [lesson.lesson_id for lesson in question.lessons]
    waiting = (
        select(
            *(col(Offer.lecturer_id), col(Offer.lesson_id), col(Offer.id)),
            *(col(Offer.starts_at), col(Offer.ends_at)),
        )
        .where(
            col(Offer.district) == question.district,
            col(Offer.lesson_id).in_(lessons),
            col(Offer.kind) == "seat",
            col(Offer.state).in_(LIVE_OFFER),
        )
        .order_by(col(Offer.id))
    )
    for lecturer, lesson, id, starts_at, ends_at in session.execute(waiting):
        slot = Slot(starts_at=starts_at, ends_at=ends_at)
        yield Offered(lecturer=number[lecturer], lesson_id=lesson, offer_id=id, slot=slot)


def tried(
    session: Session, question: GroundQuestion, number: Mapping[UUID, int]
) -> dict[UUID, dict[int, str]]:
    """By placed lesson, who was asked for it in its revision and is not asked again."""
    revisions = {one.lesson_id: one.revision for one in question.lessons if one.revision}
    found: dict[UUID, dict[int, str]] = {}
    for table, states in ((Offer, ANSWERED), (Assignment, GONE)) if revisions else ():
        row: Any = table
        statement = select(row.lesson_id, row.revision, row.lecturer_id, row.state).where(
            row.district == question.district,
            row.lesson_id.in_(revisions),
            row.state.in_(states),
        )
        if table is Offer:
            statement = statement.where(col(Offer.kind) == "seat")
        for lesson_id, revision, lecturer_id, state in session.execute(statement):
            if revision == revisions[lesson_id] and lecturer_id in number:
                found.setdefault(lesson_id, {})[number[lecturer_id]] = f"already_{state}"
    return found


def given_this_year(session: Session, district: str, horizon: Horizon) -> dict[UUID, int]:
    """By lecturer, the lessons given or promised in the year of the period's first day."""
    begins, ends = clock.calendar_year(horizon.first_on.year, horizon.rules.zone)
    statement = (
        select(col(Assignment.lecturer_id), func.count())
        .where(
            col(Assignment.district) == district,
            col(Assignment.state).in_(COUNTED),
            col(Assignment.starts_at) >= begins,
            col(Assignment.starts_at) < ends,
        )
        .group_by(col(Assignment.lecturer_id))
    )
    return {lecturer: int(n) for lecturer, n in session.execute(statement)}
