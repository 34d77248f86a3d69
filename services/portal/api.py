"""The portal over HTTP: tokens and public keys at the root, accounts and keys under /api/portal."""

import base64
import binascii
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote_plus
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.kit import clock
from services.kit.auth import Role
from services.kit.errors import Malformed
from services.kit.web import IfMatch, Now, Router, Tx, Who, check_match, etag, secret
from services.portal import accounts, queries, signing, tokens
from services.portal.rules import KEYS_KEPT
from services.portal.schemas import (
    AccountIn,
    AccountOut,
    AccountPage,
    KeyIn,
    KeyOut,
    KeyPage,
    NewKeyOut,
    PasswordIn,
    PasswordOut,
    SigningKeyOut,
    TokenOut,
)

root = Router(public=True, tags=["tokens"])
router = Router(tags=["accounts"])

FORM = "application/x-www-form-urlencoded"
TOKEN_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"type": "string", "const": "client_credentials"},
                        "client_id": {"type": "string"},
                        "client_secret": {"type": "string", "format": "password"},
                    },
                },
                "example": {
                    "grant_type": "client_credentials",
                    "client_id": "0192f0c1-6a1e-7c1e-9a55-3f6f8a3e2b10",
                    "client_secret": "...",
                },
            }
        },
    }
}


async def client(request: Request) -> tuple[str, str]:
    """Client id and secret, from HTTP Basic or from the form (RFC 6749, 2.3.1); never from both."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise _refused("invalid_request", expected=FORM)
    pairs = parse_qsl((await request.body()).decode("latin-1"), keep_blank_values=True)
    form = dict(pairs)
    if len(form) != len(pairs):
        raise _refused("invalid_request", reason="repeated_parameter")
    if "grant_type" not in form:
        raise _refused("invalid_request", missing="grant_type")
    if form["grant_type"] != "client_credentials":
        raise _refused("unsupported_grant_type", known=["client_credentials"])
    header = request.headers.get("authorization")
    if header is not None and "client_secret" in form:
        raise _refused("invalid_request", reason="two_ways_at_once")
    pair = (form.get("client_id"), form.get("client_secret")) if header is None else _basic(header)
    if not pair[0] or not pair[1] or not (pair[0] + pair[1]).isprintable():
        raise tokens.InvalidClient("invalid_client", error="invalid_client")
    return pair[0], pair[1]


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        decoded = ""
    if scheme.lower() != "basic" or ":" not in decoded:
        raise tokens.InvalidClient("invalid_client", error="invalid_client")
    id, _, password = decoded.partition(":")
    return unquote_plus(id), unquote_plus(password)


def _refused(code: str, **facts: Any) -> Malformed:
    """`error` is the name OAuth clients look for."""
    return Malformed(code, error=code, **facts)


@root.post("/api/token", openapi_extra=TOKEN_BODY, dependencies=[Depends(secret)])
def token(tx: Tx, sent: Annotated[tuple[str, str], Depends(client)]) -> TokenOut:
    """An access token for ten minutes (OAuth2 client credentials)."""
    issued = tokens.issue(tx, client_id=sent[0], client_secret=sent[1], at=clock.real())
    return TokenOut(access_token=issued.access_token, expires_in=issued.expires_in)


@root.get("/.well-known/jwks.json")
def jwks(tx: Tx, response: Response) -> dict[str, Any]:
    """The public keys that access tokens are verified with."""
    response.headers["Cache-Control"] = f"public, max-age={int(KEYS_KEPT.total_seconds())}"
    return signing.published(tx)


@router.get("/me")
def me(tx: Tx, who: Who) -> AccountOut:
    """One's own account."""
    return AccountOut.seen_by(queries.own(tx, by=who), who)


@router.post("/me/password", dependencies=[Depends(secret)])
def change_password(body: PasswordIn, tx: Tx, who: Who, now: Now) -> AccountOut:
    """Choose another password."""
    sent = {"current": body.current_password, "new": body.new_password}
    account = accounts.change_password(tx, **sent, by=who, at=now, real=clock.real())
    return AccountOut.seen_by(account, who)


@router.get("/api_keys")
def list_keys(tx: Tx, who: Who) -> KeyPage:
    """One's own keys, newest first; never a secret."""
    return KeyPage(items=[KeyOut.model_validate(key) for key in queries.keys(tx, by=who)])


@router.post("/api_keys", status_code=201, dependencies=[Depends(secret)])
def add_key(body: KeyIn, tx: Tx, who: Who, now: Now) -> NewKeyOut:
    """A client id and its secret, which is shown this once."""
    key, client_secret = accounts.add_key(tx, name=body.name, by=who, at=now)
    return NewKeyOut(**KeyOut.model_validate(key).model_dump(), client_secret=client_secret)


@router.post("/api_keys/{client_id}/revoke")
def revoke_key(client_id: UUID, tx: Tx, who: Who, now: Now) -> KeyOut:
    """No new token with this key."""
    return KeyOut.model_validate(accounts.revoke_key(tx, client_id, by=who, at=now))


@router.get("/accounts")
def list_accounts(
    tx: Tx,
    who: Who,
    role: Role | None = None,
    school_id: UUID | None = None,
    active: bool | None = None,
    q: Annotated[str, Query(max_length=100)] = "",
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> AccountPage:
    """Accounts of the district, by login name."""
    chosen: dict[str, Any] = {"role": role, "school_id": school_id, "active": active, "q": q}
    rows, following = queries.listed(tx, **chosen, cursor=cursor, limit=limit, by=who)
    return AccountPage(items=[AccountOut.seen_by(row, who) for row in rows], next=following)


@router.get("/accounts/{id}")
def show_account(id: UUID, tx: Tx, who: Who, response: Response) -> AccountOut:
    account = queries.account(tx, id, by=who)
    etag(response, account.version)
    return AccountOut.seen_by(account, who)


@router.put("/accounts/{id}", responses={201: {"model": AccountOut}})
def put_account(
    id: UUID, body: AccountIn, tx: Tx, who: Who, now: Now, if_match: IfMatch, response: Response
) -> AccountOut:
    """Create an account under an id of the client's choice, or change it (If-Match)."""
    before = queries.version(tx, id, by=who)
    if before is None:
        response.status_code = 201
    else:
        check_match(before, if_match)
    account = accounts.put(tx, id, **body.model_dump(), by=who, at=now)
    etag(response, account.version)
    return AccountOut.seen_by(account, who)


@router.post("/accounts/{id}/disable")
def disable(id: UUID, tx: Tx, who: Who, now: Now) -> AccountOut:
    """No new token for this account."""
    return AccountOut.seen_by(accounts.disable(tx, id, by=who, at=now), who)


@router.post("/accounts/{id}/enable")
def enable(id: UUID, tx: Tx, who: Who, now: Now) -> AccountOut:
    return AccountOut.seen_by(accounts.enable(tx, id, by=who, at=now), who)


@router.post("/accounts/{id}/reset_password", dependencies=[Depends(secret)])
def reset_password(id: UUID, tx: Tx, who: Who, now: Now) -> PasswordOut:
    """A password for one use, shown this once."""
    account, password = accounts.reset_password(tx, id, by=who, at=now)
    return PasswordOut(login=account.login, password=password)


@router.post("/keys/rotate")
def rotate(tx: Tx, who: Who) -> SigningKeyOut:
    """A new key; tokens already out stay valid, and verifiers hear of it before it signs."""
    key = signing.rotate(tx, by=who, at=clock.real())
    return SigningKeyOut(kid=key.kid, created_at=key.created_at, signs_at=signing.signs_at(key))
