"""Booking over HTTP: the pages of a school's clerk, each answered in a constant number of reads."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlmodel import col

from services.booking import (
    basket_queries,
    clerk_letter_queries,
    clerk_queries,
    half_days,
    lesson_queries,
    queries,
    schools,
)
from services.booking import lesson_answer_schemas as showing
from services.booking.answer_schemas import order as order_shown
from services.booking.answer_schemas import there
from services.booking.basket_queries import Dish
from services.booking.clerk_letter_queries import Cancelling
from services.booking.clerk_schemas import (
    CancellingOut,
    ClerkLetterOut,
    ClerkYearOut,
    ContactsIn,
    DeskOut,
    DishOut,
    HalfDayOut,
    HalfDaysOut,
    HomeOut,
    LetterLessonsOut,
    PreviewOut,
    TodoOut,
)
from services.booking.mix_schemas import MixOut
from services.booking.models import Lesson
from services.booking.orders import MOST_LINES
from services.booking.rules import fault_of
from services.booking.schemas import Day
from services.booking.school_answer_schemas import shown
from services.booking.school_schemas import BlockedOut, DayOut, SchoolOut, TargetOut, VenueOut
from services.kit.errors import Forbidden
from services.kit.numbers import Numbers
from services.kit.web import IfMatch, Now, Router, Tx, Who, etag, page

router = Router(tags=["clerk"])

Limit = Annotated[int, Query(ge=1, le=100)]


@router.get("/clerk")
def desk(tx: Tx, who: Who, now: Now, days: Annotated[int, Query(ge=1, le=31)] = 7) -> DeskOut:
    """The clerk's desk: what to do, the most pressing first; the year; the coming lessons."""
    found = clerk_queries.desk(tx, days=days, by=who, at=now)
    numbers = Numbers.of(tx, who.district)
    local = {
        name: [there(getattr(todo, name), numbers.zone) for todo in found.todo]
        for name in ("due_at", "starts_at")
    }
    todo = [
        TodoOut.model_validate(one).model_copy(update={"due_at": due_at, "starts_at": starts_at})
        for one, due_at, starts_at in zip(
            found.todo, local["due_at"], local["starts_at"], strict=True
        )
    ]
    year = found.year
    return DeskOut(
        todo=todo,
        year=ClerkYearOut(
            year=year.year,
            letters=year.letters,
            lessons=year.lessons,
            verified_minutes=year.verified_minutes,
            attendance=year.attendance,
            target=TargetOut.model_validate(year.target) if year.target else None,
            mix=MixOut.of(year.mix, school_id=who.school_id, year=year.year),
        ),
        coming=[showing.shown(lesson, who, numbers) for lesson in found.coming],
    )


@router.get("/clerk/school")
def home(tx: Tx, who: Who, now: Now, response: Response) -> HomeOut:
    """The clerk's own school with everything a letter is filled in with."""
    found = _home(tx, who, now)
    etag(response, found.school.version)
    return found


@router.get("/clerk/letters/{order_id}")
def clerk_letter(
    order_id: UUID,
    tx: Tx,
    who: Who,
    now: Now,
    response: Response,
    line: Annotated[int, Query(ge=1, le=MOST_LINES)] = 1,
    lesson_id: UUID | None = None,
) -> ClerkLetterOut:
    """A letter of the clerk's school with everything its page shows; of its lessons those of fifty
    lines, beginning at `line`, or the fifty among which `lesson_id` is."""
    found = queries.letter(tx, order_id, by=who, at=now)
    numbers = Numbers.of(tx, who.district)
    etag(response, found.order.version)
    shown = order_shown(found, who, numbers.zone)
    mends = shown.lines_returned or shown.state in ("draft", "returned")
    part = clerk_letter_queries.part(tx, found, line, lesson_id, by=who)
    return ClerkLetterOut(
        order=shown,
        home=_home(tx, who, now) if mends else None,
        line=part.line,
        lessons=[showing.shown(full, who, numbers) for full in part.lessons],
        changes=[showing.change(row, who, numbers) for row in part.changes],
        next=part.next,
    )


@router.get("/orders/{order_id}/cancelling")
def cancelling_letter(order_id: UUID, tx: Tx, who: Who, now: Now) -> CancellingOut:
    """What cancelling the letter now would mean."""
    found = clerk_letter_queries.cancelling(tx, order_id, by=who, at=now)
    order = queries.letter(tx, order_id, by=who, at=now)
    shown = order_shown(order, who, Numbers.of(tx, who.district).zone)
    return _cancelling(found, who, tx, shown.moves)


@router.get("/lessons/{lesson_id}/cancelling")
def cancelling_lesson(lesson_id: UUID, tx: Tx, who: Who, now: Now) -> CancellingOut:
    """What cancelling the lesson now would mean."""
    full = lesson_queries.one(tx, lesson_id, by=who)
    found = clerk_letter_queries.cancelling(tx, full.order.id, lesson_id, by=who, at=now)
    lesson = showing.shown(full, who, Numbers.of(tx, who.district))
    said = _cancelling(found, who, tx, lesson.moves)
    return said.model_copy(update={"lesson": lesson})


