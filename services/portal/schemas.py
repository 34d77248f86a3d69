"""What the portal reads from and writes to HTTP."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.kit.auth import Caller, Role
from services.portal.models import Account


class TokenOut(BaseModel):
    """RFC 6749, 5.1."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "access_token": "eyJhbGciOiJFUzI1NiIs...",
                "token_type": "Bearer",
                "expires_in": 600,
            }
        }
    )

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int


class AccountIn(BaseModel):
    """An account as an administrator writes it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "login": "yangliuqing",
                "name": "杨柳青镇党校联络员",
                "roles": ["township"],
                "email": "yangliuqing@xiqing.example",
                "language": "zh",
                "school_id": "0f9c2d6e-7a41-5d0c-9f55-2b8f6f0f3a11",
            }
        },
    )

    login: str = Field(min_length=2, max_length=64)
    name: str = Field(min_length=1, max_length=100)
    roles: list[Role] = Field(min_length=1, max_length=5)
    email: str | None = Field(default=None, max_length=255)
    language: Literal["zh", "en"] = "zh"
    school_id: UUID | None = None
    lecturer_id: UUID | None = None


class AccountOut(BaseModel):
    """An account, and what the caller may do with it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    district: str
    login: str
    name: str
    roles: list[Role]
    email: str | None
    language: str
    school_id: UUID | None
    lecturer_id: UUID | None
    active: bool
    must_change_password: bool
    version: int
    moves: list[str] = []

    @classmethod
    def seen_by(cls, account: Account, who: Caller) -> Self:
        moves: list[str] = []
        if who.has(Role.ADMINISTRATOR):
            moves = ["disable" if account.active else "enable", "reset_password"]
        return cls.model_validate(account).model_copy(update={"moves": moves})


class AccountPage(BaseModel):
    items: list[AccountOut]
    next: str | None


class PasswordOut(BaseModel):
    """Shown this once; its owner must choose another."""

    login: str
    password: str


class PasswordIn(BaseModel):
    current_password: str = Field(max_length=200)
    new_password: str = Field(max_length=200)


class KeyIn(BaseModel):
    """What the key is for."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "教务系统对接"}})

    name: str = Field(min_length=1, max_length=100)


class KeyOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    client_id: UUID
    name: str
    created_at: datetime
    revoked_at: datetime | None


class KeyPage(BaseModel):
    items: list[KeyOut]
    next: None = None


class NewKeyOut(KeyOut):
    """With the secret, shown this once."""

    client_secret: str


class SigningKeyOut(BaseModel):
    """A new key; until it signs, the one before does."""

    kid: str
    created_at: datetime
    signs_at: datetime
