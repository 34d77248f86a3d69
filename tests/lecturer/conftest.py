"""Lecturer's tests: sessions whose every trace is rolled back, on both databases."""

from pathlib import Path

import pytest
from sqlmodel import Session

from services.lecturer import reference
from tests.conftest import RoomSession
from tests.lecturer.world import XIQING, a_district


@pytest.fixture
def district(room_session: RoomSession) -> Session:
    """The numbers of a district and two courses; nobody in it yet."""
    session = room_session("lecturer")
    a_district(session)
    return session


@pytest.fixture
def xiqing(room_session: RoomSession) -> Session:
    """The whole reference district: 240 lecturers."""
    session = room_session("lecturer")
    reference.load(session, Path("deploy/reference"), district=XIQING, shift_years=0)
    return session
