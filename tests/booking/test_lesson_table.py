"""Booking: every row of the table of lessons and changes, from `states.csv`, through the verbs."""

import csv
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from services.booking import attest, changes, deadlines, joined, lessons, placing, retimes
from services.booking.clockwork import TIMERS
from services.booking.lesson_door import move_lesson
from services.booking.models import Change, Lesson, Order
from services.booking.place_checks import Asked
from services.booking.states import ChangeState as C
from services.booking.states import LessonState as L
from services.kit.auth import Caller
from services.kit.errors import Conflict, Forbidden, Refusal
from services.kit.timers import Timer
from tests.booking.lesson_world import (
    CLERK,
    DAY,
    JING,
    NOON,
    SCHEDULER,
    SUPERVISOR,
    SYSTEM,
    TUESDAY,
    WEDNESDAY,
    a_lesson,
    after,
    during,
    staffed,
    told,
)

TABLE = Path(__file__).parents[1] / "fixtures" / "states.csv"
with TABLE.open(encoding="utf-8") as file:
    ROWS = [row for row in csv.DictReader(file)]
LESSON_ROWS = [row for row in ROWS if row["machine"] == "lesson"]
CHANGE_ROWS = [row for row in ROWS if row["machine"] == "change"]

Act = Callable[[Session, Lesson], Any]
LATE = TUESDAY.starts_at - DAY


def said(status: str, at: datetime = NOON, **facts: Any) -> Act:
    return lambda session, lesson: staffed(session, lesson, status, at=at, **facts)


def clock(verb: str) -> Act:
    def act(session: Session, lesson: Lesson) -> None:
        timer = session.get(Timer, (lesson.id, verb))
        TIMERS[verb](session, lesson.id, timer.due_at if timer else NOON)

    return act


def by(verb: Callable[..., Any], who: Caller, at: datetime = NOON, **facts: Any) -> Act:
    return lambda session, lesson: verb(session, lesson.id, by=who, at=at, **facts)


def order_dies(session: Session, lesson: Lesson) -> None:
    order = session.get_one(Order, lesson.order_id)
    verb, why = "cancel_order_by_district", "order_cancelled"
    deadlines.end(session, order, verb, why, fault="district", reason=None, by=SCHEDULER, at=NOON)


def handed_over(session: Session, lesson: Lesson) -> None:
    staffed(session, lesson, "present", at=during(lesson), handovers=1)


def agreed_and_lost(session: Session, lesson: Lesson) -> None:
    asked = Asked(starts_at=WEDNESDAY.starts_at)
    change = changes.propose(session, lesson.id, asked=asked, by=CLERK, at=NOON)
    changes.accept(session, change.id, lose_holder=True, by=SCHEDULER, at=NOON)


def agreed_and_kept(session: Session, lesson: Lesson) -> None:
    asked = Asked(starts_at=WEDNESDAY.starts_at)
    change = changes.propose(session, lesson.id, asked=asked, by=CLERK, at=NOON)
    changes.accept(session, change.id, by=SCHEDULER, at=NOON)
    answer = {"retime_change_id": change.id, "retime_answer": "accepted"}
    staffed(session, lesson, "held", revision=lesson.revision + 1, **answer)


def downgraded(session: Session, lesson: Lesson) -> None:
    staffed(session, lesson, "held", waived=["wrong_pool"])
    lessons.downgrade_agreed(session, lesson.id, by=CLERK, at=NOON)


def broken(session: Session, lesson: Lesson) -> None:
    staffed(session, lesson, "none", lost="released")
    placing.resume(session, lesson.id, asked=Asked(), by=SCHEDULER, at=NOON)


def system(verb: str) -> Act:
    return lambda session, lesson: move_lesson(session, lesson, verb, by=SYSTEM, at=NOON)


