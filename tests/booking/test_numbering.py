"""Booking: numbers without gaps, however many ask at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from services.booking import orders
from services.booking.numbering import next_number
from services.kit.db import Database
from services.kit.ids import uuid7
from tests.booking.letter_world import CLERK, NOON, XIQING, a_line, load, put
from tests.conftest import NewDatabase

WRITERS = 64


@pytest.fixture
def database(new_database: NewDatabase) -> Database:
    database = new_database("booking")
    with database.transaction() as session:
        load(session)
    return database


def test_64_writers_get_64_numbers_in_a_row(database: Database) -> None:
    def send(_: int) -> str | None:
        with database.transaction() as session:
            order = put(session, uuid7(), [a_line()])
        with database.transaction() as session:
            return orders.submit(session, order.id, by=CLERK, at=NOON).number

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(send, range(WRITERS)))

    assert sorted(filter(None, numbers)) == [f"约〔2026〕{n:04d}号" for n in range(1, WRITERS + 1)]


def test_who_rolls_back_gives_the_number_back(database: Database) -> None:
    class Changed(Exception):
        pass

    with pytest.raises(Changed), database.transaction() as session:
        assert next_number(session, XIQING, 2026) == "约〔2026〕0001号"
        raise Changed

    with database.transaction() as session:
        assert next_number(session, XIQING, 2026) == "约〔2026〕0001号"


def test_each_district_and_year_has_its_own(database: Database) -> None:
    with database.transaction() as session:
        asked = [(XIQING, 2026), (XIQING, 2027), ("dongli", 2026), (XIQING, 2026)]
        given = [next_number(session, district, year) for district, year in asked]

    assert given == [
        "约〔2026〕0001号",
        "约〔2027〕0001号",
        "约〔2026〕0001号",
        "约〔2026〕0002号",
    ]
