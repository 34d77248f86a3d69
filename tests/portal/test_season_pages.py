"""Portal: a season window from its opening to the result, on the pages of both sides."""

import html
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.bench.board import letters_of_schools
from tests.portal.browser import Browser, Person
from tests.town import Town, a_town, until

SEASON = {"name": "十二月征集", "first_on": "2026-12-07", "last_on": "2026-12-31"}
CLOSES = "2026-12-01T18:00"
SCHOOL, QUIET_SCHOOL = "SCH-01", "SCH-09"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with a_town(tmp_path_factory.mktemp("seasons") / "town") as town:
        yield town


@pytest.fixture
def desk(town: Town) -> Browser:
    return Person(town, "scheduler")


@pytest.fixture
def clerk(town: Town) -> Browser:
    return Person(town, SCHOOL)


def see(browser: Browser, path: str) -> str:
    answer = browser.http.get(path)
    assert answer.status_code == 200, (path, answer.status_code, answer.text[-2000:])
    return html.unescape(answer.text)


def press(browser: Browser, path: str, **fields: Any) -> httpx.Response:
    headers = {"origin": browser.origin, "hx-request": "true", "x-csrf-token": browser.csrf}
    return browser.http.post(path, data={"once": str(uuid4()), **fields}, headers=headers)


def leads(answer: httpx.Response) -> str:
    assert answer.status_code == 204, answer.text
    return answer.headers["hx-redirect"]


def refused(answer: httpx.Response) -> str:
    assert answer.status_code in (409, 422), (answer.status_code, answer.text)
    return html.unescape(answer.text)


def test_from_the_opening_to_the_result(town: Town, desk: Browser, clerk: Browser) -> None:
    # Opened, and the schools see it where they work.
    assert "开始征集" in see(desk, "/desk/seasons")
    season = leads(press(desk, "/desk/seasons", **SEASON, closes_at=CLOSES))
    mine = season.replace("/desk/", "/clerk/")
    assert "本校已提交 0 课次" in see(clerk, "/clerk")
    assert "十二月征集" in see(clerk, "/clerk/letters/new")
    until(
        lambda: "季度征集开始：十二月征集" in see(clerk, "/messages"),
        what="the school is told",
    )

    # Letters come in and are reviewed; nothing is placed one by one.
    letters_of_schools(town)
    assert "本校已提交 2 课次" in see(clerk, "/clerk")
    letter = town.get(SCHOOL, "/api/booking/orders")["items"][0]["id"]
    assert "正在征集" in see(clerk, f"/clerk/letters/{letter}")
    page = see(desk, season)
    assert "征集中" in page and "今年已落实 0 课次" in page
    assert "没有提交这段时间课次的学校（5）" in page
    lesson = town.get("scheduler", "/api/booking/lessons?state=unplaced")["items"][0]["id"]
    said = refused(press(desk, f"/desk/lessons/{lesson}/place", wish="0"))
    assert "“十二月征集”正在征集或分配这一天的课次" in said

    # Closed early, allocated: the draft is nobody's business but the district's.
    leads(press(desk, f"{season}/close"))
    draft = leads(press(desk, f"{season}/allocate"))
    until(lambda: "重新优化" in see(desk, draft), 60, what="the draft is made")
    assert "看排课方案" in see(desk, season)
    assert "截止后统一分配" in see(clerk, mine)

    # Published: the season is over, and every school sees what it got and why not more.
    leads(press(desk, f"{draft}/publish"))
    until(lambda: "分配完成" in see(desk, season) and "已分配" in see(desk, season), 60)
    result = see(clerk, mine)
    assert "已排上" in result or "没有排上" in result
    assert "合适的讲师：" in "".join(see(Person(town, f"SCH-0{n}"), mine) for n in range(1, 7))
    assert "已统一分配：本校 2 课次" in see(clerk, "/clerk")
    assert "已分配" in see(Person(town, "supervisor"), season)
    assert "分配方案已发布" in see(desk, season)
    assert "开始统一分配" in see(desk, "/desk/audit?subject=booking.season")
    assert "开始征集</h2>" not in see(Person(town, "supervisor"), "/desk/seasons")
    assert "本校没有这段时间的课次" in see(Person(town, QUIET_SCHOOL), mine)
    assert desk.http.get(f"{season}?format=xlsx").content[:2] == b"PK"


def test_it_is_extended_reopened_and_cancelled(town: Town, desk: Browser, clerk: Browser) -> None:
    days = {"name": "一季度", "first_on": "2027-01-04", "last_on": "2027-03-31"}
    season = leads(press(desk, "/desk/seasons", **days, closes_at="2026-12-20T18:00"))

    leads(press(desk, f"{season}/extend", closes_at="2026-12-25T18:00"))
    assert "12月25日" in see(desk, season)
    leads(press(desk, f"{season}/close"))
    leads(press(desk, f"{season}/reopen", closes_at="2026-12-26T18:00"))
    assert "12月26日" in see(desk, season)
    leads(press(desk, f"{season}/cancel", reason="改为逐单安排"))

    assert "改为逐单安排" in see(clerk, season.replace("/desk/", "/clerk/"))
    assert "一季度" not in see(clerk, "/clerk")


def test_what_cannot_be_is_refused_in_a_sentence(town: Town, desk: Browser) -> None:
    days = {"name": "二季度", "first_on": "2027-04-01", "last_on": "2027-06-30"}
    season = leads(press(desk, "/desk/seasons", **days, closes_at="2027-03-01T18:00"))

    assert "时段重叠" in refused(press(desk, "/desk/seasons", **days, closes_at="2027-03-02T18:00"))
    assert "早于上课时段" in refused(press(desk, f"{season}/extend", closes_at="2027-05-01T18:00"))
    assert "晚于现在" in refused(press(desk, f"{season}/extend", closes_at="2026-01-01T18:00"))
    assert press(desk, f"{season}/extend", closes_at="soon").status_code == 422
    assert press(desk, f"{season}/allocate").status_code == 409
    assert press(desk, "/desk/seasons", name="", first_on="x").status_code == 422
    assert desk.http.get(f"/desk/seasons/{uuid4()}").status_code == 404
    clerk = Person(town, SCHOOL)
    assert clerk.http.get(season).status_code == 404
    assert press(clerk, f"{season}/close").status_code == 404
    assert Person(town, "supervisor").http.get(season).status_code == 200
    assert press(Person(town, "supervisor"), f"{season}/close").status_code == 403
    leads(press(desk, f"{season}/cancel"))
