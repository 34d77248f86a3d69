"""Portal: lessons taught together and on one way: found and proposed on the scheduler's pages,
agreed to on the schools'."""

import html
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.kit.ids import reference_id
from tests.portal.browser import Person
from tests.town import Town, a_town, until

NEAR, HOST = "SCH-09", "SCH-03"  # a kilometre apart; rooms for 60 and for 100
ONE, OTHER = "SCH-02", "SCH-04"  # three kilometres apart
AFTERNOON = ("2026-12-08T13:30:00+08:00", "2026-12-08T16:30:00+08:00")
LATER = ("2026-12-10T08:30:00+08:00", "2026-12-10T11:30:00+08:00")
# Monday morning, Monday afternoon, Friday morning: he has time then.
WHO = str(reference_id("xiqing", "LEC-027"))
MORNING = ("2026-12-07T08:30:00+08:00", "2026-12-07T11:30:00+08:00")
SAME_DAY = ("2026-12-07T13:30:00+08:00", "2026-12-07T16:30:00+08:00")
FRIDAY = ("2026-12-11T08:30:00+08:00", "2026-12-11T11:30:00+08:00")


def a_letter(town: Town, school: str, people: int, *wishes: tuple[str, str]) -> str:
    """Approved, with one lesson that waits; its id."""
    order = str(uuid4())
    line = {
        "course_id": str(reference_id("xiqing", "RV-T03")),
        "delivery": "classroom",
        "wishes": [{"starts_at": first, "ends_at": last} for first, last in wishes],
        "venue_id": str(reference_id("xiqing", school.replace("SCH", "VEN"))),
        "audience": ["branch_secretary"],
        "expected_attendees": people,
    }
    body = {"title": "", "contact_name": "联络员（虚构）", "contact_phone": "000-0000-1000"}
    town.put(school, f"/api/booking/orders/{order}", {**body, "lines": [line]})
    town.post(school, f"/api/booking/orders/{order}/submit")
    town.post("scheduler", f"/api/booking/orders/{order}/approve")
    [lesson] = town.get(school, f"/api/booking/orders/{order}/lessons")["items"]
    return str(lesson["id"])


def accept(town: Town, offer: dict[str, Any]) -> None:
    path = f"/api/lecturer/offers/{offer['id']}/accept"
    town.post(offer["lecturer_id"], path, {"revision": offer["revision"]})


def promised(town: Town, lesson: str) -> None:
    """Placed as wished first, and promised by the one who is asked."""
    body = {"wish": 0, "lecturers": [WHO], "wanted_only": True}
    town.post("scheduler", f"/api/booking/lessons/{lesson}/place", body)
    path = f"/api/lecturer/offers?lesson_id={lesson}&state=pending"
    offers = until(lambda: town.get("scheduler", path)["items"], 20, what="somebody is asked")
    accept(town, offers[0])
    state = f"/api/booking/lessons/{lesson}"
    until(lambda: town.get("scheduler", state)["state"] == "confirmed", 20, what="it is promised")


def pairs(town: Town) -> None:
    """Two requests that are alike, and two promises of one lecturer."""
    a_letter(town, HOST, 40, AFTERNOON)
    a_letter(town, NEAR, 35, AFTERNOON, LATER)
    promised(town, a_letter(town, ONE, 40, SAME_DAY))
    promised(town, a_letter(town, OTHER, 45, FRIDAY, MORNING))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with a_town(tmp_path_factory.mktemp("groupings") / "town") as town:
        pairs(town)
        yield town


def see(person: Person, path: str) -> str:
    answer = person.http.get(path)
    assert answer.status_code == 200, (path, answer.status_code, answer.text[-2000:])
    return html.unescape(answer.text)


def press(person: Person, path: str, **fields: Any) -> httpx.Response:
    headers = {"origin": person.origin, "hx-request": "true", "x-csrf-token": person.csrf}
    return person.http.post(path, data={"once": str(uuid4()), **fields}, headers=headers)


def proposal(town: Town, kind: str) -> dict[str, str]:
    """What the form of the first pair that was found sends."""
    path = f"/api/booking/groupings/found?kind={kind}"
    one = town.get("scheduler", path)["items"][0]
    ids = {f"{side}_id": one[side]["lesson_id"] for side in ("host", "guest")}
    return {"kind": kind, **ids}