def hosted(verb: str, state: L) -> Act:
    """The lesson it is joined to has come to this state; the clock looks after those who go with
    it."""

    def act(session: Session, lesson: Lesson) -> None:
        if verb == "join":
            other = a_lesson(session, L.TENTATIVE, school=JING)
            joined.join(session, other, lesson, by=SCHEDULER, at=NOON)
            return
        assert lesson.joined_to is not None
        host = session.get_one(Lesson, lesson.joined_to)
        if verb == "follow_host":
            lesson.wishes = [WEDNESDAY.model_dump(mode="json")]
            host.starts_at, host.ends_at = WEDNESDAY.starts_at, WEDNESDAY.ends_at
        host.state = state
        joined.follow(session, host, lesson, by=SYSTEM, at=NOON)

    return act


EVENING = TUESDAY.ends_at
ELSEWHEN = Asked(starts_at=WEDNESDAY.starts_at)
# How each verb is said in ordinary life.
SAID: dict[str, Act] = {
    "line_approved": system("line_approved"),
    "line_refused_or_order_dead": order_dies,
    "line_fix_deadline": clock("line_fix_deadline"),
    "place": by(placing.place, SCHEDULER, asked=Asked()),
    "park": by(placing.park, SCHEDULER),
    "window_passed": clock("window_passed"),
    "cancel": by(lessons.cancel, CLERK),
    "cancel_by_district": by(lessons.cancel, SCHEDULER),
    "order_dead": order_dies,
    "capacity_found": clock("capacity_found"),
    "all_seats_filled": said("held"),
    "candidates_exhausted": said("exhausted"),
    "unplace": by(placing.unplace, SCHEDULER),
    "suspend": by(placing.suspend, SCHEDULER, reason="雨雪"),
    "start_reached_unfilled": clock("start_reached_unfilled"),
    "seat_lost_early": said("none", lost="released"),
    "seat_lost_late": said("none", lost="released", at=LATE),
    "retime_applied": agreed_and_lost,
    "retime_kept": agreed_and_kept,
    "checkin": said("present", at=TUESDAY.starts_at),
    "no_show_rescue_possible": said("none", lost="no_show", at=TUESDAY.starts_at),
    "no_show_no_rescue": said("none", lost="no_show", at=EVENING),
    "substitute_committed": said("held"),
    "downgrade_agreed": downgraded,
    "rescue_failed": clock("rescue_failed"),
    "resume_intact": by(placing.resume, SCHEDULER, asked=Asked()),
    "resume_broken": broken,
    "new_slot": by(placing.resume, SCHEDULER, asked=ELSEWHEN),
    "hold_ttl": clock("hold_ttl"),
    "complete": said("done", at=EVENING),
    "abort_some": said("partial", at=EVENING),
    "abort_none": said("aborted", at=EVENING),
    "handover": handed_over,
    "no_checkout": said("done", at=EVENING, checkout_missed=True),
    "accept_as_is": by(lessons.accept_as_is, CLERK),
    "schedule_makeup": by(lessons.schedule_makeup, SCHEDULER),
    "close_unmet": by(lessons.close_unmet, SCHEDULER),
    "decision_sla": clock("decision_sla"),
    "attest_ok": by(attest.attest, CLERK, at=EVENING, attendance=50),
    "attest_by_district": by(attest.attest, SCHEDULER, at=EVENING, attendance=50),
    "attest_sla": clock("attest_sla"),
    "dispute": by(attest.dispute, CLERK, reason="不符"),
    "resolve_verified": by(attest.resolve_verified, SUPERVISOR, resolution="属实"),
    "resolve_written_off": by(attest.resolve_written_off, SUPERVISOR, resolution="未授课"),
    "dispute_sla": clock("dispute_sla"),
    "reopen": by(attest.reopen, SUPERVISOR, reason="人数有误"),
    "join": hosted("join", L.TENTATIVE),
    "follow_host": hosted("follow_host", L.CONFIRMED),
    "part": hosted("part", L.UNPLACED),
    "host_delivered": hosted("host_delivered", L.DELIVERED),
    "host_cut_short": hosted("host_cut_short", L.PARTIALLY_DELIVERED),
    "host_not_delivered": hosted("host_not_delivered", L.NOT_DELIVERED),
}


