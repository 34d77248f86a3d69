"""Kit: how every service is put together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI

from services.kit import house, log, openapi, past, problems, replies
from services.kit.bus import Bus, keep
from services.kit.db import Database
from services.kit.guard import Guard
from services.kit.house import Audits
from services.kit.inbox import Handlers, Inbox
from services.kit.listener import Listener
from services.kit.observe import Observe
from services.kit.relay import Relay
from services.kit.replies import Answers
from services.kit.timers import Acts, Clockwork, Outage

# Work of a service beside requests, events and timers; runs until `stopping` is set.
Background = Callable[[FastAPI, asyncio.Event], Coroutine[Any, Any, None]]


def make_app(
    service: str,
    routers: Sequence[APIRouter],
    *,
    handlers: Handlers | None = None,
    timers: Acts | None = None,
    outage: Outage | None = None,
    guards: Sequence[Guard] = (),
    answers: Answers | None = None,
    audits: Audits | None = None,
    background: Sequence[Background] = (),
    public: Sequence[APIRouter] = (),
) -> FastAPI:
    """A service: its routers under /api/<service>, its ears, its clock and its outbox.

    `public` routers stand at the root, without the prefix.
    """
    inbox = Inbox(handlers or {})

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        log.configure(service)
        database, bus = Database(service), Bus(service)
        relay = Relay(bus, database, service)
        clockwork = Clockwork(database, service, timers or {}, outage)
        database.after_commit = relay.wake.set
        state = app.state
        state.database, state.bus, state.relay, state.log = database, bus, relay, log.get()
        state.stopping = stopping = asyncio.Event()
        works: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "relay": lambda: relay.run(stopping),
            "clock": lambda: clockwork.run(stopping),
        }
        for source in inbox.sources:
            listener = Listener(bus, database, inbox, source)
            works[f"listen {source}"] = lambda listener=listener: listener.run(stopping)  # type: ignore[misc]
        for work in background:
            works[work.__name__] = lambda work=work: work(app, stopping)  # type: ignore[misc]

        async def connect() -> None:
            # In the background: the service answers people while the broker is away.
            await bus.connect()
            await replies.serve(bus, database, answers or {})

        connecting = asyncio.create_task(connect())
        tasks = [asyncio.create_task(keep(name, work, stopping)) for name, work in works.items()]
        yield
        stopping.set()
        relay.wake.set()
        await end([connecting])
        await stop(tasks)
        await bus.close()
        relay.close()
        clockwork.close()
        database.dispose()

    prefix = f"/api/{service}"
    app = FastAPI(
        title=f"Yueke {service}",
        version="0.1.0",
        lifespan=lifespan,
        docs_url=f"{prefix}/docs",
        redoc_url=None,
        openapi_url=f"{prefix}/openapi.json",
    )
    app.add_middleware(Observe)
    problems.install(app)
    app.include_router(house.health(guards))
    for router in public:
        app.include_router(router)
    for router in [*routers, house.doors(audits or {}, inbox), past.doors()]:
        app.include_router(router, prefix=prefix)
    openapi.complete(app)
    return app


async def stop(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Let them finish what they hold, then end them."""
    if tasks:
        await asyncio.wait(tasks, timeout=2)
    await end(tasks)


async def end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel until gone: one cancel can be lost on 3.11, and the broker's client loses some."""
    pending: set[asyncio.Task[None]] = set(tasks)
    while pending := {task for task in pending if not task.done()}:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=0.2)
