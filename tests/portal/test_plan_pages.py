"""Portal: a draft plan made, explained, pinned, compared and published on the scheduler's pages."""

import html
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from services.notify.models import Batch, Gathered, Message
from tests.bench.board import letters_of_schools
from tests.portal.browser import Person
from tests.town import Town, a_town, until

PERIOD = {"first_on": "2026-12-07", "last_on": "2026-12-11"}
CHOICES = re.compile(r'name="lecturer" value="([0-9a-f-]+)".*?<b>[0-9]+\. ([^<]+)</b>')
OUT = re.compile(r'<ul class="reasons"><li>([^：]+)：')
LINES = re.compile(r'hx-get="(/desk/plans/[0-9a-f-]+/lines/([0-9a-f-]+)[^"]*)"')


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Twelve lessons wait, and there are lecturers for some of them."""
    with a_town(tmp_path_factory.mktemp("plans") / "town") as town:
        letters_of_schools(town)
        yield town


@pytest.fixture
def desk(town: Town) -> Person:
    return Person(town, "scheduler")


def see(person: Person, path: str) -> str:
    return html.unescape(person.see(path))


def leads(person: Person, path: str, **fields: Any) -> str:
    """Where a press leads."""
    pressed = person.press(path, **fields)
    assert pressed.status_code == 204, pressed.text
    return pressed.headers["hx-redirect"]


def a_draft(town: Town, desk: Person, **policy: str) -> str:
    path = leads(desk, "/desk/plans", **PERIOD, **policy)
    until(lambda: "重新优化" in see(desk, path), 60, what="the draft is made")
    return path


def a_line(page: str) -> tuple[str, str]:
    """The first line that can be changed: its drawer, and its lesson."""
    found = LINES.search(page)
    assert found, page
    return found[1], found[2]


def test_a_draft_says_who_and_when_and_why_not(town: Town, desk: Person) -> None:
    page = see(desk, a_draft(town, desk, pool_first="professional", fairness="3"))

    assert "已证明最优" in page
    assert "示例讲师" in page
    unserved = see(desk, a_draft(town, desk) + "?show=unserved")
    assert "怎样才行" in unserved
    assert "个人次与时刻" in unserved
    sheet = desk.http.get(a_draft(town, desk) + "?format=xlsx")
    assert sheet.content[:2] == b"PK"


def test_how_far_it_is_comes_as_a_stream(town: Town, desk: Person) -> None:
    path = leads(desk, "/desk/plans", **PERIOD)

    with desk.http.stream("GET", f"{path}/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        said = [line for line in answer.iter_lines() if line.startswith("event:")]

    assert said[-1] == "event: over"
    assert see(desk, path)


def test_a_lesson_is_pinned_and_stays_when_it_is_planned_again(town: Town, desk: Person) -> None:
    path = a_draft(town, desk)
    drawer, lesson = a_line(see(desk, path + "?show=served"))
    form = see(desk, drawer)
    who, name = CHOICES.findall(form)[-1]
    fields = dict(re.findall(r'name="(version|starts_at)" value="([^"]+)"', form))
    assert "为什么不是别人" in form

    page = see(desk, leads(desk, f"{path}/lines/{lesson}", what="pin", lecturer=who, **fields))
    assert "已钉住" in page
    assert name in page
    again = leads(desk, f"{path}/replan")
    until(lambda: "重新优化" in see(desk, again), 60, what="it is planned again")

    [line] = [
        one
        for one in town.get("scheduler", f"/api/booking{again.removeprefix('/desk')}")["lines"]
        if one["lesson_id"] == lesson
    ]
    assert (line["lecturer_id"], line["pinned"]) == (who, True)
    ids = [one.rpartition("/")[2] for one in (path, again)]
    assert "已排课次" in see(desk, f"/desk/plans/compare?a={ids[0]}&b={ids[1]}")
    stale = desk.press(f"{path}/lines/{lesson}", what="unpin", version="1")
    assert stale.status_code == 412


def test_who_may_not_give_it_is_not_pinned_and_the_drawer_says_why(
    town: Town, desk: Person
) -> None:
    path = a_draft(town, desk)
    drawer, lesson = a_line(see(desk, path + "?show=served"))
    form = see(desk, drawer)
    fields = dict(re.findall(r'name="(version|starts_at)" value="([^"]+)"', form))
    able = {who for who, _ in CHOICES.findall(form)}
    lecturers = town.all("scheduler", "/api/lecturer/lecturers")
    other = next(one for one in lecturers if one["id"] not in able)

    refused = desk.press(f"{path}/lines/{lesson}", what="pin", lecturer=other["id"], **fields)

    assert refused.status_code == 409
    assert refused.headers["hx-retarget"] == "#pin-refused"
    assert f"{other['name']} 不能讲，没有钉住" in html.unescape(refused.text)
    assert '<li data-code="' in refused.text
    nobody = desk.press(f"{path}/lines/{lesson}", what="pin", lecturer=str(uuid4()), **fields)
    assert nobody.status_code == 404
    assert "钉住一个课次" not in see(desk, path)


def test_what_happened_to_a_plan_is_shown_and_in_the_audit(town: Town, desk: Person) -> None:
    path = a_draft(town, desk)
    _, lesson = a_line(see(desk, path))
    version = town.get("scheduler", f"/api/booking{path.removeprefix('/desk')}")["version"]
    leads(desk, f"{path}/lines/{lesson}", what="leave_out", version=version)

    page = see(desk, path)

    past = page[page.index("经过") :]
    assert [past.count(what) for what in ("开始排课", "草案排好", "这次不排一个课次")] == [1, 1, 1]
    assert "排课员" in past
    audit = see(desk, "/desk/audit?subject=booking.plan")
    assert "这次不排一个课次" in audit
    assert "排课方案" in audit


def test_a_supervisor_reads_plans_and_changes_none(town: Town, desk: Person) -> None:
    path = a_draft(town, desk)
    supervisor = Person(town, "supervisor")

    plans = see(supervisor, "/desk/plans")
    page = see(supervisor, path)

    assert path in plans
    assert "新建草案" not in plans
    assert '<a href="/desk/plans"' in see(supervisor, "/supervisor")
    for verb in ("重新优化", "弃用", "确认发布", "调整"):
        assert f"</svg> {verb}" not in page
    assert "/desk/lessons/" not in page
    assert supervisor.press(f"{path}/publish").status_code == 403
    assert supervisor.press("/desk/plans", **PERIOD).status_code == 403


def test_a_draft_is_seen_and_edited_on_the_board(town: Town, desk: Person) -> None:
    path = a_draft(town, desk)
    plan = path.rpartition("/")[2]
    assert f'href="/desk/board?plan={plan}"' in see(desk, path)
    line = next(
        o for o in town.get("scheduler", f"/api/booking/plans/{plan}")["lines"] if o["starts_at"]
    )
    lesson, who, on = line["lesson_id"], line["lecturer_id"], line["starts_at"][:10]

    board = see(desk, f"/desk/board?plan={plan}")
    assert f'data-plan="{plan}"' in board
    assert f'class="chip p t-draft" draggable="true" id="p-{lesson}"' in board
    assert "围绕已钉的重排" in board
    picked = see(desk, f"/desk/board?plan={plan}&lesson={lesson}")
    assert "这次不排" in picked
    assert line["lecturer_name"] in picked
    drop = f"/desk/board/drop?plan={plan}&lesson={lesson}&lecturer={who}&on={on}&half=pm"
    form = see(desk, drop)
    assert "钉在这里" in form
    assert "派单方式" not in form

    fields = dict(re.findall(r'name="(version|starts_at|lecturer|what)" value="([^"]+)"', form))
    back = f"/desk/board?plan={plan}&day={on}"
    assert leads(desk, f"{path}/lines/{lesson}", **fields, back=back) == back
    pinned = see(desk, back)
    assert f'class="chip p t-pinned" draggable="true" id="p-{lesson}"' in pinned
    later = {"version": int(fields["version"]) + 1, "back": "//evil.example/"}
    away = leads(desk, f"{path}/lines/{lesson}", what="unpin", **later)
    assert away == path
    day = see(desk, f"/desk/board?plan={plan}&day={on}&view=day")
    assert f'class="bar-p" id="p-{lesson}"' in day
    assert desk.http.get("/desk/board?plan=x").status_code == 200
    assert desk.http.get(f"/desk/board?plan={uuid4()}").status_code == 404
    supervisor = see(Person(town, "supervisor"), f"/desk/board?plan={plan}")
    assert f'id="p-{lesson}"' in supervisor
    assert 'draggable="true"' not in supervisor


def test_a_draft_is_given_up_and_nobody_hears_of_it(town: Town, desk: Person) -> None:
    path = a_draft(town, desk)

    assert "没有通知任何人" in see(desk, leads(desk, f"{path}/discard"))
    refused = desk.press(f"{path}/publish")

    assert refused.status_code == 409
    assert town.get("scheduler", "/api/lecturer/offers")["items"] == []


def test_what_cannot_be_is_refused_in_a_sentence(town: Town, desk: Person) -> None:
    nothing = desk.press("/desk/plans", first_on="2027-06-01", last_on="2027-06-02")
    assert nothing.status_code == 409
    assert "没有待排的课次" in nothing.text
    assert desk.press("/desk/plans", first_on="", last_on="x").status_code == 422
    path = a_draft(town, desk)
    drawer, _ = a_line(see(desk, path))
    assert desk.http.get(drawer.partition("?")[0] + "?starts_at=yesterday").status_code == 200
    assert desk.http.get(f"/desk/plans/{uuid4()}").status_code == 404
    assert desk.http.get("/desk/plans/compare?a=1&b=2").status_code == 404
    assert desk.http.get(path + "?from=-1&show=x").status_code == 200
    assert Person(town, "SCH-06").http.get(path).status_code in (403, 404)


def test_it_is_published_once(town: Town, desk: Person) -> None:
    path = a_draft(town, desk)

    assert leads(desk, f"{path}/publish") == path
    until(lambda: "已发布" in see(desk, path), 60, what="it is published")

    assert desk.press(f"{path}/publish").status_code == 409
    served = see(desk, path + "?show=served")
    assert "已排定" in served
    until(
        lambda: town.get("scheduler", "/api/lecturer/offers")["items"], what="lecturers are asked"
    )


def heard(town: Town) -> bool:
    """Has notify heard of the publishing and of an offer for each lesson that was placed?"""
    with town.database("notify") as session:
        over = session.exec(select(Batch).where(col(Batch.published_at).is_not(None))).first()
        offers = [row for row in session.exec(select(Gathered)) if row.kind == "offer_received"]
    if over is None:
        return False
    placed = town.get("scheduler", f"/api/booking/plans/{over.id}/progress")["placed"]
    return len(offers) >= int(placed) > 0


def test_everybody_is_told_once_of_a_published_plan(town: Town, desk: Person) -> None:
    """After the plan of the test before: one message for each lecturer who is asked, one for each
    school about both its lessons, one summary for the scheduler."""
    until(lambda: heard(town), what="notify has heard of it")
    town.clock(add=timedelta(minutes=2))
    until(lambda: "排课方案已发布" in see(desk, "/messages"), what="the summary is there")
    about = ("offer_received", "offers_received", "lesson_placed", "lessons_placed")

    def told() -> Counter[UUID]:
        with town.database("notify") as session:
            assert session.exec(select(Message).where(Message.kind == "plan_published")).all()
            rows = select(Message).where(col(Message.kind).in_(about), Message.channel == "inapp")
            return Counter(row.account_id for row in session.exec(rows))

    until(told, what="the gathered messages are sent")
    many = told()
    assert set(many.values()) == {1}
    with town.database("notify") as session:
        one = session.exec(select(Message).where(Message.kind == "lessons_placed")).first()
        waiting = session.exec(select(Gathered)).all()
    assert one is not None and one.parameters["count"] == len(one.parameters["items"]) > 1
    assert waiting == []
