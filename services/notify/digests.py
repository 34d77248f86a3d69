"""Notify: what happens to a person many times at once is told to him once.

A lesson or an offer that says its `batch` (a plan that is being published) is gathered until the
batch is over and quiet, or has been gathered for long enough: nothing waits for a publishing that
never ends. What cannot wait is never gathered; what has moved on meanwhile is no news any more.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import delete
from sqlmodel import Session, col, select

from services.contracts.booking import LessonChanged, PlanChanged
from services.contracts.lecturer import OfferChanged
from services.kit import clock, db, timers
from services.kit.event import Event
from services.kit.timers import Acts
from services.notify import facts, posting, preferences
from services.notify.models import Account, Batch, Channel, Gathered
from services.notify.telling import Tell

LONGEST = timedelta(minutes=10)  # gathered at most
QUIET = timedelta(seconds=30)  # nothing more has come since it was published: it is over
SEND = "digest"


def follow(session: Session, said: PlanChanged) -> None:
    """A plan begins to be published, or has been."""
    if said.fact not in ("publishing", "published"):
        return
    batch = _batch(session, said.key, said.district)
    if said.fact == "published" and batch.published_at is None:
        batch.published_at = said.at
        _wait(session, batch)


def gather(
    session: Session, said: Event, rule: Tell, account: Account, parameters: Mapping[str, Any]
) -> bool:
    """Keep it for the message about the whole batch; False when it has none, or that is sent."""
    batch_id: UUID | None = getattr(said, "batch", None)
    if batch_id is None or rule.gather is None:
        return False
    batch = _batch(session, batch_id, said.district)
    if batch.closed:
        return False
    row = {
        "batch_id": batch_id,
        "account_id": account.id,
        "event_id": said.id,
        "key": said.key,
        "kind": rule.kind,
        "digest": rule.gather,
        "mail": rule.mail,
        "parameters": dict(parameters),
        "about": facts.about(said),
        "link": facts.link(said),
        "happened_at": said.at,
    }
    db.insert_once(session, Gathered, row)
    _wait(session, batch)
    return True


def forget(session: Session, said: Event) -> None:
    """It has moved on: what was to be told of it is no news any more."""
    if isinstance(said, LessonChanged | OfferChanged):
        old = delete(Gathered).where(col(Gathered.key) == said.key)
        session.execute(old.where(col(Gathered.event_id) != said.id))


def send(session: Session, batch_id: UUID, at: datetime) -> None:
    """The clock: everybody is told what was gathered for him. More may come, unless the batch is
    over: then it is told by itself."""
    batch = db.get(session, Batch, batch_id, lock=True)
    mine = select(Gathered).where(Gathered.batch_id == batch_id)
    order = (col(Gathered.account_id), col(Gathered.digest), col(Gathered.happened_at))
    found = session.exec(mine.order_by(*order, col(Gathered.event_id))).all()
    rows: list[dict[str, Any]] = []
    for (account_id, _), group in groupby(found, lambda one: (one.account_id, one.digest)):
        account = session.get(Account, account_id)
        if account is not None and account.active:
            rows += _told(session, batch, account, list(group), at)
    posting.write(session, rows)
    session.execute(delete(Gathered).where(col(Gathered.batch_id) == batch_id))
    batch.rounds += 1
    batch.opened_at = at
    batch.closed = batch.published_at is not None
    session.add(batch)


def _told(
    session: Session, batch: Batch, account: Account, group: Sequence[Gathered], at: datetime
) -> list[dict[str, Any]]:
    """One message per channel: about all, or as it would have been about the only one."""
    first = group[0]
    if len(group) == 1:
        values: dict[str, Any] = {
            "event_id": first.event_id,
            "kind": first.kind,
            "parameters": first.parameters,
            "about": first.about,
            "link": first.link,
            "created_at": first.happened_at,
        }
    else:
        items = [{**one.parameters, "about": one.about, "link": one.link} for one in group]
        items.sort(key=lambda item: item.get("starts_at", ""))
        values = {
            "event_id": uuid5(batch.id, f"{first.digest} {batch.rounds}"),
            "kind": first.digest,
            "parameters": {"count": len(items), "items": items},
            "about": {"plan_id": str(batch.id)},
            "link": f"/plans/{batch.id}",
            "created_at": at,
        }
    ways = preferences.ways(session, account, mail=any(one.mail for one in group))
    return [
        posting.row(account, Channel(channel), waits=quiet, **values)
        for channel, quiet in ways.items()
    ]


def _batch(session: Session, id: UUID, district: str) -> Batch:
    """The batch, locked: nothing is gathered for one that is just being sent."""
    now = clock.now()
    row = {"id": id, "district": district, "opened_at": now, "rounds": 0}
    db.insert_once(session, Batch, {**row, "published_at": None, "closed": False})
    return db.get(session, Batch, id, lock=True)


def _wait(session: Session, batch: Batch) -> None:
    now = clock.now()
    due = max(batch.opened_at, now - LONGEST) + LONGEST
    if batch.published_at is not None:
        due = min(due, now + QUIET)
    timers.start(session, batch.id, SEND, due)
    session.add(batch)


TIMERS: Acts = {SEND: send}
