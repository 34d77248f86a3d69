"""Notify: how a person wants to hear. What is read here is the record and is always on."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, select

from services.kit.auth import Caller
from services.kit.errors import Invalid, NotFound
from services.notify.models import Account, Channel, Preference


@dataclass(frozen=True)
class Way:
    """One channel, as somebody wants it. `quiet_hours`: what is not urgent waits for morning."""

    channel: Channel
    on: bool = True
    quiet_hours: bool = True


DEFAULT = tuple(Way(channel, quiet_hours=channel == Channel.EMAIL) for channel in Channel)


def of(session: Session, account_id: UUID) -> tuple[list[Way], int]:
    """Every channel as the person wants it, and the version (0: as everybody starts)."""
    rows = session.exec(select(Preference).where(Preference.account_id == account_id)).all()
    said = {row.channel: Way(Channel(row.channel), row.on, row.quiet_hours) for row in rows}
    return [said.get(way.channel, way) for way in DEFAULT], max(
        (r.version for r in rows), default=0
    )


def put(session: Session, wanted: list[Way], *, by: Caller) -> tuple[list[Way], int]:
    """Set the channels named, leave the others. 422 `channel_always_on` for turning off what is
    read here; 422 `channel_twice`."""
    if session.get(Account, by.id) is None:
        raise NotFound("not_found", what="account", id=str(by.id))
    known, version = of(session, by.id)
    named = {way.channel: way for way in wanted}
    if len(named) < len(wanted):
        raise Invalid("channel_twice")
    if Channel.INAPP in named and not named[Channel.INAPP].on:
        raise Invalid("channel_always_on", channel=Channel.INAPP)
    for way in (named.get(way.channel, way) for way in known):
        row = session.get(Preference, (by.id, way.channel)) or Preference(
            account_id=by.id, channel=way.channel
        )
        row.on, row.quiet_hours, row.version = way.on, way.quiet_hours, version + 1
        session.add(row)
    session.flush()
    return of(session, by.id)


def ways(
    session: Session, account: Account, *, mail: bool, always: bool = False
) -> dict[Channel, bool]:
    """The channels a person is told over, and whether quiet hours count there. `always`: what the
    person has just asked for goes out by mail although he wants no other."""
    wanted = {way.channel: way for way in of(session, account.id)[0]}
    found = {Channel.INAPP: False}
    email = wanted[Channel.EMAIL]
    if mail and (email.on or always) and account.email:
        found[Channel.EMAIL] = email.quiet_hours
    return found
