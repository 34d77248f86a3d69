"""Booking: loads the reference district once: schools and their targets, venues, copies of courses
and sites, work calendar and numbers. Ids are worked out from the codes, so that all rooms agree."""

from datetime import date
from pathlib import Path
from typing import Any

from sqlmodel import Session

from services.booking import calendar
from services.booking.models import (
    CourseCopy,
    School,
    SiteCopy,
    TrainingTarget,
    Venue,
    WorkDay,
)
from services.contracts import reference
from services.kit.db import insert_many
from services.kit.ids import reference_id
from services.kit.numbers import Setting

REFERENCE_YEAR = 2026
YEARS_AHEAD = 2
EQUIPMENT = {
    "has_video_conference": "video_conference",
    "has_projector": "projector",
    "has_audio": "audio",
}


def load(session: Session, folder: Path, *, district: str, shift_years: int) -> None:
    """Once, into an empty database; nothing is told, since every room loads alone."""
    schools = reference.rows(folder, "schools")
    insert_many(session, School, [_school(row, district) for row in schools])
    year = REFERENCE_YEAR + shift_years
    insert_many(session, TrainingTarget, [_target(row, district, year) for row in schools])
    at = {row["school_id"]: row for row in schools}
    venues = reference.rows(folder, "venues")
    insert_many(session, Venue, [_venue(row, at[row["school_id"]], district) for row in venues])
    insert_many(session, CourseCopy, courses(folder, district, shift_years))
    sites = reference.sites(folder, district)
    insert_many(session, SiteCopy, [{**site, "district": district} for site in sites])
    insert_many(session, WorkDay, work_days(folder, district, year))
    settings = reference.rows(folder, "district")
    insert_many(session, Setting, [_setting(row, district) for row in settings])


def courses(folder: Path, district: str, shift_years: int) -> list[dict[str, Any]]:
    """Rows of `course_copy`."""
    return [
        {
            "id": course["id"],
            "district": district,
            "code": course["code"],
            "version": course["version"],
            "versions": [version.model_dump(mode="json") for version in course["versions"]],
        }
        for course in reference.courses(folder, district, shift_years)
    ]


def work_days(folder: Path, district: str, this_year: int) -> list[dict[str, Any]]:
    """Real years as announced, never shifted; the years around the clock that are missing follow
    the plain week and say that they are provisional."""
    days = {
        date.fromisoformat(row["date"]): {
            "is_workday": row["is_workday"] == "true",
            "kind": row["kind"],
            "holiday_name": row["holiday_name"],
            "provisional": row["provisional"] == "true",
        }
        for row in reference.rows(folder, "workcalendar")
    }
    known = {on.year for on in days}
    for year in set(range(this_year, this_year + YEARS_AHEAD + 1)) - known:
        days |= {day.on: day.model_dump(exclude={"on"}) for day in calendar.plain_year(year)}
    return [{"district": district, "on": on, **day} for on, day in sorted(days.items())]


def _school(row: dict[str, str], district: str) -> dict[str, Any]:
    return {
        "id": reference_id(district, row["school_id"]),
        "district": district,
        "code": row["school_id"],
        "name": row["name"],
        "township": row["township"],
        "kind": row["kind"],
        "address": "",
        "lat": float(row["lat"]),
        "lon": float(row["lon"]),
        "evening_class": row["evening_class"] == "true",
        "saturday_class": row["saturday_class"] == "true",
        "brand": row["brand"],
        "liaison": row["liaison"],
        "contact_phone": row["contact_phone"],
        "contact_email": row["contact_email"],
        "closed_at": None,
        "version": 1,
    }


def _target(row: dict[str, str], district: str, year: int) -> dict[str, Any]:
    return {
        "school_id": reference_id(district, row["school_id"]),
        "year": year,
        "district": district,
        "sessions": int(row["target_sessions"]),
        "person_times": int(row["target_person_times"]),
    }


def _venue(row: dict[str, str], school: dict[str, str], district: str) -> dict[str, Any]:
    return {
        "id": reference_id(district, row["venue_id"]),
        "district": district,
        "school_id": reference_id(district, row["school_id"]),
        "code": row["venue_id"],
        "name": row["name"],
        "address": school["township"],
        "lat": float(school["lat"]),
        "lon": float(school["lon"]),
        "capacity": int(row["capacity"]),
        "equipment": [name for column, name in EQUIPMENT.items() if row[column] == "true"],
        "ground_floor": row["ground_floor"] == "true",
        "state": "open",
        "version": 1,
    }


def _setting(row: dict[str, str], district: str) -> dict[str, Any]:
    return {
        "district": district,
        "name": row["setting"],
        "value": row["value"],
        "source": row["source"],
    }
