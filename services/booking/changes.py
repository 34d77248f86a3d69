"""Booking: a new time or place is negotiated (改期单), by either side, in up to three rounds."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.booking import holds, place_checks, retimes
from services.booking.change_door import live_change, move_change, sides, tell_change
from services.booking.follow import follow, heard
from services.booking.lesson_door import move_lesson, take
from services.booking.lesson_rules import CHANGEABLE, change_deadline, has_holder
from services.booking.models import Change, Lesson
from services.booking.place_checks import Asked
from services.booking.placing import taken
from services.booking.seeing import READERS, see
from services.booking.states import CHANGE, ChangeState
from services.booking.states import LessonState as L
from services.contracts.booking import Place, Slot
from services.kit import db
from services.kit.auth import Caller, Role, timer
from services.kit.errors import Conflict, Forbidden, Invalid
from services.kit.ids import uuid7
from services.kit.numbers import Numbers


def propose(
    session: Session,
    lesson_id: UUID,
    *,
    asked: Asked,
    reason: str = "",
    lose_holder: bool = False,
    grouping_id: UUID | None = None,
    by: Caller,
    at: datetime,
) -> Change:
    """Another slot or place is proposed to the other side; one proposal at a time (409
    `change_open`)."""
    lesson = take(session, lesson_id, by=by)
    by.needs(Role.TOWNSHIP, Role.SCHEDULER)
    change = _drafted(session, lesson, asked, reason, lose_holder, by, at)
    change.grouping_id = grouping_id
    tell_change(session, change, "proposed", "propose", was=None, by=by, at=at)
    return change


def counter(
    session: Session,
    change_id: UUID,
    *,
    asked: Asked,
    reason: str = "",
    lose_holder: bool = False,
    by: Caller,
    at: datetime,
) -> Change:
    """The other side proposes something else; after the last round 409 `rounds_exhausted`."""
    lesson, change = take_change(session, change_id, by=by)
    CHANGE.move("counter", ChangeState(change.state), by.roles | sides(change, by))
    _only_scheduler_loses(lose_holder, by)
    rounds = Numbers.of(session, change.district).int("change_rounds")
    if change.round >= rounds:
        raise Conflict("rounds_exhausted", rounds=rounds)
    facts = _proposal(session, lesson, asked, reason, by, at)
    facts |= {"round": change.round + 1, "lose_holder": lose_holder}
    return move_change(session, change, "counter", by=by, at=at, note=reason or None, **facts)


def accept(
    session: Session,
    change_id: UUID,
    *,
    lose_holder: bool = False,
    note: str | None = None,
    by: Caller,
    at: datetime,
) -> Change:
    """Both sides agree. With a holder he is asked, and the old date stands until he answers;
    `lose_holder` (the scheduler's choice) does not ask. Without one it is carried out at once."""
    lesson, change = take_change(session, change_id, by=by)
    CHANGE.move("accept", ChangeState(change.state), by.roles | sides(change, by))
    _only_scheduler_loses(lose_holder, by)
    lose_holder = lose_holder or change.lose_holder
    return _carry_out(session, lesson, change, lose_holder=lose_holder, note=note, by=by, at=at)


def move_as_wished(
    session: Session,
    lesson_id: UUID,
    *,
    asked: Asked,
    first: UUID | None = None,
    lose_holder: bool = False,
    reason: str = "",
    by: Caller,
    at: datetime,
) -> Change:
    """To another time its school wished for: it has agreed already, so that only a holder is asked.
    `lose_holder`: he is not, and `first` is asked for the seat before anybody else. 409
    `outside_wishes`, and whatever `propose` refuses."""
    by.needs(Role.SCHEDULER)
    lesson = take(session, lesson_id, by=by)
    change = _drafted(session, lesson, asked, reason, lose_holder, by, at)
    slot = retimes.slot_of(change)
    wishes = [Slot.model_validate(wish) for wish in lesson.wishes]
    if not any(w.starts_at <= slot.starts_at and slot.ends_at <= w.ends_at for w in wishes):
        raise Conflict("outside_wishes")
    tell_change(session, change, "proposed", "propose_wished", was=None, by=by, at=at)
    if first is not None and lose_holder:
        others = [id for id in lesson.wanted_lecturers if id != str(first)]
        lesson.wanted_lecturers = [str(first), *others]
    allowed = Role.OTHER_SIDE
    return _carry_out(
        session, lesson, change, lose_holder=lose_holder, allowed=allowed, by=by, at=at
    )


def reject(
    session: Session, change_id: UUID, *, reason: str | None, by: Caller, at: datetime
) -> Change:
    """The other side does not want it: everything stays as it is."""
    _, change = take_change(session, change_id, by=by)
    return move_change(session, change, "reject", by=by, at=at, note=reason)


def withdraw(
    session: Session, change_id: UUID, *, reason: str | None, by: Caller, at: datetime
) -> Change:
    """Whoever proposed thinks better of it."""
    _, change = take_change(session, change_id, by=by)
    return move_change(session, change, "withdraw", by=by, at=at, note=reason)


def deadline(session: Session, change_id: UUID, at: datetime) -> None:
    """Nobody answered in time."""
    district = db.get(session, Change, change_id).district
    _, change = take_change(session, change_id, by=timer(district))
    move_change(session, change, "deadline", by=timer(district), at=at)


def find_change(session: Session, change_id: UUID, by: Caller) -> Change:
    """A change the caller may know of."""
    by.needs(*READERS)
    change = db.get(session, Change, change_id)
    see(by, change.district, change.school_id, what="change", id=change_id)
    return change


def take_change(session: Session, change_id: UUID, *, by: Caller) -> tuple[Lesson, Change]:
    """The lesson, locked, then its change as it is now."""
    lesson = take(session, find_change(session, change_id, by).lesson_id, by=by)
    return lesson, db.get(session, Change, change_id, lock=True)


def _drafted(
    session: Session,
    lesson: Lesson,
    asked: Asked,
    reason: str,
    lose_holder: bool,
    by: Caller,
    at: datetime,
) -> Change:
    """A proposal nobody has heard of yet."""
    _only_scheduler_loses(lose_holder, by)
    if lesson.state not in CHANGEABLE:
        raise Conflict("wrong_state", machine="change", verb="propose", state=str(lesson.state))
    if open_one := live_change(session, lesson.id):
        code = "change_pending" if open_one.state == ChangeState.AGREED else "change_open"
        raise Conflict(code, change_id=str(open_one.id))
    return Change(
        id=uuid7(),
        district=lesson.district,
        lesson_id=lesson.id,
        order_id=lesson.order_id,
        school_id=lesson.school_id,
        created_at=at,
        old_starts_at=lesson.starts_at,
        old_ends_at=lesson.ends_at,
        lose_holder=lose_holder,
        **_proposal(session, lesson, asked, reason, by, at),
    )


def _carry_out(
    session: Session,
    lesson: Lesson,
    change: Change,
    *,
    lose_holder: bool,
    note: str | None = None,
    allowed: Role | None = None,
    by: Caller,
    at: datetime,
) -> Change:
    """Both sides agree: with a holder who is to be asked the old date stands until he answers,
    otherwise the new one holds at once."""
    slot, where = retimes.slot_of(change), Place.model_validate(change.place)
    place_checks.check(session, lesson, slot, where, at=at)
    facts: dict[str, Any] = {"lose_holder": lose_holder, "allowed": allowed}
    if lesson.state == L.TENTATIVE:
        move_change(session, change, "accept", by=by, at=at, note=note, **facts)
        _replace(session, lesson, change, by=by, at=at)
        return change
    facts["hold_id"] = holds.hold(session, (lesson, slot, where), by=by).get(lesson.id)
    move_change(session, change, "accept", by=by, at=at, note=note, **facts)
    asks = lesson.state == L.CONFIRMED and has_holder(lesson, heard(session, lesson.id))
    if asks and not lose_holder:
        retimes.ask(session, lesson, change, by=by, at=at)
    else:
        retimes.applied(session, lesson, change, by=by, at=at)
    follow(session, lesson, by=by, at=at)
    return change


def _proposal(
    session: Session, lesson: Lesson, asked: Asked, reason: str, by: Caller, at: datetime
) -> dict[str, Any]:
    """What is on the table, and until when; checked as placing would be."""
    slot = place_checks.slot_asked(lesson, asked)
    where = place_checks.place_asked(session, lesson, asked, by=by)
    assert lesson.starts_at is not None
    plain = where.model_dump(mode="json")
    if (slot.starts_at, slot.ends_at, plain) == (lesson.starts_at, lesson.ends_at, lesson.place):
        raise Invalid("nothing_changes")
    place_checks.check(session, lesson, slot, where, at=at)
    side = Role.SCHEDULER if by.has(Role.SCHEDULER) else Role.TOWNSHIP
    return {
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "place": plain,
        "reason": reason,
        "proposed_by": str(side),
        "proposer_id": by.id,
        "deadline_at": change_deadline(lesson.starts_at, at, Numbers.of(session, lesson.district)),
    }


def _replace(session: Session, lesson: Lesson, change: Change, *, by: Caller, at: datetime) -> None:
    """Nobody has promised yet: out of the old place and into the new one, in one go."""
    slot, where = retimes.slot_of(change), Place.model_validate(change.place)
    note = change.reason or None
    move_lesson(
        session,
        lesson,
        "unplace",
        by=by,
        at=at,
        note=note,
        allowed=Role.SCHEDULER,
        applying=True,
    )
    holds.hold(session, (lesson, slot, where), by=by)
    move_lesson(
        session,
        lesson,
        "place",
        by=by,
        at=at,
        note=note,
        allowed=Role.SCHEDULER,
        **taken(lesson, slot, where),
    )
    move_change(session, change, "apply_ok", by=by, at=at, allowed=Role.SYSTEM)


def _only_scheduler_loses(lose_holder: bool, by: Caller) -> None:
    if lose_holder and not by.has(Role.SCHEDULER):
        raise Forbidden("lose_holder_not_yours")
