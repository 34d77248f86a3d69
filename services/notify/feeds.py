"""Notify: calendar addresses. Whoever knows the secret in one reads the calendar of its owner."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.kit import config
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict, NotFound
from services.kit.numbers import Numbers
from services.notify import calendars
from services.notify.copies import HOLDS, TAUGHT
from services.notify.models import Account, AssignmentCopy, CalendarEntry, Feed, LessonCopy
from services.notify.sentences import Words

PAST = timedelta(days=365)
# A lesson in one of these stands in the school's calendar, and how firmly.
FIRM = {
    "tentative": "TENTATIVE",
    "at_risk": "TENTATIVE",
    "suspended": "TENTATIVE",
    "joined": "TENTATIVE",
    "confirmed": "CONFIRMED",
    "in_progress": "CONFIRMED",
    "delivered": "CONFIRMED",
    "partially_delivered": "CONFIRMED",
    "verified": "CONFIRMED",
    "disputed": "CONFIRMED",
}


def create(session: Session, *, by: Caller, at: datetime) -> tuple[Feed, str]:
    """A new address, in place of the one before; the secret in it is answered this once.

    409 `no_calendar` for people who neither teach nor belong to a school.
    """
    account = session.get(Account, by.id)
    if account is None or not _has_calendar(account):
        raise Conflict("no_calendar")
    for feed in of(session, by.id):
        feed.revoked_at = feed.revoked_at or at
        session.add(feed)
    token = secrets.token_urlsafe(32)
    feed = Feed(account_id=by.id, token_hash=_hash(token), created_at=at)
    session.add(feed)
    session.flush()
    return feed, f"{config.origin()}/api/notify/feeds/{token}.ics"


def revoke(session: Session, feed_id: UUID, *, by: Caller, at: datetime) -> Feed:
    """From now on the address leads nowhere; again changes nothing."""
    feed = session.get(Feed, feed_id, with_for_update=True)
    if feed is None or feed.account_id != by.id:
        raise NotFound("not_found", what="feed", id=str(feed_id))
    feed.revoked_at = feed.revoked_at or at
    session.add(feed)
    return feed


def of(session: Session, account_id: UUID) -> list[Feed]:
    """A person's addresses, the newest first."""
    mine = select(Feed).where(Feed.account_id == account_id)
    return list(session.exec(mine.order_by(col(Feed.id).desc()).limit(100)))


def calendar(session: Session, token: str, *, at: datetime) -> bytes:
    """The calendar behind a secret; 404 for one that is unknown, revoked, or whose owner left."""
    feed = session.exec(select(Feed).where(Feed.token_hash == _hash(token))).first()
    account = session.get(Account, feed.account_id) if feed and not feed.revoked_at else None
    if account is None or not account.active or not _has_calendar(account):
        raise NotFound("not_found", what="feed")
    words = Words(account.language, Numbers.of(session, account.district).zone)
    found = calendars.empty()
    found.add("x-wr-calname", words.translate("约课日历"))
    found.add("method", "PUBLISH")
    entries = _taught(session, account, at) if account.lecturer_id else _held(session, account, at)
    for lesson_id, sequence, facts, said_at, status in entries:
        event = calendars.entry(
            calendars.uid(lesson_id, account.id),
            sequence,
            facts,
            words,
            at=said_at,
            link=f"{config.origin()}/lessons/{lesson_id}",
        )
        event.add("status", status)
        found.add_component(event)
    return bytes(found.to_ical())


Entry = tuple[UUID, int, dict[str, Any], datetime, str]


def _taught(session: Session, account: Account, at: datetime) -> list[Entry]:
    """What a lecturer promised to teach, or taught within the year; one entry for each lesson."""
    mine = select(AssignmentCopy).where(AssignmentCopy.lecturer_id == account.lecturer_id)
    mine = mine.where(col(AssignmentCopy.state).in_(HOLDS + TAUGHT))
    mine = mine.where(AssignmentCopy.starts_at > at - PAST).order_by("starts_at", "id")
    told = select(CalendarEntry).where(CalendarEntry.account_id == account.id)
    sequences = {entry.lesson_id: entry.sequence for entry in session.exec(told)}
    newest = {row.lesson_id: row for row in session.exec(mine)}
    return [
        (id, max(0, sequences.get(id, row.sequence)), row.facts, row.said_at, "CONFIRMED")
        for id, row in newest.items()
    ]


def _held(session: Session, account: Account, at: datetime) -> list[Entry]:
    """A school's lessons that have a date, of the past year and to come."""
    ours = select(LessonCopy).where(LessonCopy.school_id == account.school_id)
    ours = ours.where(col(LessonCopy.state).in_(FIRM), col(LessonCopy.starts_at) > at - PAST)
    return [
        (row.id, row.revision, row.facts, row.said_at, FIRM[row.state])
        for row in session.exec(ours.order_by("starts_at", "id"))
    ]


def _has_calendar(account: Account) -> bool:
    teaches = account.lecturer_id is not None and Role.LECTURER in account.roles
    return teaches or (account.school_id is not None and Role.TOWNSHIP in account.roles)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
