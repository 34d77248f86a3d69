"""Lecturer: the ledger of fairness (公平账): who carried how much of a year, and how much of what
nobody likes: evenings, long ways, short notice."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import Session, col

from services.kit import clock
from services.kit.auth import Caller, Role
from services.kit.numbers import Numbers
from services.lecturer.models import Assignment, Lecturer
from services.lecturer.people import COUNTED
from services.lecturer.places import Spot, km, spot
from services.lecturer.seeing import DISTRICT_WIDE

FAR_KM = 20  # proposal: one way from home, straight line


@dataclass(frozen=True)
class Burden:
    """What one lecturer gave or promised in a year."""

    lessons: int = 0
    minutes: int = 0
    evenings: int = 0
    far: int = 0
    short_notice: int = 0


NOTHING = Burden()


@dataclass(frozen=True)
class Measure:
    """What counts as an evening and as short notice, by the district's numbers."""

    zone: ZoneInfo
    evening: time  # lessons that begin then or later
    notice: timedelta  # promised less than this before the lesson

    @classmethod
    def of(cls, numbers: Numbers) -> "Measure":
        return cls(
            zone=numbers.zone,
            evening=time.fromisoformat(numbers.text("half_day_eve").split("-")[0]),
            notice=timedelta(hours=numbers.int("notice_early_hours")),
        )

    def is_evening(self, starts_at: datetime) -> bool:
        return starts_at.astimezone(self.zone).time() >= self.evening

    def is_short(self, promised_at: datetime, starts_at: datetime) -> bool:
        return starts_at - promised_at < self.notice


def is_far(home: Spot, place: Spot) -> bool:
    """Without coordinates of both, and online, no way is far."""
    return not place.online and (km(home, place) or 0) >= FAR_KM


def burdens(
    session: Session,
    district: str,
    *,
    year: int,
    measure: Measure,
    ids: Collection[UUID] | None = None,
    without: UUID | None = None,
) -> dict[UUID, Burden]:
    """Of the lecturers who gave or promised anything in this calendar year, or of some of them;
    in one query. `without`: a lesson that does not count."""
    first, after = clock.calendar_year(year, measure.zone)
    chosen = (
        select(
            *(col(Assignment.lecturer_id), col(Assignment.starts_at), col(Assignment.ends_at)),
            *(col(Assignment.committed_at), col(Assignment.place)),
            *(col(Lecturer.home_lat), col(Lecturer.home_lon)),
        )
        .join(Lecturer, col(Lecturer.id) == col(Assignment.lecturer_id))
        .where(
            col(Assignment.district) == district,
            col(Assignment.state).in_(COUNTED),
            col(Assignment.starts_at) >= first,
            col(Assignment.starts_at) < after,
        )
    )
    if ids is not None:
        chosen = chosen.where(col(Assignment.lecturer_id).in_(list(ids)))
    if without is not None:
        chosen = chosen.where(col(Assignment.lesson_id) != without)
    his: dict[UUID, list[Burden]] = {}
    for id, starts_at, ends_at, promised_at, place, lat, lon in session.execute(chosen):
        one = Burden(
            lessons=1,
            minutes=int((ends_at - starts_at).total_seconds()) // 60,
            evenings=measure.is_evening(starts_at),
            far=is_far(Spot(None, lat, lon), spot(place)),
            short_notice=measure.is_short(promised_at, starts_at),
        )
        his.setdefault(id, []).append(one)
    return {id: _sum(parts) for id, parts in his.items()}


def _sum(parts: Sequence[Burden]) -> Burden:
    names = (field.name for field in fields(Burden))
    return Burden(**{name: sum(getattr(part, name) for part in parts) for name in names})


def ledger(session: Session, *, year: int, by: Caller) -> dict[str, Any]:
    """Everybody's year for the district; for a lecturer his own. Beside it what the lecturers of
    each pool carried on average, so that anybody can see where he stands."""
    by.needs(*DISTRICT_WIDE, Role.LECTURER)
    numbers = Numbers.of(session, by.district)
    measure, hour = Measure.of(numbers), numbers.int("minutes_per_class_hour")
    carried = burdens(session, by.district, year=year, measure=measure)
    lecturers = session.execute(
        select(
            *(col(Lecturer.id), col(Lecturer.code), col(Lecturer.name), col(Lecturer.pool)),
            col(Lecturer.status),
        )
        .where(col(Lecturer.district) == by.district)
        .order_by(col(Lecturer.code))
    )
    everybody = [
        {
            "lecturer_id": id,
            "code": code,
            "name": name,
            "pool": pool,
            **_shown(carried.get(id, NOTHING), hour),
        }
        for id, code, name, pool, status in lecturers
        if id in carried or status == "active"
    ]
    own = not by.has(*DISTRICT_WIDE)
    return {
        "year": year,
        "far_km": FAR_KM,
        "notice_hours": numbers.int("notice_early_hours"),
        "items": [one for one in everybody if not own or one["lecturer_id"] == by.lecturer_id],
        "averages": _averages(everybody),
    }


def _shown(burden: Burden, hour: int) -> dict[str, Any]:
    counted = {field.name: getattr(burden, field.name) for field in fields(burden)}
    return {**counted, "class_hours": round(counted.pop("minutes") / hour, 1)}


def _averages(everybody: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    pools: dict[str, list[dict[str, Any]]] = {}
    for one in everybody:
        pools.setdefault(one["pool"], []).append(one)
    names = ("lessons", "class_hours", "evenings", "far", "short_notice")
    return [
        {
            "pool": pool,
            "lecturers": len(rows),
            **{name: round(sum(row[name] for row in rows) / len(rows), 1) for name in names},
        }
        for pool, rows in sorted(pools.items())
    ]
