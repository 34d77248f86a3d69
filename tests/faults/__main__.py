"""Faults: `python -m tests.faults` (`make faults`). LONG=1: at least 20 kills of each process."""

import argparse
import os
import sys
from dataclasses import replace

from tests.faults.run import LONG, MUTANTS, SEED, SHORT, run, show


def main() -> int:
    options = argparse.ArgumentParser(prog="tests.faults", description=__doc__)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--seconds", type=float)
    options.add_argument("--backend", choices=("sqlite", "postgresql"), default="sqlite")
    options.add_argument("--mutant", choices=tuple(MUTANTS), help="a mistake that must be caught")
    options.add_argument("--keep", action="store_true", help="leave the home for a look")
    chosen = options.parse_args()
    forecast = LONG if os.environ.get("LONG") else SHORT
    if chosen.mutant:
        forecast = MUTANTS[chosen.mutant]
    if chosen.seconds:
        forecast = replace(forecast, seconds=chosen.seconds)
    result = run(
        forecast,
        seed=chosen.seed,
        backend=chosen.backend,
        mistakes=[chosen.mutant] if chosen.mutant else [],
        keep=chosen.keep,
    )
    show(result)
    return 1 if result.reasons else 0


if __name__ == "__main__":
    sys.exit(main())
