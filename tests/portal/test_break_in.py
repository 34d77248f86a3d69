"""Trying to break in: every way we know of, over HTTP, as a stranger's browser would."""

import socket
import statistics
import time
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from sqlmodel import select

from services.kit import clock
from services.portal import accounts, secrecy, sessions
from services.portal.models import Account, WebSession
from services.portal.pages.visit import inside
from tests.portal.conftest import NOON, Pages

EVIL = "https://evil.example"


# -- forgery


def test_a_post_without_the_pages_token_does_nothing(pages: Pages) -> None:
    clerk = pages.signed_in("yangliuqing")

    answer = clerk.http.post(
        "/account/language", data={"language": "en"}, headers={"origin": pages.origin}
    )

    assert answer.status_code == 403
    assert language(pages, "yangliuqing") == "zh"


@pytest.mark.parametrize("origin", [EVIL, "null", "", "http://[", "http://127.0.0.1"])
def test_a_post_from_elsewhere_does_nothing(pages: Pages, origin: str) -> None:
    clerk = pages.signed_in("yangliuqing")
    token = clerk.csrf

    answer = clerk.http.post(
        "/account/language", data={"language": "en", "csrf": token}, headers={"origin": origin}
    )

    assert answer.status_code == 403
    assert language(pages, "yangliuqing") == "zh"


def test_the_token_of_one_person_is_of_no_use_to_another(pages: Pages) -> None:
    theirs = pages.signed_in("jingwu").csrf
    clerk = pages.signed_in("yangliuqing")

    answer = clerk.post("/account/language", csrf=theirs, language="en")

    assert answer.status_code == 403


def test_nobody_is_signed_in_from_a_foreign_page(pages: Pages) -> None:
    browser = pages.browser()
    fields = {"login": "jingwu", "password": pages.people["jingwu"][1]}

    answer = browser.http.post("/sign-in", data=fields, headers={"origin": EVIL})

    assert answer.status_code == 403
    assert not browser.is_in()


# -- sessions


def test_signing_in_makes_a_new_session_whatever_cookie_was_there(pages: Pages) -> None:
    browser = pages.browser()
    browser.http.cookies.set("yueke", "planted-by-somebody")

    browser.sign_in("jingwu", pages.people["jingwu"][1])

    planted = pages.browser()
    planted.http.cookies.set("yueke", "planted-by-somebody")
    assert browser.is_in() and not planted.is_in()


def test_signing_in_again_leaves_the_old_cookie_its_own_session(pages: Pages) -> None:
    browser = pages.signed_in("jingwu")
    before = browser.cookie

    browser.sign_in("jingwu", pages.people["jingwu"][1])

    assert browser.cookie != before


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(pages: Pages) -> None:
    answer = pages.browser().sign_in("jingwu", pages.people["jingwu"][1])

    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said and "samesite=lax" in said and "path=/" in said
    assert "domain" not in said


