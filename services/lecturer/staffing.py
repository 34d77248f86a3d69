"""Lecturer: the one thing booking knows of a seat: who holds it, and how it was lost."""

from datetime import datetime
from typing import Any

from services.contracts.booking import Slot
from services.contracts.lecturer import StaffingChanged
from services.kit import outbox
from services.kit.auth import Caller
from services.lecturer.held import Held, public
from services.lecturer.models import Assignment, Staffing
from services.lecturer.states import AssignmentState

# The lesson was given, in part, or not at all: nobody is looked for any more.
TAUGHT = {"done", "partial", "aborted"}
NOBODY: dict[str, Any] = {
    "holder_id": None,
    "holder_name": None,
    "assignment_id": None,
    "assignment_state": None,
    "starts_at": None,
    "ends_at": None,
    "checked_in_at": None,
    "checked_out_at": None,
    "minutes_taught": None,
    "waived": [],
}


def renew(held: Held) -> None:
    """A newer revision of the lesson: what was said of the older one is forgotten."""
    _set(held.staff, **NOBODY, status="none", lost=None, fault=None, notice=None)
    _set(held.staff, handovers=0, checkout_missed=False, excluded={}, revision=held.seat.revision)
    _set(held.staff, ladder_on=False, ladder_mode=None, ladder_waive=[], ladder_reason=None)


def lose(held: Held, how: str) -> None:
    """The holder is gone (released, no_show, voided) and nobody has taken his place."""
    gone, held.holder = held.holder, None
    fault, notice = (gone.fault, gone.notice) if gone else (None, None)
    _set(held.staff, **NOBODY, status="none", lost=how, fault=fault, notice=notice)


def finish(held: Held, status: str) -> None:
    """The lesson is over for its holder: done, partial or aborted."""
    last, held.holder = held.holder, None
    assert last is not None
    _fill(held, last)
    taught = (held.staff.minutes_taught or 0) + (last.minutes_taught or 0)
    _set(held.staff, status=status, minutes_taught=taught, fault=last.fault, notice=last.notice)


def hand_over(held: Held, last: Assignment) -> None:
    """Somebody has taken over in the middle of the lesson: minutes add up."""
    held.staff.minutes_taught = (held.staff.minutes_taught or 0) + (last.minutes_taught or 0)
    held.staff.handovers += 1


def tell(held: Held, *, cause: str, by: Caller, at: datetime) -> None:
    """Bring the row in line with the holder and the offers, and say so if anything changed."""
    staff = held.staff
    if held.holder is not None:
        present = held.holder.state == AssignmentState.CHECKED_IN
        _fill(held, held.holder)
        _set(staff, status="present" if present else "held", lost=None, fault=None, notice=None)
    elif staff.status not in TAUGHT:
        if any(offer.kind == "seat" for offer in held.live):
            staff.status = "offering"
        elif not (staff.ladder_on and staff.status == "exhausted"):
            staff.status = "none"
    if staff.status != "exhausted":
        staff.excluded = {}
    held.session.add(staff)
    if public(staff) == held.before:
        return
    staff.version += 1
    staff.cause, staff.lesson_version = cause, held.seat.version
    held.before = public(staff)
    outbox.tell(held.session, _told(staff, by, at))


def _fill(held: Held, holder: Assignment) -> None:
    staff = held.staff
    _set(
        staff,
        revision=holder.revision,
        holder_id=holder.lecturer_id,
        holder_name=held.name_of(holder.lecturer_id),
        assignment_id=holder.id,
        assignment_state=str(holder.state),
        starts_at=holder.starts_at,
        ends_at=holder.ends_at,
        checked_in_at=staff.checked_in_at if staff.handovers else holder.checked_in_at,
        checked_out_at=holder.checked_out_at,
        waived=list(holder.waived),
    )


def _set(staff: Staffing, **values: Any) -> None:
    for name, value in values.items():
        setattr(staff, name, value)


def _told(staff: Staffing, by: Caller, at: datetime) -> StaffingChanged:
    slot = (
        Slot(starts_at=staff.starts_at, ends_at=staff.ends_at)
        if staff.starts_at and staff.ends_at
        else None
    )
    facts = public(staff)
    del facts["starts_at"], facts["ends_at"]
    return StaffingChanged(
        fact="changed",
        key=staff.lesson_id,
        version=staff.version,
        district=staff.district,
        at=at,
        by=by.actor(),
        lesson_version=staff.lesson_version,
        cause=staff.cause,
        slot=slot,
        **facts,
    )
