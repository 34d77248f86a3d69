"""Kit: how a request is served. One transaction, committed before the answer leaves."""

import asyncio
import base64
import binascii
import json
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from sqlalchemy import ColumnElement, Uuid, literal, tuple_
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from sqlmodel.sql.expression import SelectOfScalar

from services.kit import auth, clock, db, idempotency, problems
from services.kit.auth import Caller
from services.kit.errors import (
    Conflict,
    Invalid,
    Malformed,
    Missing,
    Refusal,
    Stale,
    TooLarge,
    Unauthorized,
)
from services.kit.types import Instant

LONGEST_BODY = 2 * 1024 * 1024
WRITES = {"POST", "PUT", "PATCH", "DELETE"}

Handle = Callable[[Request], Coroutine[Any, Any, Response]]


class TransactionRoute(APIRoute):
    """Reads the token and the body, waits for its turn at the database, runs the endpoint, keeps
    the answer of a POST under its Idempotency-Key, commits, and only then answers.

    FastAPI's own `yield` dependencies end after the answer by default, and their threads can
    deadlock on a one-writer queue; here the whole transaction is in one place.
    """

    open_to_all = False

    def get_route_handler(self) -> Handle:
        inner = super().get_route_handler()
        name = self.path

        async def handle(request: Request) -> Response:
            request.state.route = name
            write = request.method in WRITES
            if not self.open_to_all:
                request.state.caller = await _caller(request)
            body = await _body(request) if write else b""
            if "\x00" in request.url.path or "%00" in str(request.url) or b"\\u0000" in body:
                raise Invalid("nul_character")
            if not write:
                return await _read(request, inner)
            key = None
            if request.method == "POST" and not self.open_to_all:
                key = idempotency.check_key(request.headers.get("idempotency-key"))
            return await _write(request, inner, key, body)

        return handle


class OpenRoute(TransactionRoute):
    """For what needs no token: tokens themselves, public keys, feeds by secret."""

    open_to_all = True


def Router(*, public: bool = False, **options: Any) -> APIRouter:
    """A router whose every endpoint runs in a transaction."""
    return APIRouter(route_class=OpenRoute if public else TransactionRoute, **options)


async def _caller(request: Request) -> Caller:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("token_required")
    # A hundred microseconds with keys at hand; a thread only when they have to be fetched.
    if auth.keys_at_hand(token):
        return auth.verify(token)
    return await asyncio.to_thread(auth.verify, token)


