"""Deploy: databases of all rooms brought to the newest schema, and filled once with the reference
district. A database that holds any row is left as it is."""

import csv
import importlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text
from sqlmodel import Session

from deploy import clock
from deploy.home import REFERENCE, ROOT, SERVICES, home, is_demo, write
from services.kit.db import Database

REFERENCE_YEAR = 2026
# Invented people of the reference district: a real installation starts without them.
PEOPLE = {"lecturers.csv": None, "schools.csv": ("liaison", "contact_phone", "contact_email")}


def migrate(room: str) -> None:
    """To the newest schema; `YUEKE_DATABASE_URL` and `YUEKE_HOME` say where."""
    command.upgrade(Config(str(ROOT / "alembic.ini"), ini_section=room), "head")


def load(room: str, folder: Path, *, source: Path, demo: bool) -> bool:
    """The reference rows of one room, in one transaction; False when it holds rows already."""
    database = Database(room)
    try:
        with database.transaction() as session:
            if not is_empty(session):
                return False
            _fill(session, room, folder, source=source, demo=demo)
    finally:
        database.dispose()
    return True


def is_empty(session: Session) -> bool:
    """No row anywhere: the state itself says so, no marker can be lost or left behind."""
    connection = session.connection()
    names = set(inspect(connection).get_table_names()) - {"alembic_version"}
    if connection.dialect.name == "sqlite":
        names = {name for name in names if not _is_shadow(session, name)}
    quote = connection.dialect.identifier_preparer.quote
    rows = (session.execute(text(f"SELECT 1 FROM {quote(n)} LIMIT 1")).first() for n in names)
    return not any(rows)


def _is_shadow(session: Session, name: str) -> bool:
    """Tables a full-text index keeps for itself; some have rows from the first moment."""
    kind = text("SELECT type FROM pragma_table_list WHERE name = :name")
    return session.execute(kind, {"name": name}).scalar() != "table"


def _fill(session: Session, room: str, folder: Path, *, source: Path, demo: bool) -> None:
    reference = importlib.import_module(f"services.{room}.reference")
    district = settings(source)["district"]
    if room == "portal":
        _accounts(session, reference, folder, source=source, district=district, demo=demo)
        return
    years = shift_years(folder, source) if demo else 0
    reference.load(session, source, district=district, shift_years=years)


def _accounts(
    session: Session,
    reference: ModuleType,
    folder: Path,
    *,
    source: Path,
    district: str,
    demo: bool,
) -> None:
    """Secrets are stored hashed, so they are written down before the commit: after a crash in
    between the next start makes new ones."""
    if not demo:
        first: dict[str, Any] = reference.first_administrator(session, district=district)
        facts = ", ".join(f"{name} {value}" for name, value in first.items() if value)
        print(f"the first administrator, shown this once: {facts}", flush=True)
        return
    people = reference.load(
        session, source, district=district, shift_years=shift_years(folder, source)
    )
    known = json.dumps(people, ensure_ascii=False, indent=1, default=str)
    write(folder / "demo-credentials.json", known + "\n", mode=0o600)


def settings(source: Path) -> dict[str, str]:
    with (source / "district.csv").open(encoding="utf-8", newline="") as file:
        return {row["setting"]: row["value"] for row in csv.DictReader(file)}


def shift_years(folder: Path, source: Path = REFERENCE) -> int:
    """So that the reference year is the year the district clock shows: the demo never lapses."""
    zone = ZoneInfo(settings(source)["time_zone"])
    return clock.now(folder).astimezone(zone).year - REFERENCE_YEAR


@contextmanager
def reference(demo: bool) -> Iterator[Path]:
    """The reference CSVs; without the invented people for a real installation."""
    if demo:
        yield REFERENCE
        return
    with tempfile.TemporaryDirectory() as name:
        for path in REFERENCE.glob("*.csv"):
            with path.open(encoding="utf-8", newline="") as file:
                rows = csv.DictReader(file)
                columns = list(rows.fieldnames or ())
                kept = [] if path.name in PEOPLE and PEOPLE[path.name] is None else list(rows)
            for row in kept:
                row.update(dict.fromkeys(PEOPLE.get(path.name) or (), ""))
            with (Path(name) / path.name).open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns)
                writer.writeheader()
                writer.writerows(kept)
        yield Path(name)


def main() -> None:
    folder, demo = home(), is_demo()
    with reference(demo) as source:
        for room in SERVICES:
            migrate(room)
            if load(room, folder, source=source, demo=demo):
                print(f"{room}: reference loaded", flush=True)


if __name__ == "__main__":
    main()
