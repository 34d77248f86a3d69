"""Deploy: the district clock of demos and tests. It is set once and then only moves forward."""

import argparse
import fcntl
import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from deploy.home import home, is_demo, write

ZONE = ZoneInfo("Asia/Shanghai")
UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


class ClockError(Exception):
    """Said to the person who asked, in one sentence."""


def offset(folder: Path) -> timedelta:
    try:
        return timedelta(seconds=json.loads((folder / "clock.json").read_text())["offset_seconds"])
    except FileNotFoundError:
        return timedelta()


def now(folder: Path) -> datetime:
    return datetime.now(UTC) + offset(folder)


def begin(folder: Path, at: str) -> bool:
    """Set the clock of a new home; a home whose clock runs already keeps it and says False."""
    wanted = instant(at)
    if (folder / "clock.json").exists():
        return False
    _put(folder, wanted - datetime.now(UTC))
    return True


def move(folder: Path, *, add: timedelta | None = None, to: datetime | None = None) -> datetime:
    """The new district time. Every service sees it at once; going back is refused."""
    with (folder / ".clock.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = offset(folder)
        after = (to - datetime.now(UTC)) if to else before + (add or timedelta())
        if after < before:
            raise ClockError(f"the clock only moves forward; it is {show(now(folder))}")
        _put(folder, after)
        return now(folder)


def _put(folder: Path, value: timedelta) -> None:
    write(folder / "clock.json", json.dumps({"offset_seconds": value.total_seconds()}) + "\n")


def instant(text: str) -> datetime:
    """2026-12-01T08:00+08:00; without an offset nobody knows which instant is meant."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise ClockError(f"not an instant: {text} (2026-12-01T08:00+08:00 is one)") from error
    if value.tzinfo is None:
        raise ClockError(f"no offset in {text} (write {text}+08:00)")
    return value


def duration(text: str) -> timedelta:
    """2d, 3h, 30m, 45s, or several: 1d12h."""
    if not re.fullmatch(r"(\d+[dhms])+", text):
        raise ClockError(f"not a duration: {text} (2d, 3h, 30m, 1d12h are)")
    parts = re.findall(r"(\d+)([dhms])", text)
    return sum((timedelta(**{UNITS[unit]: int(n)}) for n, unit in parts), timedelta())


def show(at: datetime) -> str:
    return at.astimezone(ZONE).isoformat(timespec="seconds")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--add", metavar="2d")
    options.add_argument("--to", metavar="2026-12-01T08:00+08:00")
    chosen = options.parse_args()
    folder = home()
    try:
        if not is_demo() or not (folder / "demo-credentials.json").exists():
            raise ClockError(f"{folder} is no demo: its clock is the real time")
        if chosen.add or chosen.to:
            add = duration(chosen.add) if chosen.add else None
            move(folder, add=add, to=instant(chosen.to) if chosen.to else None)
    except ClockError as error:
        sys.exit(str(error))
    print(show(now(folder)))


if __name__ == "__main__":
    main()
