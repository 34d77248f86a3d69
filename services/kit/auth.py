"""Kit: who is asking. Tokens are verified here, alone, with the portal's public keys."""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
from jwt import PyJWKClient

from services.kit import config
from services.kit.errors import Forbidden, Unauthorized, Unavailable
from services.kit.event import Actor

ALGORITHM = "ES256"
AUDIENCE = "yueke"


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


@lru_cache
def _keys(url: str) -> PyJWKClient:
    return PyJWKClient(url, cache_keys=True, lifespan=300, timeout=5)


def verify(token: str) -> Caller:
    """The caller a token speaks for; 401 `token_invalid`, 503 when the keys cannot be read."""
    try:
        key = _keys(config.jwks_url()).get_signing_key_from_jwt(token)
        claims = jwt.decode(
            token, key.key, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=config.origin()
        )
        return caller_of(claims)
    except jwt.PyJWKClientConnectionError as error:
        raise Unavailable("keys_unavailable") from error
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
