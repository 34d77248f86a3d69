"""Faults: eight people who write, and who ask again with the same key until they are answered."""

import json
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from deploy.call import CODE, DISTRICT
from services.kit.ids import reference_id, uuid7
from tests.letters import SCHOOLS, Letters

# The proxy or the service says: not now.
LATER = {502, 503, 504}
TOWNSHIPS, SCHEDULERS, LECTURERS = 4, 2, 2
DECLINES = ("time_conflict", "leave", "topic_mismatch", "health", "duty", "other")


class Over(Exception):
    """The run has ended before there was an answer."""


@dataclass(frozen=True)
class Promise:
    """What a client was told has been done: this word about this row, in this request."""

    subject: str  # service.noun.fact
    key: UUID
    verb: str
    request_id: str
    lines: int = 0  # of a letter


@dataclass
class Ledger:
    """What the clients saw, all of them together."""

    letters: list[Promise] = field(default_factory=list)  # drafts: they tell nothing yet
    promises: list[Promise] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)  # 500 and other answers nobody should get
    repeats: int = 0
    unanswered: int = 0


class Person:
    """One of the demo's people over HTTP, patient with bad weather."""

    def __init__(self, http: httpx.Client, facts: dict[str, Any], over: threading.Event) -> None:
        self._http, self._facts, self._over = http, facts, over
        self._token, self._until = "", 0.0
        self.repeats = 0

    def ask(self, method: str, path: str, body: Any = None, *, key: str = "") -> httpx.Response:
        """The first answer that says anything. The same key every time."""
        while True:
            if self._over.is_set():
                raise Over
            try:
                headers = {"authorization": f"Bearer {self._bearer()}"}
                if key:
                    headers |= {"x-request-id": key, "idempotency-key": key}
                answer = self._http.request(method, path, json=body, headers=headers)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code == 401:
                self._until = 0
            elif answer is not None and answer.status_code not in LATER:
                return answer
            self.repeats += 1
            time.sleep(random.uniform(0.05, 0.3))

    def _bearer(self) -> str:
        if time.monotonic() > self._until:
            form = {"grant_type": "client_credentials"}
            form |= {name: self._facts[name] for name in ("client_id", "client_secret")}
            answer = self._http.post("/api/token", data=form)
            answer.raise_for_status()
            self._token = answer.json()["access_token"]
            self._until = time.monotonic() + 300
        return self._token


