"""Booking: the district's work calendar (工作日历). Years not announced yet are provisional."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking import editions
from services.booking.models import WorkDay
from services.booking.rules import SATURDAY, WorkCalendar
from services.contracts import booking as said
from services.kit.auth import Caller, Role
from services.kit.errors import Invalid
from services.kit.ids import reference_id
from services.kit.outbox import tell

KINDS = ("workday", "weekend", "public_holiday", "makeup_workday")
FIRST_YEAR, LAST_YEAR = 2000, 2100


def between(session: Session, district: str, first: date, last: date) -> WorkCalendar:
    """What is known of these days."""
    known = session.execute(
        sa.select(col(WorkDay.on), col(WorkDay.is_workday), col(WorkDay.kind))
        .where(col(WorkDay.district) == district)
        .where(col(WorkDay.on).between(first, last))
    ).all()
    return WorkCalendar(
        days={on: is_workday for on, is_workday, _ in known},
        holidays=frozenset(on for on, _, kind in known if kind == "public_holiday"),
    )


def due_after(days: WorkCalendar, at: datetime, workdays: int, zone: ZoneInfo) -> datetime:
    """The same hour, that many working days later."""
    local = at.astimezone(zone)
    return datetime.combine(days.add_workdays(local.date(), workdays), local.timetz())


def year(session: Session, district: str, of: int) -> tuple[list[said.WorkDay], bool]:
    """Every day of a year, and whether any of it is provisional."""
    check_year(of)
    first, last = date(of, 1, 1), date(of, 12, 31)
    rows = session.exec(
        select(WorkDay)
        .where(WorkDay.district == district)
        .where(col(WorkDay.on).between(first, last))
    ).all()
    known = {row.on: row for row in rows}
    days = [
        _shown(known[on]) if on in known else _plain(on)
        for on in (first + timedelta(days=n) for n in range((last - first).days + 1))
    ]
    return days, any(day.provisional for day in days)


def put_day(
    session: Session,
    on: date,
    *,
    is_workday: bool,
    kind: str,
    holiday_name: str,
    provisional: bool,
    by: Caller,
    at: datetime,
) -> int:
    """Set one day and tell the whole year; says the year's new version."""
    by.needs(Role.ADMINISTRATOR)
    check_year(on.year)
    if kind not in KINDS:
        raise Invalid("kind_unknown", kinds=KINDS)
    if is_workday != (kind in ("workday", "makeup_workday")):
        raise Invalid("kind_contradicts", kind=kind, is_workday=is_workday)
    # The year's version first: whoever waits for it reads the year as the other left it.
    key = year_id(by.district, on.year)
    version = editions.next_version(session, key, by.district, f"calendar {on.year}")
    session.merge(
        WorkDay(
            district=by.district,
            on=on,
            is_workday=is_workday,
            kind=kind,
            holiday_name=holiday_name,
            provisional=provisional,
        )
    )
    session.flush()
    days, _ = year(session, by.district, on.year)
    tell(
        session,
        said.CalendarChanged(
            fact="changed",
            key=key,
            version=version,
            district=by.district,
            at=at,
            by=by.actor(),
            year=on.year,
            days=days,
        ),
    )
    return version


def year_id(district: str, of: int) -> UUID:
    return reference_id(district, f"calendar-{of}")


def check_year(of: int) -> None:
    if not FIRST_YEAR <= of <= LAST_YEAR:
        raise Invalid("year_out_of_range", first=FIRST_YEAR, last=LAST_YEAR)


def plain_year(of: int) -> Sequence[said.WorkDay]:
    """A year nothing has been announced of: the plain week, provisional."""
    first = date(of, 1, 1)
    return [_plain(first + timedelta(days=n)) for n in range((date(of + 1, 1, 1) - first).days)]


def _plain(on: date) -> said.WorkDay:
    works = on.weekday() < SATURDAY
    kind = "workday" if works else "weekend"
    return said.WorkDay(on=on, is_workday=works, kind=kind, provisional=True)


def _shown(row: WorkDay) -> said.WorkDay:
    return said.WorkDay.model_validate(row.model_dump(exclude={"district"}))
