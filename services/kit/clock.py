"""Kit: the district's clock. Real time, plus an offset that demos and tests may move forward."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from services.kit import config

_read: tuple[Path | None, int, timedelta] = (None, -1, timedelta())


def real() -> datetime:
    """Real time: tokens, sessions, leases, retries."""
    return datetime.now(UTC)


def now() -> datetime:
    """District time: deadlines and lesson days. The file is looked at on every call, so that all
    services of a stack see a moved clock at once."""
    return real() + offset()


def calendar_year(year: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Its first instant and that of the year after."""
    return midnight(date(year, 1, 1), zone), midnight(date(year + 1, 1, 1), zone)


def midnight(on: date, zone: ZoneInfo) -> datetime:
    """When this day begins there, in UTC."""
    return datetime.combine(on, time(), zone).astimezone(UTC)


def offset() -> timedelta:
    global _read
    path = config.home() / "clock.json"
    try:
        written = path.stat().st_mtime_ns
    except FileNotFoundError:
        return timedelta()
    if _read[:2] != (path, written):
        _read = (path, written, timedelta(seconds=json.loads(path.read_text())["offset_seconds"]))
    return _read[2]
