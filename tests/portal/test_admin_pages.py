"""Portal: the administrator's pages over a running stack, as a browser asks for them: schools with
their targets, and the four sheets that are imported."""

import io
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from html import unescape
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import xlsxwriter

from deploy.call import DISTRICT
from services.kit.ids import reference_id
from services.portal.pages import admin_sheets
from services.portal.pages.admin_import_kinds import KINDS
from services.portal.pages.upstream import Refused
from services.portal.pages.words import words
from tests.browser.conftest import Running
from tests.portal.browser import Browser
from tests.tour import SCHOOL
from tests.town import Town, a_town, until

ROWS = re.compile(r'name="rows" value="([^"]*)"')
CALLS = re.compile(r'(\w+);desc="(\d+)"')
TABLE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LESSONS = ("学校编号", "课程编号", "日期", "开始时间", "地点", "人数", "讲师编号")


class Formula(str):
    """Of a cell that is computed."""


def a_sheet(*rows: Sequence[Any]) -> bytes:
    """An .xlsx as Excel writes it: days and times as such."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    day, clock = (book.add_format({"num_format": like}) for like in ("yyyy-mm-dd", "hh:mm"))
    for line, row in enumerate(rows):
        for at, value in enumerate(row):
            if isinstance(value, Formula):
                sheet.write_formula(line, at, value, None, 60)
            elif isinstance(value, date | time):
                sheet.write_datetime(line, at, value, clock if isinstance(value, time) else day)
            else:
                sheet.write(line, at, value)
    book.close()
    return file.getvalue()


class Administrator(Browser):
    """What is pressed is sent as htmx does, and a file as a form does."""

    def __init__(self, town: Town, who: str = "administrator") -> None:
        super().__init__(town.origin)
        person = town.api.person(who)
        assert self.sign_in(person["login"], person["password"]).status_code == 303

    def see(self, path: str) -> str:
        answer = self.http.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-2000:])
        calls = CALLS.findall(answer.headers.get("server-timing", ""))
        assert all(int(count) <= 2 for _, count in calls), (path, calls)
        return answer.text

    def press(self, path: str, **fields: Any) -> httpx.Response:
        headers = {"origin": self.origin, "hx-request": "true", "x-csrf-token": self.csrf}
        return self.http.post(path, data={"once": str(uuid4()), **fields}, headers=headers)

    def after(self, path: str, **fields: Any) -> str:
        pressed = self.press(path, **fields)
        assert pressed.status_code == 204, pressed.text
        return self.see(pressed.headers["hx-redirect"])

    def upload(self, what: str, body: bytes, *, expect: int = 200) -> str:
        answer = self.http.post(
            f"/admin/import/{what}/trial",
            data={"csrf": self.csrf, "once": str(uuid4())},
            files={"file": ("表.xlsx", body, TABLE)},
            headers={"origin": self.origin},
        )
        assert answer.status_code == expect, (answer.status_code, answer.text[-2000:])
        return answer.text

    def confirm(self, what: str, page: str) -> str:
        """The rows as the page of the trial holds them."""
        rows = ROWS.search(page)
        assert rows, "the trial offers no import"
        return self.after(f"/admin/import/{what}", rows=unescape(rows[1]))

    def refused(self, what: str, body: bytes) -> str:
        return self.upload(what, body, expect=422)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """`YUEKE_TOWN` names the home of one that runs already."""
    if home := os.environ.get("YUEKE_TOWN"):
        yield Running(Path(home))
        return
    with a_town(tmp_path_factory.mktemp("admin") / "town") as town:
        yield town


@pytest.fixture
def boss(town: Town) -> Administrator:
    return Administrator(town)


@contextmanager
def speaking(who: Administrator, language: str) -> Iterator[None]:
    """The account's language, and Chinese again afterwards."""
    assert who.press("/account/language", language=language).status_code in (204, 303)
    try:
        yield
    finally:
        assert who.press("/account/language", language="zh").status_code in (204, 303)


@pytest.fixture
def code() -> str:
    """One nobody has."""
    return f"T-{uuid4().hex[:8].upper()}"


