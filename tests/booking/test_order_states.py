"""Booking: every verb of a letter x every state x every role, executed. The table of the design
(tests/fixtures/states.csv) says what must happen, not the code's own."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from services.booking import deadlines, order_door, orders, review
from services.booking.models import Lesson, Order, OrderLine
from services.booking.schemas import LineIn
from services.booking.states import ORDER, OrderState
from services.kit.auth import Caller, Role
from services.kit.errors import Refusal
from tests.booking.letter_world import DAY, NOON, XIQING, YANG, a_line, approved, told

FIXTURE = Path(__file__).parents[1] / "fixtures" / "states.csv"
WHO = {
    "school": Role.TOWNSHIP,
    "scheduler": Role.SCHEDULER,
    "supervisor": Role.SUPERVISOR,
    "timer": Role.TIMER,
    "system": Role.SYSTEM,
}
PEOPLE = [Role.TOWNSHIP, Role.SCHEDULER, Role.LECTURER, Role.SUPERVISOR, Role.ADMINISTRATOR]

Say = Callable[[Session, UUID, Caller], Any]


def rows() -> list[dict[str, str]]:
    with FIXTURE.open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["machine"] == "order"]


ROWS = rows()


def settle(session: Session, id: UUID, by: Caller) -> None:
    order_door.settle(session, id, at=NOON)


def amend(session: Session, id: UUID, by: Caller) -> None:
    line = LineIn.model_validate(a_line(notes="改"))
    review.amend_lines(session, id, lines={1: line.columns()}, by=by, at=NOON)


def cancel(session: Session, id: UUID, by: Caller) -> None:
    orders.cancel_order(session, id, reason="停电", by=by, at=NOON)


# What people and clocks say; one URL may mean several rows of the table.
SAID: dict[str, tuple[set[str], Say]] = {
    "submit": ({"submit"}, lambda s, id, by: orders.submit(s, id, by=by, at=NOON)),
    "discard": ({"discard"}, lambda s, id, by: orders.discard(s, id, by=by, at=NOON)),
    "resubmit": ({"resubmit"}, lambda s, id, by: orders.resubmit(s, id, by=by, at=NOON)),
    "withdraw": ({"withdraw"}, lambda s, id, by: orders.withdraw(s, id, by=by, at=NOON)),
    "cancel_order": ({"cancel_order", "cancel_order_by_district"}, cancel),
    "reopen": ({"reopen"}, lambda s, id, by: orders.reopen(s, id, reason="复核", by=by, at=NOON)),
    "approve": ({"approve"}, lambda s, id, by: review.approve(s, id, by=by, at=NOON)),
    "return_for_fix": (
        {"return_for_fix"},
        lambda s, id, by: review.return_for_fix(s, id, fields=[], reason="改", by=by, at=NOON),
    ),
    "reject": ({"reject"}, lambda s, id, by: review.reject(s, id, reason="不", by=by, at=NOON)),
    "amend_lines": ({"amend_lines"}, amend),
    "review_lines": (
        {"review_lines"},
        lambda s, id, by: review.review_lines(s, id, by=by, at=NOON),
    ),
    "stale_or_dates_past": (
        {"stale_or_dates_past"},
        lambda s, id, by: deadlines.stale_or_dates_past(s, id, NOON),
    ),
    "review_sla": ({"review_sla"}, lambda s, id, by: deadlines.review_sla(s, id, NOON)),
    "all_dates_past": ({"all_dates_past"}, lambda s, id, by: deadlines.all_dates_past(s, id, NOON)),
    "fix_deadline": ({"fix_deadline"}, lambda s, id, by: deadlines.fix_deadline(s, id, NOON)),
    "all_lessons_settled_some_verified": ({"all_lessons_settled_some_verified"}, settle),
    "all_lessons_settled_none_verified": ({"all_lessons_settled_none_verified"}, settle),
}
LESSONS = {
    "all_lessons_settled_some_verified": "verified",
    "all_lessons_settled_none_verified": "written_off",
}


def test_every_row_of_the_table_is_said_by_somebody() -> None:
    assert {verb for verbs, _ in SAID.values() for verb in verbs} == {r["verb"] for r in ROWS}
    assert {m.verb for m in ORDER.moves} == {r["verb"] for r in ROWS}


@pytest.mark.parametrize("url", SAID)
def test_a_letter_does_what_the_table_says_and_nothing_else(xiqing: Session, url: str) -> None:
    verbs, say = SAID[url]
    order = approved(xiqing)
    mine = [row for row in ROWS if row["verb"] in verbs]
    by_itself = {row["by"] for row in mine} <= {"timer", "system"}

    for state in OrderState:
        for role in [WHO[mine[0]["by"]]] if by_itself else PEOPLE:
            wanted = [r for r in mine if r["from"] == state and WHO[r["by"]] == role]
            attempt = xiqing.begin_nested()
            arrange(xiqing, order, state, url)
            before = told(xiqing, order.id)
            by = Caller(UUID(int=77), frozenset({role}), XIQING, school_id=YANG)
            try:
                say(xiqing, order.id, by)
            except Refusal:
                assert not wanted, (url, state, role)
            after = told(xiqing, order.id)[len(before) :]
            expected = [(r["verb"], str(state), r["to"]) for r in wanted]
            assert after == expected, (url, state, role)
            assert xiqing.get_one(Order, order.id).state == (wanted[0]["to"] if wanted else state)
            attempt.rollback()
            xiqing.expire_all()


def arrange(session: Session, order: Order, state: OrderState, url: str) -> None:
    """A letter in that state whose line and lesson do not stand in the way of the verb."""
    number = None if state == OrderState.DRAFT else order.number
    session.execute(sa.update(Order).values(state=state, number=number))
    returned = url in ("amend_lines", "review_lines")
    review_of = {"review": "returned", "mended_at": NOON} if returned else {"review": "approved"}
    session.execute(sa.update(OrderLine).values(**review_of, fix_due_at=NOON + DAY))
    lesson = {"state": LESSONS.get(url, "requested"), "fault": "none", "notice": "early"}
    session.execute(sa.update(Lesson).where(col(Lesson.order_id) == order.id).values(**lesson))
    session.expire_all()
