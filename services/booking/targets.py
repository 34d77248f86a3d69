"""Booking: what a school is to reach in a year (指标), and how far it has come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking.models import Lesson, School, TrainingTarget
from services.booking.states import LessonState
from services.kit import clock
from services.kit.errors import Invalid
from services.kit.numbers import Numbers


class Wanted(NamedTuple):
    """The target of one year."""

    year: int
    sessions: int
    person_times: int


@dataclass(frozen=True)
class Progress:
    """One school's year: what is verified (nothing else counts), and what is wanted, if known."""

    school_id: UUID
    school_code: str
    school_name: str
    sessions: int
    person_times: int
    target_sessions: int | None
    target_person_times: int | None


def put(session: Session, school: School, wanted: Sequence[Wanted]) -> bool:
    """Set the named years, the others stay; True when anything became different. The caller has
    locked the school. 422 `year_repeated`."""
    if len({one.year for one in wanted}) != len(wanted):
        raise Invalid("year_repeated")
    changed = False
    for one in wanted:
        known = session.get(TrainingTarget, (school.id, one.year))
        if known is None:
            known = TrainingTarget(school_id=school.id, district=school.district, **one._asdict())
            changed = True
        elif (known.sessions, known.person_times) != one[1:]:
            known.sessions, known.person_times = one.sessions, one.person_times
            changed = True
        session.add(known)
    session.flush()
    return changed


def all_of(session: Session, school_ids: Iterable[UUID]) -> dict[UUID, list[TrainingTarget]]:
    """The targets of each school, newest year first, in one query."""
    found: dict[UUID, list[TrainingTarget]] = {id: [] for id in school_ids}
    mine = select(TrainingTarget).where(col(TrainingTarget.school_id).in_(found))
    for row in session.exec(mine.order_by(col(TrainingTarget.year).desc())) if found else ():
        found[row.school_id].append(row)
    return found


def progress(
    session: Session, district: str, year: int, school_id: UUID | None = None
) -> list[Progress]:
    """Every school of the district (or one of them), in one query. A lesson counts in the year in
    which it was held."""
    zone = Numbers.of(session, district).zone
    first, after = clock.calendar_year(year, zone)
    done = (
        sa.select(
            col(Lesson.school_id).label("school_id"),
            sa.func.count().label("sessions"),
            sa.func.coalesce(sa.func.sum(col(Lesson.attendance)), 0).label("person_times"),
        )
        .where(col(Lesson.district) == district, col(Lesson.state) == LessonState.VERIFIED)
        .where(col(Lesson.starts_at) >= first, col(Lesson.starts_at) < after)
        .group_by(col(Lesson.school_id))
        .subquery()
    )
    this_year = sa.and_(
        col(TrainingTarget.school_id) == col(School.id), col(TrainingTarget.year) == year
    )
    chosen: Any = (
        sa.select(
            col(School.id),
            col(School.code),
            col(School.name),
            sa.func.coalesce(done.c.sessions, 0),
            sa.func.coalesce(done.c.person_times, 0),
            col(TrainingTarget.sessions),
            col(TrainingTarget.person_times),
        )
        .outerjoin(done, done.c.school_id == col(School.id))
        .outerjoin(TrainingTarget, this_year)
        .where(col(School.district) == district)
        .order_by(col(School.code))
    )
    if school_id is not None:
        chosen = chosen.where(col(School.id) == school_id)
    return [Progress(*row) for row in session.execute(chosen)]
