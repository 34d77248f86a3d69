"""Booking over HTTP: lessons. Read the request, call the verb, show the lesson."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from sqlmodel import Session, col

from services.booking import attest as attesting
from services.booking import desk_queries, lessons, placing
from services.booking import lesson_answer_schemas as showing
from services.booking import lesson_queries as queries
from services.booking.answer_schemas import happened
from services.booking.lesson_queries import Wanted
from services.booking.lesson_schemas import (
    AttestIn,
    EndIn,
    FreeOut,
    LessonOut,
    LessonsOut,
    MakeupIn,
    MakeupOut,
    NoteIn,
    PlaceIn,
    ResolveIn,
    ResumeIn,
    WishOut,
    WriteOffIn,
)
from services.booking.models import Lesson
from services.booking.placing import Placed
from services.booking.schemas import HistoryOut, ReasonIn
from services.booking.states import LessonState
from services.contracts.booking import Slot
from services.kit import replies
from services.kit.auth import Caller
from services.kit.numbers import Numbers
from services.kit.outbox import Happened
from services.kit.web import Now, Router, Tx, Who, etag, page

router = Router(tags=["lessons"])

Limit = Annotated[int, Query(ge=1, le=100)]
At = Annotated[str | None, Query(max_length=40)]


@router.get("/lessons")
def all_lessons(
    tx: Tx,
    who: Who,
    now: Now,
    state: Annotated[list[LessonState] | None, Query()] = None,
    first: Annotated[At, Query(alias="from")] = None,
    last: Annotated[At, Query(alias="to")] = None,
    school_id: UUID | None = None,
    order_id: UUID | None = None,
    course_id: UUID | None = None,
    place_id: UUID | None = None,
    lecturer_id: UUID | None = None,
    category: Annotated[str | None, Query(max_length=64)] = None,
    q: Annotated[str | None, Query(max_length=100)] = None,
    overdue: bool = False,
    conflict: bool = False,
    cursor: str | None = None,
    limit: Limit = 50,
) -> LessonsOut:
    """Lessons the caller may know of, in the order they were asked for; with `from` or `to` (days
    or instants of their start) in the order they are held. `q` is part of a letter's number, a
    school's name, a course's code or title; `place_id` a venue or site; `overdue`: somebody should
    have attested or decided; `conflict`: its place or day is no more."""
    numbers = Numbers.of(tx, who.district)
    chosen = queries.lessons(who, Wanted(state or (), first, last, school_id, order_id), numbers)
    chosen = desk_queries.narrow_lessons(
        tx,
        chosen,
        q=q,
        course_id=course_id,
        place_id=place_id,
        lecturer_id=lecturer_id,
        category=category,
        only_overdue=overdue,
        conflict=conflict,
        by=who,
        at=now,
    )
    timed = first is not None or last is not None
    by = [col(Lesson.starts_at) if timed else col(Lesson.created_at), col(Lesson.id)]
    rows, following = page(tx, chosen, by=by, cursor=cursor, limit=limit)
    items = [showing.shown(found, who, numbers) for found in queries.full(tx, rows)]
    return LessonsOut(items=items, next=following)


@router.get("/lessons/{lesson_id}")
def one_lesson(lesson_id: UUID, tx: Tx, who: Who, response: Response) -> LessonOut:
    """A lesson, who holds its seat, and what the caller may do next."""
    found = queries.one(tx, lesson_id, by=who)
    etag(response, found.lesson.version)
    return showing.shown(found, who, Numbers.of(tx, who.district))


@router.get("/lessons/{lesson_id}/history")
def history(
    lesson_id: UUID, tx: Tx, who: Who, cursor: str | None = None, limit: Limit = 100
) -> HistoryOut:
    """What happened to the lesson and its changes, oldest first."""
    chosen = queries.happened(tx, lesson_id, by=who)
    rows, following = page(tx, chosen, by=[col(Happened.pos)], cursor=cursor, limit=limit)
    zone = Numbers.of(tx, who.district).zone
    return HistoryOut(items=[happened(row, zone) for row in rows], next=following)


@router.get("/lessons/{lesson_id}/free")
async def free(lesson_id: UUID, request: Request, tx: Tx, who: Who) -> FreeOut:
    """Each wished slot with the number of qualified lecturers who are free then."""

    def wished() -> tuple[list[Slot], dict[str, Any], Numbers]:
        slots, question = queries.wished(tx, lesson_id, by=who)
        return slots, question, Numbers.of(tx, who.district)

    slots, question, numbers = await asyncio.to_thread(wished)
    answer = await replies.ask(request.app.state.bus, "lecturer", "seat.free", **question)
    return FreeOut(
        items=[
            WishOut(**showing.slot(slot, numbers).model_dump(), wish=number, free=count)
            for number, (slot, count) in enumerate(zip(slots, answer["free"], strict=True))
        ]
    )


@router.post("/lessons/{lesson_id}/place")
def place(
    lesson_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: PlaceIn | None = None
) -> LessonOut:
    """Take a slot and a place. 409 `place_taken` says who holds it, or the code of a rule."""
    body = body or PlaceIn()
    done = placing.place(
        tx,
        lesson_id,
        asked=body.asked(),
        mode=body.mode,
        lecturers=body.lecturers,
        wanted_only=body.wanted_only,
        override=body.override,
        by=who,
        at=now,
    )
    return _placed(tx, done, who, response)


@router.post("/lessons/{lesson_id}/unplace")
def unplace(
    lesson_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: NoteIn | None = None
) -> LessonOut:
    """Give slot and place back."""
    done = placing.unplace(tx, lesson_id, reason=_note(body), by=who, at=now)
    return _shown(tx, done, who, response)


@router.post("/lessons/{lesson_id}/park")
def park(
    lesson_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: NoteIn | None = None
) -> LessonOut:
    """Wait until a place is let go at a wished time."""
    done = placing.park(tx, lesson_id, reason=_note(body), by=who, at=now)
    return _shown(tx, done, who, response)


@router.post("/lessons/{lesson_id}/suspend")
def suspend(
    lesson_id: UUID, body: ReasonIn, tx: Tx, who: Who, now: Now, response: Response
) -> LessonOut:
    """Stop, keeping place and holder for a while."""
    done = placing.suspend(tx, lesson_id, reason=body.reason, by=who, at=now)
    return _shown(tx, done, who, response)


@router.post("/lessons/{lesson_id}/resume")
def resume(
    lesson_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: ResumeIn | None = None
) -> LessonOut:
    """Go on as it was, or at another slot or place."""
    body = body or ResumeIn()
    done = placing.resume(tx, lesson_id, asked=body.asked(), note=body.note, by=who, at=now)
    return _placed(tx, done, who, response)


@router.post("/lessons/{lesson_id}/cancel")
def cancel(
    lesson_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: EndIn | None = None
) -> LessonOut:
    """It will not be held: by the school, or by the district."""
    why = (body or EndIn()).model_dump()
    return _shown(tx, lessons.cancel(tx, lesson_id, **why, by=who, at=now), who, response)


@router.post("/lessons/{lesson_id}/downgrade_agreed")
def downgrade_agreed(
    lesson_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: NoteIn | None = None
) -> LessonOut:
    """Take the substitute although a rule was waived for him (school)."""
    done = lessons.downgrade_agreed(tx, lesson_id, note=_note(body), by=who, at=now)
    return _shown(tx, done, who, response)


@router.post("/lessons/{lesson_id}/accept_as_is")
def accept_as_is(
    lesson_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: NoteIn | None = None
) -> LessonOut:
    """Be content with what was taught of it (school)."""
    done = lessons.accept_as_is(tx, lesson_id, note=_note(body), by=who, at=now)
    return _shown(tx, done, who, response)


@router.post("/lessons/{lesson_id}/schedule_makeup")
def schedule_makeup(
    lesson_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: MakeupIn | None = None
) -> MakeupOut:
    """Make up for what was not taught with a new lesson of the same letter."""
    body = body or MakeupIn()
    wishes = [Slot(starts_at=wish.starts_at, ends_at=wish.ends_at) for wish in body.wishes]
    done, new = lessons.schedule_makeup(
        tx, lesson_id, wishes=wishes, note=body.note, by=who, at=now
    )
    old = _shown(tx, done, who, response)
    return MakeupOut(**old.model_dump(), makeup=showing.lesson(tx, new, who))


@router.post("/lessons/{lesson_id}/close_unmet")
def close_unmet(
    lesson_id: UUID, tx: Tx, who: Who, now: Now, response: Response, body: EndIn | None = None
) -> LessonOut:
    """It was not held and will not be."""
    why = (body or EndIn()).model_dump()
    return _shown(tx, lessons.close_unmet(tx, lesson_id, **why, by=who, at=now), who, response)


@router.post("/lessons/{lesson_id}/attest")
def attest(
    lesson_id: UUID, body: AttestIn, tx: Tx, who: Who, now: Now, response: Response
) -> LessonOut:
    """It was held: how many came, how long it was taught. From here it counts."""
    done = attesting.attest(tx, lesson_id, **body.model_dump(), by=who, at=now)
    return _shown(tx, done, who, response)


@router.post("/lessons/{lesson_id}/dispute")
def dispute(
    lesson_id: UUID, body: ReasonIn, tx: Tx, who: Who, now: Now, response: Response
) -> LessonOut:
    """It was not as reported (school)."""
    done = attesting.dispute(tx, lesson_id, reason=body.reason, by=who, at=now)
    return _shown(tx, done, who, response)


@router.post("/lessons/{lesson_id}/resolve_verified")
def resolve_verified(
    lesson_id: UUID, body: ResolveIn, tx: Tx, who: Who, now: Now, response: Response
) -> LessonOut:
    """The supervisor finds that it counts."""
    done = attesting.resolve_verified(tx, lesson_id, **body.model_dump(), by=who, at=now)
    return _shown(tx, done, who, response)


@router.post("/lessons/{lesson_id}/resolve_written_off")
def resolve_written_off(
    lesson_id: UUID, body: WriteOffIn, tx: Tx, who: Who, now: Now, response: Response
) -> LessonOut:
    """The supervisor finds that it does not count."""
    done = attesting.resolve_written_off(tx, lesson_id, **body.model_dump(), by=who, at=now)
    return _shown(tx, done, who, response)


@router.post("/lessons/{lesson_id}/reopen")
def reopen(
    lesson_id: UUID, body: ReasonIn, tx: Tx, who: Who, now: Now, response: Response
) -> LessonOut:
    """Doubt what was verified (supervisor); a closed letter is reopened first."""
    done = attesting.reopen(tx, lesson_id, reason=body.reason, by=who, at=now)
    return _shown(tx, done, who, response)


def _note(body: NoteIn | None) -> str | None:
    return body.note if body else None


def _placed(tx: Session, done: Placed, who: Caller, response: Response) -> LessonOut:
    etag(response, done.lesson.version)
    return showing.lesson(tx, done.lesson, who, done.warnings)


def _shown(tx: Session, lesson: Lesson, who: Caller, response: Response) -> LessonOut:
    etag(response, lesson.version)
    return showing.lesson(tx, lesson, who)
