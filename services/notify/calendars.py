"""Notify: lessons in people's calendars. One UID for ever, a SEQUENCE that only rises.

iTIP (RFC 5546): a promise is a REQUEST, its end a CANCEL; the one with the higher SEQUENCE counts.
"""

from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from icalendar import Calendar, Event, vCalAddress, vUri
from sqlmodel import Session

from services.contracts.lecturer import AssignmentChanged
from services.kit import config
from services.kit.ids import REFERENCE
from services.notify.models import CalendarEntry
from services.notify.sentences import Words

DOMAIN = "yueke.party-school.cn"
PRODUCT = "-//Yueke//notify//ZH"
# Words that end a promise, and those that make or move one. The others change no calendar.
ENDS = ("released", "replaced", "voided", "no_show")
MAKES = ("committed", "retimed")


def uid(lesson_id: UUID, account_id: UUID) -> str:
    """The name of a lesson in one person's calendar: worked out, so never lost or changed."""
    return f"{uuid5(REFERENCE, f'{lesson_id}/{account_id}')}@{DOMAIN}"


class Told(NamedTuple):
    """What a mail has to say to a calendar."""

    uid: str
    sequence: int
    method: str


def follow(session: Session, said: AssignmentChanged, account_id: UUID) -> Told | None:
    """Bring the entry up to date; answers the invitation to send, or None when the calendar
    already knows better or does not care."""
    if said.fact not in MAKES + ENDS:
        return None
    lesson_id = said.seat.lesson_id
    entry = session.get(CalendarEntry, (lesson_id, account_id), with_for_update=True)
    if entry is not None and not _is_news(entry, said):
        return None
    ends = said.fact in ENDS
    sequence, status = (entry.sequence, entry.status) if entry else (-1, "cancelled")
    nothing_to_cancel = ends and status == "cancelled"
    if not nothing_to_cancel:
        # The lecturer service counts the retimes of one promise, this room all words to a person.
        sequence = max(sequence + 1, 0 if ends else said.sequence)
    entry = session.merge(
        CalendarEntry(
            lesson_id=lesson_id,
            account_id=account_id,
            uid=uid(lesson_id, account_id),
            sequence=sequence,
            status="cancelled" if ends else "confirmed",
            assignment_id=said.key,
            assignment_version=said.version,
            said_at=said.at,
            starts_at=said.seat.slot.starts_at,
            ends_at=said.seat.slot.ends_at,
            place=said.seat.place.model_dump(mode="json"),
        )
    )
    session.flush()
    if nothing_to_cancel:
        return None
    return Told(entry.uid, entry.sequence, "CANCEL" if ends else "REQUEST")


def _is_news(entry: CalendarEntry, said: AssignmentChanged) -> bool:
    """Of one promise the higher version, of two the one made later."""
    if said.key == entry.assignment_id:
        return said.version > entry.assignment_version
    return said.at >= entry.said_at


def invitation(
    told: Told,
    facts: dict[str, Any],
    words: Words,
    *,
    title: str,
    at: datetime,
    name: str,
    email: str,
    link: str,
) -> bytes:
    """The text/calendar part of a mail: one VEVENT, times in UTC."""
    event = entry(told.uid, told.sequence, facts, words, at=at, link=link)
    event.add("status", "CANCELLED" if told.method == "CANCEL" else "CONFIRMED")
    event.add("organizer", _address(config.mail_from(), title))
    attendee = _address(email, name)
    attendee.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"})
    event.add("attendee", attendee, encode=False)
    calendar = empty()
    calendar.add("method", told.method)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def empty() -> Calendar:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODUCT)
    calendar.add("calscale", "GREGORIAN")
    return calendar


def entry(
    name: str, sequence: int, facts: dict[str, Any], words: Words, *, at: datetime, link: str
) -> Event:
    """A VEVENT of a lesson; `at` is when this was said, so that the same state is the same text."""
    event = Event()
    event.add("uid", name)
    event.add("sequence", sequence)
    event.add("dtstamp", at.astimezone(UTC))
    event.add("last-modified", at.astimezone(UTC))
    event.add("dtstart", datetime.fromisoformat(facts["starts_at"]).astimezone(UTC))
    event.add("dtend", datetime.fromisoformat(facts["ends_at"]).astimezone(UTC))
    event.add("summary", facts.get("course", ""))
    event.add("location", words.place(facts) or "")
    if facts.get("lat") is not None and facts.get("lon") is not None:
        event.add("geo", (facts["lat"], facts["lon"]))
    event.add("description", words.details(facts))
    event.add("url", vUri(link))
    return event


def _address(email: str, name: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    address.params["CN"] = name
    return address
