"""Booking: the service."""

from services.booking import (
    api,
    changes_api,
    clerk_api,
    deadlines,
    desk_api,
    groupings_api,
    import_api,
    lessons_api,
    plan_app,
    plans_api,
    repair_app,
    repairs_api,
    schools_api,
    seasons_api,
)
from services.booking.audits import AUDITS
from services.booking.clockwork import TIMERS
from services.booking.handlers import HANDLERS
from services.booking.models import PLACE_GUARD
from services.kit.app import make_app

app = make_app(
    "booking",
    [
        api.router,
        lessons_api.router,
        changes_api.router,
        schools_api.router,
        desk_api.router,
        import_api.router,
        clerk_api.router,
        plans_api.router,
        repairs_api.router,
        groupings_api.router,
        seasons_api.router,
    ],
    handlers=HANDLERS,
    timers=TIMERS,
    outage=deadlines.outage,
    guards=[PLACE_GUARD],
    audits=AUDITS,
    background=[plan_app.run_plans, repair_app.run_repairs],
)
