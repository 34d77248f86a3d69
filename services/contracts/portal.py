"""What the portal says: who has an account. Notify resolves recipients from it."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from services.kit.event import Event


class AccountChanged(Event):
    """An account as it is now; never a secret."""

    aggregate: ClassVar[str] = "portal.account"
    facts: ClassVar[tuple[str, ...]] = ("changed",)

    # put disable enable reset_password change_password choose_language add_key revoke_key
    # turn_on_totp turn_off_totp
    verb: str = "put"
    active: bool
    roles: list[str]
    name: str
    email: str | None = None
    language: str = "zh"
    school_id: UUID | None = None
    lecturer_id: UUID | None = None


class ResetAsked(Event):
    """Somebody forgot the password of this account: a link is wanted by mail. The key names what
    the link opens; the link itself is sealed by who writes the mail and stands nowhere."""

    aggregate: ClassVar[str] = "portal.reset"
    facts: ClassVar[tuple[str, ...]] = ("asked",)

    account_id: UUID
    ends_at: AwareDatetime  # real time
