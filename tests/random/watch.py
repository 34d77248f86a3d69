"""Random events: what happened, read from the services' own tables: moves, and is it quiet?"""

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from sqlmodel import Session, col, func, select

from deploy.nats_init import HEARS, OWNERS
from services.kit.db import Database
from services.kit.inbox import Heard, Parked
from services.kit.outbox import Happened
from services.kit.timers import Timer
from tests.town import Town

ROOT = Path(__file__).parents[2]
MACHINES = {
    "booking.order": "order",
    "booking.lesson": "lesson",
    "booking.change": "change",
    "lecturer.offer": "offer",
    "lecturer.assignment": "assignment",
}
TELLERS = ("booking", "lecturer")


class Row(NamedTuple):
    """One row of the table of moves."""

    machine: str
    was: str
    verb: str

    def __str__(self) -> str:
        return f"{self.machine} {self.was} {self.verb}"


def table() -> dict[Row, str]:
    """Every move of states.csv, and where it leads."""
    with (ROOT / "tests" / "fixtures" / "states.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return {Row(row["machine"], row["from"], row["verb"]): row["to"] for row in rows}


class Watch:
    """Looks only; each reading takes up where the one before it ended."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.table = table()
        self.moves: Counter[Row] = Counter()
        self.strange: list[str] = []
        self._stack = ExitStack()
        self._databases: dict[str, Database] = {}
        for name in {*OWNERS, *HEARS}:
            found = Database(name, town.database_url.replace("{service}", name))
            self._databases[name] = found
            self._stack.callback(found.dispose)
        self._read: dict[str, int] = dict.fromkeys(OWNERS, 0)
        self._told: Counter[tuple[str, str]] = Counter()
        self._verbs = {(row.machine, row.verb) for row in self.table}
        self._heard_by = {
            service: {e.aggregate for e in import_module(f"services.{service}.handlers").HANDLERS}
            for service in HEARS
        }

    def close(self) -> None:
        self._stack.close()

    def missing(self) -> list[Row]:
        """Moves of the table that have not occurred so far."""
        self.read()
        return [row for row in self.table if row not in self.moves]

    def read(self) -> None:
        """What was told since the last reading."""
        for owner in OWNERS:
            with self._databases[owner].snapshot() as session:
                self._rows(owner, session)

    def _rows(self, owner: str, session: Session) -> None:
        chosen = select(Happened).where(col(Happened.pos) > self._read[owner]).order_by("pos")
        for happened in session.exec(chosen):
            self._read[owner] = happened.pos
            noun = happened.subject.rpartition(".")[0]
            self._told[(owner, noun)] += 1
            if noun in MACHINES:
                said = happened.body["data"]
                self._move(MACHINES[noun], said["was"], said["verb"], said["state"], happened)

    def _move(
        self, machine: str, was: str | None, verb: str, state: str, happened: Happened
    ) -> None:
        row = Row(machine, was or "", verb)
        if row in self.table and self.table[row] == state:
            self.moves[row] += 1
        elif (machine, verb) in self._verbs:
            self.strange.append(f"{row} led to {state}: {happened.subject} {happened.id}")

    # -- is everything said, heard and done?

    def busy(self, hearers: tuple[str, ...] = TELLERS) -> list[str]:
        """Why the services are not quiet: deadlines due, words unsent or unheard."""
        return list(self._busy(hearers))

    def _busy(self, hearers: tuple[str, ...]) -> Iterator[str]:
        for name in TELLERS:
            with self._databases[name].snapshot() as session:
                due = select(func.count()).where(col(Timer.due_at) <= self.town.now())
                if many := session.exec(due).one():
                    yield f"{many} deadlines of {name} are due"
                unsent = select(func.count()).where(col(Happened.sent_at).is_(None))
                if many := session.exec(unsent).one():
                    yield f"{many} events of {name} are not sent"
        self.read()
        for hearer in hearers:
            wanted = sum(
                many
                for (owner, noun), many in self._told.items()
                if owner in HEARS[hearer] and noun in self._heard_by[hearer]
            )
            with self._databases[hearer].snapshot() as session:
                heard = session.exec(select(func.count()).select_from(Heard)).one()
            if heard < wanted:
                yield f"{hearer} has heard {heard} of {wanted} events"

    def parked(self) -> list[str]:
        """Messages a service could not act on, and deadlines it had to put off: none is right."""
        found = []
        for name in HEARS:
            with self._databases[name].snapshot() as session:
                waiting = select(Parked).where(col(Parked.settled_at).is_(None))
                found += [f"{name}: {p.subject} {p.id}: {p.error}" for p in session.exec(waiting)]
                failed = select(Timer).where(col(Timer.tries) > 0)
                found += [f"{name}: {t.verb} of {t.key} failed" for t in session.exec(failed)]
        return found
