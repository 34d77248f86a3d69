"""Portal: the frame of all pages: routers by role, and what becomes of a refusal."""

import json
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kit import config
from services.kit.auth import Role
from services.portal.pages import refusals, render
from services.portal.pages.upstream import Refused
from services.portal.pages.visit import (
    FRESH_PASSWORD,
    ChooseAPassword,
    SignInFirst,
    Visit,
    inside,
    needs,
    visit,
)
from services.portal.pages.words import words

Page = Annotated[Visit, Depends(visit)]
NOT_KEPT = {"Cache-Control": "no-store"}
OF_APIS = ("/api/", "/.well-known/", "/livez", "/readyz", "/metrics")
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def pages(prefix: str, *roles: Role) -> APIRouter:
    """Pages under `prefix`, for people with one of the roles (all signed-in people when none is
    named)."""
    return APIRouter(prefix=prefix, dependencies=[Depends(needs(*roles))], include_in_schema=False)


def install(app: FastAPI) -> None:
    """Refusals become sentences on pages, and every page says what a browser may load."""
    app.add_middleware(Browsers)
    app.add_exception_handler(SignInFirst, _sign_in_first)
    app.add_exception_handler(ChooseAPassword, _choose_a_password)
    app.add_exception_handler(Refused, _refused)
    for kind, handler in list(app.exception_handlers.items()):
        if kind not in (SignInFirst, ChooseAPassword, Refused) and isinstance(kind, type):
            app.add_exception_handler(kind, _on_pages(handler))


def _on_pages(handler: Any) -> Any:
    """What an API answers as a problem (RFC 9457), said as a page where a person asked."""

    async def handle(request: Request, error: Exception) -> Response:
        if isinstance(error, RequestValidationError) and not is_api(request):
            # Addresses are made by our own pages: one that cannot be read leads nowhere.
            return await _refused(request, Refused(404, "not_found", {}))
        answer: Response = await handler(request, error)
        if is_api(request):
            return answer
        return await _refused(request, _as_refused(answer))

    return handle


def _as_refused(answer: Response) -> Refused:
    try:
        facts = json.loads(bytes(answer.body))
        code = str(facts.pop("type"))
    except (ValueError, KeyError, AttributeError):
        facts, code = {}, "refused"
    if answer.status_code == 400 and code == "refused":
        code = "malformed"
    return Refused(answer.status_code, code, facts)


def is_api(request: Request) -> bool:
    return request.url.path.startswith(OF_APIS)


def language_of(request: Request) -> str:
    """Of somebody who is not signed in: chosen here before, or what the browser prefers."""
    chosen = request.cookies.get("language")
    if chosen in ("zh", "en"):
        return chosen
    first = request.headers.get("accept-language", "").partition(",")[0].casefold()
    return "en" if first.startswith("en") else "zh"


class Browsers:
    """ASGI middleware: HEAD is a GET whose body the server leaves out, and every answer says what
    a browser may load and do with it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        extra = _headers(scope["path"])

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", []))
                names = {name for name, _ in given}
                message["headers"] = [*given, *(pair for pair in extra if pair[0] not in names)]
            await send(message)

        if scope["method"] == "HEAD" and not scope["path"].startswith(OF_APIS):
            scope = {**scope, "method": "GET"}
        await self.app(scope, receive, with_headers)


def _headers(path: str) -> list[tuple[bytes, bytes]]:
    extra = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin")]
    if not path.startswith("/api/portal/docs"):
        extra.append((b"content-security-policy", POLICY.encode()))
    if not path.startswith(OF_APIS):
        extra += [
            (b"x-frame-options", b"DENY"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
        ]
    if config.origin().startswith("https:"):
        extra.append((b"strict-transport-security", b"max-age=31536000"))
    return extra


async def _sign_in_first(request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInFirst)
    if "hx-request" in request.headers:
        # Back to the page that is open, not to the part of it that was asked for.
        wanted = inside(_path(request.headers.get("hx-current-url", "")))
        where = "/sign-in?again=1" + (f"&next={quote(wanted)}" if wanted else "")
        return Response(status_code=204, headers={"HX-Redirect": where, **NOT_KEPT})
    wanted = inside(error.next)
    where = "/sign-in" + (f"?next={quote(wanted)}" if wanted not in ("", "/") else "")
    return RedirectResponse(where, 303, headers=NOT_KEPT)


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


async def _choose_a_password(request: Request, _: Exception) -> Response:
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": FRESH_PASSWORD, **NOT_KEPT})
    return RedirectResponse(FRESH_PASSWORD, 303, headers=NOT_KEPT)


async def _refused(request: Request, error: Exception) -> Response:
    """On a page that is open: the sentence beside what was typed, nothing else changes. Otherwise
    a page with the sentence and the way back."""
    assert isinstance(error, Refused)
    said = words(getattr(request.state, "language", None) or language_of(request))
    text = refusals.sentence(error, said)
    if "hx-request" in request.headers:
        beside = refusals.fields(error, said)
        headers = {
            "HX-Retarget": "#problem",
            "HX-Reswap": "innerHTML",
            "HX-Trigger": render.trigger(refused={"code": error.code, "fields": beside}),
            "Cache-Control": "no-store",
        }
        html = render.outside(
            "parts/problem.html", said.language, text=text, code=error.code, fields=beside
        )
        return HTMLResponse(html, error.status, headers=headers)
    html = render.outside(
        "problem.html",
        said.language,
        text=text,
        code=error.code,
        status=error.status,
        request_id=error.facts.get("request_id", ""),
    )
    return HTMLResponse(html, error.status, headers=NOT_KEPT)
