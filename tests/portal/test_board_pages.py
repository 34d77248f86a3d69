"""The board and the rescue desk: words, cells, what is told live and to whom, and a real town."""

import asyncio
import gzip
import json
import re
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.kit.ids import reference_id
from services.portal import app as portal_app
from services.portal.pages import desk_board_view as view
from services.portal.pages import desk_board_words as said
from services.portal.pages import live
from services.portal.pages.live_patches import HEARD, patch_of
from services.portal.pages.words import words
from tests.portal.browser import Browser
from tests.portal.conftest import Pages
from tests.town import Town, a_town

SAMPLES = Path("tests/samples")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SLOT = {"starts_at": "2026-12-01T13:30:00+08:00", "ends_at": "2026-12-01T16:30:00+08:00"}
REASONS: list[dict[str, Any]] = [
    {"code": "lecturer_inactive", "change": {"kind": "activate_lecturer"}},
    {"code": "not_qualified", "change": {"kind": "add_qualification"}},
    {
        "code": "wrong_pool",
        "pool": "backbone",
        "pools": ["lead_study"],
        "change": {"kind": "waive"},
    },
    {"code": "not_the_requested_lecturer", "requested": [], "change": {"kind": "add_wish"}},
    {
        **{"code": "too_far", "minutes": 130, "limit": 120},
        "change": {"kind": "place_nearer", "minutes": 10},
    },
    {
        **{"code": "appointment_not_valid", "on": "2026-12-01", "ended_on": "2026-11-30"},
        "change": {"kind": "renew_appointment", "valid_on": "2026-12-01"},
    },
    {
        **{"code": "appointment_not_valid", "on": "2026-12-01", "ended_on": None},
        "change": {"kind": "appoint", "valid_on": "2026-12-01"},
    },
    {
        **{"code": "not_available", "half_day": None},
        "change": {"kind": "move_into_half_day", "half_days": ["08:30-12:00"]},
    },
    {
        **{"code": "not_available", "half_day": "TUE_PM", "available": []},
        "change": {"kind": "add_availability", "half_day": "TUE_PM"},
    },
    {
        **{"code": "not_available", "half_day": "TUE_PM"},
        "leave": {"from": SLOT["starts_at"], "until": SLOT["ends_at"]},
        "change": {"kind": "undo_leave"},
    },
    {"code": "already_teaching", **SLOT, "change": {"kind": "move_lesson", "minutes": -30}},
    {
        **{"code": "travel_buffer", **SLOT, "needs_minutes": 37, "gap_minutes": 10},
        "change": {"kind": "move_lesson", "minutes": 27},
    },
    *(
        {
            **{"code": f"{cap}_cap", "count": 2, "limit": 2},
            "change": {"kind": "raise_cap", "cap": cap, "limit": 3},
        }
        for cap in ("day", "week", "month")
    ),
]


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"lecturer.{name}.json").read_text())
    return found


# -- words and cells


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: str(reason["code"]))
def test_every_reason_and_what_would_help_is_said_in_both_languages(reason: dict[str, Any]) -> None:
    chinese, english = said.reason(reason, words("zh")), said.reason(reason, words("en"))

    for one in (chinese, english):
        assert one["text"] and one["change"]
        assert "%(" not in one["text"] + one["change"]
    assert CHINESE.search(chinese["text"]) and CHINESE.search(chinese["change"])
    assert not CHINESE.search(english["text"] + english["change"])


def test_there_is_no_reason_without_words() -> None:
    source = Path("services/lecturer/eligibility.py").read_text(encoding="utf-8")

    codes = set(re.findall(r'_reason\(\s*"([a-z_]+)"', source))

    assert codes | {"day_cap", "week_cap", "month_cap"} == {reason["code"] for reason in REASONS}


def test_a_score_is_said_in_words_what_weighs_most_first() -> None:
    terms = [
        {"name": "wish", "points": 0, "why": {"place": None}},
        {"name": "pool", "points": -20, "why": {"pool": "backbone"}},
        {"name": "distance", "points": -3.2, "why": {"km": 3.2}},
        {"name": "experience", "points": 0, "why": {"sessions": 0}},
    ]

    found = said.terms({"terms": terms}, words("zh"))

    assert [one["text"] for one in found] == ["骨干讲师团，顺位靠后", "离家 3.2 公里"]


