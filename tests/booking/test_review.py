"""Booking: review line by line, and mending what came back."""

import pytest
from sqlmodel import Session

from services.booking import orders, queries, review
from services.booking.models import Order
from services.booking.review import Decision
from services.booking.schemas import LineIn
from services.kit.errors import Conflict, Forbidden, Invalid
from tests.booking.letter_world import (
    CLERK,
    DAY,
    HOUR,
    NOON,
    SCHEDULER,
    a_line,
    a_wish,
    approved,
    lessons_of,
    local,
    put,
    ref,
    reviews_of,
    states_of,
    submitted,
    timers_of,
    told,
)

RETURN_TWO = Decision(2, "return", ["wishes"], None, "场地维修")
ANOTHER_DAY = a_line(slots=[a_wish("2026-12-10")])


def amend(session: Session, order: Order, at: object = NOON, **lines: dict[str, object]) -> Order:
    mended = {
        int(name.removeprefix("line_")): LineIn.model_validate(line).columns()
        for name, line in lines.items()
    }
    return review.amend_lines(session, order.id, lines=mended, by=CLERK, at=NOON + DAY)


def test_lines_not_named_are_approved(xiqing: Session) -> None:
    order = approved(xiqing, a_line(), a_line())

    assert order.state == "approved"
    assert reviews_of(xiqing, order) == ["approved", "approved"]
    assert states_of(xiqing, order) == ["unplaced", "unplaced"]
    assert timers_of(xiqing, order.id) == {}
    [lesson, _] = lessons_of(xiqing, order)
    assert told(xiqing, lesson.id)[-1] == ("line_approved", "requested", "unplaced")


def test_each_line_goes_its_own_way(xiqing: Session) -> None:
    order = approved(
        xiqing,
        *[a_line()] * 3,
        decisions=[RETURN_TWO, Decision(3, "refuse", reason="没有这样的课")],
    )

    lines = orders.lines_of(xiqing, order.id)
    assert reviews_of(xiqing, order) == ["approved", "returned", "refused"]
    assert states_of(xiqing, order) == ["unplaced", "requested", "cancelled"]
    assert (lines[1].review_fields, lines[1].fix_due_at) == (["wishes"], NOON + 10 * DAY)
    waiting = lessons_of(xiqing, order)[1]
    assert timers_of(xiqing, waiting.id) == {"line_fix_deadline": NOON + 10 * DAY}
    refused = lessons_of(xiqing, order)[2]
    assert (refused.reason_code, refused.reason) == ("line_refused", "没有这样的课")


def test_a_letter_of_refusals_only_ends_by_itself(xiqing: Session) -> None:
    order = approved(xiqing, a_line(), decisions=[Decision(1, "refuse", reason="重复")])

    assert [verb for verb, _, _ in told(xiqing, order.id)] == [
        "submit",
        "approve",
        "all_lessons_settled_none_verified",
    ]
    assert (order.state, order.reason_code, order.fault, order.notice) == (
        "cancelled",
        "no_lesson_held",
        "none",
        "early",
    )


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        (Decision(7, "approve"), "line_unknown"),
        (Decision(1, "refuse"), "reason_required"),
        (Decision(1, "return", ["wishes"], None, " "), "reason_required"),
        (Decision(1, "return", ["colour"], None, "请改"), "fields_unknown"),
        (Decision(1, "return", ["wishes"], NOON, "请改"), "due_in_the_past"),
    ],
)
def test_a_decision_makes_sense_or_is_refused(
    xiqing: Session, decision: Decision, code: str
) -> None:
    order = submitted(xiqing)

    with pytest.raises(Invalid, match=code):
        review.approve(xiqing, order.id, decisions=[decision], by=SCHEDULER, at=NOON)


def test_a_line_is_decided_once(xiqing: Session) -> None:
    order = submitted(xiqing)
    twice = [Decision(1, "approve"), Decision(1, "refuse", reason="不")]

    with pytest.raises(Invalid, match="line_repeated"):
        review.approve(xiqing, order.id, decisions=twice, by=SCHEDULER, at=NOON)


def test_a_mended_line_is_reviewed_alone(xiqing: Session) -> None:
    order = approved(xiqing, a_line(), a_line(), decisions=[RETURN_TWO])

    amend(xiqing, order, line_2=ANOTHER_DAY)

    waiting = lessons_of(xiqing, order)[1]
    assert told(xiqing, order.id)[-1] == ("amend_lines", "approved", "approved")
    assert told(xiqing, waiting.id)[-1] == ("amended", "requested", "requested")
    assert waiting.wishes[0]["starts_at"] == "2026-12-10T00:30:00+00:00"
    assert timers_of(xiqing, waiting.id) == {"line_fix_deadline": local("2026-12-10 11:30")}

    review.review_lines(xiqing, order.id, by=SCHEDULER, at=NOON + 2 * DAY)

    assert reviews_of(xiqing, order) == ["approved", "approved"]
    assert states_of(xiqing, order) == ["unplaced", "unplaced"]
    assert told(xiqing, order.id)[-1] == ("review_lines", "approved", "approved")


