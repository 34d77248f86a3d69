"""Portal: signing in through the identity provider: OpenID Connect, PKCE, state and nonce."""

import secrets
from typing import Any

import httpx
import jwt
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.kit import clock, config, log
from services.kit.errors import NotFound, Refusal, Unauthorized, Unavailable
from services.portal import identities, oidc, secrecy, signins, tickets
from services.portal.models import Account
from services.portal.pages import render
from services.portal.pages.frame import language_of
from services.portal.pages.signin import agent_of, ask_for_code, form, signed_in
from services.portal.pages.visit import cookie_name, inside, is_secure, write

outside = APIRouter(include_in_schema=False)
PATIENCE = 10.0  # seconds for one answer of the provider
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
LEEWAY = 60  # seconds two clocks may differ


@outside.get("/sign-in/provider")
async def out(request: Request, next: str = "") -> Response:
    """To the provider. What comes back has to come back to this browser."""
    settings = _settings()
    try:
        known = await _discover(settings)
    except Refusal as refusal:
        return form(request, next=inside(next), refusal=refusal)
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    facts: dict[str, Any] = {"verifier": verifier, "nonce": nonce, "next": inside(next)}
    real = clock.real()
    _, state = await write(request, lambda s: tickets.issue(s, tickets.OIDC, real=real, **facts))
    async with _client(settings) as client:
        url, _ = client.create_authorization_url(
            known["authorization_endpoint"],
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
    response = RedirectResponse(url, 303, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        _cookie(), state, httponly=True, samesite="lax", secure=is_secure(), path="/", max_age=600
    )
    return response


@outside.get("/sign-in/provider/back")
async def back(request: Request, code: str = "", state: str = "") -> Response:
    """With a code that is worth something once, for this browser and this verifier."""
    settings, real, at = _settings(), clock.real(), clock.now()
    wanted = ""
    try:
        if not code or not secrecy.same(state, request.cookies.get(_cookie(), "")):
            raise Unauthorized("oidc_refused")
        ticket = await write(request, lambda s: tickets.take(s, tickets.OIDC, state, real=real))
        wanted = str(ticket.facts["next"])
        claims = await _claims(settings, code, ticket.facts)

        def admitted(session: Any) -> tuple[Account, signins.Started | None]:
            account = identities.admit(session, settings, claims, at=at, real=real)
            if not account.active:
                return account, None
            return account, signins.proved(session, account, agent=agent_of(request), real=real)

        account, started = await write(request, admitted)
    except NotFound:
        return _left(form(request, ended=True, status=401))
    except Refusal as refusal:
        return _left(form(request, next=wanted, refusal=refusal))
    if started is None:
        return _left(_waiting(request, account))
    if started.wants_code:
        return _left(ask_for_code(started.secret, wanted))
    return _left(signed_in(account, started.secret, wanted))


async def _claims(settings: oidc.Settings, code: str, facts: dict[str, Any]) -> dict[str, Any]:
    """What the provider says of the person: the signed token, and what it only tells when asked.
    401 `oidc_refused` for anything that does not fit; the log says what."""
    known = await _discover(settings)
    try:
        async with _client(settings) as client:
            token = await client.fetch_token(
                known["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=facts["verifier"],
            )
            keys = (await client.request("GET", known["jwks_uri"], withhold_token=True)).json()
            claims = _verified(settings, token["id_token"], keys, facts["nonce"])
            if url := known.get("userinfo_endpoint"):
                more = (await client.get(url)).raise_for_status().json()
                if more.get("sub") != claims["sub"]:
                    raise jwt.InvalidTokenError("userinfo speaks of somebody else")
                claims = {**more, **claims}
    except (AuthlibBaseError, jwt.PyJWTError, KeyError, ValueError, TypeError) as error:
        log.get().warning("identity provider refused", error=repr(error))
        raise Unauthorized("oidc_refused") from error
    except httpx.HTTPError as error:
        log.get().warning("identity provider away", error=repr(error))
        raise Unavailable("service_away", service="oidc") from error
    return claims


def _verified(
    settings: oidc.Settings, token: str, keys: dict[str, Any], nonce: str
) -> dict[str, Any]:
    header = jwt.get_unverified_header(token)
    chosen = [
        key
        for key in jwt.PyJWKSet.from_dict(keys).keys
        if header.get("kid") in (None, key.key_id) and key.public_key_use in (None, "sig")
    ]
    if not chosen or header.get("alg") not in ALGORITHMS:
        raise jwt.InvalidTokenError("no key for this token")
    claims: dict[str, Any] = jwt.decode(
        token,
        chosen[0].key,
        algorithms=[header["alg"]],
        audience=settings.client_id,
        issuer=settings.issuer,
        leeway=LEEWAY,
        options={"require": ["iss", "aud", "exp", "iat", "sub"]},
    )
    if not secrecy.same(str(claims.get("nonce", "")), nonce):
        raise jwt.InvalidTokenError("the nonce is not ours")
    return claims


async def _discover(settings: oidc.Settings) -> dict[str, Any]:
    url = f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
            known: dict[str, Any] = (await client.get(url)).raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        log.get().warning("identity provider away", error=repr(error))
        raise Unavailable("service_away", service="oidc") from error
    if known.get("issuer") != settings.issuer:
        raise Unauthorized("oidc_refused")
    return known


def _client(settings: oidc.Settings) -> AsyncOAuth2Client:
    return AsyncOAuth2Client(
        settings.client_id,
        settings.client_secret,
        scope=" ".join(settings.scopes),
        redirect_uri=f"{config.origin()}/sign-in/provider/back",
        token_endpoint_auth_method="client_secret_basic" if settings.client_secret else "none",
        timeout=PATIENCE,
        trust_env=False,
    )


def _settings() -> oidc.Settings:
    found = oidc.settings()
    if found is None:
        raise NotFound("not_found", what="provider")
    return found


def _waiting(request: Request, account: Account) -> Response:
    waits = identities.is_waiting(account)
    html = render.outside(
        "account/waiting.html", language_of(request), name=account.name, waits=waits
    )
    return HTMLResponse(html, 403, headers={"Cache-Control": "no-store"})


def _left(response: Response) -> Response:
    response.delete_cookie(_cookie(), path="/", secure=is_secure(), httponly=True)
    return response


def _cookie() -> str:
    return f"{cookie_name()}-provider"
