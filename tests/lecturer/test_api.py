"""Lecturer over HTTP: lecturers, letters, time, candidates and the calendar."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.lecturer import reference
from services.lecturer.app import app
from tests.conftest import NewDatabase
from tests.kit import toy
from tests.lecturer.world import XIQING, a_seat, ref

PERSON = uuid4()
LECTURER = f"/lecturers/{ref('LEC-001')}"
LEAVE = {
    "starts_at": "2026-12-07T00:00:00+08:00",
    "ends_at": "2026-12-12T00:00:00+08:00",
    "reason": "外出学习",
}


@pytest.fixture(scope="module")
def keys() -> Iterator[str]:
    with toy.published_keys() as url:
        yield url


@pytest.fixture
async def http(
    new_database: NewDatabase, keys: str, monkeypatch: pytest.MonkeyPatch, home: Path
) -> AsyncIterator[httpx.AsyncClient]:
    """The service with the reference district and one seat; the broker is away."""
    database = new_database("lecturer")
    monkeypatch.setenv("YUEKE_DATABASE_URL", database.url)
    monkeypatch.setenv("YUEKE_NATS_URL", "nats://127.0.0.1:1")
    monkeypatch.setenv("YUEKE_JWKS_URL", keys)
    with database.transaction() as session:
        reference.load(session, Path("deploy/reference"), district=XIQING, shift_years=0)
        a_seat(session, lesson_id=UUID(int=77))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        base = "http://lecturer/api/lecturer"
        async with httpx.AsyncClient(transport=transport, base_url=base, timeout=30) as client:
            yield client


def by(role: str, *, lecturer_id: UUID | None = None, **more: str) -> dict[str, str]:
    claims = {"lecturer_id": str(lecturer_id)} if lecturer_id else {}
    headers = {"authorization": f"Bearer {toy.token(PERSON, [role], **claims)}"}
    return {**headers, "idempotency-key": str(uuid4()), **more}


async def test_a_lecturer_is_put_read_and_put_again(http: httpx.AsyncClient) -> None:
    path = f"/lecturers/{uuid4()}"
    body: dict[str, Any] = {"code": "LEC-900", "name": "示例😀", "pool": "backbone"}

    made = await http.put(path, json=body, headers=by("scheduler"))
    blind = await http.put(path, json=body, headers=by("scheduler"))
    old = await http.put(path, json=body, headers=by("scheduler", **{"if-match": '"7"'}))
    again = await http.put(path, json=body, headers=by("scheduler", **{"if-match": '"1"'}))
    read = await http.get(path, headers=by("supervisor"))

    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert (blind.status_code, blind.json()["type"]) == (428, "if_match_required")
    assert (old.status_code, old.json()["type"]) == (412, "version_stale")
    assert (again.status_code, read.json()["version"]) == (200, 2)
    assert read.json()["caps"]["day"]["limit"] == 3


async def test_the_reference_pools_are_listed_page_by_page(http: httpx.AsyncClient) -> None:
    codes: list[str] = []
    cursor = ""
    while cursor is not None:
        more = f"&cursor={cursor}" if cursor else ""
        page = (await http.get(f"/lecturers?limit=100{more}", headers=by("scheduler"))).json()
        codes += [item["code"] for item in page["items"]]
        cursor = page["next"]

    assert len(codes) == len(set(codes)) == 240
    lead = await http.get("/lecturers?pool=lead_study&limit=100", headers=by("scheduler"))
    assert len(lead.json()["items"]) == 24


async def test_a_school_gets_names_and_a_lecturer_himself(http: httpx.AsyncClient) -> None:
    me = by("lecturer", lecturer_id=ref("LEC-001"))

    names = await http.get("/lecturers?limit=2", headers=by("township"))
    own = await http.get("/lecturers", headers=me)
    other = await http.get(f"/lecturers/{ref('LEC-002')}", headers=me)
    calendar = await http.get("/calendar?from=2026-12-01&to=2026-12-31", headers=me)

    assert set(names.json()["items"][0]) == {"id", "name", "pool", "courses"}
    assert [item["code"] for item in own.json()["items"]] == ["LEC-001"]
    assert own.json()["items"][0]["appointed_until"] == "2028-02-29"
    assert (other.status_code, other.json()["type"]) == (404, "not_found")
    assert [e["lecturer"]["code"] for e in calendar.json()["items"]] == ["LEC-001"]


async def test_a_letter_is_issued_renewed_and_revoked(http: httpx.AsyncClient) -> None:
    path, body = f"{LECTURER}/appointments/{uuid4()}", {"number": "新", "starts_on": "2026-12-01"}

    issued = await http.put(path, json=body, headers=by("scheduler"))
    letter = f"/appointments/{issued.json()['id']}"
    renewed = await http.post(f"{letter}/renew", json={"number": "再"}, headers=by("scheduler"))
    revoked = await http.post(f"{letter}/revoke", json={"reason": "误"}, headers=by("scheduler"))
    listed = await http.get(f"{LECTURER}/appointments", headers=by("scheduler"))
    odd = await http.put(
        f"{LECTURER}/appointments/{uuid4()}",
        json={"number": "x", "starts_on": "9999-12-31"},
        headers=by("scheduler"),
    )

    assert (issued.status_code, issued.json()["ends_on"]) == (201, "2028-11-30")
    assert (renewed.status_code, renewed.json()["starts_on"]) == (201, "2028-12-01")
    assert revoked.json()["revoke_reason"] == "误"
    assert len(listed.json()["items"]) == 3
    assert (odd.status_code, odd.json()["type"]) == (422, "invalid_body")
    running_out = await http.get("/appointments?ends_before=2027-03-02", headers=by("scheduler"))
    assert {item["status"] for item in running_out.json()["items"]} >= {"lapsed"}


async def test_half_days_and_leave_are_said_over_http(http: httpx.AsyncClient) -> None:
    me, leave = by("lecturer", lecturer_id=ref("LEC-001")), f"{LECTURER}/leave/{uuid4()}"
    week = {"half_days": ["MON_AM"]}

    set_ = await http.put(f"{LECTURER}/availability", json=week, headers=me | {"if-match": "1"})
    taken = await http.put(leave, json=LEAVE, headers=me)
    again = await http.put(leave, json=LEAVE, headers=me)
    forced = await http.put(f"{LECTURER}/leave/{uuid4()}", json=LEAVE | {"force": True}, headers=me)
    undone = await http.post(f"{leave}/undo", json={"reason": "取消"}, headers=me)
    listed = await http.get(f"{LECTURER}/leave", headers=me)
    history = await http.get(f"{LECTURER}/history", headers=me)

    assert (set_.json()["half_days"], set_.headers["etag"]) == (["MON_AM"], '"2"')
    assert (taken.status_code, taken.json()["starts_at"]) == (201, LEAVE["starts_at"])
    assert (again.status_code, forced.status_code) == (200, 403)
    assert undone.json()["undo_reason"] == "取消"
    assert len(listed.json()["items"]) == 1
    verbs = [item["facts"]["verb"] for item in history.json()["items"]]
    assert verbs == ["set_availability", "take_leave", "undo_leave"]


async def test_caps_status_and_courses_are_changed_over_http(http: httpx.AsyncClient) -> None:
    cap = {"cap": "week", "limit": 4, "reason": "主题教育月"}
    courses = {"courses": [str(ref("RV-T03"))]}

    raised = await http.post(f"{LECTURER}/raise_cap", json=cap, headers=by("scheduler"))
    taught = await http.put(
        f"{LECTURER}/qualifications", json=courses, headers=by("scheduler", **{"if-match": '"2"'})
    )
    reset = await http.post(
        f"{LECTURER}/reset_cap", json={"cap": "week", "reason": "完"}, headers=by("scheduler")
    )
    off = await http.post(
        f"{LECTURER}/deactivate", json={"reason": "调离"}, headers=by("administrator")
    )
    on = await http.post(
        f"{LECTURER}/activate", json={"reason": "返聘"}, headers=by("administrator")
    )

    assert raised.json()["caps"]["week"]["limit"] == 4
    assert [course["code"] for course in taught.json()["items"]] == ["RV-T03"]
    assert (reset.json()["caps"]["week"]["limit"], off.json()["status"]) == (1, "inactive")
    assert (on.json()["status"], on.headers["etag"]) == ("active", '"6"')


async def test_candidates_are_shown_with_every_excluded_lecturer(http: httpx.AsyncClient) -> None:
    path = f"/seats/{UUID(int=77)}/candidates"

    found = await http.get(path, headers=by("scheduler"))
    waived = await http.get(f"{path}?waive=not_qualified", headers=by("scheduler"))
    unknown = await http.get(f"/seats/{uuid4()}/candidates", headers=by("scheduler"))

    body = found.json()
    assert len(body["items"]) + len(body["excluded"]) == 240
    assert body["starts_at"] == "2026-12-01T13:30:00+08:00"
    assert all(r["change"]["kind"] for one in body["excluded"] for r in one["reasons"])
    assert len(waived.json()["items"]) > len(body["items"])
    assert (unknown.status_code, unknown.json()["type"]) == (404, "not_found")


async def test_the_calendar_of_a_month_shows_everybody(http: httpx.AsyncClient) -> None:
    good = await http.get("/calendar?from=2026-12-01&to=2026-12-31", headers=by("scheduler"))
    instants = {"from": "2026-12-01T00:00:00+08:00", "to": "2026-12-02T00:00:00+08:00"}
    exact = await http.get("/calendar", params=instants, headers=by("scheduler"))
    wrong = await http.get("/calendar?from=2026-12-31&to=2026-12-01", headers=by("scheduler"))
    odd = await http.get("/calendar?from=0001-01-01&to=9999-12-31", headers=by("scheduler"))

    assert len(good.json()["items"]) == len(exact.json()["items"]) == 240
    assert (wrong.status_code, wrong.json()["type"]) == (422, "period_invalid")
    assert (odd.status_code, odd.json()["type"]) == (422, "invalid_body")


@pytest.mark.parametrize(
    "kind",
    [
        *("lecturer", "appointment", "assignment", "copied", "course_copy"),
        *("offer", "seat", "staffing", "setting", "overdue"),
    ],
)
async def test_the_audit_reads_every_kind(http: httpx.AsyncClient, kind: str) -> None:
    answer = await http.get(f"/audit?kind={kind}&limit=1000", headers=by("supervisor"))

    assert answer.status_code == 200
    rows = answer.json()["items"]
    assert all(row["id"] for row in rows)
    assert len(rows) == {"lecturer": 240, "seat": 1, "course_copy": 48}.get(kind, len(rows))


async def test_the_guard_stands(http: httpx.AsyncClient) -> None:
    ready = await http.get("http://lecturer/readyz")

    assert ready.json()["guard"] is True
