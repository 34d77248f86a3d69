"""A room of one table, to try the plumbing without the domain."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import AwareDatetime, BaseModel
from sqlalchemy.orm import registry
from sqlmodel import Field, Session, SQLModel

from services.kit import db, idempotency, inbox, numbers, outbox, timers  # noqa: F401
from services.kit.auth import ALGORITHM, AUDIENCE
from services.kit.db import Database
from services.kit.errors import Conflict
from services.kit.event import Actor, Event
from services.kit.guard import Guard
from services.kit.ids import uuid7
from services.kit.types import Instant
from services.kit.web import IfMatch, Now, Router, Tx, Who, check_match


class Table(SQLModel, registry=registry()): ...


class Booth(Table, table=True):
    """Somebody holds a booth for a while."""

    id: UUID = Field(primary_key=True)
    booth_id: UUID
    party_id: UUID
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    live: bool = True
    version: int = 1


GUARD = Guard(Booth, "booth_id", apart="party_id", sample={"party_id": UUID(int=1), "version": 1})


class BoothChanged(Event):
    """A booth was held."""

    aggregate: ClassVar[str] = "toy.booth"
    facts: ClassVar[tuple[str, ...]] = ("changed",)

    note: str = ""


class Rung(Table, table=True):
    """What the toy's own ears heard."""

    id: UUID = Field(primary_key=True)
    version: int
    times: int = 1


def hear(session: Session, said: BoothChanged) -> None:
    if said.note == "poison":
        raise RuntimeError("cannot be acted on")
    row = session.get(Rung, said.key)
    if row is None:
        session.add(Rung(id=said.key, version=said.version))
    elif row.version >= said.version:
        raise Conflict("stale")
    else:
        row.version, row.times = said.version, row.times + 1


class BoothIn(BaseModel):
    booth_id: UUID
    party_id: UUID
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    note: str = ""


router = Router()


@router.put("/booths/{id}")
def hold(id: UUID, body: BoothIn, tx: Tx, who: Who, now: Now, if_match: IfMatch) -> dict[str, str]:
    row = tx.get(Booth, id)
    if row is not None:
        check_match(row.version, if_match)
    with GUARD.holding(tx, "booth_taken"):
        tx.add(Booth(id=id, **body.model_dump(exclude={"note"})))
    say(tx, id, at=now, note=body.note)
    return {"id": str(id)}


@router.post("/booths/{id}/ring")
def ring(id: UUID, tx: Tx, who: Who, now: Now) -> dict[str, str]:
    say(tx, id, at=now)
    return {"rung": str(uuid7())}


@router.post("/booths/{id}/lose")
def lose(id: UUID, tx: Tx, who: Who, now: Now) -> None:
    say(tx, id, at=now)
    raise Conflict("lost", keep=True)


@router.post("/booths/{id}/refuse")
def refuse(id: UUID, tx: Tx, who: Who, now: Now) -> None:
    say(tx, id, at=now)
    raise Conflict("refused")


def say(session: Session, key: UUID, *, at: datetime, version: int = 1, note: str = "") -> UUID:
    event = BoothChanged(
        fact="changed",
        key=key,
        version=version,
        district="xiqing",
        at=at,
        by=Actor(id=UUID(int=0), role="system"),
        note=note,
    )
    outbox.tell(session, event)
    return event.id


def made(url: str) -> Database:
    """The toy's database, with the kit's tables and the guard."""
    database = Database("toy", url)
    with database.engine.begin() as connection:
        outbox.Table.metadata.create_all(connection)
        Table.metadata.create_all(connection)
        GUARD.create(connection)
    return database


KEY = ec.generate_private_key(ec.SECP256R1())


def token(person: UUID, roles: list[str], *, key: object = KEY, **claims: object) -> str:
    """An access token as the portal makes them."""
    import time

    body = {
        "iss": os.environ.get("YUEKE_ORIGIN", "http://127.0.0.1:8080"),
        "aud": AUDIENCE,
        "sub": str(person),
        "roles": roles,
        "district": "xiqing",
        "exp": int(time.time()) + 600,
        **claims,
    }
    return jwt.encode(body, key, ALGORITHM, headers={"kid": "toy"})  # type: ignore[arg-type]


@contextmanager
def published_keys() -> Iterator[str]:
    """The public keys over HTTP, as the portal publishes them."""
    import json
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from jwt.algorithms import ECAlgorithm

    jwk = {**ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "toy", "alg": ALGORITHM}
    body = json.dumps({"keys": [jwk]}).encode()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/jwks.json"
    finally:
        server.shutdown()
        server.server_close()
