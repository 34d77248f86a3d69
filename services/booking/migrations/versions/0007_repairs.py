"""Booking: repairs: what could be done about something before it is saved."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from services.kit import types

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "repair",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district", text(), nullable=False),
        sa.Column("state", text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cause", types.Json, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_by_name", text(), nullable=False),
        sa.Column("begun_at", types.Instant(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("status", text(), nullable=True),
        sa.Column("code", text(), nullable=True),
        sa.Column("facts", types.Json, nullable=False),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.Column("adopted_by", sa.Uuid(), nullable=True),
        sa.Column("adopted_by_name", text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('running', 'ready', 'failed', 'adopted', 'discarded')",
            name="repair_state_known",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("repair_by_district", "repair", ["district", "created_at", "id"])
    op.create_index("repair_by_state", "repair", ["state"])
    op.create_table(
        "repair_line",
        sa.Column("repair_id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("was_starts_at", types.Instant(), nullable=False),
        sa.Column("was_ends_at", types.Instant(), nullable=False),
        sa.Column("was_place", types.Json, nullable=False),
        sa.Column("was_lecturer_id", sa.Uuid(), nullable=True),
        sa.Column("was_lecturer_name", text(), nullable=True),
        sa.Column("action", text(), nullable=False),
        sa.Column("starts_at", types.Instant(), nullable=True),
        sa.Column("ends_at", types.Instant(), nullable=True),
        sa.Column("place", types.Json, nullable=True),
        sa.Column("lecturer_id", sa.Uuid(), nullable=True),
        sa.Column("lecturer_name", text(), nullable=True),
        sa.Column("why", types.Json, nullable=True),
        sa.Column("outcome", text(), nullable=True),
        sa.Column("outcome_code", text(), nullable=True),
        sa.Column("outcome_facts", types.Json, nullable=False),
        sa.ForeignKeyConstraint(["lesson_id"], ["lesson.id"]),
        sa.ForeignKeyConstraint(["repair_id"], ["repair.id"]),
        sa.PrimaryKeyConstraint("repair_id", "lesson_id"),
    )
    op.create_index("ix_repair_line_lesson_id", "repair_line", ["lesson_id"])


def downgrade() -> None:
    op.drop_table("repair_line")
    op.drop_table("repair")
