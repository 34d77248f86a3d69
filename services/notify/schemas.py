"""What notify reads from and writes to HTTP."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.notify.messages import LONGEST_OBJECTION
from services.notify.models import Channel, Feed, Message
from services.notify.preferences import Way
from services.notify.sentences import Words


class ItemOut(BaseModel):
    """One of the things a message is about, and where it is looked at."""

    text: str
    about: dict[str, str]
    link: str


class MessageOut(BaseModel):
    """A message in the reader's language. `about` names the rows it concerns; `items`: the single
    things, of a message about several."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "019300a1-7c1e-7c1e-9a55-3f6f8a3e2b10",
                "kind": "lesson_confirmed",
                "title": "课次已确认",
                "body": "《乡村振兴政策解读》（12月3日（周四）14:00–17:00，镇党校）已确认。",
                "about": {"lesson_id": "019300a1-6a1e-7c1e-9a55-3f6f8a3e2b10"},
                "link": "/lessons/019300a1-6a1e-7c1e-9a55-3f6f8a3e2b10",
                "urgent": False,
                "created_at": "2026-11-24T09:30:00+08:00",
                "read_at": None,
                "objectable": False,
                "objected_at": None,
                "parameters": {"course": "乡村振兴政策解读"},
                "items": [],
            }
        }
    )

    id: UUID
    kind: str
    title: str
    body: str
    about: dict[str, str]
    link: str
    urgent: bool
    created_at: AwareDatetime
    read_at: AwareDatetime | None
    objectable: bool
    objected_at: AwareDatetime | None
    parameters: dict[str, Any]
    items: list[ItemOut]

    @classmethod
    def seen(cls, row: Message, words: Words) -> Self:
        title, body = words.of(row.kind, row.parameters)
        facts = row.model_dump(include=set(cls.model_fields) - {"title", "body", "items"})
        local = {
            name: _local(facts[name], words) for name in ("created_at", "read_at", "objected_at")
        }
        each = words.items(row.kind, row.parameters)
        items = [
            ItemOut(text=text, about=one["about"], link=one["link"])
            for text, one in zip(each, row.parameters.get("items", ())[: len(each)], strict=True)
        ]
        return cls(**{**facts, **local, "title": title, "body": body, "items": items})


class MessagePage(BaseModel):
    """The newest first. `unread` counts all of them, not only this page."""

    items: list[MessageOut]
    next: str | None
    unread: int


class UnreadOut(BaseModel):
    """How many the person has not read."""

    unread: int


class ObjectionIn(BaseModel):
    """What is not so about what was recorded."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"text": "我没有接到过这个电话。"}}
    )

    text: str = Field(min_length=1, max_length=LONGEST_OBJECTION)


class WayIn(BaseModel):
    """One channel. `quiet_hours`: what is not urgent waits for the morning."""

    model_config = ConfigDict(extra="forbid")

    channel: Channel
    on: bool = True
    quiet_hours: bool = True

    def way(self) -> Way:
        return Way(self.channel, self.on, self.quiet_hours)


class PreferencesIn(BaseModel):
    """The channels to set; those not named stay as they are."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"items": [{"channel": "email", "on": True, "quiet_hours": False}]}
        },
    )

    items: list[WayIn] = Field(max_length=10)


class PreferencesOut(BaseModel):
    """Every channel; `version` 0 until something is set."""

    version: int
    items: list[WayIn]

    @classmethod
    def seen(cls, ways: list[Way], version: int) -> Self:
        items = [WayIn(channel=w.channel, on=w.on, quiet_hours=w.quiet_hours) for w in ways]
        return cls(version=version, items=items)


class FeedOut(BaseModel):
    """A calendar address, without the secret in it."""

    id: UUID
    created_at: AwareDatetime
    revoked_at: AwareDatetime | None

    @classmethod
    def seen(cls, row: Feed, words: Words) -> Self:
        revoked_at = _local(row.revoked_at, words)
        return cls(id=row.id, created_at=_local(row.created_at, words), revoked_at=revoked_at)  # type: ignore[arg-type]


class FeedList(BaseModel):
    items: list[FeedOut]


class NewFeedOut(FeedOut):
    """The address itself, shown this once: calendar programs subscribe to it."""

    url: str


def _local(at: datetime | None, words: Words) -> datetime | None:
    return at.astimezone(words.zone) if at else None