def test_a_half_day_in_which_the_school_takes_no_lessons_is_off_for_everybody() -> None:
    closed = view.closed_to({"evening_class": False, "saturday_class": True})
    cells = [{"state": "best", "code": None}] * 3
    item = {
        "lecturer": {},
        "half_days": [],
        "leave": [],
        "assignments": [],
        "offers": [],
        "cells": cells,
    }

    [row] = view.rows([item], [date(2026, 12, 5)], closed)

    assert closed == "eve,sun"
    assert [cell["look"] for cell in row["row"]] == ["s-b", "s-b", "s-o"]


def test_a_lesson_is_looked_at_when_it_stands_or_at_its_first_wish_to_come() -> None:
    wishes = [{"starts_at": f"2026-12-0{day}T09:00:00+08:00"} for day in (1, 2)]
    lesson = {"starts_at": None, "wishes": wishes, "minutes": 180}
    now = "2026-12-01T10:00:00+08:00"

    assert view.slot_of(lesson, None, now) == "2026-12-02T09:00:00+08:00"
    assert view.slot_of({**lesson, **SLOT}, None, now) == SLOT["starts_at"]
    assert view.slot_of(lesson, "2026-12-09T09:00:00+08:00", now) == "2026-12-09T09:00:00+08:00"
    assert view.slot_of({**lesson, "wishes": wishes[:1]}, None, now) is None


# -- live


def test_an_event_becomes_a_small_patch_with_the_version_of_its_aggregate() -> None:
    offer, staffing = patch_of(sample("offer.sent")), patch_of(sample("staffing.changed"))

    assert offer is not None and staffing is not None
    told = sample("offer.sent")
    assert (offer["kind"], offer["id"]) == ("offer", told["subject"])
    assert offer["version"] == int(told["sequence"])
    assert {"lesson", "lecturer", "on", "half", "starts", "ends", "state"} <= offer.keys()
    assert staffing["kind"] == "staffing"
    assert all(len(json.dumps(patch)) < 600 for patch in (offer, staffing))


def test_what_no_page_shows_is_not_heard() -> None:
    assert patch_of(sample("lecturer.changed")) is None
    assert not any(subject.endswith(">") for subject in HEARD)


class Known(live.Hub):
    """The hub of the portal under test, and the loop it lives in."""

    last: "Known"
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        Known.last = self

    def ear(self, district: str) -> Any:
        self.loop = asyncio.get_running_loop()
        return super().ear(district)

    def tell(self, *envelopes: dict[str, Any]) -> None:
        for envelope in envelopes:
            self.loop.call_soon_threadsafe(self.say, envelope)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK", 0.2)
    monkeypatch.setattr(portal_app.live, "Hub", Known)


def events(lines: Iterator[str], wanted: str) -> dict[str, Any] | list[Any]:
    """The data of the next event of that name."""
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        if line.startswith("data: ") and name == wanted:
            found: dict[str, Any] | list[Any] = json.loads(line.removeprefix("data: "))
            return found
    raise AssertionError(f"the stream ended without {wanted}")


def test_the_desk_is_told_of_its_own_district_until_it_signs_out(quick: None, pages: Pages) -> None:
    desk = pages.signed_in("scheduler")
    other = sample("offer.sent") | {"district": "jinnan"}
    own = sample("offer.sent")

    with desk.http.stream("GET", "/live") as answer:
        lines = answer.iter_lines()
        events(lines, "hello")
        Known.last.tell(other, own)
        patches = events(lines, "patch")
        same = pages.browser()
        same.http.cookies = desk.http.cookies
        same.post("/sign-out")
        events(lines, "bye")

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [patch["id"] for patch in patches] == [own["subject"]]


def test_who_is_too_slow_is_told_to_read_the_page_anew(quick: None, pages: Pages) -> None:
    with pages.signed_in("boss").http.stream("GET", "/live") as answer:
        lines = answer.iter_lines()
        events(lines, "hello")
        Known.last.tell(*[sample("offer.sent")] * (live.MOST_WAITING + 1))

        assert events(lines, "again") == {}


