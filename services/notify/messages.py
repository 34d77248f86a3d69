"""Notify: the one door of messages. A row for each person and channel, exactly once."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col

from services.contracts.booking import LessonChanged
from services.contracts.lecturer import AssignmentChanged
from services.kit import db
from services.kit.auth import Caller
from services.kit.errors import Conflict, NotFound
from services.kit.event import Event
from services.notify import (
    calendars,
    copies,
    digests,
    facts,
    posting,
    preferences,
    recipients,
)
from services.notify.models import Account, Channel, LessonCopy, Message
from services.notify.routing import route_of
from services.notify.telling import Nobody, Tell, To, is_recorded
from services.notify.waking import wake

LONGEST_OBJECTION = 1000


def tell(
    session: Session, said: Event, *, word: str | None = None, before: LessonCopy | None = None
) -> int:
    """Write to everybody the table names; answers how many rows are new. Hearing the same event
    again writes nothing. `before` lends the slot of a lesson that has just lost it."""
    digests.forget(session, said)
    route = route_of(said, word)
    if isinstance(route, Nobody):
        return 0
    known = _facts(session, said, before)
    rows: dict[UUID, list[dict[str, Any]]] = {}
    for rule in route:
        if rule.when is not None and not rule.when(said):
            continue
        for account in recipients.of(session, rule.to, said):
            if account.id not in rows:  # the first row of the table that names a person counts
                rows[account.id] = _rows(session, said, rule, account, known)
    return posting.write(session, [row for found in rows.values() for row in found])


def read(session: Session, message_id: UUID, *, by: Caller, at: datetime) -> Message:
    """Mark one of the caller's messages as read; again changes nothing."""
    message = _own(session, message_id, by)
    message.read_at = message.read_at or at
    session.add(message)
    wake(session, by.id)
    return message


def read_all(session: Session, *, by: Caller, at: datetime) -> int:
    """Mark all of the caller's messages as read; answers how many were not."""
    unread = update(Message).where(
        col(Message.account_id) == by.id,
        col(Message.channel) == Channel.INAPP,
        col(Message.read_at).is_(None),
    )
    done = session.execute(unread.values(read_at=at).returning(col(Message.id))).all()
    wake(session, by.id)
    return len(done)


def object_to(
    session: Session, message_id: UUID, *, text: str, by: Caller, at: datetime
) -> Message:
    """The lecturer says that what was recorded for him is not so: the schedulers are told.

    409 `not_objectable` for other messages, `already_objected` the second time.
    """
    message = _own(session, message_id, by)
    if not message.objectable:
        raise Conflict("not_objectable", kind=message.kind)
    if message.objected_at is not None:
        raise Conflict("already_objected", at=message.objected_at.isoformat())
    message.objected_at = at
    message.read_at = message.read_at or at
    session.add(message)
    known = {**message.parameters, "lecturer": by.name, "text": text}
    known = {name: value for name, value in known.items() if value}
    rows: list[dict[str, Any]] = []
    for account in recipients.schedulers(session, message.district):
        rows += [
            posting.row(
                account,
                channel,
                waits=quiet,
                event_id=message.id,
                kind="objection_raised",
                parameters=known,
                about=message.about,
                link=message.link,
                created_at=at,
            )
            for channel, quiet in preferences.ways(session, account, mail=True).items()
        ]
    posting.write(session, rows)
    return message


def _facts(session: Session, said: Event, before: LessonCopy | None) -> facts.Facts:
    known = facts.of_event(said)
    if isinstance(said, LessonChanged):
        if before is not None and said.slot is None:
            kept = ("starts_at", "ends_at", "place", "address", "place_kind")
            known = {name: before.facts[name] for name in kept if name in before.facts} | known
        holders = copies.seated(session, said.key)
        if holders:
            known["lecturer"] = holders[0].lecturer_name
    elif said.aggregate == "lecturer.staffing":
        lesson = copies.lesson(session, said.key)
        known = {**(lesson.facts if lesson else {}), **known}
    return known


def _rows(
    session: Session, said: Event, rule: Tell, account: Account, known: facts.Facts
) -> list[dict[str, Any]]:
    """What one person is told by one row of the table. Who did it himself is not told of it, but
    his calendar is."""
    recorded = rule.to == To.LECTURER and is_recorded(said)
    calendar = None
    if rule.to == To.LECTURER and isinstance(said, AssignmentChanged):
        calendar = calendars.follow(session, said, account.id)
    himself = said.by.id == account.id and not recorded
    if himself and calendar is None:
        return []
    urgent = rule.urgent or facts.presses(said)
    parameters = known | facts.of_actor(said) if recorded else known
    if rule.gather and not urgent and digests.gather(session, said, rule, account, parameters):
        return []
    ways = preferences.ways(session, account, mail=rule.mail, always=rule.always)
    if himself:
        ways.pop(Channel.INAPP)
    if calendar is not None:
        _hurry(session, calendar.uid, urgent)
    return [
        posting.row(
            account,
            channel,
            waits=quiet and not urgent,
            event_id=said.id,
            kind=rule.kind,
            parameters=parameters,
            about=facts.about(said),
            link=facts.link(said),
            created_at=said.at,
            urgent=urgent,
            objectable=recorded and channel == Channel.INAPP,
            told=calendar if channel == Channel.EMAIL else None,
        )
        for channel, quiet in ways.items()
    ]


def _hurry(session: Session, uid: str, urgent: bool) -> None:
    """A word on a calendar that cannot wait takes the earlier ones with it: they leave in order."""
    if urgent:
        waiting = update(Message).where(col(Message.calendar_uid) == uid, col(Message.waits))
        session.execute(waiting.values(waits=False))


def _own(session: Session, message_id: UUID, by: Caller) -> Message:
    """One of the caller's messages; those of others are not to be known of."""
    message = db.get(session, Message, message_id, lock=True, what="message")
    if message.account_id != by.id or message.channel != Channel.INAPP:
        raise NotFound("not_found", what="message", id=str(message_id))
    return message
