"""Notify: what reaches people, by which channel, exactly once."""

from services.kit.app import make_app
from services.notify import api, digests, mail, stream_api
from services.notify.handlers import HANDLERS
from services.notify.queries import AUDITS

app = make_app(
    "notify",
    [api.router, stream_api.router, api.public],
    handlers=HANDLERS,
    timers=digests.TIMERS,
    audits=AUDITS,
    background=[mail.deliver],
)
