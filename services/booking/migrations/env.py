"""Booking: its migrations."""

from services.booking import (  # noqa: F401  (their tables)
    grouping_models,
    plan_models,
    repair_models,
    season_models,
)
from services.booking.models import PLACE_GUARD, Table
from services.kit.migrate import run

run("booking", Table, [PLACE_GUARD])
