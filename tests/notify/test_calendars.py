"""One UID for ever, a SEQUENCE that only rises, whatever the order in which it is heard."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from services.contracts.lecturer import AssignmentChanged
from services.notify.models import CalendarEntry, Message
from tests.notify import people
from tests.notify.people import LATER, LECTURER, NOON, OTHER_LECTURER_ID, actor, hear

AGAIN = UUID(int=0xA6)  # a second promise to the same lesson


def said(fact: str, version: int, **facts: Any) -> AssignmentChanged:
    facts = {"by": actor(LECTURER), "at": NOON + timedelta(minutes=version), **facts}
    return people.assignment(fact, version=version, **facts)


def invitations(session: Session) -> list[tuple[int, str]]:
    rows = session.exec(select(Message).order_by("id")).all()
    return [
        (row.calendar_sequence, str(row.calendar_method))
        for row in rows
        if row.calendar_sequence is not None
    ]


def entry(session: Session) -> CalendarEntry:
    return session.exec(select(CalendarEntry)).one()


def test_a_promise_is_0_a_retime_1_and_its_end_the_next(notify: Session) -> None:
    hear(notify, said("committed", 1))
    hear(notify, said("retimed", 2, slot=LATER, sequence=1))
    hear(notify, said("reconfirmed", 3, slot=LATER, sequence=1))
    hear(notify, said("released", 4, slot=LATER, sequence=1))

    assert invitations(notify) == [(0, "REQUEST"), (1, "REQUEST"), (2, "CANCEL")]
    uids = {row.calendar_uid for row in notify.exec(select(Message)) if row.calendar_uid}
    assert uids == {entry(notify).uid}
    assert entry(notify).starts_at == LATER.starts_at


def test_promised_again_it_is_the_same_entry_and_rises(notify: Session) -> None:
    hear(notify, said("committed", 1), said("voided", 2))
    later = NOON + timedelta(days=1)
    hear(notify, said("committed", 1, key=AGAIN, at=later))

    assert invitations(notify) == [(0, "REQUEST"), (1, "CANCEL"), (2, "REQUEST")]
    assert (entry(notify).status, entry(notify).assignment_id) == ("confirmed", AGAIN)


def test_an_older_word_after_a_newer_one_never_lowers_it(notify: Session) -> None:
    hear(notify, said("retimed", 2, slot=LATER, sequence=1))
    hear(notify, said("committed", 1))

    assert invitations(notify) == [(1, "REQUEST")]
    assert (entry(notify).sequence, entry(notify).starts_at) == (1, LATER.starts_at)
    mails = notify.exec(select(Message).where(Message.channel == "email")).all()
    assert [(mail.kind, mail.calendar_uid is None) for mail in mails] == [
        ("assignment_retimed", False),
    ]


def test_an_end_heard_before_its_beginning_sends_nobody_anywhere(notify: Session) -> None:
    hear(notify, said("voided", 2, by=people.NOBODY))
    hear(notify, said("committed", 1))

    assert invitations(notify) == []
    assert (entry(notify).sequence, entry(notify).status) == (-1, "cancelled")


def test_a_word_between_does_not_swallow_the_promise(notify: Session) -> None:
    hear(notify, said("reconfirmed", 2))
    hear(notify, said("committed", 1))

    assert invitations(notify) == [(0, "REQUEST")]


def test_the_end_of_an_old_promise_does_not_end_the_new_one(notify: Session) -> None:
    hear(notify, said("committed", 1))
    hear(notify, said("committed", 1, key=AGAIN, at=NOON + timedelta(days=1)))
    hear(notify, said("released", 2))

    assert invitations(notify) == [(0, "REQUEST"), (1, "REQUEST")]
    assert entry(notify).status == "confirmed"


def test_heard_twice_it_is_sent_once(notify: Session) -> None:
    first = said("committed", 1)
    hear(notify, first, first, said("retimed", 2, slot=LATER, sequence=1), first)

    assert invitations(notify) == [(0, "REQUEST"), (1, "REQUEST")]


def test_each_person_has_an_entry_of_his_own(notify: Session) -> None:
    other = {"lecturer_id": OTHER_LECTURER_ID, "key": AGAIN}
    hear(notify, said("committed", 1), said("replaced", 2), said("committed", 1, **other))

    entries = notify.exec(select(CalendarEntry).order_by("account_id")).all()
    assert [(row.sequence, row.status) for row in entries] == [(1, "cancelled"), (0, "confirmed")]
    assert len({row.uid for row in entries}) == 2


def test_an_urgent_cancellation_takes_the_waiting_invitation_with_it(notify: Session) -> None:
    hear(notify, said("committed", 1))
    near = people.SLOT.starts_at - timedelta(hours=3)
    hear(notify, said("voided", 2, at=near, by=people.NOBODY))

    mails = notify.exec(select(Message).where(Message.channel == "email").order_by("id")).all()
    assert [mail.waits for mail in mails] == [False, False]
