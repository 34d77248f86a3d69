"""Fuzzing: a town after the tour, with more under way."""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fuzz.living import bring_to_life
from tests.tour import SCHOOL, tour
from tests.town import Town, a_town, databases


@dataclass
class Fuzzed:
    """The town, and who calls."""

    town: Town
    people: dict[str, str]  # role -> as `town.call` names him
    kept: set[str]  # their accounts and keys: without them nothing could be called any more


@pytest.fixture(scope="session")
def number() -> int:
    """The seed of this run, shown, so that it can be given again."""
    chosen = int(os.environ.get("SEED") or random.randrange(2**32))
    print(f"\nfuzz: SEED={chosen}", flush=True)
    return chosen


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def fuzzed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fuzzed]:
    home: Path = tmp_path_factory.mktemp("fuzz") / "town"
    with (
        databases(request.param, lambda: request.getfixturevalue("postgres_url")) as url,
        a_town(home, database_url=url) as town,
    ):
        tour(town)
        lecturer = bring_to_life(town)
        # Those with the smallest power first: they leave the others something to do.
        people = {"township": SCHOOL, "lecturer": lecturer}
        people |= {role: role for role in ("scheduler", "supervisor", "administrator")}
        kept = {town.get(who, "/api/portal/me")["id"] for who in people.values()}
        kept |= {town.api.person(who)["client_id"] for who in people.values()}
        yield Fuzzed(town, people, kept)