def test_two_schools_are_put_together(town: Town) -> None:
    desk, guest, host = (Person(town, who) for who in ("scheduler", NEAR, HOST))
    found = see(desk, "/desk/groupings")
    assert "75/100" in found
    assert "1.1 公里" in found
    supervisor = see(Person(town, "supervisor"), "/desk/groupings")
    assert "75/100" in supervisor
    assert "发给两校" not in supervisor

    sent = press(desk, "/desk/groupings", **proposal(town, "merge"), note="两校相邻")
    assert sent.status_code == 204, sent.text
    assert "还等 " in see(desk, "/desk/groupings?show=sent")
    assert "区里提议拼班或送教，请答复" in see(guest, "/clerk")
    question = see(guest, "/clerk/groupings")
    assert "与那里的 40 人一起上课" in question
    assert "两校相邻" in question
    [one] = town.get(NEAR, "/api/booking/groupings")["items"]
    assert press(guest, f"/clerk/groupings/{one['id']}/agree").status_code == 204
    assert press(guest, f"/clerk/groupings/{one['id']}/agree").status_code == 409
    assert "与本校的 40 人一起上课" in see(host, "/clerk/groupings")
    assert press(host, f"/clerk/groupings/{one['id']}/agree").status_code == 204

    assert "已落实" in see(host, "/clerk/groupings")
    lesson = town.get(NEAR, f"/api/booking/lessons/{one['guest']['lesson_id']}")
    assert lesson["state"] == "joined"
    letter = see(guest, f"/clerk/letters/{lesson['order_id']}")
    assert "拼班" in letter
    desk_page = see(desk, f"/desk/lessons/{lesson['id']}")
    assert f"/desk/lessons/{one['host']['lesson_id']}" in desk_page
    assert desk.http.get("/desk/groupings?show=sent&format=xlsx").content[:2] == b"PK"

    def asked() -> Any:
        path = f"/api/lecturer/offers?state=pending&lesson_id={one['host']['lesson_id']}"
        return town.get("scheduler", path)["items"]

    [offer] = until(asked, 20, what="a lecturer is asked")
    phone = see(Person(town, offer["lecturer_id"]), f"/phone/offers/{offer['id']}")
    assert "75" in phone


def test_a_lesson_is_put_on_the_way_of_its_lecturer(town: Town) -> None:
    desk, school = Person(town, "scheduler"), Person(town, OTHER)
    assert "学校期望过的时间" in see(desk, "/desk/groupings?show=route")

    assert press(desk, "/desk/groupings", **proposal(town, "route")).status_code == 204
    question = see(school, "/clerk/groupings")
    assert "本校这节课改一天" in question
    [one] = town.get(OTHER, "/api/booking/groupings")["items"]
    assert press(school, f"/clerk/groupings/{one['id']}/agree").status_code == 204

    assert "已同意，待落实" in see(school, "/clerk/groupings")
    lesson = one["guest"]["lesson_id"]

    def questions() -> Any:
        path = f"/api/lecturer/offers?state=pending&lesson_id={lesson}"
        return [o for o in town.get("scheduler", path)["items"] if o["kind"] == "retime"]

    [offer] = until(questions, 20, what="the lecturer is asked")
    accept(town, offer)
    path = f"/api/booking/groupings/{one['id']}"
    until(lambda: town.get(OTHER, path)["state"] == "applied", 20, what="it is carried out")
    assert town.get(OTHER, f"/api/booking/lessons/{lesson}")["starts_at"] == MORNING[0]
    assert [m for m in messages(town, OTHER) if m.startswith("change_proposed")] == []


def messages(town: Town, who: str) -> list[str]:
    return [one["kind"] for one in town.get(who, "/api/notify/messages")["items"]]


def test_a_proposal_is_declined_and_another_taken_back(town: Town) -> None:
    desk, school = Person(town, "scheduler"), Person(town, "SCH-01")
    a_letter(town, "SCH-01", 30, LATER)
    a_letter(town, "SCH-05", 30, LATER)

    assert press(desk, "/desk/groupings", **proposal(town, "merge")).status_code == 204
    [one] = town.get("SCH-01", "/api/booking/groupings")["items"]
    no = press(school, f"/clerk/groupings/{one['id']}/decline", reason="当天另有会议")
    assert no.status_code == 204
    assert "当天另有会议" in see(desk, "/desk/groupings?show=sent&state=declined")
    assert press(desk, "/desk/groupings", **proposal(town, "merge")).status_code == 204
    [again] = town.get("SCH-01", "/api/booking/groupings?state=proposed")["items"]
    assert press(desk, f"/desk/groupings/{again['id']}/withdraw").status_code == 204

    assert "已撤回" in see(school, "/clerk/groupings")
    assert press(desk, f"/desk/groupings/{again['id']}/withdraw").status_code == 409
    until(lambda: "grouping_withdrawn" in messages(town, "SCH-05"), 20, what="the school hears")
