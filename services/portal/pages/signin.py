"""Portal: signing in and out."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.kit import clock
from services.kit.auth import Role
from services.kit.errors import Refusal
from services.portal import secrecy, sessions
from services.portal.models import Account
from services.portal.pages import menu, refusals, render
from services.portal.pages.frame import Page, language_of, pages
from services.portal.pages.upstream import Refused
from services.portal.pages.visit import check_origin, cookie_name, is_secure, write
from services.portal.pages.words import LOCALES, words

outside = APIRouter(include_in_schema=False)
router = pages("")
# argon2 takes 19 MiB and a core each time: a crowd at the door waits in line.
_hashers = asyncio.Semaphore(2)
# Compared when nobody has that name, so that the answer takes as long.
_NOBODY = secrecy.hash_password(secrecy.new_password())


@outside.get("/sign-in")
async def sign_in_page(request: Request, next: str = "", again: str = "") -> Response:
    return _form(request, next=next, ended=bool(again))


@outside.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """A new session under a new secret, whatever cookie was there before."""
    form = await request.form(max_fields=20)
    check_origin(request)
    login, password, wanted = (str(form.get(name, "")) for name in ("login", "password", "next"))
    try:
        secret, account = await _prove(request, login, password)
    except Refusal as refusal:
        said = words(language_of(request))
        text = refusals.sentence(Refused(refusal.status, refusal.code, refusal.facts), said)
        return _form(request, next=wanted, login=login, problem=text, status=refusal.status)
    return signed_in(account, secret, wanted)


async def _prove(request: Request, login: str, password: str) -> tuple[str, Account]:
    database, real = request.app.state.database, clock.real()
    account = await database.read(lambda session: sessions.named(session, login))
    sessions.check_open(account, real=real)
    kept = (account.password_hash if account else None) or _NOBODY
    async with _hashers:
        matched = await asyncio.to_thread(secrecy.is_password, password[:200], kept)
    agent = request.headers.get("user-agent", "")
    id = account.id if account else None
    secret = await write(
        request,
        lambda session: sessions.start(session, id, matched=matched, agent=agent, real=real),
    )
    return secret, account


def signed_in(account: Account, secret: str, wanted: str) -> Response:
    """To where the person wanted to go, with the cookie of the new session."""
    roles = frozenset(Role(role) for role in account.roles)
    response = RedirectResponse(inside(wanted) or menu.home(roles), 303)
    response.set_cookie(
        cookie_name(), secret, httponly=True, samesite="lax", secure=is_secure(), path="/"
    )
    return response


def inside(url: str) -> str:
    """The address when it is one of ours; nobody is sent elsewhere."""
    parts = urlsplit(url)
    is_ours = not parts.scheme and not parts.netloc and url.startswith("/")
    return url if is_ours and not url.startswith(("//", "/\\")) else ""


def _form(
    request: Request,
    *,
    next: str = "",
    login: str = "",
    problem: str = "",
    ended: bool = False,
    status: int = 200,
) -> Response:
    context: dict[str, Any] = {"next": next, "login": login, "problem": problem, "ended": ended}
    html = render.outside("account/sign_in.html", language_of(request), **context)
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})


@router.get("/")
async def home(page: Page) -> Response:
    return RedirectResponse(menu.home(page.visitor.roles), 303)


@router.post("/sign-out")
async def sign_out(page: Page) -> Response:
    """Here, or with `everywhere` on every browser."""
    visitor, real = page.visitor, clock.real()
    if page.form.get("everywhere"):
        await page.write(lambda session: sessions.end_all(session, visitor.id, real=real))
    else:
        await page.write(lambda session: sessions.end(session, visitor.session, real=real))
    response = await page.go("/sign-in")
    response.delete_cookie(cookie_name(), path="/", secure=is_secure(), httponly=True)
    return response


@router.post("/look")
async def look(page: Page) -> Response:
    """Large type, on this browser."""
    response = await page.go(inside(page.form.get("back", "")) or "/")
    size = "large" if page.request.cookies.get("look") != "large" else ""
    response.set_cookie("look", size, max_age=31536000, samesite="lax", secure=is_secure())
    return response


@outside.post("/language")
async def language(request: Request) -> Response:
    """Before signing in; afterwards it is a fact of the account (`/account/language`)."""
    form = await request.form(max_fields=20)
    check_origin(request)
    chosen = str(form.get("language", "zh"))
    response = RedirectResponse(inside(str(form.get("back", ""))) or "/sign-in", 303)
    if chosen in LOCALES:
        response.set_cookie("language", chosen, max_age=31536000, samesite="lax")
    return response
