"""Booking: its migrations."""

from services.booking import grouping_models, plan_models  # noqa: F401  (their tables)
from services.booking.models import PLACE_GUARD, Table
from services.kit.migrate import run

run("booking", Table, [PLACE_GUARD])