def a_school(code: str, **changes: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": f"示例{code}党校",
        "township": "示例镇",
        "kind": "town",
        "lat": "39.1",
        "lon": "117.05",
        "liaison": "示例联络员",
        "contact_phone": "000-0000-0000",
        **changes,
    }


def test_a_school_is_added_written_anew_closed_and_reopened(boss: Administrator, code: str) -> None:
    id = str(uuid4())
    targets = {"targets.0.year": "2027", "targets.1.year": "2026"}
    targets |= {"targets.1.sessions": "12", "targets.1.person_times": "1200"}

    made = boss.after(f"/admin/schools/{id}", **a_school(code), **targets)
    assert "已建立" in made and f"/admin/accounts/new?school_id={id}" in made
    listed = boss.see(f"/admin/schools?q={code}")
    assert f'href="/admin/schools/{id}"' in listed and "1200" in listed
    account = boss.see(f"/admin/accounts/new?school_id={id}")
    assert f'value="{id}" selected' in account and 'value="township" checked' in account

    again = boss.after(f"/admin/schools/{id}", **a_school(code, name="改了名"), version="1")
    assert "改了名已保存" in again and 'value="1200"' in again
    stale = boss.press(f"/admin/schools/{id}", **a_school(code), version="1")
    assert stale.status_code == 412
    assert "已停用，" in boss.after(f"/admin/schools/{id}/close")
    assert "恢复使用" in boss.see(f"/admin/schools/{id}")
    assert "停用学校" in boss.after(f"/admin/schools/{id}/reopen")


def test_what_is_wrong_with_a_school_stands_beside_the_field(
    boss: Administrator, code: str
) -> None:
    wrong = boss.press(f"/admin/schools/{uuid4()}", **a_school(code.lower(), lat="北"))
    half = boss.press(
        f"/admin/schools/{uuid4()}",
        **a_school(code),
        **{"targets.0.year": "2026", "targets.0.sessions": "5"},
    )
    taken = boss.press(f"/admin/schools/{uuid4()}", **a_school("SCH-06"))

    assert wrong.status_code == half.status_code == 422
    assert '"code"' in wrong.headers["hx-trigger"] and '"lat"' in wrong.headers["hx-trigger"]
    assert "targets.0.person_times" in half.headers["hx-trigger"]
    assert (taken.status_code, "编号已被使用" in taken.text) == (409, True)


def test_targets_are_shown_to_the_clerk_and_to_the_supervisor(town: Town) -> None:
    clerk = Administrator(town, SCHOOL).see("/clerk")
    supervisor = Administrator(town, "supervisor")

    assert "年度目标" in clerk and re.search(r'class="goal-figure">0 / \d+<b>0%', clerk)
    overview = supervisor.see("/supervisor")
    assert "2026 年目标进展" in overview and "全区合计" in overview
    assert "—" in supervisor.see("/supervisor?year=2025")


@pytest.mark.parametrize("what", KINDS)
@pytest.mark.parametrize("language", ("zh", "en"))
def test_every_template_can_be_read_again(boss: Administrator, what: str, language: str) -> None:
    kind = KINDS[what]

    with speaking(boss, language):
        template = boss.http.get(f"/admin/import/{what}/template")

    found = admin_sheets.read(template.content, kind.columns, most=kind.most)

    said = words(language)
    assert said(kind.columns[0].title) in titles(template.content)
    assert found.errors == [] and len(found.rows) == 1
    for column in kind.columns:
        if column.kind.startswith(("word:", "words:")):
            example = column.example
            wanted = example if isinstance(example, str) else list(example)
            assert found.rows[0][column.name] == wanted


def titles(body: bytes) -> list[str]:
    return [str(cell) for cell in admin_sheets._table(body, 500)[0]]


