"""Random events: scenes about offers: how they are answered, met, and overtaken."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

from tests.random.scene import EARLY, HOUR, LATE, MINUTE, Lesson, Offer, Scene
from tests.random.scenes import scene
from tests.random.stage import At, GaveUp, Steps, Until
from tests.random.world import Lecturer, NoSlot, Slot, at

OFFERS = "/api/lecturer/offers"
LECTURERS = "/api/lecturer/lecturers"


def _by_hand(s: Scene, slot: Slot, many: int) -> Generator[Any, Any, tuple[Lesson, list[Offer]]]:
    """A lesson for which so many are asked by hand: nobody else is, whatever they answer."""
    lesson = s.tentative(slot, mode="manual")
    yield from _known(s, lesson)
    able = [id for id in s.candidates(lesson) if not _is_engaged(s, id)]
    if len(able) < many:
        raise GaveUp(f"only {len(able)} of {many} may be asked")
    return lesson, s.send(lesson, *able[:many])


def _known(s: Scene, lesson: Lesson) -> Generator[Any, Any, None]:
    """Until the lecturer service knows of its time."""
    path = f"/api/lecturer/seats/{lesson.id}"

    def check() -> Any:
        answer = s.people.request("scheduler", "GET", path)
        return answer.good and answer.body["starts_at"] is not None

    yield Until(check, f"the seat of lesson {lesson.id}")


def _is_engaged(s: Scene, id: str) -> bool:
    return any(e > s.now() for e in s.world.lecturers[id].engaged)


def counter_slot(offer: Offer, hours: float = 24) -> dict[str, str]:
    """The same lesson some hours later."""
    times = (at(offer["starts_at"]), at(offer["ends_at"]))
    first, last = (time + timedelta(hours=hours) for time in times)
    return {"starts_at": first.isoformat(), "ends_at": last.isoformat()}


@scene(
    "offer pending seat_filled_by_other",
    "offer countered seat_filled_by_other",
    "offer pending decline",
    "offer pending accept",
)
def three_are_asked_at_once(s: Scene) -> Steps:
    lesson = s.tentative(s.slot(EARLY, able=5), mode="parallel")
    offers = yield s.asked(lesson, 3)
    s.answer(offers[0], "decline", reason="topic_mismatch")
    s.answer(offers[1], "counter", **counter_slot(offers[1]))
    offers = yield s.asked(lesson, 2)
    yield from s.taken(lesson, offers[-1])
    late = {"revision": offers[0]["revision"]}
    s.refused(
        offers[0]["lecturer_id"], f"{OFFERS}/{offers[0]['id']}/accept", late, 409, "wrong_state"
    )


@scene(
    "offer pending counter",
    "offer countered refuse_counter",
    "offer countered withdraw_counter",
    "offer countered adopt_counter",
)
def another_time_is_talked_about(s: Scene) -> Steps:
    lesson, [offer] = yield from _by_hand(s, s.slot(EARLY), 1)
    path = f"{OFFERS}/{offer['id']}"
    s.answer(offer, "counter", **counter_slot(offer, 24))
    s.do("scheduler", f"{path}/refuse_counter", {"note": "当日有会"})
    s.answer(offer, "counter", **counter_slot(offer, 48))
    s.answer(offer, "withdraw_counter")
    s.answer(offer, "counter", **counter_slot(offer, 2))
    yield s.thing("scheduler", path, "countered")
    said = {"revision": offer["revision"]}
    s.refused("scheduler", f"{path}/adopt_counter", said, 409, "lesson_not_there")
    said |= {"channel": "phone", "note": "同意原时间"}
    done = s.do("scheduler", f"{path}/adopt_counter", said)
    s.world.engage(offer["lecturer_id"], lesson.slot.starts_at)
    lesson.assignment_id, lesson.lecturer_id = done["assignment_id"], offer["lecturer_id"]
    yield s.state(lesson, "confirmed")


@scene(
    "offer pending deadline",
    "offer countered deadline",
    "offer expired late_accept_seat_open",
    days=5,
)
def nobody_answers_in_time(s: Scene) -> Steps:
    lesson, [one, two] = yield from _by_hand(s, s.slot((150, 240), able=4), 2)
    done = s.answer(one, "counter", **counter_slot(one))
    due = max(at(done["expires_at"]), at(two["expires_at"]))
    yield At(due + MINUTE, due + 12 * HOUR)
    yield s.thing("scheduler", f"{OFFERS}/{one['id']}", "expired")
    yield s.thing("scheduler", f"{OFFERS}/{two['id']}", "expired")
    yield from s.taken(lesson, two)


@scene("offer pending revoke")
def an_offer_is_called_back(s: Scene) -> Steps:
    lesson, [offer] = yield from _by_hand(s, s.slot(EARLY, able=3), 1)
    s.do("scheduler", f"{OFFERS}/{offer['id']}/revoke", {"note": "另有安排"})
    again = {"lecturer_ids": [offer["lecturer_id"]]}
    s.refused("scheduler", f"/api/lecturer/seats/{lesson.id}/offers", again, 409, "not_eligible")
    s.do("scheduler", f"/api/lecturer/seats/{lesson.id}/offers", {"mode": "in_turn"})
    yield from s.filled(lesson)


@scene("offer pending lecturer_ineligible", "offer countered lecturer_ineligible")
def lecturers_go_on_leave(s: Scene) -> Steps:
    lesson, offers = yield from _by_hand(s, s.slot(EARLY, able=4), 3)
    s.answer(offers[0], "counter", **counter_slot(offers[0]))
    for offer in offers[:2]:
        _leave(s, s.world.lecturers[offer["lecturer_id"]], lesson.slot)
    yield s.thing("scheduler", f"{OFFERS}/{offers[0]['id']}", "invalidated")
    yield s.thing("scheduler", f"{OFFERS}/{offers[1]['id']}", "invalidated")
    _appointment_ends(s, offers[2], lesson.slot)
    yield s.thing("scheduler", f"{OFFERS}/{offers[2]['id']}", "invalidated")


def _leave(s: Scene, lecturer: Lecturer, slot: Slot) -> None:
    on = slot.starts_at.replace(hour=0, minute=0)
    body = {"starts_at": on.isoformat(), "ends_at": (on + timedelta(days=1)).isoformat()}
    path = f"{LECTURERS}/{lecturer.id}/leave/{s.people.key()}"
    s.put(lecturer.id, path, {**body, "reason": "培训"})
    lecturer.away.append((on.date(), on.date()))


def _appointment_ends(s: Scene, offer: Offer, slot: Slot) -> None:
    """His letter is revoked from the day of the lesson on, and followed by another one later."""
    path = f"{LECTURERS}/{offer['lecturer_id']}/appointments"
    letter = s.people.look("administrator", path)["items"][0]
    on = slot.starts_at.date()
    path = f"/api/lecturer/appointments/{letter['id']}"
    s.do("administrator", f"{path}/revoke", {"reason": "调离", "on": on.isoformat()})
    s.do("administrator", f"{path}/renew", {"number": f"示例聘字{s.people.key()}"})


@scene("offer pending accept_but_conflict")
def one_week_is_too_short(s: Scene) -> Steps:
    """Two lessons for somebody who can take one more in that week; he says yes to both."""
    lecturer, slots = _last_two(s)
    offers = []
    for slot in slots:
        lesson = s.tentative(slot, mode="manual")
        yield from _known(s, lesson)
        offers += s.send(lesson, lecturer.id)
    s.answer(offers[0], "accept")
    path, said = f"{OFFERS}/{offers[1]['id']}/accept", {"revision": offers[1]["revision"]}
    s.refused(lecturer.id, path, said, 409, "week_cap")
    yield s.thing("scheduler", f"{OFFERS}/{offers[1]['id']}", "invalidated")


def _last_two(s: Scene) -> tuple[Lecturer, list[Slot]]:
    """Somebody with one lesson left in a week, and two slots in it, on two days."""
    for lecturer in s.choose.sample(list(s.world.lecturers.values()), len(s.world.lecturers)):
        if lecturer.week_cap != 1 or _is_engaged(s, lecturer.id):
            continue
        try:
            one = s.slot(EARLY, able=1, lecturer=lecturer)
            two = s.slot(EARLY, able=1, lecturer=lecturer, but=one.starts_at.date())
        except NoSlot:
            continue
        if one.starts_at.isocalendar()[:2] == two.starts_at.isocalendar()[:2]:
            return lecturer, [one, two]
    raise GaveUp("nobody has one lesson left")


@scene("offer countered lesson_cancelled_or_suspended")
def a_lesson_is_cancelled_while_talking(s: Scene) -> Steps:
    lesson, offers = yield from _by_hand(s, s.slot(EARLY), 2)
    s.answer(offers[0], "counter", **counter_slot(offers[0]))
    s.do(lesson.school, f"{lesson.path}/cancel", {"reason": "合并办班"})
    yield s.thing("scheduler", f"{OFFERS}/{offers[0]['id']}", "invalidated")


@scene(
    "lesson at_risk retime_applied",
    "offer pending lesson_revised",
    "offer countered lesson_revised",
    "change agreed apply_ok",
)
def a_rescue_ends_with_another_day(s: Scene) -> Steps:
    lesson = yield from s.at_risk(s.slot(LATE, able=6))
    offers = yield s.asked(lesson, 2)
    s.answer(offers[0], "counter", **counter_slot(offers[0]))
    slot = s.slot(EARLY, school=lesson.school, course=lesson.slot.course, able=1)
    wish = {"starts_at": slot.starts_at.isoformat(), "reason": "改期更好"}
    change = s.do("scheduler", f"{lesson.path}/changes", wish)
    s.do(lesson.school, f"/api/booking/changes/{change['id']}/accept", {})
    yield s.thing("scheduler", f"{OFFERS}/{offers[0]['id']}", "invalidated")
    yield s.thing("scheduler", f"{OFFERS}/{offers[1]['id']}", "invalidated")
    lesson.slot = slot
    yield from s.filled(lesson)


@scene()
def everybody_may_take_it(s: Scene) -> Steps:
    """抢单: the first wins, the others are told."""
    lesson = s.tentative(s.slot(EARLY, able=4), mode="open")
    offers = yield s.asked(lesson, 2)
    yield from s.taken(lesson, s.choose.choice(offers))


@scene()
def the_wish_of_a_lecturer_comes_true(s: Scene) -> Steps:
    """He proposes another time, the lesson is moved there, and his proposal is adopted."""
    lesson, [offer] = yield from _by_hand(s, s.slot(EARLY), 1)
    slot = s.slot(EARLY, school=lesson.school, course=lesson.slot.course, able=1)
    s.answer(offer, "counter", **slot.wish)
    change = {"starts_at": slot.starts_at.isoformat(), "reason": "讲师希望"}
    change = s.do("scheduler", f"{lesson.path}/changes", change)
    s.do(lesson.school, f"/api/booking/changes/{change['id']}/accept", {})
    yield s.thing("scheduler", f"{OFFERS}/{offer['id']}", "countered", "invalidated")
    lesson.slot = slot
