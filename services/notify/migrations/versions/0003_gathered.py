"""Notify: what one person is told of many things at once is gathered."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from services.kit import types

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString()
    op.create_table(
        "batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district", text, nullable=False),
        sa.Column("opened_at", types.Instant(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("published_at", types.Instant(), nullable=True),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "gathered",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("digest", text, nullable=False),
        sa.Column("mail", sa.Boolean(), nullable=False),
        sa.Column("parameters", types.Json, nullable=False),
        sa.Column("about", types.Json, nullable=False),
        sa.Column("link", text, nullable=False),
        sa.Column("happened_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"]),
        sa.PrimaryKeyConstraint("batch_id", "account_id", "event_id"),
    )
    op.create_index("gathered_key", "gathered", ["key"])


def downgrade() -> None:
    op.drop_index("gathered_key", "gathered")
    op.drop_table("gathered")
    op.drop_table("batch")
