"""Portal: the clerk's pages over a running stack, as a browser asks for them."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.call import DISTRICT
from services.kit.ids import reference_id
from services.portal.pages import clerk_lines, clerk_words
from services.portal.pages.vocabulary import WORDS
from services.portal.pages.words import catalogue, words
from tests.letters import Letters
from tests.portal.browser import Person
from tests.tour import SCHOOL, act, body_of, lessons, pending
from tests.town import Town, a_town, until

PORTAL = Path(clerk_words.__file__).parents[1]
SAID = re.compile(r"""\b(?:_|page\._|words)\(\s*(?:"([^"]*)"|'([^']*)')""")
HALL = str(reference_id(DISTRICT, "VEN-06"))


def ref(code: str) -> str:
    return str(reference_id(DISTRICT, code))


class Clerk(Person):
    """A school's clerk."""

    def __init__(self, town: Town, who: str = SCHOOL) -> None:
        super().__init__(town, who)

    def letter(self, *lines: dict[str, Any], **letter: Any) -> str:
        """Kept as the form keeps it; the id."""
        id = str(uuid4())
        known = {"contact_name": "张三", "contact_phone": "000", **letter}
        kept = self.press(f"/clerk/letters/{id}/save", lines=json.dumps(lines), **known)
        assert kept.headers["hx-replace-url"] == f"/clerk/letters/{id}"
        return id


