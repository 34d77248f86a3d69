"""Faults: afterwards everything is counted: what clients were told, what happened, who heard it,
what came of it. In the databases, not through the services."""

import asyncio
import importlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from typing import Any
from uuid import UUID

import nats
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, func, select

from deploy.home import SERVICES
from deploy.nats_init import HEARS, OWNERS, stream_of
from services.booking.models import Lesson, Order, OrderLine, StaffingCopy
from services.kit.db import Database
from services.kit.inbox import Heard, Parked
from services.kit.outbox import Happened
from services.kit.timers import Timer
from services.lecturer.models import Assignment, Seat, Staffing
from services.notify.models import Account, AssignmentCopy, Channel, LessonCopy, Message, Post
from services.notify.models import StaffingCopy as StaffingTold
from tests.faults.instruments import effects
from tests.faults.writers import Ledger
from tests.town import Town


@dataclass
class Count:
    """What was found. Lost, doubled and parked must be empty."""

    figures: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    parked: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.parked)

    def exactly_once(self, found: int, what: str) -> None:
        if found == 0:
            self.lost.append(what)
        elif found > 1:
            self.doubled.append(f"{what} ({found} times)")


@dataclass
class Ear:
    """What one service listens to."""

    service: str
    nouns: set[str]


def ears() -> list[Ear]:
    """From the rooms' own tables of handlers."""
    found = []
    for service in HEARS:
        handlers = importlib.import_module(f"services.{service}.handlers").HANDLERS
        found.append(Ear(service, {event.aggregate for event in handlers}))
    return found


def count(town: Town, ledger: Ledger) -> Count:
    """All of it, once the town is quiet."""
    result = Count()
    with ExitStack() as stack:
        sessions = {name: stack.enter_context(reading(town, name)) for name in SERVICES}
        told = {owner: list(sessions[owner].exec(select(Happened))) for owner in OWNERS}
        _promises(result, ledger, sessions["booking"], told)
        _events(result, told)
        for ear in ears():
            _heard(result, ear, sessions[ear.service], told)
        _copies(result, sessions)
        _messages(result, sessions["notify"], told["lecturer"])
        _mails(result, town, sessions["notify"])
        for name, session in sessions.items():
            waiting = session.exec(select(Parked).where(col(Parked.settled_at).is_(None)))
            result.parked += [f"{name}: {row.subject} {row.id}: {row.error}" for row in waiting]
    return result


def _promises(
    result: Count, ledger: Ledger, booking: Session, told: dict[str, list[Happened]]
) -> None:
    """Every write a client saw acknowledged is found once in its owner."""
    words = Counter(
        (row.subject, row.key, row.body["data"].get("verb", ""), row.request_id)
        for rows in told.values()
        for row in rows
    )
    for promise in ledger.promises:
        word = (promise.subject, promise.key, promise.verb, promise.request_id)
        result.exactly_once(words[word], f"{promise.verb} of {promise.key}")
    for letter in ledger.letters:
        rows = booking.exec(select(Order).where(Order.title == f"风雨 {letter.key}")).all()
        result.exactly_once(len(rows), f"letter {letter.key}")
        lines = select(func.count()).where(col(OrderLine.order_id) == letter.key)
        if rows and (kept := booking.exec(lines).one()) != letter.lines:
            result.lost.append(f"lines of letter {letter.key}: {kept} of {letter.lines}")
    numbers = booking.exec(select(Order.number).where(col(Order.number).is_not(None))).all()
    given = sorted(int(str(number).split("〕")[1].removesuffix("号")) for number in numbers)
    if given != list(range(1, len(given) + 1)):
        result.doubled.append(f"numbers are not gapless: {given}")
    result.figures["letters put"] = len(ledger.letters)
    for verb, many in sorted(Counter(p.verb for p in ledger.promises).items()):
        result.figures[f"{verb} acknowledged"] = many


def _events(result: Count, told: dict[str, list[Happened]]) -> None:
    """A version of an aggregate is told once, and every event was carried to the broker."""
    for owner, rows in told.items():
        versions = Counter((row.subject.split(".")[1], row.key, row.version) for row in rows)
        for (noun, key, version), many in versions.items():
            if many > 1:
                result.doubled.append(f"{owner}.{noun} {key} version {version} told {many} times")
        result.lost += [f"{row.subject} {row.id} was never sent" for row in rows if not row.sent_at]
        result.figures[f"events of {owner}"] = len(rows)


def _heard(result: Count, ear: Ear, session: Session, told: dict[str, list[Happened]]) -> None:
    """In the inbox of every service that listens, with one effect each."""
    known = set(session.exec(select(Heard.id)))
    runs = effects(session)
    wanted = [
        row
        for owner in HEARS[ear.service]
        for row in told[owner]
        if row.subject.rpartition(".")[0] in ear.nouns
    ]
    for row in wanted:
        what = f"{row.subject} {row.id} in {ear.service}"
        if row.id not in known:
            result.lost.append(what)
        result.exactly_once(runs.get(row.id, 0), f"effect of {what}")
    strange = set(runs) - {row.id for row in wanted}
    result.doubled += [f"effect of unknown event {id} in {ear.service}" for id in strange]
    result.figures[f"effects in {ear.service}"] = sum(runs.values())


