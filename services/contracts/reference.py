"""Contracts: the reference courses and sites, read the same way by every room that keeps a copy.

Pure: CSV files in, values out. Each room loads alone and all agree, because the ids are worked out
from the codes and the first version of each row is 1.
"""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from services.contracts.catalog import CourseVersion
from services.kit.ids import reference_id


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of `<name>.csv`."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def courses(folder: Path, district: str, shift_years: int) -> list[dict[str, Any]]:
    """One dict per course: id, code, version (1), verb, versions (`CourseVersion`s)."""
    return [
        {
            "id": reference_id(district, row["course_id"]),
            "code": row["course_id"],
            "version": 1,
            "verb": "put",
            "versions": [_version(row, district, shift_years)],
        }
        for row in rows(folder, "courses")
    ]


def sites(folder: Path, district: str) -> list[dict[str, Any]]:
    """One dict per teaching site: id, version (1) and the fields of `SiteChanged`."""
    return [
        {
            "id": reference_id(district, row["site_id"]),
            "code": row["site_id"],
            "version": 1,
            "name": row["name"],
            "address": row["address"],
            "lat": float(row["lat"]),
            "lon": float(row["lon"]),
            "capacity": int(row["capacity"]),
            "open_rule": row["open_rule"],
            "closed_on": [],
            "advance_booking_days": int(row["advance_booking_days"]),
            "state": "open",
        }
        for row in rows(folder, "sites")
    ]


def shifted(day: str, years: int) -> date:
    """The same day, that many years later; 29 February becomes the 28th where there is none."""
    on = date.fromisoformat(day)
    try:
        return on.replace(year=on.year + years)
    except ValueError:
        return on.replace(year=on.year + years, day=28)


def listed(cell: str) -> list[str]:
    """The values of a cell, separated by `|`."""
    return cell.split("|") if cell else []


def _version(row: dict[str, str], district: str, shift_years: int) -> CourseVersion:
    def other(code: str) -> UUID | None:
        return reference_id(district, code) if code else None

    until = row["valid_until"]
    return CourseVersion(
        id=reference_id(district, f"{row['course_id']}/{row['version']}"),
        label=row["version"],
        state=row["status"],
        valid_from=shifted(row["valid_from"], shift_years),
        valid_until=shifted(until, shift_years) if until else None,
        title=row["title"],
        kind=row["kind"],
        module=row["module_code"],
        category=row["category_code"],
        format=row["format_code"],
        minutes=int(row["minutes"]),
        class_hours=Decimal(row["class_hours"]),
        audience=listed(row["audience"]),
        deliveries=listed(row["delivery"]),
        eligible_pools=listed(row["eligible_pools"]),
        min_attendees=int(row["min_attendees"]),
        max_attendees=int(row["max_attendees"]),
        site_id=other(row["site_id"]),
        prerequisite_id=other(row["prerequisite"]),
        equipment=listed(row["equipment"]),
    )
