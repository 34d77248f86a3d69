"""Kit: questions between services, over NATS request and reply. Reads only."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeout
from sqlmodel import Session

from services.kit.bus import Bus
from services.kit.db import Database
from services.kit.errors import Refusal, Unavailable

Answer = Callable[[Session, dict[str, Any]], dict[str, Any]]
Answers = Mapping[str, Answer]

PATIENCE = 2  # seconds


async def ask(
    bus: Bus, service: str, question: str, *, patience: float = PATIENCE, **facts: Any
) -> dict[str, Any]:
    """Ask another service, for example `ask(bus, "lecturer", "seat.free", ...)`.

    Idempotent, so it is tried twice, `patience` seconds each. 503 `service_away` when nobody
    answers.
    """
    subject = f"rpc.{service}.{question}"
    for attempt in (1, 2):
        try:
            reply = await bus.client.request(subject, json.dumps(facts).encode(), timeout=patience)
        except (TimeoutError, NatsTimeout, NoRespondersError):
            if attempt == 2:
                break
        except Exception as error:
            raise Unavailable("service_away", service=service) from error
        else:
            answer: dict[str, Any] = json.loads(reply.data)
            if "refused" in answer:
                raise Unavailable(answer["refused"], **answer["facts"])
            return answer
    raise Unavailable("service_away", service=service)


async def serve(bus: Bus, database: Database, answers: Answers) -> None:
    """Answer for as long as the connection lives; the client subscribes again by itself."""
    for question, answer in answers.items():
        subject = f"rpc.{bus.service}.{question}"
        await bus.client.subscribe(subject, queue=bus.service, cb=_responder(bus, database, answer))
    # Until the broker has heard of it, whoever asks is told that nobody answers.
    await bus.client.flush()


def _responder(bus: Bus, database: Database, answer: Answer) -> Any:
    async def respond(message: Msg) -> None:
        # The asker chooses the reply subject: anything but an inbox could forge an event.
        if not message.reply.startswith("_INBOX_"):
            return
        facts = json.loads(message.data)
        try:
            body = await database.read(lambda session: answer(session, facts))
        except Refusal as refusal:
            body = {"refused": refusal.code, "facts": refusal.facts}
        await bus.client.publish(message.reply, json.dumps(body).encode())

    return respond
