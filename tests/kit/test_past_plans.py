"""A year of what happened is not read for one person or one week of it: what the databases do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlmodel import Session, col, select

from services.kit import past, web
from services.kit.auth import Caller, Role
from services.kit.db import Database
from services.kit.ids import uuid7
from services.kit.outbox import Happened
from tests.conftest import NewDatabase, Templates, environment

BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
ROWS, PEOPLE, STEP = 20_000, 200, timedelta(minutes=26)
HER, LECTURER = UUID(int=7), UUID(int=9)
READER = Caller(uuid4(), frozenset({Role.SUPERVISOR}), "xiqing")
ROOMS = ("booking", "catalog", "lecturer", "notify", "portal")


def row(n: int) -> dict[str, Any]:
    """Every 4000th is hers, on behalf of a lecturer."""
    hers = n % 4000 == 0
    by = {"id": str(HER if hers else UUID(int=1000 + n % PEOPLE))}
    by |= {"role": "scheduler", "name": "示例张老师" if hers else f"示例{n % PEOPLE:03}"}
    if hers:
        by |= {"on_behalf_of": str(LECTURER)}
    return {
        **{"id": uuid7(), "subject": "booking.order.submitted", "key": UUID(int=n), "version": 1},
        **{"district": "xiqing", "at": BEGINS + n * STEP, "body": {"data": {"by": by}}},
        **{"actor_id": UUID(by["id"]), "actor_name": by["name"]},
        "spoken_for": LECTURER if hers else None,
    }


@pytest.fixture
def year(new_database: NewDatabase) -> Iterator[Session]:
    database = new_database("booking")
    with database.transaction() as session:
        session.execute(sa.insert(Happened), [row(n) for n in range(ROWS)])
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as one:
            one.exec_driver_sql("ANALYZE happened")
    with database.snapshot() as session:
        yield session


LISTS: dict[str, tuple[dict[str, Any], int, str]] = {
    "everything": ({}, 51, "happened_at"),
    "of an account": ({"person": str(HER)}, 5, "happened_actor"),
    "of a lecturer spoken for": ({"person": str(LECTURER)}, 5, "happened_spoken_for"),
    "of a name": ({"person": "张"}, 5, "happened_name"),
    "of a name many have": ({"person": "示例"}, 51, "happened_at"),
    "of a day": (
        {"first": BEGINS + timedelta(days=100), "last": BEGINS + timedelta(days=101)},
        51,
        "happened_at",
    ),
    "since a day": ({"first": BEGINS + timedelta(days=361)}, 6, "happened_at"),
    "of her in a month": (
        {"person": str(HER), "first": BEGINS, "last": BEGINS + timedelta(days=31)},
        1,
        "happened_actor",
    ),
}


@pytest.mark.parametrize("asked", LISTS.values(), ids=LISTS.keys())
def test_a_list_is_found_by_its_index(
    year: Session, asked: tuple[dict[str, Any], int, str]
) -> None:
    wanted, most, index = asked
    said: list[tuple[str, Any]] = []
    engine = year.get_bind()

    def hear(_: Any, __: Any, sql: str, given: Any, *___: Any) -> None:
        said.append((sql, given))

    sa.event.listen(engine, "before_cursor_execute", hear)
    chosen = past.asked(year, READER, **wanted)
    by = [col(Happened.at), col(Happened.pos)]
    rows, _ = web.page(year, chosen, by=by, cursor=None, limit=50, descending=True)
    sa.event.remove(engine, "before_cursor_execute", hear)

    assert len(rows) == min(most, 50)
    plans = [plan(year, *one) for one in said]
    assert index in plans[-1], plans[-1]
    for told in plans:
        assert "Seq Scan on happened" not in told, told
        assert not any("SCAN happened" in line and "INDEX" not in line for line in told.split("\n"))


def plan(session: Session, sql: str, given: Any) -> str:
    """How the database goes about it, in its own words."""
    word = "EXPLAIN QUERY PLAN " if session.get_bind().dialect.name == "sqlite" else "EXPLAIN "
    found = session.connection().exec_driver_sql(word + sql, given)
    return "\n".join(str(one[-1]) for one in found)


def test_names_are_found_however_many_rows_they_have(year: Session) -> None:
    assert past._names(year, "张") == ["示例张老师"]
    assert past._names(year, "没有") == []
    assert len(past._names(year, "示例")) == past.FEW_NAMES + 1


@pytest.mark.parametrize("room", ROOMS)
def test_what_was_told_before_is_found_too(templates: Templates, backend: str, room: str) -> None:
    """Down, a row as it was written then, and up again."""
    url = templates.copy(room, backend)
    config = Config("alembic.ini", ini_section=room)
    database = Database(room, url)
    with environment(YUEKE_DATABASE_URL=url):
        command.downgrade(config, BEFORE[room])
        old = {name: value for name, value in row(4000).items() if name not in NEW}
        table = sa.Table("happened", sa.MetaData(), *columns(*NEW))
        with database.transaction() as session:
            session.execute(sa.insert(table), [old, {**old, **nobody()}])
        command.upgrade(config, "head")

    with database.snapshot() as session:
        found = session.exec(select(Happened).order_by(col(Happened.pos))).all()
    database.dispose()
    templates.drop(url)
    assert [(one.actor_name, one.spoken_for) for one in found] == [
        ("示例张老师", LECTURER),
        ("", None),
    ]


BEFORE = {
    "booking": "0003",
    "catalog": "0001",
    "lecturer": "0001",
    "notify": "0001",
    "portal": "0003",
}
NEW = ("actor_name", "spoken_for")


def nobody() -> dict[str, Any]:
    return {"id": uuid7(), "body": {"data": {"by": {"id": str(HER), "role": "timer"}}}}


def columns(*but: str) -> list[sa.Column[Any]]:
    known = Happened.__table__.columns  # type: ignore[attr-defined]
    return [sa.Column(c.name, c.type) for c in known if c.name not in (*but, "pos")]
