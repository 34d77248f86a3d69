"""A browser without a screen: cookies, the token of the page, an origin; and the real portal."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import uvicorn

from services.kit.db import Database
from services.portal.app import portal
from tests.town import Town

MOST_CALLS = 2  # to one service for one page
CALLS = re.compile(r'(\w+);desc="(\d+)"')
CSRF = re.compile(r'<meta name="csrf" content="([^"]+)">')


class Browser:
    """One person's browser."""

    def __init__(self, origin: str, **headers: str) -> None:
        self.origin = origin
        self.http = httpx.Client(base_url=origin, timeout=30, headers=headers)

    def sign_in(self, login: str, password: str, *, next: str = "") -> httpx.Response:
        fields = {"login": login, "password": password, "next": next}
        return self.http.post("/sign-in", data=fields, headers={"origin": self.origin})

    @property
    def csrf(self) -> str:
        return self.csrf_of(self.http.get("/account", follow_redirects=True).text)

    def csrf_of(self, page: str) -> str:
        found = CSRF.search(page)
        assert found, page[:2000]
        return found[1]

    def post(self, path: str, *, csrf: str | None = None, **fields: Any) -> httpx.Response:
        """As a page of ours does it."""
        token = csrf or self.csrf
        return self.http.post(path, data={**fields, "csrf": token}, headers={"origin": self.origin})

    @property
    def cookie(self) -> str:
        return self.http.cookies.get("yueke") or ""

    def is_in(self) -> bool:
        return self.http.get("/account").status_code == 200


class Person(Browser):
    """Somebody of a running town, signed in: what he presses is sent as htmx does."""

    def __init__(self, town: Town, who: str) -> None:
        super().__init__(town.origin)
        self.person = town.api.person(who)
        assert self.sign_in(self.person["login"], self.person["password"]).status_code == 303

    def see(self, path: str) -> str:
        """The page, made with at most two questions to each service."""
        answer = self.http.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-2000:])
        calls = calls_of(answer)
        assert all(count <= MOST_CALLS for count in calls.values()), (path, calls)
        return answer.text

    def press(self, path: str, *, csrf: str = "", **fields: Any) -> httpx.Response:
        token = csrf or self.csrf
        headers = {"origin": self.origin, "hx-request": "true", "x-csrf-token": token}
        return self.http.post(path, data={"once": str(uuid4()), **fields}, headers=headers)

    def after(self, path: str, **fields: Any) -> str:
        """What the page says to which a press leads."""
        pressed = self.press(path, **fields)
        assert pressed.status_code == 204, pressed.text
        return self.see(pressed.headers["hx-redirect"])


def calls_of(answer: httpx.Response) -> dict[str, int]:
    """How many questions a page put to each service."""
    said = CALLS.findall(answer.headers.get("server-timing", ""))
    return {service: int(count) for service, count in said}


@contextmanager
def serving(database: Database, port: int) -> Iterator[str]:
    """The whole portal on a port of its own, pages and all; the other services are away."""
    app = portal()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, loop="asyncio"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
