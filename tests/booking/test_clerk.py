"""Booking: the clerk's desk, the five words, what a basket would give, half-days, urging."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal as D
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from services.booking import (
    basket_queries,
    changes,
    clerk_letter_queries,
    clerk_queries,
    half_days,
    mix,
    orders,
    queries,
    review,
    schools,
    steps,
    urging,
)
from services.booking.models import CourseCopy, Lesson, OrderLine, School
from services.booking.place_checks import Asked
from services.booking.review import Decision
from services.booking.states import LessonState, OrderState
from services.kit.auth import Caller
from services.kit.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from services.kit.ids import uuid7
from services.kit.numbers import Numbers
from services.kit.outbox import Happened
from tests.booking import lesson_world
from tests.booking.letter_world import (
    ADMINISTRATOR,
    CLERK,
    DAY,
    JING,
    LECTURER,
    NOON,
    SCHEDULER,
    STRANGER,
    YANG,
    a_draft,
    a_line,
    a_wish,
    approved,
    ref,
    settle_all,
    submitted,
    told,
)
from tests.booking.test_mix import MODEL, NUMBERS, PRACTICE, THEORY

L, O = LessonState, OrderState  # noqa: E741
FRIDAY_NOON = NOON + 4 * DAY


def words(session: Session, order: Any) -> list[tuple[str, str, int, int]]:
    found = queries.letter(session, order.id, by=CLERK, at=NOON)
    made = steps.steps(
        O(order.state),
        sent=order.number is not None,
        lines=found.progress.lines,
        returned=found.progress.lines_returned + found.progress.lines_mended,
        lessons=found.progress.lessons,
    )
    return [tuple(step) for step in made]  # type: ignore[misc]


def count_reads(session: Session, work: Callable[[], Any]) -> int:
    """How many statements the work takes."""
    said: list[str] = []

    def hear(*args: Any) -> None:
        said.append(args[2])

    engine = session.get_bind().engine
    session.expire_all()
    session.info.clear()
    sa.event.listen(engine, "before_cursor_execute", hear)
    try:
        work()
    finally:
        sa.event.remove(engine, "before_cursor_execute", hear)
    return len(said)


def test_a_letter_goes_through_five_words(xiqing: Session) -> None:
    draft = a_draft(xiqing, a_line(), a_line())
    assert words(xiqing, draft)[0] == ("place_order", "now", 0, 1)
    assert [state for _, state, *_ in words(xiqing, draft)][1:] == ["todo"] * 4

    order = approved(
        xiqing, a_line(), a_line(), decisions=[Decision(2, "return", ["wishes"], reason="时段冲突")]
    )
    assert words(xiqing, order) == [
        ("place_order", "done", 1, 1),
        ("review", "now", 1, 2),
        ("dispatch", "todo", 0, 2),
        ("accept", "todo", 0, 2),
        ("evaluate", "todo", 0, 2),
    ]


@pytest.mark.parametrize(
    ("lessons", "state", "expected"),
    [
        ({L.UNPLACED: 1, L.CONFIRMED: 1}, O.APPROVED, ["done", "done", "now", "todo", "todo"]),
        ({L.TENTATIVE: 1, L.CANCELLED: 1}, O.APPROVED, ["done", "done", "done", "now", "todo"]),
        ({L.DELIVERED: 1, L.VERIFIED: 1}, O.APPROVED, ["done", "done", "done", "done", "now"]),
        ({L.VERIFIED: 2}, O.CLOSED, ["done"] * 5),
        ({L.CANCELLED: 2}, O.CANCELLED, ["done", "done", "ended", "todo", "todo"]),
        ({L.CANCELLED: 2}, O.REJECTED, ["done", "ended", "todo", "todo", "todo"]),
        ({L.REQUESTED: 2}, O.SUBMITTED, ["done", "now", "todo", "todo", "todo"]),
    ],
)
def test_the_first_word_that_is_not_done_is_the_one_it_is_at(
    lessons: dict[L, int], state: O, expected: list[str]
) -> None:
    made = steps.steps(state, sent=True, lines=2, returned=0, lessons=lessons)

    assert [step.state for step in made] == expected


def test_every_lesson_waits_for_a_word_or_is_settled() -> None:
    assert set(L) - steps.WAITS_FOR.keys() == {L.VERIFIED, L.WRITTEN_OFF, L.CANCELLED}


def test_a_school_urges_once_a_working_day(xiqing: Session) -> None:
    order = submitted(xiqing)

    urging.urge(xiqing, order.id, note="周五前要定", by=CLERK, at=FRIDAY_NOON)

    assert told(xiqing, order.id)[-1] == ("urge", "submitted", "submitted")
    said = xiqing.exec(select(Happened).where(Happened.subject == urging.URGED)).one()
    assert (said.version, said.body["data"]["reason"]) == (order.version, "周五前要定")
    for later in (timedelta(hours=5), DAY, 2 * DAY):  # Friday evening, Saturday, Sunday
        with pytest.raises(Conflict, match="urged_already"):
            urging.urge(xiqing, order.id, by=CLERK, at=FRIDAY_NOON + later)
    urging.urge(xiqing, order.id, by=CLERK, at=FRIDAY_NOON + 3 * DAY)
    assert order.state == "submitted"


def test_only_what_waits_for_the_district_is_urged_and_only_by_its_school(xiqing: Session) -> None:
    draft, sent = a_draft(xiqing), submitted(xiqing)

    with pytest.raises(Conflict, match="nothing_to_urge"):
        urging.urge(xiqing, draft.id, by=CLERK, at=NOON)
    with pytest.raises(NotFound, match="not_found"):
        urging.urge(xiqing, sent.id, by=STRANGER, at=NOON)
    with pytest.raises(Forbidden, match="role_required"):
        urging.urge(xiqing, sent.id, by=SCHEDULER, at=NOON)
    done = approved(xiqing)
    settle_all(xiqing, done, "confirmed")
    with pytest.raises(Conflict, match="nothing_to_urge"):
        urging.urge(xiqing, done.id, by=CLERK, at=NOON)


def test_the_desk_names_what_a_school_has_to_do(district: Session) -> None:
    at = lesson_world.TUESDAY.starts_at - timedelta(hours=2)
    made = {
        state: lesson_world.a_lesson(district, state)
        for state in (L.DELIVERED, L.PARTIALLY_DELIVERED)
    }
    # Another school's is not on this desk.
    lesson_world.a_lesson(district, L.DELIVERED, school=JING)

    found = clerk_queries.desk(district, days=7, by=CLERK, at=at)

    assert [(todo.kind, todo.lesson_id) for todo in found.todo] == [
        ("attest", made[L.DELIVERED].id),
        ("decide", made[L.PARTIALLY_DELIVERED].id),
    ]
    assert found.todo[0].title == "乡村振兴思路举措"
    assert found.year.lessons == {"delivered": 1, "partially_delivered": 1}


def test_the_desk_names_changes_letters_lines_and_the_lesson_of_today(district: Session) -> None:
    lesson = lesson_world.a_lesson(district, L.CONFIRMED)
    morning = lesson_world.TUESDAY.starts_at - timedelta(hours=5)
    wanted = Asked(starts_at=lesson_world.THURSDAY.starts_at)
    change = changes.propose(district, lesson.id, asked=wanted, by=SCHEDULER, at=NOON)

    found = clerk_queries.desk(district, days=3, by=CLERK, at=morning)

    kinds = [(todo.kind, todo.change_id) for todo in found.todo]
    assert sorted(kinds, key=str) == [("answer_change", change.id), ("receive", None)]
    assert [full.lesson.id for full in found.coming] == [lesson.id]
    assert clerk_queries.desk(district, days=7, by=lesson_world.STRANGER, at=morning).todo == []


def test_what_was_returned_is_on_the_desk(xiqing: Session) -> None:
    order = submitted(xiqing)
    review.return_for_fix(
        xiqing, order.id, fields=["contact_phone"], reason="号码不对", by=SCHEDULER, at=NOON
    )
    partly = approved(
        xiqing, a_line(), a_line(), decisions=[Decision(2, "return", ["wishes"], reason="时段冲突")]
    )
    draft = a_draft(xiqing, title="一月学习")

    found = clerk_queries.desk(xiqing, days=7, by=CLERK, at=NOON).todo

    assert {(todo.kind, todo.order_id) for todo in found} == {
        ("mend_letter", order.id),
        ("mend_line", partly.id),
        ("draft", draft.id),
    }
    assert found[-1].kind == "draft"  # it has no deadline
    with pytest.raises(Forbidden, match="role_required"):
        clerk_queries.desk(xiqing, days=7, by=SCHEDULER, at=NOON)


def test_a_desk_takes_the_same_reads_with_one_lesson_and_with_many(district: Session) -> None:
    def look() -> Any:
        return clerk_queries.desk(district, days=7, by=CLERK, at=NOON)

    lesson_world.a_lesson(district, L.DELIVERED)
    few = count_reads(district, look)
    for _ in range(9):
        lesson_world.a_lesson(district, L.DELIVERED)

    assert count_reads(district, look) == few <= 11
    assert len(look().todo) == 10


def test_the_home_of_a_clerk_is_what_a_letter_needs(xiqing: Session) -> None:
    schools.block(xiqing, YANG, date(2026, 12, 8), reason="换届", by=CLERK)

    home = clerk_letter_queries.home(xiqing, by=CLERK, at=NOON)

    assert (home.school.id, [room.id for room in home.venues]) == (YANG, [ref("VEN-06")])
    assert [row.on for row in home.blocked] == [date(2026, 12, 8)]
    assert home.half_days["half_day_am"] == "08:30-12:00"
    assert home.holidays[0].on == date(2027, 1, 1)


def test_a_school_writes_who_answers_for_it(xiqing: Session) -> None:
    facts = {
        "liaison": "示例新联络员",
        "contact_phone": "000-1",
        "contact_email": "",
        "brand": None,
    }
    before = xiqing.get_one(School, YANG).brand

    school = schools.put_contacts(xiqing, YANG, dict(facts), if_match=1, by=CLERK)

    assert (school.liaison, school.contact_phone, school.brand) == ("示例新联络员", "000-1", before)
    with pytest.raises(Stale, match="version_stale"):
        schools.put_contacts(xiqing, YANG, dict(facts), if_match=1, by=ADMINISTRATOR)
    for other in (STRANGER, SCHEDULER, LECTURER):
        with pytest.raises(Forbidden):
            schools.put_contacts(xiqing, YANG, dict(facts), if_match=2, by=other)


def test_what_a_basket_gives(xiqing: Session) -> None:
    wanted = [ref("RV-T03"), ref("RV-T03"), ref("RV-P04"), uuid7()]

    found = basket_queries.preview(xiqing, wanted, by=CLERK, at=NOON)

    assert (found.lessons, found.class_hours, found.year_of) == (3, D("12.00"), 2026)
    assert [(dish.code, dish.times, dish.version is None) for dish in found.courses] == [
        ("RV-T03", 2, False),
        ("RV-P04", 1, False),
        ("", 1, True),
    ]
    # Two and one: one more of practice and one model make 40/40/20.
    assert [dish.version.category for dish in found.proposed if dish.version] == [MODEL, PRACTICE]
    assert not {dish.id for dish in found.proposed} & set(wanted)
    submitted(xiqing, a_line(course_id=str(found.proposed[1].id)))
    again = basket_queries.preview(xiqing, wanted, by=CLERK, at=NOON)
    assert again.proposed[1].id != found.proposed[1].id
    assert again.year.count.total == D(4)


def test_what_cannot_be_ordered_today_is_named_and_not_counted(xiqing: Session) -> None:
    copy = xiqing.get_one(CourseCopy, ref("RV-T03"))
    copy.versions = [{**version, "state": "retired"} for version in copy.versions]
    xiqing.flush()

    found = basket_queries.preview(xiqing, [copy.id], by=CLERK, at=NOON)

    assert (found.courses[0].version, found.lessons, found.class_hours) == (None, 0, D(0))


def test_a_gap_is_closed_with_as_few_blocks_as_possible() -> None:
    kinds = [(THEORY, D(4)), (PRACTICE, D(4)), (MODEL, D(4))]

    assert mix.closing([(THEORY, D(4))], kinds, NUMBERS) == [
        (MODEL, D(4)),
        (PRACTICE, D(4)),
        (PRACTICE, D(4)),
        (THEORY, D(4)),
    ]
    even = [(THEORY, D(4))] * 2 + [(PRACTICE, D(4))] * 2
    assert mix.closing(even, kinds, NUMBERS) == [(MODEL, D(4))]
    assert mix.closing([*even, (MODEL, D(4))], kinds, NUMBERS) == []
    assert mix.closing(even, [], NUMBERS) == []


def halves(session: Session, **facts: Any) -> dict[tuple[str, str], half_days.HalfDay]:
    asked: dict[str, Any] = {"first": date(2026, 12, 7), "last": date(2026, 12, 13)}
    by: Caller = facts.pop("by", CLERK)
    found = half_days.half_days(session, YANG, ref("RV-T03"), **asked | facts, by=by, at=NOON)
    return {(day.on.isoformat(), day.half): day for day in found}


def test_the_half_days_of_a_week_say_what_is_against_them(xiqing: Session) -> None:
    schools.block(xiqing, YANG, date(2026, 12, 8), reason="换届", by=CLERK)
    order = submitted(xiqing, a_line(slots=[a_wish("2026-12-09")]))
    lesson = xiqing.exec(select(Lesson).where(Lesson.order_id == order.id)).one()
    wish = xiqing.exec(select(OrderLine).where(OrderLine.order_id == order.id)).one().wishes[0]
    lesson.starts_at = NOON.fromisoformat(wish["starts_at"])
    lesson.ends_at = NOON.fromisoformat(wish["ends_at"])
    xiqing.flush()

    found = halves(xiqing)

    assert len(found) == 21
    codes = {key: [problem.code for problem in day.problems] for key, day in found.items()}
    assert codes["2026-12-07", "am"] == []
    assert codes["2026-12-07", "eve"] == ["evening_not_permitted"]
    assert codes["2026-12-08", "pm"] == ["date_blocked"]
    assert codes["2026-12-12", "am"] == ["saturday_not_permitted"]
    assert codes["2026-12-13", "am"] == ["not_a_teaching_day"]
    assert (found["2026-12-09", "am"].lessons, found["2026-12-09", "pm"].lessons) == (1, 0)
    slot = found["2026-12-07", "am"].slot
    assert (slot.ends_at - slot.starts_at, f"{slot.starts_at:%H:%M}") == (
        timedelta(hours=3),
        "08:30",
    )


def test_half_days_obey_lead_time_site_and_length_of_the_period(xiqing: Session) -> None:
    near = {"first": date(2026, 11, 24), "last": date(2026, 11, 24)}
    assert [p.code for p in halves(xiqing, **near)["2026-11-24", "am"].problems] == [
        "lead_time_too_short"
    ]
    assert halves(xiqing, **near, urgent=True)["2026-11-24", "am"].problems == []
    monday = halves(xiqing, site_id=ref("SITE-02"))["2026-12-07", "am"]
    assert [p.code for p in monday.problems] == ["site_closed_on"]
    with pytest.raises(Invalid, match="period_too_long"):
        halves(xiqing, last=date(2027, 3, 1))
    with pytest.raises(Forbidden, match="role_required"):
        halves(xiqing, by=LECTURER)
    with pytest.raises(NotFound, match="not_found"):
        half_days.half_days(
            xiqing, YANG, uuid7(), first=NOON.date(), last=NOON.date(), by=CLERK, at=NOON
        )


def test_half_days_take_the_same_reads_for_a_day_and_for_two_months(xiqing: Session) -> None:
    def look(days: int) -> Callable[[], Any]:
        last = date(2026, 12, 7) + timedelta(days=days)
        return lambda: halves(xiqing, last=last)

    assert count_reads(xiqing, look(0)) == count_reads(xiqing, look(61)) <= 7


def test_the_lessons_of_a_letter_come_with_their_open_changes(district: Session) -> None:
    lesson = lesson_world.a_lesson(district, L.CONFIRMED)
    wanted = Asked(starts_at=lesson_world.THURSDAY.starts_at)
    change = changes.propose(district, lesson.id, asked=wanted, by=SCHEDULER, at=NOON)

    chosen, live = clerk_letter_queries.lessons_of(district, lesson.order_id, by=CLERK)

    assert [row.id for row in district.exec(chosen.order_by(col(Lesson.position)))] == [lesson.id]
    assert [row.id for row in live] == [change.id]
    with pytest.raises(NotFound, match="not_found"):
        clerk_letter_queries.lessons_of(district, lesson.order_id, by=lesson_world.STRANGER)


def test_a_line_without_a_date_is_shown_with_its_course(xiqing: Session) -> None:
    order = a_draft(xiqing, a_line(slots=[]))

    found = queries.letter(xiqing, order.id, by=CLERK, at=NOON)

    assert found.courses[ref("RV-T03")]["title"] == "乡村振兴思路举措"


def test_a_draft_thrown_away_can_be_left_out_of_the_list(xiqing: Session) -> None:
    draft, gone, sent = a_draft(xiqing), a_draft(xiqing), submitted(xiqing)
    orders.discard(xiqing, gone.id, by=CLERK, at=NOON)
    numbers = Numbers.of(xiqing, CLERK.district)

    def listed(**wanted: Any) -> set[Any]:
        facts: dict[str, Any] = dict.fromkeys(("school_id", "q", "first", "last"))
        chosen = queries.orders(CLERK, states=(), numbers=numbers, **{**facts, **wanted})
        return {row.id for row in xiqing.exec(chosen)}

    assert listed() == {draft.id, gone.id, sent.id}
    assert listed(discarded=False) == {draft.id, sent.id}


def test_cancelling_is_explained_before_it_is_done(district: Session) -> None:
    lesson = lesson_world.a_lesson(district, L.CONFIRMED)
    late = lesson_world.TUESDAY.starts_at - timedelta(hours=30)

    found = clerk_letter_queries.cancelling(district, lesson.order_id, by=CLERK, at=late)

    assert (found.notice, found.starts_at) == ("late", lesson_world.TUESDAY.starts_at)
    assert [full.lesson.id for full in found.lessons] == [lesson.id]
    with pytest.raises(NotFound, match="not_found"):
        clerk_letter_queries.cancelling(
            district, lesson.order_id, by=lesson_world.STRANGER, at=late
        )


def test_a_mended_line_is_with_the_district_again(xiqing: Session) -> None:
    decision = Decision(2, "return", ["expected_attendees"], reason="请核对人数")
    order = approved(xiqing, a_line(), a_line(), decisions=[decision])
    assert queries.progress_all(xiqing, [order])[order.id].lines_returned == 1
    line = xiqing.exec(select(OrderLine).where(OrderLine.order_id == order.id)).all()[-1]
    line.mended_at = NOON
    xiqing.flush()

    alone = queries.letter(xiqing, order.id, by=CLERK, at=NOON).progress
    listed = queries.progress_all(xiqing, [order])[order.id]

    assert alone == listed
    assert (listed.returned, listed.lines_returned, listed.lines_mended) == (True, 0, 1)
