"""A lecturer's answer straight from the mail, in a running town: shown often, given once."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.tour import SCHOOL, act, body_of, lessons, pending
from tests.town import Town, a_town, until


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with a_town(tmp_path_factory.mktemp("go") / "home") as running:
        yield running


def test_the_link_of_an_offer_shows_answers_once_and_then_says_so(town: Town) -> None:
    first, second = offered(town)
    browser = httpx.Client(timeout=30, headers={"origin": town.origin})

    cards = [browser.get(link_of(town, first)) for _ in range(2)]
    still = state(town, first)
    foreign = browser.post(
        link_of(town, first), data={"act": "accept"}, headers={"origin": "https://evil.example"}
    )
    bare = browser.post(link_of(town, first), data={"act": "decline"})
    accepted = browser.post(link_of(town, first), data={"act": "accept"})
    again = [
        browser.post(link_of(town, first), data={"act": "accept"}),
        browser.get(link_of(town, first)),
    ]
    declined = browser.post(link_of(town, second), data={"act": "decline", "reason": "duty"})

    assert [card.status_code for card in cards] == [200, 200]
    assert first["seat"]["course_title"] in cards[0].text
    assert first["seat"]["school_name"] in cards[0].text
    assert (still, foreign.status_code, bare.status_code) == ("pending", 403, 422)
    assert (accepted.status_code, state(town, first)) == (200, "accepted")
    assert [answer.status_code for answer in again] == [404, 404]
    assert (declined.status_code, state(town, second)) == (200, "declined")
    assert httpx.get(f"{town.origin}/account").status_code == 303  # nobody was signed in by it
    assert "yueke" not in browser.cookies


def test_the_link_of_somebody_disabled_opens_nothing(town: Town) -> None:
    # After the decline above the next one was asked.
    offer: dict[str, Any] = until(lambda: pending(town))[0]
    link = link_of(town, offer)
    path = "/api/portal/accounts?role=lecturer"
    [account] = [
        one for one in town.all("administrator", path) if one["lecturer_id"] == offer["lecturer_id"]
    ]
    town.post("administrator", f"/api/portal/accounts/{account['id']}/disable")

    assert httpx.get(link, timeout=30).status_code == 404
    assert state(town, offer) == "pending"


def offered(town: Town) -> list[dict[str, Any]]:
    """Two offers that wait for an answer, of a letter of their own."""
    before = {offer["id"] for offer in pending(town)}
    order = str(uuid4())
    town.put(SCHOOL, f"/api/booking/orders/{order}", body_of("letter.json"))
    act(town, SCHOOL, f"orders/{order}/submit")
    act(town, "scheduler", f"orders/{order}/approve", {"lines": []})
    for lesson in lessons(town, order)[:2]:
        act(town, "scheduler", f"lessons/{lesson['id']}/place", {"wish": 0})
    found: list[dict[str, Any]] = until(
        lambda: len(new := [o for o in pending(town) if o["id"] not in before]) >= 2 and new
    )
    return found


def link_of(town: Town, offer: dict[str, Any]) -> str:
    """From the mail of this offer; as notify sealed it."""
    told = town.get(offer["lecturer_id"], "/api/notify/messages?limit=100")["items"]
    assert any(message["about"].get("offer_id") == offer["id"] for message in told)
    title = offer["seat"]["course_title"]

    def link() -> str | None:
        for mail in reversed(town.mails()):
            body = mail.get_body(("plain",))
            text = str(body.get_content()) if body is not None else ""
            found = re.search(rf"{re.escape(town.origin)}/go/\S+", text)
            if found and title in text and offer["id"] in text:
                return found[0]
        return None

    found: str = until(link)
    return found


def state(town: Town, offer: dict[str, Any]) -> str:
    return str(town.get("scheduler", f"/api/lecturer/offers/{offer['id']}")["state"])


def test_the_home_holds_a_key_only_its_owner_reads(town: Town) -> None:
    path = Path(town.home) / "keys" / "links.key"

    assert path.stat().st_mode & 0o077 == 0
