"""Real databases: one migrated template per room and backend, rolled back or copied per test."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlmodel import Session

from services.kit.db import Database

BACKENDS = ("sqlite", "postgresql")

NewDatabase = Callable[[str], Database]
RoomSession = Callable[[str], Session]


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """A real PostgreSQL server for this run; without one a local run skips, CI fails."""
    from tests import postgres

    url = postgres.ensure()
    if url is None:
        message = "PostgreSQL could not be had: the tests on it did NOT run"
        print(f"\n*** {message} ***", file=sys.stderr)
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return url


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "postgresql":
        request.getfixturevalue("postgres_url")
    return str(request.param)


@contextmanager
def environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class Templates:
    """Migrated, empty databases, made when first asked for."""

    def __init__(self, folder: Path, postgres_url: Callable[[], str]) -> None:
        self.folder, self._postgres_url, self._made = folder, postgres_url, dict[str, str]()

    def of(self, room: str, backend: str) -> str:
        key = f"{backend}_{room}"
        if key not in self._made:
            url = self.empty(f"template_{uuid4().hex[:8]}_{room}", backend)
            with environment(YUEKE_DATABASE_URL=url):
                command.upgrade(Config("alembic.ini", ini_section=room), "head")
            self._made[key] = url
        return self._made[key]

    def empty(self, name: str, backend: str) -> str:
        if backend == "sqlite":
            return f"sqlite:///{self.folder / name}.db"
        self.admin(f'CREATE DATABASE "{name}"')
        return self._with_name(name)

    def copy(self, room: str, backend: str) -> str:
        template, name = self.of(room, backend), f"test_{uuid4().hex[:12]}"
        if backend == "sqlite":
            target = self.folder / f"{name}.db"
            shutil.copy(template.removeprefix("sqlite:///"), target)
            return f"sqlite:///{target}"
        self.admin(f'CREATE DATABASE "{name}" TEMPLATE "{template.rsplit("/", 1)[1]}"')
        return self._with_name(name)

    def drop(self, url: str) -> None:
        if url.startswith("sqlite"):
            for end in ("", "-wal", "-shm"):
                Path(url.removeprefix("sqlite:///") + end).unlink(missing_ok=True)
        else:
            self.admin(f'DROP DATABASE "{url.rsplit("/", 1)[1]}" WITH (FORCE)')

    def admin(self, statement: str) -> None:
        url = self._postgres_url().replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)

    def _with_name(self, name: str) -> str:
        base = self._postgres_url().replace("+psycopg", "").rsplit("/", 1)[0]
        return f"{base.replace('postgresql://', 'postgresql+psycopg://')}/{name}"


@pytest.fixture(scope="session")
def templates(request: pytest.FixtureRequest) -> Iterator[Templates]:
    # In memory where there is some: these tests ask what is written, not whether it outlives a
    # power cut, and every durable commit costs the disk's time.
    memory = Path("/dev/shm")
    with TemporaryDirectory(prefix="yueke-", dir=memory if memory.is_dir() else None) as folder:
        yield Templates(Path(folder), lambda: request.getfixturevalue("postgres_url"))


@pytest.fixture
def new_database(templates: Templates, backend: str) -> Iterator[NewDatabase]:
    """A database of its own, for tests with several connections: `new_database("booking")`."""
    with ExitStack() as stack:

        def make(room: str) -> Database:
            url = templates.copy(room, backend)
            database = Database(room, url)
            stack.callback(templates.drop, url)
            stack.callback(database.dispose)
            return database

        yield make


@pytest.fixture(scope="session")
def shared_databases() -> Iterator[dict[str, Database]]:
    made: dict[str, Database] = {}
    yield made
    for database in made.values():
        database.dispose()


@pytest.fixture
def room_session(
    templates: Templates, backend: str, shared_databases: dict[str, Database]
) -> Iterator[RoomSession]:
    """A session whose every trace is rolled back: `session = room_session("booking")`."""
    with ExitStack() as stack:

        def make(room: str) -> Session:
            key = f"{backend}_{room}"
            if key not in shared_databases:
                shared_databases[key] = Database(room, templates.copy(room, backend))
            connection = stack.enter_context(shared_databases[key].engine.connect())
            everything = connection.begin()
            stack.callback(everything.rollback)
            session = Session(
                connection, join_transaction_mode="create_savepoint", expire_on_commit=False
            )
            return stack.enter_context(session)

        yield make


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has a home of its own: no clock, no keys of another."""
    monkeypatch.setenv("YUEKE_HOME", str(tmp_path))
    return tmp_path
