"""Booking: the one door of a change. Its lesson is locked before it, so that it needs no lock."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.booking import grouping_touch
from services.booking.lesson_rules import notice_of
from services.booking.models import Change, Lesson, OrderLine, School
from services.booking.states import CHANGE, ChangeState
from services.contracts.booking import ChangeChanged, Place, Slot
from services.kit import outbox, timers
from services.kit.auth import Caller, Role
from services.kit.numbers import Numbers

LIVE = (ChangeState.PROPOSED, ChangeState.AGREED)


def live_change(session: Session, lesson_id: UUID) -> Change | None:
    """The negotiation going on about a lesson: at most one."""
    live = select(Change).where(Change.lesson_id == lesson_id, col(Change.state).in_(LIVE))
    return session.exec(live.execution_options(populate_existing=True)).first()


def sides(change: Change, by: Caller) -> frozenset[Role]:
    """What the caller is to the proposal on the table."""
    mine = Role(change.proposed_by)
    found = {Role.PROPOSER} if by.has(mine) else set()
    other = Role.TOWNSHIP if mine == Role.SCHEDULER else Role.SCHEDULER
    return frozenset(found | {Role.OTHER_SIDE} if by.has(other) else found)


def move_change(
    session: Session,
    change: Change,
    verb: str,
    *,
    by: Caller,
    at: datetime,
    note: str | None = None,
    allowed: Role | None = None,
    **facts: Any,
) -> Change:
    """Move it, keep the deadline of the state it is in now, tell it. `allowed` is the role under
    which the move happens when the caller only causes it."""
    roles = frozenset({allowed}) if allowed else by.roles | sides(change, by)
    move = CHANGE.move(verb, ChangeState(change.state), roles)
    was, change.state = str(change.state), move.target
    for name, value in facts.items():
        setattr(change, name, value)
    change.version += 1
    if change.state not in LIVE:
        numbers = Numbers.of(session, change.district)
        change.ended_at, change.fault = at, change.fault or "none"
        change.reason_code = change.reason_code or verb
        change.notice = notice_of(change.old_starts_at, at, numbers)
        if change.grouping_id is not None:
            grouping_touch.soon(session, change.grouping_id, at=at)
    tell_change(session, change, move.fact, verb, was=was, by=by, at=at, note=note)
    return change


def tell_change(
    session: Session,
    change: Change,
    fact: str,
    verb: str,
    *,
    was: str | None,
    by: Caller,
    at: datetime,
    note: str | None = None,
) -> None:
    """What happened to it, in the transaction in which it happened."""
    if change.state == ChangeState.PROPOSED:
        assert change.deadline_at is not None
        timers.start(session, change.id, "deadline", change.deadline_at, answer=True)
    else:
        timers.stop(session, change.id)
        change.deadline_at = None
    session.add(change)
    session.flush()
    lesson = session.get_one(Lesson, change.lesson_id)
    line = session.get_one(OrderLine, lesson.line_id)
    outbox.tell(
        session,
        ChangeChanged(
            fact=fact,
            key=change.id,
            version=change.version,
            district=change.district,
            at=at,
            by=by.actor(),
            verb=verb,
            was=was,
            state=str(change.state),
            note=note,
            lesson_id=change.lesson_id,
            order_id=change.order_id,
            school_id=change.school_id,
            school_name=session.get_one(School, change.school_id).name,
            course_title=(line.snapshot or {}).get("title", line.course_code),
            proposed_by=change.proposed_by,
            round=change.round,
            slot=Slot(starts_at=change.starts_at, ends_at=change.ends_at),
            place=Place.model_validate(change.place),
            old_slot=_old(change),
            reason=change.reason,
            reason_code=change.reason_code,
            due_at=change.deadline_at,
            grouping_id=change.grouping_id,
        ),
    )


def _old(change: Change) -> Slot | None:
    if change.old_starts_at is None or change.old_ends_at is None:
        return None
    return Slot(starts_at=change.old_starts_at, ends_at=change.old_ends_at)
