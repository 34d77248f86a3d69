"""Random events: scenes about lessons two schools take together."""

from collections.abc import Generator
from typing import Any

from tests.random.scene import EARLY, MINUTE, Lesson, Scene
from tests.random.scenes import scene
from tests.random.stage import At, Steps, Until

HOST, GUEST = "SCH-03", "SCH-09"  # a kilometre apart; a room for a hundred
NEVER = "已有其他安排"


def together(s: Scene, host: Lesson, guest: Lesson) -> Generator[Any, Any, None]:
    """Both schools agree; from then on one lesson is given."""
    both = {"kind": "merge", "host_id": host.id, "guest_id": guest.id}
    made = s.do("scheduler", "/api/booking/groupings", both)
    sides = [host.school, guest.school]
    s.choose.shuffle(sides)
    for who in sides:
        s.do(who, f"/api/booking/groupings/{made['id']}/agree")
    yield s.state(guest, "joined")


def pair(s: Scene, **wanted: Any) -> tuple[Lesson, Lesson]:
    """The same course at the same time, at two schools near to each other."""
    slot = s.slot(EARLY, school=HOST, **wanted)
    [host] = s.approved(slot)
    [guest] = s.approved(slot._replace(school=GUEST))
    return host, guest


@scene("lesson unplaced join", "lesson joined host_delivered")
def two_schools_take_a_lesson_together(s: Scene) -> Steps:
    host, guest = pair(s, able=5)
    yield from together(s, host, guest)
    yield from s.filled(host)
    yield from s.begun(host)
    yield from s.over(host)
    yield s.state(guest, "delivered")
    s.attest(host)
    s.attest(guest)


@scene("lesson joined host_cut_short")
def a_shared_lesson_ends_early(s: Scene) -> Steps:
    host, guest = pair(s, able=5)
    yield from together(s, host, guest)
    yield from s.filled(host)
    yield from s.begun(host)
    yield At(host.slot.starts_at + 70 * MINUTE, host.slot.starts_at + 100 * MINUTE)
    s.promise(host, "abort", minutes_taught=60, reason="突发停电", fault="force_majeure")
    yield s.state(guest, "partially_delivered")
    s.do(guest.school, f"{guest.path}/accept_as_is")


@scene("lesson joined host_not_delivered")
def a_shared_lesson_is_not_given(s: Scene) -> Steps:
    host, guest = pair(s, able=5)
    yield from together(s, host, guest)
    yield from s.filled(host)
    yield from s.begun(host)
    s.promise(host, "abort", minutes_taught=0, reason="突发停电", fault="force_majeure")
    yield s.state(guest, "not_delivered")
    s.do("scheduler", f"{guest.path}/close_unmet", {"reason": "不再补"})


@scene("lesson joined part", "lesson joined unplace", "lesson joined cancel_by_district")
def guests_leave_and_come_back(s: Scene) -> Steps:
    host, guest = pair(s, able=5)
    yield from together(s, host, guest)
    s.do("scheduler", f"{host.path}/unplace", {})
    yield s.state(guest, "unplaced")
    yield from together(s, host, guest)
    s.do("scheduler", f"{guest.path}/unplace", {})
    s.do("scheduler", f"{host.path}/unplace", {})
    yield s.state(guest, "unplaced")
    yield from together(s, host, guest)
    s.do("scheduler", f"{guest.path}/cancel", {"reason": NEVER})
    yield s.state(guest, "cancelled")


@scene("lesson joined cancel")
def a_guest_does_not_come(s: Scene) -> Steps:
    host, guest = pair(s, able=5)
    yield from together(s, host, guest)
    s.do(guest.school, f"{guest.path}/cancel", {"reason": NEVER})
    yield s.state(guest, "cancelled")


@scene("lesson joined order_dead")
def the_letter_of_a_guest_is_cancelled(s: Scene) -> Steps:
    host, guest = pair(s, able=5)
    yield from together(s, host, guest)
    path = f"/api/booking/orders/{guest.order_id}/cancel_order"
    s.do(guest.school, path, {"reason": NEVER})
    yield s.state(guest, "cancelled")


@scene("lesson joined follow_host")
def guests_follow_to_another_day(s: Scene) -> Steps:
    slot = s.slot(EARLY, school=HOST, able=5)
    other = s.slot(EARLY, school=HOST, course=slot.course, able=5, but=slot.starts_at.date())
    [host] = s.approved(slot)
    here, there = (one._replace(school=GUEST) for one in (slot, other))
    order = s.letter(here, lines=[here.line(there)])
    done = s.do("scheduler", f"/api/booking/orders/{order['id']}/approve", {"lines": []})
    guest = Lesson(done["lines"][0]["lessons"][0]["id"], here, done["id"])
    yield from together(s, host, guest)
    asked = {"starts_at": other.starts_at.isoformat(), "reason": "镇里有会"}
    change = s.do(host.school, f"{host.path}/changes", asked)
    s.do("scheduler", f"/api/booking/changes/{change['id']}/accept")

    def moved() -> Any:
        found = s.lesson(guest)
        return found if found["starts_at"] == s.lesson(host)["starts_at"] else None

    yield Until(moved, "the guests to follow")
