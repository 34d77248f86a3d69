"""Random events: what scenes are made of: calls that have to succeed, and passages many share."""

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.random.people import Answer, People
from tests.random.stage import At, GaveUp, Until
from tests.random.world import Slot, Timetable, World, at

Offer = dict[str, Any]
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
# A lesson so far ahead that letting go of it is early, late, or on the same day.
EARLY, LATE = (98.0, 240.0), (27.0, 70.0)
SOON = (4.0, 100.0)


class Lost(GaveUp):
    """He was asked for something else at the same time, and took that."""


@dataclass
class Lesson:
    """A lesson of a scene."""

    id: str
    slot: Slot
    order_id: str
    assignment_id: str = ""
    lecturer_id: str = ""

    @property
    def school(self) -> str:
        return self.slot.school

    @property
    def path(self) -> str:
        return f"/api/booking/lessons/{self.id}"


@dataclass
class Scene:
    """A few people, and what they know."""

    people: People
    timetable: Timetable
    choose: random.Random
    clock: Callable[[], datetime]
    today: Callable[[], datetime]

    @property
    def world(self) -> World:
        return self.timetable.world

    def now(self) -> datetime:
        return self.clock()

    # -- calls

    def do(self, who: str, path: str, body: Any = None) -> Any:
        """A POST that has to succeed; the answer's body."""
        return self._good(who, path, self.people.say(who, "POST", path, body))

    def put(self, who: str, path: str, body: Any, *, match: int | None = None) -> Any:
        return self._good(who, path, self.people.say(who, "PUT", path, body, match=match))

    def refused(self, who: str, path: str, body: Any, status: int, *codes: str) -> Answer:
        """A POST that has to be refused just so."""
        answer = self.people.say(who, "POST", path, body)
        if answer.status != status or answer.code not in codes:
            raise AssertionError(
                f"{who} POST {path} {body}: expected {status} {codes}, got {answer}"
            )
        return answer

    def _good(self, who: str, path: str, answer: Answer) -> Any:
        if not answer.good:
            raise GaveUp(f"{who} {path}: {answer.status} {answer.body}")
        return answer.body

    def slot(self, hours: tuple[float, float] = EARLY, **wanted: Any) -> Slot:
        return self.timetable.slot(self.today(), self.choose, hours=hours, **wanted)

    # -- looking

    def lesson(self, lesson: Lesson) -> dict[str, Any]:
        return dict(self.people.look("scheduler", lesson.path))

    def seat(self, lesson: Lesson) -> dict[str, Any]:
        return dict(self.people.look("scheduler", f"/api/lecturer/seats/{lesson.id}"))

    def state(self, lesson: Lesson, *states: str) -> Until:
        """Until the lesson is in one of these."""

        def check() -> Any:
            found = self.lesson(lesson)
            return found if found["state"] in states else None

        return Until(check, f"lesson {lesson.id} to be {' or '.join(states)}")

    def asked(self, lesson: Lesson, many: int = 1, kind: str = "seat") -> Until:
        """Until so many offers wait for an answer."""
        path = f"/api/lecturer/offers?state=pending&lesson_id={lesson.id}"

        def check() -> Any:
            items = self.people.look("scheduler", path)["items"]
            found = [offer for offer in reversed(items) if offer["kind"] == kind]
            return found if len(found) >= many else None

        return Until(check, f"{many} {kind} offers for lesson {lesson.id}")

    def thing(self, who: str, path: str, *states: str) -> Until:
        """Until an order, an offer, an assignment or a change is in one of these."""

        def check() -> Any:
            found = self.people.look(who, path)
            return found if found["state"] in states else None

        return Until(check, f"{path} to be {' or '.join(states)}")

    def order_state(self, order_id: str, *states: str) -> Until:
        return self.thing("scheduler", f"/api/booking/orders/{order_id}", *states)

    def candidates(self, lesson: Lesson, waive: str = "") -> list[str]:
        """Ids of those who may take the seat, best first."""
        path = f"/api/lecturer/seats/{lesson.id}/candidates" + (f"?waive={waive}" if waive else "")
        items = self.people.look("scheduler", path)["items"]
        return [str(one["lecturer_id"]) for one in items if one["offer"] is None]

    # -- passages

    def letter(
        self, *slots: Slot, lines: list[dict[str, Any]] | None = None, submit: bool = True
    ) -> dict[str, Any]:
        """An urgent letter of a school, submitted; slots are of one school."""
        order_id, school = self.people.key(), slots[0].school
        path = f"/api/booking/orders/{order_id}"
        body = letter_body(lines or [slot.line() for slot in slots])
        order = self.put(school, path, body)
        if submit:
            order = self.do(school, f"{path}/submit")
        return dict(order)

    def approved(self, *slots: Slot) -> list[Lesson]:
        """Unplaced lessons, one per slot; the slots are of one school."""
        order = self.letter(*slots)
        done = self.do("scheduler", f"/api/booking/orders/{order['id']}/approve", {"lines": []})
        ids = [line["lessons"][0]["id"] for line in done["lines"]]
        return [Lesson(id, slot, done["id"]) for id, slot in zip(ids, slots, strict=True)]

    def placed(self, lesson: Lesson, **how: Any) -> Any:
        return self.do("scheduler", f"{lesson.path}/place", {"wish": 0, **how})

    def tentative(self, slot: Slot, **how: Any) -> Lesson:
        """Placed, and somebody is being asked unless `mode` says otherwise."""
        [lesson] = self.approved(slot)
        self.placed(lesson, **how)
        return lesson

    def send(self, lesson: Lesson, *lecturer_ids: str, **how: Any) -> list[Offer]:
        """Asked by hand; their offers, in that order."""
        body = {"lecturer_ids": list(lecturer_ids), **how}
        sent = self.do("scheduler", f"/api/lecturer/seats/{lesson.id}/offers", body)["items"]
        by = {offer["lecturer_id"]: offer for offer in sent}
        return [by[id] for id in lecturer_ids]

    def answer(self, offer: Offer, verb: str, **body: Any) -> Any:
        """By the lecturer himself, or by phone through the district."""
        if verb == "accept":
            body.setdefault("revision", offer["revision"])
        done = self._lecturer("offers", offer, verb, body)
        if verb == "accept":
            self.world.engage(offer["lecturer_id"], at(offer["starts_at"]))
        return done

    def promise(self, lesson: Lesson, verb: str, **body: Any) -> Any:
        """Something the holder says."""
        whose = {"id": lesson.assignment_id, "lecturer_id": lesson.lecturer_id}
        return self._lecturer("assignments", whose, verb, body)

    def _lecturer(self, kind: str, whose: dict[str, Any], verb: str, body: dict[str, Any]) -> Any:
        path = f"/api/lecturer/{kind}/{whose['id']}/{verb}"
        if self.choose.random() < 0.75:
            return self.do(whose["lecturer_id"], path, body)
        by_phone = {"on_behalf_of": whose["lecturer_id"], "channel": "phone", "note": "电话☎"}
        return self.do("scheduler", path, {**body, **by_phone})

    def confirmed(self, slot: Slot, **how: Any) -> Generator[Any, Any, Lesson]:
        """The first who is asked says yes."""
        lesson = self.tentative(slot, **how)
        yield from self.filled(lesson)
        return lesson

    def filled(self, lesson: Lesson) -> Generator[Any, Any, None]:
        """Somebody who is asked says yes; the lesson is confirmed with him. Who was faster to say
        yes to something else may not: then the next one is asked."""
        for _ in range(4):
            [offer, *_] = yield self.asked(lesson)
            try:
                yield from self.taken(lesson, offer)
            except Lost:
                continue
            return
        raise GaveUp(f"nobody holds lesson {lesson.id}")

    def taken(self, lesson: Lesson, offer: Offer) -> Generator[Any, Any, None]:
        body = {"revision": offer["revision"]}
        try:
            done = self._lecturer("offers", offer, "accept", body)
        except GaveUp as reason:
            raise Lost(str(reason)) from reason
        self.world.engage(offer["lecturer_id"], at(offer["starts_at"]))
        lesson.assignment_id = done["assignment_id"]
        lesson.lecturer_id = offer["lecturer_id"]
        yield self.state(lesson, "confirmed")

    def at_risk(self, slot: Slot) -> Generator[Any, Any, Lesson]:
        """A lesson less than three days ahead has lost its holder."""
        lesson = yield from self.confirmed(slot)
        yield from self.lost(lesson)
        return lesson

    def lost(self, lesson: Lesson) -> Generator[Any, Any, None]:
        self.promise(lesson, "release", reason="health")
        self.do("scheduler", f"/api/lecturer/assignments/{lesson.assignment_id}/grant", {})
        yield self.state(lesson, "at_risk")

    def begun(self, lesson: Lesson) -> Generator[Any, Any, None]:
        """Its day has come, and its lecturer."""
        slot = self.lesson(lesson)
        starts_at = at(slot["starts_at"])
        yield At(starts_at - 15 * MINUTE, starts_at + 10 * MINUTE)
        self.promise(lesson, "check_in")
        yield self.state(lesson, "in_progress")

    def over(self, lesson: Lesson) -> Generator[Any, Any, None]:
        """And it has been given."""
        ends_at = at(self.lesson(lesson)["ends_at"])
        yield At(ends_at, ends_at + 25 * MINUTE)
        self.promise(lesson, "check_out")
        yield self.state(lesson, "delivered")

    def delivered(self, slot: Slot) -> Generator[Any, Any, Lesson]:
        lesson = yield from self.confirmed(slot)
        yield from self.begun(lesson)
        yield from self.over(lesson)
        return lesson

    def attest(self, lesson: Lesson, who: str = "") -> Any:
        many = self.choose.randint(20, 60)
        return self.do(who or lesson.school, f"{lesson.path}/attest", {"attendance": many})


def letter_body(lines: list[dict[str, Any]], *, urgent: bool = True) -> dict[str, Any]:
    return {
        "title": "随机来函",
        "contact_name": "联络员（虚构）",
        "contact_phone": "000-0000-1000",
        "notes": "",
        "urgent": urgent,
        "urgent_reason": "年终部署" if urgent else "",
        "lines": lines,
    }
