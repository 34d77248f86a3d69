"""Deploy: the API from a terminal, as one of the demo's people.

    python -m deploy.call WHO METHOD PATH [JSON] [--get FIELD]

WHO is a role (scheduler, supervisor, administrator) or the code or id of a school or lecturer
(SCH-06, LEC-001). In JSON and PATH, `@RV-T01` stands for the id of that reference row. `--get`
prints values instead of the whole answer, one per line: `items[].id`, or several of each,
`items[]:id,lecturer_id`.
"""

import argparse
import json
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from deploy.home import home, stack
from services.kit.ids import reference_id

DISTRICT = "xiqing"
CODE = re.compile(r"@([A-Z]+(?:-[A-Z]?\d+)+)")


class NoSuchPerson(Exception):
    """Nobody of the demo is called that."""


class Api:
    """The stack of this home over HTTP, with the tokens of its demo people."""

    def __init__(self, folder: Path) -> None:
        said = stack(folder)
        self.people = json.loads((folder / "demo-credentials.json").read_text())
        self._http = httpx.Client(base_url=said["origin"], timeout=30)
        self._tokens: dict[str, str] = {}

    def call(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        """One request as that person, with a fresh Idempotency-Key."""
        headers = {"idempotency-key": str(uuid4())} if method == "POST" else {}
        for fresh in (False, True):
            headers["authorization"] = f"Bearer {self.token(who, fresh=fresh)}"
            answer = self._http.request(method, path, json=body, headers=headers)
            if answer.status_code != 401:
                break
        return answer

    def person(self, who: str) -> dict[str, Any]:
        """By role, or by the code or id of school or lecturer."""
        id = str(reference_id(DISTRICT, who)) if CODE.fullmatch(f"@{who}") else who
        for person in self.people:
            if person["role"] == who or id in (person["school_id"], person["lecturer_id"]):
                return dict(person)
        raise NoSuchPerson(who)

    def token(self, who: str, *, fresh: bool = False) -> str:
        """Good for ten minutes, or until the keys have been rotated twice."""
        if fresh or who not in self._tokens:
            person = self.person(who)
            form = {"grant_type": "client_credentials"}
            form |= {name: person[name] for name in ("client_id", "client_secret")}
            answer = self._http.post("/api/token", data=form)
            answer.raise_for_status()
            self._tokens[who] = answer.json()["access_token"]
        return self._tokens[who]


def resolve(text: str) -> str:
    """Codes of reference rows as their ids."""
    return CODE.sub(lambda match: str(reference_id(DISTRICT, match[1])), text)


def values(answer: Any, field: str) -> Iterator[str]:
    """What `--get` prints: one value a line, or the named ones of each side by side."""
    path, _, names = field.partition(":")
    for found in pick(answer, path):
        parts = [found[name] for name in names.split(",")] if names else [found]
        yield " ".join(
            p if isinstance(p, str) else json.dumps(p, ensure_ascii=False) for p in parts
        )


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def pick(value: Any, path: str) -> Iterator[Any]:
    """`items[].id`: every id, in order."""
    name, _, rest = path.partition(".")
    if not name:
        yield value
    elif name.endswith("[]"):
        for item in value[name.removesuffix("[]")] if name != "[]" else value:
            yield from pick(item, rest) if rest else [item]
    elif rest:
        yield from pick(value[name], rest)
    else:
        yield value[name]


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("who")
    options.add_argument("method")
    options.add_argument("path")
    options.add_argument("body", nargs="?")
    options.add_argument("--get", metavar="FIELD")
    chosen = options.parse_args()
    body = json.loads(resolve(chosen.body)) if chosen.body else None
    try:
        api = Api(home())
        answer = api.call(chosen.who, chosen.method, resolve(chosen.path), body)
    except FileNotFoundError as error:
        sys.exit(f"no running stack here: {error.filename} is missing")
    except NoSuchPerson as error:
        sys.exit(f"nobody of the demo is called {error}")
    if answer.is_error:
        print(f"{answer.status_code} {answer.text}", file=sys.stderr)
        return 1
    shown = answer.json() if answer.content else None
    if chosen.get:
        print("\n".join(values(shown, chosen.get)))
    else:
        print(json.dumps(shown, ensure_ascii=False, indent=2))
    return 0


if __name__ == "__main__":
    # Cut short by `head` like any other command.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
