"""Booking: the one door of a proposal to teach together or on one way. State, version, deadline
and event together.

Both letters and both lessons are locked before it, letters first, each sorted by id: whoever locks
one letter alone waits, but never in a circle.
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.booking.grouping_models import Grouping
from services.booking.grouping_states import GROUPING, LIVE, GroupingState
from services.booking.models import Lesson, Order, OrderLine, School
from services.booking.seeing import DISTRICT_WIDE, READERS
from services.contracts.booking import Gain, GroupingChanged, Place, Slot
from services.kit import db, outbox, timers
from services.kit.auth import Caller, Role
from services.kit.errors import NotFound

Side = Literal["host", "guest"]


def take_both(session: Session, host: Lesson, guest: Lesson) -> tuple[Lesson, Lesson]:
    """Both lessons as they are now, locked with their letters."""
    for order_id in sorted({host.order_id, guest.order_id}):
        db.get(session, Order, order_id, lock=True)
    locked = {id: db.get(session, Lesson, id, lock=True) for id in sorted({host.id, guest.id})}
    return locked[host.id], locked[guest.id]


def take(session: Session, grouping_id: UUID) -> tuple[Grouping, Lesson, Lesson]:
    """The proposal and its lessons, locked."""
    row = db.get(session, Grouping, grouping_id)
    host, guest = (session.get_one(Lesson, id) for id in (row.host_id, row.guest_id))
    host, guest = take_both(session, host, guest)
    return db.get(session, Grouping, grouping_id, lock=True), host, guest


def visible(by: Caller) -> SelectOfScalar[Grouping]:
    """Proposals the caller may know of: a school those in which it has a part."""
    by.needs(*READERS)
    chosen = select(Grouping).where(Grouping.district == by.district)
    if not by.has(*DISTRICT_WIDE):
        mine = col(Grouping.guest_school_id) == by.school_id
        hosts = (col(Grouping.host_school_id) == by.school_id) & (col(Grouping.kind) == "merge")
        chosen = chosen.where(mine | hosts)
    return chosen


def find(session: Session, grouping_id: UUID, by: Caller) -> Grouping:
    """404 for what the caller may not know; 403 for lecturers."""
    row = session.exec(visible(by).where(Grouping.id == grouping_id)).first()
    if row is None:
        raise NotFound("not_found", what="grouping", id=str(grouping_id))
    return row


def asked(row: Grouping) -> tuple[Side, ...]:
    """Who has to agree: whose lesson changes. On one way only the guest's does."""
    return ("host", "guest") if row.kind == "merge" else ("guest",)


def sides(row: Grouping, by: Caller) -> tuple[Side, ...]:
    """Which of them the caller speaks for."""
    if not by.has(Role.TOWNSHIP):
        return ()
    schools = {"host": row.host_school_id, "guest": row.guest_school_id}
    return tuple(side for side in asked(row) if schools[side] == by.school_id)


def waits_for(row: Grouping) -> tuple[Side, ...]:
    """Who has not agreed yet."""
    said = {"host": row.host_agreed_at, "guest": row.guest_agreed_at}
    return tuple(side for side in asked(row) if said[side] is None)


def roles(row: Grouping, by: Caller) -> frozenset[Role]:
    return by.roles | ({Role.OTHER_SIDE} if sides(row, by) else set())


def moves(row: Grouping, by: Caller) -> list[str]:
    """What the caller may say next: nobody agrees twice."""
    open_now = GROUPING.open_to(GroupingState(row.state), roles(row, by))
    done = not set(sides(row, by)) & set(waits_for(row))
    return [verb for verb in open_now if not (verb == "agree" and done)]


def move(
    session: Session,
    row: Grouping,
    verb: str,
    *,
    by: Caller,
    at: datetime,
    side: Side | None = None,
    allowed: Role | None = None,
    **facts: Any,
) -> Grouping:
    """Move it. `allowed` is the role under which it happens when the caller only causes it."""
    by_roles = frozenset({allowed}) if allowed else roles(row, by)
    found = GROUPING.move(verb, GroupingState(row.state), by_roles)
    was, row.state = str(row.state), found.target
    for name, value in facts.items():
        setattr(row, name, value)
    row.version += 1
    if row.state not in LIVE:
        row.ended_at, row.reason_code = at, row.reason_code or verb
    tell(session, row, found.fact, verb, was=was, by=by, at=at, side=side)
    return row


def tell(
    session: Session,
    row: Grouping,
    fact: str,
    verb: str,
    *,
    was: str | None,
    by: Caller,
    at: datetime,
    side: Side | None = None,
) -> None:
    """What happened to it, in the transaction in which it happened."""
    if row.state == GroupingState.PROPOSED:
        assert row.deadline_at is not None
        timers.start(session, row.id, "answer_deadline", row.deadline_at, answer=True)
    else:
        timers.stop(session, row.id, "answer_deadline")
    session.add(row)
    session.flush()
    guest = session.get_one(Lesson, row.guest_id)
    line = session.get_one(OrderLine, guest.line_id)
    names = {id: session.get_one(School, id).name for id in (row.host_school_id, guest.school_id)}
    outbox.tell(
        session,
        GroupingChanged(
            fact=fact,
            key=row.id,
            version=row.version,
            district=row.district,
            at=at,
            by=by.actor(),
            verb=verb,
            was=was,
            state=str(row.state),
            note=row.reason,
            kind="merge" if row.kind == "merge" else "route",
            host_lesson_id=row.host_id,
            host_school_id=row.host_school_id,
            host_school_name=names[row.host_school_id],
            guest_lesson_id=row.guest_id,
            guest_school_id=row.guest_school_id,
            guest_school_name=names[row.guest_school_id],
            guest_order_id=guest.order_id,
            course_title=(line.snapshot or {}).get("title", line.course_code),
            slot=Slot(starts_at=row.starts_at, ends_at=row.ends_at),
            place=Place.model_validate(row.place),
            gain=Gain.model_validate(row.gain),
            note_of_proposer=row.note,
            side=side,
            reason=row.reason,
            reason_code=row.reason_code,
            due_at=row.deadline_at if row.state == GroupingState.PROPOSED else None,
        ),
    )
