"""Booking: repairs (补救方案): what could be done about something before it is saved. Nothing of a
repair has happened until it is adopted."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking import repair_adopting
from services.booking.models import School, SiteCopy
from services.booking.repair_models import Repair, RepairLine
from services.booking.repair_rules import Cause, Days, Leave, Site
from services.booking.repair_states import REPAIR, RepairState
from services.kit import auth, db
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict, Invalid, NotFound
from services.kit.ids import uuid7

READERS = (Role.SCHEDULER, Role.SUPERVISOR)


class Work(NamedTuple):
    """Repairs that wait for a run, and those that some process began."""

    to_run: list[UUID]
    running: list[UUID]


def find(session: Session, repair_id: UUID, *, by: Caller, lock: bool = False) -> Repair:
    """A repair of the caller's district; schools and lecturers have none (403)."""
    by.needs(*READERS)
    repair = db.get(session, Repair, repair_id, lock=lock)
    if repair.district != by.district:
        raise NotFound("not_found", what="repair", id=str(repair_id))
    return repair


def make(session: Session, cause: Cause, *, by: Caller, at: datetime) -> Repair:
    """A repair to be run. 404 for a foreign site or school; 422 `ends_before_it_begins`."""
    by.needs(Role.SCHEDULER)
    _check(session, cause, by)
    repair = Repair(
        id=uuid7(),
        district=by.district,
        cause=cause.model_dump(mode="json"),
        created_at=at,
        made_by=by.id,
        made_by_name=by.name or "",
    )
    session.add(repair)
    session.flush()
    return repair


def retry(session: Session, repair_id: UUID, *, by: Caller) -> Repair:
    """Run it again, on what is known now."""
    repair = find(session, repair_id, by=by, lock=True)
    _move(repair, "retry", by)
    repair.begun_at = repair.code = repair.ended_at = None
    repair.facts, repair.seconds = {}, 0
    session.execute(sa.delete(RepairLine).where(col(RepairLine.repair_id) == repair.id))
    return _kept(session, repair)


def discard(session: Session, repair_id: UUID, *, by: Caller, at: datetime) -> Repair:
    """Nobody wants it."""
    repair = find(session, repair_id, by=by, lock=True)
    _move(repair, "discard", by)
    repair.ended_at = at
    return _kept(session, repair)


def adopt(
    session: Session,
    repair_id: UUID,
    *,
    lesson_ids: Collection[UUID] | None,
    reason: str = "",
    by: Caller,
    at: datetime,
) -> Repair:
    """What is proposed for these lessons (None: for all of them) is done, each whole or not at all;
    its line says what became of it. 422 `not_in_the_repair`."""
    repair = find(session, repair_id, by=by, lock=True)
    _move(repair, "adopt", by)
    lines = lines_of(session, repair.id)
    mine = {line.lesson_id for line in lines}
    chosen = mine if lesson_ids is None else set(lesson_ids)
    if strange := sorted(str(id) for id in chosen - mine):
        raise Invalid("not_in_the_repair", lessons=strange)
    for line in lines:
        if line.lesson_id in chosen:
            repair_adopting.adopt(session, line, reason=reason, by=by, at=at)
        else:
            line.outcome = repair_adopting.LEFT
        session.add(line)
    repair.adopted_by, repair.adopted_by_name, repair.ended_at = by.id, by.name or "", at
    return _kept(session, repair)


def lines_of(session: Session, repair_id: UUID) -> Sequence[RepairLine]:
    mine = select(RepairLine).where(RepairLine.repair_id == repair_id)
    return session.exec(mine.order_by(col(RepairLine.position))).all()


def maker(repair: Repair) -> Caller:
    """Whoever asked for it."""
    who = frozenset({Role.SCHEDULER})
    return Caller(repair.made_by, who, repair.district, name=repair.made_by_name)


# -- the run


def work(session: Session) -> Work:
    rows = session.execute(
        sa.select(col(Repair.id), col(Repair.begun_at))
        .where(col(Repair.state) == RepairState.RUNNING)
        .order_by(col(Repair.id))
    ).all()
    return Work(
        [id for id, begun in rows if begun is None],
        [id for id, begun in rows if begun is not None],
    )


def begin(session: Session, repair_id: UUID, *, real: datetime) -> None:
    """This process runs it from now on."""
    repair = _running(session, repair_id)
    repair.begun_at = real
    session.add(repair)


def finish(
    session: Session,
    repair_id: UUID,
    lines: Sequence[dict[str, Any]],
    *,
    status: str | None,
    seconds: float,
    at: datetime,
) -> None:
    """It is known what could be done."""
    repair = _running(session, repair_id)
    _move(repair, "finish", auth.system(repair.district))
    repair.status, repair.seconds, repair.ended_at = status, seconds, at
    rows = [RepairLine(repair_id=repair.id, **line).model_dump() for line in lines]
    if rows:
        db.insert_many(session, RepairLine, rows)
    _kept(session, repair)


def fail(
    session: Session, repair_id: UUID, *, code: str, facts: Mapping[str, Any], at: datetime
) -> None:
    """It came to nothing, and may be run again."""
    repair = _running(session, repair_id)
    _move(repair, "fail", auth.system(repair.district))
    repair.code, repair.facts, repair.ended_at = code, dict(facts), at
    _kept(session, repair)


def _check(session: Session, cause: Cause, by: Caller) -> None:
    match cause:
        case Leave():
            if cause.ends_at <= cause.starts_at:
                raise Invalid("ends_before_it_begins")
        case Site():
            _own(session, SiteCopy, cause.site_id, "site", by)
        case Days() if cause.school_id is not None:
            _own(session, School, cause.school_id, "school", by)
    if isinstance(cause, Site | Days):
        first, last = cause.first_on, cause.last_on
        if first is not None and last is not None and last < first:
            raise Invalid("ends_before_it_begins")


def _own(session: Session, table: Any, id: UUID, what: str, by: Caller) -> None:
    if db.get(session, table, id, what=what).district != by.district:
        raise NotFound("not_found", what=what, id=str(id))


def _running(session: Session, repair_id: UUID) -> Repair:
    """409 `wrong_state` when it was discarded meanwhile."""
    repair = db.get(session, Repair, repair_id, lock=True)
    if repair.state != RepairState.RUNNING:
        raise Conflict("wrong_state", machine="repair", verb="finish", state=str(repair.state))
    return repair


def _move(repair: Repair, verb: str, by: Caller) -> None:
    repair.state = REPAIR.move(verb, RepairState(repair.state), by.roles).target


def _kept(session: Session, repair: Repair) -> Repair:
    repair.version += 1
    session.add(repair)
    session.flush()
    return repair
