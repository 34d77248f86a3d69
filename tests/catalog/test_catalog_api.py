"""The catalog over HTTP."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.catalog import reference
from services.catalog.api import router
from services.catalog.queries import ANSWERS, AUDITS
from services.catalog.schemas import CourseIn, SiteIn
from services.kit.app import make_app
from tests.catalog.conftest import FOLDER, RV_T01, SITE_01
from tests.conftest import NewDatabase
from tests.kit import toy

COURSE: dict[str, Any] = CourseIn.model_config["json_schema_extra"]["example"]  # type: ignore
SITE: dict[str, Any] = SiteIn.model_config["json_schema_extra"]["example"]  # type: ignore
PERSON = uuid4()


@pytest.fixture(scope="module")
def keys() -> Iterator[str]:
    with toy.published_keys() as url:
        yield url


@pytest.fixture
async def http(
    new_database: NewDatabase, keys: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """The catalog with the reference menu; the broker is away."""
    database = new_database("catalog")
    monkeypatch.setenv("YUEKE_DATABASE_URL", database.url)
    monkeypatch.setenv("YUEKE_NATS_URL", "nats://127.0.0.1:1")
    monkeypatch.setenv("YUEKE_JWKS_URL", keys)
    with database.transaction() as session:
        reference.load(session, FOLDER, district="xiqing", shift_years=0)
    app = make_app("catalog", [router], answers=ANSWERS, audits=AUDITS)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        base = "http://catalog/api/catalog"
        async with httpx.AsyncClient(transport=transport, base_url=base, timeout=30) as client:
            yield client


def by(role: str, **more: str) -> dict[str, str]:
    headers = {"authorization": f"Bearer {toy.token(PERSON, [role])}"}
    return {**headers, "idempotency-key": str(uuid4()), **more}


async def test_a_course_is_written_and_published_over_http(http: httpx.AsyncClient) -> None:
    path = f"/courses/{uuid4()}"

    made = await http.put(path, json=COURSE, headers=by("scheduler"))
    early = await http.post(f"{path}/publish", headers=by("scheduler"))
    hidden = await http.get(path, headers=by("township"))
    await http.post(f"{path}/trial", headers=by("scheduler"))
    await http.post(f"{path}/approve", json={}, headers=by("administrator"))
    out = await http.post(f"{path}/publish", headers=by("scheduler"))
    seen = await http.get(path, headers=by("township"))

    assert (made.status_code, made.headers["etag"], made.json()["moves"]) == (
        201,
        '"1"',
        ["approve", "retire", "trial"],
    )
    assert (early.status_code, early.json()["type"]) == (409, "wrong_state")
    assert (hidden.status_code, hidden.json()["type"]) == (404, "not_found")
    assert (out.status_code, out.headers["etag"], out.json()["moves"]) == (200, '"4"', ["retire"])
    assert seen.json()["moves"] == []
    assert seen.json()["versions"][0]["class_hours"] == "4.00"
    assert seen.json()["versions"][0]["title"] == COURSE["title"]


async def test_a_course_is_changed_only_by_who_saw_its_newest_version(
    http: httpx.AsyncClient,
) -> None:
    path, body = f"/courses/{RV_T01}", {**COURSE, "code": "RV-T01", "label": "2026.2"}

    blind = await http.put(path, json=body, headers=by("scheduler"))
    stale = await http.put(path, json=body, headers=by("scheduler", **{"if-match": '"9"'}))
    good = await http.put(path, json=body, headers=by("scheduler", **{"if-match": '"1"'}))

    assert [(a.status_code, a.json().get("type")) for a in (blind, stale, good)] == [
        (428, "if_match_required"),
        (412, "version_stale"),
        (200, None),
    ]
    assert [v["label"] for v in good.json()["versions"]] == ["2026.2", "2026.1"]


async def test_a_school_reads_and_does_not_write(http: httpx.AsyncClient) -> None:
    menu = await http.get("/courses?module=party_work&q=党费&limit=5", headers=by("township"))
    writes = [
        await http.put(f"/courses/{uuid4()}", json=COURSE, headers=by("township")),
        await http.post(f"/courses/{RV_T01}/retire", headers=by("lecturer")),
        await http.put(f"/sites/{uuid4()}", json=SITE, headers=by("township")),
        await http.post(f"/sites/{SITE_01}/close", json={"reason": "x"}, headers=by("supervisor")),
    ]

    [item] = menu.json()["items"]
    assert (item["code"], item["moves"], menu.json()["next"]) == ("PW-P02", [], None)
    assert item["id"] != item["version_id"]
    assert [(a.status_code, a.json()["type"]) for a in writes] == [(403, "role_required")] * 4


async def test_a_site_is_written_closed_and_reopened(http: httpx.AsyncClient) -> None:
    path = f"/sites/{uuid4()}"

    made = await http.put(path, json=SITE, headers=by("scheduler"))
    closed = await http.post(f"{path}/close", json={"reason": "布展"}, headers=by("scheduler"))
    open_ones = await http.get("/sites?state=open", headers=by("lecturer"))
    again = await http.post(f"{path}/reopen", headers=by("scheduler"))

    assert (made.status_code, made.json()["moves"]) == (201, ["close"])
    assert (closed.json()["state"], closed.json()["closed_because"]) == ("closed", "布展")
    assert closed.json()["closed_on"] == ["2026-12-31"]
    assert len(open_ones.json()["items"]) == 10
    assert (again.json()["state"], again.headers["etag"]) == ("open", '"3"')


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"title": ""}, 422, "invalid_body"),
        ({"title": "x" * 201}, 422, "invalid_body"),
        ({"title": "\u0000"}, 422, "nul_character"),
        ({"minutes": 2**40}, 422, "invalid_body"),
        ({"class_hours": "NaN"}, 422, "invalid_body"),
        ({"valid_from": "2026-02-30"}, 422, "invalid_body"),
        ({"audience": []}, 422, "invalid_body"),
        ({"unknown": 1}, 422, "invalid_body"),
        ({"module": "astronomy"}, 422, "code_unknown"),
        ({"code": "RV-T01"}, 409, "code_taken"),
        ({"valid_until": "2025-12-31"}, 422, "validity_backwards"),
        ({"title": "😀𠮷﷽ emoji & 罕见字 𪚥"}, 201, None),
        ({"valid_from": "0001-01-01", "valid_until": "9999-12-31"}, 201, None),
    ],
)
async def test_bad_bodies_have_stable_codes_and_good_ones_survive(
    http: httpx.AsyncClient, changes: dict[str, Any], status: int, code: str | None
) -> None:
    body = {**COURSE, **changes}

    answer = await http.put(f"/courses/{uuid4()}", json=body, headers=by("scheduler"))

    assert (answer.status_code, answer.json().get("type")) == (status, code)
    if status == 201:
        assert answer.json()["versions"][0]["title"] == body["title"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "invalid_body"),
        ("limit=101", "invalid_body"),
        ("cursor=nonsense", "cursor_invalid"),
        ("state=unknown", "invalid_body"),
        ("valid_on=yesterday", "invalid_body"),
        ("site=SITE-01", "invalid_body"),
        ("module=astronomy", "code_unknown"),
        ("q=" + "党" * 101, "invalid_body"),
        ("q=%00", "nul_character"),
    ],
)
async def test_bad_questions_have_stable_codes(
    http: httpx.AsyncClient, query: str, code: str
) -> None:
    answer = await http.get(f"/courses?{query}", headers=by("township"))

    assert answer.status_code in (400, 422)
    assert answer.json()["type"] == code


async def test_the_lists_have_names(http: httpx.AsyncClient) -> None:
    answer = await http.get("/codes?kind=pool", headers=by("township"))

    assert [(c["code"], c["name"], c["facts"]) for c in answer.json()["items"]] == [
        ("lead_study", "领学宣讲团", {"owner": "city"}),
        ("professional", "专业讲师团", {"owner": "district"}),
        ("backbone", "骨干讲师团", {"owner": "township"}),
    ]


async def test_the_audit_pages_through_everything(http: httpx.AsyncClient) -> None:
    seen: list[str] = []
    params: dict[str, Any] = {"kind": "course", "limit": 20}
    while True:
        body = (await http.get("/audit", params=params, headers=by("supervisor"))).json()
        seen += [row["id"] for row in body["items"]]
        if body["next"] is None:
            break
        params["after"] = body["next"]

    assert len(seen) == len(set(seen)) == 48
