"""Booking's tests: sessions whose every trace is rolled back, on both databases."""

import pytest
from sqlmodel import Session

from tests.booking import letter_world
from tests.booking.lesson_world import a_district
from tests.conftest import RoomSession


@pytest.fixture
def district(room_session: RoomSession) -> Session:
    """A session with a small district in it: two schools, two halls, one site, one course."""
    session = room_session("booking")
    a_district(session)
    return session


@pytest.fixture
def xiqing(room_session: RoomSession) -> Session:
    """A session with the whole reference district in it."""
    session = room_session("booking")
    letter_world.load(session)
    return session