def test_on_tls_the_cookie_is_bound_to_the_host_and_hsts_is_said(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure = pages.origin.replace("http:", "https:")
    monkeypatch.setenv("YUEKE_ORIGIN", secure)
    browser = pages.browser()
    fields = {"login": "jingwu", "password": pages.people["jingwu"][1]}

    answer = browser.http.post("/sign-in", data=fields, headers={"origin": secure})

    said = answer.headers["set-cookie"]
    assert said.startswith("__Host-yueke=") and "Secure" in said and "Path=/" in said
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(
    ("seen", "started"),
    [(timedelta(minutes=31), timedelta(minutes=31)), (timedelta(0), timedelta(hours=12))],
)
def test_a_session_ends_when_idle_and_after_twelve_hours(
    pages: Pages, seen: timedelta, started: timedelta
) -> None:
    clerk = pages.signed_in("jingwu")
    with pages.database.transaction() as session:
        row = session.exec(select(WebSession)).one()
        row.seen_at, row.started_at = clock.real() - seen, clock.real() - started

    answer = clerk.http.get("/account")

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/account")


@pytest.mark.parametrize(
    ("path", "polls", "counts"),
    [
        ("/account", True, False),
        ("/messages/unread", True, False),
        ("/phone/cards", True, False),
        ("/account", False, True),
        ("/phone/cards", False, True),
    ],
)
def test_a_page_that_asks_by_itself_does_not_keep_the_session_alive(
    pages: Pages, path: str, polls: bool, counts: bool
) -> None:
    lecturer = pages.signed_in("l-001")
    before = clock.real() - timedelta(minutes=29)
    with pages.database.transaction() as session:
        session.exec(select(WebSession)).one().seen_at = before

    lecturer.http.get(path, headers={"x-poll": "1"} if polls else {})

    with pages.database.snapshot() as session:
        assert (session.exec(select(WebSession)).one().seen_at != before) is counts


def test_the_stream_of_a_desk_does_not_keep_the_session_alive(pages: Pages) -> None:
    desk = pages.signed_in("scheduler")
    before = clock.real() - timedelta(minutes=29)
    with pages.database.transaction() as session:
        session.exec(select(WebSession)).one().seen_at = before

    with desk.http.stream("GET", "/live") as answer:
        next(answer.iter_lines())

    with pages.database.snapshot() as session:
        assert session.exec(select(WebSession)).one().seen_at == before


def test_signing_out_ends_the_session_on_the_server(pages: Pages) -> None:
    clerk = pages.signed_in("jingwu")
    kept = clerk.cookie

    clerk.post("/sign-out")

    clerk.http.cookies.set("yueke", kept)
    assert not clerk.is_in()


def test_signing_out_everywhere_ends_the_others_too(pages: Pages) -> None:
    here, there = pages.signed_in("jingwu"), pages.signed_in("jingwu")

    here.post("/sign-out", everywhere="1")

    assert not there.is_in()


def test_a_disabled_account_gets_no_page_from_that_moment_and_stays_out_when_enabled(
    pages: Pages,
) -> None:
    clerk, boss = pages.signed_in("jingwu"), pages.caller("boss")
    with pages.database.transaction() as session:
        accounts.disable(session, pages.people["jingwu"][0], by=boss, at=NOON)

    assert not clerk.is_in()
    assert pages.browser().sign_in("jingwu", pages.people["jingwu"][1]).status_code == 401
    with pages.database.transaction() as session:
        accounts.enable(session, pages.people["jingwu"][0], by=boss, at=NOON)
    assert not clerk.is_in()


def test_another_password_ends_every_other_session(pages: Pages) -> None:
    here, there = pages.signed_in("jingwu"), pages.signed_in("jingwu")
    new = "a much better one 2026"

    answer = here.post("/account/password", current=pages.people["jingwu"][1], new=new, again=new)

    assert answer.status_code == 303, answer.text
    assert here.is_in() and not there.is_in()
    assert pages.browser().sign_in("jingwu", pages.people["jingwu"][1]).status_code == 401
    assert pages.browser().sign_in("jingwu", new).status_code == 303


def test_a_password_by_the_administrator_ends_sessions_and_opens_one_page_only(
    pages: Pages,
) -> None:
    clerk, boss = pages.signed_in("jingwu"), pages.caller("boss")
    with pages.database.transaction() as session:
        _, once = accounts.reset_password(session, pages.people["jingwu"][0], by=boss, at=NOON)

    assert not clerk.is_in()
    again = pages.browser()
    again.sign_in("jingwu", once)
    for path in ("/", "/account", "/messages", "/clerk", "/help"):
        answer = again.http.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/account/password")
    token = again.csrf
    assert again.post("/account/keys", csrf=token, name="x").headers["location"] == (
        "/account/password"
    )
    again.post("/account/password", csrf=token, current=once, new=once + "!", again=once + "!")
    assert again.is_in()


def test_another_role_ends_the_sessions_of_the_old_one(pages: Pages) -> None:
    scheduler, boss = pages.signed_in("scheduler"), pages.caller("boss")
    with pages.database.transaction() as session:
        facts = {"login": "scheduler", "name": "x", "email": None, "language": "zh"}
        accounts.put(
            session,
            pages.people["scheduler"][0],
            **facts,
            roles=["supervisor"],
            school_id=None,
            lecturer_id=None,
            by=boss,
            at=NOON,
        )

    assert not scheduler.is_in()


def test_somebody_elses_session_cannot_be_ended(pages: Pages) -> None:
    victim, clerk = pages.signed_in("scheduler"), pages.signed_in("jingwu")
    with pages.database.snapshot() as session:
        owner = pages.people["scheduler"][0]
        [row] = session.exec(select(WebSession).where(WebSession.account_id == owner)).all()

    answer = clerk.post(f"/account/sessions/{sessions.mark_of(row)}/end")

    assert answer.status_code == 404
    assert victim.is_in()


# -- guessing


def test_a_name_is_locked_after_five_wrong_passwords_known_or_not(pages: Pages) -> None:
    def tries(login: str) -> list[int]:
        return [pages.browser().sign_in(login, "wrong").status_code for _ in range(7)]

    assert tries("jingwu") == tries("nobody-at-all") == [401] * 5 + [429] * 2
    right = pages.browser().sign_in("jingwu", pages.people["jingwu"][1])
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) <= 300


