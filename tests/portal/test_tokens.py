"""Tokens: what they say, who gets none, and which key signs."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from sqlmodel import Session, func, select

from services.kit.auth import AUDIENCE, caller_of
from services.kit.errors import Conflict, Forbidden, TooMany
from services.portal import accounts, rules, signing, tokens
from services.portal.models import SigningKey, TokenFailure
from tests.portal.conftest import NOON, a_clerk, caller, first


def issue(session: Session, client: dict[str, Any], at: Any = NOON, **changes: str) -> str:
    pair = {name: client[name] for name in ("client_id", "client_secret")}
    return tokens.issue(session, **{**pair, **changes}, at=at).access_token


def read(session: Session, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header = jwt.get_unverified_header(token)
    [key] = [k for k in signing.published(session)["keys"] if k["kid"] == header["kid"]]
    claims = jwt.decode(
        token,
        jwt.PyJWK(key).key,
        algorithms=["ES256"],
        audience=AUDIENCE,
        issuer="http://127.0.0.1:8080",
        options={"verify_exp": False, "verify_iat": False},
    )
    return header, claims


def test_a_token_says_who_for_ten_minutes(session: Session) -> None:
    admin, _ = first(session)
    clerk = caller(a_clerk(session, admin))
    key, secret = accounts.add_key(session, name="x", by=clerk, at=NOON)

    token = issue(session, {"client_id": str(key.client_id), "client_secret": secret})

    header, claims = read(session, token)
    assert header["alg"] == "ES256"
    assert UUID(claims.pop("jti")).version == 7
    assert claims == {
        "iss": "http://127.0.0.1:8080",
        "aud": "yueke",
        "sub": str(clerk.id),
        "roles": ["township"],
        "district": "xiqing",
        "school_id": str(clerk.school_id),
        "name": clerk.name,
        "language": "zh",
        "iat": int(NOON.timestamp()),
        "exp": int(NOON.timestamp()) + 600,
    }
    assert caller_of(claims) == clerk


@pytest.mark.parametrize(
    "changes",
    [
        {"client_secret": "wrong"},
        {"client_secret": ""},
        {"client_id": "nobody"},
        {"client_id": str(UUID(int=5))},
        {"client_id": "'; drop table account; --"},
    ],
)
def test_a_wrong_pair_gets_one_answer_whatever_was_wrong(
    session: Session, changes: dict[str, str]
) -> None:
    _, known = first(session)

    with pytest.raises(tokens.InvalidClient) as refused:
        issue(session, known, **changes)

    assert (refused.value.code, refused.value.facts) == (
        "invalid_client",
        {"error": "invalid_client"},
    )


def test_a_revoked_key_gets_no_token(session: Session) -> None:
    admin, known = first(session)
    issue(session, known)

    accounts.revoke_key(session, UUID(known["client_id"]), by=admin, at=NOON)

    with pytest.raises(tokens.InvalidClient):
        issue(session, known)


def test_a_disabled_account_gets_no_token_until_it_is_enabled(session: Session) -> None:
    admin, _ = first(session)
    clerk = caller(a_clerk(session, admin))
    key, secret = accounts.add_key(session, name="x", by=clerk, at=NOON)
    pair = {"client_id": str(key.client_id), "client_secret": secret}
    accounts.disable(session, clerk.id, by=admin, at=NOON)

    with pytest.raises(tokens.InvalidClient):
        issue(session, pair)
    accounts.enable(session, clerk.id, by=admin, at=NOON)

    assert issue(session, pair)


def test_too_many_failures_close_a_client_id_for_a_while(session: Session) -> None:
    _, known = first(session)
    for _ in range(rules.MOST_FAILURES):
        with pytest.raises(tokens.InvalidClient):
            issue(session, known, client_secret="wrong")

    with pytest.raises(TooMany) as refused:
        issue(session, known)

    assert (refused.value.code, refused.value.facts["retry_after"]) == ("too_many_failures", 61)
    assert issue(session, known, NOON + rules.WITHIN)


def test_unknown_client_ids_are_throttled_alike_and_do_not_pile_up(session: Session) -> None:
    for _ in range(rules.MOST_FAILURES):
        with pytest.raises(tokens.InvalidClient):
            tokens.issue(session, client_id="nobody", client_secret="x", at=NOON)
    with pytest.raises(TooMany):
        tokens.issue(session, client_id="nobody", client_secret="x", at=NOON)

    with pytest.raises(tokens.InvalidClient):
        tokens.issue(session, client_id="else", client_secret="x", at=NOON + rules.WITHIN)

    assert session.exec(select(func.count()).select_from(TokenFailure)).one() == 1


def test_a_new_key_is_published_before_it_signs_and_older_tokens_are_still_verified(
    session: Session,
) -> None:
    admin, known = first(session)
    before = issue(session, known)

    rotated = signing.rotate(session, by=admin, at=NOON)

    soon = issue(session, known, NOON + timedelta(minutes=5))
    later = issue(session, known, NOON + timedelta(minutes=6))
    kids = [read(session, token)[0]["kid"] for token in (before, soon, later)]
    assert kids == [kids[0], kids[0], rotated.kid]
    published = signing.published(session)["keys"]
    assert [key["kid"] for key in published] == [rotated.kid, kids[0]]
    assert not [key for key in published if "d" in key]


def test_a_key_that_tokens_still_name_is_not_rotated_away(session: Session) -> None:
    admin, known = first(session)
    issue(session, known)
    signing.rotate(session, by=admin, at=NOON)

    with pytest.raises(Conflict, match="rotated_recently"):
        signing.rotate(session, by=admin, at=NOON + timedelta(minutes=16))
    signing.rotate(session, by=admin, at=NOON + timedelta(minutes=17))
    issue(session, known, NOON + timedelta(minutes=25))

    keys = session.exec(select(SigningKey).order_by("number")).all()
    assert [key.private_pem is not None for key in keys] == [False, False, True]
    assert len(signing.published(session)["keys"]) == 2


def test_only_an_administrator_rotates(session: Session) -> None:
    admin, _ = first(session)

    with pytest.raises(Forbidden, match="role_required"):
        signing.rotate(session, by=caller(a_clerk(session, admin)), at=NOON)


def test_the_first_key_is_made_once(session: Session) -> None:
    made = [signing.ensure(session, at=NOON).kid for _ in range(2)]

    assert made[0] == made[1]
