"""Portal: one lesson as a calendar file, under the name it has in every calendar of the person."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from icalendar import Alarm, Calendar, Event, vUri

from services.kit import config
from services.kit.ids import REFERENCE
from services.portal.pages.phone_words import geo_url
from services.portal.pages.words import Words, instant

# Calendar invitations and feeds name a lesson the same way, so that it stands there once.
DOMAIN = "yueke.party-school.cn"
PRODUCT = "-//Yueke//portal//ZH"
ENDED = ("released", "replaced", "voided", "no_show")


def uid(lesson_id: str, account_id: UUID) -> str:
    return f"{uuid5(REFERENCE, f'{lesson_id}/{account_id}')}@{DOMAIN}"


def one(lesson: dict[str, Any], *, account_id: UUID, at: datetime, _: Words) -> bytes:
    """A calendar with this one lesson, two hours' warning included."""
    facts, place = lesson["lesson"], lesson["place"]
    event = Event()
    event.add("uid", uid(lesson["lesson_id"], account_id))
    event.add("sequence", lesson["sequence"])
    event.add("dtstamp", at.astimezone(UTC))
    event.add("dtstart", _utc(lesson["starts_at"]))
    event.add("dtend", _utc(lesson["ends_at"]))
    event.add("summary", facts["course_title"])
    where = [place.get("name"), place.get("address")]
    event.add("location", " ".join(dict.fromkeys(part for part in where if part)))
    if geo_url(place):
        event.add("geo", (place["lat"], place["lon"]))
    lines = [
        facts["school_name"],
        _("%(n)s 人", n=facts["attendees"]),
        _("联系人：%(name)s %(phone)s", name=facts["contact_name"], phone=facts["contact_phone"]),
        facts["notes"],
    ]
    event.add("description", "\n".join(line for line in lines if line))
    event.add("url", vUri(f"{config.origin()}/phone/lessons/{lesson['id']}"))
    event.add("status", "CANCELLED" if lesson["state"] in ENDED else "CONFIRMED")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", facts["course_title"])
    alarm["trigger"] = "-PT2H"
    event.add_component(alarm)
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODUCT)
    calendar.add("calscale", "GREGORIAN")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _utc(value: Any) -> datetime:
    at = instant(value)
    assert at is not None
    return at.astimezone(UTC)
