"""Lecturer over HTTP: promises to teach, and who is there."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.kit.numbers import Numbers
from services.kit.web import Now, Router, Tx, Who, etag
from services.lecturer import assignments, desk_queries, offer_queries, offer_schemas, presence
from services.lecturer.offer_schemas import AssignmentOut, HistoryOut
from services.lecturer.offers_api import Cursor, Limit
from services.lecturer.schemas import Moment
from services.lecturer.states import AssignmentState

router = Router(tags=["assignments"])


@router.get("/assignments")
def list_assignments(
    tx: Tx,
    who: Who,
    now: Now,
    state: AssignmentState | None = None,
    lecturer_id: UUID | None = None,
    lesson_id: UUID | None = None,
    first: Annotated[Moment | None, Query(alias="from")] = None,
    last: Annotated[Moment | None, Query(alias="to")] = None,
    not_reconfirmed: bool = False,
    not_checked_in: bool = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> offer_schemas.AssignmentsOut:
    """Promises by time: a lecturer sees his own, a school those for its lessons.
    `not_reconfirmed`: close by and not confirmed again; `not_checked_in`: begun, without him."""
    also = []
    if not_reconfirmed:
        also.append(desk_queries.not_reconfirmed(now, Numbers.of(tx, who.district)))
    if not_checked_in:
        also.append(desk_queries.not_checked_in(now))
    items, following = offer_queries.assignments(
        tx,
        state=state,
        lecturer_id=lecturer_id,
        lesson_id=lesson_id,
        first=first,
        last=last,
        also=also,
        cursor=cursor,
        limit=limit,
        by=who,
    )
    return offer_schemas.AssignmentsOut.model_validate({"items": items, "next": following})


@router.get("/assignments/{id}")
def show_assignment(id: UUID, response: Response, tx: Tx, who: Who) -> AssignmentOut:
    """One promise."""
    return _assignment(id, response, tx, who)


@router.get("/assignments/{id}/history")
def assignment_history(id: UUID, tx: Tx, who: Who) -> HistoryOut:
    """What happened to it."""
    return HistoryOut(items=offer_queries.assignment_history(tx, id, by=who))


@router.post("/assignments/{id}/reconfirm")
def reconfirm(
    id: UUID, body: offer_schemas.AnswerIn, response: Response, tx: Tx, who: Who, now: Now
) -> AssignmentOut:
    """I am still coming."""
    assignments.reconfirm(tx, id, note=body.note, behalf=body.behalf(), by=who, at=now)
    return _assignment(id, response, tx, who)


@router.post("/assignments/{id}/release")
def release(
    id: UUID, body: offer_schemas.ReleaseIn, response: Response, tx: Tx, who: Who, now: Now
) -> AssignmentOut:
    """I cannot come: early it takes effect at once, late it is a request."""
    assignments.release(
        tx, id, reason=body.reason, note=body.note, behalf=body.behalf(), by=who, at=now
    )
    return _assignment(id, response, tx, who)


@router.post("/assignments/{id}/withdraw_request")
def withdraw_request(
    id: UUID, body: offer_schemas.AnswerIn, response: Response, tx: Tx, who: Who, now: Now
) -> AssignmentOut:
    """I can come after all."""
    assignments.withdraw_request(tx, id, note=body.note, behalf=body.behalf(), by=who, at=now)
    return _assignment(id, response, tx, who)


@router.post("/assignments/{id}/grant")
def grant(
    id: UUID, body: offer_schemas.NoteIn, response: Response, tx: Tx, who: Who, now: Now
) -> AssignmentOut:
    """Let him go."""
    assignments.grant(tx, id, note=body.note, by=who, at=now)
    return _assignment(id, response, tx, who)


@router.post("/assignments/{id}/refuse")
def refuse(
    id: UUID, body: offer_schemas.NoteIn, response: Response, tx: Tx, who: Who, now: Now
) -> AssignmentOut:
    """His promise stands."""
    assignments.refuse(tx, id, note=body.note, by=who, at=now)
    return _assignment(id, response, tx, who)


@router.post("/assignments/{id}/replace")
def replace(
    id: UUID, body: offer_schemas.ReplaceIn, response: Response, tx: Tx, who: Who, now: Now
) -> AssignmentOut:
    """Somebody else has agreed by phone; the answer is the new promise."""
    new = assignments.replace(tx, id, **dict(body), by=who, at=now)
    return _assignment(new.id, response, tx, who)


@router.post("/assignments/{id}/check_in")
def check_in(
    id: UUID, body: offer_schemas.AnswerIn, response: Response, tx: Tx, who: Who, now: Now
) -> AssignmentOut:
    """He is there; 409 `too_early` more than an hour before."""
    presence.check_in(tx, id, note=body.note, behalf=body.behalf(), by=who, at=now)
    return _assignment(id, response, tx, who)


@router.post("/assignments/{id}/check_out")
def check_out(
    id: UUID, body: offer_schemas.AnswerIn, response: Response, tx: Tx, who: Who, now: Now
) -> AssignmentOut:
    """The lesson is over."""
    presence.check_out(tx, id, note=body.note, behalf=body.behalf(), by=who, at=now)
    return _assignment(id, response, tx, who)


@router.post("/assignments/{id}/abort")
def abort(
    id: UUID, body: offer_schemas.AbortIn, response: Response, tx: Tx, who: Who, now: Now
) -> AssignmentOut:
    """The lesson was broken off."""
    presence.abort(
        tx,
        id,
        minutes_taught=body.minutes_taught,
        reason=body.reason,
        fault=body.fault,
        note=body.note,
        behalf=body.behalf(),
        by=who,
        at=now,
    )
    return _assignment(id, response, tx, who)


@router.post("/assignments/{id}/handover")
def handover(
    id: UUID, body: offer_schemas.HandoverIn, response: Response, tx: Tx, who: Who, now: Now
) -> AssignmentOut:
    """Somebody else goes on; the answer is the new promise."""
    new = presence.handover(tx, id, **dict(body), by=who, at=now)
    return _assignment(new.id, response, tx, who)


@router.post("/assignments/{id}/appeal_upheld")
def appeal_upheld(
    id: UUID, body: offer_schemas.NoteIn, response: Response, tx: Tx, who: Who, now: Now
) -> AssignmentOut:
    """The no-show no longer counts against him."""
    assignments.appeal_upheld(tx, id, note=body.note, by=who, at=now)
    return _assignment(id, response, tx, who)


def _assignment(id: UUID, response: Response, tx: Tx, who: Who) -> AssignmentOut:
    shown = AssignmentOut.model_validate(offer_queries.assignment(tx, id, by=who))
    etag(response, shown.version)
    return shown
