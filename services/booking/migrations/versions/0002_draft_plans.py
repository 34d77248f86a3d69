"""Booking: draft plans."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from services.kit import types

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("options", types.Json, nullable=False),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_by_name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("begun_at", types.Instant(), nullable=True),
        sa.Column("phase", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("unserved", sa.Integer(), nullable=True),
        sa.Column("soft", sa.Integer(), nullable=True),
        sa.Column("bound_unserved", sa.Integer(), nullable=True),
        sa.Column("bound_soft", sa.Integer(), nullable=True),
        sa.Column("status", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("terms", types.Json, nullable=False),
        sa.Column("compared", types.Json, nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("facts", types.Json, nullable=False),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("published_by_name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint(
            "state IN ('running', 'ready', 'failed', 'publishing', 'published', 'discarded')",
            name="plan_state_known",
        ),
        sa.CheckConstraint("first_on <= last_on", name="plan_period_forward"),
        sa.ForeignKeyConstraint(
            ["previous_id"],
            ["plan.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.create_index("plan_by_district", ["district", "created_at", "id"], unique=False)
        batch_op.create_index("plan_by_state", ["state"], unique=False)

    op.create_table(
        "plan_line",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("starts_at", types.Instant(), nullable=True),
        sa.Column("ends_at", types.Instant(), nullable=True),
        sa.Column("lecturer_id", sa.Uuid(), nullable=True),
        sa.Column("lecturer_name", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("left_out", sa.Boolean(), nullable=False),
        sa.Column("why", types.Json, nullable=True),
        sa.Column("basis_version", sa.Integer(), nullable=False),
        sa.Column("outcome", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("outcome_code", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("outcome_facts", types.Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["lesson_id"],
            ["lesson.id"],
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["plan.id"],
        ),
        sa.PrimaryKeyConstraint("plan_id", "lesson_id"),
    )
    with op.batch_alter_table("plan_line", schema=None) as batch_op:
        batch_op.create_index("ix_plan_line_lesson_id", ["lesson_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("plan_line", schema=None) as batch_op:
        batch_op.drop_index("ix_plan_line_lesson_id")

    op.drop_table("plan_line")
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.drop_index("plan_by_state")
        batch_op.drop_index("plan_by_district")

    op.drop_table("plan")
