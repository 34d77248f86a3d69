"""What the portal says: who has an account. Notify resolves recipients from it."""

from typing import ClassVar
from uuid import UUID

from services.kit.event import Event


class AccountChanged(Event):
    """An account as it is now; never a secret."""

    aggregate: ClassVar[str] = "portal.account"
    facts: ClassVar[tuple[str, ...]] = ("changed",)

    # put disable enable reset_password change_password add_key revoke_key
    verb: str = "put"
    active: bool
    roles: list[str]
    name: str
    email: str | None = None
    language: str = "zh"
    school_id: UUID | None = None
    lecturer_id: UUID | None = None