class Writers:
    """Townships that order, schedulers that approve and place, lecturers that answer."""

    def __init__(self, home: Path, *, seed: int, pace: float) -> None:
        self.ledger, self.pace, self.seed = Ledger(), pace, seed
        origin = json.loads((home / "stack.json").read_text())["origin"]
        self._http = httpx.Client(base_url=origin, timeout=10)
        self._people = json.loads((home / "demo-credentials.json").read_text())
        self._stop, self._over = threading.Event(), threading.Event()
        self._submitted: queue.Queue[str] = queue.Queue()
        self._answered: set[str] = set()
        self._lock = threading.Lock()
        works: list[tuple[Callable[[int], None], int]] = [
            *((self._township, number) for number in range(TOWNSHIPS)),
            *((self._scheduler, number) for number in range(SCHEDULERS)),
            *((self._lecturer, number) for number in range(LECTURERS)),
        ]
        self._threads = [threading.Thread(target=self._run, args=work) for work in works]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, patience: float) -> Ledger:
        """Nobody begins anything new; what was begun may still be answered."""
        self._stop.set()
        deadline = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.1, deadline - time.monotonic()))
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._http.close()
        return self.ledger

    def _run(self, work: Callable[[int], None], number: int) -> None:
        try:
            work(number)
        except Over:
            self.ledger.unanswered += 1
        except Exception as error:
            self.ledger.broken.append(f"{work.__name__} {number}: {error!r}")

    def _township(self, number: int) -> None:
        choose, letters = random.Random(f"{self.seed} {number}"), Letters(f"{self.seed} {number}")
        mine = SCHOOLS[number::TOWNSHIPS]
        people = {school: self._person(school) for school in mine}
        while not self._stop.is_set():
            school = choose.choice(mine)
            self._order(people[school], school, letters, choose)
            self._stop.wait(choose.uniform(0.5, 1.5) * self.pace)

    def _order(self, person: Person, school: str, letters: Letters, choose: random.Random) -> None:
        id, lines = uuid7(), choose.randint(1, 3)
        body = letters.write(school, lines=lines, title=f"风雨 {id}")
        key = str(uuid4())
        answer = person.ask("PUT", f"/api/booking/orders/{id}", body, key=key)
        if answer.status_code == 428:  # it is there: only the answer was lost
            answer = person.ask("GET", f"/api/booking/orders/{id}")
        if not self._took(answer, "put"):
            return
        self.ledger.letters.append(Promise("booking.order", id, "put", key, lines))
        if self._do(person, "booking.order.submitted", f"/api/booking/orders/{id}", "submit", id):
            if choose.random() < 0.05:
                word = "booking.order.withdrawn"
                self._do(person, word, f"/api/booking/orders/{id}", "withdraw", id)
            else:
                self._submitted.put(str(id))

    def _scheduler(self, number: int) -> None:
        choose, person = random.Random(f"s{self.seed} {number}"), self._person("scheduler")
        while not self._stop.is_set():
            try:
                id = self._submitted.get(timeout=0.2)
            except queue.Empty:
                continue
            path = f"/api/booking/orders/{id}"
            if not self._do(person, "booking.order.approved", path, "approve", UUID(id)):
                continue
            for line in person.ask("GET", path).json()["lines"]:
                for lesson in line["lessons"]:
                    self._place(person, lesson["id"], choose)

    def _place(self, person: Person, id: str, choose: random.Random) -> None:
        path = f"/api/booking/lessons/{id}"
        mode = choose.choice(["in_turn", "in_turn", "parallel"])
        body = {"wish": 0, "mode": mode}
        placed = self._do(person, "booking.lesson.changed", path, "place", UUID(id), body)
        if placed and choose.random() < 0.1:
            why = {"reason": "风雨"}
            self._do(
                person,
                "booking.lesson.changed",
                path,
                "cancel",
                UUID(id),
                why,
                verb="cancel_by_district",
            )

    def _lecturer(self, number: int) -> None:
        choose, looking = random.Random(f"l{self.seed} {number}"), self._person("scheduler")
        people: dict[str, Person] = {}
        while not self._stop.is_set():
            found = looking.ask("GET", "/api/lecturer/offers?state=pending&limit=100")
            if not self._took(found, "offers"):
                return
            offers = [offer for offer in found.json()["items"] if self._claim(offer["id"])]
            for offer in offers[:20]:
                who = offer["lecturer_id"]
                people.setdefault(who, self._person(who))
                self._answer(people[who], offer, choose)
            self._stop.wait(0.3)

    def _claim(self, offer_id: str) -> bool:
        """One of the lecturers' clients answers an offer, once."""
        with self._lock:
            new = offer_id not in self._answered
            self._answered.add(offer_id)
            return new

    def _answer(self, person: Person, offer: dict[str, Any], choose: random.Random) -> None:
        path, id = f"/api/lecturer/offers/{offer['id']}", UUID(offer["id"])
        if choose.random() < 0.75:
            body: dict[str, Any] = {"revision": offer["revision"]}
            self._do(person, "lecturer.offer.accepted", path, "accept", id, body)
        else:
            body = {"reason": choose.choice(DECLINES)}
            self._do(person, "lecturer.offer.declined", path, "decline", id, body)

    def _do(
        self,
        person: Person,
        subject: str,
        path: str,
        url: str,
        key: UUID,
        body: Any = None,
        *,
        verb: str = "",
    ) -> bool:
        """A verb; whether it was done. What was done is written down."""
        request = str(uuid4())
        before = person.repeats
        try:
            answer = person.ask("POST", f"{path}/{url}", body or {}, key=request)
        finally:
            self.ledger.repeats += person.repeats - before
        if not self._took(answer, url):
            return False
        self.ledger.promises.append(Promise(subject, key, verb or url, request))
        return True

    def _took(self, answer: httpx.Response, what: str) -> bool:
        if answer.is_success:
            return True
        if answer.status_code >= 500 or answer.status_code in (400, 403, 404, 405):
            self.ledger.broken.append(f"{what}: {answer.status_code} {answer.text[:300]}")
        else:
            code = answer.json().get("type", answer.status_code)
            self.ledger.refused[f"{what}: {code}"] += 1
        return False

    def _person(self, who: str) -> Person:
        id = str(reference_id(DISTRICT, who)) if CODE.fullmatch(f"@{who}") else who
        for facts in self._people:
            if facts["role"] == who or id in (facts["school_id"], facts["lecturer_id"]):
                return Person(self._http, facts, self._over)
        raise LookupError(who)
