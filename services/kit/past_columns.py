"""Kit: the migration by which every room finds what happened by person and by time."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

SPOKEN_FOR = sa.text("spoken_for IS NOT NULL")
FILL = {
    "sqlite": """
        UPDATE happened SET
            actor_name = COALESCE(json_extract(body, '$.data.by.name'), ''),
            spoken_for = replace(json_extract(body, '$.data.by.on_behalf_of'), '-', '')
    """,
    "postgresql": """
        UPDATE happened SET
            actor_name = COALESCE(body #>> '{data,by,name}', ''),
            spoken_for = CAST(body #>> '{data,by,on_behalf_of}' AS uuid)
    """,
}


def add() -> None:
    """Two columns, filled from what was told, and the indexes of four lists."""
    text = sqlmodel.sql.sqltypes.AutoString()
    op.add_column("happened", sa.Column("actor_name", text, nullable=False, server_default=""))
    op.add_column("happened", sa.Column("spoken_for", sa.Uuid(), nullable=True))
    op.execute(FILL[op.get_bind().dialect.name])
    op.create_index("happened_at", "happened", ["at", "pos"])
    op.create_index("happened_actor", "happened", ["actor_id", "at", "pos"])
    op.create_index("happened_name", "happened", ["actor_name", "at", "pos"])
    op.create_index(
        "happened_spoken_for",
        "happened",
        ["spoken_for", "at", "pos"],
        sqlite_where=SPOKEN_FOR,
        postgresql_where=SPOKEN_FOR,
    )


def drop() -> None:
    for name in ("spoken_for", "name", "actor", "at"):
        op.drop_index(f"happened_{name}", "happened")
    op.drop_column("happened", "spoken_for")
    op.drop_column("happened", "actor_name")
