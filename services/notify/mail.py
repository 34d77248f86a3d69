"""Notify: the sender. Takes mails that are due, in order, and tries until the server took them.

At least once: after a crash a mail may leave again, under the same Message-ID. Retries run by real
time; quiet hours by the district's clock. When the server is away no mail is to blame.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import aiosmtplib
from fastapi import FastAPI
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, exists, or_, select

from services.kit import clock, config, log
from services.kit.db import Database, Lease
from services.kit.errors import Refusal
from services.kit.numbers import Numbers
from services.kit.waiting import wait
from services.notify import envelopes
from services.notify.models import Account, Channel, Message, Post
from services.notify.sentences import Words, is_quiet
from services.notify.waking import BELL, MAIL

BATCH = 20
LOOK = 1.0  # seconds between looks when nobody rings
PATIENCE = 20.0  # seconds for one word of the server
LONGEST_PAUSE = timedelta(minutes=30)
MOST_TRIES = 100  # two days of them
AWAY = (1, 2, 5, 10, 30)  # seconds before the server is called again


@dataclass(frozen=True)
class Sealed:
    """A mail ready to go, or the reason why it can never go."""

    id: UUID
    to: str
    text: bytes = b""
    utf8: bool = False
    never: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What the server said. `code` 250: taken; 4xx: later; 5xx: never."""

    id: UUID
    code: int
    said: str


async def deliver(app: FastAPI, stopping: asyncio.Event) -> None:
    """Background work of the service: one sender per database."""
    database: Database = app.state.database
    lease = Lease(database, "mail")
    away = 0
    try:
        with BELL.heard_by(MAIL) as news:
            while not stopping.is_set():
                news.clear()
                mails: Sequence[Sealed] = ()
                if await asyncio.to_thread(lease.held):
                    mails = await database.read(due)
                try:
                    outcomes = await send(mails, stopping)
                    away = 0
                except (OSError, aiosmtplib.SMTPException) as error:
                    pause = AWAY[min(away, len(AWAY) - 1)]
                    away += 1
                    log.get().warning("mail server away", error=repr(error), again_in=pause)
                    await wait(stopping, pause)
                    continue
                if outcomes:
                    await database.write(partial(note, outcomes=outcomes, at=clock.real()))
                if len(mails) < BATCH:
                    await wait(news, LOOK)
    finally:
        lease.release()


def due(session: Session) -> list[Sealed]:
    """The next mails, in order: none before its time, none in quiet hours that can wait, none
    overtaking an earlier word on the same calendar entry."""
    earlier = aliased(Message)
    overtaking = exists().where(
        col(earlier.calendar_uid) == col(Message.calendar_uid),
        col(earlier.channel) == Channel.EMAIL,
        col(earlier.status) == Post.PENDING,
        col(earlier.id) < col(Message.id),
    )
    mail = select(Message).where(Message.channel == Channel.EMAIL, Message.status == Post.PENDING)
    mail = mail.where(
        or_(col(Message.not_before).is_(None), col(Message.not_before) <= clock.real()),
        or_(col(Message.calendar_uid).is_(None), ~overtaking),
        or_(~col(Message.waits), col(Message.district).not_in(_quiet(session, clock.now()))),
    )
    rows = session.exec(mail.order_by("id").limit(BATCH)).all()
    return [_sealed(session, row) for row in rows]


async def send(mails: Sequence[Sealed], stopping: asyncio.Event) -> list[Outcome]:
    """Hand them over, one after the other, over one connection. Raises when there is none."""
    outcomes = [Outcome(mail.id, 550, mail.never) for mail in mails if mail.never]
    ready = [mail for mail in mails if not mail.never]
    if not ready:
        return outcomes
    host, port = config.smtp()
    client = aiosmtplib.SMTP(hostname=host, port=port, timeout=PATIENCE)
    await client.connect()
    try:
        for mail in ready:
            if stopping.is_set() or not client.is_connected:
                break
            outcomes.append(await _hand_over(client, mail))
    finally:
        with contextlib.suppress(OSError, aiosmtplib.SMTPException):
            await client.quit()
    return outcomes


async def _hand_over(client: aiosmtplib.SMTP, mail: Sealed) -> Outcome:
    options = ["SMTPUTF8"] if mail.utf8 else []
    try:
        _, said = await client.sendmail(
            config.mail_from(), mail.to, mail.text, mail_options=options
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        refused = error.recipients[0]
        return Outcome(mail.id, refused.code, refused.message)
    except aiosmtplib.SMTPNotSupported as error:
        return Outcome(mail.id, 553, str(error))
    except aiosmtplib.SMTPResponseException as error:
        return Outcome(mail.id, error.code, error.message)
    except (OSError, aiosmtplib.SMTPException) as error:
        # Lost in the middle: perhaps it was taken, perhaps it is the one that breaks the line.
        return Outcome(mail.id, 451, repr(error))
    return Outcome(mail.id, 250, said)


def note(session: Session, outcomes: Sequence[Outcome], *, at: datetime) -> None:
    """Keep what the server said; `at` is real time."""
    for outcome in outcomes:
        row = session.get(Message, outcome.id, with_for_update=True)
        if row is None or row.status != Post.PENDING:
            continue
        row.tries += 1
        row.response = f"{outcome.code} {outcome.said}"[:500]
        if outcome.code < 400:
            row.status, row.sent_at = Post.SENT, at
        elif outcome.code >= 500 or row.tries >= MOST_TRIES:
            row.status = Post.FAILED
            log.get().error("mail failed", message=str(row.id), response=row.response)
        else:
            pause = timedelta(seconds=2 ** min(row.tries, 12))
            row.not_before = at + min(pause, LONGEST_PAUSE)
        session.add(row)


def _quiet(session: Session, now: datetime) -> list[str]:
    """The districts that are asleep."""
    waiting = select(Message.district).where(
        Message.channel == Channel.EMAIL, Message.status == Post.PENDING
    )
    found = []
    for district in session.exec(waiting.distinct()):
        numbers = Numbers.of(session, district)
        try:
            if is_quiet(now, numbers.text("quiet_hours"), numbers.zone):
                found.append(district)
        except (Refusal, ValueError) as error:
            # A number that is missing or unreadable must not silence a district.
            log.get().warning("quiet hours unknown", district=district, error=repr(error))
    return found


def _sealed(session: Session, row: Message) -> Sealed:
    account = session.get(Account, row.account_id)
    if account is None or not account.active or not account.email:
        return Sealed(row.id, "", never="nobody to write to any more")
    try:
        numbers = Numbers.of(session, row.district)
        words = Words(account.language, numbers.zone)
        title = words.say("{district}约课", district=numbers.text("name"))
        text, utf8 = envelopes.seal(row, account, words, title=title)
    except envelopes.Unaddressable as error:
        return Sealed(row.id, "", never=str(error))
    except Exception as error:
        # One letter that cannot be written must not keep all others from leaving.
        log.get().exception("mail could not be written", message=str(row.id))
        return Sealed(row.id, "", never=repr(error))
    return Sealed(row.id, account.email, text, utf8)