def test_only_the_named_fields_of_a_returned_line_may_differ(xiqing: Session) -> None:
    order = approved(xiqing, a_line(), a_line(), decisions=[RETURN_TWO])

    with pytest.raises(Conflict, match="field_not_open") as refused:
        amend(xiqing, order, line_2=a_line(expected_attendees=50))
    assert refused.value.facts["fields"] == ["expected_attendees"]
    with pytest.raises(Conflict, match="line_not_returned"):
        amend(xiqing, order, line_1=ANOTHER_DAY)
    with pytest.raises(Invalid, match="line_unknown"):
        amend(xiqing, order, line_9=ANOTHER_DAY)


def test_a_mended_line_is_held_against_the_rules_again(xiqing: Session) -> None:
    order = approved(xiqing, a_line(), a_line(), decisions=[RETURN_TWO])

    with pytest.raises(Invalid, match="lines_invalid") as refused:
        amend(xiqing, order, line_2=a_line(slots=[a_wish("2026-12-13")]))

    [error] = refused.value.facts["errors"]
    assert (error["line"], error["code"]) == (2, "not_a_teaching_day")


def test_there_may_be_nothing_to_review(xiqing: Session) -> None:
    order = approved(xiqing, a_line(), a_line(), decisions=[RETURN_TWO])

    with pytest.raises(Conflict, match="no_line_to_review"):
        review.review_lines(xiqing, order.id, by=SCHEDULER, at=NOON)
    with pytest.raises(Conflict, match="line_not_returned"):
        review.review_lines(
            xiqing, order.id, decisions=[Decision(1, "approve")], by=SCHEDULER, at=NOON
        )


def test_a_line_may_come_back_twice_and_then_be_refused(xiqing: Session) -> None:
    order = approved(xiqing, a_line(), a_line(), decisions=[RETURN_TWO])
    amend(xiqing, order, line_2=ANOTHER_DAY)
    review.review_lines(xiqing, order.id, decisions=[RETURN_TWO], by=SCHEDULER, at=NOON + DAY)
    assert reviews_of(xiqing, order) == ["approved", "returned"]

    no = Decision(2, "refuse", reason="仍不合适")
    review.review_lines(xiqing, order.id, decisions=[no], by=SCHEDULER, at=NOON + DAY)

    assert states_of(xiqing, order) == ["unplaced", "cancelled"]
    assert order.state == "approved"


def test_a_line_not_mended_in_time_is_cancelled_and_may_end_the_letter(xiqing: Session) -> None:
    order = approved(xiqing, a_line(), decisions=[Decision(1, "return", [], None, "请改")])
    [lesson] = lessons_of(xiqing, order)

    review.line_fix_deadline(xiqing, lesson.id, NOON + 10 * DAY)

    assert (lesson.state, lesson.reason_code, lesson.fault) == (
        "cancelled",
        "line_not_mended",
        "school",
    )
    assert reviews_of(xiqing, order) == ["refused"]
    assert (order.state, order.fault) == ("cancelled", "school")


def test_a_whole_letter_comes_back_is_mended_and_sent_again(xiqing: Session) -> None:
    order = submitted(xiqing, a_line(), a_line())
    number, [first, _] = order.number, lessons_of(xiqing, order)
    review.return_for_fix(
        xiqing, order.id, fields=["lines.2.wishes", "notes"], reason="请改", by=SCHEDULER, at=NOON
    )
    assert timers_of(xiqing, order.id) == {"fix_deadline": NOON + 10 * DAY}

    put(
        xiqing,
        order.id,
        [a_line(), ANOTHER_DAY],
        if_match=order.version,
        notes="已改",
        at=NOON + HOUR,
    )
    orders.resubmit(xiqing, order.id, by=CLERK, at=NOON + HOUR)

    assert (order.state, order.number, order.fix_fields) == ("submitted", number, [])
    assert set(timers_of(xiqing, order.id)) == {"review_sla", "all_dates_past"}
    second = lessons_of(xiqing, order)[1]
    assert second.wishes[0]["starts_at"] == "2026-12-10T00:30:00+00:00"
    assert told(xiqing, first.id)[-1] == ("resubmitted", "requested", "requested")


