"""Portal: a draft plan made, explained, pinned, compared and published on the scheduler's pages."""

import html
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.bench.board import letters_of_schools
from tests.portal.browser import Browser, Person
from tests.town import Town, a_town, until

PERIOD = {"first_on": "2026-12-07", "last_on": "2026-12-11"}
LINES = re.compile(r'hx-get="(/desk/plans/[0-9a-f-]+/lines/([0-9a-f-]+)[^"]*)"')


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Twelve lessons wait, and there are lecturers for some of them."""
    with a_town(tmp_path_factory.mktemp("plans") / "town") as town:
        letters_of_schools(town)
        yield town


@pytest.fixture
def desk(town: Town) -> Browser:
    return Person(town, "scheduler")


def see(desk: Browser, path: str) -> str:
    answer = desk.http.get(path)
    assert answer.status_code == 200, (path, answer.status_code, answer.text[-2000:])
    return html.unescape(answer.text)


def press(desk: Browser, path: str, **fields: Any) -> httpx.Response:
    headers = {"origin": desk.origin, "hx-request": "true", "x-csrf-token": desk.csrf}
    return desk.http.post(path, data={"once": str(uuid4()), **fields}, headers=headers)


def leads(answer: httpx.Response) -> str:
    assert answer.status_code == 204, answer.text
    return answer.headers["hx-redirect"]


def a_draft(town: Town, desk: Browser, **policy: str) -> str:
    path = leads(press(desk, "/desk/plans", **PERIOD, **policy))
    until(lambda: "重新优化" in see(desk, path), 60, what="the draft is made")
    return path


def a_line(page: str) -> tuple[str, str]:
    """The first line that can be changed: its drawer, and its lesson."""
    found = LINES.search(page)
    assert found, page
    return found[1], found[2]


def test_a_draft_says_who_and_when_and_why_not(town: Town, desk: Browser) -> None:
    page = see(desk, a_draft(town, desk, pool_first="professional", fairness="3"))

    assert "已证明最优" in page
    assert "示例讲师" in page
    unserved = see(desk, a_draft(town, desk) + "?show=unserved")
    assert "怎样才行" in unserved
    assert "个人次与时刻" in unserved
    sheet = desk.http.get(a_draft(town, desk) + "?format=xlsx")
    assert sheet.content[:2] == b"PK"


def test_how_far_it_is_comes_as_a_stream(town: Town, desk: Browser) -> None:
    path = leads(press(desk, "/desk/plans", **PERIOD))

    with desk.http.stream("GET", f"{path}/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        said = [line for line in answer.iter_lines() if line.startswith("event:")]

    assert said[-1] == "event: over"
    assert see(desk, path)


def test_a_lesson_is_pinned_and_stays_when_it_is_planned_again(town: Town, desk: Browser) -> None:
    path = a_draft(town, desk)
    drawer, lesson = a_line(see(desk, path + "?show=served"))
    form = see(desk, drawer)
    who, name = re.findall(r'name="lecturer" value="([0-9a-f-]+) ([^"]+)"', form)[-1]
    fields = dict(re.findall(r'name="(version|starts_at)" value="([^"]+)"', form))
    assert "为什么不是别人" in form

    pinned = press(desk, f"{path}/lines/{lesson}", what="pin", lecturer=f"{who} {name}", **fields)
    page = see(desk, leads(pinned))
    assert "已钉住" in page
    assert name in page
    again = leads(press(desk, f"{path}/replan"))
    until(lambda: "重新优化" in see(desk, again), 60, what="it is planned again")

    [line] = [
        one
        for one in town.get("scheduler", f"/api/booking{again.removeprefix('/desk')}")["lines"]
        if one["lesson_id"] == lesson
    ]
    assert (line["lecturer_id"], line["pinned"]) == (who, True)
    ids = [one.rpartition("/")[2] for one in (path, again)]
    assert "已排课次" in see(desk, f"/desk/plans/compare?a={ids[0]}&b={ids[1]}")
    stale = press(desk, f"{path}/lines/{lesson}", what="unpin", version="1")
    assert stale.status_code == 412


def test_a_draft_is_given_up_and_nobody_hears_of_it(town: Town, desk: Browser) -> None:
    path = a_draft(town, desk)

    assert "没有通知任何人" in see(desk, leads(press(desk, f"{path}/discard")))
    refused = press(desk, f"{path}/publish")

    assert refused.status_code == 409
    assert town.get("scheduler", "/api/lecturer/offers")["items"] == []


def test_what_cannot_be_is_refused_in_a_sentence(town: Town, desk: Browser) -> None:
    nothing = press(desk, "/desk/plans", first_on="2027-06-01", last_on="2027-06-02")
    assert nothing.status_code == 409
    assert "没有待排的课次" in nothing.text
    assert press(desk, "/desk/plans", first_on="", last_on="x").status_code == 422
    path = a_draft(town, desk)
    drawer, _ = a_line(see(desk, path))
    assert desk.http.get(drawer.partition("?")[0] + "?starts_at=yesterday").status_code == 200
    assert desk.http.get(f"/desk/plans/{uuid4()}").status_code == 404
    assert desk.http.get("/desk/plans/compare?a=1&b=2").status_code == 404
    assert desk.http.get(path + "?from=-1&show=x").status_code == 200
    assert Person(town, "SCH-06").http.get(path).status_code in (403, 404)


def test_it_is_published_once(town: Town, desk: Browser) -> None:
    path = a_draft(town, desk)

    assert leads(press(desk, f"{path}/publish")) == path
    until(lambda: "已发布" in see(desk, path), 60, what="it is published")

    assert press(desk, f"{path}/publish").status_code == 409
    served = see(desk, path + "?show=served")
    assert "已排定" in served
    until(
        lambda: town.get("scheduler", "/api/lecturer/offers")["items"], what="lecturers are asked"
    )
