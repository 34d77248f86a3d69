"""Portal: signing in and out."""

import asyncio
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.kit import clock
from services.kit.auth import Role
from services.kit.errors import NotFound, Refusal
from services.portal import attempts, oidc, secrecy, sessions, signins
from services.portal.models import Account
from services.portal.pages import menu, refusals, render
from services.portal.pages.forms import Fields, read_form, source_of
from services.portal.pages.frame import Page, language_of, pages
from services.portal.pages.upstream import Refused
from services.portal.pages.visit import check_origin, cookie_name, inside, is_secure, write
from services.portal.pages.words import LOCALES, words

outside = APIRouter(include_in_schema=False)
router = pages("")
# argon2 takes 19 MiB and a core each time: a crowd at the door waits in line.
_hashers = asyncio.Semaphore(2)
LONGEST_FORM = 20  # fields


@outside.get("/sign-in")
async def sign_in_page(request: Request, next: str = "", again: str = "") -> Response:
    return form(request, next=inside(next), ended=bool(again))


@outside.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """A new session under a new secret, whatever cookie was there before."""
    fields = await _sent(request)
    login, wanted = fields.get("login", ""), inside(fields.get("next", ""))
    try:
        account, started = await _prove(request, login, fields.get("password", ""))
    except Refusal as refusal:
        return form(request, next=wanted, login=login, refusal=refusal)
    if started.wants_code:
        return ask_for_code(started.secret, wanted)
    return signed_in(account, started.secret, wanted)


async def _prove(request: Request, login: str, password: str) -> tuple[Account, signins.Started]:
    database, real = request.app.state.database, clock.real()
    source = attempts.network(source_of(request))
    account: Account | None = await database.read(
        lambda session: signins.knock(session, login, source=source, real=real)
    )
    kept = account.password_hash if account else None
    async with _hashers:
        matched = await asyncio.to_thread(_is_password, password[:200], kept)
    id = account.id if account else None
    started = await write(
        request,
        lambda session: signins.start(
            session,
            login,
            id,
            matched=matched and account is not None,
            source=source,
            agent=agent_of(request),
            real=real,
        ),
    )
    assert account is not None
    return account, started


def _is_password(said: str, kept: str | None) -> bool:
    return secrecy.is_password(said, kept or _nobody())


@lru_cache
def _nobody() -> str:
    """Compared when nobody has that name, so that the answer takes as long."""
    return secrecy.hash_password(secrecy.new_password())


@outside.get("/sign-in/code")
async def code_page(request: Request, next: str = "") -> Response:
    return _code_form(request, next=inside(next))


@outside.post("/sign-in/code")
async def code(request: Request) -> Response:
    """The second step, on the browser that did the first."""
    fields = await _sent(request)
    wanted, real = inside(fields.get("next", "")), clock.real()
    half = request.cookies.get(half_name(), "")
    try:
        account, secret = await write(
            request,
            lambda session: signins.finish(
                session, half, fields.get("code", ""), agent=agent_of(request), real=real
            ),
        )
    except NotFound:
        return form(request, next=wanted, ended=True, status=401)
    except Refusal as refusal:
        return _code_form(request, next=wanted, refusal=refusal)
    response = signed_in(account, secret, wanted)
    response.delete_cookie(half_name(), path="/", secure=is_secure(), httponly=True)
    return response


def ask_for_code(half: str, wanted: str) -> Response:
    """To the second step, with the cookie of half a sign-in: of no use for any page."""
    where = "/sign-in/code" + (f"?next={render.quoted(wanted)}" if wanted else "")
    response = RedirectResponse(where, 303)
    _keep(response, half_name(), half)
    return response


def signed_in(account: Account, secret: str, wanted: str) -> Response:
    """To where the person wanted to go, with the cookie of the new session."""
    roles = frozenset(Role(role) for role in account.roles)
    response = RedirectResponse(wanted or menu.home(roles), 303)
    _keep(response, cookie_name(), secret)
    return response


def _keep(response: Response, name: str, secret: str) -> None:
    response.set_cookie(name, secret, httponly=True, samesite="lax", secure=is_secure(), path="/")


def half_name() -> str:
    return f"{cookie_name()}-code"


def agent_of(request: Request) -> str:
    return request.headers.get("user-agent", "")


async def _sent(request: Request) -> Fields:
    check_origin(request)
    fields: Fields = (await read_form(request, most_fields=LONGEST_FORM)).fields
    return fields


def form(
    request: Request,
    *,
    next: str = "",
    login: str = "",
    refusal: Refusal | None = None,
    ended: bool = False,
    status: int = 200,
) -> Response:
    """The page for signing in, with what went wrong."""
    provider = oidc.settings()
    context: dict[str, Any] = {
        "next": next,
        "login": login,
        "ended": ended,
        "provider": provider.name if provider else "",
    }
    return _page(request, "account/sign_in.html", refusal, status, **context)


def _code_form(request: Request, *, next: str, refusal: Refusal | None = None) -> Response:
    return _page(request, "account/sign_in_code.html", refusal, 200, next=next)


def _page(
    request: Request, template: str, refusal: Refusal | None, status: int, **context: Any
) -> Response:
    language = language_of(request)
    problem = ""
    if refusal is not None:
        status = refusal.status
        said = Refused(refusal.status, refusal.code, refusal.facts)
        problem = refusals.sentence(said, words(language))
    html = render.outside(template, language, problem=problem, **context)
    headers = {"Cache-Control": "no-store"}
    if refusal is not None and "retry_after" in refusal.facts:
        headers["Retry-After"] = str(refusal.facts["retry_after"])
    return HTMLResponse(html, status, headers=headers)


@router.get("/")
async def home(page: Page) -> Response:
    return RedirectResponse(menu.home(page.visitor.roles), 303)


@router.post("/sign-out")
async def sign_out(page: Page) -> Response:
    """Here, or with `everywhere` on every browser."""
    visitor, at = page.visitor, clock.real()
    if page.form.get("everywhere"):
        await page.write(lambda session: sessions.end_all(session, visitor.id, at=at))
    else:
        await page.write(lambda session: sessions.end(session, visitor.session, at=at))
    response = await page.go("/sign-in")
    response.delete_cookie(cookie_name(), path="/", secure=is_secure(), httponly=True)
    return response


@router.post("/look")
async def look(page: Page) -> Response:
    """Large type, on this browser."""
    response = await page.go(inside(page.form.get("back", "")) or "/")
    size = "large" if page.request.cookies.get("look") != "large" else ""
    response.set_cookie(
        "look", size, max_age=31536000, samesite="lax", secure=is_secure(), httponly=True
    )
    return response


@outside.post("/language")
async def language(request: Request) -> Response:
    """Before signing in; afterwards it is a fact of the account (`/account/language`)."""
    fields = await _sent(request)
    chosen = fields.get("language", "zh")
    response = RedirectResponse(inside(fields.get("back", "")) or "/sign-in", 303)
    if chosen in LOCALES:
        response.set_cookie(
            "language", chosen, max_age=31536000, samesite="lax", secure=is_secure(), httponly=True
        )
    return response
