"""Booking: what a letter of these courses would give, before there is a letter."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking import mix, queries
from services.booking.models import CourseCopy, Lesson
from services.booking.rules import CAMP_DAYS, version_on
from services.booking.seeing import READERS
from services.contracts.catalog import CourseVersion
from services.kit.auth import Caller
from services.kit.numbers import Numbers

MOST_PROPOSED = 4
Kind = tuple[str, Decimal]


@dataclass(frozen=True)
class Dish:
    """A course as it can be ordered today; `version` is None when it cannot."""

    id: UUID
    code: str
    version: CourseVersion | None
    times: int = 1


@dataclass(frozen=True)
class Preview:
    """The courses asked for, the mix of the letter alone and of the school's year with it, and
    courses that would close the gap of the letter."""

    year_of: int
    courses: list[Dish]
    lessons: int
    class_hours: Decimal
    letter: mix.Mix
    year: mix.Mix
    proposed: list[Dish]


def preview(session: Session, course_ids: Sequence[UUID], *, by: Caller, at: datetime) -> Preview:
    """Four reads, whatever the number of courses; what is not on the menu is named and not
    counted. A course asked for twice is two lessons."""
    by.needs(*READERS)
    numbers = Numbers.of(session, by.district)
    today = at.astimezone(numbers.zone).date()
    copies = session.exec(
        select(CourseCopy).where(CourseCopy.district == by.district).order_by("code")
    ).all()
    menu = {
        copy.id: Dish(
            copy.id,
            copy.code,
            version_on([CourseVersion.model_validate(v) for v in copy.versions], today),
        )
        for copy in copies
    }
    asked = Counter(course_ids)
    courses = [
        Dish(id, menu[id].code, menu[id].version, times)
        if id in menu
        else Dish(id, "", None, times)
        for id, times in asked.items()
    ]
    wanted = [kind for dish in courses if dish.version for kind in _blocks(dish) * dish.times]
    year_of, before = queries.year_blocks(session, by=by, at=at)
    heard = _heard(session, by)
    kinds = mix.closing(wanted, _kinds(menu, wanted), numbers, most=MOST_PROPOSED)
    return Preview(
        year_of=year_of,
        courses=courses,
        lessons=sum(dish.times * _lessons(dish) for dish in courses if dish.version),
        class_hours=sum((hours for _, hours in wanted), Decimal(0)),
        letter=mix.meter(wanted, numbers),
        year=mix.meter([*before, *wanted], numbers),
        proposed=list(_proposed(kinds, menu, asked.keys() | heard)),
    )


def _blocks(dish: Dish) -> list[Kind]:
    assert dish.version is not None
    return [(dish.version.category, dish.version.class_hours)]


def _lessons(dish: Dish) -> int:
    return CAMP_DAYS if dish.version and dish.version.format == "camp" else 1


def _kinds(menu: dict[UUID, Dish], wanted: Sequence[Kind]) -> set[Kind]:
    """What may be proposed: blocks as long as those of the letter, or else the longest there are,
    so that a letter of half-days is not filled up with quarters of an hour."""
    offered = {
        (dish.version.category, dish.version.class_hours)
        for dish in menu.values()
        if dish.version and dish.version.kind == "lesson"
    }
    lengths = {hours for _, hours in wanted} & {hours for _, hours in offered}
    lengths = lengths or {max((hours for _, hours in offered), default=Decimal(0))}
    return {kind for kind in offered if kind[1] in lengths}


def _proposed(kinds: Sequence[Kind], menu: dict[UUID, Dish], known: set[UUID]) -> Iterator[Dish]:
    """A course for each kind: of those the school has neither asked for nor had, in their order;
    if there is none left, any."""
    taken: set[UUID] = set()
    for kind in kinds:
        fitting = [
            dish
            for dish in menu.values()
            if dish.version and _blocks(dish) == [kind] and dish.id not in taken
        ]
        fresh = [dish for dish in fitting if dish.id not in known]
        for dish in (fresh or fitting)[:1]:
            taken.add(dish.id)
            yield dish


def _heard(session: Session, by: Caller) -> set[UUID]:
    """Courses the school has had or is going to have."""
    if by.school_id is None:
        return set()
    return set(
        session.scalars(
            sa.select(col(Lesson.course_id))
            .where(col(Lesson.school_id) == by.school_id)
            .where(col(Lesson.state).not_in(queries.NOT_COUNTED))
            .distinct()
        )
    )
