"""What the tests of notify stand on."""

import pytest
from sqlmodel import Session

from tests.conftest import RoomSession
from tests.notify import people


@pytest.fixture
def notify(room_session: RoomSession) -> Session:
    """A session on a district whose people are known."""
    session = room_session("notify")
    people.settle(session)
    return session
