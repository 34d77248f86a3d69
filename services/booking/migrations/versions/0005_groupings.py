"""Booking: lessons are taught together (拼班), and on one way (送教路线).

The states a lesson may be in are named in a CHECK. SQLite cannot change one without making the
table anew, and a table that others point at is never made anew: there its text is changed where
it is kept, which is what SQLite advises for a constraint that leaves the rows as they are.
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from services.kit import types

revision = "0005"
down_revision = "0004"

OLD = "'suspended', 'in_progress'"
NEW = "'suspended', 'joined', 'in_progress'"
STATES = (
    "state IN ('requested', 'unplaced', 'waitlisted', 'tentative', 'confirmed', 'at_risk', "
    "{}, 'delivered', 'partially_delivered', 'not_delivered', 'verified', 'disputed', "
    "'written_off', 'cancelled')"
)


def upgrade() -> None:
    _states(OLD, NEW)
    op.add_column("lesson", sa.Column("joined_to", sa.Uuid(), nullable=True))
    op.add_column(
        "lesson", sa.Column("guest_people", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("change", sa.Column("grouping_id", sa.Uuid(), nullable=True))
    op.create_index("ix_lesson_joined_to", "lesson", ["joined_to"])
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "grouping",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district", text(), nullable=False),
        sa.Column("kind", text(), nullable=False),
        sa.Column("state", text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("proposer_id", sa.Uuid(), nullable=False),
        sa.Column("proposer_name", text(), nullable=False),
        sa.Column("host_id", sa.Uuid(), nullable=False),
        sa.Column("guest_id", sa.Uuid(), nullable=False),
        sa.Column("host_school_id", sa.Uuid(), nullable=False),
        sa.Column("guest_school_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", types.Instant(), nullable=False),
        sa.Column("ends_at", types.Instant(), nullable=False),
        sa.Column("place", types.Json, nullable=False),
        sa.Column("gain", types.Json, nullable=False),
        sa.Column("note", text(), nullable=False),
        sa.Column("host_agreed_at", types.Instant(), nullable=True),
        sa.Column("guest_agreed_at", types.Instant(), nullable=True),
        sa.Column("deadline_at", types.Instant(), nullable=True),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.Column("reason_code", text(), nullable=True),
        sa.Column("reason", text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('proposed', 'agreed', 'applied', 'declined', 'withdrawn', 'expired', "
            "'lapsed')",
            name="grouping_state_known",
        ),
        sa.CheckConstraint("kind IN ('merge', 'route')", name="grouping_kind_known"),
        sa.CheckConstraint("starts_at < ends_at", name="grouping_slot_forward"),
        sa.ForeignKeyConstraint(["guest_id"], ["lesson.id"]),
        sa.ForeignKeyConstraint(["guest_school_id"], ["school.id"]),
        sa.ForeignKeyConstraint(["host_id"], ["lesson.id"]),
        sa.ForeignKeyConstraint(["host_school_id"], ["school.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("grouping_by_district", "grouping", ["district", "created_at", "id"])
    op.create_index("grouping_by_host", "grouping", ["host_id", "state"])
    op.create_index("grouping_by_guest", "grouping", ["guest_id", "state"])
    for name in ("host_school_id", "guest_school_id"):
        op.create_index(f"ix_grouping_{name}", "grouping", [name])
    op.execute(
        "INSERT INTO setting (district, name, value, source) "
        "SELECT DISTINCT district, 'grouping_km', '15', 'proposal' FROM setting "
        "WHERE district NOT IN (SELECT district FROM setting WHERE name = 'grouping_km')"
    )


def downgrade() -> None:
    op.execute("DELETE FROM setting WHERE name = 'grouping_km'")
    op.drop_table("grouping")
    # What is joined waits again: the lesson it came to goes on without it.
    op.execute(
        "UPDATE lesson SET state = 'unplaced', starts_at = NULL, ends_at = NULL "
        "WHERE state = 'joined'"
    )
    op.drop_column("change", "grouping_id")
    op.drop_index("ix_lesson_joined_to", table_name="lesson")
    for name in ("guest_people", "joined_to"):
        op.drop_column("lesson", name)
    _states(NEW, OLD)


def _states(before: str, now: str) -> None:
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
        bind.exec_driver_sql("PRAGMA writable_schema=ON")
        bind.exec_driver_sql(
            "UPDATE sqlite_master SET sql = replace(sql, ?, ?) "
            "WHERE type = 'table' AND name = 'lesson'",
            (before, now),
        )
        bind.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
        bind.exec_driver_sql("PRAGMA writable_schema=RESET")
        return
    op.drop_constraint("lesson_state_known", "lesson", type_="check")
    op.create_check_constraint("lesson_state_known", "lesson", STATES.format(now))
