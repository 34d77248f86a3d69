"""Deploy: everything on one machine. `python -m deploy.run [--restart]` is `make run`."""

import argparse
import asyncio
import fcntl
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from deploy import clock
from deploy.home import home
from deploy.lines import Lines
from deploy.ports import PortTaken
from deploy.stack import Stack


class AlreadyRunning(Exception):
    """One home, one stack."""


def lock(folder: Path) -> TextIO:
    """Held until this process ends, however it ends."""
    file = (folder / "stack.lock").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise AlreadyRunning(
            f"another stack runs on {folder} (YUEKE_HOME moves this one)"
        ) from error
    return file


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="deploy.run", description=__doc__)
    options.add_argument("--restart", action="store_true", help="bring back a child that dies")
    chosen = options.parse_args(arguments)
    folder, wanted_port = home(), os.environ.get("YUEKE_PORT") or "8080"
    if sys.version_info < (3, 12):
        # No thread per child: forking while other threads run is what goes wrong once a year.
        asyncio.set_child_watcher(asyncio.PidfdChildWatcher())
    lines = Lines()
    try:
        port = int(wanted_port)
        folder.mkdir(parents=True, exist_ok=True)
        with lock(folder):
            if (wanted := os.environ.get("YUEKE_NOW")) and not clock.begin(folder, wanted):
                lines.say(
                    "yueke",
                    f"YUEKE_NOW left aside: this home's clock is {clock.show(clock.now(folder))}",
                )
            return asyncio.run(Stack(folder, port, restart=chosen.restart, lines=lines).run())
    except (AlreadyRunning, PortTaken, clock.ClockError) as error:
        lines.say("yueke", str(error))
    except ValueError:
        lines.say("yueke", f"YUEKE_PORT is no port: {wanted_port}")
    except OSError as error:
        lines.say("yueke", f"cannot use {folder}: {error.strerror}")
    return 2


if __name__ == "__main__":
    sys.exit(main())
