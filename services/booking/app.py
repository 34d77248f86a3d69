"""Booking: the service."""

from services.booking import api, deadlines, review, schools_api
from services.booking.audits import AUDITS
from services.booking.handlers import HANDLERS
from services.booking.models import PLACE_GUARD
from services.kit.app import make_app

app = make_app(
    "booking",
    [api.router, schools_api.router],
    handlers=HANDLERS,
    timers={**deadlines.TIMERS, "line_fix_deadline": review.line_fix_deadline},
    outage=deadlines.outage,
    guards=[PLACE_GUARD],
    audits=AUDITS,
)
