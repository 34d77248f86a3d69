"""The second step of signing in: asked for, right once, and not to be guessed or got round."""

from datetime import timedelta

import httpx
import pyotp
from sqlmodel import Session

from services.kit import clock
from services.portal import totp
from services.portal.models import Totp
from tests.portal.browser import Browser
from tests.portal.conftest import NOON, Pages

STEP = timedelta(seconds=30)


def turned_on(pages: Pages, login: str = "jingwu") -> tuple[pyotp.TOTP, list[str]]:
    """Confirmed with the code of a step long over, so that every code of now is unused."""
    by, past = pages.caller(login), clock.real() - timedelta(hours=1)
    with pages.database.transaction() as session:
        maker = pyotp.TOTP(totp.begin(session, by=by))
        codes = totp.confirm(session, maker.at(past), by=by, at=NOON, real=past)
    return maker, codes


def second(browser: Browser, code: str, next: str = "") -> httpx.Response:
    return browser.http.post(
        "/sign-in/code", data={"code": code, "next": next}, headers={"origin": browser.origin}
    )


def half_in(pages: Pages, login: str = "jingwu") -> Browser:
    browser = pages.browser()
    answer = browser.sign_in(login, pages.people[login][1], next="/messages")
    assert answer.headers["location"] == "/sign-in/code?next=%2Fmessages"
    return browser


def test_a_code_finishes_the_sign_in_and_half_of_it_opens_nothing(pages: Pages) -> None:
    maker, _ = turned_on(pages)
    browser = half_in(pages)
    assert not browser.is_in()

    answer = second(browser, maker.now(), next="/messages")

    assert answer.headers["location"] == "/messages"
    assert browser.is_in()
    assert "yueke-code" not in browser.http.cookies


def test_a_code_seen_over_a_shoulder_is_used_already(pages: Pages) -> None:
    maker, _ = turned_on(pages)
    code = maker.now()
    second(half_in(pages), code)

    again = half_in(pages)

    assert second(again, code).status_code == 403
    assert not again.is_in()


def test_half_a_sign_in_is_of_no_use_as_a_session_and_works_once(pages: Pages) -> None:
    maker, codes = turned_on(pages)
    browser = half_in(pages)
    half = browser.http.cookies["yueke-code"]
    planted = pages.browser()
    planted.http.cookies.set("yueke", half)

    second(browser, maker.now())
    replayed = pages.browser()
    replayed.http.cookies.set("yueke-code", half)

    assert not planted.is_in()
    assert second(replayed, codes[0]).status_code == 401


def test_codes_cannot_be_guessed(pages: Pages) -> None:
    _, codes = turned_on(pages)
    browser = half_in(pages)

    said = [second(browser, f"{number:06}").status_code for number in range(6)]

    assert said == [403] * 5 + [429]
    assert second(half_in(pages), codes[0]).status_code == 429  # not by starting over either


def test_a_recovery_code_works_once(pages: Pages) -> None:
    _, codes = turned_on(pages)

    assert second(half_in(pages), codes[3].upper()).status_code == 303
    assert second(half_in(pages), codes[3]).status_code == 403


def test_it_is_turned_on_by_a_code_and_off_by_another(pages: Pages) -> None:
    browser = pages.signed_in("jingwu")
    begun = browser.post("/account/two-steps/begin")
    with pages.database.snapshot() as session:
        maker = pyotp.TOTP(row(session, pages).secret)
    wrong = browser.post("/account/two-steps/confirm", code="000000")
    before = is_on(pages)
    right = browser.post("/account/two-steps/confirm", code=maker.now())

    assert "<svg" in begun.text and "style=" not in begun.text
    assert (wrong.status_code, before, right.status_code, is_on(pages)) == (403, False, 200, True)
    assert browser.post("/account/two-steps/begin").status_code == 409
    assert browser.post("/account/two-steps/off", code=maker.now()).status_code == 403
    later = maker.at(clock.real() + STEP)
    assert browser.post("/account/two-steps/off", code=later).status_code == 303
    assert not is_on(pages)


def test_the_administrator_helps_who_lost_the_phone_and_nobody_else_does(pages: Pages) -> None:
    turned_on(pages)
    id = pages.people["jingwu"][0]

    assert pages.signed_in("scheduler").post(f"/admin/accounts/{id}/two-steps").status_code == 404
    assert is_on(pages)
    assert pages.signed_in("boss").post(f"/admin/accounts/{id}/two-steps").status_code == 303
    assert pages.signed_in("jingwu").is_in()


def row(session: Session, pages: Pages) -> Totp:
    return session.get_one(Totp, pages.people["jingwu"][0])


def is_on(pages: Pages) -> bool:
    with pages.database.snapshot() as session:
        return totp.is_on(session, pages.people["jingwu"][0])
