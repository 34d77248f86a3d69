"""Random events: scenes about changes: agreed, refused, forgotten, overtaken; the holder's word."""

from collections.abc import Generator
from typing import Any

from tests.random.scene import EARLY, HOUR, MINUTE, Lesson, Scene
from tests.random.scenes import scene
from tests.random.stage import At, GaveUp, Steps, Until
from tests.random.world import Lecturer, NoSlot, Slot, at

CHANGES = "/api/booking/changes"
# Far enough that the other side has its two days and more.
FAR = (170.0, 290.0)


def _proposed(s: Scene, lesson: Lesson, who: str = "") -> tuple[dict[str, Any], Slot]:
    """Another day for the lesson, proposed by its school unless somebody else is named."""
    slot = s.slot(FAR, school=lesson.school, course=lesson.slot.course, able=1)
    wish = {"starts_at": slot.starts_at.isoformat(), "reason": "村里换届"}
    return s.do(who or lesson.school, f"{lesson.path}/changes", wish), slot


def _path(change: dict[str, Any], verb: str = "") -> str:
    return f"{CHANGES}/{change['id']}" + (f"/{verb}" if verb else "")


def _agreed(s: Scene) -> Generator[Any, Any, tuple[Lesson, dict[str, Any], Slot]]:
    """A confirmed lesson whose new time both sides want; its holder is asked."""
    lesson = yield from s.confirmed(s.slot(FAR))
    change, slot = _proposed(s, lesson)
    s.do("scheduler", _path(change, "accept"), {})
    return lesson, change, slot


def _question(s: Scene, lesson: Lesson, change: dict[str, Any]) -> Until:
    """Until the holder is asked; he may be known to be busy then."""
    asked = s.asked(lesson, kind="retime")

    def check() -> Any:
        if offers := asked.check():
            return offers[0]
        if s.people.look("scheduler", _path(change))["state"] == "rejected":
            raise GaveUp("the holder is busy then")
        return None

    return Until(check, asked.what)


@scene(
    "change proposed counter",
    "change proposed accept",
    "lesson confirmed retime_kept",
)
def a_new_time_is_haggled_over(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(FAR))
    change, _ = _proposed(s, lesson)
    for who in ("scheduler", lesson.school):
        slot = s.slot(FAR, school=lesson.school, course=lesson.slot.course, able=1)
        wish = {"starts_at": slot.starts_at.isoformat(), "reason": "另议"}
        s.do(who, _path(change, "counter"), wish)
    s.refused("scheduler", _path(change, "counter"), wish, 409, "rounds_exhausted")
    s.do("scheduler", _path(change, "accept"), {})
    pending = {"reason": "再议"}
    s.refused("scheduler", f"{lesson.path}/suspend", pending, 409, "change_pending")
    offer = yield _question(s, lesson, change)
    s.answer(offer, "accept")
    yield s.thing("scheduler", _path(change), "applied")
    lesson.slot = slot


@scene("change agreed apply_conflict")
def a_holder_does_not_want_another_time(s: Scene) -> Steps:
    lesson, change, _ = yield from _agreed(s)
    offer = yield _question(s, lesson, change)
    s.answer(offer, "decline", reason="time_conflict")
    yield s.thing("scheduler", _path(change), "rejected")
    yield s.state(lesson, "confirmed")


@scene(days=4)
def a_holder_is_not_heard_of(s: Scene) -> Steps:
    lesson, change, _ = yield from _agreed(s)
    offer = yield _question(s, lesson, change)
    due = at(offer["expires_at"])
    yield At(due + MINUTE, due + 12 * HOUR)
    found = yield s.thing("scheduler", _path(change), "rejected")
    assert found["reason_code"] == "holder_expired", found


