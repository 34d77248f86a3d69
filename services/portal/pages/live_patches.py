"""Portal: events as small patches of what a desk page shows. Pure."""

from typing import Any

from services.portal.pages.words import instant

# Subjects the portal may hear in passing; `deploy/nats.conf` allows these and no others.
HEARD = (
    "evt.*.booking.lesson.changed",
    "evt.*.lecturer.staffing.changed",
    "evt.*.lecturer.assignment.*",
    "evt.*.lecturer.offer.*",
)

Patch = dict[str, Any]


def patch_of(envelope: dict[str, Any]) -> Patch | None:
    """{"kind", "id", "version", ...}: kind and id name what is patched, and an older version than
    the one shown is dropped by the browser. None for what no page shows."""
    _, _, _, service, noun, *_ = envelope["type"].split(".")
    facts = envelope["data"]
    make = {
        ("booking", "lesson"): _lesson,
        ("lecturer", "staffing"): _staffing,
        ("lecturer", "assignment"): _assignment,
        ("lecturer", "offer"): _offer,
    }.get((service, noun))
    if make is None:
        return None
    head = {"kind": noun, "id": envelope["subject"], "version": int(envelope["sequence"])}
    return {**head, **make(facts)}


def _lesson(facts: dict[str, Any]) -> Patch:
    return {
        "state": facts["state"],
        "verb": facts.get("verb"),
        "revision": facts["revision"],
        "title": facts["course_title"],
        "school": facts["school_name"],
        **_when(facts.get("slot")),
    }


def _staffing(facts: dict[str, Any]) -> Patch:
    return {
        "status": facts["status"],
        "holder": facts.get("holder_id"),
        "name": facts.get("holder_name"),
        "revision": facts["revision"],
    }


def _assignment(facts: dict[str, Any]) -> Patch:
    return {"state": facts["state"], **_seat(facts)}


def _offer(facts: dict[str, Any]) -> Patch:
    return {
        "state": facts["state"],
        "lecturer_name": facts["lecturer_name"],
        "expires_at": facts.get("expires_at"),
        "of": facts.get("kind", "seat"),
        **_seat(facts),
    }


def _seat(facts: dict[str, Any]) -> Patch:
    seat = facts["seat"]
    return {
        "lesson": seat["lesson_id"],
        "lecturer": facts["lecturer_id"],
        "title": seat["course_title"],
        "school": seat["school_name"],
        **_when(seat["slot"]),
    }


def _when(slot: dict[str, Any] | None) -> Patch:
    """The day, the half-day and the minutes, in the district's time."""
    if not slot:
        return {"on": None, "half": None, "starts": None, "ends": None}
    starts, ends = instant(slot["starts_at"]), instant(slot["ends_at"])
    assert starts is not None and ends is not None
    return {
        "on": f"{starts:%Y-%m-%d}",
        "half": half_of(starts.hour),
        "starts": f"{starts:%H:%M}",
        "ends": f"{ends:%H:%M}",
    }


def half_of(hour: int) -> str:
    return "am" if hour < 12 else "pm" if hour < 18 else "eve"
