"""Deploy: the folder a stack lives in, and what is written there for other commands to find."""

import json
import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "deploy" / "reference"
SERVICES = ("portal", "catalog", "booking", "lecturer", "notify")  # each with a database and an API
PROCESSES = (*SERVICES, "planner")  # the planner has neither: it is asked over the broker


def home() -> Path:
    """`YUEKE_HOME`, or `./var`."""
    return Path(os.environ.get("YUEKE_HOME") or "var").absolute()


def is_demo() -> bool:
    """`YUEKE_DEMO=0` is a real installation: no invented people, no movable clock."""
    return os.environ.get("YUEKE_DEMO", "1") != "0"


def database_url(folder: Path) -> str:
    """The databases of all services, one name per `{service}`."""
    return os.environ.get("YUEKE_DATABASE_URL") or f"sqlite:///{folder}/{{service}}.db"


def write(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Whole or not at all: a reader never sees half a file."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def stack(folder: Path | None = None) -> dict[str, Any]:
    """What the running stack says of itself: origin, nats_url, ports, pids, home, database_url."""
    path = (folder or home()) / "stack.json"
    try:
        return dict(json.loads(path.read_text()))
    except FileNotFoundError:
        raise SystemExit(f"no stack runs on {path.parent} (start one with `make run`)") from None
