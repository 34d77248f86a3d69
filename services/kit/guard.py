"""Kit: nothing is held twice at once. The database says so, not the code.

One contract, two makes: PostgreSQL an exclusion constraint, SQLite triggers. Ranges are half-open.
A guarded table has the columns id, <resource>, starts_at, ends_at and live.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel

from services.kit.db import sqlstate
from services.kit.errors import Conflict
from services.kit.ids import uuid7

EXCLUSION = "23P01"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Guard:
    """No two live rows with the same resource overlap, unless they share `apart`.

    `sample` fills the other columns of a probing row; a callable is called for each row, for
    columns that are unique among live rows.
    """

    table: type[SQLModel]
    resource: str
    apart: str | None = None
    sample: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.table.__tablename__}_{self.resource}_guard"

    def create(self, connection: Connection) -> None:
        """Make the guard anew, after every migration: a batch rebuild drops triggers silently."""
        if connection.dialect.name == "sqlite":
            self._create_triggers(connection)
        else:
            self._create_constraint(connection)

    def stands(self, session: Session) -> bool:
        """Proof by a rolled-back insert that overlaps: True when the database refused it."""
        probe = {
            **self.sample,
            self.resource: uuid7(),
            "starts_at": LONG_AGO,
            "ends_at": LONG_AGO + timedelta(hours=1),
            "live": True,
        }
        rows = []
        for _ in range(2):
            row = {name: made() if callable(made) else made for name, made in probe.items()}
            row["id"] = uuid7()
            rows.append(row if self.apart is None else {**row, self.apart: uuid7()})
        attempt = session.begin_nested()
        try:
            session.execute(insert(self.table), rows)
        except IntegrityError as error:
            return self.refused(error)
        finally:
            attempt.rollback()
        return False

    def refused(self, error: IntegrityError) -> bool:
        """Was it this guard that refused?"""
        return self.name in str(error.orig) or sqlstate(error) == EXCLUSION

    @contextmanager
    def holding(self, session: Session, code: str, **facts: Any) -> Iterator[None]:
        """What is written inside holds the resource, or nothing of it is: 409 `code`."""
        attempt = session.begin_nested()
        try:
            yield
            session.flush()
        except IntegrityError as error:
            attempt.rollback()
            if self.refused(error):
                raise Conflict(code, **facts) from error
            raise
        except BaseException:
            attempt.rollback()
            raise
        attempt.commit()

    def _create_constraint(self, connection: Connection) -> None:
        table = self.table.__tablename__
        apart = f"{self.apart} WITH <>, " if self.apart else ""
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS btree_gist"))
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {self.name}"))
        connection.execute(
            text(
                f"ALTER TABLE {table} ADD CONSTRAINT {self.name} EXCLUDE USING gist"
                f" ({self.resource} WITH =, {apart}tstzrange(starts_at, ends_at) WITH &&)"
                " WHERE (live)"
            )
        )

    def _create_triggers(self, connection: Connection) -> None:
        table = self.table.__tablename__
        apart = f"AND {self.apart} <> NEW.{self.apart}" if self.apart else ""
        for moment in ("INSERT", "UPDATE"):
            trigger = f"{self.name}_{moment.lower()}"
            connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
            connection.execute(
                text(
                    f"CREATE TRIGGER {trigger} BEFORE {moment} ON {table} WHEN NEW.live BEGIN"
                    f" SELECT RAISE(ABORT, '{self.name}') WHERE EXISTS (SELECT 1 FROM {table}"
                    f" WHERE live AND {self.resource} = NEW.{self.resource} AND id <> NEW.id"
                    f" {apart} AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at); END"
                )
            )
        connection.execute(
            text(
                f"CREATE INDEX IF NOT EXISTS {self.name}_index"
                f" ON {table} ({self.resource}, starts_at)"
            )
        )
