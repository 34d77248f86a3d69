"""Booking: the district reviews a letter line by line; the school mends what came back."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlmodel import Session, col, select

from services.booking import births, checks, deadlines, fixing, lesson_door, order_door
from services.booking.models import Lesson, Order, OrderLine, School
from services.booking.orders import lines_of
from services.booking.seeing import order_for
from services.booking.states import ORDER, LessonState, OrderState
from services.kit import db, timers
from services.kit.auth import Caller, Role, timer
from services.kit.errors import Conflict, Invalid
from services.kit.numbers import Numbers

PENDING, APPROVED, RETURNED, REFUSED = "pending", "approved", "returned", "refused"


class Decision(NamedTuple):
    """About one line: its number, what becomes of it, and when returned what to mend by when."""

    line: int
    decision: Literal["approve", "return", "refuse"]
    fields: Sequence[str] = ()
    due_at: datetime | None = None
    reason: str | None = None


def approve(
    session: Session,
    order_id: UUID,
    *,
    decisions: Sequence[Decision] = (),
    by: Caller,
    at: datetime,
) -> Order:
    """Decide every line; those not named are approved."""
    order = _reviewing(session, order_id, "approve", by)
    lines = lines_of(session, order.id)
    named = _by_line(decisions, lines, order, at)
    timers.stop(session, order.id)
    for line in lines:
        _note(
            line, named.get(line.position, Decision(line.position, "approve")), order, session, at
        )
    session.flush()
    order_door.move(session, order, "approve", by=by, at=at, review_due_at=None)
    _carry_out(session, order, lines, by=by, at=at)
    return order


def review_lines(
    session: Session,
    order_id: UUID,
    *,
    decisions: Sequence[Decision] = (),
    by: Caller,
    at: datetime,
) -> Order:
    """Decide mended lines again; without decisions all mended ones are approved. A returned line
    may be decided before the school has answered."""
    order = _reviewing(session, order_id, "review_lines", by)
    lines = lines_of(session, order.id)
    named = _by_line(decisions, lines, order, at)
    if not decisions:
        mended = [line for line in lines if line.review == RETURNED and line.mended_at]
        named = {line.position: Decision(line.position, "approve") for line in mended}
    if not named:
        raise Conflict("no_line_to_review")
    chosen = [line for line in lines if line.position in named]
    _all_returned(chosen)
    for line in chosen:
        _note(line, named[line.position], order, session, at)
    session.flush()
    order_door.move(session, order, "review_lines", by=by, at=at)
    _carry_out(session, order, chosen, by=by, at=at)
    return order


def amend_lines(
    session: Session,
    order_id: UUID,
    *,
    lines: Mapping[int, Mapping[str, Any]],
    by: Caller,
    at: datetime,
) -> Order:
    """The school mends returned lines, each sent whole; the named fields may differ."""
    order = _reviewing(session, order_id, "amend_lines", by)
    chosen = [line for line in lines_of(session, order.id) if line.position in lines]
    _all_known(lines, chosen)
    _all_returned(chosen)
    for line in chosen:
        wanted = lines[line.position]
        fixing.check_line(line, wanted)
        for name in fixing.LINE_FIELDS:
            setattr(line, name, wanted[name])
        line.mended_at = at
    on = checks.ground(session, order, chosen, at)
    found = checks.problems(order, chosen, on, at)
    if errors := [problem for problem in found if problem["line"] is not None]:
        raise Invalid("lines_invalid", errors=errors)
    for line in chosen:
        births.snapshot(line, on)
    session.flush()
    order_door.move(session, order, "amend_lines", by=by, at=at)
    births.follow(session, order, chosen, on, verb="amended", by=by, at=at)
    for line in chosen:
        # The district's turn: what ends the line now is its last wished day.
        _clock(session, _requested(session, line), deadlines.last_wish([line]), answer=False)
    return order


def return_for_fix(
    session: Session,
    order_id: UUID,
    *,
    fields: Sequence[str],
    reason: str,
    due_at: datetime | None = None,
    by: Caller,
    at: datetime,
) -> Order:
    """The whole letter goes back: what to mend (nothing named: anything), why, and until when."""
    order = _reviewing(session, order_id, "return_for_fix", by)
    named = fixing.check_names(fields)
    due_at = _due(due_at, order, session, at)
    timers.stop(session, order.id)
    timers.start(session, order.id, "fix_deadline", due_at, answer=True)
    return order_door.move(
        session,
        order,
        "return_for_fix",
        by=by,
        at=at,
        note=reason,
        due_at=due_at,
        reason=reason,
        fix_fields=named,
        fix_due_at=due_at,
        review_due_at=None,
    )


def reject(
    session: Session,
    order_id: UUID,
    *,
    reason: str,
    reason_code: str | None = None,
    by: Caller,
    at: datetime,
) -> Order:
    """The district will not do it; final."""
    order = _reviewing(session, order_id, "reject", by)
    code = reason_code or "rejected"
    return deadlines.end(session, order, "reject", code, fault="none", reason=reason, by=by, at=at)


def line_fix_deadline(session: Session, lesson_id: UUID, at: datetime) -> None:
    """The clock of a returned line: not mended in time, or mended and never looked at again."""
    found = db.get(session, Lesson, lesson_id, what="lesson")
    db.get(session, Order, found.order_id, lock=True)
    lesson = db.get(session, Lesson, lesson_id, lock=True)
    line = session.get_one(OrderLine, lesson.line_id)
    code, fault = ("dates_past", "district") if line.mended_at else ("line_not_mended", "school")
    if line.review == RETURNED:
        line.review, line.review_reason = REFUSED, code
    session.flush()
    lesson_door.move_lesson(
        session,
        lesson,
        "line_fix_deadline",
        by=timer(lesson.district),
        at=at,
        reason_code=code,
        fault=fault,
    )
    order_door.settle(session, lesson.order_id, at=at)


def _reviewing(session: Session, order_id: UUID, verb: str, by: Caller) -> Order:
    order = order_for(session, order_id, by, lock=True)
    ORDER.move(verb, OrderState(order.state), by.roles)
    return order


def _note(line: OrderLine, said: Decision, order: Order, session: Session, at: datetime) -> None:
    """Write the decision into the line."""
    line.review_reason, line.mended_at = said.reason, None
    line.review_fields, line.fix_due_at = [], None
    if said.decision == "approve":
        line.review = APPROVED
    elif said.decision == "refuse":
        line.review = REFUSED
    else:
        line.review = RETURNED
        line.review_fields = fixing.check_line_names(said.fields)
        line.fix_due_at = _due(said.due_at, order, session, at)


def _carry_out(
    session: Session, order: Order, lines: Sequence[OrderLine], *, by: Caller, at: datetime
) -> None:
    """The lessons of decided lines go where the decision sends them."""
    decided = {line.id: line for line in lines}
    # Held on to, so that it is not read again for every lesson.
    _school = session.get_one(School, order.school_id)
    settled = False
    for lesson in _all_requested(session, order):
        line = decided.get(lesson.line_id)
        if line is None:
            continue
        reason = line.review_reason
        if line.review == APPROVED:
            lesson_door.move_lesson(
                session, lesson, "line_approved", by=by, at=at, note=reason, allowed=Role.SYSTEM
            )
        elif line.review == REFUSED:
            settled = True
            lesson_door.move_lesson(
                session,
                lesson,
                "line_refused_or_order_dead",
                by=by,
                at=at,
                note=reason,
                allowed=Role.SYSTEM,
                reason=reason,
            )
        elif line.fix_due_at is not None:
            _clock(session, [lesson], line.fix_due_at, answer=True)
            lesson_door.tell_lesson(session, lesson, "line_returned", by=by, at=at, note=reason)
    if settled:
        order_door.settle(session, order.id, at=at)


def _clock(session: Session, lessons: Sequence[Lesson], due_at: datetime, *, answer: bool) -> None:
    for lesson in lessons:
        lesson.due_at = due_at
        timers.start(session, lesson.id, "line_fix_deadline", due_at, answer=answer)


def _due(due_at: datetime | None, order: Order, session: Session, at: datetime) -> datetime:
    if due_at is None:
        return at + timedelta(days=Numbers.of(session, order.district).int("fix_days"))
    if due_at <= at:
        raise Invalid("due_in_the_past", due_at=due_at.isoformat())
    return due_at


def _by_line(
    decisions: Sequence[Decision], lines: Sequence[OrderLine], order: Order, at: datetime
) -> dict[int, Decision]:
    """422 for a line decided twice or unknown, and for a no without its reason."""
    named = {said.line: said for said in decisions}
    if len(named) != len(decisions):
        raise Invalid("line_repeated")
    _all_known(named, lines)
    for said in decisions:
        if said.decision != "approve" and not (said.reason or "").strip():
            raise Invalid("reason_required", line=said.line)
    return named


def _all_known(named: Mapping[int, Any], lines: Sequence[OrderLine]) -> None:
    if unknown := sorted(set(named) - {line.position for line in lines}):
        raise Invalid("line_unknown", lines=unknown)


def _all_returned(lines: Sequence[OrderLine]) -> None:
    if others := {line.position: line.review for line in lines if line.review != RETURNED}:
        raise Conflict("line_not_returned", lines=others)


def _requested(session: Session, line: OrderLine) -> Sequence[Lesson]:
    return session.exec(
        select(Lesson)
        .where(Lesson.line_id == line.id, Lesson.state == LessonState.REQUESTED)
        .order_by("id")
    ).all()


def _all_requested(session: Session, order: Order) -> Sequence[Lesson]:
    return session.exec(
        select(Lesson)
        .where(Lesson.order_id == order.id, col(Lesson.state) == LessonState.REQUESTED)
        .order_by("position", "day_index")
        .with_for_update()
    ).all()
