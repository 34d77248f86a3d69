"""Many courses from a sheet: all rows or none, drafts or published, and twice is once."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest
from sqlmodel import Session, select

from services.catalog import importing, reference
from services.catalog.app import app
from services.catalog.importing import Row
from services.catalog.models import Course, CourseVersion
from services.kit.auth import Caller, Role
from services.kit.errors import Forbidden, Invalid
from services.kit.imports import Imported
from services.kit.outbox import Happened
from tests.catalog.conftest import ADMINISTRATOR, CLERK, FOLDER, NOON, SCHEDULER, a_caller
from tests.catalog.test_catalog_api import by
from tests.catalog.test_catalog_api import keys as keys
from tests.conftest import NewDatabase

FACTS: dict[str, Any] = {
    "label": "2026.1",
    "title": "社区应急与消防安全实务",
    "module": "grassroots_governance",
    "category": "grassroots_practice",
    "format": "booster",
    "audience": ["party_worker"],
    "deliveries": ["classroom"],
    "eligible_pools": ["professional"],
    "min_attendees": 30,
    "max_attendees": 120,
    "valid_from": date(2026, 9, 1),
}


def a_row(line: int = 2, code: str = "GG-P90", state: str = "draft", **changes: Any) -> Row:
    links = {name: changes.pop(name, None) for name in ("site", "prerequisite")}
    return Row(line, code, state, {**FACTS, **changes}, **links)


def take(
    session: Session, *rows: Row, dry_run: bool = False, by: Caller = ADMINISTRATOR
) -> Imported:
    return importing.take(session, rows, dry_run=dry_run, by=by, at=NOON)


def versions(session: Session, code: str) -> list[tuple[str, str]]:
    rows = select(CourseVersion).where(CourseVersion.code == code).order_by("number")
    return [(row.label, row.state) for row in session.exec(rows)]


def happened(session: Session) -> int:
    return len(session.exec(select(Happened.pos)).all())


def counts(found: Imported) -> tuple[int, int, int]:
    return found.created, found.changed, found.same


def test_a_sheet_makes_drafts_and_published_courses(catalog: Session) -> None:
    found = take(catalog, a_row(), a_row(3, "GG-P91", "published", title="另一门"))

    assert (counts(found), found.errors) == ((2, 0, 0), [])
    assert versions(catalog, "GG-P90") == [("2026.1", "draft")]
    assert versions(catalog, "GG-P91") == [("2026.1", "published")]
    made = catalog.exec(select(CourseVersion).where(CourseVersion.code == "GG-P90")).one()
    assert (made.minutes, str(made.class_hours), made.kind) == (180, "4.00", "lesson")


def test_the_same_sheet_twice_changes_nothing(catalog: Session) -> None:
    rows = a_row(), a_row(3, "GG-P91", "published")
    take(catalog, *rows)
    told = happened(catalog)

    again = take(catalog, *rows)

    assert (counts(again), happened(catalog)) == ((0, 0, 2), told)


def test_a_known_course_keeps_what_the_row_leaves_out(catalog: Session) -> None:
    take(catalog, a_row())

    found = take(catalog, Row(2, "GG-P90", "published", {"title": "改了名"}))

    assert counts(found) == (0, 1, 0)
    row = catalog.exec(select(CourseVersion).where(CourseVersion.code == "GG-P90")).one()
    assert (row.title, row.max_attendees, row.state) == ("改了名", 120, "published")


def test_a_new_label_is_a_new_version_and_an_old_one_is_fixed(catalog: Session) -> None:
    take(catalog, a_row(state="published"))

    fixed = take(catalog, a_row(title="悄悄改名"), dry_run=True)
    newer = a_row(state="published", label="2027.1", title="新版", valid_from=date(2027, 1, 1))
    take(catalog, newer)

    assert [(e["field"], e["code"]) for e in fixed.errors] == [("label", "label_taken")]
    assert versions(catalog, "GG-P90") == [("2026.1", "published"), ("2027.1", "published")]


def test_a_prerequisite_may_stand_further_down_in_the_sheet(catalog: Session) -> None:
    found = take(catalog, a_row(prerequisite="GG-P91"), a_row(3, "GG-P91"))

    assert counts(found) == (2, 0, 0)
    first, second = (
        catalog.exec(select(Course).where(Course.code == code)).one()
        for code in ("GG-P90", "GG-P91")
    )
    made = catalog.exec(select(CourseVersion).where(CourseVersion.course_id == first.id)).one()
    assert made.prerequisite_id == second.id


def test_every_wrong_row_is_named_and_none_is_written(catalog: Session) -> None:
    rows = (
        a_row(),
        a_row(3),
        a_row(4, "小写"),
        a_row(5, "GG-P92", module="cooking"),
        a_row(6, "GG-P93", audience=["nobody"]),
        a_row(7, "GG-P94", site="SITE-99"),
        a_row(8, "GG-P95", prerequisite="XX-1"),
        a_row(9, "GG-P96", min_attendees=200),
        a_row(10, "GG-P97", valid_until=date(2026, 8, 1)),
        Row(11, "GG-P98", "draft", {"label": "1", "title": "缺很多"}),
        a_row(12, "GG-P99", "published", valid_from=date(2020, 1, 1), valid_until=date(2020, 2, 1)),
    )
    told = happened(catalog)

    trial = take(catalog, *rows, dry_run=True)
    with pytest.raises(Invalid, match="import_has_errors") as refused:
        take(catalog, *rows)

    assert refused.value.facts["errors"] == trial.errors
    assert [(e["line"], e["field"], e["code"]) for e in trial.errors] == [
        (3, "code", "row_repeated"),
        (4, "code", "code_invalid"),
        (5, "module", "code_unknown"),
        (6, "audience", "code_unknown"),
        (7, "site", "site_unknown"),
        (8, "prerequisite", "prerequisite_unknown"),
        (9, "max_attendees", "attendees_backwards"),
        (10, "valid_until", "validity_backwards"),
        (11, "module", "missing"),
        (12, "valid_until", "validity_over"),
    ]
    assert (versions(catalog, "GG-P90"), happened(catalog)) == ([], told)


def test_a_trial_leaves_no_trace(catalog: Session) -> None:
    told = happened(catalog)

    found = take(catalog, a_row(state="published"), dry_run=True)

    assert (counts(found), happened(catalog)) == ((1, 0, 0), told)
    assert versions(catalog, "GG-P90") == []


def test_only_an_administrator_imports_and_only_for_his_district(catalog: Session) -> None:
    for caller in (SCHEDULER, CLERK, a_caller(Role.LECTURER)):
        with pytest.raises(Forbidden, match="role_required"):
            take(catalog, a_row(), by=caller)
    abroad = a_caller(Role.ADMINISTRATOR, "beichen")

    found = take(catalog, a_row(site="SITE-01"), dry_run=True, by=abroad)

    # Neither the sites nor the words of another district are known there.
    assert [(e["field"], e["code"]) for e in found.errors] == [("site", "site_unknown")]


@pytest.fixture
async def http(
    new_database: NewDatabase, keys: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    database = new_database("catalog")
    monkeypatch.setenv("YUEKE_DATABASE_URL", database.url)
    monkeypatch.setenv("YUEKE_NATS_URL", "nats://127.0.0.1:1")
    monkeypatch.setenv("YUEKE_JWKS_URL", keys)
    with database.transaction() as session:
        reference.load(session, FOLDER, district="xiqing", shift_years=0)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        base = "http://catalog/api/catalog"
        async with httpx.AsyncClient(transport=transport, base_url=base, timeout=60) as client:
            yield client


async def test_over_http(http: httpx.AsyncClient) -> None:
    row = {"line": 2, "code": "GG-P90", "state": "published", **FACTS, "valid_from": "2026-09-01"}
    boss = "administrator"

    made = await http.post("/import", json={"rows": [row]}, headers=by(boss))
    known = await http.post("/import", json={"rows": [row], "dry_run": True}, headers=by(boss))
    assert (made.status_code, made.json()["created"], known.json()["same"]) == (200, 1, 1)

    nobody = await http.post("/import", json={"rows": [row]}, headers=by("scheduler"))
    assert (nobody.status_code, nobody.json()["type"]) == (403, "role_required")
    many = [{**row, "line": n, "code": f"X-{n}"} for n in range(2, 203)]
    over = await http.post("/import", json={"rows": many}, headers=by(boss))
    assert (over.status_code, over.json()["errors"][0]["code"]) == (422, "too_long")
    wrong = {**row, "valid_from": "九月一日", "max_attendees": "很多"}
    unread = await http.post("/import", json={"rows": [wrong]}, headers=by(boss))
    assert {one["field"] for one in unread.json()["errors"]} == {
        "rows.0.valid_from",
        "rows.0.max_attendees",
    }
    keyless = {k: v for k, v in by(boss).items() if k != "idempotency-key"}
    assert (await http.post("/import", json={"rows": [row]}, headers=keyless)).status_code == 400
