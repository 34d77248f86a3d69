"""Deploy: messages a service could not act on: shown, replayed, or dropped with a reason.

    python -m deploy.parked list
    python -m deploy.parked replay ID
    python -m deploy.parked drop ID REASON

Over all services, as the demo's administrator or with the access token in `YUEKE_ADMIN_TOKEN`.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from deploy import call, home

Ask = Callable[[str, str, Any], httpx.Response]


class NotDone(Exception):
    """What a service answered instead."""


def asker(folder: Path) -> Ask:
    """Requests with the rights of an administrator."""
    token = os.environ.get("YUEKE_ADMIN_TOKEN")
    if not token:
        api = call.Api(folder)
        return lambda method, path, body: api.call("administrator", method, path, body)
    bearer = {"authorization": f"Bearer {token}"}
    client = httpx.Client(base_url=home.stack(folder)["origin"], headers=bearer, timeout=30)

    def ask(method: str, path: str, body: Any) -> httpx.Response:
        key = {"idempotency-key": str(uuid4())} if method == "POST" else None
        return client.request(method, path, json=body, headers=key)

    return ask


def waiting(ask: Ask) -> Iterator[tuple[str, dict[str, Any]]]:
    """Service and message, of every service, oldest first."""
    for service in home.SERVICES:
        for message in _good(ask("GET", f"/api/{service}/parked", None))["items"]:
            yield service, message


def settle(ask: Ask, id: str, how: str, body: dict[str, Any]) -> str:
    """Replay or drop every parked message of that id (two services may have parked one event)."""
    found = [service for service, message in waiting(ask) if message["id"] == id]
    if not found:
        raise NotDone(f"no parked message {id}")
    done = []
    for service in found:
        answer = _good(ask("POST", f"/api/{service}/parked/{id}/{how}", body))
        done.append(f"{service}: {answer['settled_how']}")
    return ", ".join(done)


def _good(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise NotDone(f"{answer.request.url.path}: {answer.status_code} {answer.text[:500]}")
    return dict(answer.json())


def main() -> int:
    options = argparse.ArgumentParser(
        prog="deploy.parked",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = options.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list")
    verbs.add_parser("replay").add_argument("id")
    drop = verbs.add_parser("drop")
    drop.add_argument("id")
    drop.add_argument("reason", nargs="+")
    chosen = options.parse_args()
    try:
        ask = asker(home.home())
        if chosen.verb == "list":
            messages = list(waiting(ask))
            for service, message in messages:
                facts = (service, message["id"], message["subject"], message["parked_at"])
                print(*facts, message["error"], sep="  ")
            print(f"{len(messages)} parked")
        else:
            body = {"reason": " ".join(chosen.reason)} if chosen.verb == "drop" else {}
            print(settle(ask, chosen.id, chosen.verb, body))
    except (NotDone, httpx.HTTPError, OSError, call.NoSuchPerson) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