@pytest.mark.parametrize("row", LESSON_ROWS, ids=lambda row: f"{row['verb']}-{row['from']}")
def test_every_row_of_a_lesson_happens(district: Session, row: dict[str, str]) -> None:
    lesson = a_lesson(district, L(row["from"]))
    before = len(told(district, lesson.id))

    SAID[row["verb"]](district, lesson)

    happened = [(s["verb"], s["was"], s["state"]) for s in told(district, lesson.id)[before:]]
    assert (row["verb"], row["from"], row["to"]) in happened
    versions = [s["version"] for s in told(district, lesson.id)]
    assert versions == list(range(2, len(versions) + 2))
    assert versions[-1] == lesson.version


PEOPLE = {"school": CLERK, "scheduler": SCHEDULER, "supervisor": SUPERVISOR}
OF_PEOPLE: dict[str, Callable[..., Any]] = {
    "place": lambda s, i, **w: placing.place(s, i, asked=Asked(), **w),
    "park": placing.park,
    "unplace": placing.unplace,
    "cancel": lessons.cancel,
    "suspend": lambda s, i, **w: placing.suspend(s, i, reason="雨雪", **w),
    "resume": lambda s, i, **w: placing.resume(s, i, asked=ELSEWHEN, **w),
    "downgrade_agreed": lessons.downgrade_agreed,
    "accept_as_is": lessons.accept_as_is,
    "schedule_makeup": lessons.schedule_makeup,
    "close_unmet": lessons.close_unmet,
    "attest": lambda s, i, **w: attest.attest(s, i, attendance=50, **w),
    "dispute": lambda s, i, **w: attest.dispute(s, i, reason="不符", **w),
    "resolve_verified": lambda s, i, **w: attest.resolve_verified(s, i, resolution="属实", **w),
    "resolve_written_off": lambda s, i, **w: attest.resolve_written_off(
        s, i, resolution="未授课", **w
    ),
    "reopen": lambda s, i, **w: attest.reopen(s, i, reason="人数有误", **w),
}
CONDITION = {
    "cancel_by_district": "cancel",
    "attest_ok": "attest",
    "attest_by_district": "attest",
    "resume_intact": "resume",
    "resume_broken": "resume",
    "new_slot": "resume",
}


@pytest.mark.parametrize("url", sorted(OF_PEOPLE))
@pytest.mark.parametrize("state", list(L))
def test_whoever_says_a_verb_in_whatever_state(district: Session, url: str, state: L) -> None:
    lesson = a_lesson(district, state)
    rows = [r for r in LESSON_ROWS if CONDITION.get(r["verb"], r["verb"]) == url]

    for role, who in PEOPLE.items():
        mine = [row for row in rows if row["by"] == role]
        possible = [row for row in mine if row["from"] == state]
        attempt = district.begin_nested()
        version = lesson.version
        code = None
        try:
            OF_PEOPLE[url](district, lesson.id, by=who, at=NOON)
        except Refusal as refusal:
            code = refusal.code
        if not mine:
            assert code == "not_yours", role
        elif not possible:
            assert code == "wrong_state", role
        elif url == "downgrade_agreed":
            assert code == "no_downgrade_offered"
        else:
            assert code is None, role
            assert lesson.version > version
            assert lesson.state in {row["to"] for row in possible}
        attempt.rollback()
        district.expire_all()
        lesson = district.get_one(Lesson, lesson.id)
        assert lesson.version == version