async def _body(request: Request) -> bytes:
    """All of it, before a place at the database is taken; 413 `body_too_large`."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LONGEST_BODY:
            raise TooLarge("body_too_large", most=LONGEST_BODY)
        parts.append(part)
    body = b"".join(parts)
    if not body and request.method == "POST":
        # Nothing said is an empty object: verbs without facts need no body.
        body = b"{}"
        request.scope["headers"] = [
            *(pair for pair in request.scope["headers"] if pair[0] != b"content-type"),
            (b"content-type", b"application/json"),
        ]
        request.__dict__.pop("_headers", None)  # may have been read already, for the token
    request._body = body  # what Starlette itself keeps after reading
    return body


async def _read(request: Request, inner: Handle) -> Response:
    async with request.app.state.database.queue(write=False) as session:
        request.state.tx = session
        return await inner(request)


async def _write(request: Request, inner: Handle, key: str | None, body: bytes) -> Response:
    database: db.Database = request.app.state.database
    for attempt in range(1, db.RETRIES + 1):
        async with database.queue(write=True) as session:
            request.state.tx = session
            try:
                return await _attempt(request, session, inner, key, body)
            except DBAPIError as error:
                if not db.is_lost_race(error) or attempt == db.RETRIES:
                    raise
        await asyncio.sleep(db.pause(attempt))
    raise AssertionError("unreachable")


async def _attempt(
    request: Request, session: Session, inner: Handle, key: str | None, body: bytes
) -> Response:
    database: db.Database = request.app.state.database
    if key is not None:
        wanted = idempotency.digest(request.method, request.url.path, body)
        before = await asyncio.to_thread(
            idempotency.claim, session, request.state.caller.id, key, wanted
        )
        if before is not None:
            if before.body is None:
                raise Conflict("answer_not_kept")
            headers = {"ETag": before.etag} if before.etag else {}
            headers["Idempotent-Replay"] = "true"
            return Response(before.body, before.status or 200, headers, before.media_type)
    try:
        response = await inner(request)
    except Refusal as refusal:
        if not refusal.keep:
            raise
        response = problems.of_refusal(refusal)
    await asyncio.to_thread(_finish, request, session, response, key)
    database.after_commit()
    return response


def _finish(request: Request, session: Session, response: Response, key: str | None) -> None:
    secret = getattr(request.state, "secret", False)
    if secret:
        response.headers["Cache-Control"] = "no-store"
    if key is not None:
        idempotency.remember(
            session,
            request.state.caller.id,
            key,
            status=response.status_code,
            media_type=response.headers.get("content-type", ""),
            etag=response.headers.get("etag"),
            body=None if secret else bytes(response.body).decode(),
        )
    session.commit()


async def _tx(request: Request) -> Session:
    session: Session = request.state.tx
    return session


_bearer = HTTPBearer(auto_error=False, description="Access token from POST /api/token")


async def _who(request: Request, _: Annotated[Any, Security(_bearer)]) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def _listener(request: Request, _: Annotated[Any, Security(_bearer)]) -> Caller:
    request.state.route = request.scope["route"].path
    request.state.caller = caller = await _caller(request)
    return caller


async def _now() -> datetime:
    return clock.now()


async def secret(request: Request) -> None:
    """`dependencies=[Depends(secret)]`: what is asked and answered here is kept nowhere, so the
    same Idempotency-Key again is a 409 `answer_not_kept`; it is still never done twice."""
    request.state.secret = True


async def _if_match(if_match: Annotated[str | None, Header()] = None) -> int | None:
    if if_match is None:
        return None
    try:
        return int(if_match.strip().removeprefix("W/").strip('"'))
    except ValueError as error:
        raise Malformed("if_match_invalid") from error


Tx = Annotated[Session, Depends(_tx)]
Who = Annotated[Caller, Depends(_who)]
# The same on an ordinary APIRouter: for streams, which hold no transaction while they wait.
Listener = Annotated[Caller, Depends(_listener)]
# The clock is read here, at the edge, and handed to the domain.
Now = Annotated[datetime, Depends(_now)]
IfMatch = Annotated[int | None, Depends(_if_match)]


def etag(response: Response, version: int) -> None:
    """The version a client sends back as If-Match."""
    response.headers["ETag"] = f'"{version}"'


def check_match(version: int, if_match: int | None) -> None:
    """Changing what exists needs If-Match (428) naming its newest version (412)."""
    if if_match is None:
        raise Missing("if_match_required", version=version)
    if if_match != version:
        raise Stale("version_stale", version=version)


def page(
    session: Session,
    statement: SelectOfScalar[Any],
    *,
    by: Sequence[Any],
    cursor: str | None,
    limit: int,
    descending: bool = False,
) -> tuple[Sequence[Any], str | None]:
    """One page of rows by keyset (`by`: columns that are unique together), and the cursor of the
    next one. A cursor that is not ours: 400 `cursor_invalid`."""
    keys = tuple_(*by)
    if cursor is not None:
        edge = tuple_(*(literal(v, c.type) for v, c in zip(_decode(cursor, by), by, strict=True)))
        statement = statement.where(keys < edge if descending else keys > edge)
    order = [c.desc() if descending else c.asc() for c in by]
    rows = session.exec(statement.order_by(*order).limit(limit + 1)).all()
    if len(rows) <= limit:
        return rows, None
    rows = rows[:limit]
    last = [getattr(rows[-1], str(c.key)) for c in by]
    plain = [v.isoformat() if isinstance(v, datetime) else v for v in last]
    text = json.dumps(plain, default=str, ensure_ascii=False)
    return rows, base64.urlsafe_b64encode(text.encode()).decode()


def _decode(cursor: str, by: Sequence[Any]) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if not isinstance(values, list) or len(values) != len(by):
            raise ValueError
        return [_typed(value, column) for value, column in zip(values, by, strict=True)]
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise Malformed("cursor_invalid") from error


def _typed(value: Any, column: ColumnElement[Any]) -> Any:
    if isinstance(column.type, Instant):
        return datetime.fromisoformat(value)
    if isinstance(column.type, Uuid):
        return UUID(value)
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise ValueError
    return value
