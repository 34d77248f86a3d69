"""Random events: scenes about letters: drafts, mending, review, the end and the way back."""

from datetime import timedelta
from typing import Any

from tests.random.scene import EARLY, HOUR, LATE, MINUTE, SOON, Scene, letter_body
from tests.random.scenes import scene
from tests.random.stage import At, Steps

ORDERS = "/api/booking/orders"


@scene("order draft discard")
def a_draft_is_thrown_away(s: Scene) -> Steps:
    slot = s.slot(EARLY, format="micro_lesson")
    order = s.letter(slot, submit=False)
    yield from ()
    path, other = f"{ORDERS}/{order['id']}", letter_body([slot.line()], urgent=False)
    changed = s.put(slot.school, path, other, match=order["version"])
    assert s.people.say(slot.school, "PUT", path, other, match=order["version"]).status == 412
    assert s.people.say(slot.school, "PUT", path, other).status == 428
    s.put(slot.school, path, other, match=changed["version"])
    s.do(slot.school, f"{path}/discard", {})


@scene("order draft stale_or_dates_past", days=2)
def a_draft_is_forgotten(s: Scene) -> Steps:
    slot = s.slot((4, 76), format="micro_lesson")
    order = s.letter(slot, submit=False)
    yield At(slot.ends_at + MINUTE, slot.ends_at + 40 * HOUR)
    yield s.order_state(order["id"], "expired")


@scene(
    "order draft submit",
    "order submitted return_for_fix",
    "order returned resubmit",
    "order submitted reject",
    "lesson requested line_refused_or_order_dead",
)
def a_letter_is_mended_and_rejected(s: Scene) -> Steps:
    slot = s.slot(EARLY)
    order = s.letter(slot)
    yield from ()
    path, field = f"{ORDERS}/{order['id']}", "lines.1.expected_attendees"
    s.do("scheduler", f"{path}/return_for_fix", {"fields": [field], "reason": "请核对人数"})
    line = slot.line()
    body = letter_body([{**line, "expected_attendees": 35}])
    version = s.people.look(slot.school, path)["version"]
    closed = s.people.say(slot.school, "PUT", path, {**body, "title": "另一题目"}, match=version)
    assert (closed.status, closed.code) == (409, "field_not_open"), closed
    s.put(slot.school, path, body, match=version)
    s.do(slot.school, f"{path}/resubmit")
    s.do("scheduler", f"{path}/reject", {"reason": "本月已满"})


@scene("order returned withdraw")
def a_returned_letter_is_taken_back(s: Scene) -> Steps:
    slot = s.slot(EARLY, format="micro_lesson")
    path = f"{ORDERS}/{s.letter(slot)['id']}"
    yield from ()
    s.do("scheduler", f"{path}/return_for_fix", {"reason": "请补充"})
    s.do(slot.school, f"{path}/withdraw", {"reason": "改到明年"})


@scene("order submitted withdraw")
def a_letter_is_taken_back(s: Scene) -> Steps:
    slot = s.slot(EARLY, format="micro_lesson")
    path = f"{ORDERS}/{s.letter(slot)['id']}"
    yield from ()
    s.do(slot.school, f"{path}/withdraw", {})


@scene("order returned fix_deadline", days=2)
def a_returned_letter_is_never_mended(s: Scene) -> Steps:
    slot = s.slot(EARLY, format="micro_lesson")
    order = s.letter(slot)
    due = s.now() + 26 * HOUR
    body = {"reason": "请补充", "due_at": due.isoformat()}
    s.do("scheduler", f"{ORDERS}/{order['id']}/return_for_fix", body)
    yield At(due + MINUTE, due + 40 * HOUR)
    yield s.order_state(order["id"], "expired")


@scene("order submitted review_sla", "order submitted all_dates_past", days=6)
def a_letter_is_never_reviewed(s: Scene) -> Steps:
    slot = s.slot((60, 170), format="micro_lesson")
    order = s.letter(slot)
    yield At(slot.ends_at + MINUTE, slot.ends_at + 60 * HOUR)
    yield s.order_state(order["id"], "expired")


@scene(
    "order submitted approve",
    "order approved amend_lines",
    "order approved review_lines",
    "order approved all_lessons_settled_none_verified",
    "lesson requested line_approved",
    "lesson requested line_fix_deadline",
    days=2,
)
def a_letter_is_reviewed_line_by_line(s: Scene) -> Steps:
    one = s.slot(EARLY, format="micro_lesson", spread=True)
    many = [one]
    for _ in range(3):
        many.append(s.slot(EARLY, format="micro_lesson", spread=True, school=one.school))
    path = f"{ORDERS}/{s.letter(*many)['id']}"
    due = s.now() + 26 * HOUR
    back: dict[str, Any] = {"decision": "return", "fields": ["notes"], "reason": "请说明"}
    decisions = [
        {"line": 1, **back},
        {"line": 2, **back, "due_at": due.isoformat()},
        {"line": 3, "decision": "refuse", "reason": "无此需要"},
    ]
    order = s.do("scheduler", f"{path}/approve", {"lines": decisions})
    yield from ()
    mended = {**many[0].line(), "line": 1, "notes": "已说明"}
    s.do(one.school, f"{path}/amend_lines", {"lines": [mended]})
    order = s.do("scheduler", f"{path}/review_lines", {})
    yield At(due + MINUTE, due + 20 * HOUR)
    yield s.order_state(order["id"], "approved")
    for line in s.people.look("scheduler", path)["lines"]:
        lesson = line["lessons"][0]
        if lesson["state"] == "unplaced":
            s.do(one.school, f"/api/booking/lessons/{lesson['id']}/cancel", {"reason": "不办了"})
    yield s.order_state(order["id"], "cancelled")