def test_courses_with_errors_then_mended_then_imported_and_once_more(
    boss: Administrator, code: str
) -> None:
    heads = (
        *("编号", "课名", "版本号", "上架", "模块", "类别", "课型", "对象", "授课方式"),
        *("可授师资库", "最多人数", "有效期起"),
    )
    good = (
        *(code, "示例课程", "2026.1", "上架", "基层治理", "基层实务类", "4课时加油包"),
        *("党支部书记、党务工作者", "课堂讲授", "专业讲师团", 80, "2026年9月1日"),
    )
    bad = [*good]
    bad[0], bad[4], bad[10], bad[11] = f"{code}X", "烹饪", "很多", "九月"

    tried = boss.upload("courses", a_sheet(heads, good, bad))
    assert "1 行有错误" in tried and ROWS.search(tried) is None
    assert "请填写整数" in tried and "请填写日期" in tried

    mended = boss.upload("courses", a_sheet(heads, good))
    assert "将新增 1 行，更新 0 行" in mended
    assert "新增 1 行" in boss.confirm("courses", mended)
    again = boss.upload("courses", a_sheet(heads, good))
    assert "将新增 0 行，更新 0 行，1 行没有变化" in again


def test_schools_are_imported_with_their_targets(boss: Administrator, code: str) -> None:
    heads = ("编号", "校名", "街镇", "类别", "纬度", "经度", "晚上可上课", "目标课次", "目标人次")
    row = (code, "示例党校", "示例镇", "镇", 39.1, 117.05, "是", 7, 700)
    twice = a_sheet(heads, row, row, (f"{code}B", "没有坐标", "示例镇"))

    tried = boss.upload("schools", twice)
    assert "2 行有错误" in tried and "与第 2 行重复" in tried and "请填写" in tried

    assert "新增 1 行" in boss.confirm("schools", boss.upload("schools", a_sheet(heads, row)))
    listed = boss.see(f"/admin/schools?q={code}")
    assert "700" in listed and "晚上" in listed


def test_agreed_lessons_with_errors_then_booked_then_known(town: Town, boss: Administrator) -> None:
    on = free_day(town)
    good = ("SCH-06", "RV-T01", on, time(8, 30), "VEN-06", 60, "LEC-001")
    rows = (
        good,
        ("SCH-99", "RV-T03", on, time(8, 30), "VEN-06", 60, ""),
        ("SCH-06", "XX-9", on, time(8, 30), "VEN-06", 60, ""),
        ("SCH-06", "RV-T04", f"{on:%Y/%m/%d}", "13：30", "VEN-06", 60, "LEC-999"),
        ("SCH-06", "RV-T04", on, time(10), "VEN-06", 60, "LEC-001"),
        ("SCH-06", "RV-T04", "下周二", "下午", "VEN-06", Formula("=30*2"), ""),
    )

    tried = boss.upload("bookings", a_sheet(LESSONS, *rows))
    assert "没有导入任何内容" in tried and ROWS.search(tried) is None
    assert "5 行有错误" in tried
    for said in (
        *(
            "没有这位讲师",
            "请填写日期",
            "请填写时间",
            "公式",
            "没有这所学校",
            "没有这门课",
            "没有这门课的授课资格",
        ),
    ):
        assert said in tried, said

    mended = boss.upload("bookings", a_sheet(LESSONS, good))
    assert "将新增 1 行" in mended
    assert "新增 1 行" in boss.confirm("bookings", mended)
    booked = lessons_on(town, on)
    assert [(one["state"], one["place"]["name"] != "") for one in booked] == [("tentative", True)]
    asked = until(lambda: offers(town, booked[0]["id"]), what="an offer for the lesson")
    assert asked[0]["lecturer_id"] == str(reference_id(DISTRICT, "LEC-001"))
    again = boss.upload("bookings", a_sheet(LESSONS, good))
    assert "将新增 0 行，更新 0 行，1 行没有变化" in again


def offers(town: Town, lesson_id: str) -> list[dict[str, Any]]:
    found = town.all("scheduler", "/api/lecturer/offers")
    return [one for one in found if one["lesson_id"] == lesson_id]


def lessons_on(town: Town, on: date) -> list[dict[str, Any]]:
    day = on.isoformat()
    found = town.all("scheduler", f"/api/booking/lessons?from={day}&to={day}")
    return [one for one in found if one["course_code"] == "RV-T01"]


def free_day(town: Town) -> date:
    """A Tuesday, on which the lecturer named has time, and nothing of the sheet is held yet."""
    for day in (15, 22, 29):
        if not lessons_on(town, date(2026, 12, day)):
            return date(2026, 12, day)
    raise AssertionError("no day is free any more")