@scene()
def a_holder_is_busy_at_the_new_time(s: Scene) -> Steps:
    lecturer, one, two = _two_days(s)
    lesson = s.tentative(one, lecturers=[lecturer.id])
    yield from s.filled(lesson)
    other = s.tentative(two, lecturers=[lecturer.id])
    yield from s.filled(other)
    if {lesson.lecturer_id, other.lecturer_id} != {lecturer.id}:
        raise GaveUp("somebody else was asked")
    wish = {"starts_at": two.starts_at.isoformat(), "reason": "并到一天"}
    change = s.do(lesson.school, f"{lesson.path}/changes", wish)
    s.do("scheduler", _path(change, "accept"), {})
    found = yield s.thing("scheduler", _path(change), "rejected")
    assert found["reason_code"] == "conflict", found


def _two_days(s: Scene) -> tuple[Lecturer, Slot, Slot]:
    """Somebody with two lessons left, on two days, in two schools."""
    for lecturer in s.choose.sample(list(s.world.lecturers.values()), len(s.world.lecturers)):
        if lecturer.week_cap < 2 or any(e > s.now() for e in lecturer.engaged):
            continue
        try:
            one = s.slot(FAR, able=1, lecturer=lecturer)
            two = s.slot(FAR, able=1, lecturer=lecturer, but=one.starts_at.date())
        except NoSlot:
            continue
        if one.school != two.school:
            return lecturer, one, two
    raise GaveUp("nobody has two lessons left")


@scene("change proposed reject")
def a_change_is_not_wanted(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(FAR))
    change, _ = _proposed(s, lesson, "scheduler")
    s.refused("scheduler", _path(change, "accept"), {}, 403, "not_yours")
    s.do(lesson.school, _path(change, "reject"), {"reason": "不便"})


@scene("change proposed withdraw")
def a_change_is_taken_back(s: Scene) -> Steps:
    lesson = s.tentative(s.slot(FAR), mode="manual")
    yield from ()
    change, _ = _proposed(s, lesson)
    wish = {"starts_at": lesson.slot.starts_at.isoformat(), "reason": "又改"}
    s.refused(lesson.school, f"{lesson.path}/changes", wish, 409, "change_open")
    s.do(lesson.school, _path(change, "withdraw"), {})


@scene("change proposed deadline", days=3)
def nobody_answers_a_change(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(FAR))
    change, _ = _proposed(s, lesson)
    due = at(change["due_at"])
    yield At(due + MINUTE, due + 20 * HOUR)
    yield s.thing("scheduler", _path(change), "expired")


@scene("change proposed lesson_dead")
def a_lesson_ends_while_its_change_is_open(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(FAR))
    change, _ = _proposed(s, lesson)
    s.do("scheduler", f"{lesson.path}/cancel", {"reason": "停课"})
    yield s.thing("scheduler", _path(change), "withdrawn")


@scene("change agreed lesson_dead")
def a_lesson_ends_while_its_holder_is_asked(s: Scene) -> Steps:
    lesson, change, _ = yield from _agreed(s)
    yield _question(s, lesson, change)
    s.do(lesson.school, f"{lesson.path}/cancel", {"reason": "停课"})
    yield s.thing("scheduler", _path(change), "withdrawn")


@scene("lesson confirmed retime_applied")
def a_holder_is_not_asked(s: Scene) -> Steps:
    lesson = yield from s.confirmed(s.slot(FAR, able=5))
    change, slot = _proposed(s, lesson)
    s.do("scheduler", _path(change, "accept"), {"lose_holder": True})
    lesson.slot = slot
    yield s.thing("scheduler", _path(change), "applied")
    yield s.state(lesson, "tentative", "unplaced")


@scene()
def a_tentative_lesson_is_moved(s: Scene) -> Steps:
    lesson = s.tentative(s.slot(EARLY))
    yield s.asked(lesson)
    change, slot = _proposed(s, lesson)
    s.do("scheduler", _path(change, "accept"), {})
    yield s.thing("scheduler", _path(change), "applied")
    lesson.slot = slot
    yield from s.filled(lesson)
