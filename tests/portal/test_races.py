"""At once: two administrators cannot remove each other, two processes make one first key."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from sqlmodel import Session, select

from services.kit.db import Database
from services.kit.errors import Refusal
from services.portal import accounts, signing
from services.portal.models import Account, SigningKey
from tests.conftest import NewDatabase
from tests.portal.conftest import NOON, a_clerk, caller, first


def at_once(database: Database, *works: Callable[[Session], Any]) -> list[Any]:
    """What each of them got, or the code it was refused with."""
    start = Barrier(len(works))

    def run(work: Callable[[Session], Any]) -> Any:
        start.wait()
        try:
            with database.transaction() as session:
                return work(session)
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_two_administrators_who_disable_each_other_leave_one(new_database: NewDatabase) -> None:
    database = new_database("portal")
    for round in range(5):
        with database.transaction() as session:
            one, _ = first(session, f"d{round}")
            office = {"roles": ["administrator"], "school_id": None}
            two = caller(a_clerk(session, one, "second", **office))

        answers = at_once(
            database,
            lambda s, a=one, b=two: accounts.disable(s, b.id, by=a, at=NOON).id,
            lambda s, a=one, b=two: accounts.disable(s, a.id, by=b, at=NOON).id,
        )

        assert answers.count("last_administrator") == 1
        with database.transaction() as session:
            left = select(Account.active).where(Account.district == f"d{round}")
            assert sorted(session.exec(left)) == [False, True]


def test_processes_that_start_together_make_one_first_key(new_database: NewDatabase) -> None:
    database = new_database("portal")

    made = at_once(database, *[lambda s: signing.ensure(s, at=NOON).kid] * 5)

    with database.transaction() as session:
        assert {key.kid for key in session.exec(select(SigningKey))} == set(made)
        assert len(set(made)) == 1
