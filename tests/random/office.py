"""Random events: the days between: calendars, rooms, leave, letters of appointment, new courses."""

from datetime import timedelta
from typing import Any

from tests.random.scene import Scene
from tests.random.stage import pick
from tests.random.world import HALVES, WEEKDAYS, Lecturer

READS = {
    "scheduler": (
        "/api/catalog/courses?q=乡村",
        "/api/booking/lessons?state=tentative&state=at_risk&limit=20",
        "/api/booking/mix",
        "/api/booking/changes?limit=20",
        "/api/lecturer/assignments?limit=20",
        "/api/lecturer/offers?state=countered",
        "/api/lecturer/calendar?from={on}&to={on}",
        "/api/notify/messages?limit=20",
    ),
    "supervisor": ("/api/booking/lessons?state=disputed", "/api/booking/orders?limit=20"),
    "administrator": ("/api/booking/numbers", "/api/portal/accounts?limit=20"),
    "school": (
        "/api/catalog/courses?format=booster&limit=20",
        "/api/booking/orders?limit=20",
        "/api/booking/lessons?from={on}&limit=20",
        "/api/booking/mix",
        "/api/notify/messages?unread=true",
        "/api/lecturer/lecturers?limit=20",
    ),
    "lecturer": (
        "/api/lecturer/offers?state=pending",
        "/api/lecturer/assignments?from={now}",
        "/api/notify/messages",
        "/api/portal/me",
    ),
}


class Office:
    """Each of them is at least one event."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.people, self.choose = scene, scene.people, scene.choose
        self.world = scene.world
        self._leaves: list[tuple[Lecturer, str, Any]] = []
        self._courses = 0
        self._acts = {
            self._read: 30,
            self._widen: 20,
            self._raise_cap: 10,
            self._leave: 8,
            self._undo_leave: 5,
            self._renew: 12,
            self._venue: 4,
            self._block: 4,
            self._read_all: 5,
            self._course: 3,
        }

    def act(self) -> None:
        before = self.people.events
        while self.people.events == before:
            pick(self.choose, self._acts)()

    def _read(self) -> None:
        kind = self.choose.choice(list(READS))
        who = {"school": self._school(), "lecturer": self._lecturer().id}.get(kind, kind)
        now = self.scene.now()
        path = self.choose.choice(READS[kind])
        path = path.replace("{on}", now.date().isoformat())
        path = path.replace("{now}", now.isoformat().replace("+", "%2B"))
        self.people.say(who, "GET", path)

    def _widen(self) -> None:
        """A lecturer may be asked on two more half-days of his week."""
        one = self._lecturer()
        path = f"/api/lecturer/lecturers/{one.id}/availability"
        found = self.people.look(one.id, path)
        more = [f"{day}_{half}" for day in WEEKDAYS[:5] for half in HALVES]
        wanted = sorted({*found["half_days"], *self.choose.sample(more, 2)})
        body = {"half_days": wanted}
        if self.people.say(one.id, "PUT", path, body, match=found["version"]).good:
            one.half_days = set(wanted)

    def _raise_cap(self) -> None:
        one = self._lecturer()
        body = {"cap": "week", "limit": 4, "reason": "主题教育月"}
        path = f"/api/lecturer/lecturers/{one.id}/raise_cap"
        if self.people.say("scheduler", "POST", path, body).good:
            one.week_cap = 4

    def _leave(self) -> None:
        """Of somebody who has promised nothing, some weeks from now."""
        one = self.choose.choice(self.world.idle(self.scene.now()))
        on = self.scene.now().replace(hour=0, minute=0, second=0, microsecond=0)
        on += timedelta(days=self.choose.randint(15, 30))
        until = on + timedelta(days=self.choose.randint(1, 3))
        body = {"starts_at": on.isoformat(), "ends_at": until.isoformat(), "reason": "探亲"}
        id = self.people.key()
        path = f"/api/lecturer/lecturers/{one.id}/leave/{id}"
        if self.people.say(one.id, "PUT", path, body).good:
            away = (on.date(), until.date())
            one.away.append(away)
            self._leaves.append((one, id, away))

    def _undo_leave(self) -> None:
        if self._leaves:
            one, id, away = self._leaves.pop(self.choose.randrange(len(self._leaves)))
            path = f"/api/lecturer/lecturers/{one.id}/leave/{id}/undo"
            if self.people.say(one.id, "POST", path, {"reason": "取消行程"}).good:
                one.away.remove(away)

    def _renew(self) -> None:
        """Letters that run out within a quarter of a year are followed by others."""
        now = self.scene.now().date()
        ending = [o for o in self.world.lecturers.values() if o.until < now + timedelta(days=92)]
        if not ending:
            return
        one = self.choose.choice(ending)
        path = f"/api/lecturer/lecturers/{one.id}/appointments"
        [letter, *_] = self.people.look("administrator", path)["items"]
        until = now + timedelta(days=720)
        body = {"number": f"示例聘字{self.people.key()}", "ends_on": until.isoformat()}
        path = f"/api/lecturer/appointments/{letter['id']}/renew"
        if self.people.say("administrator", "POST", path, body).good:
            one.until = until

    def _venue(self) -> None:
        school = self._school()
        body = {"name": f"教室{self.people.events}", "capacity": 50, "equipment": ["projector"]}
        path = f"/api/booking/venues/{self.people.key()}"
        answer = self.people.say(school, "PUT", path, body)
        if answer.good:
            closed = {**body, "state": "closed"}
            self.people.say(school, "PUT", path, closed, match=answer.body["version"])

    def _block(self) -> None:
        """A Sunday, so that nobody is in the way."""
        school, now = self._school(), self.scene.now().date()
        on = now + timedelta(days=6 - now.weekday() + 7 * self.choose.randint(1, 8))
        path = f"/api/booking/schools/{self.people.of(school)}/blocked/{on}"
        blocked = self.people.say(school, "PUT", path, {"reason": "镇里开会"}).good
        if blocked and self.choose.random() < 0.5:
            self.people.say(school, "DELETE", path)

    def _read_all(self) -> None:
        who = self.choose.choice(["scheduler", self._school(), self._lecturer().id])
        self.people.say(who, "POST", "/api/notify/messages/read_all", {})

    def _course(self) -> None:
        """A course of the district's own: written, tried, approved, on the menu, and off it."""
        self._courses += 1
        path = f"/api/catalog/courses/{self.people.key()}"
        body = {
            "code": f"ZZ-{self.choose.randrange(10**9)}",
            "label": "2026.1",
            "title": f"随机课程{self._courses} 𠮷",
            "module": "party_work",
            "category": "political_theory",
            "format": "micro_lesson",
            "minutes": 15,
            "class_hours": "0.25",
            "audience": ["party_worker"],
            "deliveries": ["classroom"],
            "eligible_pools": ["professional"],
            "max_attendees": 60,
            "valid_from": self.scene.now().date().isoformat(),
        }
        if self.people.say("administrator", "PUT", path, body).good:
            for verb in ("trial", "approve", "publish", "retire"):
                if not self.people.say("administrator", "POST", f"{path}/{verb}", {}).good:
                    break

    def _school(self) -> str:
        return self.choose.choice(self.world.schools)

    def _lecturer(self) -> Lecturer:
        return self.choose.choice(list(self.world.lecturers.values()))
