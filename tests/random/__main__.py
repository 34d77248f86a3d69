"""Random events: `python -m tests.random --events 2000 --seed 7` (`make random`)."""

import argparse
import secrets
import sys

from tests.random.run import WHOLE, run, show


def main() -> int:
    options = argparse.ArgumentParser(prog="tests.random", description=__doc__)
    options.add_argument("--events", type=int, default=WHOLE)
    options.add_argument("--seed", type=int, help="to play the same again")
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options.add_argument("--talk", action="store_true", help="tell what happens meanwhile")
    options.add_argument("--journal", type=argparse.FileType("w"), help="every event, a line each")
    chosen = options.parse_args()
    seed = secrets.randbelow(10**6) if chosen.seed is None else chosen.seed
    print(f"seed {seed}", flush=True)
    result = run(
        chosen.events, seed, backend=chosen.database, talk=chosen.talk, journal=chosen.journal
    )
    show(result)
    return 1 if result.reasons else 0


if __name__ == "__main__":
    sys.exit(main())
