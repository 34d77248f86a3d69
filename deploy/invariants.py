"""Deploy: what must hold in every district at every moment, over rows the services have shown.

Pure. Each function yields every row it looked at, with what is wrong with it. Lessons about which
the services have not yet heard each other's newest word are left out of I3, I4 and I7.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import Any

from deploy.books import Books, Look, Looks, Row, instant

LIVE_OFFER = ("pending", "countered")
LIVE_ASSIGNMENT = ("committed", "release_requested", "checked_in")
HELD = ("confirmed", "in_progress")
# A place is held for a lesson in one of these.
PLACED = ("tentative", "confirmed", "at_risk", "suspended", "in_progress")
SETTLED = ("verified", "written_off", "cancelled")
DEAD_ORDER = ("withdrawn", "expired", "rejected", "cancelled")
GRACE = timedelta(seconds=5)
EARTH_KM = 6371.0

ENDS = {
    "booking.order_letter": (*DEAD_ORDER, "closed"),
    "booking.lesson": (*SETTLED, "not_delivered"),
    "booking.change": ("applied", "rejected", "withdrawn", "expired"),
    "lecturer.offer": ("declined", "expired", "revoked", "superseded", "invalidated"),
    "lecturer.assignment": ("fulfilled", "partial", "released", "replaced", "voided", "no_show"),
}
FAULTS = ("none", "school", "lecturer", "district", "force_majeure")
NOTICES = ("early", "late", "same_day", "after_start")


def one_holder_per_seat(books: Books) -> Looks:
    """I1. And the staffing row names him."""
    staffing = books.by_id("lecturer.staffing")
    for lesson_id, rows in books.grouped("lecturer.assignment", "lesson_id").items():
        live = [row for row in rows if row["state"] in LIVE_ASSIGNMENT]
        for extra, row in enumerate(live):
            why = f"{len(live)} live holders of lesson {lesson_id}" if extra else ""
            if not why and (staffing.get(lesson_id) or {}).get("assignment_id") != row["id"]:
                why = f"the staffing of lesson {lesson_id} names another holder"
            yield Look("lecturer.assignment", row["id"], why)


def nobody_in_two_places(books: Books) -> Looks:
    """I2. Between two lessons at different places lies the time to get there."""
    for rows in books.grouped("lecturer.assignment", "lecturer_id").values():
        live = [row for row in rows if row["state"] in LIVE_ASSIGNMENT]
        live.sort(key=lambda row: instant(row["starts_at"]))
        for row in live[:1]:
            yield Look("lecturer.assignment", row["id"])
        for before, row in pairwise(live):
            gap = instant(row["starts_at"]) - instant(before["ends_at"])
            needed = travel(before["place"], row["place"], books.numbers)
            why = ""
            if gap < needed:
                minutes = f"{gap.total_seconds() / 60:.0f} of {needed.total_seconds() / 60:.1f}"
                why = f"{minutes} minutes after assignment {before['id']} of the same lecturer"
            yield Look("lecturer.assignment", row["id"], why)


def confirmed_exactly_when_held(books: Books) -> Looks:
    """I3. Two exceptions by name: a holder for whom a rule was waived, on a lesson at risk, waits
    for the school (decision 6); a suspended lesson keeps its holder (decision 7)."""
    held = {
        row["lesson_id"]: row
        for row in books["lecturer.assignment"]
        if row["state"] in LIVE_ASSIGNMENT
    }
    for lesson in books["booking.lesson"]:
        if lesson["id"] not in books.settled:
            continue
        holder, state = held.get(lesson["id"]), lesson["state"]
        why = ""
        if state in HELD and holder is None:
            why = f"{state}, and nobody holds the seat"
        elif holder is not None and state not in HELD and not _excepted(lesson, holder):
            why = f"{state}, and assignment {holder['id']} holds the seat"
        elif holder and (state == "in_progress") != (holder["state"] == "checked_in"):
            why = f"{state}, and its holder is {holder['state']}"
        yield Look("booking.lesson", lesson["id"], why)


def _excepted(lesson: Row, holder: Row) -> bool:
    waits = lesson["state"] == "at_risk" and holder["waived"]
    return lesson["state"] == "suspended" or bool(waits)


def offers_only_where_wanted(books: Books) -> Looks:
    """I4. Or for a stand-by while a release is requested; a question about a new time (retime)
    lives as long as the agreed change does."""
    lessons = books.by_id("booking.lesson")
    leaving = {
        row["lesson_id"]
        for row in books["lecturer.assignment"]
        if row["state"] == "release_requested"
    }
    for offer in books["lecturer.offer"]:
        lesson = lessons.get(offer["lesson_id"])
        if offer["state"] not in LIVE_OFFER or (lesson and lesson["id"] not in books.settled):
            continue
        why = ""
        if lesson is None:
            why = f"lesson {offer['lesson_id']} is unknown"
        elif offer["kind"] == "retime":
            asked = lesson["retime"] or {}
            if asked.get("change_id") != offer["change_id"]:
                why = f"no agreed change {offer['change_id']} on lesson {lesson['id']}"
        elif lesson["state"] not in ("tentative", "at_risk"):
            stand_by = lesson["state"] == "confirmed" and lesson["id"] in leaving
            why = "" if stand_by else f"lesson {lesson['id']} is {lesson['state']}"
        yield Look("lecturer.offer", offer["id"], why)


def holders_are_appointed(books: Books) -> Looks:
    """I5. On the day of the lesson, as the district's wall calendar shows it."""
    letters = books.grouped("lecturer.appointment", "lecturer_id")
    for row in books["lecturer.assignment"]:
        if row["state"] not in LIVE_ASSIGNMENT:
            continue
        on = instant(row["starts_at"]).astimezone(books.zone).date()
        valid = any(_valid(letter, on) for letter in letters.get(row["lecturer_id"], []))
        why = "" if valid else f"lecturer {row['lecturer_id']} has no appointment on {on}"
        yield Look("lecturer.assignment", row["id"], why)


