"""Season: `python -m tests.season` (`make demo-season`): two weeks of 120 lessons, then thirteen
weeks of 500, over a stack of its own."""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from tests.season.demand import Demand
from tests.season.run import Play, Season, figures
from tests.town import Town, a_town

TWO_WEEKS = (120, date(2026, 12, 7), date(2026, 12, 18))
THIRTEEN_WEEKS = (500, date(2027, 2, 22), date(2027, 5, 21))


def main() -> int:
    options = argparse.ArgumentParser(prog="tests.season", description=__doc__)
    options.add_argument("--seed", type=int, default=4)
    options.add_argument("--only", type=int, choices=(120, 500))
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the stack ends with it
    failed: list[str] = []
    with _home() as home, a_town(home / "town") as town:
        for many, first, last in (TWO_WEEKS, THIRTEEN_WEEKS):
            if chosen.only in (None, many):
                failed += play(town, Demand(many, first, last, chosen.seed))
    print("\n".join(["RED", *failed]) if failed else "GREEN")
    return 1 if failed else 0


def play(town: Town, demand: Demand) -> list[str]:
    """What is not as it should be, of one season."""
    began = time.monotonic()
    with closing(Play(town, demand)) as playing:
        season = playing.run(f"{demand.first_on} to {demand.last_on}")
    print("\n".join(figures(season)), flush=True)
    audit = town.audit()
    print(f"  audit            {audit.stdout.strip().splitlines()[-1]}")
    print(f"  in all           {time.monotonic() - began:.0f} s", flush=True)
    return [
        *worse(season, strictly=demand.many >= 500),
        *([audit.stdout] if audit.returncode else []),
    ]


def worse(season: Season, *, strictly: bool) -> list[str]:
    ways = season.others
    best = ways.weight - min(ways.greedy, ways.first_come)
    good = season.served > best if strictly else season.served >= best
    return [] if good else [f"{season.name}: served {season.served}, by hand {best}"]


@contextmanager
def _home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="yueke-season-"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
