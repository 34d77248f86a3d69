"""Lecturer: who is there. Check-in, check-out, abort, handover, and one no-show clock."""

from dataclasses import replace as with_
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from services.kit.auth import Caller, Role
from services.kit.errors import Conflict, Invalid
from services.lecturer import clocks, commitments, doors, seats, staffing
from services.lecturer.assignments import agreed, by_clock, take
from services.lecturer.held import Held
from services.lecturer.models import Assignment
from services.lecturer.speaking import Behalf
from services.lecturer.states import ASSIGNMENT, HOLDING

# Whoever stands in the room can take over, whatever his week says.
ON_THE_SPOT = frozenset({"not_available"})


def check_in(
    session: Session,
    assignment_id: UUID,
    *,
    note: str | None = None,
    behalf: Behalf | None = None,
    by: Caller,
    at: datetime,
) -> Assignment:
    """He is there. Not earlier than an hour before (`too_early`), not after the end."""
    held, mine, by = take(session, assignment_id, by, behalf)
    ASSIGNMENT.move("checkin", mine.state, doors.roles(by))
    opens = timedelta(minutes=held.numbers.int("check_in_opens_minutes_before"))
    if at < mine.starts_at - opens:
        raise Conflict("too_early", opens_at=(mine.starts_at - opens).isoformat())
    if at > mine.ends_at:
        raise Conflict("too_late", ends_at=mine.ends_at.isoformat())
    if held.seat.state == "suspended":
        raise Conflict("lesson_suspended")
    if mine.waived and held.seat.state == "at_risk":
        raise Conflict("school_has_to_agree", waived=mine.waived)
    mine.checked_in_at = at
    doors.move_assignment(held, mine, "checkin", by=by, at=at, note=_said(note, behalf))
    clocks.start(held, mine, at=at)
    seats.settle(held, cause="checkin", by=by, at=at)
    return mine


def check_out(
    session: Session,
    assignment_id: UUID,
    *,
    note: str | None = None,
    behalf: Behalf | None = None,
    by: Caller,
    at: datetime,
) -> Assignment:
    """The lesson is over. Minutes count from its start, or his coming, to its end."""
    held, mine, by = take(session, assignment_id, by, behalf)
    ASSIGNMENT.move("checkout", mine.state, doors.roles(by))
    if at <= mine.starts_at:
        raise Conflict("too_early", opens_at=mine.starts_at.isoformat())
    mine.checked_out_at, mine.minutes_taught = at, _minutes(mine, at)
    doors.move_assignment(held, mine, "checkout", by=by, at=at, note=_said(note, behalf))
    staffing.finish(held, "done")
    seats.settle(held, cause="checkout", by=by, at=at)
    return mine


def abort(
    session: Session,
    assignment_id: UUID,
    *,
    minutes_taught: int,
    reason: str,
    fault: str = "none",
    note: str | None = None,
    behalf: Behalf | None = None,
    by: Caller,
    at: datetime,
) -> Assignment:
    """The lesson was broken off: nothing taught, or some of it."""
    held, mine, by = take(session, assignment_id, by, behalf)
    ASSIGNMENT.move("leave_or_handover", mine.state, doors.roles(by))
    _check_minutes(mine, minutes_taught, at)
    nothing = minutes_taught == 0
    mine.checked_out_at, mine.minutes_taught = at, minutes_taught
    doors.move_assignment(
        held,
        mine,
        "abort_nothing_taught" if nothing else "leave_or_handover",
        by=by,
        at=at,
        reason=reason,
        fault=fault,
        note=_said(note, behalf),
        acting=nothing,
    )
    staffing.finish(held, "aborted" if nothing and not held.staff.minutes_taught else "partial")
    seats.settle(held, cause="abort", by=by, at=at)
    return mine


