"""Deploy: proves the invariants on a running stack, through what each service says of itself.

    python -m deploy.audit

Asks as the demo's supervisor, or with the access token in `YUEKE_AUDIT_TOKEN`. Exit status 0: all
hold; 1: something offends, named; 2: it could not be read.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from deploy import agreement, books, call, home, invariants
from deploy.books import Books, Look

PATIENCE = 30.0  # seconds; a copy behind for longer is not catching up
PAUSE = 1.0  # between two readings
# A deadline may lie days back for a moment, when somebody has moved the clock: what counts is for
# how long it is seen to be without effect.
LEEWAY = {"I10": 5.0}
SHOWN = 5  # offenders named per invariant

Offence = tuple[str, Look]


class Unreadable(Exception):
    """A service does not answer, or not with rows."""


@dataclass
class Report:
    """The last reading, and what offended in it."""

    books: Books
    looked: Counter[str]
    offences: list[Offence] = field(default_factory=list)
    busy: int = 0  # lessons that moved on all the time and could not be judged as a whole


def prove(
    read: Callable[[], Books],
    *,
    patience: float = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Read until the services agree, and until whatever offends was seen twice.

    The rows of one reading are not of one moment, so an offender counts only when the next reading
    shows it again. A copy offends when a word it had not heard at one reading has still not
    arrived `patience` seconds later.
    """
    until = clock() + 2 * patience
    seen: dict[tuple[str, str, str], float] = {}
    awaited: dict[tuple[str, str], tuple[int, float]] = {}
    while True:
        report, now = judge(read()), clock()
        late = {(item.look.kind, item.look.id): item for item in agreement.behind(report.books)}
        awaited = {
            key: awaited[key] if key in awaited and item.has < awaited[key][0] else (item.told, now)
            for key, item in late.items()
        }
        stuck = [late[key].look for key, (_, since) in awaited.items() if now - since >= patience]
        before = seen
        seen = {_who(offence): before.get(_who(offence), now) for offence in report.offences}
        certain = [
            offence
            for offence in report.offences
            if _who(offence) in before and now - seen[_who(offence)] >= LEEWAY.get(offence[0], 0)
        ]
        if certain or stuck or now >= until or not (seen or late):
            report.offences = certain + [("I12", look) for look in stuck]
            report.busy = len(late) - len(stuck)
            return report
        sleep(PAUSE)


def _who(offence: Offence) -> tuple[str, str, str]:
    name, look = offence
    return name, look.kind, look.id


def judge(found: Books) -> Report:
    """One reading against every invariant; copies that are merely behind do not offend yet."""
    report = Report(found, Counter())
    checks = {name: check for name, (check, _) in invariants.INVARIANTS.items()}
    for name, check in {**checks, "I12": agreement.copies_equal}.items():
        for look in check(found):
            report.looked[name] += 1
            if look.why:
                report.offences.append((name, look))
    return report


def show(report: Report) -> None:
    """What was read, what was looked at, and the first offenders of each invariant."""
    for service in books.KINDS:
        prefix = f"{service}."
        mine = {k.removeprefix(prefix): r for k, r in report.books.rows.items() if prefix in k}
        counts = ", ".join(f"{kind} {len(rows)}" for kind, rows in mine.items())
        print(f"{service:9} {counts}")
    names = {name: said for name, (_, said) in invariants.INVARIANTS.items()}
    for name, said in {**names, "I12": "every copy equals its source"}.items():
        offenders = [look for other, look in report.offences if other == name]
        verdict = f"{len(offenders)} OFFEND" if offenders else "ok"
        print(f"{name:4} {said:60} {report.looked[name]:6} looked at, {verdict}")
        for look in offenders[:SHOWN]:
            print(f"     {look.row}: {look.why}")
    if report.busy:
        print(f"{report.busy} copies were catching up all the time and could not be judged")


def reader(folder: Path) -> Callable[[str], dict[str, Any]]:
    """A GET with the rights of a supervisor."""
    token = os.environ.get("YUEKE_AUDIT_TOKEN")
    api = None if token else call.Api(folder)
    bearer = {"authorization": f"Bearer {token}"}
    client = httpx.Client(base_url=home.stack(folder)["origin"], headers=bearer, timeout=30)

    def ask(path: str) -> httpx.Response:
        return api.call("supervisor", "GET", path) if api else client.get(path)

    def get(path: str) -> dict[str, Any]:
        try:
            answer = ask(path)
        except (httpx.HTTPError, OSError, call.NoSuchPerson) as error:
            raise Unreadable(f"{path}: {error!r}") from error
        if answer.status_code != 200:
            raise Unreadable(f"{path}: {answer.status_code} {answer.text[:500]}")
        return dict(answer.json())

    return get


def main() -> int:
    folder = home.home()
    try:
        get = reader(folder)
        report = prove(lambda: books.read(get), patience=PATIENCE)
    except (Unreadable, OSError, SystemExit) as error:
        print(f"the audit could not read: {error}", file=sys.stderr)
        return 2
    show(report)
    return 1 if report.offences else 0


if __name__ == "__main__":
    sys.exit(main())
