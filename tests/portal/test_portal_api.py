"""The portal over HTTP: RFC 6749's errors, public keys, and secrets that are kept nowhere."""

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from sqlmodel import select

from services.kit.idempotency import Answered
from services.portal import accounts
from tests.portal.conftest import NOON, Portal

CLERK: dict[str, Any] = {
    "login": "yangliuqing",
    "name": "杨柳青镇 😀𠮷",
    "roles": ["township"],
    "school_id": str(UUID(int=6)),
}


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"]


def a_clerk(portal: Portal) -> str:
    id = str(uuid4())
    path = f"/api/portal/accounts/{id}"
    assert portal.http.put(path, json=CLERK, headers=portal.signed()).status_code == 201
    return id


def test_a_token_comes_by_form_or_by_basic_and_opens_the_door(portal: Portal) -> None:
    by_form = portal.token(portal.admin)
    pair = (portal.admin["client_id"], portal.admin["client_secret"])
    by_basic = portal.http.post("/api/token", data={"grant_type": "client_credentials"}, auth=pair)

    for answer in (by_form, by_basic):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        body = answer.json()
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 600)
        headers = {"authorization": f"Bearer {body['access_token']}"}
        me = portal.http.get("/api/portal/me", headers=headers)
        assert me.json()["roles"] == ["administrator"]


def test_the_public_keys_may_be_kept_for_a_while(portal: Portal) -> None:
    answer = portal.http.get("/.well-known/jwks.json")

    assert answer.headers["cache-control"] == "public, max-age=300"
    [key] = answer.json()["keys"]
    assert {name: key[name] for name in ("kty", "crv", "alg", "use")} == {
        "kty": "EC",
        "crv": "P-256",
        "alg": "ES256",
        "use": "sig",
    }
    assert "d" not in key


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, (400, "invalid_request")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type")),
        ({"grant_type": "client_credentials"}, (401, "invalid_client")),
        ({"grant_type": "client_credentials", "client_id": "x"}, (401, "invalid_client")),
        (
            {"grant_type": "client_credentials", "client_id": "\x00", "client_secret": "\x00"},
            (401, "invalid_client"),
        ),
        (
            {"grant_type": "client_credentials", "client_id": "人", "client_secret": "\ud83d"},
            (401, "invalid_client"),
        ),
    ],
)
def test_a_bad_request_for_a_token(
    portal: Portal, form: dict[str, str], expected: tuple[int, str]
) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    content = urlencode(form, errors="surrogatepass").encode()

    answer = portal.http.post("/api/token", content=content, headers=headers)

    assert problem(answer) == expected
    assert answer.json()["error"] == expected[1]
    assert (answer.headers.get("www-authenticate", "").split(" ")[0] == "Basic") == (
        expected[0] == 401
    )


def test_json_two_ways_at_once_and_a_repeated_parameter_are_refused(portal: Portal) -> None:
    pair = (portal.admin["client_id"], portal.admin["client_secret"])
    form = {"grant_type": "client_credentials", "client_secret": pair[1]}
    twice = [("grant_type", "client_credentials")] * 2

    for answer in (
        portal.http.post("/api/token", json=form),
        portal.http.post("/api/token", data=form, auth=pair),
        portal.http.post("/api/token", content=httpx.QueryParams(twice).__str__().encode()),
    ):
        assert problem(answer) == (400, "invalid_request")


def test_too_many_failures_are_answered_429_with_the_seconds_to_wait(portal: Portal) -> None:
    wrong = {**portal.admin, "client_secret": "wrong"}
    answers = [portal.token(wrong) for _ in range(11)]

    assert [a.status_code for a in answers] == [401] * 10 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 61
    assert problem(portal.token(portal.admin)) == (429, "too_many_failures")


def test_a_secret_is_shown_once_and_kept_nowhere(portal: Portal) -> None:
    headers = portal.signed()
    first = portal.http.post("/api/portal/api_keys", json={"name": "对接"}, headers=headers)
    again = portal.http.post("/api/portal/api_keys", json={"name": "对接"}, headers=headers)

    assert (first.status_code, problem(again)) == (201, (409, "answer_not_kept"))
    assert portal.token(first.json()).status_code == 200
    with portal.database.snapshot() as session:
        [kept] = session.exec(select(Answered)).all()
        assert (kept.body, kept.digest) == (None, "")
    listed = portal.http.get("/api/portal/api_keys", headers=headers).json()["items"]
    assert len(listed) == 2
    assert not [item for item in listed if "client_secret" in item]