@pytest.mark.parametrize("login", ["yangliuqing", "l-001"])
@pytest.mark.parametrize("path", ["/live", "/desk/board", "/desk/board/colours", "/desk/rescue"])
def test_the_desk_is_not_there_for_schools_and_lecturers(
    pages: Pages, login: str, path: str
) -> None:
    assert pages.signed_in(login).http.get(path).status_code == 404


# -- in a town


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with a_town(tmp_path_factory.mktemp("town") / "home") as town:
        yield town


def desk(town: Town, role: str = "scheduler") -> Browser:
    browser = Browser(town.origin)
    person = town.api.person(role)
    assert browser.sign_in(person["login"], person["password"]).status_code == 303
    return browser


def a_lesson(town: Town, *, day: str = "2026-12-08") -> dict[str, Any]:
    """Wished for a Tuesday afternoon, approved, without a place."""
    order = str(uuid4())
    line = {
        "course_id": str(reference_id("xiqing", "RV-T03")),
        "delivery": "classroom",
        "wishes": [{"starts_at": f"{day}T13:30:00+08:00", "ends_at": f"{day}T16:30:00+08:00"}],
        "venue_id": str(reference_id("xiqing", "VEN-06")),
        "audience": ["branch_secretary"],
        "expected_attendees": 40,
    }
    contact = {"contact_name": "联络员（虚构）", "contact_phone": "000-0000-1006"}
    town.put("SCH-06", f"/api/booking/orders/{order}", {**contact, "title": "", "lines": [line]})
    town.post("SCH-06", f"/api/booking/orders/{order}/submit")
    town.post("scheduler", f"/api/booking/orders/{order}/approve")
    [lesson] = town.get("scheduler", f"/api/booking/lessons?order_id={order}")["items"]
    return dict(lesson)


def test_the_board_is_light_and_costs_two_questions_a_service_at_most(town: Town) -> None:
    lesson, browser = a_lesson(town), desk(town)

    plain = browser.http.get("/desk/board?day=2026-12-08")
    picked = browser.http.get(f"/desk/board?day=2026-12-08&lesson={lesson['id']}")

    for answer in (plain, picked):
        assert answer.status_code == 200
        assert len(gzip.compress(answer.content)) < 60_000
        counts = re.findall(r'(\w+);desc="(\d+)"', answer.headers["server-timing"])
        assert max(int(count) for _, count in counts) <= 2, counts
        assert answer.text.count('class="gl"') == 30
    assert "s-b" in picked.text and lesson["course_title"] in picked.text
    more = re.search(r'hx-get="(/desk/board/rows\?[^"]+)"', picked.text)
    assert more
    assert browser.http.get(more[1].replace("&amp;", "&")).text.count('class="gl"') == 30


def test_dropping_says_why_not_and_offers_three_other_ways(town: Town) -> None:
    lesson, browser = a_lesson(town, day="2026-12-09"), desk(town)
    where = {"lesson": lesson["id"], "on": "2026-12-09", "half": "pm"}
    nobody = str(reference_id("xiqing", "LEC-200"))

    no = browser.http.get("/desk/board/drop", params={**where, "lecturer": nobody}).text
    why = browser.http.get(f"/desk/board/why?lesson={lesson['id']}&lecturer={nobody}").text
    everybody = browser.http.get(f"/desk/board/nobody?lesson={lesson['id']}").text

    assert 'data-code="not_qualified"' in no and no.count("data-take") == 3
    assert 'data-code="not_qualified"' in why and "怎样才行" in why
    assert everybody.count("<b>") > 200