def _valid(letter: Row, on: date) -> bool:
    first, last = (date.fromisoformat(letter[name]) for name in ("starts_on", "ends_on"))
    revoked = letter["revoked_on"] and date.fromisoformat(letter["revoked_on"])
    return first <= on <= last and not (revoked and revoked <= on)


def letters_end_with_their_lessons(books: Books) -> Looks:
    """I6. Closed: all lessons settled, one verified at least. Dead: no live lesson."""
    lessons = books.grouped("booking.lesson", "order_id")
    for order in books["booking.order_letter"]:
        mine = lessons.get(order["id"], [])
        live = [row for row in mine if row["state"] not in SETTLED]
        why = ""
        if order["state"] in (*DEAD_ORDER, "closed") and live:
            why = f"{order['state']}, and lesson {live[0]['id']} is {live[0]['state']}"
        elif order["state"] == "closed" and all(row["state"] != "verified" for row in mine):
            why = "closed, and no lesson is verified"
        yield Look("booking.order_letter", order["id"], why)


def promises_are_of_this_revision(books: Books) -> Looks:
    """I7. The offer behind a live assignment was accepted, for the lesson as it is now."""
    offers, lessons = books.by_id("lecturer.offer"), books.by_id("booking.lesson")
    for row in books["lecturer.assignment"]:
        lesson = lessons.get(row["lesson_id"])
        if row["state"] not in LIVE_ASSIGNMENT or (lesson and lesson["id"] not in books.settled):
            continue
        offer, why = offers.get(row["offer_id"]), ""
        if lesson is None:
            why = f"lesson {row['lesson_id']} is unknown"
        elif offer is None or offer["state"] != "accepted":
            why = f"offer {row['offer_id']} is {offer['state'] if offer else 'unknown'}"
        elif not offer["revision"] == row["revision"] == lesson["revision"]:
            numbers = f"{offer['revision']}, {row['revision']} and {lesson['revision']}"
            why = f"offer, assignment and lesson are of revisions {numbers}"
        yield Look("lecturer.assignment", row["id"], why)


def ends_say_why(books: Books) -> Looks:
    """I9. Every end has its reason, fault and notice; an accepted offer lives on as a promise."""
    for kind, ends in ENDS.items():
        for row in books[kind]:
            if row["state"] not in ends:
                continue
            missing = [] if row["reason_code"] else ["reason_code"]
            missing += [] if row["fault"] in FAULTS else ["fault"]
            missing += [] if row["notice"] in NOTICES else ["notice"]
            why = f"{row['state']} without {', '.join(missing)}" if missing else ""
            yield Look(kind, row["id"], why)


def deadlines_have_effect(books: Books) -> Looks:
    """I10. No deadline lies more than five seconds in the past without its effect."""
    for service in ("catalog", "booking", "lecturer", "notify"):
        for row in books[f"{service}.overdue"]:
            why = f"{row['verb']} was due at {row['due_at']} (tried {row['tries']} times)"
            yield Look(f"{service}.timer", row["id"], why)
    for kind, row, name in _deadlines(books):
        now = books.now[kind.partition(".")[0]]
        past = row[name] is not None and instant(row[name]) < now - GRACE
        why = f"{row.get('state', '')} and {name} was {row[name]}" if past else ""
        yield Look(kind, row["id"], why)


