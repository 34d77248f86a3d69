"""Random events: scenes about promises: kept, doubted, given back, taken over, broken."""

from datetime import timedelta
from typing import Any

from tests.random.scene import EARLY, HOUR, LATE, MINUTE, Lesson, Scene
from tests.random.scenes import scene
from tests.random.stage import At, GaveUp, Steps, Until
from tests.random.world import at

ASSIGNMENTS = "/api/lecturer/assignments"


def _path(lesson: Lesson, verb: str = "") -> str:
    return f"{ASSIGNMENTS}/{lesson.assignment_id}" + (f"/{verb}" if verb else "")


def _somebody_else(s: Scene, lesson: Lesson) -> str:
    others = [id for id in s.candidates(lesson) if id != lesson.lecturer_id]
    if not others:
        raise GaveUp("nobody else may take it")
    return others[0]


@scene(
    "assignment committed reconfirm",
    "assignment committed release_late_request",
    "assignment release_requested refuse",
    "assignment release_requested withdraw_request",
    "assignment release_requested substitute_committed",
)
def a_lecturer_hesitates(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(LATE, able=5))
    s.promise(lesson, "reconfirm")
    s.promise(lesson, "release", reason="health")
    s.do("scheduler", _path(lesson, "refuse"), {"note": "无人可替"})
    s.promise(lesson, "release")
    s.promise(lesson, "withdraw_request")
    s.promise(lesson, "release", reason="duty")
    old = _path(lesson)
    offers = yield s.asked(lesson)
    yield from s.taken(lesson, offers[0])
    yield s.thing("scheduler", old, "released")


@scene("assignment committed reconfirm_missed", days=4)
def a_lecturer_says_nothing(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot((50, 120)))
    near = lesson.slot.starts_at - 24 * HOUR
    yield At(near + MINUTE, near + 20 * HOUR)

    def missed() -> Any:
        items = s.people.look("scheduler", f"{_path(lesson)}/history")["items"]
        return any(item["facts"].get("verb") == "reconfirm_missed" for item in items)

    yield Until(missed, f"reconfirm_missed of {lesson.assignment_id}")
    s.promise(lesson, "reconfirm")
    yield from s.begun(lesson)
    yield from s.over(lesson)


@scene("assignment release_requested checkin", "assignment committed checkin", days=3)
def a_lecturer_comes_after_all(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(LATE))
    s.promise(lesson, "release", reason="leave")
    yield s.asked(lesson)
    yield from s.begun(lesson)
    yield from s.over(lesson)
    s.attest(lesson)


@scene("assignment release_requested no_checkin", days=3)
def a_lecturer_who_asked_to_go_does_not_come(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(LATE))
    s.promise(lesson, "release", reason="leave")
    late = lesson.slot.starts_at + 16 * MINUTE
    yield At(late, late + 10 * HOUR)
    yield s.thing("scheduler", _path(lesson), "no_show")


@scene("assignment release_requested void")
def a_lesson_ends_before_its_lecturer_is_let_go(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(LATE))
    s.promise(lesson, "release", reason="leave")
    s.do(lesson.school, f"{lesson.path}/cancel", {})
    yield s.thing("scheduler", _path(lesson), "voided")


@scene("assignment committed replace", "assignment release_requested replace")
def a_lecturer_is_replaced_twice(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(LATE, able=5))
    yield from _replaced(s, lesson)
    s.promise(lesson, "release", reason="health")
    yield from _replaced(s, lesson)


def _replaced(s: Scene, lesson: Lesson) -> Steps:
    who, old = _somebody_else(s, lesson), _path(lesson)
    said = {"lecturer_id": who, "channel": "phone", "note": "电话同意"}
    new = s.do("scheduler", f"{old}/replace", said)
    lesson.assignment_id, lesson.lecturer_id = new["id"], who
    s.world.engage(who, lesson.slot.starts_at)
    yield s.thing("scheduler", old, "replaced")


@scene()
def a_holder_goes_on_leave(s: Scene) -> Steps:
    """He may not while he has promised; the district may force it, and the seat is filled anew."""
    lesson = yield from s.confirmed(s.slot(EARLY, able=5))
    on = lesson.slot.starts_at.replace(hour=0, minute=0)
    body = {"starts_at": on.isoformat(), "ends_at": (on + timedelta(days=1)).isoformat()}
    body["reason"] = "病假"
    path = f"/api/lecturer/lecturers/{lesson.lecturer_id}/leave/{s.people.key()}"
    answer = s.people.say(lesson.lecturer_id, "PUT", path, body)
    assert (answer.status, answer.code) == (409, "holds_lessons"), answer
    s.put("scheduler", path, {**body, "force": True})
    s.world.lecturers[lesson.lecturer_id].away.append((on.date(), on.date()))
    yield s.state(lesson, "tentative")
    yield from s.filled(lesson)


@scene()
def a_holder_leaves_the_pool(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(EARLY, able=5))
    path = f"/api/lecturer/lecturers/{lesson.lecturer_id}"
    s.refused("administrator", f"{path}/deactivate", {"reason": "调离"}, 409, "holds_lessons")
    s.do("administrator", f"{path}/deactivate", {"reason": "调离", "force": True})
    yield s.thing("scheduler", _path(lesson), "voided")
    s.do("administrator", f"{path}/activate", {"reason": "返聘"})
    yield s.state(lesson, "tentative", "unplaced")


@scene(days=3)
def a_clerk_checks_a_lecturer_in(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot((4, 100), format="micro_lesson"))
    starts_at = at(s.lesson(lesson)["starts_at"])
    by_phone = {"on_behalf_of": lesson.lecturer_id, "channel": "desk", "note": "代签"}
    s.refused(lesson.school, _path(lesson, "check_in"), by_phone, 409, "too_early")
    yield At(starts_at - 15 * MINUTE, starts_at + 10 * MINUTE)
    s.do(lesson.school, _path(lesson, "check_in"), by_phone)
    yield s.state(lesson, "in_progress")
    yield At(starts_at + 15 * MINUTE, starts_at + 40 * MINUTE)
    s.do(lesson.school, _path(lesson, "check_out"), by_phone)
    yield s.state(lesson, "delivered")
    s.attest(lesson)
