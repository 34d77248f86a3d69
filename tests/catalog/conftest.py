"""What the catalog's tests stand on: the reference menu, and people of two districts."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from services.catalog import courses, reference
from services.catalog.models import Course
from services.kit.auth import Caller, Role
from services.kit.ids import reference_id, uuid7
from tests.conftest import RoomSession

FOLDER = Path("deploy/reference")
NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)


def a_caller(role: Role, district: str = "xiqing") -> Caller:
    return Caller(uuid7(), frozenset({role}), district)


SCHEDULER, ADMINISTRATOR = a_caller(Role.SCHEDULER), a_caller(Role.ADMINISTRATOR)
CLERK, STRANGER = a_caller(Role.TOWNSHIP), a_caller(Role.SCHEDULER, "beichen")
RV_T01 = reference_id("xiqing", "RV-T01")
SITE_01 = reference_id("xiqing", "SITE-01")


@pytest.fixture
def catalog(room_session: RoomSession) -> Session:
    """A catalog with the reference menu of 2026."""
    session = room_session("catalog")
    reference.load(session, FOLDER, district="xiqing", shift_years=0)
    return session


def facts(**changes: Any) -> dict[str, Any]:
    """What is written of a version."""
    return {
        "label": "2026.1",
        "title": "社区应急与消防安全实务",
        "summary": "",
        "kind": "lesson",
        "module": "grassroots_governance",
        "category": "grassroots_practice",
        "format": "booster",
        "minutes": 180,
        "class_hours": "4",
        "audience": ["party_worker", "branch_secretary"],
        "deliveries": ["classroom"],
        "eligible_pools": ["professional"],
        "equipment": ["projector"],
        "min_attendees": 30,
        "max_attendees": 120,
        "site_id": None,
        "prerequisite_id": None,
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2026, 12, 31),
        **changes,
    }


def a_course(
    session: Session, code: str = "GG-P07", id: UUID | None = None, **changes: Any
) -> Course:
    wanted = facts(**changes)
    return courses.put(session, id or uuid7(), code=code, facts=wanted, by=SCHEDULER, at=NOON)


def published(session: Session, code: str = "GG-P07", **changes: Any) -> Course:
    course = a_course(session, code, **changes)
    courses.approve(session, course.id, by=SCHEDULER, at=NOON)
    return courses.publish(session, course.id, by=SCHEDULER, at=NOON)
