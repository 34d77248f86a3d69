"""Nothing is held twice at once: the database says so."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, select

from services.kit.db import Database
from services.kit.errors import Conflict
from tests.kit.toy import GUARD, Booth

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
BOOTH = UUID(int=7)


def hold(
    session: Session, start: int, end: int, *, party: UUID | None = None, **more: object
) -> Booth:
    row = Booth(
        id=uuid4(),
        booth_id=BOOTH,
        party_id=party or uuid4(),
        starts_at=NOON + timedelta(minutes=start),
        ends_at=NOON + timedelta(minutes=end),
        **more,
    )
    with GUARD.holding(session, "booth_taken", booth=str(BOOTH)):
        session.add(row)
    return row


@pytest.mark.parametrize(("start", "end"), [(0, 60), (30, 40), (-10, 1), (59, 90), (-10, 90)])
def test_an_overlap_is_refused(toy_database: Database, start: int, end: int) -> None:
    with toy_database.transaction() as session:
        hold(session, 0, 60)

        with pytest.raises(Conflict, match="booth_taken") as refusal:
            hold(session, start, end)

        assert refusal.value.facts == {"booth": str(BOOTH)}
        assert len(session.exec(select(Booth)).all()) == 1


@pytest.mark.parametrize(("start", "end"), [(60, 90), (-30, 0)])
def test_touching_is_no_overlap(toy_database: Database, start: int, end: int) -> None:
    with toy_database.transaction() as session:
        hold(session, 0, 60)

        hold(session, start, end)

        assert len(session.exec(select(Booth)).all()) == 2


def test_what_is_let_go_is_free(toy_database: Database) -> None:
    with toy_database.transaction() as session:
        first = hold(session, 0, 60)
        first.live = False
        session.flush()

        hold(session, 0, 60)


def test_what_was_let_go_cannot_come_back_over_another(toy_database: Database) -> None:
    with toy_database.transaction() as session:
        first = hold(session, 0, 60, live=False)
        hold(session, 0, 60)

        with pytest.raises(Conflict, match="booth_taken"), GUARD.holding(session, "booth_taken"):
            first.live = True


def test_the_same_party_may_hold_the_new_beside_the_old(toy_database: Database) -> None:
    party = uuid4()
    with toy_database.transaction() as session:
        hold(session, 0, 60, party=party)

        hold(session, 30, 90, party=party)

        with pytest.raises(Conflict):
            hold(session, 80, 85)


def test_the_guard_proves_that_it_stands_and_leaves_no_trace(toy_database: Database) -> None:
    with toy_database.transaction() as session:
        assert GUARD.stands(session)
        assert session.exec(select(Booth)).all() == []


def test_making_it_again_is_harmless(toy_database: Database) -> None:
    with toy_database.engine.begin() as connection:
        GUARD.create(connection)

    with toy_database.transaction() as session:
        assert GUARD.stands(session)
