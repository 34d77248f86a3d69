"""Lecturer over HTTP: lecturers, their letters, their time, and candidates."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response

from services.kit.web import IfMatch, Now, Router, Tx, Who, etag
from services.lecturer import (
    appointments,
    availability,
    lecturers,
    queries,
    schemas,
)
from services.lecturer.schemas import Day, Moment, Pool

router = Router(tags=["lecturers"])
letters = Router(tags=["appointments"])
times = Router(tags=["availability"])
seats = Router(tags=["seats"])

Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=500)]


@router.get("/lecturers")
def list_lecturers(
    tx: Tx,
    who: Who,
    now: Now,
    pool: Pool | None = None,
    status: Literal["active", "inactive"] | None = None,
    course_id: UUID | None = None,
    q: Annotated[str | None, Query(max_length=100)] = None,
    appointed: bool | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> schemas.LecturersOut:
    """The pools, by code; a school gets names to wish for, a lecturer himself. `appointed=false`
    finds the active ones without a letter that is valid today."""
    chosen = {"pool": pool, "status": status, "course_id": course_id, "q": q}
    dated = {**chosen, "appointed": appointed, "at": now}
    items, following = queries.lecturers(tx, dated, cursor=cursor, limit=limit, by=who)
    return schemas.LecturersOut.model_validate({"items": items, "next": following})


@router.get("/lecturers/{id}")
def show(id: UUID, response: Response, tx: Tx, who: Who) -> schemas.LecturerOut | schemas.NameOut:
    """One lecturer; a school gets the name."""
    return _lecturer(id, response, tx, who)


@router.put("/lecturers/{id}", responses={201: {"model": schemas.LecturerOut}})
def put(
    id: UUID,
    body: schemas.LecturerIn,
    response: Response,
    tx: Tx,
    who: Who,
    now: Now,
    match: IfMatch,
) -> schemas.LecturerOut | schemas.NameOut:
    """Take a lecturer into a pool, or correct what is written of him."""
    row = lecturers.put(tx, id, body.model_dump(), if_match=match, by=who, at=now)
    response.status_code = 201 if row.version == 1 else 200
    return _lecturer(id, response, tx, who)


@router.post("/lecturers/{id}/activate")
def activate(
    id: UUID, body: schemas.ReasonIn, response: Response, tx: Tx, who: Who, now: Now
) -> schemas.LecturerOut | schemas.NameOut:
    """He may be asked again."""
    lecturers.activate(tx, id, reason=body.reason, by=who, at=now)
    return _lecturer(id, response, tx, who)


@router.post("/lecturers/{id}/deactivate")
def deactivate(
    id: UUID, body: schemas.ForcedIn, response: Response, tx: Tx, who: Who, now: Now
) -> schemas.LecturerOut | schemas.NameOut:
    """He is asked no more; 409 `holds_lessons` while he has promised some."""
    lecturers.deactivate(tx, id, **dict(body), by=who, at=now)
    return _lecturer(id, response, tx, who)


@router.post("/lecturers/{id}/raise_cap")
def raise_cap(
    id: UUID, body: schemas.CapIn, response: Response, tx: Tx, who: Who, now: Now
) -> schemas.LecturerOut | schemas.NameOut:
    """More lessons a day, week or month for this one, with a reason that is kept."""
    lecturers.raise_cap(tx, id, **dict(body), by=who, at=now)
    return _lecturer(id, response, tx, who)


@router.post("/lecturers/{id}/reset_cap")
def reset_cap(
    id: UUID, body: schemas.ResetIn, response: Response, tx: Tx, who: Who, now: Now
) -> schemas.LecturerOut | schemas.NameOut:
    """Back to the usual number."""
    lecturers.reset_cap(tx, id, **dict(body), by=who, at=now)
    return _lecturer(id, response, tx, who)


@router.get("/lecturers/{id}/qualifications")
def qualifications(id: UUID, response: Response, tx: Tx, who: Who) -> schemas.CoursesOut:
    """The courses he may teach."""
    return _courses(id, response, tx, who)


@router.put("/lecturers/{id}/qualifications")
def qualify(
    id: UUID,
    body: schemas.CoursesIn,
    response: Response,
    tx: Tx,
    who: Who,
    now: Now,
    match: IfMatch,
) -> schemas.CoursesOut:
    """All the courses he may teach; If-Match is the version of the lecturer."""
    lecturers.qualify(tx, id, courses=body.courses, if_match=match, by=who, at=now)
    return _courses(id, response, tx, who)


@router.get("/lecturers/{id}/history")
def history(id: UUID, tx: Tx, who: Who) -> schemas.HistoryOut:
    """What happened to him and to his letters."""
    return schemas.HistoryOut(items=queries.history(tx, id, by=who))


@letters.get("/appointments")
def list_appointments(
    tx: Tx,
    who: Who,
    now: Now,
    ends_before: Day | None = None,
    expiring: Annotated[int | None, Query(ge=0, le=366)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> schemas.AppointmentsOut:
    """All letters of the district; `ends_before` finds those that run out, `expiring` those that
    run out within so many days and that no other letter follows."""
    items, following = queries.letters(
        tx,
        ends_before=ends_before,
        expiring=expiring,
        cursor=cursor,
        limit=limit,
        by=who,
        at=now,
    )
    return schemas.AppointmentsOut.model_validate({"items": items, "next": following})


@letters.get("/lecturers/{id}/appointments")
def his_appointments(id: UUID, tx: Tx, who: Who, now: Now) -> schemas.AppointmentsOut:
    """His letters, the newest first."""
    items = queries.appointments(tx, id, by=who, at=now)
    return schemas.AppointmentsOut.model_validate({"items": items})


@letters.put(
    "/lecturers/{id}/appointments/{appointment_id}",
    responses={201: {"model": schemas.AppointmentOut}},
)
def put_appointment(
    id: UUID,
    appointment_id: UUID,
    body: schemas.AppointmentIn,
    response: Response,
    tx: Tx,
    who: Who,
    now: Now,
    match: IfMatch,
) -> schemas.AppointmentOut:
    """Issue a letter, or correct one."""
    row = appointments.put(tx, id, appointment_id, **dict(body), if_match=match, by=who, at=now)
    response.status_code = 201 if row.version == 1 else 200
    return _letter(queries.letter(tx, row, at=now), response)


@letters.post("/appointments/{id}/renew", status_code=201)
def renew(
    id: UUID, body: schemas.RenewIn, response: Response, tx: Tx, who: Who, now: Now
) -> schemas.AppointmentOut:
    """The letter that follows this one; the answer is the new letter."""
    row = appointments.renew(tx, id, **dict(body), by=who, at=now)
    return _letter(queries.letter(tx, row, at=now), response)


@letters.post("/appointments/{id}/revoke")
def revoke(
    id: UUID, body: schemas.RevokeIn, response: Response, tx: Tx, who: Who, now: Now
) -> schemas.AppointmentOut:
    """Not valid any more; 409 `holds_lessons` while no other letter covers what he promised."""
    row = appointments.revoke(tx, id, **dict(body), by=who, at=now)
    return _letter(queries.letter(tx, row, at=now), response)


@times.get("/lecturers/{id}/availability")
def half_days(id: UUID, response: Response, tx: Tx, who: Who) -> schemas.HalfDaysOut:
    """The half-days of the week in which he may be asked."""
    return _half_days(id, response, tx, who)


@times.put("/lecturers/{id}/availability")
def set_half_days(
    id: UUID,
    body: schemas.HalfDaysIn,
    response: Response,
    tx: Tx,
    who: Who,
    now: Now,
    match: IfMatch,
) -> schemas.HalfDaysOut:
    """His whole week; If-Match is the version of the lecturer."""
    availability.set_half_days(tx, id, half_days=body.half_days, if_match=match, by=who, at=now)
    return _half_days(id, response, tx, who)


@times.get("/lecturers/{id}/leave")
def list_leave(id: UUID, tx: Tx, who: Who) -> schemas.LeavesOut:
    """His leave, the newest first."""
    return schemas.LeavesOut.model_validate({"items": queries.leave(tx, id, by=who)})


@times.put("/lecturers/{id}/leave/{leave_id}", responses={201: {"model": schemas.LeaveOut}})
def take_leave(
    id: UUID,
    leave_id: UUID,
    body: schemas.LeaveIn,
    response: Response,
    tx: Tx,
    who: Who,
    now: Now,
) -> schemas.LeaveOut:
    """He is away; 409 `holds_lessons` with what he has promised in that time."""
    row, created = availability.take_leave(tx, id, leave_id, **dict(body), by=who, at=now)
    response.status_code = 201 if created else 200
    return schemas.LeaveOut.model_validate(queries.leave_shown(tx, row))


@times.post("/lecturers/{id}/leave/{leave_id}/undo")
def undo_leave(
    id: UUID, leave_id: UUID, body: schemas.ReasonIn, tx: Tx, who: Who, now: Now
) -> schemas.LeaveOut:
    """He is not away after all."""
    row = availability.undo_leave(tx, id, leave_id, reason=body.reason, by=who, at=now)
    return schemas.LeaveOut.model_validate(queries.leave_shown(tx, row))


@seats.get("/seats/{lesson_id}/candidates")
def list_candidates(
    lesson_id: UUID,
    tx: Tx,
    who: Who,
    waive: Annotated[list[str], Query(default_factory=list, max_length=10)],
    starts_at: Moment | None = None,
    ends_at: Moment | None = None,
) -> schemas.CandidatesOut:
    """Who may take the seat, best first, and who may not, with every reason and the smallest
    change that would lift it. `starts_at` and `ends_at` ask about another time."""
    found = queries.candidates(
        tx, lesson_id, waive=waive, starts_at=starts_at, ends_at=ends_at, by=who
    )
    return schemas.CandidatesOut.model_validate(found)


def _lecturer(
    id: UUID, response: Response, tx: Tx, who: Who
) -> schemas.LecturerOut | schemas.NameOut:
    shown = queries.lecturer(tx, id, by=who)
    if "version" not in shown:
        return schemas.NameOut.model_validate(shown)
    etag(response, shown["version"])
    return schemas.LecturerOut.model_validate(shown)


def _courses(id: UUID, response: Response, tx: Tx, who: Who) -> schemas.CoursesOut:
    items, version = queries.qualifications(tx, id, by=who)
    etag(response, version)
    return schemas.CoursesOut.model_validate({"items": items, "version": version})


def _half_days(id: UUID, response: Response, tx: Tx, who: Who) -> schemas.HalfDaysOut:
    shown = schemas.HalfDaysOut.model_validate(queries.half_days(tx, id, by=who))
    etag(response, shown.version)
    return shown


def _letter(shown: queries.Shown, response: Response) -> schemas.AppointmentOut:
    etag(response, shown["version"])
    return schemas.AppointmentOut.model_validate(shown)
