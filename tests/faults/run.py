"""Faults: one run: a town, eight writers, bad weather, quiet, and the count."""

import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from deploy.home import ROOT
from tests import postgres
from tests.faults.count import Count, count, unquiet
from tests.faults.weather import Forecast, Weather
from tests.faults.writers import Ledger, Writers
from tests.town import Town, databases

SITE = ROOT / "tests" / "faults" / "site"
SEED = 20261123
QUIET_PATIENCE = 600.0  # a message held by a dead process comes back after 30 s, a retry after 120
ANSWER_PATIENCE = 60.0
AFTERMATH = 5.0  # writing goes on when the sky has cleared
# A run in which one of these was never acknowledged has not looked at much.
VERBS = ("submit", "approve", "place", "accept", "decline")

SHORT = Forecast(
    seconds=60, kills=2, disk_losses=1, outage_seconds=10, repeats=5, births=1, stalls=2
)
LONG = Forecast(
    seconds=900, kills=22, disk_losses=5, outage_seconds=60, repeats=40, births=5, stalls=15
)
HEARING = ("booking", "lecturer", "notify")
# Whatever makes up for a mistake is left out of the run that must show it: a lost disk and things
# said again tell a forgetful service a second time what it had missed.
MUTANTS = {
    "inbox-off": Forecast(seconds=25, kills=2, victims=HEARING, repeats=8),
    "ack-first": Forecast(seconds=25, kills=5, victims=("lecturer", "notify")),
}


@dataclass
class Result:
    """What a run came to; `reasons` is empty when all is well."""

    seed: int
    seconds: float
    settled_after: float
    struck: dict[str, int]
    missed: list[str]
    ledger: Ledger
    count: Count
    audit: str
    reasons: list[str] = field(default_factory=list)


def run(
    forecast: Forecast,
    *,
    seed: int = SEED,
    backend: str = "sqlite",
    mistakes: Sequence[str] = (),
    keep: bool = False,
) -> Result:
    """Start, strike, wait, count, stop."""
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="yueke-faults-"))
        if keep:
            print(f"kept: {home}")
        else:
            stack.callback(shutil.rmtree, home, ignore_errors=True)
        url = stack.enter_context(databases(backend, _postgres))
        town = Town(home, database_url=url, restart=True)
        fit(town, *mistakes, *(["slow"] if mistakes else []), "witness")
        town.start()
        stack.callback(town.stop)
        _wait(town)  # until everybody's account is known everywhere: later it would be a loss
        return _through(town, forecast, seed, mistakes)


def fit(town: Town, *instruments: str) -> None:
    """Into the services it will start."""
    town.env["YUEKE_FAULTS"] = ",".join(instruments)
    town.env["PYTHONPATH"] = os.pathsep.join([str(SITE), str(ROOT)])


def _postgres() -> str:
    url = postgres.ensure()
    if url is None:
        raise SystemExit("no PostgreSQL here")
    return url


def _through(town: Town, forecast: Forecast, seed: int, mistakes: Sequence[str]) -> Result:
    pace = 2.0 if mistakes or forecast.seconds > 300 else 1.0
    began = time.monotonic()
    weather = Weather(town, forecast, seed)
    writers = Writers(town.home, seed=seed, pace=pace)
    writers.start()
    try:
        weather.rage()
        time.sleep(AFTERMATH)
    finally:
        weather.clear()
        ledger = writers.stop(ANSWER_PATIENCE)
    calm = time.monotonic()
    # What is doubled stays doubled; what is not there yet may still come.
    restless = _wait(town, 1 if "inbox-off" in mistakes else QUIET_PATIENCE)
    settled_after = time.monotonic() - calm
    audit = None if mistakes else town.audit()
    result = Result(
        seed=seed,
        seconds=calm - began,
        settled_after=settled_after,
        struck=dict(sorted(weather.struck.items())),
        missed=weather.missed,
        ledger=ledger,
        count=count(town, ledger),
        audit=audit.stdout + audit.stderr if audit else "no audit of a mistake",
    )
    result.reasons = _reasons(result, restless, audit.returncode if audit else 0)
    return result


def _wait(town: Town, patience: float = QUIET_PATIENCE) -> list[str]:
    """Quiet twice in a row, or why not."""
    deadline, calm = time.monotonic() + patience, 0
    while calm < 2:
        restless = unquiet(town)
        calm = 0 if restless else calm + 1
        if time.monotonic() > deadline:
            return restless
        time.sleep(0.5)
    return []


def _reasons(result: Result, restless: list[str], audited: int) -> list[str]:
    found = result.count
    reasons = [
        f"{len(rows)} {what}: {', '.join(rows[:5])}"
        for what, rows in (
            ("lost", found.lost),
            ("doubled", found.doubled),
            ("parked", found.parked),
            ("answers nobody should get", result.ledger.broken),
            ("not quiet", restless),
        )
        if rows
    ]
    if audited:
        reasons.append(f"the audit ended with status {audited}")
    if result.ledger.unanswered:
        reasons.append(f"{result.ledger.unanswered} clients were never answered")
    done = {promise.verb for promise in result.ledger.promises}
    reasons += [f"no {verb} was acknowledged" for verb in VERBS if verb not in done]
    return reasons


def show(result: Result) -> None:
    """Figures, then the verdict."""
    ledger, found = result.ledger, result.count
    print(f"seed {result.seed}, {result.seconds:.0f} s, quiet {result.settled_after:.1f} s later")
    print("struck:", ", ".join(f"{what} {n}" for what, n in result.struck.items()))
    if result.missed:
        print("missed:", "; ".join(result.missed))
    for name, many in found.figures.items():
        print(f"  {name:32} {many:7}")
    print(f"  {'requests repeated':32} {ledger.repeats:7}")
    for why, many in ledger.refused.most_common(8):
        print(f"  refused {why:40} {many:7}")
    for what in ("lost", "doubled", "parked"):
        print(f"{len(getattr(found, what))} {what}")
    print(result.audit)
    print("\n".join(["RED", *result.reasons]) if result.reasons else "GREEN")
