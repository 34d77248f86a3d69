"""Portal: what a page costs does not depend on how much it shows: every page of every role, asked
with one row of everything and with thirty more, counted statement by statement in every service."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute

from services.portal import app as portal_app
from tests.portal.addresses import NOT_LISTS, Routes, addresses
from tests.portal.browser import MOST_CALLS, Person, calls_of
from tests.portal.planted import plant
from tests.portal.world import World, a_world
from tests.town import Town, a_town

FEW, MORE = 1, 31
COUNTING = Path(__file__).parent / "counting"


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, Path]]:
    """A town whose services write down what they ask their databases for our pages."""
    lines = tmp_path_factory.mktemp("counted") / "statements.jsonl"
    lines.touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YUEKE_COUNT", str(lines))
        patch.setenv("PYTHONPATH", str(COUNTING), prepend=":")
        with a_town(tmp_path_factory.mktemp("counted") / "town") as town:
            yield town, lines


@dataclass
class Cost:
    """What one page cost: the statements each service sent, and how long its answer was."""

    status: int
    size: int
    said: list[tuple[str, str]]  # database and SQL

    def differs(self, before: "Cost") -> str:
        """Empty when every service sent as many statements as before."""
        more, less = Counter(self.said) - Counter(before.said), Counter(before.said)
        counts = [Counter(database for database, _ in cost.said) for cost in (before, self)]
        if counts[0] == counts[1]:
            return ""
        less -= Counter(self.said)
        told = [f"  +{n} {sql}" for (_, sql), n in more.most_common(3)]
        told += [f"  -{n} {sql}" for (_, sql), n in less.most_common(3)]
        return "\n".join([f"{dict(counts[0])} -> {dict(counts[1])}", *told])


@pytest.mark.timeout(600)
def test_a_page_costs_the_same_with_one_row_and_with_thirty_more(
    counted: tuple[Town, Path],
) -> None:
    town, lines = counted
    world, day = a_world(town)

    plant(town, world, 1, FEW)
    few = costs(town, lines, addresses(world, day))
    plant(town, world, FEW + 1, MORE)
    world.account, world.person, world.title = "a", "示例", "一"
    many = costs(town, lines, addresses(world, day))

    pairs = [(page, cost, many[page]) for page, cost in few.items()]
    assert {page: cost.status for page, cost in many.items() if cost.status >= 400} == {}
    assert [page for page, before, _ in pairs if not before.said] == []
    # More was shown, and it cost no statement more.
    assert len([page for page, before, after in pairs if after.size > before.size]) > 60
    grown = {page: after.differs(before) for page, before, after in pairs}
    assert not any(grown.values()), "\n".join(f"{k}: {v}" for k, v in grown.items() if v)


def test_every_page_is_counted() -> None:
    """A page that is new is put on the list."""
    world = World(*[uuid4()] * 16)
    listed = {route for routes in addresses(world, "2026-12-08").values() for route in routes}

    shown = {
        route.path
        for router in portal_app.doors()
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    }

    assert shown - NOT_LISTS - listed == set()
    assert listed - shown == set()


def costs(town: Town, lines: Path, asked: dict[str, Routes]) -> dict[str, Cost]:
    """Of every page: asked twice, and the second time counts: keys and numbers that are read once
    are at hand then."""
    found: dict[str, Cost] = {}
    for who, routes in asked.items():
        browser = Person(town, who)
        for route, paths in routes.items():
            for number, path in enumerate(paths or [a_path(town, browser, route, asked)]):
                for _ in range(2):
                    mark = f"count-{uuid4()}"
                    answer = browser.http.get(path, headers={"x-request-id": mark, "x-poll": "1"})
                calls = calls_of(answer)
                assert all(n <= MOST_CALLS for n in calls.values()), (path, calls)
                said = [json.loads(line) for line in lines.read_text().splitlines()]
                lines.write_text("")
                mine = [(one["database"], one["sql"]) for one in said if one["request"] == mark]
                cost = Cost(answer.status_code, len(answer.text), mine)
                found[f"{who} {route} {number}"] = cost
    return found


def a_path(town: Town, browser: Person, route: str, asked: dict[str, Routes]) -> str:
    """Of a page whose address is known only from another page."""
    if route == "/desk/board/rows":
        page = browser.http.get(asked["scheduler"]["/desk/board"][0]).text
        more = re.search(rf'hx-get="({route}\?[^"]+)"', page)
        assert more
        return more[1].replace("&amp;", "&")
    accounts = town.get("administrator", "/api/portal/accounts?limit=1")["items"]
    return f"/admin/accounts/{accounts[0]['id']}"
