"""Kit: what the domain answers when it will not do a thing."""

from typing import Any, ClassVar


class Refusal(Exception):
    """A request understood and turned down: a stable code and facts, never a sentence.

    `keep=True` commits what the verb wrote before it refused (a losing accept leaves its offer
    invalidated and still answers 409).
    """

    status: ClassVar[int] = 400

    def __init__(self, code: str, *, keep: bool = False, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.keep, self.facts = code, keep, facts


class NotFound(Refusal):
    """No such row, or none the caller may know of."""

    status = 404


class Forbidden(Refusal):
    """The caller's role does not open this door."""

    status = 403


class Conflict(Refusal):
    """The state of things does not allow it now."""

    status = 409


class Invalid(Refusal):
    """What was sent cannot mean anything valid."""

    status = 422


class Malformed(Refusal):
    """A header or a parameter is missing or unreadable."""

    status = 400


class Unauthorized(Refusal):
    """No token, or one that is not valid now. `scheme` is how to ask next time."""

    status = 401
    scheme: ClassVar[str] = "Bearer"


class Missing(Refusal):
    """A precondition header is required."""

    status = 428


class Stale(Refusal):
    """The precondition named another version than the newest."""

    status = 412


class TooLarge(Refusal):
    """More than the service is willing to read."""

    status = 413


class TooMany(Refusal):
    """Too often in too short a time; the fact `retry_after` says how many seconds to wait."""

    status = 429


class Unavailable(Refusal):
    """Something this answer needs is away; the same call may work later."""

    status = 503
