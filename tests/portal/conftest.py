"""What the portal's tests stand on: a few people of two districts, and the portal over HTTP."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from sqlmodel import Session, select

from services.kit.app import make_app
from services.kit.auth import Caller, Role
from services.kit.db import Database
from services.kit.ids import uuid7
from services.portal import accounts, api, reference, secrecy
from services.portal.app import first_key
from services.portal.models import Account
from services.portal.queries import AUDITS
from tests.conftest import NewDatabase, RoomSession
from tests.portal.browser import Browser, serving
from tests.town import free_port

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture
def session(room_session: RoomSession) -> Session:
    return room_session("portal")


def first(session: Session, district: str = "xiqing") -> tuple[Caller, dict[str, Any]]:
    """A district with its first administrator, and what was printed of him."""
    known = reference.first_administrator(session, district=district)
    admins = [a for a in session.exec(select(Account)) if a.district == district and a.administers]
    return caller(admins[0]), known


def caller(account: Account) -> Caller:
    return Caller(
        account.id,
        frozenset(Role(role) for role in account.roles),
        account.district,
        account.school_id,
        account.lecturer_id,
        account.name,
    )


def a_clerk(session: Session, by: Caller, login: str = "yangliuqing", **changes: Any) -> Account:
    facts: dict[str, Any] = {
        "login": login,
        "name": "杨柳青镇党校联络员",
        "roles": ["township"],
        "email": f"{login}@xiqing.example",
        "language": "zh",
        "school_id": UUID(int=6),
        "lecturer_id": None,
        **changes,
    }
    return accounts.put(session, uuid7(), **facts, by=by, at=NOON)


@dataclass
class Portal:
    """The portal over HTTP, and its first administrator."""

    http: httpx.Client
    database: Database
    admin: dict[str, Any]

    def token(self, client: dict[str, Any]) -> httpx.Response:
        form = {"grant_type": "client_credentials"}
        pair = {name: client[name] for name in ("client_id", "client_secret")}
        return self.http.post("/api/token", data={**form, **pair})

    def signed(self, client: dict[str, Any] | None = None, **more: str) -> dict[str, str]:
        answer = self.token(client or self.admin)
        assert answer.status_code == 200, answer.text
        bearer = f"Bearer {answer.json()['access_token']}"
        return {"authorization": bearer, "idempotency-key": str(uuid7()), **more}


@pytest.fixture
def portal(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    """A real server, because verifiers fetch its keys over HTTP; the broker is away."""
    database, port = new_database("portal"), free_port()
    origin = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("YUEKE_DATABASE_URL", database.url)
    monkeypatch.setenv("YUEKE_NATS_URL", "nats://127.0.0.1:1")
    monkeypatch.setenv("YUEKE_ORIGIN", origin)
    monkeypatch.setenv("YUEKE_JWKS_URL", f"{origin}/.well-known/jwks.json")
    with database.transaction() as session:
        _, admin = first(session)
    app = make_app("portal", [api.router], public=[api.root], audits=AUDITS, background=[first_key])
    config = uvicorn.Config(app, port=port, log_config=None, loop="asyncio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    with httpx.Client(base_url=origin, timeout=30) as http:
        yield Portal(http, database, json.loads(json.dumps(admin)))
    server.should_exit = True
    thread.join(10)


@dataclass
class Pages:
    """The portal's pages in a running server, and people with passwords."""

    origin: str
    database: Database
    people: dict[str, tuple[UUID, str]]  # login: id and password

    def browser(self, **headers: str) -> Browser:
        return Browser(self.origin, **headers)

    def signed_in(self, login: str) -> Browser:
        browser = self.browser()
        answer = browser.sign_in(login, self.people[login][1])
        assert answer.status_code == 303, answer.text
        return browser

    def caller(self, login: str) -> Caller:
        with self.database.snapshot() as session:
            return caller(session.get_one(Account, self.people[login][0]))


PEOPLE: dict[str, dict[str, Any]] = {
    "yangliuqing": {"roles": ["township"], "school_id": UUID(int=6)},
    "jingwu": {"roles": ["township"], "school_id": UUID(int=7)},
    "scheduler": {"roles": ["scheduler"], "school_id": None},
    "l-001": {"roles": ["lecturer"], "school_id": None, "lecturer_id": UUID(int=1)},
    "boss": {"roles": ["administrator"], "school_id": None},
}


# Made once: argon2 is slow on purpose.
PASSWORDS = {
    login: (password, secrecy.hash_password(password))
    for login, password in ((login, secrecy.new_password()) for login in PEOPLE)
}


@pytest.fixture
def pages(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    """Everything a person can click, with the other services away."""
    database, port = new_database("portal"), free_port()
    origin = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("YUEKE_DATABASE_URL", database.url)
    monkeypatch.setenv("YUEKE_NATS_URL", "nats://127.0.0.1:1")
    monkeypatch.setenv("YUEKE_ORIGIN", origin)
    monkeypatch.setenv("YUEKE_JWKS_URL", f"{origin}/.well-known/jwks.json")
    monkeypatch.setenv("YUEKE_PORTAL", f"127.0.0.1:{port}")
    for away in ("BOOKING", "CATALOG", "LECTURER", "NOTIFY"):
        monkeypatch.setenv(f"YUEKE_{away}", "127.0.0.1:1")
    people: dict[str, tuple[UUID, str]] = {}
    with database.transaction() as session:
        admin, _ = first(session)
        for login, facts in PEOPLE.items():
            account = a_clerk(session, admin, login, name=login, **facts)
            password, account.password_hash = PASSWORDS[login]
            people[login] = (account.id, password)
    with serving(database, port):
        yield Pages(origin, database, people)
