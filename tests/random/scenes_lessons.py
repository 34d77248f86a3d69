"""Random events: scenes about lessons: placing, waiting, rescue, the day itself, and afterwards."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

from tests.random.scene import EARLY, HOUR, LATE, MINUTE, SOON, Lesson, Scene
from tests.random.scenes import scene
from tests.random.stage import At, GaveUp, Steps, Until
from tests.random.world import at

DAY = timedelta(days=1)
ASSIGNMENTS = "/api/lecturer/assignments"


@scene(
    "lesson unplaced place",
    "lesson unplaced park",
    "lesson waitlisted capacity_found",
    "lesson tentative unplace",
    "lesson unplaced window_passed",
    "lesson waitlisted window_passed",
    days=4,
)
def two_lessons_want_the_same_room(s: Scene) -> Steps:
    slot = s.slot((30, 110), format="micro_lesson", spread=True)
    other = s.slot((30, 110), format="micro_lesson", spread=True, school=slot.school)
    first, second, third = s.approved(slot, slot, other)
    s.placed(first, mode="manual")
    s.refused("scheduler", f"{second.path}/place", {"wish": 0}, 409, "place_taken")
    s.do("scheduler", f"{second.path}/park", {"reason": "同一教室"})
    yield s.state(second, "waitlisted")
    s.do("scheduler", f"{first.path}/unplace", {})
    yield s.state(second, "unplaced")
    # Whenever a place is let go at that time it is looked at again: until its time has come.
    s.do("scheduler", f"{third.path}/park", {})
    last = max(slot.ends_at, other.ends_at)
    while s.now() < last:
        found = yield s.state(third, "waitlisted", "unplaced", "cancelled")
        if found["state"] == "unplaced":
            s.do("scheduler", f"{third.path}/park", {})
        yield At(min(last, s.now() + DAY) + MINUTE, min(last, s.now() + DAY) + 6 * HOUR)
    yield s.state(first, "cancelled")
    yield s.state(third, "cancelled")


@scene("lesson tentative candidates_exhausted")
def nobody_can_come(s: Scene) -> Steps:
    lesson = s.tentative(s.slot(EARLY, able=0, most=0))
    yield s.state(lesson, "unplaced")


@scene()
def everybody_declines(s: Scene) -> Steps:
    lesson = s.tentative(s.slot(EARLY, able=1, most=3), mode="open")
    yield s.asked(lesson)
    while s.lesson(lesson)["state"] == "tentative":
        path = f"/api/lecturer/offers?state=pending&lesson_id={lesson.id}"
        for offer in s.people.look("scheduler", path)["items"]:
            s.answer(offer, "decline", reason=s.choose.choice(["leave", "duty", "other"]))
        yield s.state(lesson, "tentative", "unplaced")


@scene(
    "lesson tentative start_reached_unfilled",
    "lesson not_delivered decision_sla",
    "lesson not_delivered close_unmet",
    days=11,
)
def nobody_was_asked(s: Scene) -> Steps:
    lesson = s.tentative(s.slot(SOON), mode="manual")
    yield At(lesson.slot.starts_at + MINUTE, lesson.slot.starts_at + 30 * HOUR)
    found = yield s.state(lesson, "not_delivered")
    yield At(at(found["due_at"]) + MINUTE, at(found["due_at"]) + 30 * HOUR)
    s.do("scheduler", f"{lesson.path}/close_unmet", {"reason": "不再补"})
    yield s.order_state(lesson.order_id, "cancelled")


@scene(
    "lesson tentative suspend",
    "lesson suspended resume_broken",
    "lesson suspended new_slot",
    "lesson confirmed suspend",
    "lesson suspended resume_intact",
    "lesson suspended hold_ttl",
    days=6,
)
def a_lesson_is_suspended_again_and_again(s: Scene) -> Steps:
    lesson = s.tentative(s.slot(EARLY))
    yield s.asked(lesson)
    why = {"reason": "场地检修"}
    s.do("scheduler", f"{lesson.path}/suspend", why)
    s.do("scheduler", f"{lesson.path}/resume")
    yield s.asked(lesson)
    s.do("scheduler", f"{lesson.path}/suspend", why)
    slot = s.slot((98, 220), school=lesson.school, course=lesson.slot.course, able=2)
    new = {"starts_at": slot.starts_at.isoformat(), "note": "另定时间"}
    s.do("scheduler", f"{lesson.path}/resume", new)
    lesson.slot = slot
    yield from s.filled(lesson)
    s.do("scheduler", f"{lesson.path}/suspend", why)
    s.do("scheduler", f"{lesson.path}/resume")
    yield s.state(lesson, "confirmed")
    found = s.do("scheduler", f"{lesson.path}/suspend", why)
    yield At(at(found["due_at"]) + MINUTE, at(found["due_at"]) + 30 * HOUR)
    yield s.state(lesson, "unplaced")


@scene(
    "lesson at_risk suspend",
    "lesson confirmed seat_lost_late",
    "assignment release_requested grant",
)
def a_lesson_at_risk_is_suspended(s: Scene) -> Steps:
    lesson = yield from s.at_risk(s.slot(LATE, able=5))
    yield s.asked(lesson)
    s.do("scheduler", f"{lesson.path}/suspend", {"reason": "再议"})
    s.do("scheduler", f"{lesson.path}/resume")
    yield from s.filled(lesson)
    s.do(lesson.school, f"{lesson.path}/cancel", {})


@scene("lesson confirmed seat_lost_early", "assignment committed release_early")
def a_lecturer_lets_go_in_time(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(EARLY, able=5))
    s.promise(lesson, "release", reason="duty")
    yield from s.filled(lesson)
    return lesson


@scene("lesson at_risk substitute_committed", "lesson tentative all_seats_filled")
def a_substitute_is_found(s: Scene) -> Steps:
    lesson = yield from s.at_risk(s.slot(LATE, able=5))
    yield from s.filled(lesson)


@scene("lesson at_risk downgrade_agreed")
def a_school_takes_what_there_is(s: Scene) -> Steps:
    lesson = yield from s.at_risk(s.slot(LATE))
    who = s.choose.choice(_only_with(s, lesson, "not_qualified"))
    path = f"{lesson.path}/downgrade_agreed"
    s.refused(lesson.school, path, {}, 409, "no_downgrade_offered")
    [offer] = s.send(lesson, who, waive=["not_qualified"], reason="无人可派")
    done = s.answer(offer, "accept")
    lesson.assignment_id, lesson.lecturer_id = done["assignment_id"], who

    def offered() -> Any:
        return "downgrade_agreed" in s.people.look(lesson.school, lesson.path)["moves"]

    yield Until(offered, f"a downgrade of lesson {lesson.id}")
    s.do(lesson.school, path, {"note": "同意"})


def _only_with(s: Scene, lesson: Lesson, rule: str) -> list[str]:
    able = set(s.candidates(lesson))
    found = [id for id in s.candidates(lesson, rule) if id not in able]
    found = [id for id in found if id != lesson.lecturer_id]
    if not found:
        raise GaveUp(f"nobody only {rule}")
    return found[:8]


@scene("lesson at_risk rescue_failed", days=3)
def a_rescue_fails(s: Scene) -> Steps:
    lesson = yield from s.at_risk(s.slot(LATE))
    half = lesson.slot.starts_at + 90 * MINUTE
    yield At(half + MINUTE, half + 20 * HOUR)
    yield s.state(lesson, "not_delivered")
    s.do("scheduler", f"{lesson.path}/close_unmet", {"fault": "lecturer"})


@scene(
    "lesson confirmed no_show_rescue_possible",
    "assignment committed no_checkin",
    "assignment checked_in checkout",
    "lesson in_progress complete",
    days=3,
)
def a_no_show_is_rescued(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(SOON, able=5))
    starts_at = lesson.slot.starts_at
    yield At(starts_at + 16 * MINUTE, starts_at + 30 * MINUTE)
    yield s.state(lesson, "at_risk")
    yield from s.filled(lesson)
    s.promise(lesson, "check_in")
    yield s.state(lesson, "in_progress")
    yield from s.over(lesson)
    s.attest(lesson)


@scene(
    "lesson confirmed no_show_no_rescue",
    "assignment no_show appeal_upheld",
    "lesson not_delivered schedule_makeup",
    days=3,
)
def a_no_show_is_too_late(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(SOON, format="micro_lesson"))
    starts_at = lesson.slot.starts_at
    yield At(starts_at + 16 * MINUTE, starts_at + 20 * HOUR)
    yield s.state(lesson, "not_delivered")
    path = f"{ASSIGNMENTS}/{lesson.assignment_id}/appeal_upheld"
    s.do("supervisor", path, {"note": "道路封闭"})
    slot = s.slot(EARLY, format="micro_lesson", school=lesson.school)
    made = s.do("scheduler", f"{lesson.path}/schedule_makeup", {"wishes": [slot.wish]})
    makeup = Lesson(made["makeup"]["id"], slot, lesson.order_id)
    s.placed(makeup)
    yield s.state(makeup, "tentative", "unplaced", "confirmed")
    s.do("scheduler", f"{makeup.path}/cancel", {"reason": "不再补"})
    yield s.order_state(lesson.order_id, "cancelled")


def _cut_short(s: Scene, minutes: int) -> Generator[Any, Any, Lesson]:
    lesson = yield from s.confirmed(s.slot(SOON))
    yield from s.begun(lesson)
    starts_at = lesson.slot.starts_at
    yield At(starts_at + 16 * MINUTE, starts_at + 30 * MINUTE)
    s.promise(lesson, "abort", minutes_taught=minutes, reason="停电", fault="school")
    yield s.state(lesson, "partially_delivered", "not_delivered")
    return lesson


@scene(
    "lesson in_progress abort_some",
    "lesson partially_delivered accept_as_is",
    "lesson delivered attest_by_district",
    "assignment checked_in leave_or_handover",
    days=3,
)
def half_a_lesson_is_enough(s: Scene) -> Steps:
    lesson = yield from _cut_short(s, 10)
    s.do(lesson.school, f"{lesson.path}/accept_as_is", {})
    s.attest(lesson, "scheduler")
    yield s.order_state(lesson.order_id, "closed")


@scene(
    "lesson partially_delivered decision_sla",
    "lesson partially_delivered schedule_makeup",
    days=11,
)
def half_a_lesson_is_made_up_for(s: Scene) -> Steps:
    lesson = yield from _cut_short(s, 12)
    due = at(s.lesson(lesson)["due_at"])
    yield At(due + MINUTE, due + 30 * HOUR)
    made = s.do("scheduler", f"{lesson.path}/schedule_makeup", {})
    s.attest(lesson)
    s.do(lesson.school, f"/api/booking/lessons/{made['makeup']['id']}/cancel", {})
    yield s.order_state(lesson.order_id, "closed")


@scene("lesson in_progress abort_none", "assignment checked_in abort_nothing_taught", days=3)
def nothing_is_taught(s: Scene) -> Steps:
    lesson = yield from _cut_short(s, 0)
    s.do("scheduler", f"{lesson.path}/close_unmet", {})


@scene("lesson in_progress handover", "lesson confirmed checkin", days=3)
def somebody_else_goes_on(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(SOON, able=5))
    yield from s.begun(lesson)
    starts_at = lesson.slot.starts_at
    yield At(starts_at + 16 * MINUTE, starts_at + 30 * MINUTE)
    others = [id for id in s.candidates(lesson) if id != lesson.lecturer_id]
    if not others:
        raise GaveUp("nobody to hand over to")
    said = {"lecturer_id": others[0], "minutes_taught": 10, "channel": "phone", "note": "身体不适"}
    new = s.do("scheduler", f"{ASSIGNMENTS}/{lesson.assignment_id}/handover", said)
    lesson.assignment_id, lesson.lecturer_id = new["id"], others[0]
    s.world.engage(others[0], starts_at)
    yield s.state(lesson, "in_progress")
    yield from s.over(lesson)
    s.attest(lesson)


@scene(
    "lesson in_progress no_checkout",
    "assignment checked_in no_checkout",
    "lesson delivered attest_sla",
    "lesson delivered dispute",
    "lesson disputed dispute_sla",
    "lesson disputed resolve_written_off",
    days=27,
)
def nobody_looks_after_a_lesson(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(SOON))
    yield from s.begun(lesson)
    late = lesson.slot.ends_at + 31 * MINUTE
    yield At(late, late + 20 * HOUR)
    found = yield s.state(lesson, "delivered")
    yield At(at(found["due_at"]) + MINUTE, at(found["due_at"]) + 30 * HOUR)
    s.do(lesson.school, f"{lesson.path}/dispute", {"reason": "讲了半小时"})
    due = at(s.lesson(lesson)["due_at"])
    yield At(due + MINUTE, due + 30 * HOUR)
    path = f"{lesson.path}/resolve_written_off"
    s.do("supervisor", path, {"resolution": "不计学时", "fault": "lecturer"})
    yield s.order_state(lesson.order_id, "cancelled")
