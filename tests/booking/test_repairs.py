"""Booking: repairs: what something touches, what could be done, and what adopting it does."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, col, select

from services.booking import placing, repair_queries, repairs
from services.booking.models import Change, Lesson, PlaceHold
from services.booking.place_checks import Asked
from services.booking.plan_answer import Answer, Served
from services.booking.repair_models import Repair, RepairLine
from services.booking.repair_proposal_queries import lines_of
from services.booking.repair_rules import Appointment, Cause, Days, Leave, Site
from services.booking.repair_states import REPAIR, RepairState
from services.booking.states import LessonState as L
from services.contracts.booking import Slot
from services.kit import numbers
from services.kit.auth import Caller, Role
from services.kit.errors import Conflict, Forbidden, Invalid, NotFound
from tests.booking.lesson_world import (
    CLERK,
    DAY,
    HOUR,
    JING,
    LECTURER,
    LI,
    NOON,
    SCHEDULER,
    SITE,
    SUPERVISOR,
    THURSDAY,
    TUESDAY,
    WANG,
    YANG,
    a_lesson,
    staffed,
    told,
)

FOREIGNER = Caller(UUID(int=77), frozenset({Role.SCHEDULER}), "heping")
ILL = Leave(lecturer_id=LI, starts_at=TUESDAY.starts_at - HOUR, ends_at=TUESDAY.ends_at + HOUR)
TUESDAY_OUT = Days(first_on=date(2026, 12, 1), last_on=date(2026, 12, 1))


def held(session: Session, *wishes: Slot, **facts: Any) -> Lesson:
    """Confirmed on Tuesday, promised by Li; its school wished for these times."""
    plain = [wish.model_dump(mode="json") for wish in (wishes or (TUESDAY,))]
    return a_lesson(session, L.CONFIRMED, wishes=plain, **facts)


def made(
    session: Session, cause: Cause, served: dict[UUID, tuple[UUID, datetime]] | None = None
) -> Repair:
    """A repair whose planner gave these lessons to these lecturers, and the others to nobody."""
    repair = repairs.make(session, cause, by=SCHEDULER, at=NOON)
    repairs.begin(session, repair.id, real=NOON)
    material = repair_queries.material(session, repair.id, at=NOON)
    answer = None
    if material.wanted is not None:
        lost = [one for one in material.wanted.lessons if one.lesson.id not in (served or {})]
        why = {"headline": "not_available", "counts": {"not_available": 3}, "took": []}
        answer = Answer(
            served={id: Served(who, "替补讲师", at) for id, (who, at) in (served or {}).items()},
            why={one.lesson.id: {**why, "change": None} for one in lost},
            status="optimal",
            unserved=0,
            soft=0,
            bound_unserved=0,
            bound_soft=0,
            terms={},
        )
    lines = lines_of(material, answer)
    repairs.finish(session, repair.id, lines, status="optimal", seconds=0.1, at=NOON)
    return repair


def adopted(session: Session, repair: Repair, *lessons: Lesson) -> dict[UUID, RepairLine]:
    ids = [lesson.id for lesson in lessons]
    repairs.adopt(session, repair.id, lesson_ids=ids, reason="讲师请假", by=SCHEDULER, at=NOON)
    return by_lesson(session, repair)


def by_lesson(session: Session, repair: Repair) -> dict[UUID, RepairLine]:
    return {line.lesson_id: line for line in repairs.lines_of(session, repair.id)}


def change_of(session: Session, lesson: Lesson) -> Change:
    return session.exec(select(Change).where(Change.lesson_id == lesson.id)).one()


# -- what is touched


def test_a_leave_touches_what_he_has_promised_in_that_time(district: Session) -> None:
    mine, wangs = held(district), held(district, school=JING)
    staffed(district, wangs, "held", holder_id=WANG)
    a_lesson(district, wishes=[THURSDAY.model_dump(mode="json")])

    repair = made(district, ILL, {mine.id: (WANG, TUESDAY.starts_at)})

    [line] = repairs.lines_of(district, repair.id)
    assert (line.lesson_id, line.action, line.was_lecturer_id) == (mine.id, "substitute", LI)
    assert (line.lecturer_name, line.starts_at) == ("替补讲师", TUESDAY.starts_at)


def test_a_letter_that_ends_touches_the_lessons_no_other_letter_covers(district: Session) -> None:
    bare, covered = held(district), held(district, school=JING)
    ended = Appointment(
        lecturer_id=LI, appointment_id=uuid4(), on=date(2026, 11, 25), lesson_ids=[bare.id]
    )

    repair = made(district, ended)

    assert covered.state == L.CONFIRMED
    assert [line.lesson_id for line in repairs.lines_of(district, repair.id)] == [bare.id]


def test_days_touch_one_school_or_all_and_whoever_holds_the_lesson(district: Session) -> None:
    ours, theirs = held(district), a_lesson(district, L.TENTATIVE, school=JING)

    everywhere = made(district, TUESDAY_OUT)
    here = made(district, TUESDAY_OUT.model_copy(update={"school_id": YANG}))

    assert set(by_lesson(district, everywhere)) == {ours.id, theirs.id}
    assert set(by_lesson(district, here)) == {ours.id}


def test_when_nothing_is_touched_there_is_nothing_to_do(district: Session) -> None:
    held(district)
    later = ILL.model_copy(update={"starts_at": ILL.ends_at, "ends_at": ILL.ends_at + DAY})

    assert repairs.lines_of(district, made(district, later).id) == []


def test_the_planner_is_asked_for_the_time_it_has_and_the_wishes_that_are_left(
    district: Session,
) -> None:
    lesson = held(district, TUESDAY, THURSDAY)
    repair = repairs.make(district, ILL, by=SCHEDULER, at=NOON)

    wanted = repair_queries.material(district, repair.id, at=NOON).wanted

    assert wanted is not None
    [one] = wanted.lessons
    assert [slot for slot, _ in one.slots] == [TUESDAY, THURSDAY]
    assert wanted.holds == {lesson.id: (LI, TUESDAY.starts_at)}


# -- adopting


def test_a_substitute_at_the_same_time_changes_nothing_here(district: Session) -> None:
    lesson = held(district)
    repair = made(district, ILL, {lesson.id: (WANG, TUESDAY.starts_at)})
    version = lesson.version

    lines = adopted(district, repair, lesson)

    assert (lines[lesson.id].outcome, repair.state) == ("done", "adopted")
    assert lesson.version == version


def test_a_lesson_moved_to_another_wish_asks_the_new_lecturer_first(district: Session) -> None:
    lesson = held(district, TUESDAY, THURSDAY)
    repair = made(district, ILL, {lesson.id: (WANG, THURSDAY.starts_at)})

    lines = adopted(district, repair, lesson)

    assert (lines[lesson.id].action, lines[lesson.id].outcome) == ("move", "done")
    assert (lesson.state, lesson.starts_at) == (L.TENTATIVE, THURSDAY.starts_at)
    assert lesson.wanted_lecturers == [str(WANG)]
    assert change_of(district, lesson).state == "applied"
    live = select(PlaceHold).where(PlaceHold.lesson_id == lesson.id, col(PlaceHold.live))
    assert [hold.starts_at for hold in district.exec(live)] == [THURSDAY.starts_at]


def test_the_same_lecturer_at_another_wish_is_asked_whether_he_comes(district: Session) -> None:
    lesson = held(district, TUESDAY, THURSDAY)
    repair = made(district, TUESDAY_OUT, {lesson.id: (LI, THURSDAY.starts_at)})

    adopted(district, repair, lesson)

    assert (lesson.state, lesson.starts_at) == (L.CONFIRMED, TUESDAY.starts_at)
    assert lesson.retime is not None
    assert change_of(district, lesson).state == "agreed"
    said = [one["verb"] for one in told(district, change_of(district, lesson).id)]
    assert said == ["propose_wished", "accept"]


def test_a_lesson_nobody_holds_is_moved_to_the_first_wish_that_is_left(district: Session) -> None:
    wishes = [slot.model_dump(mode="json") for slot in (TUESDAY, THURSDAY)]
    lesson = a_lesson(district, L.TENTATIVE, wishes=wishes)

    adopted(district, made(district, TUESDAY_OUT), lesson)

    assert (lesson.state, lesson.starts_at) == (L.TENTATIVE, THURSDAY.starts_at)


def test_what_cannot_stay_within_the_wishes_asks_the_school_for_a_date(district: Session) -> None:
    lesson = held(district)
    repair = made(district, TUESDAY_OUT)

    lines = adopted(district, repair, lesson)

    line, change = lines[lesson.id], change_of(district, lesson)
    assert (line.action, line.outcome) == ("ask", "asked")
    assert (change.state, change.proposed_by, change.reason) == (
        "proposed",
        "scheduler",
        "讲师请假",
    )
    assert change.starts_at == line.starts_at == TUESDAY.starts_at + DAY
    assert lesson.starts_at == TUESDAY.starts_at


def test_a_closed_site_asks_the_school_about_another_place_at_the_same_time(
    district: Session,
) -> None:
    lesson, starts_at = a_lesson(district, minutes=120), TUESDAY.starts_at
    asked = Asked(starts_at=starts_at, site_id=SITE)
    placing.place(district, lesson.id, asked=asked, by=SCHEDULER, at=NOON)

    lines = adopted(district, made(district, Site(site_id=SITE)), lesson)

    line, change = lines[lesson.id], change_of(district, lesson)
    assert (line.action, line.outcome) == ("move_place", "asked")
    assert (change.place["kind"], change.starts_at) == ("venue", starts_at)
    assert change.state == "proposed"


def test_some_are_taken_and_the_others_are_left(district: Session) -> None:
    one, other = held(district, TUESDAY, THURSDAY), held(district, school=JING)
    repair = made(district, ILL, {one.id: (WANG, THURSDAY.starts_at)})

    lines = adopted(district, repair, one)

    assert {line.outcome for line in (lines[one.id], lines[other.id])} == {"done", "left"}
    assert (other.starts_at, lines[other.id].outcome) == (TUESDAY.starts_at, "left")
    assert district.exec(select(Change).where(Change.lesson_id == other.id)).all() == []


def test_none_is_taken_and_nothing_changes(district: Session) -> None:
    lesson = held(district, TUESDAY, THURSDAY)
    repair = made(district, ILL, {lesson.id: (WANG, THURSDAY.starts_at)})

    repairs.discard(district, repair.id, by=SCHEDULER, at=NOON)

    assert (repair.state, lesson.starts_at) == ("discarded", TUESDAY.starts_at)
    assert district.exec(select(Change)).all() == []


def test_a_lesson_that_changed_meanwhile_is_skipped_and_says_so(district: Session) -> None:
    stale, fresh = held(district, TUESDAY, THURSDAY), held(district, TUESDAY, THURSDAY, school=JING)
    at = THURSDAY.starts_at
    repair = made(district, ILL, {stale.id: (WANG, at), fresh.id: (WANG, at)})
    placing.suspend(district, stale.id, reason="雨雪", by=SCHEDULER, at=NOON)

    lines = adopted(district, repair, stale, fresh)

    skipped = lines[stale.id]
    assert (skipped.outcome, skipped.outcome_code) == ("skipped", "changed_since_repair")
    assert lines[stale.id].outcome_facts["state"] == "suspended"
    assert (lines[fresh.id].outcome, fresh.starts_at) == ("done", THURSDAY.starts_at)


def test_that_its_lecturer_is_lost_already_does_not_make_it_stale(district: Session) -> None:
    lesson = held(district, TUESDAY, THURSDAY)
    repair = made(district, ILL, {lesson.id: (WANG, THURSDAY.starts_at)})
    staffed(district, lesson, "none", lost="voided")
    assert lesson.state == L.TENTATIVE

    adopted(district, repair, lesson)

    assert (lesson.state, lesson.starts_at) == (L.TENTATIVE, THURSDAY.starts_at)
    assert lesson.wanted_lecturers == [str(WANG)]


def test_a_place_taken_meanwhile_is_a_reason_too(district: Session) -> None:
    lesson = held(district, TUESDAY, THURSDAY)
    repair = made(district, ILL, {lesson.id: (WANG, THURSDAY.starts_at)})
    wishes = [THURSDAY.model_dump(mode="json")]
    a_lesson(district, L.TENTATIVE, wishes=wishes)

    lines = adopted(district, repair, lesson)

    assert (lines[lesson.id].outcome, lines[lesson.id].outcome_code) == ("skipped", "place_taken")
    assert (lesson.state, lesson.starts_at) == (L.CONFIRMED, TUESDAY.starts_at)


def test_it_is_adopted_once_and_only_its_own_lessons(district: Session) -> None:
    lesson = held(district)
    repair = made(district, ILL, {lesson.id: (WANG, TUESDAY.starts_at)})
    strange = a_lesson(district)

    with pytest.raises(Invalid, match="not_in_the_repair"):
        adopted(district, repair, strange)
    district.refresh(repair)
    again = made(district, ILL, {lesson.id: (WANG, TUESDAY.starts_at)})
    adopted(district, again, lesson)
    with pytest.raises(Conflict, match="wrong_state"):
        adopted(district, again, lesson)


# -- who may


@pytest.mark.parametrize("by", [CLERK, LECTURER, SUPERVISOR])
def test_only_a_scheduler_repairs(district: Session, by: Caller) -> None:
    repair = made(district, ILL)

    with pytest.raises(Forbidden, match="role_required"):
        repairs.make(district, ILL, by=by, at=NOON)
    with pytest.raises(Forbidden):
        repairs.adopt(district, repair.id, lesson_ids=None, by=by, at=NOON)


def test_another_district_knows_nothing_of_it(district: Session) -> None:
    numbers.put(district, FOREIGNER.district, "time_zone", "Asia/Shanghai")
    held(district)
    repair = made(district, ILL)
    verbs: list[Callable[..., Any]] = [repairs.find, repairs.retry]

    for verb in verbs:
        with pytest.raises(NotFound, match="not_found"):
            verb(district, repair.id, by=FOREIGNER)
    with pytest.raises(NotFound, match="not_found"):
        repairs.adopt(district, repair.id, lesson_ids=None, by=FOREIGNER, at=NOON)
    with pytest.raises(NotFound, match="not_found"):
        repairs.discard(district, repair.id, by=FOREIGNER, at=NOON)
    for cause in (Site(site_id=SITE), TUESDAY_OUT.model_copy(update={"school_id": YANG})):
        with pytest.raises(NotFound, match="not_found"):
            repairs.make(district, cause, by=FOREIGNER, at=NOON)
    assert district.exec(repair_queries.all_repairs(FOREIGNER)).all() == []
    foreign = repairs.make(district, ILL, by=FOREIGNER, at=NOON)
    assert repair_queries.material(district, foreign.id, at=NOON).touched == []


def test_every_state_has_its_moves(district: Session) -> None:
    mine = frozenset({Role.SCHEDULER})

    assert {str(state): REPAIR.open_to(state, mine) for state in RepairState} == {
        "running": ["discard"],
        "ready": ["adopt", "discard", "retry"],
        "failed": ["discard", "retry"],
        "adopted": [],
        "discarded": [],
    }


def test_a_failed_one_is_run_again_on_new_facts(district: Session) -> None:
    lesson = held(district)
    repair = repairs.make(district, ILL, by=SCHEDULER, at=NOON)
    repairs.begin(district, repair.id, real=NOON)
    repairs.fail(district, repair.id, code="service_away", facts={}, at=NOON)
    assert repairs.work(district) == ([], [])

    repairs.retry(district, repair.id, by=SCHEDULER)

    assert repairs.work(district) == ([repair.id], [])
    assert (repair.state, repair.code, lesson.state) == ("running", None, L.CONFIRMED)


def test_a_leave_ends_after_it_begins(district: Session) -> None:
    wrong = ILL.model_copy(update={"ends_at": ILL.starts_at})

    with pytest.raises(Invalid, match="ends_before_it_begins"):
        repairs.make(district, wrong, by=SCHEDULER, at=NOON)
