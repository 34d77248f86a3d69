"""Kit: who is asking. Tokens are verified here, alone, with the portal's public keys."""

import time
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from math import inf
from typing import Any
from uuid import UUID

import jwt
from jwt import PyJWK, PyJWKClient, PyJWKSet

from services.kit import config
from services.kit.errors import Forbidden, Unauthorized, Unavailable
from services.kit.event import Actor

ALGORITHM = "ES256"
AUDIENCE = "yueke"
FRESH = 300.0  # seconds after which the keys are read again
ASK_AGAIN = 2.0  # seconds between two questions, so that unknown keys cannot flood the portal


class Role(StrEnum):
    """Who may say a verb. The last four are never in a token."""

    TOWNSHIP = "township"  # 街镇党校
    SCHEDULER = "scheduler"  # 排课员
    LECTURER = "lecturer"  # 讲师
    SUPERVISOR = "supervisor"  # 督导
    ADMINISTRATOR = "administrator"  # 管理员
    TIMER = "timer"
    SYSTEM = "system"
    PROPOSER = "proposer"  # whoever made the proposal on the table
    OTHER_SIDE = "other_side"  # whoever has to answer it


PEOPLE = frozenset(
    {Role.TOWNSHIP, Role.SCHEDULER, Role.LECTURER, Role.SUPERVISOR, Role.ADMINISTRATOR}
)
NOBODY = UUID(int=0)


@dataclass(frozen=True)
class Caller:
    """The person or service behind a call."""

    id: UUID
    roles: frozenset[Role]
    district: str
    school_id: UUID | None = None
    lecturer_id: UUID | None = None
    name: str = ""
    language: str = "zh"
    on_behalf_of: UUID | None = field(default=None, compare=False)
    channel: str | None = field(default=None, compare=False)

    def has(self, *roles: Role) -> bool:
        return bool(self.roles & set(roles))

    def needs(self, *roles: Role) -> None:
        """403 `role_required` unless the caller has one of the roles."""
        if not self.has(*roles):
            raise Forbidden("role_required", roles=sorted(roles))

    def actor(self) -> Actor:
        role = min(self.roles, default=Role.SYSTEM)
        return Actor(
            id=self.id,
            role=role,
            name=self.name,
            on_behalf_of=self.on_behalf_of,
            channel=self.channel,
        )


def system(district: str) -> Caller:
    """The service itself, acting on what it heard."""
    return Caller(NOBODY, frozenset({Role.SYSTEM}), district)


def timer(district: str) -> Caller:
    """The service itself, acting on the clock."""
    return Caller(NOBODY, frozenset({Role.TIMER, Role.SYSTEM}), district)


class Keys:
    """The portal's public keys. Once known they serve on while the portal is away."""

    def __init__(self, url: str) -> None:
        self._client = PyJWKClient(url, cache_keys=False, cache_jwk_set=False, timeout=5)
        self._known: dict[str, PyJWK] = {}
        self._asked = -inf

    def at_hand(self, kid: str | None) -> bool:
        """No need to ask: known and fresh, or asked a moment ago."""
        age = time.monotonic() - self._asked
        return age < ASK_AGAIN or (kid in self._known and age < FRESH)

    def get(self, kid: str | None) -> PyJWK:
        """The key; KeyError when the portal does not publish it, 503 when it was never reached."""
        if not self.at_hand(kid):
            try:
                published = PyJWKSet.from_dict(self._client.fetch_data())
                self._known = {str(key.key_id): key for key in published.keys}
                self._asked = time.monotonic()
            except jwt.PyJWTError as error:
                if not self._known:
                    raise Unavailable("keys_unavailable") from error
                self._asked = time.monotonic() - FRESH + ASK_AGAIN
        return self._known[str(kid)]


@lru_cache
def _keys(url: str) -> Keys:
    return Keys(url)


def _kid(token: str) -> str | None:
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError:
        return None
    return str(kid) if kid else None


def keys_at_hand(token: str) -> bool:
    """Whether this token can be verified without asking anybody."""
    return _keys(config.jwks_url()).at_hand(_kid(token))


def verify(token: str) -> Caller:
    """The caller a token speaks for; 401 `token_invalid`, 503 when the keys were never read."""
    try:
        key = _keys(config.jwks_url()).get(_kid(token))
        claims = jwt.decode(
            token, key.key, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=config.origin()
        )
        return caller_of(claims)
    except (jwt.PyJWTError, KeyError, ValueError) as error:
        raise Unauthorized("token_invalid") from error


def caller_of(claims: dict[str, Any]) -> Caller:
    """Claims of an access token as a caller; roles of the machine itself never come in a token."""

    def uuid(name: str) -> UUID | None:
        return UUID(claims[name]) if claims.get(name) else None

    return Caller(
        id=UUID(claims["sub"]),
        roles=frozenset(Role(role) for role in claims["roles"]) & PEOPLE,
        district=claims["district"],
        school_id=uuid("school_id"),
        lecturer_id=uuid("lecturer_id"),
        name=claims.get("name", ""),
        language=claims.get("language", "zh"),
    )
