"""Booking: a new time or place is negotiated, and carried out with the holder or without him."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from services.booking import changes, lessons, placing
from services.booking.models import Change, Lesson, PlaceHold
from services.booking.place_checks import Asked
from services.booking.states import ChangeState as C
from services.booking.states import LessonState as L
from services.contracts.booking import Slot
from services.kit.errors import Conflict, Forbidden, Invalid, NotFound
from services.kit.timers import Timer
from tests.booking.lesson_world import (
    CLERK,
    DAY,
    HOUR,
    NOON,
    OTHER_HALL,
    SCHEDULER,
    STRANGER,
    SUPERVISOR,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    a_lesson,
    deadlines,
    during,
    staffed,
    told,
    verbs,
)


def proposed(session: Session, lesson: Lesson, by: Any = CLERK, **facts: Any) -> Change:
    slot = facts.pop("slot", WEDNESDAY)
    asked = Asked(starts_at=slot.starts_at)
    return changes.propose(
        session, lesson.id, asked=asked, reason="村里换届", by=by, at=NOON, **facts
    )


def agreed(session: Session, lesson: Lesson) -> Change:
    change = proposed(session, lesson)
    return changes.accept(session, change.id, by=SCHEDULER, at=NOON)


def slots_held(session: Session, lesson: Lesson) -> list[Slot]:
    rows = session.exec(
        select(PlaceHold)
        .where(PlaceHold.lesson_id == lesson.id, PlaceHold.live == True)  # noqa: E712
        .order_by("starts_at")
    ).all()
    return [Slot(starts_at=row.starts_at, ends_at=row.ends_at) for row in rows]


def test_a_school_proposes_another_day(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)

    change = proposed(district, lesson)

    assert (change.state, change.proposed_by, change.round) == (C.PROPOSED, "township", 1)
    assert (change.ends_at, change.place) == (WEDNESDAY.ends_at, lesson.place)
    assert deadlines(district, change.id) == {"deadline": NOON + 2 * DAY}
    said = told(district, change.id)
    assert [(s["subject"], s["verb"], s["version"]) for s in said] == [
        ("booking.change.proposed", "propose", 1)
    ]
    assert said[0]["old_slot"]["starts_at"].startswith("2026-12-01")
    timer = district.exec(select(Timer).where(Timer.key == change.id)).one()
    assert timer.answer is True


@pytest.mark.parametrize("state", [L.UNPLACED, L.SUSPENDED, L.IN_PROGRESS, L.VERIFIED])
def test_only_a_lesson_with_a_date_can_be_negotiated(district: Session, state: L) -> None:
    lesson = a_lesson(district, state)

    with pytest.raises(Conflict, match="wrong_state"):
        proposed(district, lesson)


def test_one_proposal_at_a_time(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    first = proposed(district, lesson)

    with pytest.raises(Conflict, match="change_open") as refused:
        proposed(district, lesson, by=SCHEDULER)

    assert refused.value.facts == {"change_id": str(first.id)}


def test_a_proposal_is_checked_like_a_placing(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)

    with pytest.raises(Conflict, match="in_the_past"):
        proposed(district, lesson, slot=Slot(starts_at=NOON - HOUR, ends_at=NOON))
    with pytest.raises(Invalid, match="nothing_changes"):
        proposed(district, lesson, slot=TUESDAY)
    with pytest.raises(NotFound, match="not_found"):
        asked = Asked(venue_id=OTHER_HALL)
        changes.propose(district, lesson.id, asked=asked, by=CLERK, at=NOON)


def test_who_may_say_what(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    change = proposed(district, lesson)

    for verb in (changes.accept, changes.reject, changes.withdraw):
        facts: dict[str, Any] = {} if verb is changes.accept else {"reason": None}
        wrong = CLERK if verb is not changes.withdraw else SCHEDULER
        with pytest.raises(Forbidden, match="not_yours"):
            verb(district, change.id, **facts, by=wrong, at=NOON)
        with pytest.raises(Forbidden, match="not_yours"):
            verb(district, change.id, **facts, by=SUPERVISOR, at=NOON)
        with pytest.raises(NotFound, match="not_found"):
            verb(district, change.id, **facts, by=STRANGER, at=NOON)
    with pytest.raises(Forbidden, match="role_required"):
        proposed(district, lesson, by=SUPERVISOR)
    with pytest.raises(Forbidden, match="lose_holder_not_yours"):
        proposed(district, a_lesson(district, L.UNPLACED), lose_holder=True)


def test_agreeing_asks_the_holder_and_keeps_the_old_date(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)

    change = agreed(district, lesson)

    assert change.state == C.AGREED
    assert (lesson.state, lesson.revision, lesson.starts_at) == (
        L.CONFIRMED,
        1,
        TUESDAY.starts_at,
    )
    assert slots_held(district, lesson) == [TUESDAY, WEDNESDAY]
    said = told(district, lesson.id)[-1]
    assert (said["verb"], said["was"], said["state"]) == ("retime_asked", "confirmed", "confirmed")
    assert said["retime"]["change_id"] == str(change.id)
    assert said["retime"]["revision"] == 2
    assert deadlines(district, change.id) == {}


def test_the_holder_comes_along(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    change = agreed(district, lesson)

    staffed(
        district,
        lesson,
        "held",
        revision=2,
        slot=WEDNESDAY,
        retime_change_id=change.id,
        retime_answer="accepted",
    )

    assert (lesson.state, lesson.revision, lesson.starts_at) == (
        L.CONFIRMED,
        2,
        WEDNESDAY.starts_at,
    )
    assert lesson.retime is None
    assert slots_held(district, lesson) == [WEDNESDAY]
    assert (change.state, change.reason_code, change.fault) == (C.APPLIED, "apply_ok", "none")
    assert verbs(district, lesson.id)[-2:] == ["retime_asked", "retime_kept"]
    assert verbs(district, change.id) == ["propose", "accept", "apply_ok"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [("refused", "holder_refused"), ("expired", "holder_expired"), ("conflict", "conflict")],
)
def test_the_old_date_stands_when_the_holder_cannot(
    district: Session, answer: str, reason: str
) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    change = agreed(district, lesson)

    staffed(district, lesson, "held", retime_change_id=change.id, retime_answer=answer)

    assert (lesson.state, lesson.revision, lesson.starts_at) == (
        L.CONFIRMED,
        1,
        TUESDAY.starts_at,
    )
    assert lesson.retime is None
    assert slots_held(district, lesson) == [TUESDAY]
    assert (change.state, change.reason_code) == (C.REJECTED, reason)
    assert verbs(district, lesson.id)[-1] == "retime_dropped"
    again = proposed(district, lesson, slot=THURSDAY)
    assert again.state == C.PROPOSED


def test_losing_the_holder_is_the_schedulers_choice(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    change = proposed(district, lesson)

    changes.accept(district, change.id, lose_holder=True, by=SCHEDULER, at=NOON)

    assert (lesson.state, lesson.revision, lesson.starts_at) == (
        L.TENTATIVE,
        2,
        WEDNESDAY.starts_at,
    )
    assert change.state == C.APPLIED
    assert slots_held(district, lesson) == [WEDNESDAY]
    assert verbs(district, lesson.id)[-1] == "retime_applied"


def test_a_scheduler_may_propose_without_the_holder(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    change = proposed(district, lesson, by=SCHEDULER, lose_holder=True)

    with pytest.raises(Forbidden, match="lose_holder_not_yours"):
        changes.accept(district, change.id, lose_holder=True, by=CLERK, at=NOON)
    changes.accept(district, change.id, by=CLERK, at=NOON)

    assert (lesson.state, change.state) == (L.TENTATIVE, C.APPLIED)


def test_without_a_holder_the_new_slot_holds_at_once(district: Session) -> None:
    lesson = a_lesson(district, L.TENTATIVE)

    change = agreed(district, lesson)

    assert (lesson.state, lesson.revision, lesson.starts_at) == (
        L.TENTATIVE,
        2,
        WEDNESDAY.starts_at,
    )
    assert change.state == C.APPLIED
    assert slots_held(district, lesson) == [WEDNESDAY]
    assert verbs(district, lesson.id)[-2:] == ["unplace", "place"]
    assert verbs(district, change.id) == ["propose", "accept", "apply_ok"]
    assert deadlines(district, lesson.id) == {"start_reached_unfilled": WEDNESDAY.starts_at}


def test_a_lesson_at_risk_is_saved_by_another_date(district: Session) -> None:
    lesson = a_lesson(district, L.AT_RISK)

    change = agreed(district, lesson)

    assert (lesson.state, lesson.revision, change.state) == (L.TENTATIVE, 2, C.APPLIED)
    assert verbs(district, lesson.id)[-1] == "retime_applied"


def test_the_holder_leaves_before_he_answers(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    change = agreed(district, lesson)

    staffed(district, lesson, "none", lost="released")

    assert (lesson.state, lesson.revision, lesson.starts_at) == (
        L.TENTATIVE,
        2,
        WEDNESDAY.starts_at,
    )
    assert change.state == C.APPLIED


def test_the_lesson_begins_before_the_holder_answers(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    change = agreed(district, lesson)

    staffed(district, lesson, "present", at=during(lesson))

    assert lesson.state == L.IN_PROGRESS
    assert lesson.retime is None
    assert (change.state, change.reason_code) == (C.REJECTED, "lesson_in_progress")
    assert slots_held(district, lesson) == [TUESDAY]


def test_only_cancelling_touches_a_lesson_while_a_change_is_agreed(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    change = agreed(district, lesson)

    with pytest.raises(Conflict, match="change_pending"):
        placing.suspend(district, lesson.id, reason="雨雪", by=SCHEDULER, at=NOON)
    with pytest.raises(Conflict, match="change_pending"):
        proposed(district, lesson)
    lessons.cancel(district, lesson.id, by=CLERK, at=NOON)

    assert lesson.state == L.CANCELLED
    assert lesson.retime is None
    assert (change.state, change.reason_code) == (C.WITHDRAWN, "lesson_cancelled")
    assert slots_held(district, lesson) == []


@pytest.mark.parametrize("verb", ["unplace", "suspend"])
def test_a_proposal_ends_with_the_date_it_is_about(district: Session, verb: str) -> None:
    lesson = a_lesson(district, L.TENTATIVE)
    change = proposed(district, lesson)

    getattr(placing, verb)(district, lesson.id, reason="雨雪", by=SCHEDULER, at=NOON)

    assert (change.state, verbs(district, change.id)[-1]) == (C.WITHDRAWN, "lesson_dead")
    assert deadlines(district, change.id) == {}


def test_a_negotiation_has_three_rounds(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    change = proposed(district, lesson)

    second = Asked(starts_at=THURSDAY.starts_at)
    changes.counter(district, change.id, asked=second, reason="场地", by=SCHEDULER, at=NOON + HOUR)
    assert (change.round, change.proposed_by) == (2, "scheduler")
    assert change.starts_at == THURSDAY.starts_at
    assert deadlines(district, change.id) == {"deadline": NOON + HOUR + 2 * DAY}
    with pytest.raises(Forbidden, match="not_yours"):
        changes.counter(district, change.id, asked=second, by=SCHEDULER, at=NOON)
    third = Asked(starts_at=WEDNESDAY.starts_at)
    changes.counter(district, change.id, asked=third, by=CLERK, at=NOON + HOUR)

    with pytest.raises(Conflict, match="rounds_exhausted"):
        changes.counter(district, change.id, asked=second, by=SCHEDULER, at=NOON + HOUR)
    changes.reject(district, change.id, reason="不便", by=SCHEDULER, at=NOON + HOUR)

    assert (change.state, change.fault, change.notice) == (C.REJECTED, "none", "early")
    assert [s["subject"] for s in told(district, change.id)] == [
        "booking.change.proposed",
        "booking.change.countered",
        "booking.change.countered",
        "booking.change.rejected",
    ]


def test_a_proposer_may_think_better_of_it(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    change = proposed(district, lesson, by=SCHEDULER)

    changes.withdraw(district, change.id, reason=None, by=SCHEDULER, at=NOON)

    assert change.state == C.WITHDRAWN
    assert deadlines(district, change.id) == {}


def test_silence_is_no_consent(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    change = proposed(district, lesson)

    changes.deadline(district, change.id, NOON + 2 * DAY)

    assert (change.state, change.reason_code) == (C.EXPIRED, "deadline")
    assert lesson.starts_at == TUESDAY.starts_at
    with pytest.raises(Conflict, match="wrong_state"):
        changes.accept(district, change.id, by=SCHEDULER, at=NOON + 2 * DAY)


def test_agreeing_to_a_place_meanwhile_taken_is_refused(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    change = proposed(district, lesson)
    other = a_lesson(district)
    asked = Asked(starts_at=WEDNESDAY.starts_at)
    placing.place(district, other.id, asked=asked, by=SCHEDULER, at=NOON)

    with pytest.raises(Conflict, match="place_taken"):
        changes.accept(district, change.id, by=SCHEDULER, at=NOON)

    assert change.state == C.PROPOSED
    assert slots_held(district, lesson) == [TUESDAY]


def test_a_retime_within_the_same_afternoon_overlaps_itself(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    later = Slot(starts_at=TUESDAY.starts_at + timedelta(minutes=30), ends_at=TUESDAY.ends_at)

    change = proposed(district, lesson, slot=later)
    changes.accept(district, change.id, by=SCHEDULER, at=NOON)

    assert [slot.starts_at for slot in slots_held(district, lesson)] == [
        TUESDAY.starts_at,
        later.starts_at,
    ]


def test_near_the_lesson_there_is_little_time_to_answer(district: Session) -> None:
    lesson = a_lesson(district, L.CONFIRMED)
    at = TUESDAY.starts_at - 2 * DAY

    change = changes.propose(
        district, lesson.id, asked=Asked(starts_at=WEDNESDAY.starts_at), by=CLERK, at=at
    )

    assert deadlines(district, change.id) == {"deadline": at + 4 * HOUR}