def a_change(session: Session, state: C = C.PROPOSED) -> tuple[Lesson, Change]:
    lesson = a_lesson(session, L.CONFIRMED)
    asked = Asked(starts_at=WEDNESDAY.starts_at)
    change = changes.propose(session, lesson.id, asked=asked, by=CLERK, at=NOON)
    if state == C.AGREED:
        changes.accept(session, change.id, by=SCHEDULER, at=NOON)
    return lesson, change


OF_CHANGES: dict[str, Callable[[Session, Lesson, Change], Any]] = {
    "accept": lambda s, _, c: changes.accept(s, c.id, by=SCHEDULER, at=NOON),
    "reject": lambda s, _, c: changes.reject(s, c.id, reason=None, by=SCHEDULER, at=NOON),
    "counter": lambda s, _, c: changes.counter(
        s, c.id, asked=Asked(wish=0, starts_at=WEDNESDAY.starts_at), by=SCHEDULER, at=NOON
    ),
    "withdraw": lambda s, _, c: changes.withdraw(s, c.id, reason=None, by=CLERK, at=NOON),
    "deadline": lambda s, _, c: TIMERS["deadline"](s, c.id, NOON + 2 * DAY),
    "lesson_dead": lambda s, lesson, _: lessons.cancel(s, lesson.id, by=CLERK, at=NOON),
    "apply_ok": lambda s, lesson, _: retimes.kept(s, lesson, by=SYSTEM, at=NOON),
    "apply_conflict": lambda s, lesson, _: retimes.dropped(
        s, lesson, why="holder_refused", by=SYSTEM, at=NOON
    ),
}


@pytest.mark.parametrize("row", CHANGE_ROWS, ids=lambda row: f"{row['verb']}-{row['from']}")
def test_every_row_of_a_change_happens(district: Session, row: dict[str, str]) -> None:
    lesson, change = a_change(district, C(row["from"]))

    OF_CHANGES[row["verb"]](district, lesson, change)

    newest = told(district, change.id)[-1]
    assert (newest["verb"], newest["was"], newest["state"]) == (
        row["verb"],
        row["from"],
        row["to"],
    )
    assert newest["version"] == change.version == len(told(district, change.id))
    assert change.state == row["to"]
    if change.state not in (C.PROPOSED, C.AGREED):
        assert (change.ended_at, change.fault, change.notice is not None) == (
            NOON + 2 * DAY if row["verb"] == "deadline" else NOON,
            "none",
            True,
        )


@pytest.mark.parametrize("state", [C.APPLIED, C.REJECTED, C.WITHDRAWN, C.EXPIRED])
def test_what_has_ended_is_not_answered(district: Session, state: C) -> None:
    lesson, change = a_change(district)
    change.state = state
    district.flush()

    for verb in ("accept", "reject", "counter", "withdraw", "deadline"):
        with pytest.raises(Conflict, match="wrong_state"):
            OF_CHANGES[verb](district, lesson, change)


@pytest.mark.parametrize("state", [s for s in L if s not in (L.CANCELLED, L.WRITTEN_OFF)])
def test_every_end_says_why_and_whose_doing(district: Session, state: L) -> None:
    lesson = a_lesson(district, state)
    ends = [r for r in LESSON_ROWS if r["from"] == state]
    ends = [r for r in ends if r["to"] in ("cancelled", "written_off", "verified")]

    for row in ends:
        attempt = district.begin_nested()
        SAID[row["verb"]](district, lesson)
        assert lesson.state == row["to"], row
        assert lesson.reason_code and lesson.fault and lesson.notice, row
        assert lesson.ended_at is not None
        attempt.rollback()
        district.expire_all()
        lesson = district.get_one(Lesson, lesson.id)


def test_a_timer_no_person_may_say(district: Session) -> None:
    lesson = a_lesson(district, L.TENTATIVE)

    for verb in ("start_reached_unfilled", "all_seats_filled", "order_dead", "window_passed"):
        for who in PEOPLE.values():
            with pytest.raises(Forbidden, match="not_yours"):
                move_lesson(district, lesson, verb, by=who, at=after(lesson))
