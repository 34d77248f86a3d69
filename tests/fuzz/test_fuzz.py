"""Whatever is sent by whomever, no service fails and every answer is a documented one."""

import os
from typing import Any

import httpx
import pytest
import schemathesis

from deploy.home import SERVICES
from tests.fuzz.conftest import Fuzzed
from tests.fuzz.rows import Rows
from tests.fuzz.run import Fuzz, Tally

EXAMPLES = 48 if os.environ.get("LONG") else 3
LEAST_GOOD = 0.3
# The catalog last: who retires courses leaves the others nothing to order.
IN_TURN = sorted(SERVICES, key=lambda service: service == "catalog")
# Answered until somebody hangs up; its own test below reads the beginning of it.
ENDLESS = "/api/notify/stream"


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("service", IN_TURN)
def test_every_answer_is_a_documented_one(service: str, fuzzed: Fuzzed, number: int) -> None:
    town = fuzzed.town
    answer = httpx.get(f"{town.origin}/api/{service}/openapi.json")
    document: dict[str, Any] = answer.raise_for_status().json()
    document["paths"].pop(ENDLESS, None)
    schema = schemathesis.openapi.from_dict(document)
    tally = Tally()
    fuzzed.tallies.append(tally)

    for role in list(fuzzed.people):
        who = fuzzed.refill(role)
        fuzz = Fuzz(Rows(town, who, fuzzed.kept), tally, number=number, examples=EXAMPLES)
        for operation in schema.get_all_operations():
            fuzz.operation(operation.ok())

    print(f"{service}: {tally.calls} calls, {tally.good:.0%} 2xx, never: {tally.never_good()}")
    assert not tally.wrong, "\n\n".join([f"SEED={number}", *tally.wrong, *tally.wrong.values()])


def test_many_of_the_calls_were_meaningful(fuzzed: Fuzzed, number: int) -> None:
    calls = sum(tally.calls for tally in fuzzed.tallies)
    good = sum(tally.calls * tally.good for tally in fuzzed.tallies) / max(calls, 1)

    assert calls and good >= LEAST_GOOD, f"SEED={number}: only {good:.0%} of the calls were 2xx"


@pytest.mark.parametrize("last", [None, "", "0", "no-uuid", "ffffffff-ffff-ffff-ffff-ffffffffffff"])
def test_a_stream_begins_whatever_was_heard_last(fuzzed: Fuzzed, last: str | None) -> None:
    for who in fuzzed.people.values():
        headers = {"authorization": f"Bearer {fuzzed.town.api.token(who)}"}
        if last is not None:
            headers["last-event-id"] = last
        with httpx.stream("GET", fuzzed.town.origin + ENDLESS, headers=headers) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            first = next(answer.iter_lines())

        assert first.startswith(("event:", "data:", "id:", ":")), first
