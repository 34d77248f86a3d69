"""Rows as services show them, whole enough for the invariants, to be bent one at a time."""

from datetime import UTC, datetime
from typing import Any

from deploy.books import Books, Row

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
HALL: Row = {"kind": "venue", "resource_id": "hall", "lat": 39.1, "lon": 117.0}
FAR: Row = {"kind": "venue", "resource_id": "far", "lat": 39.2, "lon": 117.0}
ONLINE: Row = {"kind": "online", "resource_id": None, "lat": None, "lon": None}
NUMBERS = {
    "time_zone": "Asia/Shanghai",
    "travel_fixed_minutes": "15",
    "travel_minutes_per_km": "2",
}
WHY = {"reason_code": None, "fault": None, "notice": None}


def lesson(**other: Any) -> Row:
    row = {
        **{"id": "lesson", "version": 3, "state": "confirmed", "revision": 1, "retime": None},
        **{"order_id": "order", "school_id": "school", "course_id": "course", "place": HALL},
        **{"starts_at": "2026-12-07T01:00:00Z", "ends_at": "2026-12-07T02:00:00Z"},
        **{"due_at": None, **WHY},
    }
    return {**row, **other}


def assignment(**other: Any) -> Row:
    row = {
        **{"id": "promise", "version": 1, "state": "committed", "revision": 1, "waived": []},
        **{"lesson_id": "lesson", "lecturer_id": "lecturer", "offer_id": "offer", "place": HALL},
        **{"starts_at": "2026-12-07T01:00:00Z", "ends_at": "2026-12-07T02:00:00Z"},
        **{"sequence": 0, **WHY},
    }
    return {**row, **other}


def offer(**other: Any) -> Row:
    row = {
        **{"id": "offer", "version": 2, "state": "accepted", "kind": "seat", "revision": 1},
        **{"lesson_id": "lesson", "lecturer_id": "lecturer", "change_id": None},
        **{"expires_at": "2026-11-25T01:00:00Z", **WHY},
    }
    return {**row, **other}


def appointment(**other: Any) -> Row:
    row = {"id": "letter", "lecturer_id": "lecturer", "revoked_on": None}
    return {**row, "starts_on": "2026-01-01", "ends_on": "2026-12-07", **other}


def order(**other: Any) -> Row:
    row = {"id": "order", "version": 3, "state": "approved"}
    return {**row, "review_due_at": None, "fix_due_at": None, **WHY, **other}


def change(**other: Any) -> Row:
    row = {"id": "change", "version": 1, "state": "proposed", "lesson_id": "lesson"}
    return {**row, "deadline_at": "2026-11-24T01:00:00Z", **WHY, **other}


def hold(**other: Any) -> Row:
    row = {"id": "hold", "resource_id": "hall", "lesson_id": "lesson", "live": True}
    slot = {"starts_at": "2026-12-07T01:00:00Z", "ends_at": "2026-12-07T02:00:00Z"}
    return {**row, **slot, **other}


def books(**kinds: list[Row]) -> Books:
    """`booking__lesson=[...]`; what is not named agrees with what is."""
    rows = {kind.replace("__", "."): found for kind, found in kinds.items()}
    lessons = rows.setdefault("booking.lesson", [lesson()])
    rows.setdefault("lecturer.seat", [dict(row) for row in lessons])
    rows.setdefault("notify.lesson_copy", [dict(row) for row in lessons])
    holders = {
        row["lesson_id"]: row["id"]
        for row in rows.get("lecturer.assignment", [])
        if row["state"] in ("committed", "release_requested", "checked_in")
    }
    staffing = [
        {
            **{"id": row["id"], "version": 2, "revision": row["revision"], "status": "held"},
            **{"holder_id": None, "assignment_id": holders.get(row["id"])},
        }
        for row in lessons
    ]
    for kind in ("lecturer.staffing", "booking.staffing_copy", "notify.staffing_copy"):
        rows.setdefault(kind, [dict(row) for row in staffing])
    promises = rows.get("lecturer.assignment", [])
    rows.setdefault("notify.assignment_copy", [dict(row) for row in promises])
    numbers = [{"id": name, "value": value} for name, value in NUMBERS.items()]
    for service in ("booking", "lecturer", "notify"):
        rows.setdefault(f"{service}.setting", [dict(row) for row in numbers])
    services = ("portal", "catalog", "booking", "lecturer", "notify")
    return Books(rows, dict.fromkeys(services, NOW))