def handover(
    session: Session,
    assignment_id: UUID,
    *,
    lecturer_id: UUID,
    minutes_taught: int,
    channel: str,
    note: str,
    by: Caller,
    at: datetime,
) -> Assignment:
    """Somebody else goes on in the middle of the lesson, says the scheduler on behalf of both:
    the one leaves with his minutes, the other is checked in at once. Returns the new promise."""
    held, mine, by = take(session, assignment_id, by, None, lecturer_id)
    by.needs(Role.SCHEDULER)
    for_old = with_(by, on_behalf_of=mine.lecturer_id, channel=channel)
    for_new = with_(by, on_behalf_of=lecturer_id, channel=channel)
    ASSIGNMENT.move("leave_or_handover", mine.state, doors.roles(for_old))
    if at >= mine.ends_at:
        raise Conflict("lesson_over", ends_at=mine.ends_at.isoformat())
    _check_minutes(mine, minutes_taught, at)

    def end_old(old: Assignment) -> None:
        old.checked_out_at, old.minutes_taught = at, minutes_taught
        doors.move_assignment(
            held, old, "leave_or_handover", by=for_old, at=at, reason_code="handover", note=note
        )

    offer = agreed(held, lecturer_id, by=by, at=at, note=note)
    offer.starts_at = max(at, offer.starts_at)
    new = commitments.commit(
        held,
        offer,
        "accept",
        end_old=end_old,
        tolerate=ON_THE_SPOT,
        by=for_new,
        at=at,
        note=note,
    )
    staffing.hand_over(held, mine)
    new.checked_in_at = at
    doors.move_assignment(held, new, "checkin", by=for_new, at=at, note=note)
    clocks.start(held, new, at=at)
    seats.settle(held, cause="handover", by=by, at=at)
    return new


def not_checked_in(session: Session, assignment_id: UUID, at: datetime) -> None:
    """The clock: the lesson has begun and nobody has checked in; everybody is told."""
    held, mine, by = by_clock(session, assignment_id)
    _check_expected(held, mine)
    doors.tell_assignment(held, mine, "not_checked_in", "no_checkin_alarm", by=by, at=at)


def no_checkin(session: Session, assignment_id: UUID, at: datetime) -> None:
    """The clock: he has not come."""
    held, mine, by = by_clock(session, assignment_id)
    _check_expected(held, mine)
    doors.move_assignment(held, mine, "no_checkin", by=by, at=at, reason_code="no_show")
    staffing.lose(held, "no_show")
    seats.settle(held, cause="no_checkin", by=by, at=at)


def no_checkout(session: Session, assignment_id: UUID, at: datetime) -> None:
    """The clock: nobody has checked out; the planned end counts."""
    held, mine, by = by_clock(session, assignment_id)
    mine.checked_out_at, mine.minutes_taught = mine.ends_at, _minutes(mine, mine.ends_at)
    doors.move_assignment(held, mine, "no_checkout", by=by, at=at)
    held.staff.checkout_missed = True
    staffing.finish(held, "done")
    seats.settle(held, cause="no_checkout", by=by, at=at)


def _check_expected(held: Held, mine: Assignment) -> None:
    if mine.state not in HOLDING:
        raise Conflict("wrong_state", state=str(mine.state))
    if held.seat.state == "suspended":
        raise Conflict("lesson_suspended")
    if mine.waived and held.seat.state == "at_risk":
        raise Conflict("school_has_to_agree")


def _check_minutes(mine: Assignment, minutes: int, at: datetime) -> None:
    """No more than have passed, and than the lesson has."""
    passed = min(at, mine.ends_at) - mine.starts_at
    most = max(0, -int(-passed.total_seconds() // 60))
    if not 0 <= minutes <= most:
        raise Invalid("minutes_impossible", minutes=minutes, most=most)


def _minutes(mine: Assignment, until: datetime) -> int:
    began = max(mine.checked_in_at or mine.starts_at, mine.starts_at)
    return max(0, int((min(until, mine.ends_at) - began).total_seconds() // 60))


def _said(note: str | None, behalf: Behalf | None) -> str | None:
    return note or (behalf.note if behalf else None)
