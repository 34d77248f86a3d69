"""Portal: a lecturer's pages over a running stack, as his phone asks for them."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.notify import calendars
from services.portal.pages import phone_calendar, phone_words
from services.portal.pages.words import catalogue
from tests.portal.browser import Person
from tests.tour import SCHOOL, act, body_of, held, lessons, pending
from tests.town import Town, a_town, until

PORTAL = Path(phone_words.__file__).parents[1]
SAID = re.compile(r"""\b_\(\s*(?:"([^"]*)"|'([^']*)')""")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A letter of six lessons, placed, and an offer for each."""
    with a_town(tmp_path_factory.mktemp("phone")) as town:
        letter = body_of("letter.json")
        letter["lines"] = [line for line in letter["lines"] if line["expected_attendees"] < 60][:6]
        order = str(uuid4())
        town.put(SCHOOL, f"/api/booking/orders/{order}", letter)
        act(town, SCHOOL, f"orders/{order}/submit")
        act(town, "scheduler", f"orders/{order}/approve", {"lines": []})
        for lesson in lessons(town, order):
            act(town, "scheduler", f"lessons/{lesson['id']}/place", {"wish": 0})
        until(lambda: len(pending(town)) == 6, what="an offer for every lesson")
        yield town


@pytest.fixture
def offer(town: Town) -> dict[str, Any]:
    """The pending offer of the earliest lesson nobody has touched yet."""
    fresh = [o for o in pending(town) if o["rank"] <= 1 and o["kind"] == "seat"]
    return min(fresh or pending(town), key=lambda o: o["starts_at"])


def the_phone(town: Town, offer: dict[str, Any]) -> Person:
    return Person(town, offer["lecturer_id"])


def accepted(town: Town, phone: Person, offer: dict[str, Any]) -> str:
    """The assignment of an offer accepted on the phone, once booking knows."""
    phone.after(f"/phone/offers/{offer['id']}/accept", revision=offer["revision"])
    path = f"/api/booking/lessons/{offer['lesson_id']}"
    until(lambda: town.get("scheduler", path)["state"] == "confirmed", what="confirmed")
    return str(held(town, offer["lesson_id"])["assignment_id"])


def test_a_card_says_what_when_where_who_and_how_far(town: Town, offer: dict[str, Any]) -> None:
    phone = the_phone(town, offer)

    page = phone.see("/phone")

    assert offer["seat"]["course_title"] in page
    assert offer["seat"]["school_name"] in page
    assert offer["seat"]["place"]["name"] in page
    assert f'data-until="{offer["expires_at"]}"' in page
    assert re.search("从家出发约|不用赶路|自行估算", page)
    for verb in ("accept", "decline", "counter"):
        assert f'hx-post="/phone/offers/{offer["id"]}/{verb}"' in page
    assert phone.http.get("/phone").headers["server-timing"] == 'lecturer;desc="1"'


def test_a_phone_that_looks_again_gets_nothing_while_nothing_is_new(
    town: Town, offer: dict[str, Any]
) -> None:
    phone = the_phone(town, offer)
    [again] = re.findall(r'hx-get="(/phone/cards[^"]+)"', phone.see("/phone"))

    same = phone.http.get(again)
    other = phone.http.get("/phone/cards?seen=else")

    assert same.status_code == 204
    assert other.status_code == 200
    assert other.text.lstrip().startswith('<div id="todo"')


def test_declined_in_two_taps_with_a_reason(town: Town, offer: dict[str, Any]) -> None:
    phone = the_phone(town, offer)

    page = phone.after(f"/phone/offers/{offer['id']}/decline", reason="duty", note="在市里开会")

    assert "已婉拒（公务）" in page
    assert "在市里开会" in page
    assert f"/phone/offers/{offer['id']}/decline" not in page


def test_another_time_is_proposed_and_taken_back(town: Town, offer: dict[str, Any]) -> None:
    phone = the_phone(town, offer)
    minutes = 15 if "一刻钟" in offer["seat"]["course_title"] else 180
    other = {"starts_at": "2027-01-12T09:00", "minutes": minutes, "note": ""}

    proposed = phone.after(f"/phone/offers/{offer['id']}/counter", **other)
    back = phone.after(f"/phone/offers/{offer['id']}/withdraw_counter")

    assert "您提出改在 2027年1月12日 周二 09:00" in proposed
    assert f'hx-post="/phone/offers/{offer["id"]}/withdraw_counter"' in proposed
    assert "请对原时间作答" in back
    assert f'hx-post="/phone/offers/{offer["id"]}/accept"' in back


def test_a_time_that_is_none_is_refused_beside_its_field(town: Town, offer: dict[str, Any]) -> None:
    phone = the_phone(town, offer)

    refused = phone.press(f"/phone/offers/{offer['id']}/counter", starts_at="morgen", minutes=15)

    assert refused.status_code == 422
    assert refused.headers["hx-retarget"] == "#problem"
    assert "starts_at" in refused.text


def test_what_was_accepted_is_in_the_agenda_and_in_the_calendar(
    town: Town, offer: dict[str, Any]
) -> None:
    phone = the_phone(town, offer)
    promise = accepted(town, phone, offer)

    todo, month = phone.see("/phone"), phone.see("/phone/agenda?month=2026-12")
    lesson = phone.see(f"/phone/lessons/{promise}")
    ended = phone.see(f"/phone/offers/{offer['id']}")
    ics = phone.http.get(f"/phone/lessons/{promise}/calendar.ics")
    sheet = phone.http.get("/phone/agenda?month=2026-12&format=xlsx")

    assert "最近的答复" in todo
    assert "这张派课单已有结果" in ended
    assert "data-until" not in ended
    assert f"/phone/lessons/{promise}" in month
    assert f'href="tel:{offer["seat"]["contact_phone"]}"' in lesson
    place = offer["seat"]["place"]
    assert f"https://uri.amap.com/marker?position={place['lon']:.6f}" in lesson
    assert f'href="geo:{place["lat"]:.6f},{place["lon"]:.6f}' in lesson
    assert ics.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "BEGIN:VEVENT" in ics.text
    assert sheet.content[:2] == b"PK"


def test_a_lesson_has_one_name_in_every_calendar() -> None:
    lesson, account = uuid4(), uuid4()

    assert phone_calendar.uid(str(lesson), account) == calendars.uid(lesson, account)


def test_nobody_sees_the_lesson_of_another(town: Town, offer: dict[str, Any]) -> None:
    phone = the_phone(town, offer)
    promise = accepted(town, phone, offer)
    another = next(
        person["login"]
        for person in town.api.people
        if person["role"] == "lecturer" and person["lecturer_id"] != offer["lecturer_id"]
    )
    stranger = Person(town, _id_of(town, another))
    clerk = Person(town, SCHOOL)

    for path in (f"/phone/lessons/{promise}", f"/phone/offers/{offer['id']}"):
        assert stranger.http.get(path).status_code == 404
    for path in ("/phone", "/phone/agenda", "/phone/away", "/phone/me"):
        assert clerk.http.get(path).status_code == 404
    assert httpx.get(f"{town.origin}/phone").status_code == 303


def test_a_half_day_is_tapped_away_and_back(town: Town, offer: dict[str, Any]) -> None:
    phone = the_phone(town, offer)
    cell = {"on": "2026-12-30", "part": "am"}
    hours = {"starts_at": "2026-12-30T08:30:00+08:00", "ends_at": "2026-12-30T12:00:00+08:00"}

    away = phone.press("/phone/away/take", **cell, **hours)
    [leave] = re.findall(r'name="leave" value="([^"]+)"', away.text)[-1:]
    back = phone.press("/phone/away/give_back", leave=leave, **cell, **hours)

    assert "12月30日 周三上午已设为不可用" in away.text
    assert 'aria-pressed="true"' in away.text
    assert away.headers["server-timing"] == 'lecturer;desc="2"'
    assert "12月30日 周三上午已恢复" in back.text
    assert 'aria-pressed="true"' not in back.text


def test_lessons_held_stand_against_leave_before_it_is_saved(
    town: Town, offer: dict[str, Any]
) -> None:
    phone = the_phone(town, offer)
    promise = accepted(town, phone, offer)
    on = offer["starts_at"][:10]

    seen = phone.see(f"/phone/away/preview?first={on}&last={on}")
    refused = phone.press("/phone/away/leave", first=on, last=on, reason="市里培训")

    assert f"/phone/lessons/{promise}" in seen
    assert "先逐一申请退出" in seen
    assert refused.status_code == 409
    free = phone.see("/phone/away/preview?first=2027-01-04&last=2027-01-06")
    assert "共 3 天，这段时间没有已承诺的课" in free


def test_several_days_of_leave_and_back(town: Town, offer: dict[str, Any]) -> None:
    phone = the_phone(town, offer)

    page = phone.after("/phone/away/leave", first="2027-01-04", last="2027-01-06", reason="培训")
    [leave] = set(re.findall(r'name="leave" value="([0-9a-f-]+)"', page))
    back = phone.after("/phone/away/undo", leave=leave)

    assert "已请假：2027年1月4日 周一–2027年1月6日 周三。" in page
    assert 'data-long="' in page
    assert "已取消这段请假" in back


def test_the_usual_week_is_saved_and_undone(town: Town, offer: dict[str, Any]) -> None:
    phone = the_phone(town, offer)
    page = phone.see("/phone/away")
    [before] = re.findall(r'name="before" value="([^"]*)"', page)
    [version] = re.findall(r'name="version" value="(\d+)"', page)
    more = sorted({*before.split(","), "SUN_EVE"})

    saved = phone.after("/phone/away/week", version=version, before=before, half_days=more)
    undone = phone.after("/phone/away/week", version=int(version) + 1, joined=before)
    stale = phone.press("/phone/away/week", version=version, before=before, half_days=more)

    assert 'name="before" value="' + ",".join(more) + '"' in saved
    assert f'name="before" value="{before}"' in undone
    assert stale.status_code == 412


def test_a_lecturer_sees_his_letter_his_year_and_his_channels(
    town: Town, offer: dict[str, Any]
) -> None:
    phone = the_phone(town, offer)

    page = phone.see("/phone/me")
    [version] = re.findall(r'name="version" value="(\d+)"', page)
    saved = phone.after(
        "/phone/me/channels", version=version, channel=["inapp", "email"], on=["inapp"]
    )
    feed = phone.press("/phone/me/feed")

    assert "示例聘字〔" in page
    assert "节已授" in page
    assert "消息方式已保存" in saved
    assert 'name="on" value="email" checked' not in saved
    [address] = re.findall(r">(http[^<]+\.ics)<", feed.text)
    assert httpx.get(address).text.startswith("BEGIN:VCALENDAR")


def test_from_a_new_time_to_the_end_of_the_lesson(town: Town, offer: dict[str, Any]) -> None:
    phone = the_phone(town, offer)
    promise = accepted(town, phone, offer)
    lesson = f"/phone/lessons/{promise}"
    day = date.fromisoformat(offer["starts_at"][:10])
    length = _length(offer)

    # Another time, asked of the holder.
    start = f"{day}T09:15:00+08:00" if "T09:00" in offer["starts_at"] else f"{day}T09:00:00+08:00"
    wanted = {"starts_at": start, "reason": "会议顺延"}
    change = act(town, SCHOOL, f"lessons/{offer['lesson_id']}/changes", wanted)
    act(town, "scheduler", f"changes/{change['id']}/accept")
    mine = f"/api/lecturer/offers?state=pending&lesson_id={offer['lesson_id']}"
    [question] = until(lambda: town.get("scheduler", mine)["items"], what="he is asked")
    asked = phone.see(lesson)
    agreed = phone.after(f"/phone/offers/{question['id']}/accept", revision=question["revision"])
    assert "改期征询" in asked
    assert "已同意改期" in agreed
    path = f"/api/booking/changes/{change['id']}"
    until(lambda: town.get("scheduler", path)["state"] == "applied", what="applied")

    # Too early; near: confirmed again, asked to be released, taken back.
    early = phone.press(f"{lesson}/check_in")
    assert early.status_code == 409
    assert early.headers["hx-retarget"] == "#problem"
    town.clock(to=f"{day - timedelta(days=2)}T09:00+08:00")
    assert "我会准时到课" in phone.see("/phone")
    assert "已再次确认" in phone.after(f"{lesson}/reconfirm")
    assert "您仍需到场" in phone.after(f"{lesson}/release", reason="health")
    assert "已撤回申请" in phone.after(f"{lesson}/withdraw_request")
    path = f"/api/booking/lessons/{offer['lesson_id']}"
    until(lambda: town.get("scheduler", path)["state"] == "confirmed", what="confirmed again")

    # The day.
    town.clock(to=f"{start[:16]}+08:00")
    assert f'hx-post="{lesson}/check_in"' in phone.see("/phone")
    assert "已签到" in phone.after(f"{lesson}/check_in")
    town.clock(add=timedelta(minutes=length))
    assert f'hx-post="{lesson}/check_out"' in phone.see(lesson)
    assert "已签退" in phone.after(f"{lesson}/check_out")
    seen = phone.see(lesson)
    assert "已履约" in seen
    for what in ("已改期", "已再次确认", "撤回退出申请"):
        assert f"<b>{what}</b>" in seen


def test_the_manifest_is_everybodys_and_its_picture_is_there(town: Town) -> None:
    manifest = httpx.get(f"{town.origin}/phone/manifest.webmanifest").json()

    assert manifest["start_url"] == "/phone"
    assert httpx.get(town.origin + manifest["icons"][0]["src"]).status_code == 200


def test_every_sentence_of_these_pages_has_its_english() -> None:
    files = [*(PORTAL / "templates/phone").glob("*.html"), *(PORTAL / "pages").glob("phone_*.py")]
    said = {a or b for file in files for a, b in SAID.findall(file.read_text(encoding="utf-8"))}
    for words in (phone_words.ENDED, phone_words.HOLIDAYS, phone_words.TOLD):
        said |= {*words.values()}

    missing = {one for one in said if re.search("[\u4e00-\u9fff]", one)} - set(catalogue("en"))

    assert missing == set()


def _id_of(town: Town, login: str) -> str:
    [person] = [person for person in town.api.people if person["login"] == login]
    return str(UUID(person["lecturer_id"]))


def _length(offer: dict[str, Any]) -> int:
    starts, ends = (offer["seat"]["slot"][name][11:16].split(":") for name in SLOT)
    return (int(ends[0]) - int(starts[0])) * 60 + int(ends[1]) - int(starts[1])


SLOT = ("starts_at", "ends_at")
