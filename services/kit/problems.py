"""Kit: one shape for every refusal of every service (RFC 9457, application/problem+json)."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from starlette.exceptions import HTTPException

from services.kit import db, log
from services.kit.errors import Conflict, Invalid, Refusal, TooMany, Unauthorized

MEDIA_TYPE = "application/problem+json"
OF_HTTP = {404: "not_found", 405: "method_not_allowed", 401: "token_required"}


def problem(
    status: int, code: str, facts: dict[str, Any], headers: dict[str, str] | None = None
) -> JSONResponse:
    """`type` is the stable code; everything else about the case stands beside it."""
    body = {**facts, "type": code, "title": code.replace("_", " "), "status": status}
    if request_id := log.request_id():
        body["request_id"] = request_id
    return JSONResponse(jsonable_encoder(body), status, headers=headers, media_type=MEDIA_TYPE)


def of_refusal(refusal: Refusal) -> JSONResponse:
    headers = {"Retry-After": "1"} if refusal.status == 503 else None
    if isinstance(refusal, Unauthorized):
        headers = {"WWW-Authenticate": refusal.scheme}
    if isinstance(refusal, TooMany):
        headers = {"Retry-After": str(refusal.facts["retry_after"])}
    return problem(refusal.status, refusal.code, refusal.facts, headers)


def as_refusal(error: Exception) -> Refusal | None:
    """What the database said, as an answer; None when it is a bug."""
    if isinstance(error, IntegrityError):
        log.get().error("unexpected integrity error", error=str(error.orig))
        return Conflict("conflicting_write")
    if isinstance(error, DataError | OverflowError | UnicodeEncodeError):
        return Invalid("value_not_storable")
    if isinstance(error, DBAPIError):
        return db.unavailable(error)
    return None


def install(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    for kind in (DBAPIError, OverflowError, UnicodeEncodeError):
        app.add_exception_handler(kind, _database)
    app.add_exception_handler(Exception, _bug)


async def _refusal(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return of_refusal(error)


async def _validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return problem(422, "invalid_body", {"errors": [_field(e) for e in error.errors()]})


def _field(error: dict[str, Any]) -> dict[str, Any]:
    where: Sequence[Any] = error["loc"]
    return {
        "field": ".".join(str(part) for part in where[1:]) or str(where[0]),
        "code": error["type"],
        "message": error["msg"],
    }


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = OF_HTTP.get(error.status_code, "refused")
    return problem(error.status_code, code, {}, dict(error.headers or {}))


async def _database(request: Request, error: Exception) -> JSONResponse:
    refusal = as_refusal(error)
    return of_refusal(refusal) if refusal else await _bug(request, error)


async def _bug(_: Request, error: Exception) -> JSONResponse:
    log.get().error("bug", exc_info=error)
    return problem(500, "internal_error", {})
