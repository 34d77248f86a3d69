"""Portal: a request as a page sees it: who is there, what was sent, what the services answer."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlmodel import Session
from starlette.datastructures import UploadFile

from services.kit import clock, config
from services.kit.auth import Role
from services.kit.errors import Refusal
from services.portal import secrecy, sessions
from services.portal.pages import render, sheets
from services.portal.pages.forms import Fields, Form, read_form
from services.portal.pages.upstream import Calls, Refused, Upstream, gather
from services.portal.pages.words import ZONE, words
from services.portal.sessions import Visitor

T = TypeVar("T")
SAFE = {"GET", "HEAD"}
LIVE = "/live"  # an EventSource sends no header of ours
FRESH_PASSWORD = "/account/password"
OPEN_ALWAYS = (FRESH_PASSWORD, "/sign-out", "/account/language", "/look")


class SignInFirst(Exception):
    """Nobody is signed in; `next` is where the person wanted to go."""

    def __init__(self, next: str) -> None:
        self.next = next


class ChooseAPassword(Exception):
    """The password was given by somebody else and works for one thing only."""


class Visit:
    """One request of a signed-in person. `get`, `post`, `put` and `delete` go to the services with
    the person's own token and raise `Refused`; the frame turns that into a sentence."""

    def __init__(self, request: Request, visitor: Visitor, form: Form | None) -> None:
        self.request, self.visitor, self._form = request, visitor, form
        self._ = words(visitor.language)
        self.now: datetime = clock.now().astimezone(ZONE)
        once = form.fields.get("once", "") if form is not None else ""
        self.calls = Calls(request.app.state.upstream, visitor.token, once or None)

    @property
    def year(self) -> int:
        return self.now.year

    @property
    def wants_fragment(self) -> bool:
        return "hx-request" in self.request.headers

    def has(self, *roles: Role) -> bool:
        return self.visitor.has(*roles)

    # -- what was sent

    @property
    def form(self) -> Fields:
        """Posted fields, stripped; of a repeated one the last. Files are not among them; asking
        for one that was not sent (`form["name"]`) is a refusal beside it."""
        return self._form.fields if self._form is not None else Fields()

    def lists(self, name: str) -> list[str]:
        """All values of a repeated field."""
        values = self._form.everything.getlist(name) if self._form is not None else []
        return [value.strip() for value in values if isinstance(value, str) and value.strip()]

    async def file(self, name: str, *, most: int) -> bytes:
        """An uploaded file of at most `most` bytes; empty when there is none."""
        sent = self._form.everything.get(name) if self._form is not None else None
        if not isinstance(sent, UploadFile):
            return b""
        body = await sent.read(most + 1)
        if len(body) > most:
            raise Refused(413, "body_too_large", {"most": most})
        return body

    # -- the services

    async def get(self, service: str, path: str, **params: Any) -> Any:
        """`from_` is sent as `from`; what is None is left out; lists are repeated."""
        given = {name.rstrip("_"): value for name, value in params.items()}
        return await self.calls.ask(service, "GET", path, params=given)

    async def get_or(self, default: T, service: str, path: str, **params: Any) -> Any | T:
        """For a part of a page that may be away: `default` then."""
        try:
            return await self.get(service, path, **params)
        except Refused as refused:
            if refused.status < 500 and refused.status != 404:
                raise
            return default

    async def post(self, service: str, path: str, body: Any = None) -> Any:
        return await self.calls.ask(service, "POST", path, body=body if body is not None else {})

    async def put(self, service: str, path: str, body: Any, *, if_match: int | None = None) -> Any:
        return await self.calls.ask(service, "PUT", path, body=body, if_match=if_match)

    async def delete(self, service: str, path: str, *, if_match: int | None = None) -> Any:
        return await self.calls.ask(service, "DELETE", path, if_match=if_match)

    async def gather(self, *asked: Coroutine[Any, Any, Any]) -> list[Any]:
        """All at once; the first refusal is raised when the others have ended too."""
        return await gather(*asked)

    # -- the portal's own database

    async def read(self, work: Callable[[Session], T]) -> T:
        found: T = await self.request.app.state.database.read(work)
        return found

    async def write(self, work: Callable[[Session], T]) -> T:
        """In one transaction; a refusal that wants to be kept is committed and then raised."""
        return await write(self.request, work)

    # -- answers

    async def show(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """A whole page."""
        notices = list(self.visitor.notices)
        if notices:
            await self.write(lambda session: sessions.told(session, self.visitor.session))
        html = render.page(template, self, notices=notices, **context)
        return self._answered(HTMLResponse(html, status, headers={"Cache-Control": "no-store"}))

    def fragment(self, template: str, *, done: str = "", **context: Any) -> Response:
        """A part of a page, for htmx to put in place; `done` is said beside it."""
        html = render.fragment(template, self, **context)
        response = HTMLResponse(html, headers={"Cache-Control": "no-store"})
        if done:
            response.headers["HX-Trigger"] = render.trigger(done=done)
        return self._answered(response)

    async def go(
        self, url: str, *, done: str = "", undo: tuple[str, dict[str, Any]] | None = None
    ) -> Response:
        """To another page, where `done` is said; `undo` is an address and fields to post to it."""
        if done:
            notice: dict[str, Any] = {"text": done}
            if undo:
                notice["undo"] = {"url": undo[0], "fields": undo[1]}
            await self.write(lambda session: sessions.say(session, self.visitor.session, notice))
        if self.wants_fragment:
            return self._answered(Response(status_code=204, headers={"HX-Redirect": url}))
        return self._answered(RedirectResponse(url, 303))

    def excel(
        self, name: str, columns: Sequence[sheets.Column], rows: Sequence[dict[str, Any]]
    ) -> Response:
        """A sheet to keep: columns are (title, key or function of the row)."""
        return self._answered(sheets.answer(name, columns, rows))

    def _answered(self, response: Response) -> Response:
        """How many questions the page cost, for whoever measures it (Server-Timing)."""
        said = ", ".join(f'{name};desc="{n}"' for name, n in sorted(self.calls.count.items()))
        if said:
            response.headers["Server-Timing"] = said
        return response


async def visit(request: Request) -> Visit:
    """Who is there; `SignInFirst` when nobody is. A change must come from our own page."""
    database = request.app.state.database
    secret = request.cookies.get(cookie_name(), "")
    real = clock.real()
    visitor: Visitor | None = None
    if secret:
        visitor = await database.read(lambda s: sessions.find(s, secret, real=real))
    if visitor is None:
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        raise SignInFirst(wanted if request.method in SAFE else "")
    request.state.language = visitor.language
    if not visitor.touched and not by_itself(request):
        key = visitor.session
        await database.write(lambda s: sessions.touch(s, key, real=real))
    form = None
    if request.method not in SAFE:
        check_origin(request)
        form = await read_form(request)
        sent = request.headers.get("x-csrf-token") or form.fields.get("csrf", "")
        if not secrecy.same(sent, visitor.csrf):
            raise Refused(403, "csrf", {})
    here = request.url.path
    if visitor.must_change_password and here not in OPEN_ALWAYS:
        raise ChooseAPassword
    return Visit(request, visitor, form)


def by_itself(request: Request) -> bool:
    """Asked by an open page every minute, or by the stream of a desk page: nobody is at work, and
    the session goes on to its idle end."""
    return "x-poll" in request.headers or request.url.path == LIVE


def needs(*roles: Role) -> Callable[..., Coroutine[Any, Any, None]]:
    """A page of these roles; for everybody else it is not there."""

    async def check(page: Annotated[Visit, Depends(visit)]) -> None:
        if roles and not page.has(*roles):
            raise Refused(404, "not_found", {})

    return check


async def write(request: Request, work: Callable[[Session], T]) -> T:
    """One transaction of the portal; a refusal that wants to be kept is committed, then raised."""

    def kept(session: Session) -> tuple[T | None, Refusal | None]:
        try:
            return work(session), None
        except Refusal as refusal:
            if not refusal.keep:
                raise
            return None, refusal

    found, refusal = await request.app.state.database.write(kept)
    if refusal is not None:
        raise refusal
    result: T = found
    return result


def check_origin(request: Request) -> None:
    """403 `csrf` unless the browser says that the request comes from our own pages."""
    own = _place(config.origin())
    given = _place(request.headers.get("origin") or request.headers.get("referer") or "")
    if given is None or given not in (own, (own[0] if own else "", _host(request))):
        raise Refused(403, "csrf", {})


def _host(request: Request) -> str:
    return request.headers.get("host", "").casefold()


def _place(url: str) -> tuple[str, str] | None:
    """Scheme and host of an address; None for what is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    found = (parts.scheme.casefold(), parts.netloc.casefold())
    return found if all(found) else None


def inside(url: str) -> str:
    """The address when it is one of ours, otherwise nothing: nobody is sent elsewhere."""
    if not url.startswith("/") or url.startswith("//") or "\\" in url or not url.isprintable():
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return "" if parts.scheme or parts.netloc else url


def cookie_name() -> str:
    """On TLS a name that browsers refuse to take from anybody else."""
    return "__Host-yueke" if is_secure() else "yueke"


def is_secure() -> bool:
    return config.origin().startswith("https:")


def upstream_of(request: Request) -> Upstream:
    found: Upstream = request.app.state.upstream
    return found
