"""Portal: the frame of all pages: routers by role, and what becomes of a refusal."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kit import config, problems
from services.kit.auth import Role
from services.kit.errors import Refusal
from services.portal.pages import refusals, render
from services.portal.pages.upstream import Refused
from services.portal.pages.visit import ChooseAPassword, SignInFirst, Visit, needs, visit
from services.portal.pages.words import words

Page = Annotated[Visit, Depends(visit)]
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
    app.add_middleware(SecurityHeaders)
    app.add_exception_handler(SignInFirst, _sign_in_first)
    app.add_exception_handler(ChooseAPassword, _choose_a_password)
    app.add_exception_handler(Refused, _refused)
    of_api = dict(app.exception_handlers)

    async def refusal(request: Request, error: Exception) -> Response:
        if is_api(request):
            return problems.of_refusal(_as_refusal(error))
        said = _as_refusal(error)
        return await _refused(request, Refused(said.status, said.code, dict(said.facts)))

    async def invalid(request: Request, error: Exception) -> Response:
        if is_api(request):
            found: Response = await of_api[RequestValidationError](request, error)
            return found
        return await _refused(request, Refused(404, "not_found", {}))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if is_api(request):
            found: Response = await of_api[HTTPException](request, error)
            return found
        if error.status_code in (404, 405):
            return await _refused(request, Refused(error.status_code, "not_found", {}))
        return await http_exception_handler(request, error)

    async def bug(request: Request, error: Exception) -> Response:
        answer: Response = await of_api[Exception](request, error)
        if is_api(request):
            return answer
        return await _refused(request, Refused(500, "internal_error", {}))

    app.add_exception_handler(Refusal, refusal)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, bug)


def is_api(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/.well-known/", "/livez", "/readyz", "/metrics"))


def language_of(request: Request) -> str:
    """Of somebody who is not signed in: chosen here before, or what the browser prefers."""
    chosen = request.cookies.get("language")
    if chosen in ("zh", "en"):
        return chosen
    first = request.headers.get("accept-language", "").partition(",")[0].casefold()
    return "en" if first.startswith("en") else "zh"


class SecurityHeaders:
    """ASGI middleware: what a browser may load and do on a page of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name for name, _ in message.get("headers", [])}
                extra = [
                    (b"content-security-policy", POLICY.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"same-origin"),
                ]
                if config.origin().startswith("https:"):
                    extra.append((b"strict-transport-security", b"max-age=31536000"))
                message["headers"] = [
                    *message.get("headers", []),
                    *(pair for pair in extra if pair[0] not in names),
                ]
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


async def _sign_in_first(request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInFirst)
    where = "/sign-in" + (f"?next={quote(error.next)}" if error.next not in ("", "/") else "")
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": "/sign-in?again=1"})
    return RedirectResponse(where, 303)


async def _choose_a_password(request: Request, _: Exception) -> Response:
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": "/account/password"})
    return RedirectResponse("/account/password", 303)


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
    return HTMLResponse(html, error.status, headers={"Cache-Control": "no-store"})


def _as_refusal(error: Exception) -> Refusal:
    assert isinstance(error, Refusal)
    return error
