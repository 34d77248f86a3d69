"""Booking: a letter from draft to its end."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from services.booking import deadlines, order_door, orders, queries
from services.booking.states import LessonState
from services.kit.errors import Conflict, Forbidden, Invalid, Missing, NotFound, Stale
from services.kit.ids import uuid7
from tests.booking.letter_world import (
    ABROAD,
    CLERK,
    DAY,
    HOUR,
    LECTURER,
    NOON,
    SCHEDULER,
    STRANGER,
    SUPERVISOR,
    a_draft,
    a_line,
    a_wish,
    approved,
    lessons_of,
    local,
    put,
    ref,
    settle_all,
    states_of,
    submitted,
    timers_of,
    told,
)


def errors_of(session: Session, *lines: dict[str, Any], **facts: Any) -> list[tuple[Any, str, str]]:
    order = a_draft(session, *lines, **facts)
    with pytest.raises(Invalid, match="lines_invalid") as refused:
        orders.submit(session, order.id, by=CLERK, at=NOON)
    return [(e["line"], e["field"], e["code"]) for e in refused.value.facts["errors"]]


def test_a_draft_is_created_replaced_and_keeps_the_order_of_its_lines(xiqing: Session) -> None:
    id = uuid7()
    put(xiqing, id, [a_line(notes="一"), a_line(notes="二")])

    order = put(xiqing, id, [a_line(notes="甲"), a_line(notes="乙"), a_line()], if_match=1)

    assert (order.version, order.state, order.number) == (2, "draft", None)
    assert [line.notes for line in orders.lines_of(xiqing, id)] == ["甲", "乙", ""]


def test_replacing_names_the_version_it_replaces(xiqing: Session) -> None:
    order = a_draft(xiqing)

    with pytest.raises(Missing, match="if_match_required"):
        put(xiqing, order.id, [a_line()])
    with pytest.raises(Stale, match="version_stale"):
        put(xiqing, order.id, [a_line()], if_match=7)


def test_a_draft_may_be_wrong_and_says_what_stands_against_it(xiqing: Session) -> None:
    order = a_draft(xiqing, a_line(expected_attendees=5, slots=[]), contact_name=" ")

    found = queries.letter(xiqing, order.id, by=CLERK, at=NOON)

    assert [(p["line"], p["field"], p["code"]) for p in found.problems] == [
        (None, "contact_name", "missing"),
        (1, "wishes", "missing"),
    ]


def test_more_than_500_lines_are_refused_and_500_are_not(xiqing: Session) -> None:
    with pytest.raises(Invalid, match="too_many_lines") as refused:
        a_draft(xiqing, *[a_line()] * 501)
    assert refused.value.facts == {"most": 500, "given": 501}

    order = submitted(xiqing, *[a_line()] * 500)

    assert len(lessons_of(xiqing, order)) == 500


def test_submitting_gives_a_number_lessons_clocks_and_history(xiqing: Session) -> None:
    order = submitted(xiqing, a_line(), a_line(slots=[a_wish("2026-12-09"), a_wish("2026-12-10")]))

    lessons = lessons_of(xiqing, order)
    assert order.number == "约〔2026〕0001号"
    assert [(lesson.state, lesson.version, lesson.minutes) for lesson in lessons] == [
        ("requested", 1, 180),
        ("requested", 1, 180),
    ]
    assert lessons[0].place is not None
    assert lessons[0].place["resource_id"] == str(ref("VEN-06"))
    assert timers_of(xiqing, order.id) == {
        "review_sla": local("2026-11-25 12:00"),
        "all_dates_past": local("2026-12-10 11:30"),
    }
    assert told(xiqing, order.id) == [("submit", "draft", "submitted")]
    assert told(xiqing, lessons[0].id) == [("requested", None, "requested")]


def test_the_line_keeps_the_course_as_it_was_ordered(xiqing: Session) -> None:
    order = submitted(xiqing)

    [line] = orders.lines_of(xiqing, order.id)

    assert line.snapshot is not None
    assert (line.course_code, line.snapshot["title"]) == ("RV-T03", "乡村振兴思路举措")
    assert line.course_version_id == ref("RV-T03/2026.1")


def test_all_errors_of_all_lines_come_at_once(xiqing: Session) -> None:
    found = errors_of(
        xiqing,
        a_line(course_id=str(uuid7())),
        a_line(expected_attendees=10, delivery="online", audience=["somebody"]),
        a_line(
            slots=[a_wish("2026-11-25"), a_wish("2026-12-12"), a_wish("2026-12-08", "11:00-14:00")]
        ),
        a_line(venue_id=None),
        a_line(venue_id=None, address="某村委会"),
        a_line(venue_id=str(uuid7())),
        a_line(course_id=str(ref("PW-M03")), delivery="on_site", slots=[a_wish("2026-12-07")]),
        a_line(course_id=str(ref("RV-C01"))),
        a_line(course_id=str(ref("RV-T02")), expected_attendees=20, slots=[a_wish("2027-01-05")]),
        a_line(preferred_lecturers=[str(ref("LEC-001"))] * 2, slots=[a_wish()] * 2),
        urgent=True,
    )

    assert found == [
        (None, "urgent_reason", "missing"),
        (1, "course_id", "course_unknown"),
        (2, "delivery", "delivery_not_offered"),
        (2, "audience", "audience_not_served"),
        (2, "expected_attendees", "too_few_attendees"),
        (3, "wishes.2", "saturday_not_permitted"),
        (3, "wishes.3", "outside_half_days"),
        (4, "venue_id", "place_missing"),
        (5, "address", "coordinates_missing"),
        (6, "venue_id", "venue_unknown"),
        (7, "wishes.1", "site_closed_on"),
        (8, "course_id", "course_not_published"),
        (9, "wishes.1", "course_not_valid"),
        (10, "wishes", "repeated"),
        (10, "preferred_lecturers", "repeated"),
    ]


def test_too_late_needs_urgent_and_a_reason(xiqing: Session) -> None:
    soon = a_line(slots=[a_wish("2026-11-26")])

    assert errors_of(xiqing, soon) == [(1, "wishes.1", "lead_time_too_short")]
    assert submitted(xiqing, soon, urgent=True, urgent_reason="上级要求").state == "submitted"
    past = a_line(slots=[a_wish("2026-11-20")])
    assert errors_of(xiqing, past, urgent=True, urgent_reason="上级要求") == [
        (1, "wishes.1", "in_the_past")
    ]


def test_a_refused_submission_writes_nothing_and_takes_no_number(xiqing: Session) -> None:
    errors_of(xiqing, a_line(expected_attendees=1))

    assert submitted(xiqing).number == "约〔2026〕0001号"


def test_warnings_stand_beside_the_result_and_stop_nobody(xiqing: Session) -> None:
    needs = a_line(course_id=str(ref("PW-P03")), slots=[a_wish("2026-12-09")])
    order = submitted(xiqing, a_line(), a_line(venue_id=str(ref("VEN-04"))), needs, *[a_line()] * 3)

    found = queries.letter(xiqing, order.id, by=CLERK, at=NOON)

    assert [(w["line"], w["code"]) for w in found.warnings] == [
        (2, "venue_of_another_school"),
        (3, "prerequisite_missing"),
        (None, "theory_share"),
    ]


def test_nobody_else_knows_of_a_letter(xiqing: Session) -> None:
    order = a_draft(xiqing)

    for other in (STRANGER, ABROAD):
        with pytest.raises(NotFound, match="not_found"):
            queries.letter(xiqing, order.id, by=other, at=NOON)
    with pytest.raises(Forbidden, match="role_required"):
        queries.letter(xiqing, order.id, by=LECTURER, at=NOON)
    with pytest.raises(NotFound, match="not_found"):
        put(xiqing, order.id, [a_line()], if_match=1, by=STRANGER)
    with pytest.raises(NotFound, match="not_found"):
        orders.submit(xiqing, order.id, by=STRANGER, at=NOON)


def test_withdrawing_ends_the_requested_lessons(xiqing: Session) -> None:
    order = submitted(xiqing, a_line(), a_line())

    orders.withdraw(xiqing, order.id, reason="计划有变", by=CLERK, at=NOON + HOUR)

    assert (order.state, order.reason_code, order.fault, order.notice) == (
        "withdrawn",
        "withdrawn",
        "school",
        "early",
    )
    assert states_of(xiqing, order) == ["cancelled", "cancelled"]
    [lesson, _] = lessons_of(xiqing, order)
    assert (lesson.reason_code, lesson.fault, lesson.notice) == ("withdrawn", "school", "early")
    assert timers_of(xiqing, order.id) == {}


def test_discarding_needs_no_reason_but_keeps_one(xiqing: Session) -> None:
    order = a_draft(xiqing)

    orders.discard(xiqing, order.id, by=CLERK, at=NOON)

    assert told(xiqing, order.id) == [("discard", "draft", "withdrawn")]
    assert (order.reason_code, order.fault, order.notice) == ("discarded", "school", "early")


def test_the_school_or_the_district_cancels_an_approved_letter(xiqing: Session) -> None:
    mine, theirs = approved(xiqing), approved(xiqing)

    orders.cancel_order(xiqing, mine.id, reason="停电", by=CLERK, at=NOON)
    orders.cancel_order(
        xiqing, theirs.id, reason="台风", fault="force_majeure", by=SCHEDULER, at=NOON
    )

    assert told(xiqing, mine.id)[-1] == ("cancel_order", "approved", "cancelled")
    assert told(xiqing, theirs.id)[-1] == ("cancel_order_by_district", "approved", "cancelled")
    assert (mine.reason_code, mine.fault) == ("cancelled_by_school", "school")
    assert (theirs.reason_code, theirs.fault) == ("cancelled_by_district", "force_majeure")
    [lesson] = lessons_of(xiqing, mine)
    assert told(xiqing, lesson.id)[-1] == ("order_dead", "unplaced", "cancelled")


def test_a_letter_with_a_lesson_under_way_is_not_cancelled(xiqing: Session) -> None:
    order = approved(xiqing, a_line(), a_line())
    settle_all(xiqing, order, "unplaced", "in_progress")
    begun = str(lessons_of(xiqing, order)[1].id)

    with pytest.raises(Conflict, match="lessons_under_way") as refused:
        orders.cancel_order(xiqing, order.id, reason="停电", by=CLERK, at=NOON)

    assert refused.value.facts == {"lessons": [begun]}


@pytest.mark.parametrize(
    ("states", "end", "verb"),
    [
        (("verified", "cancelled"), "closed", "all_lessons_settled_some_verified"),
        (("written_off", "cancelled"), "cancelled", "all_lessons_settled_none_verified"),
        (("verified", "delivered"), "approved", "approve"),
    ],
)
def test_a_letter_ends_with_its_last_lesson(
    xiqing: Session, states: tuple[str, str], end: str, verb: str
) -> None:
    order = approved(xiqing, a_line(), a_line())
    settle_all(xiqing, order, *states)

    order_door.settle(xiqing, order.id, at=NOON + DAY)

    assert (order.state, told(xiqing, order.id)[-1][0]) == (end, verb)
    assert (order.reason_code is None) == (end == "approved")


def test_a_supervisor_reopens_a_closed_letter(xiqing: Session) -> None:
    order = approved(xiqing)
    settle_all(xiqing, order, "verified")
    order_door.settle(xiqing, order.id, at=NOON)

    with pytest.raises(Forbidden, match="not_yours"):
        orders.reopen(xiqing, order.id, reason="复核", by=SCHEDULER, at=NOON)
    orders.reopen(xiqing, order.id, reason="复核", by=SUPERVISOR, at=NOON)

    assert (order.state, order.ended_at, order.reason_code) == ("approved", None, None)


def test_a_forgotten_draft_and_one_whose_dates_pass_expire(xiqing: Session) -> None:
    far = a_draft(xiqing, a_line(slots=[a_wish("2027-06-08")]))
    near = a_draft(xiqing)
    assert timers_of(xiqing, far.id) == {"stale_or_dates_past": NOON + 90 * DAY}
    assert timers_of(xiqing, near.id) == {"stale_or_dates_past": local("2026-12-08 11:30")}

    deadlines.stale_or_dates_past(xiqing, near.id, NOON + 20 * DAY)

    assert (near.state, near.reason_code, near.fault) == ("expired", "draft_stale", "school")


def test_a_late_review_is_said_aloud_and_again(xiqing: Session) -> None:
    order = submitted(xiqing)

    deadlines.review_sla(xiqing, order.id, local("2026-11-25 12:00"))

    assert told(xiqing, order.id)[-1] == ("review_sla", "submitted", "submitted")
    assert timers_of(xiqing, order.id)["review_sla"] == local("2026-11-27 12:00")


def test_an_unreviewed_letter_expires_with_its_last_date(xiqing: Session) -> None:
    order = submitted(xiqing)

    deadlines.all_dates_past(xiqing, order.id, local("2026-12-08 11:30"))

    assert (order.state, order.reason_code, order.fault, order.notice) == (
        "expired",
        "dates_past",
        "district",
        "after_start",
    )
    assert states_of(xiqing, order) == ["cancelled"]
    with pytest.raises(Conflict, match="wrong_state"):
        deadlines.review_sla(xiqing, order.id, NOON)


def test_a_camp_becomes_three_lessons_of_one_programme(xiqing: Session) -> None:
    publish(xiqing, "RV-C01")
    camp = a_line(
        course_id=str(ref("RV-C01")),
        slots=[a_wish("2026-12-22", "08:30-17:00")],
    )

    order = submitted(xiqing, camp)

    lessons = lessons_of(xiqing, order)
    assert len({lesson.programme_id for lesson in lessons} - {None}) == 1
    assert [
        (lesson.day_index, lesson.minutes, lesson.wishes[0]["starts_at"]) for lesson in lessons
    ] == [
        (0, 360, "2026-12-22T00:30:00+00:00"),
        (1, 360, "2026-12-23T00:30:00+00:00"),
        (2, 360, "2026-12-24T00:30:00+00:00"),
    ]
    assert {lesson.class_hours for lesson in lessons} == {8}


def publish(session: Session, code: str) -> None:
    from services.booking.models import CourseCopy

    copy = session.get_one(CourseCopy, ref(code))
    copy.versions = [{**version, "state": "published"} for version in copy.versions]
    session.flush()


@pytest.mark.parametrize(
    ("states", "word"),
    [
        ([], "none"),
        (["requested", "unplaced", "cancelled"], "none"),
        (["unplaced", "tentative"], "partly"),
        (["confirmed", "tentative", "cancelled"], "all_placed"),
        (["confirmed", "delivered"], "running"),
        (["in_progress"], "running"),
        (["verified", "written_off", "cancelled"], "delivered"),
    ],
)
def test_progress_is_derived_from_the_lessons(states: list[str], word: str) -> None:
    assert queries.word_of({LessonState(state) for state in states}) == word


def test_an_outage_is_given_back_to_those_who_have_to_answer(xiqing: Session) -> None:
    from services.booking import review
    from services.kit import timers

    order = submitted(xiqing)
    review.return_for_fix(xiqing, order.id, fields=[], reason="补充", by=SCHEDULER, at=NOON)
    before = order.fix_due_at
    gap = timedelta(hours=7)

    deadlines.outage(xiqing, timers.extend(xiqing, gap), gap)

    assert before is not None
    assert order.fix_due_at == before + gap
    assert timers_of(xiqing, order.id) == {"fix_deadline": before + gap}
