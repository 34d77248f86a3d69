"""Portal: what a browser posts, read with limits; nothing it can send is an error of ours."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.types import Message

from services.portal.pages.upstream import Refused

LONGEST_BODY = 4 * 1024 * 1024  # as much as the proxy in front lets through
MOST_FIELDS = 1000
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Fields(dict[str, str]):
    """Posted fields; one that is asked for and was not sent is a refusal, not a mistake."""

    def __missing__(self, name: str) -> str:
        raise Refused(422, "invalid_body", {"errors": [{"field": name, "code": "missing"}]})

    @property
    def version(self) -> int:
        """Which version of a row the form was about, 0 for a new one."""
        sent = self.get("version") or "0"
        if (version := whole(sent)) is None:
            raise Refused(412, "version_stale", {})
        return version

    def id(self, name: str) -> UUID:
        """A row named in the form; one that cannot be is not there."""
        try:
            return UUID(self.get(name, ""))
        except ValueError:
            raise Refused(404, "not_found", {}) from None


def whole(text: str) -> int | None:
    """A whole number as people write one; None for everything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


@dataclass(frozen=True)
class Form:
    """Everything that was sent, and its plain fields."""

    everything: FormData
    fields: Fields


async def read_form(request: Request, *, most_fields: int = MOST_FIELDS) -> Form:
    """413 `body_too_large`, 400 `malformed` for what is no form, 422 `nul_character`."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > LONGEST_BODY:
        raise Refused(413, "body_too_large", {"most": LONGEST_BODY})
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in FORMS:
        # No form at all is an empty one: a button without fields.
        await _drain(request)
        return Form(FormData(), Fields())
    limited = Request(request.scope, _limited(request))
    try:
        form = await limited.form(max_fields=most_fields, max_files=5)
    except HTTPException as error:
        raise Refused(400, "malformed", {}) from error
    except (ValueError, KeyError, UnicodeError) as error:
        raise Refused(400, "malformed", {}) from error
    pairs = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    if any("\x00" in text for pair in pairs.items() for text in pair):
        raise Refused(422, "nul_character", {})
    return Form(form, Fields({name: value.strip() for name, value in pairs.items()}))


def source_of(request: Request) -> str:
    """The address a request comes from. Behind the proxy of this machine the server has put the
    address the proxy saw in its place (`X-Forwarded-For` from anybody else is not believed)."""
    return request.client.host if request.client else ""


def _limited(request: Request) -> Any:
    size = 0

    async def receive() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > LONGEST_BODY:
            raise Refused(413, "body_too_large", {"most": LONGEST_BODY})
        return message

    return receive


async def _drain(request: Request) -> None:
    """What is not read would stand in the way of the next request on this connection."""
    size = 0
    stream: AsyncIterator[bytes] = request.stream()
    async for part in stream:
        size += len(part)
        if size > LONGEST_BODY:
            raise Refused(413, "body_too_large", {"most": LONGEST_BODY})
