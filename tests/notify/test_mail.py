"""Mails as a real server receives them, with the invitations in them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP
from icalendar import Calendar
from sqlmodel import Session, select

from services.kit import clock, config
from services.kit.db import Database
from services.notify import mail
from services.notify.models import Message
from tests.notify import people
from tests.notify.conftest import Outbox
from tests.notify.people import CLERK, ENGLISH, LATER, LECTURER, actor, hear


@asynccontextmanager
async def sending(database: Database) -> AsyncIterator[None]:
    """The sender of the service, at work."""
    stopping = asyncio.Event()

    class App:
        class state:
            pass

    App.state.database = database  # type: ignore[attr-defined]
    task = asyncio.create_task(mail.deliver(App, stopping))  # type: ignore[arg-type]
    yield
    stopping.set()
    await asyncio.wait_for(task, 10)


def tell(database: Database, *said: Any) -> None:
    with database.transaction() as session:
        hear(session, *said)


def mails(database: Database) -> list[Message]:
    with database.snapshot() as session:
        chosen = select(Message).where(Message.channel == "email").order_by("id")
        return list(session.exec(chosen))


async def until(database: Database, status: str, count: int) -> list[Message]:
    async with asyncio.timeout(10):
        while len(found := [row for row in mails(database) if row.status == status]) < count:
            await asyncio.sleep(0.02)
    return found


def set_clock(at: datetime) -> None:
    """Move the district clock to this moment."""
    offset = (at - clock.real()).total_seconds()
    (config.home() / "clock.json").write_text(json.dumps({"offset_seconds": offset}))


@pytest.fixture(autouse=True)
def noon() -> None:
    set_clock(people.NOON)


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def address_of(mail: EmailMessage) -> str:
    spec: str = mail["To"].addresses[0].addr_spec
    return spec.encode("ascii", "surrogateescape").decode()


def name_of(mail: EmailMessage) -> str:
    """As RFC 2047 has it: between two encoded words there is no space. The parser of the standard
    library leaves one in names."""
    raw = next(value for name, value in mail.raw_items() if name == "To")
    if "=?" not in raw:
        return str(mail["To"].addresses[0].display_name)
    return str(make_header(decode_header(raw.rpartition("<")[0].strip())))


def calendar_of(mail: EmailMessage) -> tuple[str, Any, Any]:
    """The method of the part, the calendar, and its one event."""
    part = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    calendar = Calendar.from_ical(part.get_content())
    (event,) = calendar.walk("VEVENT")
    return str(part.get_param("method")), calendar, event


async def test_a_promise_a_retime_and_a_cancellation(database: Database, outbox: Outbox) -> None:
    him = {"by": actor(LECTURER)}
    async with sending(database):
        tell(database, people.assignment("committed", version=1, **him))
        tell(database, people.assignment("retimed", version=2, slot=LATER, sequence=1, **him))
        tell(database, people.assignment("released", version=3, slot=LATER, **him))
        received = await outbox.wait_for(4)  # the scheduler hears that he stepped back

    found = [calendar_of(one) for one in received if address_of(one) == "p6@xiqing.example"]
    assert [method for method, _, _ in found] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [str(c["method"]) for _, c, _ in found] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [int(event["sequence"]) for _, _, event in found] == [0, 1, 2]
    assert len({str(event["uid"]) for _, _, event in found}) == 1
    assert [str(event["status"]) for _, _, event in found] == ["CONFIRMED"] * 2 + ["CANCELLED"]
    starts = [event["dtstart"].to_ical() for _, _, event in found]
    assert starts == [b"20261203T060000Z", b"20261204T060000Z", b"20261204T060000Z"]


async def test_what_an_invitation_says(database: Database, outbox: Outbox) -> None:
    async with sending(database):
        tell(database, people.assignment("committed"))
        (received,) = await outbox.wait_for(1)

    _, _, event = calendar_of(received)
    assert str(event["summary"]) == "乡村振兴"
    assert str(event["location"]) == "镇党校大教室 杨柳青镇新华道1号"
    assert event["geo"].to_ical() == "39.13;117.0"
    assert str(event["description"]) == (
        "邀请函：约〔2026〕0001号\n学校：杨柳青镇党校\n讲师：𠮷田🌾老师\n人数：60\n联系人：张三 000"
    )
    assert str(event["organizer"]) == "mailto:yueke@yueke.party-school.cn"
    assert event["organizer"].params["CN"] == "西青区约课"
    assert str(event["attendee"]) == "mailto:p6@xiqing.example"
    assert event["attendee"].params["CN"] == "𠮷田🌾老师"
    assert event["dtstamp"].to_ical() == b"20261123T040000Z"


async def test_the_headers_of_a_mail(database: Database, outbox: Outbox) -> None:
    async with sending(database):
        tell(database, people.assignment("committed"))
        (received,) = await outbox.wait_for(1)
        (row,) = await until(database, "sent", 1)

    assert received["Message-ID"] == row.message_id == f"<{row.id}@yueke.party-school.cn>"
    assert received["Auto-Submitted"] == "auto-generated"
    assert received["Subject"] == "授课已确定：乡村振兴"
    assert str(received["To"].addresses[0].display_name) == "𠮷田🌾老师"
    assert str(received["From"].addresses[0].display_name) == "西青区约课"
    assert received["Date"].datetime == people.NOON
    assert [part.get_content_type() for part in received.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/calendar",
    ]
    assert "您已承诺讲授《乡村振兴》（12月3日（周四）14:00–17:00，" in text_of(received)
    assert f"http://127.0.0.1:8080/assignments/{UUID(int=0xA5)}" in text_of(received)
    assert row.response is not None and row.response.startswith("250")


async def test_english_names_with_every_awkward_character(
    database: Database, outbox: Outbox
) -> None:
    said = {"lecturer_id": people.OTHER_LECTURER_ID, "lecturer_name": ENGLISH.name}
    async with sending(database):
        tell(database, people.assignment("committed", **said))
        (received,) = await outbox.wait_for(1)

    assert str(received["To"].addresses[0].display_name) == ENGLISH.name
    assert received["Subject"] == "You teach: 乡村振兴"
    assert calendar_of(received)[2]["attendee"].params["CN"].replace("'", "") == (
        ENGLISH.name.replace("'", "")
    )


@pytest.mark.parametrize(
    "name", ["赵\r\nBcc: x@y.example", "𡃁𠮷" * 60, '"', "张，三; <a@b>", "🧑‍🌾"]
)
async def test_no_name_breaks_a_header(database: Database, outbox: Outbox, name: str) -> None:
    tell(database, people.account(LECTURER, 2, name=name))
    async with sending(database):
        tell(database, people.assignment("committed"))
        (received,) = await outbox.wait_for(1)

    assert name_of(received) == " ".join(name.split())
    assert received["Bcc"] is None
    assert len(received["To"].addresses) == 1


async def test_what_is_not_urgent_waits_until_quiet_hours_have_passed(
    database: Database, outbox: Outbox
) -> None:
    set_clock(people.NIGHT)
    async with sending(database):
        tell(database, people.order("returned", by=actor(people.COLLEAGUE)))
        tell(database, people.lesson("rescue_failed", by=actor(people.COLLEAGUE)))
        urgent = await outbox.wait_for(2)
        await asyncio.sleep(1.2)
        assert len(outbox.mails()) == 2
        set_clock(datetime(2026, 11, 23, 23, 31, tzinfo=UTC))  # 07:31
        received = await outbox.wait_for(4)

    assert {str(one["Subject"]) for one in urgent} == {"课次未能授课"}
    assert {str(one["Subject"]) for one in received[2:]} == {
        "邀请函约〔2026〕0001号退回补正",
        "课次未能授课",  # the supervisor's can wait
    }


async def test_who_does_not_want_quiet_hours_hears_at_night(
    database: Database, outbox: Outbox
) -> None:
    from services.notify import preferences
    from services.notify.models import Channel

    set_clock(people.NIGHT)
    with database.transaction() as session:
        wanted = preferences.Way(Channel.EMAIL, quiet_hours=False)
        preferences.put(session, [wanted], by=CLERK)
    async with sending(database):
        tell(database, people.order("returned"))
        await outbox.wait_for(1)
        await asyncio.sleep(1.2)

    assert [str(one["To"].addresses[0].addr_spec) for one in outbox.mails()] == [
        "p1@xiqing.example"
    ]


async def test_a_server_that_is_away_is_waited_for(
    database: Database, unused_tcp_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deploy import smtp_sink

    monkeypatch.setenv("YUEKE_SMTP", f"127.0.0.1:{unused_tcp_port}")
    async with sending(database):
        tell(database, people.assignment("committed"))
        await asyncio.sleep(0.3)
        assert [(row.status, row.tries) for row in mails(database)] == [("pending", 0)]
        server = await smtp_sink.serve(tmp_path / "outbox", unused_tcp_port)
        received = await Outbox(tmp_path / "outbox", unused_tcp_port).wait_for(1)
        await until(database, "sent", 1)
        server.close()

    assert len(received) == 1


class Moody:
    """A server that refuses some people for ever, others for a while, and hangs up on one."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.asked: list[str] = []

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        self.asked.append(address)
        if address.startswith("p1@"):
            return "550 no such person"
        if address.startswith("p2@") and self.asked.count(address) == 1:
            return "451 come back later"
        if address.startswith("p4@") and self.asked.count(address) == 1:
            server.transport.close()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken += envelope.rcpt_tos
        return "250 OK"