def a_line(**facts: Any) -> dict[str, Any]:
    """A line as clerk.js collects it."""
    return {
        "course_id": ref("RV-T03"),
        "delivery": "classroom",
        "wishes": ["2026-12-08T08:30:00+08:00|2026-12-08T11:30:00+08:00"],
        "place": f"venue:{HALL}",
        "address": "",
        "lat": "",
        "lon": "",
        "audience": ["party_worker"],
        "expected_attendees": "60",
        "preferred_lecturers": [],
        "notes": "",
        **facts,
    }


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A letter of four lessons: three placed, one returned to be mended."""
    with a_town(tmp_path_factory.mktemp("clerk")) as town:
        letter = body_of("letter.json")
        letter["lines"] = [line for line in letter["lines"] if line["expected_attendees"] < 60][:4]
        order = str(uuid4())
        town.put(SCHOOL, f"/api/booking/orders/{order}", letter)
        act(town, SCHOOL, f"orders/{order}/submit")
        back = {"line": 4, "decision": "return", "fields": ["expected_attendees"]}
        decisions = {"lines": [{**back, "reason": "请核对人数"}]}
        act(town, "scheduler", f"orders/{order}/approve", decisions)
        for lesson in lessons(town, order)[:3]:
            act(town, "scheduler", f"lessons/{lesson['id']}/place", {"wish": 0})
        until(lambda: len(pending(town)) == 3, what="an offer for every lesson")
        yield town


@pytest.fixture
def order(town: Town) -> str:
    found = town.get(SCHOOL, "/api/booking/orders?state=approved")["items"]
    return str(found[0]["id"])


@pytest.fixture
def clerk(town: Town) -> Clerk:
    return Clerk(town)


@pytest.mark.parametrize("page", ["", "/menu", "/letters", "/letters/new", "/today", "/school"])
def test_every_page_of_the_menu_is_for_clerks_only(town: Town, clerk: Clerk, page: str) -> None:
    assert "<h1>" in clerk.see(f"/clerk{page}")
    assert Clerk(town, "scheduler").http.get(f"/clerk{page}").status_code == 404


def test_another_school_s_letter_is_not_there(town: Town, order: str) -> None:
    stranger = Clerk(town, "SCH-09")

    for path in ("", "/drawer", "/mend", "/cancel_order"):
        assert stranger.http.get(f"/clerk/letters/{order}{path}").status_code == 404
    assert stranger.press(f"/clerk/letters/{order}/urge").status_code == 404


def test_the_desk_says_what_to_do_next(clerk: Clerk, order: str) -> None:
    page = clerk.see("/clerk")

    assert "课次退回，请补正" in page
    assert f'href="/clerk/letters/{order}"' in page
    assert "40/40/20" in page or "相差" in page


def test_a_basket_shows_its_mix_and_becomes_a_letter(clerk: Clerk) -> None:
    ids = [ref("RV-T03"), ref("RV-T03"), ref("RV-P04")]
    shown = clerk.see("/clerk/menu/basket?" + "&".join(f"course={id}" for id in ids))
    assert "3 课次 · 12 学时" in shown
    assert "补上差距的建议" in shown

    page = clerk.after("/clerk/letters", course=ids)

    assert page.count('class="line"') == 3
    assert page.count(f'<option value="venue:{HALL}" selected>') == 3


def test_a_letter_is_kept_as_it_is_typed(town: Town, clerk: Clerk) -> None:
    id = clerk.letter(a_line(), title="十二月")
    path = f"/clerk/letters/{id}/save"
    known = {"contact_name": "张三", "contact_phone": "000", "lines": json.dumps([a_line()])}

    typed = clerk.press(path, version=1, title="十二月学习", **known)
    added = clerk.press(path, version=2, act="add", course=[ref("RV-P04")], **known)
    doubled = clerk.press(path, version=3, act="copy:1", **known)
    stale = clerk.press(path, version=1, **known)

    assert 'id="lines"' not in typed.text  # what somebody is typing in is left alone
    assert "可以提交" in typed.text
    assert added.text.count('class="line"') == 2
    assert doubled.text.count('class="line"') == 2
    assert "提交前还要改 1 处" in doubled.text  # the copy has no time yet
    assert stale.status_code == 412
    assert len(town.get(SCHOOL, f"/api/booking/orders/{id}")["lines"]) == 2


def test_what_stands_against_it_is_said_beside_the_field(clerk: Clerk) -> None:
    id = clerk.letter(a_line(expected_attendees="9"))
    known = {"contact_name": "张三", "contact_phone": "", "lines": json.dumps([a_line(wishes=[])])}

    refused = clerk.press(f"/clerk/letters/{id}/submit", version=1, **known)

    assert refused.status_code == 200
    assert 'name="version" value="2"' in refused.text  # what was typed is kept all the same
    assert 'data-problem="lines.0.wishes"' in refused.text
    assert 'data-problem="contact_phone"' in refused.text
    assert "第 1 课次 · 期望时间" in refused.text


def test_a_letter_is_sent_withdrawn_and_copied(town: Town, clerk: Clerk) -> None:
    id = clerk.letter(a_line(wishes=["2026-12-15T08:30:00+08:00|2026-12-15T11:30:00+08:00"]))
    known = {"contact_name": "张三", "contact_phone": "000"}
    line = a_line(wishes=["2026-12-15T08:30:00+08:00|2026-12-15T11:30:00+08:00"])

    page = clerk.after(f"/clerk/letters/{id}/submit", version=1, lines=json.dumps([line]), **known)
    assert "已提交，等待审单" in page
    assert f'hx-post="/clerk/letters/{id}/withdraw"' in page

    assert "已催办" in clerk.after(f"/clerk/letters/{id}/urge", reason="周五前要定")
    assert "刚催办过" in clerk.press(f"/clerk/letters/{id}/urge").text
    assert "已撤回" in clerk.after(f"/clerk/letters/{id}/withdraw")
    copied = clerk.after(f"/clerk/letters/{id}/copy")
    assert "约课邀请函（草稿）" in copied
    assert "data-wish=" not in copied.split("wish-template")[0]


def test_half_days_say_who_is_free_and_what_is_against_them(clerk: Clerk) -> None:
    shown = clerk.see(
        f"/clerk/letters/heat?course={ref('RV-T03')}&place=venue:{HALL}&n=1&of=1&from=2026-12-07"
    )

    assert 'data-start="2026-12-08T08:30:00+08:00" data-end="2026-12-08T11:30:00+08:00"' in shown
    assert re.search(r'class="heat-cell warm-(none|few|some|many)', shown)
    assert "可请" in shown


def test_only_what_came_back_can_be_mended(town: Town, clerk: Clerk, order: str) -> None:
    page = clerk.see(f"/clerk/letters/{order}/mend")
    assert page.count('class="line"') == 1
    assert "请核对人数" in page
    assert re.search(r'data-field="lines.0.wishes" hidden', page)
    assert not re.search(r'data-field="lines.0.expected_attendees" hidden', page)
    before = town.get(SCHOOL, f"/api/booking/orders/{order}")["lines"][3]

    # A form that says more than was asked changes no more than was asked.
    given = a_line(line="4", expected_attendees="45", notes="顺便改一下", wishes=[])
    page = clerk.after(f"/clerk/letters/{order}/amend_lines", lines=json.dumps([given]))

    after = town.get(SCHOOL, f"/api/booking/orders/{order}")["lines"][3]
    assert "已补正，待复审" in page
    assert (after["expected_attendees"], after["notes"]) == (45, before["notes"])
    assert after["wishes"] == before["wishes"]


def test_a_change_is_proposed_shown_and_withdrawn(town: Town, clerk: Clerk, order: str) -> None:
    lesson = lessons(town, order)[0]["id"]
    assert "data-slot" in clerk.see(f"/clerk/lessons/{lesson}/change")
    same = town.get(SCHOOL, f"/api/booking/lessons/{lesson}")["starts_at"][:16]
    assert "没有变化" in clerk.press(f"/clerk/lessons/{lesson}/change", starts_at=same).text

    wanted = "2026-12-18T08:30"
    page = clerk.after(f"/clerk/lessons/{lesson}/change", starts_at=wanted, reason="会场停电")

    assert "改期已提出" in page
    assert "12月18日" in page
    [change] = town.get(SCHOOL, f"/api/booking/changes?lesson_id={lesson}")["items"]
    assert "撤回提议" in clerk.see(f"/clerk/lessons/{lesson}/answer")
    said = clerk.after(f"/clerk/lessons/{lesson}/answer", change=change["id"], verb="withdraw")
    assert "改期提议已撤回" in said


def test_a_change_of_the_district_is_answered(town: Town, clerk: Clerk, order: str) -> None:
    lesson = lessons(town, order)[1]["id"]
    body = {"starts_at": "2026-12-21T08:30:00+08:00", "reason": "讲师开会"}
    change = act(town, "scheduler", f"lessons/{lesson}/changes", body)
    assert "区里提议改期，请答复" in clerk.see("/clerk")
    assert "讲师开会" in clerk.see(f"/clerk/lessons/{lesson}/answer")

    page = clerk.after(f"/clerk/lessons/{lesson}/answer", change=change["id"], verb="reject")

    assert "原时间不变" in page


def test_cancelling_says_what_it_means_and_wants_a_reason(
    town: Town, clerk: Clerk, order: str
) -> None:
    lesson = lessons(town, order)[2]["id"]
    means = clerk.see(f"/clerk/lessons/{lesson}/cancel")
    assert "责任在学校" in means
    assert "提前 72 小时以上" in means
    assert "取消 约" in clerk.see(f"/clerk/letters/{order}/cancel_order")

    refused = clerk.press(f"/clerk/lessons/{lesson}/cancel", reason="")
    assert refused.status_code == 422
    page = clerk.after(f"/clerk/lessons/{lesson}/cancel", reason="村里换届")

    assert "课次已取消" in page
    assert town.get(SCHOOL, f"/api/booking/lessons/{lesson}")["state"] == "cancelled"


def test_the_history_of_a_letter_is_told_in_words(clerk: Clerk, order: str) -> None:
    told = clerk.see(f"/clerk/letters/{order}/drawer")

    assert "审单通过" in told
    assert "第 4 课次" in told
    assert not re.search(r"(order|lesson|change)\.[a-z_]+", told)


def test_a_long_letter_is_read_page_by_page_and_told_newest_first(town: Town, clerk: Clerk) -> None:
    id = str(uuid4())
    town.put(SCHOOL, f"/api/booking/orders/{id}", Letters("long").write(SCHOOL, lines=52))
    act(town, SCHOOL, f"orders/{id}/submit")
    act(town, "scheduler", f"orders/{id}/approve")
    last = lessons(town, id)[-1]["id"]

    first, second = clerk.see(f"/clerk/letters/{id}"), clerk.see(f"/clerk/letters/{id}?line=51")
    of_lesson = clerk.see(f"/clerk/letters/{id}?lesson={last}")
    told = clerk.see(f"/clerk/letters/{id}/drawer")

    assert [page.count('class="read-line"') for page in (first, second)] == [50, 2]
    assert f'rel="next" href="/clerk/letters/{id}?line=51#part"' in first
    assert f'rel="prev" href="/clerk/letters/{id}?line=1#part"' in second
    assert f'id="lesson-{last}"' in of_lesson and f'id="lesson-{last}"' not in first
    assert "审单通过" in told and "草稿 → 待审" not in told  # the oldest of all
    while older := re.findall(r'hx-get="(/clerk/letters/[^"]+/drawer[?]cursor=[^"]+)"', told):
        told = clerk.see(older[0])
    assert "草稿 → 待审" in told
    # Later tests take what is left of this letter for nothing of theirs.
    act(town, SCHOOL, f"orders/{id}/cancel_order", {"reason": "试"})


def test_rooms_days_and_contacts_are_written_by_the_school(town: Town, clerk: Clerk) -> None:
    room = str(uuid4())
    facts = {"name": "二楼会议室", "capacity": "40", "equipment": ["audio"], "open": "true"}
    assert "二楼会议室" in clerk.after(f"/clerk/school/venues/{room}", **facts)
    wrong = clerk.press(f"/clerk/school/venues/{uuid4()}", **{**facts, "capacity": "很多"})
    assert (wrong.status_code, "capacity" in wrong.headers["hx-trigger"]) == (422, True)

    assert "不再排课" in clerk.after("/clerk/school/blocked", on="2026-12-31", reason="盘点")
    assert "又可以排课了" in clerk.after("/clerk/school/unblock/2026-12-31")
    assert clerk.press("/clerk/school/blocked", on="").status_code == 422

    version = town.get(SCHOOL, "/api/booking/clerk/school")["school"]["version"]
    contact = {"liaison": "示例新人", "contact_phone": "000-9", "contact_email": "", "brand": "x"}
    assert "示例新人" in clerk.after("/clerk/school/contacts", version=version, **contact)
    stale = clerk.press("/clerk/school/contacts", version=version, **contact)
    assert stale.status_code == 412


def test_lists_can_be_taken_home_and_filtered(clerk: Clerk, order: str) -> None:
    for path in ("/clerk/letters", "/clerk/menu"):
        sheet = clerk.http.get(f"{path}?format=xlsx")
        assert sheet.headers["content-type"].endswith("spreadsheetml.sheet")
    assert f"/clerk/letters/{order}" in clerk.see("/clerk/letters?tab=going")
    assert f"/clerk/letters/{order}" not in clerk.see("/clerk/letters?tab=over")
    assert "没有符合条件的课程" in clerk.see("/clerk/menu?q=没有这样的课")


def test_the_day_is_run_by_the_clerk(town: Town, clerk: Clerk, order: str) -> None:
    """Check-in and check-out on the lecturer's behalf, then how many came."""
    lesson = lessons(town, order)[0]
    offer = next(o for o in pending(town) if o["lesson_id"] == lesson["id"])
    answer = {"revision": offer["revision"]}
    town.post(offer["lecturer_id"], f"/api/lecturer/offers/{offer['id']}/accept", answer)
    url = f"/api/booking/lessons/{lesson['id']}"
    until(lambda: town.get(SCHOOL, url)["state"] == "confirmed", what="confirmed")
    starts = datetime.fromisoformat(town.get(SCHOOL, url)["starts_at"])
    town.clock(to=starts - timedelta(minutes=5))

    page = clerk.see("/clerk/today")
    [path] = re.findall(r'hx-get="(/clerk/today/check_in/[^"]+)"', page)
    assert "代为签到" in clerk.see(path)
    said = {"lecturer": offer["lecturer_id"], "channel": "in_person", "note": "到了"}
    assert "已代讲师签到" in clerk.after(path, **said)
    until(lambda: town.get(SCHOOL, url)["state"] == "in_progress", what="begun")
    town.clock(to=datetime.fromisoformat(town.get(SCHOOL, url)["ends_at"]))
    assert "请评单" in clerk.after(path.replace("check_in", "check_out"), **said)
    until(lambda: town.get(SCHOOL, url)["state"] == "delivered", what="delivered")

    assert "请评单" in clerk.see("/clerk")
    assert "实到人数" in clerk.see(f"/clerk/lessons/{lesson['id']}/attest")
    wrong = clerk.press(f"/clerk/lessons/{lesson['id']}/attest", attendance="")
    assert wrong.status_code == 422
    assert "已评单" in clerk.after(f"/clerk/lessons/{lesson['id']}/attest", attendance="38")
    assert town.get(SCHOOL, url)["attendance"] == 38


