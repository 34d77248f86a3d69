"""Booking: its migrations."""

from services.booking.models import PLACE_GUARD, Table
from services.kit.migrate import run

run("booking", Table, [PLACE_GUARD])