def test_english_readers_fill_in_english_sheets(boss: Administrator, code: str) -> None:
    with speaking(boss, "en"):
        page = boss.see("/admin/import")
        assert "Import agreed lessons" in page and "导入" not in page
        heads = ("Code", "Name of the school", "Township", "Category", "Latitude", "Longitude")
        heads = (*heads, "Saturdays", "Target lessons", "Target person-times")
        row = (code, "Example", "Example", "Town", "north", 117.05, "yes", 7, 700)
        tried = boss.upload("schools", a_sheet(heads, row))
        assert "1 rows have errors" in tried or "error" in tried.casefold()
        assert "Latitude" in tried and "number" in tried
        mended = (*row[:4], 39.1, *row[5:])
        trial = boss.upload("schools", a_sheet(heads, mended))
        assert "Imported: 1 rows new" in boss.confirm("schools", trial)
        assert "Add a school" in boss.see("/admin/schools")


def test_files_that_are_none_are_refused_with_a_sentence(boss: Administrator) -> None:
    heads = ("编号", "校名")
    many = a_sheet(heads, *((f"T-{n}", "示例") for n in range(501)))
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600

    for body in (b"not a workbook", old, a_sheet(heads)[:200], b"PK\x03\x04" + b"\0" * 50):
        assert "文件无法读取" in boss.refused("schools", body)
    assert "一次最多导入 500 行" in boss.refused("schools", many)
    assert "缺少列：编号" in boss.refused("schools", a_sheet(("校名",), ("示例",)))
    assert "没有内容" in boss.refused("schools", a_sheet(heads))
    assert "请选择文件" in boss.refused("schools", b"")
    large = boss.upload("schools", b"x" * (admin_sheets.MOST_BYTES + 1), expect=413)
    assert "太大" in large
    assert boss.http.get("/admin/import/nothing/template").status_code == 404
    malformed = boss.press("/admin/import/schools", rows="[")
    assert malformed.status_code == 400
    assert boss.press("/admin/import/schools", rows='{"a": 1}').status_code == 422


def test_a_sheet_that_unpacks_to_too_much_is_not_unpacked() -> None:
    heads, row = ("编号", "校名"), ("T-1", "x" * 30_000)
    columns = KINDS["schools"].columns
    body = a_sheet(heads, *(row for _ in range(3)))
    assert len(admin_sheets.read(body, columns, most=500).rows) == 3

    limit, admin_sheets.MOST_UNPACKED = admin_sheets.MOST_UNPACKED, 10_000
    try:
        with pytest.raises(Refused, match="file_unreadable"):
            admin_sheets.read(body, columns, most=500)
    finally:
        admin_sheets.MOST_UNPACKED = limit


def test_days_and_times_are_read_however_they_are_written() -> None:
    for value in (
        date(2026, 12, 8),
        datetime(2026, 12, 8),
        "2026-12-8",
        "2026/12/08",
        "2026年12月8日",
    ):
        assert admin_sheets.cell("day", value) == "2026-12-08"
    for value in (time(8, 30), "8:30", "08：30", "8点30分", "8时30", 0.3541666667):
        assert admin_sheets.cell("clock", value) == "08:30"
    assert admin_sheets.cell("day", "12月8日") == "12月8日"
    assert admin_sheets.cell("clock", "早上") == "早上"
    assert admin_sheets.cell("text", 13800000000.0) == "13800000000"
    assert admin_sheets.cell("words:audience", "Party workers, 普通党员") == [
        "party_worker",
        "ordinary_member",
    ]


@pytest.mark.parametrize("who", ("scheduler", "supervisor", SCHOOL))
def test_other_roles_find_no_such_pages(town: Town, who: str) -> None:
    other = Administrator(town, who)

    for path in ("/admin/schools", "/admin/schools/new", "/admin/import"):
        assert other.http.get(path).status_code in (403, 404)
    pressed = other.press(f"/admin/schools/{uuid4()}", **a_school("T-1"))
    assert pressed.status_code in (403, 404)
    other.upload("schools", a_sheet(("编号",), ("T-1",)), expect=pressed.status_code)
