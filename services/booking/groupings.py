"""Booking: lessons taught together (拼班) and on one way (送教路线): proposed by the district,
agreed to by each school whose lesson changes, carried out at once.

A lecturer agrees as he always does: to a shared lesson by accepting the offer, which names all who
come; to another day by answering for the new time before it counts.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from services.booking import changes, grouping_pairs, grouping_routes, joined, placing
from services.booking.grouping_door import asked, move, sides, take, take_both, tell, waits_for
from services.booking.grouping_door import find as find_grouping
from services.booking.grouping_models import Grouping
from services.booking.grouping_pairs import WAITS
from services.booking.grouping_rules import Found, Way, merge
from services.booking.grouping_states import GROUPING, LIVE, GroupingState
from services.booking.lesson_door import find, move_lesson
from services.booking.lesson_rules import change_deadline
from services.booking.models import Change, Lesson
from services.booking.place_checks import Asked
from services.booking.states import ChangeState
from services.booking.states import LessonState as L
from services.kit import auth
from services.kit.auth import Caller, Role, timer
from services.kit.errors import Conflict, Refusal
from services.kit.ids import uuid7
from services.kit.numbers import Numbers


def propose(
    session: Session,
    *,
    kind: str,
    host_id: UUID,
    guest_id: UUID,
    starts_at: datetime | None = None,
    note: str = "",
    by: Caller,
    at: datetime,
) -> Grouping:
    """Ask the schools. 409 with the reason when these two do not go together (any more); a merge
    may be at any time both wished for (`starts_at`)."""
    by.needs(Role.SCHEDULER)
    host, guest = take_both(session, find(session, host_id, by), find(session, guest_id, by))
    if host.id == guest.id:
        raise Conflict("not_alike")
    if open_one := _open_about(session, host.id, guest.id):
        raise Conflict("grouping_open", grouping_id=str(open_one.id))
    one = _possible(session, kind, host, guest, starts_at, by, at)
    row = Grouping(
        id=uuid7(),
        district=by.district,
        kind=kind,
        created_at=at,
        proposer_id=by.id,
        proposer_name=by.name,
        host_id=host.id,
        guest_id=guest.id,
        host_school_id=host.school_id,
        guest_school_id=guest.school_id,
        starts_at=one.slot.starts_at,
        ends_at=one.slot.ends_at,
        place=one.place.model_dump(mode="json"),
        gain=one.gain.model_dump(mode="json"),
        note=note,
        deadline_at=_deadline(session, one, guest, at),
    )
    tell(session, row, "proposed", "propose_together", was=None, by=by, at=at)
    return row


def agree(session: Session, grouping_id: UUID, *, by: Caller, at: datetime) -> Grouping:
    """One side agrees; the last one carries it out. What cannot be any more has `lapsed`, with the
    reason."""
    find_grouping(session, grouping_id, by)
    row, host, guest = take(session, grouping_id)
    mine = [side for side in sides(row, by) if side in waits_for(row)]
    GROUPING.move("agree", GroupingState(row.state), _roles(row, by))
    if not mine:
        raise Conflict("agreed_already")
    for side in mine:
        setattr(row, f"{side}_agreed_at", at)
        move(session, row, "agree", by=by, at=at, side=side)
    if not waits_for(row):
        move(session, row, "all_agreed", by=by, at=at, allowed=Role.SYSTEM)
        _carry_out(session, row, host, guest, by, at)
    return row


def decline(
    session: Session, grouping_id: UUID, *, reason: str | None = None, by: Caller, at: datetime
) -> Grouping:
    """One side does not want it: everything stays as it is."""
    find_grouping(session, grouping_id, by)
    row, *_ = take(session, grouping_id)
    side = next(iter(sides(row, by)), None)
    return move(session, row, "decline", by=by, at=at, side=side, reason=reason)


def withdraw(
    session: Session, grouping_id: UUID, *, reason: str | None = None, by: Caller, at: datetime
) -> Grouping:
    """The district thinks better of it, as long as not everybody has agreed."""
    find_grouping(session, grouping_id, by)
    row, *_ = take(session, grouping_id)
    return move(session, row, "withdraw", by=by, at=at, reason=reason)


def answer_deadline(session: Session, grouping_id: UUID, at: datetime) -> None:
    """Somebody did not answer in time."""
    row, *_ = take(session, grouping_id)
    move(session, row, "answer_deadline", by=timer(row.district), at=at)


def lesson_moved(session: Session, grouping_id: UUID, at: datetime) -> None:
    """One of its lessons is not where it was: the proposal may be moot, a change it waited for
    over, a shared lesson elsewhere."""
    row, host, guest = take(session, grouping_id)
    by = timer(row.district)
    if row.state == GroupingState.PROPOSED and not _open_still(row, host, guest):
        move(session, row, "no_longer", by=by, at=at, reason_code="lesson_changed")
    elif row.state == GroupingState.AGREED:
        _after_the_change(session, row, by, at)
    elif row.state == GroupingState.APPLIED and row.kind == "merge":
        joined.follow(session, host, guest, by=by, at=at)


def _possible(
    session: Session,
    kind: str,
    host: Lesson,
    guest: Lesson,
    starts_at: datetime | None,
    by: Caller,
    at: datetime,
) -> Found:
    numbers = Numbers.of(session, by.district)
    if kind == "merge":
        for lesson in (host, guest):
            special = lesson.programme_id is not None or lesson.makeup_of is not None
            if lesson.state not in WAITS or special:
                raise Conflict("lesson_not_open", state=str(lesson.state))
        a, b = grouping_pairs.waiting(session, [host, guest], by=by, at=at)
        found = merge(a, b, Way.of(numbers), numbers.zone, at=starts_at)
        if isinstance(found, str):
            raise Conflict(found)
        return found
    found = grouping_routes.between(session, host.id, guest.id, by=by, at=at)
    if isinstance(found, str):
        raise Conflict(found)
    return found


def _carry_out(
    session: Session, row: Grouping, host: Lesson, guest: Lesson, by: Caller, at: datetime
) -> None:
    """All or nothing; what cannot be has lapsed, and says why."""
    attempt = session.begin_nested()
    try:
        if not _open_still(row, host, guest):
            raise Conflict("lesson_changed")
        if row.kind == "merge":
            _merge(session, row, host, guest, at)
        else:
            _move_guest(session, row, guest, by, at)
        attempt.commit()
    except Refusal as refusal:
        attempt.rollback()
        session.refresh(row)
        move(session, row, "no_longer", by=by, at=at, allowed=Role.SYSTEM, reason_code=refusal.code)
        return
    if row.kind == "merge":
        move(session, row, "put_together", by=by, at=at, allowed=Role.SYSTEM)
    else:
        _after_the_change(session, row, by, at)


def _merge(session: Session, row: Grouping, host: Lesson, guest: Lesson, at: datetime) -> None:
    """The host is placed for everybody who comes, then the guest joins it."""
    by = _proposer(row)
    for lesson in (host, guest):
        if lesson.state == L.WAITLISTED:
            system = auth.system(row.district)
            move_lesson(session, lesson, "capacity_found", by=system, at=at)
    host.guest_people = guest.attendees
    session.add(host)
    resource_id = UUID(row.place["resource_id"])
    asked_for = Asked(
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        venue_id=resource_id if row.place["kind"] == "venue" else None,
        site_id=resource_id if row.place["kind"] == "site" else None,
    )
    placing.place(session, host.id, asked=asked_for, by=by, at=at)
    joined.join(session, host, guest, by=by, at=at)


def _move_guest(session: Session, row: Grouping, guest: Lesson, by: Caller, at: datetime) -> None:
    """The district asks for the new time, the school has agreed: the lecturer is asked."""
    change = changes.propose(
        session,
        guest.id,
        asked=Asked(starts_at=row.starts_at, ends_at=row.ends_at),
        reason=row.note,
        grouping_id=row.id,
        by=_proposer(row),
        at=at,
    )
    changes.accept(session, change.id, by=by, at=at)


def _after_the_change(session: Session, row: Grouping, by: Caller, at: datetime) -> None:
    """The lecturer has answered, or it was carried out at once."""
    change = session.exec(
        select(Change).where(Change.grouping_id == row.id).execution_options(populate_existing=True)
    ).first()
    if change is None or change.state == ChangeState.AGREED:
        return
    if change.state == ChangeState.APPLIED:
        move(session, row, "put_together", by=by, at=at, allowed=Role.SYSTEM)
    else:
        code = change.reason_code
        move(session, row, "no_longer", by=by, at=at, allowed=Role.SYSTEM, reason_code=code)


def _open_still(row: Grouping, host: Lesson, guest: Lesson) -> bool:
    if row.kind == "merge":
        return host.state in WAITS and guest.state in WAITS
    # On one way: the guest is still promised elsewhere, the host stands on that day.
    day = abs((host.starts_at or row.starts_at) - row.starts_at)
    near = host.starts_at is not None and day.days == 0
    return guest.state == L.CONFIRMED and host.state == L.CONFIRMED and near


def _open_about(session: Session, *lesson_ids: UUID) -> Grouping | None:
    about = col(Grouping.host_id).in_(lesson_ids) | col(Grouping.guest_id).in_(lesson_ids)
    return session.exec(select(Grouping).where(about, col(Grouping.state).in_(LIVE))).first()


def _deadline(session: Session, one: Found, guest: Lesson, at: datetime) -> datetime:
    """As for a change of date: before the earliest of the times it is about."""
    starts = min(one.slot.starts_at, guest.starts_at or one.slot.starts_at)
    return change_deadline(starts, at, Numbers.of(session, guest.district))


def _proposer(row: Grouping) -> Caller:
    """Whoever proposed it; the history names him."""
    who = frozenset({Role.SCHEDULER})
    return Caller(row.proposer_id, who, row.district, name=row.proposer_name)


def _roles(row: Grouping, by: Caller) -> frozenset[Role]:
    return by.roles | ({Role.OTHER_SIDE} if set(asked(row)) & set(sides(row, by)) else set())
