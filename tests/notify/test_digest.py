"""What happens to a person many times at once is told to him once, and nothing is lost."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlmodel import Session, select

from services.kit import config
from services.kit.db import Database
from services.kit.timers import Timer
from services.notify import digests
from services.notify.models import Gathered, Message
from tests.notify import people
from tests.notify.conftest import Outbox
from tests.notify.people import CLERK, COLLEAGUE, LECTURER, NOON, PLAN, SCHEDULER, hear
from tests.notify.test_mail import sending, set_clock, text_of

SECOND = timedelta(seconds=1)
OFFERED, PLACED = "offer_received", "lesson_placed"


@pytest.fixture(autouse=True)
def noon() -> None:
    set_clock(NOON)


def offers(many: int, **facts: Any) -> list[Any]:
    """So many offers to one lecturer, sent because a plan was published."""
    return [people.offer("sent", batch=PLAN, **facts) for _ in range(many)]


def placed(many: int) -> list[Any]:
    return [people.lesson("place", key=uuid4(), batch=PLAN) for _ in range(many)]


def kinds(session: Session, person: Any, channel: str = "inapp") -> list[str]:
    mine = select(Message).where(Message.account_id == person.id, Message.channel == channel)
    return [row.kind for row in session.exec(mine.order_by("id"))]


def due(session: Session) -> datetime:
    return session.get_one(Timer, (PLAN, digests.SEND)).due_at


def over(session: Session) -> None:
    """The plan is published, and its time to be quiet has passed."""
    hear(session, people.plan("published"))
    digests.send(session, PLAN, NOON + timedelta(minutes=1))


def test_one_message_for_all_invitations_of_a_plan(notify: Session) -> None:
    later = people.offer("sent", batch=PLAN, seat=people.seat(people.LATER))

    hear(notify, people.plan("publishing"), later, *offers(2), *placed(3))
    assert people.told(notify) == []
    over(notify)

    assert kinds(notify, LECTURER) == kinds(notify, LECTURER, "email") == ["offers_received"]
    assert kinds(notify, CLERK) == kinds(notify, COLLEAGUE) == ["lessons_placed"]
    assert kinds(notify, SCHEDULER) == ["plan_published"]
    said = people.message(notify, LECTURER).parameters
    assert said["count"] == 3
    assert said["items"][-1]["about"] == {
        "offer_id": str(later.key),
        "lesson_id": str(people.LESSON),
    }
    assert notify.exec(select(Gathered)).all() == []


def test_a_single_one_is_told_as_it_always_is(notify: Session) -> None:
    (only,) = offers(1)

    hear(notify, only)
    over(notify)

    message = people.message(notify, LECTURER)
    assert (message.kind, message.event_id, message.link) == (
        OFFERED,
        only.id,
        f"/offers/{only.key}",
    )


def test_what_is_soon_does_not_wait_for_the_others(notify: Session) -> None:
    hear(notify, *offers(2), people.offer("sent", batch=PLAN, expires_at=NOON + timedelta(hours=2)))

    assert kinds(notify, LECTURER) == [OFFERED]


def test_what_has_no_batch_is_told_at_once(notify: Session) -> None:
    hear(notify, people.offer("sent"), people.lesson("place"))

    assert (kinds(notify, LECTURER), kinds(notify, CLERK)) == ([OFFERED], [PLACED])


def test_what_has_moved_on_is_no_news(notify: Session) -> None:
    answered, revoked, *open_ = offers(4)
    by = people.actor(LECTURER)
    confirmed, *waiting = placed(3)

    hear(notify, answered, revoked, *open_, confirmed, *waiting)
    hear(notify, people.offer("accepted", key=answered.key, version=2, by=by))
    hear(notify, people.offer("revoked", key=revoked.key, version=2))
    hear(notify, people.lesson("all_seats_filled", key=confirmed.key, version=2))
    over(notify)

    assert kinds(notify, LECTURER) == ["offer_revoked", "offers_received"]
    assert kinds(notify, CLERK) == ["lesson_confirmed", "lessons_placed"]
    row = notify.exec(select(Message).where(Message.kind == "offers_received")).first()
    assert row is not None
    assert [item["about"]["offer_id"] for item in row.parameters["items"]] == [
        str(one.key) for one in sorted(open_, key=lambda one: one.id)
    ]


def test_what_a_batch_says_after_its_end_is_told_by_itself(notify: Session) -> None:
    hear(notify, *offers(2))
    over(notify)

    hear(notify, *offers(1))

    assert kinds(notify, LECTURER) == ["offers_received", OFFERED]


def test_nothing_waits_for_a_publishing_that_never_ends(notify: Session) -> None:
    hear(notify, *offers(2))
    assert due(notify) - NOON < digests.LONGEST + SECOND

    digests.send(notify, PLAN, due(notify))
    set_clock(NOON + digests.LONGEST)
    hear(notify, *offers(3))
    digests.send(notify, PLAN, due(notify))

    assert kinds(notify, LECTURER) == ["offers_received"] * 2


def test_it_is_over_when_it_is_published_and_quiet(notify: Session) -> None:
    hear(notify, *offers(2), people.plan("published"))
    first = due(notify)
    set_clock(NOON + 20 * SECOND)
    hear(notify, *offers(1))

    assert first - NOON < digests.QUIET + SECOND
    assert due(notify) - first > 19 * SECOND


def test_hearing_it_all_twice_tells_it_once(notify: Session) -> None:
    said = [*offers(2), *placed(2), people.plan("published")]

    hear(notify, *said)
    assert set(hear(notify, *said)) == {"known"}
    digests.send(notify, PLAN, NOON)

    assert [kinds(notify, one) for one in (LECTURER, CLERK)] == [
        ["offers_received"],
        ["lessons_placed"],
    ]
    assert people.message(notify, CLERK).parameters["count"] == 2


def test_of_a_district_only_its_own_people_are_told(notify: Session) -> None:
    hear(notify, *placed(2))
    over(notify)

    assert kinds(notify, people.STRANGER) == kinds(notify, people.ENGLISH) == []


async def test_a_mail_answers_each_of_them(database: Database, outbox: Outbox) -> None:
    config.link_key().parent.mkdir(parents=True, exist_ok=True)
    config.link_key().write_bytes(b"k" * 32)
    with database.transaction() as session:
        hear(session, *offers(3))
        over(session)
    async with sending(database):
        received = await outbox.wait_for(2)  # and the scheduler's

    (mail,) = [one for one in received if one["Subject"] == "您有3个新的授课邀请"]
    text = text_of(mail)
    assert text.count("直接答复") == 3
    assert text.count("/offers/") == 3
    assert "1. 杨柳青镇党校：《乡村振兴》（12月3日（周四）14:00–17:00，镇党校大教室" in text


async def test_it_is_read_as_a_list_with_links(
    client: httpx.AsyncClient, database: Database
) -> None:
    sent = offers(2)
    with database.transaction() as session:
        hear(session, *sent)
        over(session)

    found = await client.get("/api/notify/messages", headers=people.headers(LECTURER))
    english = await client.get("/api/notify/messages", headers=people.headers(SCHEDULER))

    (message,) = found.json()["items"]
    assert message["title"] == "您有2个新的授课邀请"
    assert {item["link"] for item in message["items"]} == {f"/offers/{one.key}" for one in sent}
    assert all("《乡村振兴》" in item["text"] for item in message["items"])
    (summary,) = english.json()["items"]
    assert summary["body"] == (
        "2026年12月7日（周一）至2026年12月18日（周五）的排课方案已发布："
        "排定27课次，并已派单。1课次没有排：课次有了变化 1。"
    )
    assert summary["items"] == []
    assert UUID(summary["about"]["plan_id"]) == PLAN
