"""Lecturer: the ledger of fairness, and what ranking makes of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from services.kit.auth import Caller
from services.kit.db import insert_many
from services.kit.errors import Forbidden
from services.kit.numbers import Setting
from services.lecturer import ledger, queries
from services.lecturer.models import Lecturer
from tests.lecturer.world import (
    CLERK,
    DAY,
    END,
    FOREIGN,
    HOUR,
    SCHEDULER,
    SETTINGS,
    START,
    YANGLIUQING,
    a_lecturer,
    a_promise,
    a_seat,
    himself,
    local,
)

EVENING = {"starts_at": local("2026-12-08 18:30"), "ends_at": local("2026-12-08 20:00")}
FAR = YANGLIUQING | {"resource_id": str(UUID(int=77)), "lon": 117.4}  # 34 km to the east
LONG_BEFORE = timedelta(days=30)


def gave(session: Session, row: Lecturer, **facts: Any) -> None:
    """A lesson taught, promised long before unless it says otherwise."""
    promised = facts.pop("promised", LONG_BEFORE)
    seat = a_seat(session, **{"starts_at": START, "ends_at": END, **facts})
    assert seat.starts_at is not None
    a_promise(session, row, seat, state="fulfilled", committed_at=seat.starts_at - promised)


def entries(session: Session, by: Caller = SCHEDULER) -> dict[str, dict[str, Any]]:
    return {one["code"]: one for one in ledger.ledger(session, year=2026, by=by)["items"]}


def test_what_nobody_likes_is_counted_apart(district: Session) -> None:
    row = a_lecturer(district)
    gave(district, row)
    gave(district, row, **EVENING)
    gave(district, row, place=FAR, starts_at=START + DAY, ends_at=END + DAY)
    gave(district, row, promised=71 * HOUR, starts_at=START - DAY, ends_at=END - DAY)
    gave(district, row, starts_at=START - 365 * DAY, ends_at=END - 365 * DAY)
    a_promise(district, row, a_seat(district), state="released")

    one = entries(district)["LEC-001"]

    counted = [one[name] for name in ("lessons", "evenings", "far", "short_notice")]
    assert counted == [4, 1, 1, 1]
    assert one["class_hours"] == (3 * 180 + 90) / 45


def test_somebody_online_is_never_far(district: Session) -> None:
    row = a_lecturer(district)
    gave(
        district, row, place={"kind": "online", "name": "", "address": "", "lat": None, "lon": None}
    )

    assert entries(district)["LEC-001"]["far"] == 0


def test_a_lecturer_sees_himself_and_the_average_of_his_pool(district: Session) -> None:
    row, other = a_lecturer(district), a_lecturer(district, "LEC-002")
    a_lecturer(district, "LEC-003", pool="backbone")
    for days in range(3):
        gave(district, row, starts_at=START + days * DAY, ends_at=END + days * DAY)

    found = ledger.ledger(district, year=2026, by=himself(other.id))

    assert [(one["code"], one["lessons"]) for one in found["items"]] == [("LEC-002", 0)]
    averages = {one["pool"]: (one["lecturers"], one["lessons"]) for one in found["averages"]}
    assert averages == {"professional": (2, 1.5), "backbone": (1, 0)}


def test_it_is_kept_from_others(district: Session) -> None:
    a_lecturer(district)
    rows = [
        {"district": "jinnan", "name": n, "value": v, "source": ""} for n, v in SETTINGS.items()
    ]
    insert_many(district, Setting, rows)

    assert entries(district, FOREIGN) == {}
    with pytest.raises(Forbidden, match="role_required"):
        ledger.ledger(district, year=2026, by=CLERK)


def test_whoever_had_fewer_evenings_is_asked_for_the_next(district: Session) -> None:
    tired = a_lecturer(district, half_days=["TUE_EVE"], max_sessions_per_week=9)
    fresh = a_lecturer(district, "LEC-002", half_days=["TUE_EVE"], max_sessions_per_week=9)
    gave(district, tired, **EVENING)
    gave(district, fresh, starts_at=START + 7 * DAY, ends_at=END + 7 * DAY)
    later = {name: at + 7 * DAY for name, at in EVENING.items()}

    shown = queries.candidates(district, a_seat(district, **later).lesson_id, by=SCHEDULER)

    terms = [{t["name"]: t["points"] for t in one["terms"]} for one in shown["items"]]
    assert [one["lecturer_id"] for one in shown["items"]] == [fresh.id, tired.id]
    assert [one["evenings"] for one in terms] == [0, -5]
    assert all("far" not in one for one in terms)


def test_a_lesson_by_day_asks_nothing_about_evenings(district: Session) -> None:
    row = a_lecturer(district, max_sessions_per_week=9)
    gave(district, row, **EVENING)

    [one] = queries.candidates(district, a_seat(district).lesson_id, by=SCHEDULER)["items"]

    assert "evenings" not in {term["name"] for term in one["terms"]}
