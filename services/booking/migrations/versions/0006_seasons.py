"""Booking: season windows, and which season a plan is the allocation of."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from services.kit import types

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "season",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district", text(), nullable=False),
        sa.Column("state", text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", text(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("closes_at", types.Instant(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_by_name", text(), nullable=False),
        sa.Column("served_before", types.Json, nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.Column("reason", text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('collecting', 'closed', 'allocating', 'allocated', 'cancelled')",
            name="season_state_known",
        ),
        sa.CheckConstraint("first_on <= last_on", name="season_forward"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("season_by_district", "season", ["district", "created_at", "id"])
    op.create_index("season_by_state", "season", ["district", "state", "first_on"])
    op.add_column("plan", sa.Column("season_id", sa.Uuid(), nullable=True))
    op.create_index("plan_by_season", "plan", ["season_id", "created_at"])


def downgrade() -> None:
    op.drop_index("plan_by_season", table_name="plan")
    op.drop_column("plan", "season_id")
    op.drop_table("season")
