"""A browser without a screen: cookies, the token of the page, an origin; and the real portal."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

from services.kit.db import Database
from services.portal.app import portal

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
