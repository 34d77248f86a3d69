"""Lecturer: the service."""

from services.kit.app import make_app
from services.lecturer import (
    api,
    assignments_api,
    board_api,
    candidates,
    desk_api,
    import_api,
    offers_api,
    own_api,
    plan_ground,
)
from services.lecturer.audits import AUDITS
from services.lecturer.clockwork import TIMERS, outage
from services.lecturer.handlers import HANDLERS
from services.lecturer.models import GUARD

app = make_app(
    "lecturer",
    [
        *(api.router, api.letters, api.times, api.seats),
        *(offers_api.router, offers_api.seats, assignments_api.router),
        *(board_api.router, own_api.router),
        *(desk_api.router, import_api.router),
    ],
    handlers=HANDLERS,
    timers=TIMERS,
    outage=outage,
    guards=[GUARD],
    answers={
        "seat.free": candidates.free,
        "seat.against": candidates.against,
        "plan.ground": plan_ground.ground,
    },
    audits=AUDITS,
)
