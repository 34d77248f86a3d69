"""Kit: the body of every service's migrations/env.py."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection
from sqlmodel import SQLModel

from services.kit import idempotency, inbox, numbers, timers  # noqa: F401  (their tables)
from services.kit.db import Database
from services.kit.guard import Guard
from services.kit.outbox import Table


def run(
    service: str,
    table: type[SQLModel],
    guards: Sequence[Guard] = (),
    *,
    after: Callable[[Connection], None] | None = None,
    besides: str | None = None,
) -> None:
    """Migrate the service's database; afterwards every guard is made anew and stands.

    `after` makes what no model describes (a search index, whose tables all begin with `besides`).
    """
    if context.is_offline_mode():
        raise SystemExit("migrations run against a live database")
    database = Database(service)
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=[Table.metadata, table.metadata],
            render_as_batch=connection.dialect.name == "sqlite",
            render_item=_render,
            include_name=lambda name, kind, _: (
                not (kind == "table" and besides and name and name.startswith(besides))
            ),
            compare_type=False,
        )
        with context.begin_transaction():
            context.run_migrations()
            for guard in guards:
                # Before the first migration and while one is being written there is no table yet.
                if connection.dialect.has_table(connection, str(guard.table.__tablename__)):
                    guard.create(connection)
            if after is not None:
                after(connection)
        connection.commit()
    database.dispose()


def _render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write the kit's column types by name, so that one migration serves both databases."""
    if kind == "type" and type(item).__module__ == "services.kit.types":
        autogen.imports.add("from services.kit import types")
        return f"types.{type(item).__name__}()"
    if kind == "type" and type(item).__name__ == "JSON":
        autogen.imports.add("from services.kit import types")
        return "types.Json"
    return False