def test_a_locked_name_is_locked_however_it_is_typed(pages: Pages) -> None:
    for login in ("jingwu", "JINGWU", " jingwu ", "Jingwu", "jingwu@xiqing"):
        pages.browser().sign_in(login, "wrong")

    answer = pages.browser().sign_in("jingwu", pages.people["jingwu"][1])

    assert answer.status_code == 429


def test_an_address_is_locked_after_many_names(pages: Pages) -> None:
    for number in range(40):
        pages.browser().sign_in(f"name-{number}", "wrong")

    answer = pages.browser().sign_in("jingwu", pages.people["jingwu"][1])

    assert answer.status_code == 429


def test_two_addresses_behind_the_proxy_are_two(pages: Pages) -> None:
    """The proxy on this machine is believed; its own word for the client replaces any other."""
    for number in range(40):
        one = pages.browser(**{"x-forwarded-for": "203.0.113.5"})
        one.sign_in(f"name-{number}", "wrong")

    right = pages.people["jingwu"][1]
    locked = pages.browser(**{"x-forwarded-for": "203.0.113.5"}).sign_in("jingwu", right)
    other = pages.browser(**{"x-forwarded-for": "203.0.113.6"}).sign_in("jingwu", right)

    assert (locked.status_code, other.status_code) == (429, 303)


def test_an_unknown_name_takes_as_long_as_a_wrong_password(pages: Pages) -> None:
    def seconds(login: str) -> float:
        begins = time.perf_counter()
        pages.browser().sign_in(login, "wrong")
        return time.perf_counter() - begins

    known = statistics.median(seconds(login) for login in ("jingwu", "boss", "scheduler"))
    unknown = statistics.median(seconds(f"nobody-{n}") for n in range(3))

    assert unknown > known / 3


def test_the_answer_is_the_same_for_unknown_wrong_and_disabled(pages: Pages) -> None:
    with pages.database.transaction() as session:
        boss = pages.caller("boss")
        accounts.disable(session, pages.people["jingwu"][0], by=boss, at=NOON)

    said = [
        pages.browser().sign_in(login, password).text.replace(login, "")
        for login, password in (
            ("nobody", "wrong"),
            ("scheduler", "wrong"),
            ("jingwu", pages.people["jingwu"][1]),
        )
    ]

    assert said[0] == said[1] == said[2]


# -- other people's doors


def test_pages_of_other_roles_are_not_there(pages: Pages) -> None:
    clerk, lecturer = pages.signed_in("jingwu"), pages.signed_in("l-001")

    for browser, paths in (
        (clerk, ("/desk", "/desk/board", "/admin/accounts", "/supervisor", "/phone")),
        (lecturer, ("/desk", "/admin/accounts", "/clerk", "/admin/numbers", "/admin/import")),
    ):
        for path in paths:
            assert browser.http.get(path).status_code == 404, path


