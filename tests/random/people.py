"""Random events: the people of the demo over HTTP. Every answer is looked at; figures are kept."""

import json
import random
import re
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any, TextIO
from uuid import UUID

import httpx

from deploy.call import CODE, DISTRICT
from services.kit.ids import reference_id
from tests.town import Town

STABLE = re.compile(r"[a-z][a-z0-9_]{1,60}")
FRESH = 480.0  # seconds a token is used; it lives for ten minutes
BUSY_TRIES = 10
AGAIN = 0.02  # of what was done is asked a second time, with the same key


class Broken(AssertionError):
    """An answer nobody should get."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    etag: str | None = None

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def code(self) -> str:
        return str(self.body.get("type", "")) if isinstance(self.body, dict) else ""


class People:
    """`look` reads what the driver needs to know; `say` is an event and counts."""

    def __init__(self, town: Town, choose: random.Random) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{town.port}", timeout=60)
        everybody = json.loads((town.home / "demo-credentials.json").read_text())
        self._people = {
            str(key): person
            for person in everybody
            for key in (person["school_id"] or person["lecturer_id"] or person["role"],)
        }
        self._tokens: dict[str, tuple[str, float]] = {}
        self._choose = choose
        self.events = self.looks = self.repeats = self.busy = 0
        self.statuses: Counter[int] = Counter()
        self.refused: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.seconds = 0.0
        self.journal: TextIO | None = None
        self._last = ""

    def close(self) -> None:
        self._http.close()

    @property
    def share(self) -> float:
        """Of all calls, those answered 2xx."""
        calls = sum(self.statuses.values())
        good = sum(n for status, n in self.statuses.items() if status < 300)
        return good / calls if calls else 0.0

    # -- events

    def say(
        self,
        who: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        match: str | int | None = None,
        key: str | None = None,
    ) -> Answer:
        """One event. A POST carries a key of its own; now and then it is sent twice."""
        key = key or self.key()
        answer = self._event(self.request(who, method, path, body, match=match, key=key), path)
        if method == "POST" and answer.good and self._choose.random() < AGAIN:
            self._again(who, path, body, key, answer)
        return answer

    def wrong(self, answer: Answer, path: str) -> Answer:
        """A call made by hand with `request` or `bare` is an event, too."""
        return self._event(answer, path)

    def moved(self) -> None:
        """So is a move of the clock."""
        self.events += 1

    def key(self) -> str:
        return str(UUID(int=self._choose.getrandbits(128), version=4))

    # -- what is no event

    def look(self, who: str, path: str) -> Any:
        """The body of a GET that has to succeed."""
        self.looks += 1
        answer = self.request(who, "GET", path)
        if not answer.good:
            raise Broken(f"{who} GET {path}: {answer.status} {answer.body}")
        return answer.body

    def request(
        self,
        who: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        match: str | int | None = None,
        key: str | None = None,
    ) -> Answer:
        """As this person; a token that has grown old is renewed."""
        headers = {}
        if method == "POST" and key:
            headers["idempotency-key"] = key
        if match is not None:
            headers["if-match"] = f'"{match}"' if isinstance(match, int) else match
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        for renew in (False, True):
            headers["authorization"] = f"Bearer {self._bearer(who, renew=renew)}"
            answer = self.bare(method, path, content, headers, who=who)
            if answer.status != 401:
                break
        return answer

    def bare(
        self,
        method: str,
        path: str,
        content: bytes | None,
        headers: dict[str, str],
        *,
        who: str = "nobody",
    ) -> Answer:
        """Bytes as they are. A busy database may be asked again; nothing else may fail."""
        if content is not None:
            headers = {"content-type": "application/json", **headers}
        for attempt in range(BUSY_TRIES):
            began = time.monotonic()
            try:
                response = self._http.request(method, path, content=content, headers=headers)
            except httpx.HTTPError as error:
                raise Broken(f"{who} {method} {path}: {error!r}") from error
            finally:
                self.seconds += time.monotonic() - began
            answer = _read(response)
            if answer.status != 503 or answer.code != "database_busy":
                break
            self.busy += 1
            time.sleep(0.1 * (attempt + 1))
        self._last = f"{who} {method} {path} {_short(content)}"
        _check(answer, self._last)
        return answer

    # -- who is who

    def of(self, who: str) -> str:
        """A role, or the id behind a code."""
        return str(reference_id(DISTRICT, who)) if CODE.fullmatch(f"@{who}") else who

    def _event(self, answer: Answer, path: str) -> Answer:
        self.events += 1
        if self.journal is not None:
            line = f"{self.events} {self._last} {answer.status} {answer.code}"
            print(line, file=self.journal, flush=True)
        self.statuses[answer.status] += 1
        if answer.good:
            self.done[_verb(path)] += 1
        else:
            self.refused[f"{_verb(path)}: {answer.status} {answer.code}"] += 1
        return answer

    def _again(self, who: str, path: str, body: Any, key: str, first: Answer) -> None:
        """The same key: the same answer, and nothing done twice."""
        second = self._event(self.request(who, "POST", path, body, key=key), path)
        self.repeats += 1
        secret = second.status == 409 and second.code == "answer_not_kept"
        if not secret and (second.status, second.body) != (first.status, first.body):
            raise Broken(f"{who} POST {path} with the same key: {first} and then {second}")

    def _bearer(self, who: str, *, renew: bool) -> str:
        token, until = self._tokens.get(who, ("", 0.0))
        if renew or time.monotonic() > until:
            person = self._people[self.of(who)]
            form = {"grant_type": "client_credentials"}
            form |= {name: person[name] for name in ("client_id", "client_secret")}
            response = self._http.post("/api/token", data=form)
            if response.status_code != 200:
                raise Broken(f"token of {who}: {response.status_code} {response.text}")
            token = str(response.json()["access_token"])
            self._tokens[who] = token, time.monotonic() + FRESH
        return token


def _read(response: httpx.Response) -> Answer:
    kind = response.headers.get("content-type", "")
    body = response.json() if "json" in kind and response.content else response.text
    return Answer(response.status_code, body, response.headers.get("etag"))


def _check(answer: Answer, request: str) -> None:
    """Never a 5xx; every refusal is a problem with a stable code that names its own status."""
    shown = f"{request}\n  answered {answer.status} {answer.body}"
    if answer.status >= 500 or (answer.status >= 300 and answer.status < 400):
        raise Broken(shown)
    if answer.status >= 400:
        stable = isinstance(answer.body, dict) and STABLE.fullmatch(answer.code)
        if not stable or answer.body.get("status") != answer.status:
            raise Broken(f"no stable code: {shown}")


def _verb(path: str) -> str:
    parts = [part for part in path.partition("?")[0].split("/")[3:] if len(part) < 36]
    return "/".join(parts)


def _short(content: bytes | None) -> str:
    return "" if content is None else content.decode(errors="replace")[:1500]