def _copies(result: Count, sessions: dict[str, Session]) -> None:
    """Every copy is of the newest version, and there is one of each."""
    booking, lecturer, notify = (sessions[n] for n in ("booking", "lecturer", "notify"))
    lessons = _versions(booking, Lesson.id, Lesson.version)
    staffing = _versions(lecturer, Staffing.lesson_id, Staffing.version)
    promises = _versions(lecturer, Assignment.id, Assignment.version)
    pairs = {
        "lecturer.seat": (lessons, _versions(lecturer, Seat.lesson_id, Seat.version)),
        "notify.lesson_copy": (lessons, _versions(notify, LessonCopy.id, LessonCopy.version)),
        "booking.staffing_copy": (
            staffing,
            _versions(booking, StaffingCopy.lesson_id, StaffingCopy.version),
        ),
        "notify.staffing_copy": (
            staffing,
            _versions(notify, StaffingTold.id, StaffingTold.version),
        ),
        "notify.assignment_copy": (
            promises,
            _versions(notify, AssignmentCopy.id, AssignmentCopy.version),
        ),
    }
    for kind, (sources, copies) in pairs.items():
        for id, version in sources.items():
            if version and copies.get(id) != version:
                result.lost.append(f"{kind} {id} has version {copies.get(id)} of {version}")
        result.figures[f"copies in {kind}"] = len(copies)


def _versions(session: Session, id: Any, version: Any) -> dict[UUID, int]:
    return dict(session.exec(select(id, version)).all())


def _messages(result: Count, notify: Session, told: Iterable[Happened]) -> None:
    """Whoever was sent an offer was told of it once, and nobody was told anything twice."""
    accounts: dict[str, list[UUID]] = defaultdict(list)
    for account in notify.exec(select(Account)):
        accounts[str(account.lecturer_id)].append(account.id)
    inapp = select(Message.event_id, Message.account_id).where(Message.channel == Channel.INAPP)
    found = Counter(notify.exec(inapp).all())
    for row in told:
        if row.subject != "lecturer.offer.sent":
            continue
        for account_id in accounts[row.body["data"]["lecturer_id"]]:
            result.exactly_once(found[(row.id, account_id)], f"message of offer {row.key}")
    result.doubled += [f"message of {event} {n} times" for (event, _), n in found.items() if n > 1]
    result.figures["messages in notify"] = sum(found.values())


def _mails(result: Count, town: Town, notify: Session) -> None:
    """What notify says it has sent has arrived. Mail may come twice, under one Message-ID."""
    read = BytesHeaderParser().parsebytes
    files = sorted((town.home / "outbox").glob("*.eml"))
    arrived = Counter(str(read(path.read_bytes())["Message-ID"]).strip() for path in files)
    mails = select(Message.id, Message.message_id, Message.status)
    for id, message_id, status in notify.exec(mails.where(Message.channel == Channel.EMAIL)):
        if status == Post.SENT and not arrived[message_id or ""]:
            result.lost.append(f"mail {id}, {message_id}")
    result.figures["mails arrived"] = len(arrived)
    result.figures["mails arrived again"] = sum(arrived.values()) - len(arrived)


@contextmanager
def reading(town: Town, service: str) -> Iterator[Session]:
    """A look into a service's database that keeps nobody from writing."""
    database = Database(service, town.database_url.replace("{service}", service))
    try:
        with database.snapshot() as session:
            yield session
    finally:
        database.dispose()


# --- is it quiet? ----------------------------------------------------------------------------


def unquiet(town: Town) -> list[str]:
    """Why the town is not quiet yet: unsent events, due deadlines, messages on their way."""
    try:
        return [*_at_home(town), *asyncio.run(_on_the_way(town))]
    except (OSError, TimeoutError, nats.errors.Error, DBAPIError) as error:
        return [f"cannot look: {error!r}"]


def _at_home(town: Town) -> Iterator[str]:
    with reading(town, "notify") as session:
        pending = select(func.count()).where(Message.status == Post.PENDING)
        if many := session.exec(pending).one():
            yield f"{many} mails are not sent"
    for name in SERVICES:
        with reading(town, name) as session:
            unsent = select(func.count()).where(col(Happened.sent_at).is_(None))
            due = select(func.count()).where(col(Timer.due_at) <= town.now())
            if many := session.exec(unsent).one():
                yield f"{many} events of {name} are not sent"
            if many := session.exec(due).one():
                yield f"{many} deadlines of {name} are due"


async def _on_the_way(town: Town) -> list[str]:
    client = await nats.connect(
        json.loads((town.home / "stack.json").read_text())["nats_url"],
        nkeys_seed=str(town.home / "keys" / "admin.nk"),
        inbox_prefix=b"_INBOX_admin",
        allow_reconnect=False,
        connect_timeout=2,
    )
    found = []
    try:
        jetstream = client.jetstream(timeout=2)
        for service, owners in HEARS.items():
            for owner in owners:
                info = await jetstream.consumer_info(stream_of(owner), service)
                waiting = (info.num_pending or 0) + (info.num_ack_pending or 0)
                if waiting:
                    found.append(f"{waiting} messages of {owner} wait for {service}")
    finally:
        await client.close()
    return found