async def test_each_refusal_is_taken_as_it_is_meant(
    database: Database, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUEKE_SMTP", f"127.0.0.1:{unused_tcp_port}")
    moody = Moody()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(moody, hostname="moody", loop=loop), "127.0.0.1", unused_tcp_port
    )
    async with sending(database):
        tell(database, people.lesson("cancel", state="cancelled"))  # p1, p2 and p4
        await until(database, "sent", 2)
    server.close()

    assert sorted(moody.taken) == ["p2@xiqing.example", "p4@xiqing.example"]
    outcome = {row.account_id.int: (row.status, row.tries) for row in mails(database)}
    assert outcome == {1: ("failed", 1), 2: ("sent", 2), 4: ("sent", 2)}


async def test_an_address_that_is_none_fails_and_the_others_leave(
    database: Database, outbox: Outbox
) -> None:
    tell(database, people.account(CLERK, 2, email="not an address@@"))
    async with sending(database):
        tell(database, people.order("returned"))
        await until(database, "failed", 1)
        (received,) = await outbox.wait_for(1)

    assert received["To"].addresses[0].addr_spec == "p2@xiqing.example"


async def test_an_address_in_another_script_is_written_to(
    database: Database, outbox: Outbox
) -> None:
    tell(database, people.account(LECTURER, 2, email="讲师@例子.example"))
    async with sending(database):
        tell(database, people.assignment("committed"))
        (received,) = await outbox.wait_for(1)

    assert address_of(received) == "讲师@例子.example"


async def test_sent_again_after_a_crash_it_is_the_same_mail(
    database: Database, outbox: Outbox
) -> None:
    tell(database, people.assignment("committed"))
    with database.snapshot() as session:
        ready = mail.due(session)
    await mail.send(ready, asyncio.Event())  # and killed before it could note it
    async with sending(database):
        first, second = await outbox.wait_for(2)
        await until(database, "sent", 1)

    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes() == second.as_bytes()


def test_a_later_word_on_a_calendar_does_not_overtake_an_earlier_one(notify: Session) -> None:
    him = {"by": actor(LECTURER)}
    hear(notify, people.assignment("committed", version=1, **him))
    hear(notify, people.assignment("retimed", version=2, slot=LATER, sequence=1, **him))
    first = notify.exec(select(Message).order_by("id")).first()
    assert first is not None

    assert [sealed.id for sealed in mail.due(notify)] == [first.id]
    mail.note(notify, [mail.Outcome(first.id, 451, "later")], at=clock.real())
    assert mail.due(notify) == []
    mail.note(notify, [mail.Outcome(first.id, 250, "OK")], at=clock.real() + timedelta(minutes=1))
    assert len(mail.due(notify)) == 1
