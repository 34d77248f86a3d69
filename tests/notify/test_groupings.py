"""Who hears of lessons that are put together, and in which words."""

from uuid import uuid4

from sqlmodel import Session

from tests.notify import people
from tests.notify.people import CLERK, COLLEAGUE, LESSON, SCHEDULER, STRANGER, hear, told

HERE = (CLERK, COLLEAGUE)  # the two of one school


def test_both_schools_are_asked_and_told_what_came_of_it(notify: Session) -> None:
    hear(notify, people.grouping("proposed"), people.grouping("side_agreed"))

    heard = [(one.name, "merge_proposed") for one in (*HERE, STRANGER)]
    assert told(notify) == sorted(heard)

    hear(notify, people.grouping("applied", state="applied"))

    heard = [(one.name, "merge_applied") for one in (*HERE, STRANGER, SCHEDULER)]
    assert [row for row in told(notify) if row[1] == "merge_applied"] == sorted(heard)


def test_only_the_school_that_would_move_is_asked(notify: Session) -> None:
    hear(notify, people.grouping("proposed", kind="route"))
    hear(notify, people.grouping("declined", kind="route", state="declined"))

    heard = [(one.name, "route_proposed") for one in HERE]
    heard += [(one.name, "grouping_declined") for one in (*HERE, SCHEDULER)]
    assert told(notify) == sorted(heard)


def test_what_only_carries_out_a_proposal_asks_nobody_again(notify: Session) -> None:
    hear(notify, people.change("proposed", proposed_by="scheduler", grouping_id=uuid4()))
    hear(notify, people.change("agreed", grouping_id=uuid4()))

    assert told(notify) == []


def test_the_guests_hear_who_comes_to_the_lesson(notify: Session) -> None:
    guest = {"school_id": people.OTHER_SCHOOL, "key": uuid4(), "joined_to": LESSON}
    hear(notify, people.lesson("join", state="joined", **guest))

    hear(notify, people.lesson("all_seats_filled", guest_people=30))

    heard = [(one.name, "lesson_confirmed") for one in (*HERE, STRANGER)]
    assert told(notify) == sorted(heard)


def test_a_lesson_without_guests_is_the_schools_own(notify: Session) -> None:
    hear(notify, people.lesson("all_seats_filled"))

    assert told(notify) == sorted((one.name, "lesson_confirmed") for one in HERE)
