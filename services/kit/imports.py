"""Kit: many rows at once, from a sheet. All of them or none; a trial says what would be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from pydantic import BaseModel
from sqlmodel import Session

from services.kit.errors import Invalid, Refusal


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "created"
    CHANGED = "changed"
    SAME = "same"


class Imported(BaseModel):
    """How many rows are new, change something, or say what is known already; of a trial also what
    is wrong, and what is worth knowing, by line."""

    created: int = 0
    changed: int = 0
    same: int = 0
    errors: list[dict[str, Any]] = []
    warnings: list[dict[str, Any]] = []

    def count(self, outcome: Outcome) -> None:
        setattr(self, outcome, getattr(self, outcome) + 1)

    def wrong(self, line: int, field: str, code: str, **facts: Any) -> None:
        """`field` names the column; empty when it is about the whole row."""
        self.errors.append({**facts, "line": line, "field": field, "code": code})

    def refused(self, line: int, field: str, refusal: Refusal) -> None:
        self.wrong(line, field, refusal.code, **refusal.facts)


class Once:
    """Two rows about one thing: the second is wrong."""

    def __init__(self, found: Imported) -> None:
        self._found, self._seen = found, dict[Any, int]()

    def seen(self, key: Any, line: int, field: str) -> bool:
        before = self._seen.setdefault(key, line)
        if before != line:
            self._found.wrong(line, field, "row_repeated", line_before=before)
        return before != line


@contextmanager
def all_or_none(session: Session, *, dry_run: bool) -> Iterator[Imported]:
    """What is written inside stays only when no row was wrong and it was no trial. Otherwise
    nothing is written: 422 `import_has_errors` with all of them, unless it was only a trial."""
    found = Imported()
    trial = session.begin_nested()
    yield found
    found.errors.sort(key=lambda error: int(error["line"]))
    if not dry_run and not found.errors:
        trial.commit()
        return
    trial.rollback()
    session.expire_all()
    if not dry_run:
        raise Invalid("import_has_errors", errors=found.errors)


def write(
    session: Session,
    found: Imported,
    line: int,
    one: Callable[[], Outcome],
    *,
    column_of: Callable[[Refusal], str] = lambda _: "",
) -> None:
    """One row, as somebody would by hand; a refusal undoes the row and is noted beside it."""
    try:
        with session.begin_nested():
            outcome = one()
    except Refusal as refusal:
        found.refused(line, column_of(refusal), refusal)
        return
    found.count(outcome)
