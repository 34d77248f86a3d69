"""Kit: every request has an id, a line in the log and a place in the metrics."""

import re
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from services.kit import log, metrics
from services.kit.ids import uuid7

QUIET = {"/livez", "/readyz", "/metrics"}
FINE = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Observe:
    """ASGI middleware; takes the caller's X-Request-ID when it is harmless."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET:
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request_id = given if FINE.fullmatch(given) else str(uuid7())
        started, status = time.perf_counter(), 500

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", []),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        with bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, observed)
            finally:
                seconds = time.perf_counter() - started
                route = scope.get("state", {}).get("route", "other")
                metrics.REQUESTS.labels(scope["method"], route, str(status)).observe(seconds)
                log.get().info(
                    "request",
                    method=scope["method"],
                    # Some addresses are a secret in themselves: of those the log gets the route.
                    path=route if "{token}" in route else scope["path"],
                    status=status,
                    ms=round(seconds * 1000, 1),
                )