def test_what_was_not_named_stays_as_it_was(xiqing: Session) -> None:
    order = submitted(xiqing, a_line(), a_line())
    review.return_for_fix(
        xiqing, order.id, fields=["lines.2.wishes"], reason="请改", by=SCHEDULER, at=NOON
    )
    wrong = [a_line(slots=[a_wish("2026-12-10")]), a_line(), a_line()]

    with pytest.raises(Conflict, match="field_not_open") as refused:
        put(xiqing, order.id, wrong, if_match=order.version, contact_phone="111")
    assert refused.value.facts["fields"] == ["contact_phone", "lines.1.wishes", "lines.3"]
    with pytest.raises(Conflict, match="lines_missing"):
        put(xiqing, order.id, [a_line()], if_match=order.version)


def test_a_returned_letter_may_grow_when_its_lines_are_open(xiqing: Session) -> None:
    order = submitted(xiqing)
    review.return_for_fix(xiqing, order.id, fields=["lines"], reason="拆分", by=SCHEDULER, at=NOON)

    put(xiqing, order.id, [a_line(), ANOTHER_DAY], if_match=order.version)
    orders.resubmit(xiqing, order.id, by=CLERK, at=NOON)

    assert states_of(xiqing, order) == ["requested", "requested"]


def test_the_place_is_one_thing(xiqing: Session) -> None:
    order = submitted(xiqing)
    review.return_for_fix(
        xiqing, order.id, fields=["lines.1.venue_id"], reason="请改", by=SCHEDULER, at=NOON
    )
    elsewhere = a_line(venue_id=None, address="村委会", lat=39.1, lon=117.0)

    put(xiqing, order.id, [elsewhere], if_match=order.version)

    assert orders.lines_of(xiqing, order.id)[0].address == "村委会"


def test_a_letter_not_mended_in_time_expires(xiqing: Session) -> None:
    from services.booking import deadlines

    order = submitted(xiqing)
    review.return_for_fix(xiqing, order.id, fields=[], reason="请改", by=SCHEDULER, at=NOON)

    deadlines.fix_deadline(xiqing, order.id, NOON + 10 * DAY)

    assert (order.state, order.reason_code, order.fault) == ("expired", "not_mended", "school")
    assert states_of(xiqing, order) == ["cancelled"]


def test_a_rejected_letter_is_final(xiqing: Session) -> None:
    order = submitted(xiqing)

    review.reject(xiqing, order.id, reason="不在计划内", by=SCHEDULER, at=NOON)

    assert (order.state, order.reason, order.reason_code) == ("rejected", "不在计划内", "rejected")
    assert states_of(xiqing, order) == ["cancelled"]
    with pytest.raises(Conflict, match="wrong_state"):
        orders.withdraw(xiqing, order.id, by=CLERK, at=NOON)


def test_reviewing_is_the_districts(xiqing: Session) -> None:
    order = submitted(xiqing)

    with pytest.raises(Forbidden, match="not_yours"):
        review.approve(xiqing, order.id, by=CLERK, at=NOON)
    with pytest.raises(Forbidden, match="not_yours"):
        review.reject(xiqing, order.id, reason="不", by=CLERK, at=NOON)


def test_moves_leave_out_what_could_only_be_refused(xiqing: Session) -> None:
    from services.booking.answer_schemas import moves

    plain = approved(xiqing)
    returned = approved(xiqing, a_line(), a_line(), decisions=[RETURN_TWO])

    found = queries.progress_all(xiqing, [plain, returned])

    assert moves(plain, found[plain.id], CLERK) == ["cancel_order"]
    assert moves(returned, found[returned.id], CLERK) == ["amend_lines", "cancel_order"]
    assert moves(returned, found[returned.id], SCHEDULER) == ["cancel_order", "review_lines"]


def test_mending_a_camp_into_one_lesson_cancels_its_other_days(xiqing: Session) -> None:
    from tests.booking.test_orders import publish

    publish(xiqing, "RV-C01")
    camp = a_line(course_id=str(ref("RV-C01")), slots=[a_wish("2026-12-22", "08:30-17:00")])
    order = submitted(xiqing, camp)
    review.return_for_fix(xiqing, order.id, fields=[], reason="请改", by=SCHEDULER, at=NOON)

    put(xiqing, order.id, [ANOTHER_DAY], if_match=order.version)
    orders.resubmit(xiqing, order.id, by=CLERK, at=NOON)

    assert states_of(xiqing, order) == ["requested", "cancelled", "cancelled"]
    assert lessons_of(xiqing, order)[0].programme_id is None
