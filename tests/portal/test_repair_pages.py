"""Portal: an illness and days without lessons, with their repair, on the scheduler's pages, over
the real services: computed, taken in part or not at all, saved, and what comes of it."""

import html
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.kit.ids import reference_id
from tests.portal.browser import Browser, Person
from tests.tour import act, pending
from tests.town import Town, a_town, until

DISTRICT, COURSE = "xiqing", "RV-P05"
SCHOOLS, DAYS = (1, 2), (8, 17)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Two schools with a lesson each on a Tuesday and on a Thursday, promised; each would have
    taken the day after, too."""
    with a_town(tmp_path_factory.mktemp("repairs") / "town") as town:
        for school in SCHOOLS:
            a_letter(town, school)
        for lesson in lessons(town, "unplaced"):
            act(town, "scheduler", f"lessons/{lesson['id']}/place", {"wish": 0})
        wanted = len(SCHOOLS) * len(DAYS)
        until(lambda: all_promised(town, wanted), 60, what="everybody who was asked has accepted")
        yield town


@pytest.fixture
def desk(town: Town) -> Browser:
    return Person(town, "scheduler")


def a_letter(town: Town, number: int) -> None:
    order, school = str(uuid4()), f"SCH-{number:02d}"
    lines = [
        {
            "course_id": str(reference_id(DISTRICT, COURSE)),
            "delivery": "classroom",
            "wishes": [
                {
                    "starts_at": f"2026-12-{on:02d}T13:30:00+08:00",
                    "ends_at": f"2026-12-{on:02d}T16:30:00+08:00",
                }
                for on in (day, day + 1)
            ],
            "venue_id": str(reference_id(DISTRICT, f"VEN-{number:02d}")),
            "audience": ["branch_secretary"],
            "expected_attendees": 40,
        }
        for day in DAYS
    ]
    body = {"title": "", "contact_name": "联络员（虚构）", "contact_phone": "000-0000-1000"}
    town.put(school, f"/api/booking/orders/{order}", {**body, "lines": lines})
    town.post(school, f"/api/booking/orders/{order}/submit")
    town.post("scheduler", f"/api/booking/orders/{order}/approve")


def lessons(town: Town, state: str) -> list[dict[str, Any]]:
    return town.all("scheduler", f"/api/booking/lessons?state={state}")


def all_promised(town: Town, many: int) -> bool:
    for offer in pending(town):
        says(town, offer)
    return len(lessons(town, "confirmed")) == many


def says(town: Town, offer: dict[str, Any]) -> bool:
    """Yes; or no, when he has enough to do already."""
    path, body = f"/api/lecturer/offers/{offer['id']}", {"revision": offer["revision"]}
    if town.call(offer["lecturer_id"], "POST", f"{path}/accept", body).is_success:
        return True
    no = {**body, "reason": "课已满"}
    town.call(offer["lecturer_id"], "POST", f"{path}/decline", no)
    return False


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


def repair(town: Town, desk: Browser, **cause: str) -> tuple[str, dict[str, Any]]:
    """From the impact to the repair: its page, and what it says."""
    path = leads(press(desk, "/desk/impact/repairs", **cause))
    api = f"/api/booking{path.removeprefix('/desk/impact')}"
    until(lambda: town.get("scheduler", api)["state"] != "running", 30, what="it is computed")
    found = town.get("scheduler", api)
    assert found["state"] == "ready", (found["code"], found["facts"])
    return path, found


def somebody(town: Town, day: int) -> dict[str, Any]:
    """A lesson of this day, and with it who holds it."""
    on = f"2026-12-{day:02d}"
    return next(o for o in lessons(town, "confirmed") if o["starts_at"].startswith(on))


def test_a_substitute_is_proposed_first_asked_and_holds_the_lesson(
    town: Town, desk: Browser
) -> None:
    lesson = somebody(town, 8)
    ill = lesson["staffing"]["holder_id"]
    days = {"starts_at": "2026-12-08T08:00", "ends_at": "2026-12-09T18:00", "reason": "突发疾病"}
    query = "&".join(f"{name}={value}" for name, value in days.items())
    assert "算补救方案" in see(desk, f"/desk/impact?lecturer_id={ill}&{query}")

    path, found = repair(town, desk, kind="leave", lecturer_id=ill, **days)
    page = see(desk, path)
    [line] = found["lines"]
    assert (line["lesson_id"], line["action"]) == (lesson["id"], "substitute")
    assert line["after"]["lecturer_id"] not in (None, ill)
    assert f"时间不变，先请{line['after']['lecturer_name']}代课" in page
    sub = f"/api/lecturer/lecturers/{line['after']['lecturer_id']}/leave/{uuid4()}"
    same = {"starts_at": "2026-12-08T08:00:00+08:00", "ends_at": "2026-12-08T18:00:00+08:00"}
    town.put("scheduler", sub, {**same, "reason": "培训"})
    refused = press(desk, f"{path}/save", what="chosen", lesson=lesson["id"])
    assert (refused.status_code, line["after"]["lecturer_name"] in refused.text) == (409, True)
    assert "什么都没有保存" in refused.text
    assert town.get("scheduler", f"/api/lecturer/lecturers/{ill}/leave")["items"] == []
    town.post("scheduler", f"{sub}/undo", {"reason": "取消"})
    strangers = {one["id"]: one["version"] for one in lessons(town, "confirmed")}

    saved = press(desk, f"{path}/save", what="chosen", lesson=lesson["id"])
    assert "已先向" in see(desk, leads(saved))
    [leave] = town.get("scheduler", f"/api/lecturer/lecturers/{ill}/leave")["items"]
    assert leave["reason"] == "突发疾病"
    [offer] = [o for o in pending(town) if o["lesson_id"] == lesson["id"]]
    assert offer["lecturer_id"] == line["after"]["lecturer_id"]
    assert says(town, offer)
    api = f"/api/booking/lessons/{lesson['id']}"
    until(lambda: town.get("scheduler", api)["state"] == "confirmed", what="confirmed again")
    after = town.get("scheduler", api)
    assert after["starts_at"] == lesson["starts_at"]
    assert after["staffing"]["holder_id"] == line["after"]["lecturer_id"]
    changed = {o["id"] for o in lessons(town, "confirmed") if strangers[o["id"]] != o["version"]}
    assert changed == {lesson["id"]}
    assert press(desk, f"{path}/save", what="chosen", lesson=lesson["id"]).status_code == 409


def test_none_is_taken_and_the_leave_is_saved_all_the_same(town: Town, desk: Browser) -> None:
    lesson = somebody(town, 17)
    ill = lesson["staffing"]["holder_id"]
    days = {"starts_at": "2026-12-17T08:00", "ends_at": "2026-12-17T18:00", "reason": "会议"}
    path, _ = repair(town, desk, kind="leave", lecturer_id=ill, **days)

    shown = see(desk, leads(press(desk, f"{path}/save", what="only", lesson=lesson["id"])))

    assert "没有采用补救方案" in shown
    api = f"/api/booking{path.removeprefix('/desk/impact')}"
    assert town.get("scheduler", api)["state"] == "discarded"
    wanted = len(SCHOOLS) * len(DAYS)
    until(lambda: all_promised(town, wanted), 60, what="the ladder found somebody else")
    again = town.get("scheduler", f"/api/booking/lessons/{lesson['id']}")
    assert again["staffing"]["holder_id"] != ill


def test_a_day_without_lessons_moves_to_another_wish_or_asks_the_school(
    town: Town, desk: Browser
) -> None:
    lesson = somebody(town, 17)
    school = lesson["school_id"]
    days = {"from": "2026-12-17", "to": "2026-12-17", "school_id": school, "reason": "停电"}
    assert "算补救方案" in see(
        desk, f"/desk/impact?from=2026-12-17&to=2026-12-17&school_id={school}"
    )

    path, found = repair(town, desk, kind="days", **days)
    [line] = found["lines"]
    assert (line["lesson_id"], line["action"]) == (lesson["id"], "move")
    assert line["after"]["starts_at"] == "2026-12-18T13:30:00+08:00"
    leads(press(desk, f"{path}/save", what="chosen", lesson=lesson["id"]))

    wanted = len(SCHOOLS) * len(DAYS)
    api = f"/api/booking/lessons/{lesson['id']}"

    def moved() -> bool:
        there = town.get("scheduler", api)["starts_at"] == line["after"]["starts_at"]
        return all_promised(town, wanted) and there

    until(moved, 60, what="whoever is asked comes, and it is moved")
    again = leads(press(desk, "/desk/impact/repairs", kind="days", **days))
    until(lambda: "没有已排定的课受影响" in see(desk, again), 30, what="nothing is left to mend")


def test_what_cannot_stay_within_the_wishes_becomes_a_question_to_the_school(
    town: Town, desk: Browser
) -> None:
    lesson = somebody(town, 8)
    days = {"from": "2026-12-08", "to": "2026-12-09", "reason": "停课", "kind": "days"}
    path, found = repair(town, desk, **days, school_id=lesson["school_id"])
    [line] = found["lines"]
    assert (line["lesson_id"], line["action"]) == (lesson["id"], "ask")

    shown = see(desk, leads(press(desk, f"{path}/save", what="chosen", lesson=lesson["id"])))

    assert "已请学校答复" in shown
    code = next(
        n for n in SCHOOLS if str(reference_id(DISTRICT, f"SCH-{n:02d}")) == lesson["school_id"]
    )
    clerk = Person(town, f"SCH-{code:02d}")
    todo = town.get(f"SCH-{code:02d}", "/api/booking/clerk")["todo"]
    assert [one["kind"] for one in todo if one["lesson_id"] == lesson["id"]] == ["answer_change"]
    assert lesson["course_title"] in see(clerk, "/clerk")


def test_a_letter_ends_and_somebody_else_is_asked_first(town: Town, desk: Browser) -> None:
    wanted = len(SCHOOLS) * len(DAYS)
    until(lambda: all_promised(town, wanted), 60, what="everybody is promised again")
    lesson = somebody(town, 17)
    holder = lesson["staffing"]["holder_id"]
    path = f"/api/lecturer/lecturers/{holder}/appointments"
    letter = town.get("scheduler", path)["items"][0]["id"]
    assert "先看影响和补救" in see(desk, f"/desk/lecturers/{holder}")
    on = {"appointment_id": letter, "on": "2026-12-17"}
    assert "解聘的影响" in see(desk, f"/desk/impact?appointment_id={letter}&on=2026-12-17")

    path, found = repair(town, desk, kind="appointment", **on, reason="调离")
    lines = {line["lesson_id"]: line for line in found["lines"]}
    assert lines[lesson["id"]]["action"] in ("substitute", "move")
    leads(press(desk, f"{path}/save", what="chosen", lesson=[*lines]))

    letters = town.get("scheduler", f"/api/lecturer/lecturers/{holder}/appointments")["items"]
    assert next(o for o in letters if o["id"] == letter)["revoke_reason"] == "调离"
    first = lines[lesson["id"]]["after"]["lecturer_id"]

    def asked() -> bool:
        return any(
            offer["lecturer_id"] == first
            for offer in pending(town)
            if offer["lesson_id"] == lesson["id"]
        )

    until(asked, 30, what="the one who was proposed is asked")


def test_the_pages_are_the_schedulers_and_odd_forms_are_refused_in_a_sentence(
    town: Town, desk: Browser
) -> None:
    path = leads(
        press(desk, "/desk/impact/repairs", kind="days", **{"from": "2026-12-24", "to": ""})
    )
    until(lambda: "没有已排定的课受影响" in see(desk, path), 30, what="it is computed")
    clerk = Person(town, "SCH-06")

    assert "停课日" in see(desk, "/desk/impact/repairs")
    assert desk.http.get(f"{path}?format=xlsx").content[:2] == b"PK"
    assert clerk.http.get(path).status_code in (403, 404)
    assert desk.http.get(f"/desk/impact/repairs/{uuid4()}").status_code == 404
    for odd in (
        {},
        {"kind": "leave"},
        {"kind": "site", "site_id": "x"},
        {"kind": "days", "from": "x"},
    ):
        assert press(desk, "/desk/impact/repairs", **odd).status_code == 422
    for odd in ({"kind": "appointment"}, {"kind": "appointment", "appointment_id": str(uuid4())}):
        assert press(desk, "/desk/impact/repairs", **odd).status_code == 404
    leads(press(desk, f"{path}/retry"))
    until(lambda: "没有已排定的课受影响" in see(desk, path), 30, what="it is computed again")
    assert leads(press(desk, f"{path}/discard")) == "/desk/impact"
    assert re.search("什么都没有保存", see(desk, "/desk/impact"))
