"""What the tests of the plumbing stand on."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from services.kit.app import make_app
from services.kit.db import Database
from tests.conftest import Templates
from tests.kit import toy


@pytest.fixture
def toy_url(templates: Templates, backend: str) -> Iterator[str]:
    url = templates.empty(f"toy_{toy.uuid7().hex}", backend)
    toy.made(url).dispose()
    yield url
    templates.drop(url)


@pytest.fixture
def toy_database(toy_url: str) -> Iterator[Database]:
    database = Database("toy", toy_url)
    yield database
    database.dispose()


@pytest.fixture
async def client(toy_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """The toy over HTTP, alone in the world: no broker answers."""
    monkeypatch.setenv("YUEKE_DATABASE_URL", toy_url)
    monkeypatch.setenv("YUEKE_NATS_URL", "nats://127.0.0.1:1")
    with toy.published_keys() as url:
        monkeypatch.setenv("YUEKE_JWKS_URL", url)
        app = make_app("toy", [toy.router], guards=[toy.GUARD])
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://toy", timeout=30
            ) as client:
                client.app = app  # type: ignore[attr-defined]
                yield client
