"""Booking: schools get yearly targets, a kind and an address, and may be closed.

The columns are added and dropped by themselves: a table that others point at is never made anew.
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from services.kit import types

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "training_target",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("district", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("person_times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"]),
        sa.PrimaryKeyConstraint("school_id", "year"),
    )
    text = sqlmodel.sql.sqltypes.AutoString
    op.add_column("school", sa.Column("kind", text(), nullable=False, server_default=""))
    op.add_column("school", sa.Column("address", text(), nullable=False, server_default=""))
    op.add_column("school", sa.Column("closed_at", types.Instant(), nullable=True))
    op.create_index("school_code_once", "school", ["district", "code"], unique=True)


def downgrade() -> None:
    op.drop_index("school_code_once", table_name="school")
    for name in ("closed_at", "address", "kind"):
        op.drop_column("school", name)
    op.drop_table("training_target")