def _deadlines(books: Books) -> Iterator[tuple[str, Row, str]]:
    for row in books["lecturer.offer"]:
        if row["state"] in LIVE_OFFER:
            yield "lecturer.offer", row, "expires_at"
    for row in books["booking.change"]:
        if row["state"] == "proposed":
            yield "booking.change", row, "deadline_at"
    for row in books["booking.order_letter"]:
        if row["state"] in ("submitted", "returned"):
            name = "review_due_at" if row["state"] == "submitted" else "fix_due_at"
            yield "booking.order_letter", row, name
    for row in books["booking.lesson"]:
        if row["state"] not in SETTLED:
            yield "booking.lesson", row, "due_at"


def no_place_used_twice(books: Books) -> Looks:
    """I11. Neither by the holds nor by the lessons themselves."""
    holds = [row for row in books["booking.place_hold"] if row["live"]]
    yield from _apart("booking.place_hold", holds, lambda row: row["resource_id"], "lesson_id")
    placed = [
        row
        for row in books["booking.lesson"]
        if row["state"] in PLACED and (row["place"] or {}).get("resource_id")
    ]
    yield from _apart("booking.lesson", placed, lambda row: row["place"]["resource_id"], "id")


def guests_are_where_their_host_is(books: Books) -> Looks:
    """I13. A joined lesson stands at its host's time and place and is held by nobody else; its host
    counts exactly the people who come."""
    lessons = books.by_id("booking.lesson")
    coming: dict[str, int] = {}
    for row in books["booking.lesson"]:
        host_id = row.get("joined_to")
        if host_id is None:
            continue
        if row["state"] != "cancelled":
            coming[host_id] = coming.get(host_id, 0) + row["attendees"]
        if row["state"] != "joined":
            continue
        host, why = lessons.get(host_id), ""
        if host is None or host["state"] not in PLACED:
            why = f"joined to {host_id}, which is {host['state'] if host else 'unknown'}"
        elif any(row[name] != host[name] for name in ("starts_at", "ends_at", "place")):
            why = f"is not where and when {host_id} is"
        yield Look("booking.lesson", row["id"], why)
    for row in books["booking.lesson"]:
        people, said = coming.get(row["id"], 0), row.get("guest_people", 0)
        if people or said:
            live = row["state"] not in SETTLED
            why = f"counts {said} guests, and {people} come" if live and people != said else ""
            yield Look("booking.lesson", row["id"], why)


def _apart(kind: str, rows: Iterable[Row], resource: Any, lesson: str) -> Looks:
    """Each against the one that holds the place longest of those before it."""
    latest: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: (resource(row), instant(row["starts_at"]))):
        before, why = latest.get(resource(row)), ""
        others = before is not None and row[lesson] != before[lesson]
        if before and others and instant(row["starts_at"]) < instant(before["ends_at"]):
            why = f"overlaps {before['id']} at place {resource(row)}"
        if before is None or instant(row["ends_at"]) > instant(before["ends_at"]):
            latest[resource(row)] = row
        yield Look(kind, row["id"], why)


def travel(a: Row, b: Row, numbers: dict[str, str]) -> timedelta:
    """From one place to the next; nothing when they are the same or one is online."""
    if "online" in (a["kind"], b["kind"]) or _same(a, b):
        return timedelta()
    minutes = float(numbers["travel_fixed_minutes"])
    if None not in (a["lat"], a["lon"], b["lat"], b["lon"]):
        minutes += float(numbers["travel_minutes_per_km"]) * _km(a, b)
    return timedelta(minutes=minutes)


def _same(a: Row, b: Row) -> bool:
    if a["resource_id"] is not None and a["resource_id"] == b["resource_id"]:
        return True
    return a["lat"] is not None and (a["lat"], a["lon"]) == (b["lat"], b["lon"])


def _km(a: Row, b: Row) -> float:
    lat_a, lat_b = radians(a["lat"]), radians(b["lat"])
    half = sin((lat_b - lat_a) / 2) ** 2
    half += cos(lat_a) * cos(lat_b) * sin(radians(b["lon"] - a["lon"]) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, half)))


INVARIANTS = {
    "I1": (one_holder_per_seat, "one live holder per seat"),
    "I2": (nobody_in_two_places, "no lecturer in two places, travel included"),
    "I3": (confirmed_exactly_when_held, "confirmed or in progress exactly when the seat is held"),
    "I4": (offers_only_where_wanted, "live offers only where a seat is to be filled"),
    "I5": (holders_are_appointed, "no holder without an appointment valid on the day"),
    "I6": (letters_end_with_their_lessons, "letters end with their lessons"),
    "I7": (promises_are_of_this_revision, "promises are of the lesson's current revision"),
    "I9": (ends_say_why, "every end has reason, fault and notice"),
    "I10": (deadlines_have_effect, "no deadline in the past without its effect"),
    "I11": (no_place_used_twice, "no site or venue used twice at once"),
    "I13": (guests_are_where_their_host_is, "guests are where and when their host is"),
}
