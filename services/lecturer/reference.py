"""Lecturer: loads the reference district once: the pools, their letters and weeks, copies of
courses and of the work calendar, numbers. Ids are worked out from the codes, so all rooms agree."""

from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.contracts import reference
from services.contracts.reference import listed, shifted
from services.kit import clock
from services.kit.db import insert_many
from services.kit.ids import reference_id
from services.kit.numbers import Numbers, Setting
from services.kit.timers import Timer
from services.lecturer.appointments import deadlines
from services.lecturer.models import (
    Appointment,
    Availability,
    CourseCopy,
    Lecturer,
    Qualification,
    WorkDay,
)


def load(session: Session, folder: Path, *, district: str, shift_years: int) -> None:
    """Once, into an empty database; nothing is told, since every room loads alone."""
    insert_many(session, Setting, _settings(folder, district))
    insert_many(session, CourseCopy, courses(folder, district, shift_years))
    insert_many(session, WorkDay, _work_days(folder, district))
    lecturers = reference.rows(folder, "lecturers")
    homes = {row["school_id"]: row for row in reference.rows(folder, "schools")}
    insert_many(session, Lecturer, [_lecturer(row, homes, district) for row in lecturers])
    insert_many(session, Qualification, _pairs(lecturers, district, "courses"))
    insert_many(session, Availability, _pairs(lecturers, district, "availability"))
    letters = [_letter(row, district, shift_years) for row in lecturers if row["appointment_no"]]
    insert_many(session, Appointment, letters)
    numbers = Numbers.of(session, district)
    insert_many(session, Timer, _timers(letters, numbers, clock.now()))


def courses(folder: Path, district: str, shift_years: int) -> list[dict[str, Any]]:
    """Rows of `course_copy`."""
    return [
        {
            "id": course["id"],
            "code": course["code"],
            "district": district,
            "title": course["versions"][-1].title,
            "eligible_pools": course["versions"][-1].eligible_pools,
            "versions": [version.model_dump(mode="json") for version in course["versions"]],
            "version": course["version"],
        }
        for course in reference.courses(folder, district, shift_years)
    ]


def _lecturer(
    row: dict[str, str], homes: dict[str, dict[str, str]], district: str
) -> dict[str, Any]:
    home = homes.get(row["home_school_id"])
    return {
        "id": reference_id(district, row["lecturer_id"]),
        "code": row["lecturer_id"],
        "district": district,
        "name": row["name"],
        "pool": row["pool"],
        "identity": row["identity"],
        "title": row["title"],
        "home_school_id": reference_id(district, row["home_school_id"]) if home else None,
        "home_lat": float(home["lat"]) if home else None,
        "home_lon": float(home["lon"]) if home else None,
        "phone": row["phone"],
        "email": row["email"],
        # An expired letter is no state of the person: the letter itself says so.
        "status": "inactive" if row["status"] == "inactive" else "active",
        "max_sessions_per_week": int(row["max_sessions_per_week"]),
        "caps": {},
        "version": 1,
    }


def _pairs(lecturers: list[dict[str, str]], district: str, column: str) -> list[dict[str, Any]]:
    """A lecturer and one of the values of a cell."""

    def pair(lecturer_id: UUID, value: str) -> dict[str, Any]:
        if column == "availability":
            return {"lecturer_id": lecturer_id, "half_day": value}
        return {"lecturer_id": lecturer_id, "course_id": reference_id(district, value)}

    return [
        pair(reference_id(district, row["lecturer_id"]), value)
        for row in lecturers
        for value in listed(row[column])
    ]


def _letter(row: dict[str, str], district: str, shift_years: int) -> dict[str, Any]:
    return {
        "id": reference_id(district, f"{row['lecturer_id']}/appointment"),
        "lecturer_id": reference_id(district, row["lecturer_id"]),
        "district": district,
        "number": row["appointment_no"],
        "scope": row["pool_name"],
        "starts_on": shifted(row["appointment_start"], shift_years),
        "ends_on": shifted(row["appointment_end"], shift_years),
        "version": 1,
    }


def _timers(letters: list[dict[str, Any]], numbers: Numbers, at: datetime) -> list[dict[str, Any]]:
    """The notices and the lapse of each letter that has not ended."""
    days = [int(days) for days in numbers.list("appointment_notice_days")]
    return [
        {"key": letter["id"], "verb": verb, "due_at": due_at, "answer": False, "tries": 0}
        for letter in letters
        for verb, due_at in deadlines(
            letter["ends_on"], zone=numbers.zone, days_before=days, at=at
        ).items()
    ]


def _work_days(folder: Path, district: str) -> list[dict[str, Any]]:
    """Real years as announced, never shifted: what the answer clock needs is the holidays."""
    return [
        {
            "district": district,
            "on": date.fromisoformat(row["date"]),
            "is_workday": row["is_workday"] == "true",
            "kind": row["kind"],
            "holiday_name": row["holiday_name"],
            "provisional": row["provisional"] == "true",
        }
        for row in reference.rows(folder, "workcalendar")
    ]


def _settings(folder: Path, district: str) -> list[dict[str, Any]]:
    return [
        {
            "district": district,
            "name": row["setting"],
            "value": row["value"],
            "source": row["source"],
        }
        for row in reference.rows(folder, "district")
    ]
