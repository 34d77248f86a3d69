"""Portal: the district's and the supervisor's pages over a running stack, as a browser asks."""

import io
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from python_calamine import CalamineWorkbook

from deploy.call import DISTRICT
from services.booking.models import Lesson
from services.booking.states import LessonState
from services.kit.ids import reference_id
from services.portal.pages import desk_ground_saving, desk_home, desk_lesson, desk_lists, desk_words
from services.portal.pages.desk_lecturers import numbered
from services.portal.pages.upstream import Refused
from services.portal.pages.words import catalogue, words
from tests.browser.conftest import Running
from tests.portal.browser import Person
from tests.tour import SCHOOL, act, body_of, lessons, pending
from tests.town import Town, a_town, until

LECTURER, COURSE, SITE = "LEC-001", "RV-T03", "SITE-01"
HALL = {"address": "镇文化中心", "lat": 39.13, "lon": 117.0}


def ref(code: str) -> str:
    return str(reference_id(DISTRICT, code))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A Monday morning with three letters: one reviewed and placed, two that wait. `YUEKE_TOWN`
    names the home of one that runs already."""
    if home := os.environ.get("YUEKE_TOWN"):
        yield filled(Running(Path(home)))
        return
    with a_town(tmp_path_factory.mktemp("desk") / "town") as town:
        yield filled(town)


@pytest.fixture
def desk(town: Town) -> Person:
    return Person(town, "scheduler")


@pytest.fixture
def supervisor(town: Town) -> Person:
    return Person(town, "supervisor")


def filled(town: Town) -> Town:
    first = a_letter(town)
    act(town, "scheduler", f"orders/{first}/approve")
    for lesson in lessons(town, first)[:7]:
        # Nobody else holds an address, whatever the town has seen before.
        act(town, "scheduler", f"lessons/{lesson['id']}/place", {"wish": 0, **HALL})
    until(lambda: len(pending(town)) >= 5, what="an offer for every placed lesson")
    a_letter(town)
    a_letter(town)
    return town


def a_letter(town: Town) -> str:
    order = str(uuid4())
    town.put(SCHOOL, f"/api/booking/orders/{order}", body_of("letter.json"))
    act(town, SCHOOL, f"orders/{order}/submit")
    return order


def some(town: Town, state: str) -> dict[str, Any]:
    found = town.all("scheduler", f"/api/booking/lessons?state={state}")
    return dict(found[0])


def test_every_page_is_shown_with_few_questions_and_as_a_sheet(town: Town, desk: Person) -> None:
    order = town.all("scheduler", "/api/booking/orders?state=submitted")[0]["id"]
    lesson, course = some(town, "tentative")["id"], f"/desk/courses/{ref(COURSE)}"
    leave = "starts_at=2026-12-07T08:00&ends_at=2026-12-31T08:00&reason=x"
    for path in (
        *("/desk", f"/desk/review/{order}", f"/desk/lessons/{lesson}", course, f"{course}/edit"),
        *("/desk/courses/new", "/desk/lecturers/new", "/desk/sites/new", "/desk/impact"),
        *(f"/desk/sites/{ref(SITE)}", f"/desk/lecturers/{ref(LECTURER)}"),
        *(f"/desk/lecturers/{ref(LECTURER)}/edit", f"/desk/lessons/{lesson}/candidates"),
        *(f"/desk/impact?site_id={ref(SITE)}", f"/desk/impact?course_id={ref(COURSE)}"),
        f"/desk/impact?lecturer_id={ref(LECTURER)}",
    ):
        desk.see(path)
    for path in (
        *("/desk/review", "/desk/lessons", "/desk/changes", "/desk/offers", "/desk/promises"),
        *("/desk/lecturers", "/desk/letters", "/desk/courses", "/desk/sites", "/desk/audit"),
        *("/desk/courses?shape=booster&state=published", "/desk/impact?on=2026-12-07"),
        f"/desk/impact?lecturer_id={ref(LECTURER)}&{leave}",
        *("/ledger", "/ledger?all=1&sort=evenings&pool=professional", "/ledger/schools"),
        *("/desk/board", "/desk/board?view=day&day=2026-12-08"),
    ):
        desk.see(path)
        sheet = desk.http.get(path + ("&" if "?" in path else "?") + "format=xlsx")
        assert sheet.content[:2] == b"PK", path


def rows_of(file: bytes) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(file)).get_sheet_by_index(0).to_python()


def test_the_board_as_a_sheet_has_everybody_and_what_they_do(town: Town, desk: Person) -> None:
    offer = pending(town)[0]
    path = f"/desk/board?day={offer['starts_at'][:10]}&format=xlsx"

    titles, *rows = rows_of(desk.http.get(path).content)

    assert len(titles) == 3 + 7 * 3
    assert len(rows) > 200
    [his] = [row for row in rows if row[1] == offer["lecturer_name"]]
    assert any(f"《{offer['seat']['course_title']}》（待接单）" in str(cell) for cell in his)


def test_a_lesson_in_need_can_be_phoned_from_a_sheet(town: Town, desk: Person) -> None:
    lesson = some(town, "tentative")

    def becomes(state: LessonState) -> None:
        with town.database("booking") as session:
            session.get_one(Lesson, UUID(lesson["id"])).state = state

    becomes(LessonState.AT_RISK)
    page = desk.see("/desk/rescue")
    [path] = re.findall(r'href="(/desk/rescue[?][^"]*format=xlsx[^"]*)"', page)
    titles, first, *_ = rows_of(desk.http.get(path.replace("&amp;", "&")).content)
    becomes(LessonState.TENTATIVE)

    assert "电话" in titles
    assert (first[0], first[3]) == (lesson["course_title"], 1)


def test_each_number_opens_a_list_that_answers(town: Town, desk: Person) -> None:
    page = desk.see("/desk")

    links = set(re.findall(r'href="(/desk/[^"]+)" class="(?:some|none)', page))
    assert len(links) > 15
    for link in links:
        desk.see(link.replace("&amp;", "&"))


def test_a_letter_is_decided_line_by_line(town: Town, desk: Person) -> None:
    order = a_letter(town)
    fields: dict[str, Any] = {"verb": "approve", "line": [str(n) for n in range(1, 13)]}
    fields |= {f"decision-{n}": "approve" for n in range(1, 13)}
    fields |= {"decision-2": "return", "fields-2": ["wishes", "expected_attendees"]}

    refused = desk.press(f"/desk/review/{order}", **fields)
    fields |= {"reason-2": "请核对", "due-2": "2026-11-30T17:00"}
    fields |= {"decision-3": "refuse", "reason-3": "不在计划内"}
    page = desk.after(f"/desk/review/{order}", **fields)

    assert refused.status_code == 422
    assert "已审单" in page
    lines = town.get("scheduler", f"/api/booking/orders/{order}")["lines"]
    assert [line["review"] for line in lines[:4]] == ["approved", "returned", "refused", "approved"]
    assert lines[1]["fix_due_at"].startswith("2026-11-30T17:00")
    shown = desk.see(f"/desk/review/{order}")
    assert "等学校补正" in shown and "decision-2" in shown and "decision-1" not in shown


def test_many_letters_are_approved_at_once_and_one_is_returned(town: Town, desk: Person) -> None:
    first, second, third = a_letter(town), a_letter(town), a_letter(town)

    assert "已批准 2 份" in desk.after("/desk/review/approve", order=[first, second])
    desk.after(f"/desk/review/{third}/return_for_fix", reason="请补充", fields=["contact_phone"])

    states = [town.get(SCHOOL, f"/api/booking/orders/{id}")["state"] for id in (first, third)]
    assert states == ["approved", "returned"]


def test_a_lesson_is_placed_suspended_resumed_and_cancelled(town: Town, desk: Person) -> None:
    path = f"/desk/lessons/{some(town, 'unplaced')['id']}"

    there = {"place": "address:", **{name: str(value) for name, value in HALL.items()}}

    assert "位可派" in desk.see(f"{path}/free")
    assert "已排定" in desk.after(f"{path}/place", wish="0", mode="manual", **there)
    assert "已暂缓" in desk.after(f"{path}/suspend", reason="场地检修")
    assert "已恢复" in desk.after(f"{path}/resume")
    assert "取消后不能恢复" in desk.see(path)
    assert "已取消" in desk.after(f"{path}/cancel", reason="学校要求", fault="school")


def test_an_answer_by_phone_is_written_down_with_its_channel(town: Town, desk: Person) -> None:
    offer = pending(town)[0]
    path = f"/desk/offers/{offer['id']}"
    said = {"on_behalf_of": offer["lecturer_id"], "revision": str(offer["revision"])}

    assert "他同意来讲" in desk.see(f"{path}/answer")
    assert desk.press(f"{path}/accept", **said, channel="phone", note="").status_code == 422
    desk.after(f"{path}/accept", **said, channel="phone", note="办公室电话")

    answered = town.get("scheduler", f"/api/lecturer/offers/{offer['id']}")
    assert (answered["state"], answered["channel"]) == ("accepted", "phone")
    assert "电话" in desk.see(f"/desk/lessons/{offer['lesson_id']}")


def test_a_leave_shows_what_it_costs_and_is_saved_then(town: Town, desk: Person) -> None:
    offer = pending(town)[0]
    accepted = {"revision": offer["revision"]}
    town.post(offer["lecturer_id"], f"/api/lecturer/offers/{offer['id']}/accept", accepted)
    day = offer["starts_at"][:10]
    times = {"starts_at": f"{day}T00:00", "ends_at": f"{day}T23:00", "reason": "培训"}
    query = "&".join(f"{name}={value}" for name, value in times.items())
    shown = desk.see(f"/desk/impact?lecturer_id={offer['lecturer_id']}&{query}")
    save = f"/desk/impact/leave/{offer['lecturer_id']}"

    assert "1 次已承诺的课" in shown
    assert desk.press(save, **times).status_code == 409
    assert "请假已登记" in desk.after(save, **times, force="true")


def test_a_closed_site_and_a_day_out_become_conflicts(town: Town, desk: Person) -> None:
    lesson = some(town, "tentative")
    day = lesson["starts_at"][:10]

    assert lesson["course_title"] in desk.see(f"/desk/impact?from={day}&to={day}")
    school = {"school_id": lesson["school_id"]}
    page = desk.after("/desk/impact/days", reason="会议", **{"from": day, "to": day}, **school)
    assert lesson["course_title"] in page
    assert "已暂停开放" in desk.after(f"/desk/impact/site/{ref(SITE)}", reason="布展")
    assert "布展" in desk.see(f"/desk/sites/{ref(SITE)}")
    desk.after(f"/desk/sites/{ref(SITE)}/reopen")


def test_letters_are_renewed_together(town: Town, desk: Person) -> None:
    found = town.get("scheduler", f"/api/lecturer/lecturers/{ref(LECTURER)}/appointments")
    letter = found["items"][0]["id"]

    page = desk.after("/desk/letters/renew", letter=[letter], pattern="聘{n}号", first="007")

    assert "聘007号" in page
    again = desk.press("/desk/letters/renew", letter=[letter], pattern="聘{n}号", first="008")
    assert again.status_code == 409
    assert "续聘过" in again.text


def test_a_course_is_drafted_approved_published_and_retired(town: Town, desk: Person) -> None:
    path = f"/desk/courses/{uuid4()}"
    facts = {
        **{"code": "GG-P98", "label": "2026.1", "title": "新课", "kind": "lesson"},
        **{"module": "party_work", "category": "political_theory", "format": "booster"},
        **{"minutes": "180", "class_hours": "4", "min_attendees": "20", "max_attendees": "80"},
        **{"valid_from": "2026-11-01", "audience": ["party_worker"]},
        **{"deliveries": ["classroom"], "eligible_pools": ["professional"]},
    }

    desk.after(f"{path}/put", **facts)
    desk.after(f"{path}/approve")
    assert "已上架" in desk.after(f"{path}/publish")
    assert "已下架" in desk.after(path.replace("/courses/", "/impact/course/"))


def test_the_audit_says_who_did_what(desk: Person) -> None:
    page = desk.see("/desk/audit?service=booking&subject=booking.order")

    assert "提交了邀请函" in page and "审单" in page
    assert "没有符合条件" in desk.see("/desk/audit?person=没有这个人")


def test_a_dispute_is_settled_by_the_supervisor(
    town: Town, desk: Person, supervisor: Person
) -> None:
    offer = pending(town)[0]
    accepted = {"revision": offer["revision"]}
    town.post(offer["lecturer_id"], f"/api/lecturer/offers/{offer['id']}/accept", accepted)
    lesson = f"/api/booking/lessons/{offer['lesson_id']}"
    until(lambda: town.get(SCHOOL, lesson)["state"] == "confirmed", what="the lesson is confirmed")
    town.clock(to=town.get(SCHOOL, lesson)["starts_at"])
    desk = Person(town, "scheduler")
    promise = town.all("scheduler", f"/api/lecturer/assignments?lesson_id={offer['lesson_id']}")[-1]
    said = {"on_behalf_of": promise["lecturer_id"], "channel": "phone", "note": "到了"}
    assert "他已到场" in desk.see(f"/desk/promises/{promise['id']}/answer")
    desk.after(f"/desk/promises/{promise['id']}/check_in", **said)
    town.clock(add=timedelta(hours=3, minutes=1))
    desk.after(f"/desk/promises/{promise['id']}/check_out", **said)
    until(lambda: town.get(SCHOOL, lesson)["state"] == "delivered", what="the lesson is delivered")
    town.post(SCHOOL, f"{lesson}/dispute", {"reason": "只来了一半"})

    supervisor = Person(town, "supervisor")
    for path in ("/supervisor", "/supervisor/audit"):
        assert 'href="/supervisor/audit"' in supervisor.see(path)
    for kind in ("missed", "closed", "verified"):
        path = f"/supervisor/appeals?list={kind}"
        supervisor.see(path)
        assert supervisor.http.get(f"{path}&format=xlsx").content[:2] == b"PK"
    assert "只来了一半" in supervisor.see("/supervisor/disputes")
    path = f"/supervisor/lessons/{offer['lesson_id']}"
    supervisor.see(path)
    page = supervisor.after(f"{path}/resolve_verified", resolution="已核对", attendance="30")
    assert "已裁定：核实" in page
    assert "已重新打开" in supervisor.after(f"{path}/reopen", reason="再核")


def test_others_find_no_such_pages(town: Town) -> None:
    clerk, lecturer = Person(town, SCHOOL), Person(town, LECTURER)
    for who in (clerk, lecturer):
        for path in ("/desk", "/desk/audit", "/desk/lecturers", "/supervisor"):
            assert who.http.get(path).status_code == 404
    assert Person(town, "supervisor").http.get("/desk/review").status_code == 404


def test_numbers_of_letters_run_on() -> None:
    assert numbered("聘〔2028〕{n}号", "009", 2) == ["聘〔2028〕009号", "聘〔2028〕010号"]
    assert numbered("聘", "x", 1) == ["聘001"]


def test_days_between_two_days_and_no_more_than_forty() -> None:
    assert desk_ground_saving.days("2026-12-31", "2027-01-01") == ["2026-12-31", "2027-01-01"]
    for first, last in (("2026-12-02", "2026-12-01"), ("x", ""), ("2026-01-01", "2026-12-31")):
        with pytest.raises(Refused, match="period_invalid"):
            desk_ground_saving.days(first, last)


def test_a_form_names_a_wish_or_a_time_and_one_place() -> None:
    assert desk_lesson.spot({"wish": "1", "place": "site:x"}) == {"wish": 1, "site_id": "x"}
    assert desk_lesson.spot({"wish": "", "starts_at": "2026-12-01T09:00", "place": "online:"}) == {
        "starts_at": "2026-12-01T09:00:00+08:00",
        "online": True,
    }
    assert desk_lists.midnight("2026-12-31", after=True) == "2027-01-01T00:00:00+08:00"
    assert (desk_lists.number("7"), desk_lists.number("x"), desk_lists.real("1.5")) == (7, "x", 1.5)


def test_every_word_of_the_desk_has_an_english_one() -> None:
    english = catalogue("en")
    said = [*desk_words.TOLD.values(), *desk_words.ABOUT.values(), *desk_words.FACTS.values()]
    said += [*desk_words.LINE_FIELDS.values(), *desk_words.LETTER_FIELDS.values()]
    said += [word for pair in desk_words.COUNTS.values() for word in pair]
    said += [title for title, _, _ in desk_words.GROUPS]
    said += desk_words.TERMS.values()

    assert [word for word in said if word not in english] == []
    assert desk_words.told(words("en"), "place") == "time and place set"
    shown = {code for _, _, codes in desk_words.GROUPS for code in codes}
    assert shown == set(desk_words.COUNTS)


def test_a_number_leads_to_its_list() -> None:
    item = {"code": "to_decide", "door": "lessons", "filter": {"state": ["a", "b"]}}
    assert desk_home.link(item) == "/desk/lessons?state=a%2Cb"
    item = {"code": "conflicts", "door": "lessons", "filter": {"conflict": True}}
    assert desk_home.link(item) == "/desk/lessons?conflict=true"
