"""Lecturer: what happened is found by person and by time."""

from services.kit import past_columns

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    past_columns.add()


def downgrade() -> None:
    past_columns.drop()
