"""What the tests of notify stand on."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from sqlmodel import Session

from deploy import smtp_sink
from services.kit.db import Database
from services.notify.app import app
from tests.conftest import NewDatabase, RoomSession
from tests.kit import toy
from tests.notify import people


@pytest.fixture
def notify(room_session: RoomSession) -> Session:
    """A session on a district whose people are known."""
    session = room_session("notify")
    people.settle(session)
    session.commit()
    return session


class Outbox:
    """The mail server of the demo, and what came in."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port

    def mails(self) -> list[EmailMessage]:
        """In the order of arrival."""
        paths = sorted(self.folder.glob("*.eml"))
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]

    async def wait_for(self, count: int, seconds: float = 10) -> list[EmailMessage]:
        async with asyncio.timeout(seconds):
            while len(found := self.mails()) < count:
                await asyncio.sleep(0.02)
        return found


@pytest.fixture
async def outbox(
    tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Outbox]:
    monkeypatch.setenv("YUEKE_SMTP", f"127.0.0.1:{unused_tcp_port}")
    server = await smtp_sink.serve(tmp_path / "outbox", unused_tcp_port)
    yield Outbox(tmp_path / "outbox", unused_tcp_port)
    server.close()
    await server.wait_closed()


@pytest.fixture
def database(new_database: NewDatabase) -> Database:
    """A database of its own, on a district whose people are known."""
    database = new_database("notify")
    with database.transaction() as session:
        people.settle(session)
    return database


@pytest.fixture
async def client(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """Notify over HTTP; no broker answers."""
    url = str(database.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("YUEKE_DATABASE_URL", url)
    monkeypatch.setenv("YUEKE_NATS_URL", "nats://127.0.0.1:1")
    monkeypatch.setenv("YUEKE_ORIGIN", "http://notify.example")
    with toy.published_keys() as keys:
        monkeypatch.setenv("YUEKE_JWKS_URL", keys)
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://notify", timeout=30
            ) as client:
                yield client