def test_posts_of_other_roles_are_not_there(pages: Pages) -> None:
    clerk = pages.signed_in("jingwu")
    token, victim = clerk.csrf, pages.people["boss"][0]

    for path in (
        f"/admin/accounts/{victim}/disable",
        f"/admin/accounts/{victim}/reset",
        "/admin/numbers/fix_days",
        "/admin/import/lecturers",
    ):
        answer = clerk.post(path, csrf=token, value="1")
        assert answer.status_code == 404, path
    with pages.database.snapshot() as session:
        assert session.get_one(Account, victim).active


def test_every_page_wants_a_sign_in(pages: Pages) -> None:
    browser = pages.browser()

    for path in ("/", "/account", "/messages", "/clerk", "/desk", "/phone", "/admin/accounts"):
        answer = browser.http.get(path)
        assert answer.status_code == 303, path
        assert urlsplit(answer.headers["location"]).path == "/sign-in"


def test_a_part_of_a_page_sends_the_whole_page_to_the_door(pages: Pages) -> None:
    headers = {"hx-request": "true", "hx-current-url": f"{pages.origin}/messages?unread=1"}

    answer = pages.browser().http.get("/account", headers=headers)

    assert answer.status_code == 204
    assert answer.headers["hx-redirect"] == "/sign-in?again=1&next=/messages"


# -- where to go


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "\\\\evil.example",
        "http:evil.example",
        "///evil.example",
        "//[",
        "evil.example",
        "/a\r\nset-cookie: x=y",
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(pages: Pages, url: str) -> None:
    answer = pages.browser().sign_in("jingwu", pages.people["jingwu"][1], next=url)

    assert inside(url) == ""
    assert answer.headers["location"] == "/clerk"
    assert "x" not in answer.cookies


def test_our_own_addresses_are_gone_to(pages: Pages) -> None:
    answer = pages.browser().sign_in(
        "jingwu", pages.people["jingwu"][1], next="/clerk/letters?state=draft"
    )

    assert answer.headers["location"] == "/clerk/letters?state=draft"


# -- what a browser must not do


def test_what_a_page_may_load_is_said_and_nothing_inline_is_needed(pages: Pages) -> None:
    clerk = pages.signed_in("jingwu")

    for path in ("/sign-in", "/account", "/help", "/nowhere"):
        answer = clerk.http.get(path)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy and "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert " style=" not in answer.text and " onclick=" not in answer.text, path


def test_pages_are_kept_by_no_cache(pages: Pages) -> None:
    clerk = pages.signed_in("jingwu")

    for path in ("/account", "/help", "/sign-in", "/nowhere"):
        assert clerk.http.get(path).headers["cache-control"] == "no-store", path


def test_what_was_typed_comes_back_as_text(pages: Pages) -> None:
    answer = pages.browser().sign_in('"><script>alert(1)</script>', "x")

    assert "<script>alert" not in answer.text


# -- what no browser would send


