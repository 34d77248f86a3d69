"""Signing in through a real OpenID provider, and trying to get in with what it did not say."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlmodel import select

from services.kit.ids import reference_id
from services.portal import oidc
from services.portal.models import Account, Ticket
from tests.portal.conftest import Pages
from tests.town import free_port

CLAIMS: dict[str, dict[str, Any]] = {
    "wang": {"name": "王排课", "preferred_username": "Wang", "groups": ["staff", "schedulers"]},
    "li": {"name": "李联络", "department": "精武镇党校", "preferred_username": "jingwu"},
    "zhao": {"name": "赵新人", "email": "zhao@xiqing.example", "email_verified": True},
    "boss": {"name": "冒充", "preferred_username": "boss", "groups": ["administrators"]},
    "teacher": {"name": "讲师", "groups": ["lecturers"], "lecturer_code": "LEC-001"},
}
RULES = """
name = "统一身份认证"
issuer = "{issuer}"
client_id = "yueke"
client_secret_file = "secret"
district = "xiqing"
[[rule]]
claim = "groups"
is = "schedulers"
role = "scheduler"
[[rule]]
claim = "department"
is = "精武镇党校"
role = "township"
school = "SCH-06"
[[rule]]
claim = "groups"
is = "lecturers"
role = "lecturer"
lecturer_claim = "lecturer_code"
"""


@pytest.fixture
def provider(pages: Pages, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    port = free_port()
    command = ["node", "tests/portal/oidc/provider.mjs", str(port)]
    command.append(f"{pages.origin}/sign-in/provider/back")
    path = f"{Path('.venv/bin').absolute()}:/usr/bin:/bin"
    with (home / "provider.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            env={"PATH": path, "CLAIMS": json.dumps(CLAIMS)},
        )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n", (home / "provider.log").read_text()
    issuer = f"http://127.0.0.1:{port}"
    (home / "secret").write_text("a-secret-of-the-test\n")
    (home / "oidc.toml").write_text(RULES.format(issuer=issuer), encoding="utf-8")
    monkeypatch.setenv("YUEKE_OIDC", str(home / "oidc.toml"))
    yield issuer
    process.terminate()
    process.wait(10)


def through(pages: Pages, who: str, http: httpx.Client, *, next: str = "") -> httpx.Response:
    """As far as the provider sends the browser back; the last redirect is not followed."""
    answer = http.get(f"{pages.origin}/sign-in/provider", params={"next": next})
    for _ in range(20):
        if answer.status_code in (302, 303):
            url = answer.headers["location"]
            if url.startswith(f"{pages.origin}/"):
                return answer
            answer = http.get(httpx.URL(str(answer.url)).join(url))
            continue
        action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
        assert action, answer.text[:1000]
        prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
        assert prompt, answer.text[:2000]
        fields = {"prompt": prompt[1], "login": who, "password": "x"}
        answer = http.post(httpx.URL(str(answer.url)).join(action[1]), data=fields)
    raise AssertionError("went round and round")


def came_back(pages: Pages, who: str, *, next: str = "") -> tuple[httpx.Client, httpx.Response]:
    http = httpx.Client(timeout=30)
    answer = http.get(through(pages, who, http, next=next).headers["location"])
    assert answer.status_code in (303, 403), answer.text
    return http, answer


def account_named(pages: Pages, name: str) -> Account:
    with pages.database.snapshot() as session:
        return session.exec(select(Account).where(Account.name == name)).one()


def test_a_rule_gives_role_and_home_and_the_second_time_it_is_the_same_account(
    pages: Pages, provider: str
) -> None:
    http, answer = came_back(pages, "wang")
    _, again = came_back(pages, "wang", next="/desk/lessons?state=at_risk")

    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    assert again.headers["location"] == "/desk/lessons?state=at_risk"
    assert http.get(f"{pages.origin}/account").status_code == 200
    made = account_named(pages, "王排课")
    assert (made.login, made.roles, made.active) == ("wang", ["scheduler"], True)


def test_claims_name_the_school_and_the_lecturer(pages: Pages, provider: str) -> None:
    came_back(pages, "li")
    came_back(pages, "teacher")

    clerk, lecturer = account_named(pages, "李联络"), account_named(pages, "讲师")
    assert (clerk.roles, clerk.school_id) == (["township"], reference_id("xiqing", "SCH-06"))
    assert clerk.login.startswith("jingwu-")  # somebody else's name stays his
    assert (lecturer.roles, lecturer.lecturer_id) == (
        ["lecturer"],
        reference_id("xiqing", "LEC-001"),
    )


@pytest.mark.parametrize("who", ["zhao", "boss"])
def test_without_a_rule_an_account_waits_and_is_nobody(
    pages: Pages, provider: str, who: str
) -> None:
    http, answer = came_back(pages, who)

    made = account_named(pages, CLAIMS[who]["name"])
    assert answer.status_code == 403 and "等待启用" in answer.text
    assert (made.roles, made.active, made.administers) == ([], False, False)
    assert http.get(f"{pages.origin}/account").status_code == 303
    assert made.id != pages.people["boss"][0]


def test_an_answer_works_once_and_only_on_the_browser_that_asked(
    pages: Pages, provider: str
) -> None:
    http, stranger = httpx.Client(timeout=30), httpx.Client(timeout=30)
    url = through(pages, "wang", http).headers["location"]

    stolen = stranger.get(url)
    forged = http.get(re.sub(r"state=[^&]+", "state=other", url))
    good = http.get(url)
    replayed = http.get(url)

    assert (stolen.status_code, forged.status_code) == (401, 401)
    # A forged try ends the attempt for this browser: its cookie is gone.
    assert good.status_code in (303, 401)
    assert replayed.status_code == 401
    assert "yueke" not in stranger.cookies


@pytest.mark.parametrize("what", ["nonce", "verifier"])
def test_another_nonce_or_verifier_is_refused(pages: Pages, provider: str, what: str) -> None:
    http = httpx.Client(timeout=30)
    url = through(pages, "wang", http).headers["location"]
    with pages.database.transaction() as session:
        ticket = session.exec(select(Ticket).where(Ticket.kind == "oidc")).one()
        ticket.facts = {**ticket.facts, what: "x" * 64}

    answer = http.get(url)

    assert answer.status_code == 401
    assert http.get(f"{pages.origin}/account").status_code == 303


def test_the_way_out_carries_challenge_state_and_nonce(pages: Pages, provider: str) -> None:
    url = f"{pages.origin}/sign-in/provider"
    answer = httpx.get(url, params={"next": "//evil.example"}, timeout=30)

    asked = {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
    assert asked["state"] and asked["nonce"] and asked["code_challenge"]
    with pages.database.snapshot() as session:
        assert session.exec(select(Ticket)).one().facts["next"] == ""


def test_a_provider_that_is_away_is_said_so(
    pages: Pages, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "secret").write_text("x")
    (home / "oidc.toml").write_text(RULES.format(issuer="http://127.0.0.1:1"), encoding="utf-8")
    monkeypatch.setenv("YUEKE_OIDC", str(home / "oidc.toml"))

    answer = httpx.get(f"{pages.origin}/sign-in/provider", timeout=30)

    assert answer.status_code == 503


def test_no_rule_can_make_an_administrator() -> None:
    said = {"issuer": "x", "client_id": "y", "district": "xiqing"}
    rule = {"claim": "groups", "is": "admins", "role": "administrator"}

    with pytest.raises(oidc.BadSettings, match="administrator"):
        oidc.parse({**said, "rule": [rule]}, folder=Path())
    with pytest.raises(oidc.BadSettings, match="school"):
        oidc.parse({**said, "rule": [{**rule, "role": "township"}]}, folder=Path())
    with pytest.raises(oidc.BadSettings, match="issuer"):
        oidc.parse({"client_id": "y"}, folder=Path())
