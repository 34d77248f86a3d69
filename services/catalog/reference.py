"""Catalog's first rows: the reference menu, its sites and the words they are made of."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlmodel import Session

from services.catalog import courses, search
from services.catalog.models import Code, Course, CourseVersion, Site, VersionCode
from services.contracts import reference
from services.kit import numbers
from services.kit.db import insert_many
from services.kit.ids import reference_id

# kind: code, 中文, English, what else is known.
WORDS: dict[str, list[tuple[str, str, str, dict[str, Any]]]] = {
    "module": [
        ("rural_revitalization", "乡村振兴", "Rural revitalisation", {}),
        ("grassroots_governance", "基层治理", "Grass-roots governance", {}),
        ("party_work", "党务工作", "Party work", {}),
    ],
    "category": [
        ("political_theory", "政治理论类", "Political theory", {"percent": 40}),
        ("grassroots_practice", "基层实务类", "Grass-roots practice", {"percent": 40}),
        ("exemplary_model", "先进模范类", "Exemplary models", {"percent": 20}),
        ("mixed", "综合", "Mixed", {}),
    ],
    "format": [
        ("micro_lesson", "15分钟微党课", "Micro lesson", {"minutes": 15, "class_hours": "0.25"}),
        ("booster", "4课时加油包", "Booster", {"minutes": 180, "class_hours": "4.00"}),
        ("camp", "3天集中培训班", "Camp", {"minutes": 1080, "class_hours": "24.00"}),
    ],
    "delivery": [
        ("classroom", "课堂讲授", "Classroom", {}),
        ("on_site", "现场教学", "On site", {}),
        ("mobile", "送教下基层", "Mobile", {}),
        ("online", "线上", "Online", {}),
        ("home", "送学上门", "At home", {}),
    ],
    "audience": [
        ("branch_secretary", "党支部书记", "Branch secretary", {}),
        ("party_worker", "党务工作者", "Party worker", {}),
        ("ordinary_member", "普通党员", "Ordinary member", {}),
    ],
    "equipment": [
        ("projector", "投影", "Projector", {}),
        ("audio", "音响", "Audio", {}),
        ("video_conference", "视频会议", "Video conference", {}),
        ("ground_floor", "一层无障碍", "Ground floor", {}),
    ],
    "pool": [
        ("lead_study", "领学宣讲团", "Lead study", {"owner": "city"}),
        ("professional", "专业讲师团", "Professional", {"owner": "district"}),
        ("backbone", "骨干讲师团", "Backbone", {"owner": "township"}),
    ],
}


def load(session: Session, folder: Path, *, district: str, shift_years: int) -> None:
    """Words, sites, courses with their first versions, and the index, all in one go."""
    insert_many(session, Code, list(_codes(district)))
    settings = {row["setting"]: row for row in reference.rows(folder, "district")}
    zone = settings["time_zone"]
    numbers.put(session, district, "time_zone", zone["value"], zone["source"])
    insert_many(session, Site, list(_sites(folder, district)))
    read = reference.courses(folder, district, shift_years)
    heads = ("id", "code", "version")
    insert_many(session, Course, [{"district": district, **{n: c[n] for n in heads}} for c in read])
    versions = [
        CourseVersion(
            **told.model_dump(),
            course_id=course["id"],
            district=district,
            code=course["code"],
            number=number,
        )
        for course in read
        for number, told in enumerate(course["versions"], 1)
    ]
    insert_many(session, CourseVersion, [version.model_dump() for version in versions])
    insert_many(session, VersionCode, [row for v in versions for row in courses.code_rows(v)])
    search.put(session, [(version.id, courses.text(version)) for version in versions])


def _codes(district: str) -> Iterator[dict[str, Any]]:
    for kind, words in WORDS.items():
        for position, (code, name, name_en, facts) in enumerate(words):
            yield {
                "district": district,
                "kind": kind,
                "code": code,
                "name": name,
                "name_en": name_en,
                "position": position,
                "facts": facts,
            }


def _sites(folder: Path, district: str) -> Iterator[dict[str, Any]]:
    """What every room reads of a site, and what only the catalog keeps."""
    more = {row["site_id"]: row for row in reference.rows(folder, "sites")}
    for site in reference.sites(folder, district):
        row = more[site["code"]]
        yield {
            **site,
            "district": district,
            "kind": row["kind"],
            "township": row["township"],
            "owner_school_id": reference_id(district, row["owner_school_id"]),
            "visit_minutes": int(row["visit_minutes"]),
            "needs_guide": row["needs_guide"] == "true",
        }
