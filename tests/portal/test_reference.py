"""The first people: everybody of the reference district can come in, and everybody is told of."""

from collections import Counter
from pathlib import Path

from sqlmodel import Session, select

from services.kit.ids import reference_id
from services.kit.outbox import Happened
from services.portal import accounts, reference, secrecy, tokens
from services.portal.models import Account
from services.portal.pages.account_home import device
from services.portal.queries import AUDITS
from tests.portal.conftest import NOON

FOLDER = Path("deploy/reference")


def test_everybody_of_the_reference_district_has_an_account(session: Session) -> None:
    people = reference.load(session, FOLDER, district="xiqing", shift_years=0)

    roles = Counter(person["role"] for person in people)
    assert roles == {
        "administrator": 1,
        "scheduler": 1,
        "supervisor": 1,
        "township": 11,
        "lecturer": 240,
    }
    clerk = next(p for p in people if p["school_id"] == str(reference_id("xiqing", "SCH-06")))
    account = session.get_one(Account, reference_id("xiqing", "account/SCH-06"))
    assert (clerk["role"], account.login) == ("township", "yangliuqing")
    assert secrecy.is_password(clerk["password"], account.password_hash)
    pair = {name: clerk[name] for name in ("client_id", "client_secret")}
    assert tokens.issue(session, **pair, at=NOON).access_token
    told = session.exec(select(Happened.key)).all()
    assert sorted(told) == sorted(session.exec(select(Account.id)).all())


def test_what_the_audit_shows_is_what_was_told(session: Session) -> None:
    reference.first_administrator(session, district="xiqing")
    [row] = AUDITS["account"](session, "xiqing", None, 10)

    [said] = session.exec(select(Happened)).all()

    body = {name: value for name, value in said.body["data"].items() if name not in ("by", "verb")}
    assert (row["id"], row["version"], row["body"]) == (str(said.key), said.version, body)


def test_a_real_installation_begins_with_one_who_must_choose_a_password(session: Session) -> None:
    known = reference.first_administrator(session, district="xiqing")

    [account] = session.exec(select(Account)).all()
    assert (account.roles, account.must_change_password) == (["administrator"], True)
    assert secrecy.is_password(known["password"], account.password_hash)
    assert accounts.told(account)["email"] is None


def test_a_browser_is_named_as_people_name_it() -> None:
    edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/109.0 Safari/537.36 Edg/109.0"
    phone = "Mozilla/5.0 (Linux; Android 13) Chrome/110 Mobile Safari/537.36 MicroMessenger/8.0"

    assert [device(one) for one in (edge, phone, "curl/8.1")] == [
        "Edge · Windows",
        "WeChat · Android",
        "curl/8.1",
    ]
