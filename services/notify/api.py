"""Notify over HTTP: what reached me, how I want to hear, my calendar addresses."""

import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query, Response

from services.kit.web import IfMatch, Now, Router, Tx, Who, check_match, etag, secret
from services.notify import feeds, messages, preferences, queries
from services.notify.schemas import (
    FeedList,
    FeedOut,
    MessageOut,
    MessagePage,
    NewFeedOut,
    ObjectionIn,
    PreferencesIn,
    PreferencesOut,
    UnreadOut,
)

router = Router(tags=["notify"])
# The secret in the address is the key.
public = Router(public=True, tags=["notify"])

CALENDAR = {"text/calendar": {"schema": {"type": "string"}}}


@router.get("/messages")
def list_messages(
    tx: Tx,
    who: Who,
    unread: bool = False,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> MessagePage:
    """My messages, the newest first, in my language."""
    rows, following = queries.messages(tx, unread=unread, cursor=cursor, limit=limit, by=who)
    words = queries.words(tx, who)
    return MessagePage(
        items=[MessageOut.seen(row, words) for row in rows],
        next=following,
        unread=queries.unread(tx, who.id),
    )


@router.post("/messages/read_all")
def read_all(tx: Tx, who: Who, now: Now) -> UnreadOut:
    """Everything is read."""
    messages.read_all(tx, by=who, at=now)
    return UnreadOut(unread=queries.unread(tx, who.id))


@router.post("/messages/{id}/read")
def read(id: UUID, tx: Tx, who: Who, now: Now) -> MessageOut:
    row = messages.read(tx, id, by=who, at=now)
    return MessageOut.seen(row, queries.words(tx, who))


@router.post("/messages/{id}/object")
def object_to(id: UUID, body: ObjectionIn, tx: Tx, who: Who, now: Now) -> MessageOut:
    """What was recorded for me by phone is not so: the schedulers are told."""
    row = messages.object_to(tx, id, text=body.text, by=who, at=now)
    return MessageOut.seen(row, queries.words(tx, who))


@router.get("/preferences")
def show_preferences(tx: Tx, who: Who, response: Response) -> PreferencesOut:
    ways, version = preferences.of(tx, who.id)
    etag(response, version)
    return PreferencesOut.seen(ways, version)


@router.put("/preferences")
def put_preferences(
    body: PreferencesIn, tx: Tx, who: Who, if_match: IfMatch, response: Response
) -> PreferencesOut:
    """How I want to hear (If-Match, once something was set)."""
    _, before = preferences.of(tx, who.id)
    if before:
        check_match(before, if_match)
    ways, version = preferences.put(tx, [item.way() for item in body.items], by=who)
    etag(response, version)
    return PreferencesOut.seen(ways, version)


@router.get("/feeds")
def list_feeds(tx: Tx, who: Who) -> FeedList:
    words = queries.words(tx, who)
    return FeedList(items=[FeedOut.seen(row, words) for row in feeds.of(tx, who.id)])


@router.post("/feeds", status_code=201, dependencies=[Depends(secret)])
def create_feed(tx: Tx, who: Who, now: Now) -> NewFeedOut:
    """A secret calendar address, in place of the one before."""
    row, url = feeds.create(tx, by=who, at=now)
    shown = FeedOut.seen(row, queries.words(tx, who))
    return NewFeedOut(**shown.model_dump(), url=url)


@router.post("/feeds/{id}/revoke")
def revoke_feed(id: UUID, tx: Tx, who: Who, now: Now) -> FeedOut:
    row = feeds.revoke(tx, id, by=who, at=now)
    return FeedOut.seen(row, queries.words(tx, who))


@public.get("/feeds/{token}.ics", responses={200: {"content": CALENDAR}, 304: {}})
def read_feed(
    token: str, tx: Tx, now: Now, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """The calendar itself, for calendar programs."""
    text = feeds.calendar(tx, token, at=now)
    tag = f'"{hashlib.sha256(text).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if is_known(tag, if_none_match):
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers, media_type="text/calendar; charset=utf-8")


def is_known(tag: str, if_none_match: str | None) -> bool:
    """RFC 9110, 13.1.2: weak comparison, one of a list, or any."""
    named = [part.strip().removeprefix("W/") for part in (if_none_match or "").split(",")]
    return tag in named or "*" in named
