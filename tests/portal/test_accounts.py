"""Accounts: only an administrator says who may what, and one of them always remains."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, select

from services.kit import outbox
from services.kit.auth import Caller
from services.kit.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from services.kit.ids import uuid7
from services.portal import accounts, queries, rules, secrecy
from services.portal.models import Account, ApiKey
from tests.portal.conftest import NOON, a_clerk, caller, first


def body(account: Account, **changes: object) -> dict[str, object]:
    names = ("login", "name", "roles", "email", "language", "school_id", "lecturer_id")
    return {**{name: getattr(account, name) for name in names}, **changes}


def told(session: Session, id: UUID) -> list[dict[str, object]]:
    return [row.body["data"] for row in outbox.history(session, [id])]


def test_every_change_of_an_account_is_told_with_its_version(session: Session) -> None:
    admin, _ = first(session)
    clerk = a_clerk(session, admin)

    accounts.put(session, clerk.id, **body(clerk, name="新联络员"), by=admin, at=NOON)
    accounts.disable(session, clerk.id, by=admin, at=NOON)
    accounts.enable(session, clerk.id, by=admin, at=NOON)
    accounts.reset_password(session, clerk.id, by=admin, at=NOON)

    rows = outbox.history(session, [clerk.id])
    assert [(row.subject, row.version) for row in rows] == [
        ("portal.account.changed", version) for version in (1, 2, 3, 4, 5)
    ]
    assert [row.body["data"]["verb"] for row in rows] == [
        "put",
        "put",
        "disable",
        "enable",
        "reset_password",
    ]
    assert [row.body["data"]["active"] for row in rows] == [True, True, False, True, True]
    assert told(session, clerk.id)[-1] == {
        "by": admin.actor().model_dump(mode="json"),
        "verb": "reset_password",
        "active": True,
        "roles": ["township"],
        "name": "新联络员",
        "email": "yangliuqing@xiqing.example",
        "language": "zh",
        "school_id": str(UUID(int=6)),
        "lecturer_id": None,
    }


def test_a_clerk_cannot_make_himself_an_administrator(session: Session) -> None:
    admin, _ = first(session)
    clerk = a_clerk(session, admin)
    wanted = body(clerk, roles=["township", "administrator"])

    with pytest.raises(Forbidden, match="role_required"):
        accounts.put(session, clerk.id, **wanted, by=caller(clerk), at=NOON)

    assert session.get_one(Account, clerk.id).roles == ["township"]


@pytest.mark.parametrize("role", ["scheduler", "supervisor"])
def test_neither_do_the_other_offices(session: Session, role: str) -> None:
    admin, _ = first(session)
    other = a_clerk(session, admin, "office", roles=[role], school_id=None)

    for verb in (accounts.disable, accounts.enable, accounts.reset_password):
        with pytest.raises(Forbidden, match="role_required"):
            verb(session, admin.id, by=caller(other), at=NOON)


def test_the_last_administrator_stays(session: Session) -> None:
    admin, _ = first(session)
    account = session.get_one(Account, admin.id)

    with pytest.raises(Conflict, match="last_administrator"):
        accounts.disable(session, admin.id, by=admin, at=NOON)
    with pytest.raises(Conflict, match="last_administrator"):
        wanted = body(account, roles=["scheduler"])
        accounts.put(session, admin.id, **wanted, by=admin, at=NOON)

    second = a_clerk(session, admin, "second", roles=["administrator"], school_id=None)
    accounts.disable(session, admin.id, by=caller(second), at=NOON)
    with pytest.raises(Conflict, match="last_administrator"):
        accounts.disable(session, second.id, by=caller(second), at=NOON)


def test_an_administrator_reaches_no_other_district(session: Session) -> None:
    admin, _ = first(session)
    stranger = Caller(uuid7(), admin.roles, "beichen")
    clerk = a_clerk(session, admin)

    with pytest.raises(NotFound):
        queries.account(session, clerk.id, by=stranger)
    with pytest.raises(NotFound):
        accounts.put(session, clerk.id, **body(clerk), by=stranger, at=NOON)
    for verb in (accounts.disable, accounts.enable, accounts.reset_password):
        with pytest.raises(NotFound):
            verb(session, clerk.id, by=stranger, at=NOON)
    everybody = queries.listed(
        session, role=None, school_id=None, active=None, cursor=None, limit=100, by=stranger
    )
    assert everybody == ([], None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"roles": []}, "roles_invalid"),
        ({"roles": ["timer"]}, "roles_invalid"),
        ({"roles": ["system"]}, "roles_invalid"),
        ({"school_id": None}, "school_required"),
        ({"roles": ["scheduler"]}, "school_without_role"),
        ({"roles": ["lecturer"], "school_id": None}, "lecturer_required"),
        ({"lecturer_id": UUID(int=1)}, "lecturer_without_role"),
        ({"login": "杨柳青"}, "login_invalid"),
        ({"email": "nobody"}, "email_invalid"),
        ({"language": "fr"}, "language_invalid"),
    ],
)
def test_an_account_that_means_nothing_is_refused(
    session: Session, changes: dict[str, object], code: str
) -> None:
    admin, _ = first(session)

    with pytest.raises(Invalid, match=code):
        a_clerk(session, admin, **{"login": "clerk", **changes})


def test_a_login_name_is_given_once_in_a_district(session: Session) -> None:
    admin, _ = first(session)
    a_clerk(session, admin)

    with pytest.raises(Conflict, match="login_taken"):
        a_clerk(session, admin)


def test_a_password_is_chosen_by_who_knows_the_old_one(session: Session) -> None:
    admin, _ = first(session)
    clerk = a_clerk(session, admin)
    _, once = accounts.reset_password(session, clerk.id, by=admin, at=NOON)
    words = {"current": once, "new": "两个黄鹂鸣翠柳，一行白鹭"}

    accounts.change_password(session, **words, by=caller(clerk), at=NOON, real=NOON)

    kept = session.get_one(Account, clerk.id)
    assert secrecy.is_password(words["new"], kept.password_hash)
    assert not kept.must_change_password
    assert kept.password_hash and kept.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize("weak", ["short", "aaaaaaaaaaaaaa", "yangliuqing-2026", "x" * 201])
def test_a_weak_password_is_refused(session: Session, weak: str) -> None:
    admin, _ = first(session)
    clerk = a_clerk(session, admin)
    _, once = accounts.reset_password(session, clerk.id, by=admin, at=NOON)

    with pytest.raises(Invalid, match="password_too_weak"):
        accounts.change_password(
            session, current=once, new=weak, by=caller(clerk), at=NOON, real=NOON
        )


def test_wrong_passwords_are_counted_and_then_wait(session: Session) -> None:
    admin, _ = first(session)
    clerk = a_clerk(session, admin)
    _, once = accounts.reset_password(session, clerk.id, by=admin, at=NOON)
    wrong = {"current": "not this one", "new": "another good one"}
    right = {"current": once, "new": "another good one"}
    for _ in range(rules.MOST_WRONG_PASSWORDS):
        with pytest.raises(Forbidden, match="password_wrong"):
            accounts.change_password(session, **wrong, by=caller(clerk), at=NOON, real=NOON)

    with pytest.raises(TooMany) as refused:
        accounts.change_password(session, **right, by=caller(clerk), at=NOON, real=NOON)
    later = NOON + rules.LOCKED + timedelta(seconds=1)
    accounts.change_password(session, **right, by=caller(clerk), at=NOON, real=later)

    assert refused.value.facts["retry_after"] == 301
    assert session.get_one(Account, clerk.id).failures == 0


def test_a_key_is_revoked_by_its_owner_or_an_administrator_and_by_nobody_else(
    session: Session,
) -> None:
    admin, _ = first(session)
    clerk, other = a_clerk(session, admin), a_clerk(session, admin, "zhangjiawo")
    mine, _ = accounts.add_key(session, name="一", by=caller(clerk), at=NOON)
    second, _ = accounts.add_key(session, name="二", by=caller(clerk), at=NOON)

    with pytest.raises(NotFound):
        accounts.revoke_key(session, mine.client_id, by=caller(other), at=NOON)
    accounts.revoke_key(session, mine.client_id, by=caller(clerk), at=NOON)
    accounts.revoke_key(session, second.client_id, by=admin, at=NOON)
    with pytest.raises(Conflict, match="already_revoked"):
        accounts.revoke_key(session, mine.client_id, by=caller(clerk), at=NOON)

    kept = session.exec(select(ApiKey).where(ApiKey.account_id == clerk.id)).all()
    assert [key.revoked_at for key in kept] == [NOON, NOON]
    assert [said["verb"] for said in told(session, clerk.id)] == [
        "put",
        "add_key",
        "add_key",
        "revoke_key",
        "revoke_key",
    ]


def test_a_disabled_account_makes_no_keys(session: Session) -> None:
    admin, _ = first(session)
    clerk = a_clerk(session, admin)
    accounts.disable(session, clerk.id, by=admin, at=NOON)

    with pytest.raises(Forbidden, match="account_disabled"):
        accounts.add_key(session, name="x", by=caller(clerk), at=NOON)


def test_keys_are_not_made_without_end(session: Session) -> None:
    admin, _ = first(session)
    clerk = caller(a_clerk(session, admin))
    for _ in range(rules.MOST_KEYS):
        accounts.add_key(session, name="x", by=clerk, at=NOON)

    with pytest.raises(Conflict, match="too_many_keys"):
        accounts.add_key(session, name="x", by=clerk, at=NOON)
