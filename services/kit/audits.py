"""Kit: a table as the audit reads it, row by row and whole."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, SQLModel

from services.kit.house import AuditRows


def rows_of(table: type[SQLModel], *, id: str = "id", but: Collection[str] = ()) -> AuditRows:
    """Every column of the district's rows, except those in `but` (secrets), sorted by the column
    `id`, which is shown under that name whatever it is called."""
    columns = table.__table__.columns  # type: ignore[attr-defined]
    shown = [column for column in columns if column.name not in but]
    key = columns[id]

    def read(
        session: Session, district: str, after: UUID | None, limit: int
    ) -> list[dict[str, Any]]:
        chosen = select(*shown, key.label("_id")).order_by(key).limit(limit)
        if "district" in columns:
            chosen = chosen.where(columns["district"] == district)
        if after is not None:
            chosen = chosen.where(key > after)
        read = session.execute(chosen).mappings()
        return [{**{n: v for n, v in row.items() if n != "_id"}, "id": row["_id"]} for row in read]

    return read
