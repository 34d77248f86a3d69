"""Bench: clients cheap enough to measure a server from the same two cores."""

import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from services.kit.ids import uuid7
from tests.letters import SCHOOLS, Letters
from tests.town import Town

LINES = 3


@dataclass
class Measured:
    """Orders put and submitted: how long each took, and all of them together."""

    each: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.each) / self.seconds

    def percentile(self, percent: float) -> float:
        return percentile(self.each, percent)


def percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))]


class Client:
    """One kept-alive connection and one person's token."""

    def __init__(self, town: Town, who: str) -> None:
        origin = urlsplit(str(json.loads((town.home / "stack.json").read_text())["origin"]))
        self._http = http.client.HTTPConnection(str(origin.hostname), origin.port, timeout=30)
        person = town.api.person(who)
        form = {"grant_type": "client_credentials"}
        form |= {name: person[name] for name in ("client_id", "client_secret")}
        kind = {"content-type": "application/x-www-form-urlencoded"}
        self._http.request("POST", "/api/token", urlencode(form), kind)
        token = json.loads(self._http.getresponse().read())["access_token"]
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    def ask(self, method: str, path: str, body: Any) -> Any:
        headers = self._headers | ({"idempotency-key": str(uuid4())} if method == "POST" else {})
        self._http.request(method, path, json.dumps(body), headers)
        answer = self._http.getresponse()
        read = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {read[:500]!r}")
        return json.loads(read)


def orders(
    town: Town, *, clients: int, each: int, pause: float = 0.0, lines: int = LINES
) -> Measured:
    """`clients` townships at once, `each` letters: PUT and submit."""
    measured, lock = Measured(), threading.Lock()
    ready = threading.Barrier(clients + 1)
    failed: list[BaseException] = []
    mark = uuid4()
    pens = {school: (threading.Lock(), Letters(f"{mark} {school}")) for school in SCHOOLS}

    def write(number: int) -> None:
        school = SCHOOLS[number % len(SCHOOLS)]
        client = Client(town, school)
        turn, pen = pens[school]
        ready.wait()
        for _ in range(each):
            with turn:
                letter = pen.write(school, lines=lines)
            began = time.perf_counter()
            path = f"/api/booking/orders/{uuid7()}"
            client.ask("PUT", path, letter)
            client.ask("POST", f"{path}/submit", {})
            took = time.perf_counter() - began
            with lock:
                measured.each.append(took)
            time.sleep(pause)

    threads = [_thread(write, number, failed) for number in range(clients)]
    ready.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    measured.seconds = time.perf_counter() - began
    if failed:
        raise failed[0]
    return measured


def _thread(
    work: Callable[[int], None], number: int, failed: list[BaseException]
) -> threading.Thread:
    def watched() -> None:
        try:
            work(number)
        except BaseException as error:
            failed.append(error)
            raise

    thread = threading.Thread(target=watched)
    thread.start()
    return thread