def test_a_revoked_key_opens_nothing_any_more(portal: Portal) -> None:
    made = portal.http.post("/api/portal/api_keys", json={"name": "x"}, headers=portal.signed())
    path = f"/api/portal/api_keys/{made.json()['client_id']}/revoke"

    assert portal.http.post(path, headers=portal.signed()).status_code == 200

    assert problem(portal.token(made.json())) == (401, "invalid_client")
    assert problem(portal.http.post(path, headers=portal.signed())) == (409, "already_revoked")


def test_an_account_is_changed_only_by_who_saw_its_newest_version(portal: Portal) -> None:
    path = f"/api/portal/accounts/{a_clerk(portal)}"
    changed = {**CLERK, "language": "en"}

    blind = portal.http.put(path, json=changed, headers=portal.signed())
    stale = portal.http.put(path, json=changed, headers=portal.signed(**{"if-match": '"7"'}))
    good = portal.http.put(path, json=changed, headers=portal.signed(**{"if-match": '"1"'}))

    assert problem(blind) == (428, "if_match_required")
    assert problem(stale) == (412, "version_stale")
    assert (good.status_code, good.headers["etag"], good.json()["language"]) == (200, '"2"', "en")
    assert good.json()["name"] == CLERK["name"]
    assert good.json()["moves"] == ["disable", "reset_password"]


def test_a_clerk_sees_himself_and_no_other_account(portal: Portal) -> None:
    id = a_clerk(portal)
    reset = portal.http.post(
        f"/api/portal/accounts/{id}/reset_password", headers=portal.signed()
    ).json()
    with portal.database.transaction() as session:
        key, secret = accounts.new_key(UUID(id), "x", NOON)
        session.add(key)
    clerk = {"client_id": str(key.client_id), "client_secret": secret}

    me = portal.http.get("/api/portal/me", headers=portal.signed(clerk))
    others = portal.http.get("/api/portal/accounts", headers=portal.signed(clerk))
    escalate = portal.http.put(
        f"/api/portal/accounts/{id}",
        json={**CLERK, "roles": ["township", "administrator"]},
        headers=portal.signed(clerk, **{"if-match": '"2"'}),
    )
    chosen = portal.http.post(
        "/api/portal/me/password",
        json={"current_password": reset["password"], "new_password": "千里江陵一日还，两岸猿声"},
        headers=portal.signed(clerk),
    )

    assert (me.json()["must_change_password"], me.json()["moves"]) == (True, [])
    assert problem(others) == (403, "role_required")
    assert problem(escalate) == (403, "role_required")
    assert (chosen.status_code, chosen.json()["must_change_password"]) == (200, False)


def test_accounts_come_in_pages_by_login(portal: Portal) -> None:
    for login in ("bbb", "aaa", "ccc"):
        path = f"/api/portal/accounts/{uuid4()}"
        portal.http.put(path, json={**CLERK, "login": login}, headers=portal.signed())

    first = portal.http.get("/api/portal/accounts?limit=2", headers=portal.signed()).json()
    rest = portal.http.get(
        "/api/portal/accounts", params={"cursor": first["next"]}, headers=portal.signed()
    ).json()
    clerks = portal.http.get("/api/portal/accounts?role=township", headers=portal.signed()).json()
    office = portal.http.get(
        "/api/portal/accounts?role=administrator", headers=portal.signed()
    ).json()

    pages = [*first["items"], *rest["items"]]
    assert [a["login"] for a in pages] == ["aaa", "administrator", "bbb", "ccc"]
    assert [a["login"] for a in clerks["items"]] == ["aaa", "bbb", "ccc"]
    assert [a["login"] for a in office["items"]] == ["administrator"]


def test_keys_are_rotated_and_tokens_of_before_still_work(portal: Portal) -> None:
    before = portal.signed()

    rotated = portal.http.post("/api/portal/keys/rotate", headers=portal.signed())

    assert rotated.status_code == 200
    assert len(portal.http.get("/.well-known/jwks.json").json()["keys"]) == 2
    for headers in (before, portal.signed()):
        assert portal.http.get("/api/portal/me", headers=headers).status_code == 200


def test_a_token_lives_in_real_time_whatever_the_district_clock_shows(
    portal: Portal, home: Path
) -> None:
    (home / "clock.json").write_text('{"offset_seconds": 86400000}')

    answer = portal.token(portal.admin)

    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert abs(claims["iat"] - time.time()) < 60
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
    assert portal.http.get("/api/portal/me", headers=headers).status_code == 200
