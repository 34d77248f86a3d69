"""Links in mails: a forgotten password. Sealed, single, short, and silent about who exists."""

import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import select

from services.kit import clock, seals
from services.kit.ids import uuid7
from services.kit.outbox import Happened
from services.portal import accounts
from services.portal.models import Ticket
from tests.portal.conftest import NOON, Pages
from tests.town import until

NEW = "a much better one 2026"


@pytest.fixture(autouse=True)
def key(home: Path) -> None:
    (home / "keys").mkdir()
    (home / "keys" / "links.key").write_text("a key of this test")


def asked(pages: Pages, who: str) -> Ticket:
    """As somebody does who forgot, and what came of it in the portal."""
    answer = pages.browser().http.post(
        "/forgotten", data={"who": who}, headers={"origin": pages.origin}
    )
    assert answer.status_code == 200

    def ticket() -> Ticket | None:
        with pages.database.snapshot() as session:
            newest = select(Ticket).where(Ticket.kind == "reset").order_by("id")
            return next(iter(session.exec(newest).all()[::-1]), None)

    found: Ticket = until(ticket)
    return found


def link(ticket: Ticket) -> str:
    """As notify writes it into the mail."""
    return f"/reset/{seals.write('reset', [ticket.id], ticket.ends_at)}"


def test_a_forgotten_password_is_set_by_the_link_once(pages: Pages) -> None:
    there = pages.signed_in("jingwu")
    path = link(asked(pages, "jingwu"))
    browser = pages.browser()
    fields, headers = {"new": NEW, "again": NEW}, {"origin": pages.origin}

    for _ in range(3):  # programs that scan mails open it first
        assert browser.http.get(path).status_code == 200
    weak = browser.http.post(path, data={"new": "short", "again": "short"}, headers=headers)
    differ = browser.http.post(path, data={"new": NEW, "again": "x"}, headers=headers)
    done = browser.http.post(path, data=fields, headers=headers)
    again = browser.http.post(path, data=fields, headers=headers)

    assert (weak.status_code, differ.status_code) == (422, 422)
    assert (done.status_code, again.status_code) == (200, 404)
    assert browser.http.get(path).status_code == 404
    assert not there.is_in()
    assert pages.browser().sign_in("jingwu", NEW).status_code == 303


def test_the_address_works_as_well_as_the_name_and_nobody_learns_who_exists(pages: Pages) -> None:
    def answer(who: str) -> str:
        sent = pages.browser().http.post(
            "/forgotten", data={"who": who}, headers={"origin": pages.origin}
        )
        return f"{sent.status_code} {sent.text}"

    assert answer("JINGWU@xiqing.example") == answer("nobody@nowhere.example") == answer("")
    assert asked(pages, "jingwu@xiqing.example").account_id == pages.people["jingwu"][0]


def test_the_secret_stands_in_no_event_and_no_row(pages: Pages) -> None:
    ticket = asked(pages, "jingwu")
    secret = link(ticket).removeprefix("/reset/")

    with pages.database.snapshot() as session:
        told = session.exec(select(Happened).where(Happened.subject == "portal.reset.asked")).one()
        rows = [row.model_dump(mode="json") for row in session.exec(select(Ticket))]

    assert secret not in json.dumps(told.body) + json.dumps(rows)
    assert told.body["data"]["account_id"] == str(pages.people["jingwu"][0])


@pytest.mark.parametrize("how", ["forged", "other kind", "old", "disabled", "cut", "key"])
def test_a_link_that_is_not_right_opens_nothing(pages: Pages, how: str, home: Path) -> None:
    ticket = asked(pages, "jingwu")
    path = link(ticket)
    if how == "forged":
        path = f"/reset/{seals.write('reset', [uuid7()], ticket.ends_at)}"
    elif how == "other kind":
        path = f"/reset/{seals.write('offer', [ticket.id], ticket.ends_at)}"
    elif how == "cut":
        path = path[:-4]
    elif how == "key":
        (home / "keys" / "links.key").write_text("another key")
    with pages.database.transaction() as session:
        if how == "old":
            row = session.get_one(Ticket, ticket.id)
            row.ends_at = clock.real() - timedelta(seconds=1)
        if how == "disabled":
            by = pages.caller("boss")
            accounts.disable(session, pages.people["jingwu"][0], by=by, at=NOON)
    browser, fields = pages.browser(), {"new": NEW, "again": NEW}

    shown = browser.http.get(path)
    done = browser.http.post(path, data=fields, headers={"origin": pages.origin})

    assert (shown.status_code, done.status_code) == (404, 404)


def test_the_link_wants_a_form_of_our_own(pages: Pages) -> None:
    path = link(asked(pages, "jingwu"))

    answer = pages.browser().http.post(
        path, data={"new": NEW, "again": NEW}, headers={"origin": "https://evil.example"}
    )

    assert answer.status_code == 403


def test_three_links_an_hour_and_no_more(pages: Pages) -> None:
    for _ in range(6):
        asked(pages, "jingwu")

    def tickets() -> int:
        with pages.database.snapshot() as session:
            return len(session.exec(select(Ticket)).all())

    until(lambda: tickets() == 3)


def test_a_seal_is_of_one_kind_one_end_and_one_key(home: Path) -> None:
    ids, later = [uuid7(), uuid7()], clock.real() + timedelta(minutes=5)
    token = seals.write("offer", ids, later)
    assert token is not None

    assert seals.read("offer", token, now=clock.real()) == ids
    assert seals.read("reset", token, now=clock.real()) is None
    assert seals.read("offer", token, now=later) is None
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        changed = token[:place] + other + token[place + 1 :]
        if (found := seals.read("offer", changed, now=clock.real())) is not None:
            # The last letter of base64 may hold bits that say nothing.
            assert found == ids and place == len(token) - 1
    for strange in ("", "AAAA", "é", "a" * 5000, "%00"):
        assert seals.read("offer", strange, now=clock.real()) is None
    (home / "keys" / "links.key").unlink()
    assert seals.write("offer", ids, later) is None
    assert seals.read("offer", token, now=clock.real()) is None
    assert isinstance(ids[0], UUID)
