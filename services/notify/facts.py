"""Notify: what a sentence may speak of, taken from an event. Values in, values out.

Instants stay instants (ISO text under names that end in `_at`), days end in `_on`; codes stay
codes. They become words of the reader's language when he reads them (`sentences.py`).
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.contracts.booking import (
    ChangeChanged,
    GroupingChanged,
    LessonChanged,
    OrderChanged,
    Place,
    PlanChanged,
    SeasonChanged,
    Slot,
)
from services.contracts.catalog import CourseChanged, SiteChanged
from services.contracts.lecturer import (
    AppointmentChanged,
    AssignmentChanged,
    LecturerChanged,
    OfferChanged,
    Seat,
    StaffingChanged,
)
from services.contracts.portal import ResetAsked
from services.kit.event import Event

Facts = dict[str, Any]

# What happens this soon cannot wait for the morning.
SOON = timedelta(hours=24)
ANSWER_SOON = timedelta(hours=4)


def of_event(said: Event) -> Facts:
    """The facts of one event, plain JSON."""
    match said:
        case OrderChanged():
            facts = _plain(said, "number", "lines", "reason", "reason_code")
            facts |= {"lines_returned": said.lines_returned or None}
            facts |= {"school": said.school_name, "due_at": _iso(said.due_at)}
        case LessonChanged():
            facts = of_lesson(said) | {"reason": said.note}
        case ChangeChanged():
            facts = _slot(said.slot) | _place(said.place) | _old_slot(said.old_slot)
            facts |= _plain(said, "round", "reason", "reason_code")
            facts |= {
                "school": said.school_name,
                "course": said.course_title,
                "due_at": _iso(said.due_at),
            }
        case PlanChanged():
            facts = _plain(said, "lessons", "served", "placed", "skipped_why", "reason_code")
            facts |= {"left": said.lessons - said.served or None, "skipped": said.skipped or None}
            facts |= {"first_on": said.first_on.isoformat(), "last_on": said.last_on.isoformat()}
        case SeasonChanged():
            facts = _plain(said, "lessons", "placed") | {"season": said.name, "reason": said.note}
            facts |= {"first_on": said.first_on.isoformat(), "last_on": said.last_on.isoformat()}
            facts |= {"closes_at": _iso(said.closes_at)}
        case GroupingChanged():
            facts = _slot(said.slot) | _place(said.place) | _plain(said, "reason", "reason_code")
            facts |= {"school": said.guest_school_name, "host": said.host_school_name}
            facts |= {"course": said.course_title, "due_at": _iso(said.due_at)}
            facts |= {"km": said.gain.km, "people": said.gain.people}
            facts |= {"proposal_note": said.note_of_proposer}
        case OfferChanged():
            facts = _seat(said.seat) | _old_slot(said.counter)
            facts |= _plain(said, "reason", "reason_code") | {"lecturer": said.lecturer_name}
            facts |= {"due_at": _iso(said.expires_at)}
        case AssignmentChanged():
            facts = _seat(said.seat) | _plain(said, "reason", "reason_code", "minutes_taught")
            facts |= {"lecturer": said.lecturer_name}
        case StaffingChanged():
            facts = _plain(said, "waived", "excluded") | {"lecturer": said.holder_name}
            facts |= _slot(said.slot) if said.slot else {}
        case LecturerChanged():
            facts = {"lecturer": said.name, "reason": said.reason, "act": f"lecturer.{said.verb}"}
            facts |= _slot(said.leave) if said.leave else {}
        case AppointmentChanged():
            facts = _plain(said, "days_left") | {"lecturer": said.lecturer_name}
            facts |= {"appointment": said.number}
            facts |= {"starts_on": said.starts_on.isoformat(), "ends_on": said.ends_on.isoformat()}
        case CourseChanged():
            newest = said.versions[-1] if said.versions else None
            facts = {"course": newest.title if newest else said.code, "code": said.code}
        case SiteChanged():
            facts = {"site": said.name, "site_state": said.state, "open_rule": said.open_rule}
        case ResetAsked():
            facts = {"link_ends_at": _iso(said.ends_at)}
        case _:
            facts = {}
    return _known(facts)


def of_lesson(said: LessonChanged) -> Facts:
    """What sentences about a lesson, and calendars, say of it."""
    facts = _plain(said, "minutes", "attendees", "contact_name", "contact_phone", "reason_code")
    facts |= {"number": said.order_number, "school": said.school_name}
    facts |= {"course": said.course_title, "line": said.line}
    facts |= {"joined_to": str(said.joined_to) if said.joined_to else None}
    facts |= _plain(said, "verified_minutes") | {"due_at": _iso(said.due_at)}
    facts |= _slot(said.slot) if said.slot else {}
    facts |= _place(said.place) if said.place else {}
    return _known(facts)


def of_actor(said: Event) -> Facts:
    """Who recorded it for somebody else, by which channel, and in which words."""
    note = getattr(said, "note", None)
    facts: Facts = {"recorded_by": said.by.name, "recorded_role": said.by.role}
    facts |= {"recorded_channel": said.by.channel, "recorded_note": note}
    facts |= {"act": f"{said.aggregate.split('.')[1]}.{said.fact}"}
    return _known(facts)


def about(said: Event) -> dict[str, str]:
    """The rows it concerns, for whoever shows or groups messages."""
    noun = said.aggregate.split(".")[1]
    ids: dict[str, UUID | None] = {f"{noun}_id": said.key}
    match said:
        case LessonChanged():
            ids |= {"order_id": said.order_id}
        case GroupingChanged():
            ids |= {"lesson_id": said.guest_lesson_id, "order_id": said.guest_order_id}
        case ChangeChanged():
            ids |= {"lesson_id": said.lesson_id, "order_id": said.order_id}
        case OfferChanged() | AssignmentChanged():
            ids |= {"lesson_id": said.seat.lesson_id}
        case StaffingChanged():
            ids = {"lesson_id": said.key}
        case AppointmentChanged():
            ids |= {"lecturer_id": said.lecturer_id}
    return {name: str(id) for name, id in ids.items() if id is not None}


def link(said: Event) -> str:
    """Where a click leads, below the origin."""
    if isinstance(said, ResetAsked):
        return "/account"
    if isinstance(said, StaffingChanged):
        return f"/lessons/{said.key}"
    if isinstance(said, AppointmentChanged):
        return f"/lecturers/{said.lecturer_id}"
    return f"/{said.aggregate.split('.')[1]}s/{said.key}"


def presses(said: Event) -> bool:
    """Is it about something so near that quiet hours cannot hold it back?"""
    if isinstance(said, LessonChanged) and said.rescue:
        return True
    slot: Slot | None = getattr(said, "slot", None)
    if isinstance(said, OfferChanged | AssignmentChanged):
        slot = said.seat.slot
    due: datetime | None = getattr(said, "expires_at", None)
    near = slot is not None and said.at <= slot.ends_at and slot.starts_at - said.at < SOON
    return near or (due is not None and timedelta() <= due - said.at < ANSWER_SOON)


def of_seat(seat: Seat) -> Facts:
    return _known(_seat(seat))


def _seat(seat: Seat) -> Facts:
    facts = {"number": seat.order_number, "school": seat.school_name, "course": seat.course_title}
    facts |= _plain(seat, "attendees", "contact_name", "contact_phone")
    return facts | _slot(seat.slot) | _place(seat.place)


def _slot(slot: Slot) -> Facts:
    return {"starts_at": _iso(slot.starts_at), "ends_at": _iso(slot.ends_at)}


def _old_slot(slot: Slot | None) -> Facts:
    """The other slot spoken of: the one before, or the one proposed instead."""
    if slot is None:
        return {}
    return {"other_starts_at": _iso(slot.starts_at), "other_ends_at": _iso(slot.ends_at)}


def _place(place: Place) -> Facts:
    facts = {"place": place.name, "address": place.address, "place_kind": place.kind}
    return facts | {"lat": place.lat, "lon": place.lon}


def _plain(row: Any, *names: str) -> Facts:
    return {name: getattr(row, name) for name in names}


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _known(facts: Facts) -> Facts:
    return {name: value for name, value in facts.items() if value not in (None, "", [], {})}
