"""Who is told, exactly once, and what may be said back."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from services.kit.errors import Conflict, Invalid, NotFound
from services.notify import handlers, messages, preferences
from services.notify.models import Account, Channel, LessonCopy, Message
from services.notify.preferences import Way
from tests.notify import people
from tests.notify.people import (
    CLERK,
    COLLEAGUE,
    LECTURER,
    LECTURER_ID,
    NIGHT,
    NOON,
    SCHEDULER,
    STRANGER,
    SUPERVISOR,
    actor,
    hear,
    message,
    told,
)


def test_all_clerks_of_the_school_are_told_and_nobody_of_another(notify: Session) -> None:
    hear(notify, people.order("returned", by=actor(SCHEDULER)))

    expected = sorted([(CLERK.name, "order_returned"), (COLLEAGUE.name, "order_returned")])
    assert told(notify) == expected
    assert told(notify, "email") == expected


def test_who_did_it_himself_is_not_told(notify: Session) -> None:
    hear(notify, people.lesson("cancel", state="cancelled", by=actor(CLERK)))

    assert told(notify) == sorted(
        [(COLLEAGUE.name, "lesson_cancelled"), (SCHEDULER.name, "lesson_cancelled")]
    )


def test_heard_twice_is_told_once(notify: Session) -> None:
    said = people.order("returned")

    assert hear(notify, said, said) == ["done", "known"]
    handlers.tell(notify, said)  # and without the inbox in front of it
    assert told(notify) == sorted(
        [(CLERK.name, "order_returned"), (COLLEAGUE.name, "order_returned")]
    )


def test_an_older_word_is_told_too_but_changes_no_copy(notify: Session) -> None:
    hear(notify, people.lesson("cancel", version=5, state="cancelled", slot=None))
    hear(notify, people.lesson("all_seats_filled", version=4))

    assert notify.get_one(LessonCopy, people.LESSON).state == "cancelled"
    assert (CLERK.name, "lesson_confirmed") in told(notify)


def test_an_older_account_changes_nothing(notify: Session) -> None:
    outcomes = hear(
        notify,
        people.account(CLERK, 3, name="新名字", active=False),
        people.account(CLERK, 2, name="旧名字"),
    )

    assert outcomes == ["done", "stale"]
    assert notify.get_one(Account, CLERK.id).name == "新名字"


def test_who_may_not_sign_in_is_not_told(notify: Session) -> None:
    hear(notify, people.account(CLERK, 2, active=False))
    hear(notify, people.order("returned"))

    assert told(notify) == [(COLLEAGUE.name, "order_returned")]


@pytest.mark.parametrize(
    ("side", "hearers"), [("township", [SCHEDULER]), ("scheduler", [CLERK, COLLEAGUE])]
)
def test_the_other_side_hears_a_proposal(notify: Session, side: str, hearers: list[Any]) -> None:
    hear(notify, people.change("proposed", proposed_by=side))

    assert told(notify) == sorted((person.name, "change_proposed") for person in hearers)


def test_what_a_lecturer_did_himself_only_his_calendar_is_told(notify: Session) -> None:
    hear(notify, people.assignment("committed", by=actor(LECTURER)))

    assert told(notify) == []
    assert told(notify, "email") == [(LECTURER.name, "assignment_committed")]


def test_what_was_recorded_for_a_lecturer_he_is_told_with_who_and_how(notify: Session) -> None:
    by = actor(SCHEDULER, on_behalf_of=LECTURER_ID, channel="phone")
    hear(notify, people.offer("accepted", by=by, note="上午十点通话"))

    assert told(notify) == [(LECTURER.name, "recorded_on_behalf")]
    row = message(notify, LECTURER)
    assert row.objectable
    assert {name: row.parameters[name] for name in row.parameters if "record" in name} == {
        "recorded_by": "排课员",
        "recorded_role": "scheduler",
        "recorded_channel": "phone",
        "recorded_note": "上午十点通话",
    }


def test_what_was_recorded_for_another_is_not_recorded_for_him(notify: Session) -> None:
    by = actor(SCHEDULER, on_behalf_of=people.OTHER_LECTURER_ID, channel="phone")
    hear(notify, people.assignment("replaced", by=by))

    row = message(notify, LECTURER)
    assert (row.kind, row.objectable) == ("assignment_replaced", False)


def test_a_lecturer_objects_once_and_the_schedulers_are_told(notify: Session) -> None:
    by = actor(CLERK, on_behalf_of=LECTURER_ID, channel="phone")
    hear(notify, people.offer("accepted", by=by, note="通话"))
    row = message(notify, LECTURER)
    before = len(told(notify))

    messages.object_to(notify, row.id, text="没有这个电话", by=LECTURER, at=NOON)
    with pytest.raises(Conflict, match="already_objected"):
        messages.object_to(notify, row.id, text="没有", by=LECTURER, at=NOON)

    assert len(told(notify)) == before + 1
    objection = notify.exec(
        select(Message).where(Message.kind == "objection_raised", Message.channel == "inapp")
    ).one()
    assert objection.account_id == SCHEDULER.id
    assert objection.parameters["text"] == "没有这个电话"
    assert objection.parameters["act"] == "offer.accepted"


def test_an_ordinary_message_cannot_be_objected_to(notify: Session) -> None:
    hear(notify, people.order("returned"))
    row = message(notify, CLERK)

    with pytest.raises(Conflict, match="not_objectable"):
        messages.object_to(notify, row.id, text="不对", by=CLERK, at=NOON)
    with pytest.raises(NotFound, match="not_found"):
        messages.object_to(notify, row.id, text="不对", by=STRANGER, at=NOON)


def test_what_is_near_or_urgent_does_not_wait_for_the_morning(notify: Session) -> None:
    near = NIGHT + timedelta(minutes=30)
    hear(notify, people.offer("sent", at=NIGHT))
    hear(notify, people.offer("sent", at=NIGHT, expires_at=near))
    hear(notify, people.lesson("rescue_failed", at=NIGHT))

    mails = notify.exec(select(Message).where(Message.channel == "email").order_by("id")).all()
    assert [(mail.kind, mail.waits) for mail in mails if mail.account_id == LECTURER.id] == [
        ("offer_received", True),
        ("offer_received", False),
    ]
    assert {mail.waits for mail in mails if mail.kind == "lesson_not_delivered"} == {False, True}
    supervisor = [mail.waits for mail in mails if mail.account_id == SUPERVISOR.id]
    assert supervisor == [True]


def test_the_holder_hears_that_his_lesson_is_suspended(notify: Session) -> None:
    hear(notify, people.assignment("committed", by=actor(LECTURER)))
    hear(notify, people.lesson("suspend", state="suspended"))

    assert (LECTURER.name, "lesson_suspended") in told(notify)


def test_a_lesson_that_lost_its_slot_is_told_with_the_one_it_had(notify: Session) -> None:
    hear(notify, people.lesson("place", version=1))
    hear(notify, people.lesson("unplace", version=2, slot=None, place=None, state="unplaced"))

    rows = notify.exec(select(Message).where(Message.kind == "lesson_unplaced")).all()
    assert {row.parameters["starts_at"] for row in rows} == {people.SLOT.starts_at.isoformat()}


def test_a_rescue_that_found_nobody_is_told_once(notify: Session) -> None:
    hear(notify, people.lesson("seat_lost_late", state="at_risk"))
    said = {"excluded": {"wrong_pool": 3}}
    hear(notify, people.staffing("exhausted", version=2, **said))
    hear(notify, people.staffing("exhausted", version=3, **said))

    kinds = [kind for name, kind in told(notify) if name == SCHEDULER.name]
    assert kinds == ["lesson_at_risk", "lesson_rescue_exhausted"]


def test_the_school_is_asked_about_each_substitute_once(notify: Session) -> None:
    first, second = uuid4(), uuid4()
    hear(notify, people.lesson("seat_lost_late", state="at_risk", by=actor(CLERK)))
    for version, holder in enumerate([first, first, second], 2):
        hear(
            notify,
            people.staffing("held", version=version, waived=["wrong_pool"], assignment_id=holder),
        )

    kinds = [kind for name, kind in told(notify) if name == CLERK.name]
    assert kinds == ["lesson_downgrade_asked"] * 2


def test_mail_turned_off_is_not_written(notify: Session) -> None:
    ways, version = preferences.put(notify, [Way(Channel.EMAIL, on=False)], by=CLERK)
    hear(notify, people.order("returned"))

    assert version == 1
    assert ways[1] == Way(Channel.EMAIL, on=False)
    assert told(notify, "email") == [(COLLEAGUE.name, "order_returned")]
    assert (CLERK.name, "order_returned") in told(notify)


def test_what_is_read_here_cannot_be_turned_off(notify: Session) -> None:
    with pytest.raises(Invalid, match="channel_always_on"):
        preferences.put(notify, [Way(Channel.INAPP, on=False)], by=CLERK)


def test_reading_everything_counts_what_was_unread(notify: Session) -> None:
    hear(notify, people.order("returned"), people.order("approved"), people.order("closed"))
    row = notify.exec(select(Message).where(Message.account_id == CLERK.id)).first()
    assert row is not None
    inapp = notify.exec(
        select(Message).where(Message.account_id == CLERK.id, Message.channel == "inapp")
    ).all()
    messages.read(notify, inapp[0].id, by=CLERK, at=NOON)

    assert messages.read_all(notify, by=CLERK, at=NOON) == 2
    assert messages.read_all(notify, by=CLERK, at=NOON) == 0


def test_every_school_hears_of_a_season_and_the_schedulers_that_it_can_be_allocated(
    notify: Session,
) -> None:
    hear(notify, people.season("opened", by=actor(SCHEDULER)), people.season("allocating"))
    schools = sorted((who.name, "season_opened") for who in (CLERK, COLLEAGUE, STRANGER))
    assert told(notify) == schools
    assert told(notify, "email") == schools

    hear(notify, people.season("closed", verb="collecting_ends"))

    assert told(notify) == sorted([*schools, (SCHEDULER.name, "season_closed")])
    row = message(notify, SCHEDULER)
    assert (row.link.partition("/seasons/")[0], row.parameters["lessons"]) == ("", 40)