@router.get("/clerk/half_days")
def all_half_days(
    tx: Tx,
    who: Who,
    now: Now,
    course_id: UUID,
    first: Annotated[Day, Query(alias="from")],
    last: Annotated[Day, Query(alias="to")],
    site_id: UUID | None = None,
    school_id: UUID | None = None,
    urgent: bool = False,
) -> HalfDaysOut:
    """The half-days of a period (at most 62 days) as wishes for a course: what stands against
    each. A township asks for itself; the district names the school."""
    school = school_id or who.school_id
    if school is None:
        raise Forbidden("school_required")
    found = half_days.half_days(
        tx,
        school,
        course_id,
        first=first,
        last=last,
        site_id=site_id,
        urgent=urgent,
        by=who,
        at=now,
    )
    zone = Numbers.of(tx, who.district).zone
    return HalfDaysOut(
        items=[
            HalfDayOut(
                on=day.on,
                half=day.half,
                starts_at=day.slot.starts_at.astimezone(zone),
                ends_at=day.slot.ends_at.astimezone(zone),
                problems=[{"code": p.code, **p.facts} for p in day.problems],
                lessons=day.lessons,
            )
            for day in found
        ]
    )


@router.get("/mix/preview")
def preview(
    tx: Tx,
    who: Who,
    now: Now,
    course_id: Annotated[list[UUID] | None, Query(max_length=100)] = None,
) -> PreviewOut:
    """What a letter of these courses would give; a course named twice is two lessons."""
    found = basket_queries.preview(tx, course_id or [], by=who, at=now)
    return PreviewOut(
        courses=[_dish(dish) for dish in found.courses],
        lessons=found.lessons,
        class_hours=found.class_hours,
        letter=MixOut.of(found.letter, school_id=who.school_id, year=found.year_of),
        year=MixOut.of(found.year, school_id=who.school_id, year=found.year_of),
        proposed=[_dish(dish) for dish in found.proposed],
    )


@router.get("/orders/{order_id}/lessons")
def lessons_of_letter(
    order_id: UUID, tx: Tx, who: Who, cursor: str | None = None, limit: Limit = 100
) -> LetterLessonsOut:
    """The lessons of a letter, each with its moves, and their open changes with theirs."""
    chosen, changes = clerk_letter_queries.lessons_of(tx, order_id, by=who)
    by = [col(Lesson.position), col(Lesson.day_index), col(Lesson.id)]
    rows, following = page(tx, chosen, by=by, cursor=cursor, limit=limit)
    numbers = Numbers.of(tx, who.district)
    return LetterLessonsOut(
        items=[showing.shown(found, who, numbers) for found in lesson_queries.full(tx, rows)],
        changes=[showing.change(row, who, numbers) for row in changes],
        next=following,
    )


@router.put("/schools/{school_id}/contacts")
def put_contacts(
    school_id: UUID, body: ContactsIn, tx: Tx, who: Who, match: IfMatch, response: Response
) -> SchoolOut:
    """Who answers for the school (its clerk, an administrator); If-Match names its version."""
    school = schools.put_contacts(tx, school_id, body.model_dump(), if_match=match, by=who)
    etag(response, school.version)
    return shown(tx, [school], who)[0]


def _home(tx: Tx, who: Who, now: Now) -> HomeOut:
    found = clerk_letter_queries.home(tx, by=who, at=now)
    return HomeOut(
        school=shown(tx, [found.school], who)[0],
        venues=[VenueOut.model_validate(row) for row in found.venues],
        blocked=[BlockedOut.model_validate(row) for row in found.blocked],
        holidays=[DayOut.model_validate(row) for row in found.holidays],
        half_days=found.half_days,
    )


def _cancelling(found: Cancelling, who: Who, tx: Tx, moves: list[str]) -> CancellingOut:
    held = [full.staffing for full in found.lessons if full.staffing]
    return CancellingOut(
        notice=found.notice,
        fault=fault_of(who),
        number=found.order.number,
        lessons=len(found.lessons),
        placed=sum(full.lesson.starts_at is not None for full in found.lessons),
        holders=sorted({said.holder_name for said in held if said.holder_name}),
        starts_at=there(found.starts_at, Numbers.of(tx, who.district).zone),
        moves=moves,
    )


def _dish(dish: Dish) -> DishOut:
    version = dish.version
    return DishOut(
        course_id=dish.id,
        code=dish.code,
        title=version.title if version else "",
        category=version.category if version else None,
        module=version.module if version else None,
        format=version.format if version else None,
        minutes=version.minutes if version else None,
        class_hours=version.class_hours if version else None,
        times=dish.times,
        on_menu=version is not None,
    )
