"""Kit: one database per service, one transaction per request, message or timer."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event, insert, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session, SQLModel, create_engine

from services.kit import config
from services.kit.errors import NotFound, Unavailable

T = TypeVar("T")
Row = TypeVar("Row", bound=SQLModel)

RETRIES = 3
SERIALIZATION, DEADLOCK, LOCK_TIMEOUT = "40001", "40P01", "55P03"


class Database:
    """The service's engines and the queues in front of them.

    SQLite has one writer: writers wait in line here, in order of arrival, instead of fighting for
    the file's lock. PostgreSQL has a small pool, and the line keeps requests from exhausting it.
    """

    def __init__(self, service: str, url: str | None = None) -> None:
        self.service = service
        self.url = url or config.database_url(service)
        self.is_sqlite = self.url.startswith("sqlite")
        if self.is_sqlite:
            self.engine = _sqlite(self.url, "BEGIN IMMEDIATE", size=1)
            self.read_engine = _sqlite(self.url, "BEGIN", size=4)
        else:
            self.engine = self.read_engine = _postgresql(self.url)
        self._writers = asyncio.Semaphore(1 if self.is_sqlite else 5)
        self._readers = asyncio.Semaphore(4 if self.is_sqlite else 5)
        self.after_commit: Callable[[], None] = lambda: None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One write transaction, synchronous: scripts, loaders and tests."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """One read-only view, synchronous."""
        with Session(self.read_engine, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def queue(self, *, write: bool) -> AsyncIterator[Session]:
        """A session when it is this caller's turn. The caller commits; what is left is undone."""
        async with self._writers if write else self._readers:
            session = Session(self.engine if write else self.read_engine, expire_on_commit=False)
            try:
                yield session
            finally:
                # After a commit there is nothing to wait for; an unfinished transaction is undone
                # in a thread, whatever becomes of the caller.
                if session.in_transaction():
                    await asyncio.shield(asyncio.to_thread(session.close))
                else:
                    session.close()

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one write transaction, in a thread, in turn, again when it lost a race."""
        for attempt in range(1, RETRIES + 1):
            async with self.queue(write=True) as session:
                try:
                    result = await asyncio.to_thread(_committed, session, work)
                except DBAPIError as error:
                    if not is_lost_race(error) or attempt == RETRIES:
                        raise
                else:
                    self.after_commit()
                    return result
            await asyncio.sleep(pause(attempt))
        raise AssertionError("unreachable")

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on a read-only view, in a thread, in turn."""
        async with self.queue(write=False) as session:
            return await asyncio.to_thread(work, session)

    def dispose(self) -> None:
        self.engine.dispose()
        self.read_engine.dispose()


def _committed(session: Session, work: Callable[[Session], T]) -> T:
    result = work(session)
    session.commit()
    return result


def pause(attempt: int) -> float:
    """Seconds before trying a lost race again."""
    return float(random.uniform(0.005, 0.02) * attempt)


def sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def is_lost_race(error: DBAPIError) -> bool:
    """Somebody else won; the same transaction may well succeed now."""
    return sqlstate(error) in (SERIALIZATION, DEADLOCK)


def unavailable(error: DBAPIError) -> Unavailable | None:
    """The refusal for a database that is locked or away, or None when the error is a bug."""
    if sqlstate(error) in (LOCK_TIMEOUT, SERIALIZATION, DEADLOCK) or "locked" in str(error.orig):
        return Unavailable("database_busy")
    if isinstance(error, OperationalError) or error.connection_invalidated:
        return Unavailable("database_away")
    return None


def get(
    session: Session, table: type[Row], id: Any, *, lock: bool = False, what: str | None = None
) -> Row:
    """The row, or 404 `not_found`. `lock` holds it until the transaction ends."""
    # Keys never change, so rows that only refer to this one need not wait for it.
    wanted = {"key_share": True} if lock else None
    row = session.get(table, id, with_for_update=wanted, populate_existing=lock)
    if row is None:
        raise NotFound("not_found", what=what or str(table.__tablename__), id=str(id))
    return row


def insert_many(session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """One executemany, never a loop."""
    if rows:
        session.execute(insert(table), list(rows))


def insert_once(
    session: Session, table: type[SQLModel], row: dict[str, Any] | Sequence[dict[str, Any]]
) -> bool:
    """Insert unless its primary key is there; says whether it was inserted (of several: any).

    RETURNING, because the row count of a skipped insert is -1 on some drivers.
    """
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    key = list(table.__table__.primary_key.columns)  # type: ignore[attr-defined]
    statement = dialect.insert(table).values(row).on_conflict_do_nothing().returning(key[0])
    return session.execute(statement).first() is not None


def _sqlite(url: str, begin: str, size: int) -> Engine:
    engine = create_engine(
        url,
        pool_size=size,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": 5},
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions begin where this file says, not the driver
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA busy_timeout=5000")
        if begin == "BEGIN":
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgresql(url: str) -> Engine:
    return create_engine(
        url,
        pool_size=5,
        max_overflow=7,
        pool_pre_ping=True,
        connect_args={"options": "-c lock_timeout=5000 -c timezone=UTC", "connect_timeout": 5},
    )


class Lease:
    """The right to be the one process that does a thing for this database.

    PostgreSQL: an advisory lock on a connection of its own; when the connection is lost, so is the
    lease. SQLite belongs to one process, which therefore always holds it.
    """

    def __init__(self, database: Database, name: str) -> None:
        self._database, self._name = database, name
        self._connection: Connection | None = None

    def held(self) -> bool:
        """Take the lease or prove that it is still ours."""
        if self._database.is_sqlite:
            return True
        try:
            if self._connection is None:
                self._connection = self._database.engine.connect().execution_options(
                    isolation_level="AUTOCOMMIT"
                )
                asked = text("SELECT pg_try_advisory_lock(hashtext(:name))")
                if not self._connection.execute(asked, {"name": self._name}).scalar_one():
                    self.release()
            else:
                self._connection.execute(text("SELECT 1"))
        except DBAPIError:
            self.release()
        return self._connection is not None

    def release(self) -> None:
        """Give it back; the connection is thrown away, since a pooled one would keep the lock."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()
