"""Fuzzing: a town after the tour, with more under way."""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path

import pytest

from tests.fuzz.living import bring_to_life, more
from tests.fuzz.run import Tally
from tests.letters import Letters
from tests.tour import SCHOOL, tour
from tests.town import Town, a_town, databases

IN_CI = 20261122


@dataclass
class Fuzzed:
    """The town, and who calls."""

    town: Town
    letters: Letters
    people: dict[str, str]  # role -> as `town.call` names him
    tallies: list[Tally] = field(default_factory=list)  # of the services so far

    @cached_property
    def kept(self) -> set[str]:
        """Accounts and keys without which nothing could be called any more."""
        accounts = self.town.all("administrator", "/api/portal/accounts")
        needed = {self.town.api.person(SCHOOL)["school_id"], None}
        keys = {person["client_id"] for person in self.town.api.people}
        return keys | {one["id"] for one in accounts if one["school_id"] in needed}

    def refill(self, role: str) -> str:
        """Before this role's turn, when those before may have used up what it needs. They may also
        have closed the door to more; then it lives on what is there, and the share of meaningful
        calls is judged over all."""
        if role in ("township", "lecturer", "scheduler"):
            try:
                self.people["lecturer"] = more(self.town, self.letters)
            except (AssertionError, TimeoutError, StopIteration, IndexError) as error:
                print(f"fuzz: no more for {role}: {str(error)[:300]}")
        return self.people[role]


@pytest.fixture(scope="session")
def number() -> int:
    """The seed of this run, shown, so that it can be given again; always the same in CI."""
    usual = IN_CI if os.environ.get("CI") else random.randrange(2**32)
    chosen = int(os.environ.get("SEED") or usual)
    print(f"\nfuzz: SEED={chosen}", flush=True)
    return chosen


# What an answer looks like does not hang on the database; the long form asks both.
BACKENDS = ["sqlite", "postgresql"] if os.environ.get("LONG") else ["sqlite"]


@pytest.fixture(scope="module", params=BACKENDS)
def fuzzed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, number: int
) -> Iterator[Fuzzed]:
    home: Path = tmp_path_factory.mktemp("fuzz") / "town"
    with (
        databases(request.param, lambda: request.getfixturevalue("postgres_url")) as url,
        a_town(home, database_url=url) as town,
    ):
        tour(town)
        # Those with the smallest power first: they leave the others something to do.
        people = {"township": SCHOOL, "lecturer": bring_to_life(town)}
        people |= {role: role for role in ("scheduler", "supervisor", "administrator")}
        first = (town.now() + timedelta(days=60)).date()  # after the New Year's holidays
        yield Fuzzed(town, Letters(number, first=first), people)