STRANGE: list[tuple[str, str, dict[str, str], bytes]] = [
    ("POST", "/sign-in", {"content-type": "multipart/form-data"}, b"--x"),
    ("POST", "/sign-in", {"content-type": "multipart/form-data; boundary=x"}, b"--x\r\nbroken"),
    ("POST", "/sign-in", {"content-type": "application/json"}, b'{"login": 1}'),
    ("POST", "/sign-in", {"content-type": "text/plain"}, b"\xff\xfe"),
    ("POST", "/sign-in", {"content-type": "application/x-www-form-urlencoded"}, b"login=%00&a=%ff"),
    ("POST", "/sign-in", {"content-type": "application/x-www-form-urlencoded"}, b"a=1&" * 30),
    ("POST", "/sign-in", {"content-type": "application/x-www-form-urlencoded; charset=x"}, b"%%%"),
    ("POST", "/language", {"content-type": "application/x-www-form-urlencoded"}, b"language=xx"),
    ("POST", "/account/language", {"content-type": "application/json"}, b"{}"),
    ("POST", "/account/password", {}, b""),
    ("POST", "/account", {}, b""),
    ("PUT", "/account", {}, b""),
    ("DELETE", "/sign-in", {}, b""),
    ("PATCH", "/", {}, b"x"),
    ("OPTIONS", "/account", {}, b""),
    ("TRACE", "/account", {}, b""),
    ("GET", "/account?cursor=%00", {}, b""),
    ("GET", "/messages?cursor=zzz&unread=maybe", {}, b""),
    ("GET", "/assets/x/..%2f..%2fapp.py", {}, b""),
    ("GET", "/assets/%00/yueke.css", {}, b""),
    ("GET", "/%ff%fe", {}, b""),
    ("GET", "/account", {"cookie": "yueke=\xff; yueke=x"}, b""),
    ("GET", "/account", {"accept-language": "\xff" * 100, "x-request-id": "a b"}, b""),
    ("GET", "/sign-in?next=//[&again=1", {"hx-request": "true"}, b""),
    ("GET", "/account", {"hx-request": "1", "hx-current-url": "http://["}, b""),
    ("GET", "/go/not-a-link", {}, b""),
    ("GET", "/reset/%00", {}, b""),
]


@pytest.mark.parametrize("signed_in", [False, True])
def test_nothing_a_client_sends_is_an_error_of_ours(pages: Pages, signed_in: bool) -> None:
    browser = pages.signed_in("jingwu") if signed_in else pages.browser()
    token = browser.csrf if signed_in else ""

    for method, path, headers, body in STRANGE:
        sent = {"origin": pages.origin, "x-csrf-token": token, **headers}
        raw = [(k.encode(), v.encode("latin-1")) for k, v in sent.items()]
        answer = browser.http.request(method, path, headers=raw, content=body)
        # The other services are away here, which is said and is nobody's error.
        good = answer.status_code < 500 or answer.status_code == 503
        assert good, (method, path, headers, answer.text)


def test_more_than_the_limit_is_refused_while_it_is_sent(pages: Pages) -> None:
    clerk = pages.signed_in("jingwu")
    form = {"content-type": "application/x-www-form-urlencoded", "x-csrf-token": clerk.csrf}
    headers = {**form, "origin": pages.origin}

    told = clerk.http.post("/account/language", headers=headers, content=b"a=" + b"x" * 5_000_000)
    streamed = clerk.http.post(
        "/account/language", headers=headers, content=(b"x" * 65536 for _ in range(100))
    )

    assert told.status_code == 413
    assert streamed.status_code in (400, 413)


def test_too_many_fields_are_a_refusal(pages: Pages) -> None:
    clerk = pages.signed_in("jingwu")

    answer = clerk.post("/account/language", **{f"field{n}": "1" for n in range(1001)})

    assert answer.status_code == 400


def test_head_is_a_get_without_its_body(pages: Pages) -> None:
    clerk = pages.signed_in("jingwu")

    here, door = clerk.http.head("/account"), pages.browser().http.head("/account")

    assert (here.status_code, here.content) == (200, b"")
    assert door.status_code == 303


def test_half_a_request_does_not_hold_the_server(pages: Pages) -> None:
    port = urlsplit(pages.origin).port or 80
    with socket.create_connection(("127.0.0.1", port)) as half:
        half.sendall(b"POST /sign-in HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nlogin=")

        assert pages.browser().http.get("/sign-in").status_code == 200


def language(pages: Pages, login: str) -> str:
    with pages.database.snapshot() as session:
        return session.get_one(Account, pages.people[login][0]).language


def test_secrets_are_kept_as_hashes_only(pages: Pages) -> None:
    clerk = pages.signed_in("jingwu")

    with pages.database.snapshot() as session:
        row = session.exec(select(WebSession)).one()
        account = session.get_one(Account, pages.people["jingwu"][0])

    assert row.token_hash == secrecy.hash_secret(clerk.cookie)
    assert (account.password_hash or "").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert isinstance(clerk.http, httpx.Client)
