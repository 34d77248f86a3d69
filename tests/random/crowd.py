"""Random events: everybody else. Somebody looks at a thing of his, and says one of its `moves`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.random import wrong
from tests.random.office import Office
from tests.random.people import Answer
from tests.random.scene import MINUTE, Scene, letter_body
from tests.random.stage import At, Stage, Steps, pick
from tests.random.words import body_of
from tests.random.world import NoSlot, Slot, at

ALIVE = 12  # letters of the crowd that are not at their end
ENDS = {"rejected", "withdrawn", "expired", "cancelled", "closed"}
LESSON_ENDS = {"verified", "written_off", "cancelled"}
PATIENCE = 8  # things that are looked at before something for the office is done instead
KEPT = 40  # ended letters that are remembered, for wrong calls
# What is said less often than the rest, so that something is left to happen, and what more often.
WEIGHTS = {
    "cancel_order": 0.04,
    "cancel": 0.05,
    "withdraw": 0.15,
    "discard": 0.1,
    "reject": 0.15,
    "return_for_fix": 0.3,
    "unplace": 0.15,
    "park": 0.1,
    "suspend": 0.12,
    "reopen": 0.1,
    "revoke": 0.15,
    "counter": 0.4,
    "decline": 0.5,
    "release": 0.12,
    "reconfirm": 0.3,
    "replace": 0.1,
    "grant": 0.5,
    "abort": 0.3,
    "handover": 0.15,
    "dispute": 0.2,
    "accept": 3.0,
    "place": 4.0,
    "submit": 4.0,
    "approve": 4.0,
    "check_in": 4.0,
}
WRONG = 0.14
SHARES = {"order": 22, "lesson": 30, "seat": 36, "office": 5}
# What waits for somebody, and should not wait long.
HASTE = {"": 3, "draft": 8, "submitted": 8, "returned": 5}


@dataclass
class Letter:
    id: str
    school: str
    state: str = ""
    lessons: dict[str, str] = field(default_factory=dict)  # and their states, when last seen

    @property
    def over(self) -> bool:
        return self.state in ENDS


class Crowd:
    """Knows the letters it wrote, and nothing else."""

    def __init__(self, scene: Scene, stage: Stage, seed: int) -> None:
        self.scene, self.stage, self.seed, self.acts = scene, stage, seed, 0
        self.people, self.choose = scene.people, scene.choose
        self.office = Office(scene)
        self.letters: list[Letter] = []
        self._watched: set[str] = set()
        self._acts: dict[str, Callable[[], bool]] = {
            "order": self._order,
            "lesson": self._lesson,
            "seat": self._seat,
            "office": self._office,
        }

    def act(self) -> None:
        """At least one event."""
        # Each act chooses afresh: one that went otherwise does not change those after it.
        self.acts += 1
        self.choose.seed(f"{self.seed} act {self.acts}")
        before = self.people.events
        alive = [letter for letter in self.letters if not letter.over]
        if len(alive) < ALIVE and self.choose.random() < 0.5:
            self._write()
        if self.choose.random() < WRONG:
            self._wrong()
        for _ in range(PATIENCE):
            if self.people.events == before:
                self._acts[pick(self.choose, SHARES)]()
        if self.people.events == before:
            self.office.act()

    # -- what they do

    def _write(self) -> None:
        """A letter of one to four lessons, half of them urgent."""
        urgent = self.choose.random() < 0.6
        micro = self.choose.random() < 0.5
        hours = (6.0, 120.0) if urgent else ((124.0, 260.0) if micro else (220.0, 340.0))
        format = "micro_lesson" if micro else "booster"
        slots: list[Slot] = []
        try:
            for _ in range(self.choose.randint(1, 4)):
                school = slots[0].school if slots else None
                wanted: dict[str, Any] = {"format": format, "school": school, "spread": True}
                able = self.choose.choice([0, 2, 3, 3])
                slots.append(self.scene.slot(hours, able=able, **wanted))
        except NoSlot:
            if not slots:
                return
        letter = Letter(self.people.key(), slots[0].school)
        path = f"/api/booking/orders/{letter.id}"
        body = letter_body([slot.line() for slot in slots], urgent=urgent)
        answer = self.people.say(letter.school, "PUT", path, body)
        if answer.good:
            letter.state = "draft"
            self.letters.append(letter)

    def _order(self) -> bool:
        letter = self._some_letter(over=0.05, haste=True)
        if letter is None:
            return False
        path = f"/api/booking/orders/{letter.id}"
        who, found = self._first(path, ["scheduler", letter.school, "supervisor"])
        self._remember(letter, found)
        moves = list(found["moves"])
        if found["state"] == "returned" and who == letter.school:
            return self._mend(letter, found)
        if found["problems"] and "discard" in moves and self.choose.random() < 0.9:
            moves = ["discard"]  # its dates have passed
        returned = [line for line in found["lines"] if line["review"] == "returned"]
        if not returned:
            moves = [move for move in moves if move not in ("amend_lines", "review_lines")]
        if any(line["lessons"] for line in found["lines"]) and found["state"] == "approved":
            begun = ("running", "delivered")
            moves = [m for m in moves if m != "cancel_order" or found["progress"] not in begun]
        return self._say(who, path, "order", moves, found)

    def _mend(self, letter: Letter, found: dict[str, Any]) -> bool:
        """Nothing but the notes of its lines, when they were returned; then sent again."""
        path = f"/api/booking/orders/{letter.id}"
        self.people.say(letter.school, "POST", f"{path}/resubmit", {})
        return True

    def _lesson(self) -> bool:
        letter, lesson_id = self._some_lesson(over=0.1)
        if letter is None:
            return False
        path = f"/api/booking/lessons/{lesson_id}"
        who, found = self._first(path, ["scheduler", letter.school, "supervisor"])
        if found["change_id"] and self.choose.random() < 0.7:
            return self._change(found)
        if found["changeable"] and who != "supervisor" and self.choose.random() < 0.12:
            return self._propose(who, path, found)
        return self._say(who, path, "lesson", found["moves"], found)

    def _propose(self, who: str, path: str, lesson: dict[str, Any]) -> bool:
        body = body_of("change", "propose", lesson, self.scene)
        if body is None:
            return False
        self.people.say(who, "POST", f"{path}/changes", body)
        return True

    def _change(self, lesson: dict[str, Any]) -> bool:
        path = f"/api/booking/changes/{lesson['change_id']}"
        who = self.choose.choice(["scheduler", self._school_of(lesson)])
        found = self.people.look(who, path)
        return self._say(who, path, "change", found["moves"], {**lesson, **found})

    def _seat(self) -> bool:
        letter, lesson_id = self._some_lesson(over=0.05)
        if letter is None:
            return False
        answer = self.people.request("scheduler", "GET", f"/api/lecturer/seats/{lesson_id}")
        if not answer.good:
            return False  # it was never placed
        seat = answer.body
        kinds = [("offer", one) for one in seat["offers"]]
        kinds += [("assignment", one) for one in seat["assignments"]]
        kinds = [(kind, one) for kind, one in kinds if one["moves"] or one["moves_on_behalf"]]
        if not kinds:
            return self._dispatch(seat)
        kind, found = self.choose.choice(kinds)
        if found["state"] == "expired" and self.choose.random() < 0.8:
            return False  # mostly it really is too late
        path = f"/api/lecturer/{kind}s/{found['id']}"
        his = found["moves_on_behalf"]
        if his and (not found["moves"] or self.choose.random() < 0.85):
            return self._as_lecturer(letter, path, kind, his, found)
        return self._say("scheduler", path, kind, found["moves"], found)

    def _dispatch(self, seat: dict[str, Any]) -> bool:
        """Nobody is asked: by hand, the scheduler sets the ladder up."""
        if seat["state"] not in ("tentative", "at_risk"):
            return False
        mode = self.choose.choice(["in_turn", "parallel", "open"])
        path = f"/api/lecturer/seats/{seat['lesson_id']}/offers"
        self.people.say("scheduler", "POST", path, {"mode": mode})
        return True

    def _as_lecturer(
        self, letter: Letter, path: str, kind: str, moves: list[str], found: dict[str, Any]
    ) -> bool:
        """He himself, or somebody who has him on the phone."""
        who = pick(self.choose, {found["lecturer_id"]: 7, "scheduler": 2, letter.school: 2})
        more = {}
        if who != found["lecturer_id"]:
            more = {"on_behalf_of": found["lecturer_id"], "channel": "phone", "note": "来电"}
        done = self._say(who, path, kind, moves, found, **more)
        return done

    def _say(
        self,
        who: str,
        path: str,
        kind: str,
        moves: list[str],
        found: dict[str, Any],
        **more: Any,
    ) -> bool:
        """One of the moves, with a body that fits."""
        if not moves:
            return False
        verb = pick(self.choose, {move: WEIGHTS.get(move, 1.0) for move in moves})
        if self.choose.random() > WEIGHTS.get(verb, 1.0):
            return False  # he thinks better of it
        body = body_of(kind, verb, found, self.scene)
        if body is None:
            return False
        answer = self.people.say(who, "POST", f"{path}/{verb}", {**body, **more})
        if answer.good:
            self._after(kind, verb, found, answer)
        return True

    def _after(self, kind: str, verb: str, found: dict[str, Any], answer: Answer) -> None:
        if kind == "offer" and verb in ("accept", "adopt_counter"):
            self.scene.world.engage(found["lecturer_id"], at(found["starts_at"]))
            lesson_id = found["lesson_id"]
            if lesson_id not in self._watched and self.choose.random() < 0.8:
                self._watched.add(lesson_id)
                name = "(the crowd teaches)"
                self.stage.begin(name, self._taught(lesson_id, answer.body))

    def _taught(self, lesson_id: str, offer: dict[str, Any]) -> Steps:
        """On the day somebody comes, and mostly stays to the end."""
        starts_at, ends_at = at(offer["starts_at"]), at(offer["ends_at"])
        yield At(starts_at - 30 * MINUTE, starts_at + 10 * MINUTE)
        self._present(lesson_id, ["check_in"])
        if self.choose.random() < 0.25:
            yield At(starts_at + 5 * MINUTE, starts_at + 30 * MINUTE)
            self._present(lesson_id, ["abort", "handover", "check_out"])
        yield At(ends_at, ends_at + 25 * MINUTE)
        if self.choose.random() < 0.8:
            self._present(lesson_id, ["check_out"])

    def _present(self, lesson_id: str, wanted: list[str]) -> None:
        seat = self.people.look("scheduler", f"/api/lecturer/seats/{lesson_id}")
        for found in seat["assignments"]:
            path = f"/api/lecturer/assignments/{found['id']}"
            verb = self.choose.choice(wanted)
            if verb in found["moves_on_behalf"]:
                self._say(found["lecturer_id"], path, "assignment", [verb], found)
            elif verb in found["moves"]:
                self._say("scheduler", path, "assignment", [verb], found)

    def _wrong(self) -> bool:
        letter, lesson_id = self._some_lesson(over=0.5)
        letter = letter or self._some_letter(over=0.5)
        return letter is not None and wrong.act(self.scene, letter.id, letter.school, lesson_id)

    def _office(self) -> bool:
        self.office.act()
        return True

    def _first(self, path: str, people: list[str]) -> tuple[str, dict[str, Any]]:
        """The first of these, in any order, who has something to say about it."""
        self.choose.shuffle(people)
        for who in people:
            found = self.people.look(who, path)
            if found["moves"]:
                break
        return who, found

    # -- what they know

    def _some_letter(self, *, over: float, haste: bool = False) -> Letter | None:
        wanted = self.choose.random() < over
        chosen = [letter for letter in self.letters if letter.over == wanted] or self.letters
        if not chosen:
            return None
        weights = [HASTE.get(letter.state, 1) if haste else 1 for letter in chosen]
        return self.choose.choices(chosen, weights)[0]

    def _some_lesson(self, *, over: float) -> tuple[Letter | None, str]:
        letter = self._some_letter(over=over)
        if letter is None:
            return None, ""
        if not letter.lessons:
            path = f"/api/booking/orders/{letter.id}"
            self._remember(letter, self.people.look("scheduler", path))
        if not letter.lessons:
            return None, ""
        alive = [id for id, state in letter.lessons.items() if state not in LESSON_ENDS]
        if alive and self.choose.random() > over:
            return letter, self.choose.choice(alive)
        return letter, self.choose.choice(list(letter.lessons))

    def _remember(self, letter: Letter, found: dict[str, Any]) -> None:
        lessons = [lesson for line in found["lines"] for lesson in line["lessons"]]
        letter.lessons = {lesson["id"]: lesson["state"] for lesson in lessons}
        letter.state = found["state"]
        ended = [one for one in self.letters if one.over]
        if len(ended) > KEPT:
            self.letters.remove(ended[0])

    def _school_of(self, lesson: dict[str, Any]) -> str:
        return str(lesson["school_id"])
