"""Portal: a forgotten password, for people who are not signed in."""

from typing import Any

from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi.responses import HTMLResponse

from services.kit import clock, log
from services.kit.errors import Refusal
from services.portal import attempts, resets, rules
from services.portal.pages import refusals, render
from services.portal.pages.forms import read_form, source_of
from services.portal.pages.frame import language_of
from services.portal.pages.upstream import Refused
from services.portal.pages.visit import check_origin, write
from services.portal.pages.words import words

outside = APIRouter(include_in_schema=False)


@outside.get("/forgotten")
async def forgotten_page(request: Request) -> Response:
    return _page(request, "account/forgotten.html", sent=False)


@outside.post("/forgotten")
async def forgotten(request: Request, later: BackgroundTasks) -> Response:
    """The same answer, as fast, whether anybody has this name or address: the work is done after
    it has left."""
    check_origin(request)
    fields = (await read_form(request, most_fields=20)).fields
    wanted, source = fields.get("who", "")[:255], attempts.network(source_of(request))
    later.add_task(_ask, request, wanted, source)
    return _page(request, "account/forgotten.html", sent=True)


async def _ask(request: Request, wanted: str, source: str) -> None:
    at, real = clock.now(), clock.real()
    try:
        await write(request, lambda s: resets.ask(s, wanted, source=source, at=at, real=real))
    except Refusal as refusal:
        log.get().warning("no reset link", code=refusal.code, source=source)


@outside.get("/reset/{token}")
async def reset_page(request: Request, token: str) -> Response:
    """Shows, and changes nothing: programs that scan mails open every link."""
    real = clock.real()
    database = request.app.state.database
    try:
        account = await database.read(lambda s: resets.look(s, token, real=real))
    except Refusal as refusal:
        return _page(request, "account/link_dead.html", status=refusal.status, again=True)
    return _form(request, token, account.login)


@outside.post("/reset/{token}")
async def reset(request: Request, token: str) -> Response:
    check_origin(request)
    fields = (await read_form(request, most_fields=20)).fields
    new, at, real = fields.get("new", ""), clock.now(), clock.real()
    database = request.app.state.database
    try:
        account = await database.read(lambda s: resets.look(s, token, real=real))
    except Refusal as refusal:
        return _page(request, "account/link_dead.html", status=refusal.status, again=True)
    try:
        if new != fields.get("again", ""):
            raise Refused(422, "passwords_differ", {})
        await write(request, lambda s: resets.use(s, token, new, at=at, real=real))
    except Refused as refused:
        return _form(request, token, account.login, refused)
    except Refusal as refusal:
        said = Refused(refusal.status, refusal.code, refusal.facts)
        return _form(request, token, account.login, said)
    return _page(request, "account/reset_done.html")


def _form(request: Request, token: str, login: str, refused: Refused | None = None) -> Response:
    said = words(language_of(request))
    problem = refusals.sentence(refused, said) if refused else ""
    return _page(
        request,
        "account/reset.html",
        status=refused.status if refused else 200,
        token=token,
        login=login,
        problem=problem,
        shortest=rules.SHORTEST_PASSWORD,
    )


def _page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    html = render.outside(template, language_of(request), **context)
    # The address holds a secret: no page elsewhere may learn it.
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
    return HTMLResponse(html, status, headers=headers)