@scene(
    "order approved all_lessons_settled_some_verified",
    "order closed reopen",
    "lesson verified reopen",
    "lesson delivered attest_ok",
    "lesson disputed resolve_verified",
    days=3,
)
def a_closed_letter_is_opened_again(s: Scene) -> Steps:
    lesson = yield from s.delivered(s.slot(SOON, format="micro_lesson"))
    s.attest(lesson)
    yield s.order_state(lesson.order_id, "closed")
    why = {"reason": "人数不符"}
    s.refused("supervisor", f"{lesson.path}/reopen", why, 409, "order_closed")
    s.do("supervisor", f"{ORDERS}/{lesson.order_id}/reopen", why)
    s.do("supervisor", f"{lesson.path}/reopen", why)
    s.do("supervisor", f"{lesson.path}/resolve_verified", {"resolution": "属实", "minutes": 12})
    yield s.order_state(lesson.order_id, "closed")


def _in_every_state(s: Scene) -> Steps:
    """Six lessons of a letter, one in each state from which a lesson can be cancelled."""
    risky = s.slot(LATE, able=5)
    slots = [risky]
    for _ in range(3):
        slots.append(s.slot(EARLY, school=risky.school, able=4))
    for _ in range(2):
        slots.append(s.slot(EARLY, school=risky.school, format="micro_lesson", spread=True))
    lessons = s.approved(*slots)
    at_risk, confirmed, suspended, tentative, _, waitlisted = lessons
    for lesson in (at_risk, confirmed, suspended, tentative):
        s.placed(lesson)
        if lesson is not tentative:
            yield from s.filled(lesson)
    yield s.asked(tentative)
    yield from s.lost(at_risk)
    yield s.asked(at_risk)
    s.do("scheduler", f"{suspended.path}/suspend", {"reason": "场地检修"})
    s.do("scheduler", f"{waitlisted.path}/park", {})
    yield s.state(waitlisted, "waitlisted", "unplaced")
    if s.lesson(waitlisted)["state"] == "unplaced":  # somebody let a place go just now
        s.do("scheduler", f"{waitlisted.path}/park", {})
    return lessons


ALIVE = ("at_risk", "confirmed", "suspended", "tentative", "unplaced", "waitlisted")


@scene(*(f"lesson {state} cancel" for state in ALIVE), "assignment committed void")
def a_school_cancels_whatever_there_is(s: Scene) -> Steps:
    lessons = yield from _in_every_state(s)
    for lesson in lessons:
        s.do(lesson.school, f"{lesson.path}/cancel", {"reason": "村里有事"})
    yield s.order_state(lessons[0].order_id, "cancelled")


@scene(
    *(f"lesson {state} cancel_by_district" for state in ALIVE),
    "offer pending lesson_cancelled_or_suspended",
)
def the_district_cancels_whatever_there_is(s: Scene) -> Steps:
    lessons = yield from _in_every_state(s)
    why = {"reason": "统一调整", "fault": "force_majeure", "reason_code": "snow"}
    for lesson in reversed(lessons):
        s.do("scheduler", f"{lesson.path}/cancel", why)
    yield s.order_state(lessons[0].order_id, "cancelled")


@scene(*(f"lesson {state} order_dead" for state in ALIVE), "order approved cancel_order")
def a_school_cancels_its_letter(s: Scene) -> Steps:
    lessons = yield from _in_every_state(s)
    order_id, school = lessons[0].order_id, lessons[0].school
    s.do(school, f"{ORDERS}/{order_id}/cancel_order", {"reason": "换届"})
    yield s.order_state(order_id, "cancelled")


@scene("order approved cancel_order_by_district")
def the_district_cancels_a_letter(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(EARLY))
    why = {"reason": "全区停课", "fault": "force_majeure"}
    s.do("scheduler", f"{ORDERS}/{lesson.order_id}/cancel_order", why)
    yield s.order_state(lesson.order_id, "cancelled")


@scene(days=1)
def a_letter_is_too_late(s: Scene) -> Steps:
    """Dates that are past can be written down, but not sent."""
    slot = s.slot(EARLY, format="micro_lesson")
    past = slot._replace(
        starts_at=slot.starts_at - timedelta(days=60), ends_at=slot.ends_at - timedelta(days=60)
    )
    order = s.letter(past, submit=False)
    yield from ()
    path = f"{ORDERS}/{order['id']}"
    s.refused(slot.school, f"{path}/submit", {}, 422, "lines_invalid")
    body = letter_body([slot.line()])
    s.put(slot.school, path, body, match=order["version"])
    s.do(slot.school, f"{path}/submit")
    s.do(slot.school, f"{path}/withdraw", {})
