"""Planner: the service. No database: whoever asks holds the problem and asks again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.kit import log, problems
from services.kit.app import end
from services.kit.bus import Bus
from services.kit.observe import Observe
from services.kit.parcels import MOST_PACKED, packed
from services.kit.talk import RUN
from services.planner.line import Line, Question, Said, refusal

# Questions for the solver pass one at a time; short ones do not wait for them, nor does a repair: a
# bad morning is not behind a season.
LONG, SHORT = ("plan",), ("repair", "rank", "validate")


class Planner:
    """Hears questions from the broker and answers into the inbox of whoever asked."""

    def __init__(self, bus: Bus) -> None:
        self.bus, self.lines = bus, (Line(), Line())
        self.listening = False

    async def listen(self) -> None:
        """However late the broker comes; the client subscribes again by itself."""
        await self.bus.connect()
        client = self.bus.client
        for line, names in zip(self.lines, (LONG, SHORT), strict=True):
            for do in names:
                await client.subscribe(f"rpc.planner.{do}", queue="planner", cb=self._hears(line))
        # All of them hear it: only one has the run.
        await client.subscribe("rpc.planner.stop", cb=self._stop)
        await client.flush()
        self.listening = True

    def _hears(self, line: Line) -> Callable[[Msg], Awaitable[None]]:
        async def hear(message: Msg) -> None:
            # The asker chooses the reply subject: anything but an inbox could forge an event.
            if not message.reply.startswith("_INBOX_"):
                return

            async def say(said: Said) -> None:
                await self._say(message.reply, said)

            line.join(Question(message.subject.split(".")[-1], run_of(message), message.data, say))

        return hear

    async def _say(self, inbox: str, said: Said) -> None:
        answer = await asyncio.to_thread(packed, said)
        if len(answer) > MOST_PACKED:
            why = "the answer is too large"
            answer = packed({"run": said["run"], **refusal("planner_failed", why=why)})
        try:
            await self.bus.client.publish(inbox, answer)
        except NatsError as error:
            log.get().warning("not said", run=said["run"], error=repr(error))

    async def _stop(self, message: Msg) -> None:
        for line in self.lines:
            line.leave(run_of(message))

    async def close(self) -> None:
        for line in self.lines:
            await line.close()
        await self.bus.close()


def run_of(message: Msg) -> str:
    return (message.headers or {}).get(RUN, "")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    log.configure("planner")
    app.state.log, app.state.planner = log.get(), Planner(Bus("planner"))
    listening = asyncio.create_task(app.state.planner.listen())
    yield
    await end([listening])
    await app.state.planner.close()


app = FastAPI(title="Yueke planner", lifespan=lifespan, docs_url=None, redoc_url=None)
app.add_middleware(Observe)
problems.install(app)


@app.get("/livez", include_in_schema=False)
async def livez() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/readyz", include_in_schema=False)
async def readyz(request: Request) -> JSONResponse:
    """Ready: the broker is there, refuses nothing, and questions come through."""
    planner: Planner = request.app.state.planner
    found = {
        "broker": planner.bus.connected and not planner.bus.denied,
        "listening": planner.listening,
    }
    ready = all(found.values())
    return JSONResponse({"ready": ready, **found}, 200 if ready else 503)


@app.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