def test_lines_of_the_form_become_lines_of_a_letter() -> None:
    elsewhere = a_line(place="address", address=" 村部 ", lat="39.1", lon="x", wishes=["a|b"])

    line = clerk_lines.line(elsewhere)

    assert (line["venue_id"], line["address"], line["lat"], line["lon"]) == (
        None,
        "村部",
        39.1,
        None,
    )
    assert line["wishes"] == [{"starts_at": "a", "ends_at": "b"}]
    assert clerk_lines.line(a_line(expected_attendees="九"))["expected_attendees"] == 0


def test_a_new_line_takes_over_what_fits() -> None:
    home = {"venues": [{"id": "hall", "state": "open", "capacity": 50}]}
    course = {
        "id": "c",
        "deliveries": ["classroom"],
        "audience": ["party_worker", "ordinary_member"],
        "min_attendees": 30,
        "max_attendees": 120,
    }

    first = clerk_lines.fresh(course, home)
    second = clerk_lines.fresh(course, home, [{**first, "audience": ["party_worker"]}])

    assert (first["venue_id"], first["expected_attendees"]) == ("hall", 50)
    assert first["audience"] == ["party_worker", "ordinary_member"]
    assert second["audience"] == ["party_worker"]


def test_every_sentence_of_the_clerk_s_pages_has_its_english() -> None:
    files = [*(PORTAL / "pages").glob("clerk_*.py"), *(PORTAL / "templates/clerk").glob("*.html")]
    said = {a or b for f in files for a, b in SAID.findall(f.read_text(encoding="utf-8"))}
    for kind in ("equipment", "holiday", "happened", "ended"):
        said |= set(WORDS[kind].values())
    for table in (clerk_words.SHORT, clerk_words.FIELDS, clerk_words.TODO):
        said |= set(table.values())

    missing = {s for s in said if re.search("[\u4e00-\u9fff]", s)} - catalogue("en").keys()

    assert missing == set()


def test_a_problem_is_said_in_both_languages() -> None:
    found = {"code": "equipment_missing", "missing": ["projector"]}

    assert clerk_words.problem(found, words("zh")) == "场地缺少设备：投影。"
    assert "projector" in clerk_words.problem(found, words("en"))
    assert clerk_words.field("lines.2.venue_id", words("zh")) == "第 3 课次 · 地点"
