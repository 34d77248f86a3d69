"""Lecturer: a letter is revoked or leave is taken in the moment somebody accepts."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from services.kit import db
from services.kit.db import Database
from services.kit.errors import Conflict
from services.kit.ids import uuid7
from services.lecturer import appointments, availability, offers
from services.lecturer.models import Assignment
from tests.conftest import NewDatabase
from tests.lecturer.world import (
    NOON,
    SCHEDULER,
    a_district,
    a_lecturer,
    a_seat,
    an_offer,
    himself,
    ref,
)

Work = Callable[[Session], object]
PAIRS = 8


def said(database: Database, work: Work) -> str:
    """The answer, tried again when a race was lost, as a request is."""
    while True:
        try:
            with database.transaction() as session:
                work(session)
            return "done"
        except Conflict as refused:
            return refused.code
        except DBAPIError as error:
            if not db.is_lost_race(error):
                raise


def revoke(code: str, promise: UUID) -> Work:
    return lambda session: appointments.revoke(
        session, ref(f"{code}/letter"), reason="调离", by=SCHEDULER, at=NOON
    )


def leave(code: str, promise: UUID) -> Work:
    return lambda session: availability.take_leave(
        *(session, ref(code), uuid7()),
        starts_at=NOON,
        ends_at=NOON + timedelta(days=30),
        reason="病假",
        by=himself(ref(code)),
        at=NOON,
    )


@pytest.mark.parametrize("against", [revoke, leave])
def test_whoever_comes_first_the_other_is_refused(
    new_database: NewDatabase, against: Callable[[str, UUID], Work]
) -> None:
    database, pending = new_database("lecturer"), {}
    with database.transaction() as session:
        a_district(session)
        for number in range(PAIRS):
            lecturer = a_lecturer(session, code := f"LEC-{number:03}")
            pending[code] = an_offer(session, lecturer, a_seat(session, mode="manual")).id

    def accept(code: str) -> Work:
        return lambda session: offers.accept(
            session, pending[code], revision=1, by=himself(ref(code)), at=NOON
        )

    with ThreadPoolExecutor(4) as pool:
        accepted = {c: pool.submit(said, database, accept(c)) for c in pending}
        taken = {c: pool.submit(said, database, against(c, id)) for c, id in pending.items()}
        answers = {(accepted[c].result(), taken[c].result()) for c in pending}

    assert answers <= {("done", "holds_lessons"), ("wrong_state", "done")}
    with database.snapshot() as session:
        holders = session.exec(select(Assignment).where(col(Assignment.live))).all()
    assert len(holders) == sum(future.result() == "done" for future in accepted.values())
