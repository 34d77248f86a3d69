"""Fuzzing: what schemathesis makes up, sent as one person, and what broke a promise."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fuzz.feeding import feed
from tests.fuzz.rows import Rows

PROMISES = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
A_TASTE = 2  # calls after which a role that is only ever refused is left alone
PATIENCE = 20.0


@dataclass
class Tally:
    """What was answered, and what should not have been."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)  # (operation, status)
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        return self.answers.total()

    @property
    def good(self) -> float:
        good = sum(n for (_, status), n in self.answers.items() if 200 <= status < 300)
        return good / max(self.calls, 1)

    def never_good(self) -> list[str]:
        """Operations nobody got a 2xx from."""
        good = {name for name, status in self.answers if 200 <= status < 300}
        return sorted({name for name, _ in self.answers} - good)


class Fuzz:
    """Calls of one person on one service."""

    def __init__(self, rows: Rows, tally: Tally, *, number: int, examples: int) -> None:
        self.rows, self.tally, self.number, self.examples = rows, tally, number, examples
        self.http = requests.Session()

    def operation(self, operation: APIOperation[Any, Any, Any, Any]) -> None:
        random = Random(f"{self.number} {self.rows.who} {operation.label}")
        refused: Counter[bool] = Counter()

        def call(case: Case) -> None:
            feed(case, self.rows, random)
            refused[self._call(case, operation.label) == 403] += 1

        self._play(operation, MODES[0], A_TASTE, call)
        if refused[False]:
            self._play(operation, MODES[0], self.examples, call)
            self._play(operation, MODES[1], self.examples // 3, call)

    def _play(
        self,
        operation: APIOperation[Any, Any, Any, Any],
        mode: GenerationMode,
        examples: int,
        call: Callable[[Case], None],
    ) -> None:
        told = settings(
            max_examples=examples,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        play = told(seed(self.number)(given(case=operation.as_strategy(mode))(call)))
        try:
            play()
        except Unsatisfiable:
            if mode is MODES[0]:
                raise
            # Nothing in it can be wrong: no parameter, no body.

    def _call(self, case: Case, label: str) -> int:
        town, who = self.rows.town, self.rows.who
        for fresh in (False, True):  # the administrator may have rotated the keys
            headers = {"Authorization": f"Bearer {town.api.token(who, fresh=fresh)}"}
            response = case.call(town.origin, session=self.http, headers=headers, timeout=PATIENCE)
            if response.status_code != 401:
                break
        self.tally.answers[label, response.status_code] += 1
        try:
            case.validate_response(response, checks=PROMISES, headers=headers)
        except FailureGroup as failures:
            for failure in failures.exceptions:
                key = f"{who} {label}: {failure.title} ({response.status_code})"
                self.tally.wrong.setdefault(key, str(failures)[:3000])
        if case.method != "GET" and response.status_code < 300:
            self.rows.forget()
        return response.status_code