def test_placing_sends_the_offer_and_every_open_board_is_told(town: Town) -> None:
    lesson, browser = a_lesson(town, day="2026-12-15"), desk(town)
    found = town.get(
        "scheduler",
        f"/api/lecturer/seats/{lesson['id']}/candidates?starts_at=2026-12-15T13:30:00%2B08:00"
        "&ends_at=2026-12-15T16:30:00%2B08:00",
    )
    lecturer = found["items"][-1]["lecturer_id"]
    told: list[dict[str, Any]] = []

    def listen() -> None:
        with desk(town, "supervisor").http.stream("GET", "/live") as answer:
            lines = answer.iter_lines()
            events(lines, "hello")
            ready.set()
            while not any(patch["kind"] == "offer" for patch in told):
                told.extend(events(lines, "patch"))

    ready = threading.Event()
    ear = threading.Thread(target=listen, daemon=True)
    ear.start()
    assert ready.wait(30)
    fields = {"lesson": lesson["id"], "lecturer": lecturer, "on": "2026-12-15", "time": "13:30"}
    answer = browser.post("/desk/board/place", **fields, able="1", mode="only", place="")
    ear.join(30)

    assert answer.status_code == 303
    assert {"lesson", "offer"} <= {patch["kind"] for patch in told}
    [offer] = [patch for patch in told if patch["kind"] == "offer"]
    assert (offer["lecturer"], offer["on"], offer["half"]) == (lecturer, "2026-12-15", "pm")
    page = browser.http.get("/desk/board?day=2026-12-15").text
    assert "撤销" in page
    undone = browser.post("/desk/board/unplace", lesson=lesson["id"], back="https://evil.example")
    assert undone.headers["location"] == "/desk/board"
    assert town.get("scheduler", f"/api/booking/lessons/{lesson['id']}")["state"] == "unplaced"


def test_a_place_that_is_refused_says_which_rule_and_whose_it_is(town: Town) -> None:
    first, second, browser = a_lesson(town), a_lesson(town), desk(town)
    spot = {"starts_at": "2026-12-22T13:30:00+08:00", "mode": "manual"}
    town.post("scheduler", f"/api/booking/lessons/{first['id']}/place", spot)
    lecturer = str(reference_id("xiqing", "LEC-001"))
    fields = {"lesson": second["id"], "lecturer": lecturer, "time": "13:30", "mode": "in_turn"}

    taken = browser.post("/desk/board/place", **fields, on="2026-12-22")
    holiday = browser.post("/desk/board/place", **fields, on="2027-01-01")

    assert taken.status_code == 409
    assert re.search("12月22日 周二 13:30 至 12月22日 周二 16:30 已被.+占用", taken.text)
    assert (holiday.status_code, "1月1日 周五 是法定节假日" in holiday.text) == (409, True)


def test_a_lesson_is_dropped_at_an_address_and_keeps_its_position(town: Town) -> None:
    lesson, browser = a_lesson(town), desk(town)
    where = {"lesson": lesson["id"], "on": "2026-12-23", "half": "pm"}
    lecturer = str(reference_id("xiqing", "LEC-001"))
    fields = {"lesson": lesson["id"], "lecturer": lecturer, "place": "address:", "mode": "in_turn"}
    known = {"time": "13:30", "address": "镇文化中心", "lat": "39.13", "lon": "117.0"}

    nowhere = browser.post(
        "/desk/board/place", **fields, on="2026-12-23", time="13:30", address="x"
    )
    placed = browser.post("/desk/board/place", **fields, on="2026-12-23", **known)
    path = f"/api/booking/lessons/{lesson['id']}"
    before = town.get("scheduler", path)["place"]
    shown = browser.http.get("/desk/board/drop", params={**where, "lecturer": lecturer}).text
    moved = {"time": "14:00", "address": "镇文化中心三楼"}
    again = browser.post("/desk/board/place", **fields, on="2026-12-23", **moved)

    assert nowhere.status_code == 422 and "经度和纬度" in nowhere.text
    assert (placed.status_code, again.status_code) == (303, 303)
    assert 'value="镇文化中心"' in shown and 'value="39.13"' in shown
    there = town.get("scheduler", path)["place"]
    assert there == {**before, "address": "镇文化中心三楼"}
    assert (there["kind"], there["lat"]) == ("address", 39.13)


def test_an_empty_rescue_desk_says_so(town: Town) -> None:
    assert "现在没有告急的课次" in desk(town).http.get("/desk/rescue").text


def test_an_open_stream_does_not_keep_the_portal_from_ending(town: Town) -> None:
    browser = desk(town)
    with browser.http.stream("GET", "/live") as answer:
        events(answer.iter_lines(), "hello")
        begun = time.monotonic()
        town.stop()

    assert "Traceback" not in town.log.read_text(errors="replace")[-4000:]
    assert time.monotonic() - begun < 15
