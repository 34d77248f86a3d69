"""In a browser: a sheet is chosen, found wrong, mended and imported; nothing is written before."""

from datetime import date, time
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Enter
from tests.browser.look import axe, shots
from tests.portal.test_admin_pages import LESSONS, Formula, a_sheet
from tests.town import Town

SCHOOLS = ("编号", "校名", "街镇", "纬度", "经度", "目标课次", "目标人次")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("language", ("zh", "en"))
def test_a_sheet_is_tried_mended_and_imported_by_clicking(
    language: str, lived_in: Town, browser: Browser, enter: Enter, tmp_path: Path
) -> None:
    boss = enter(lived_in, browser, "administrator")
    boss.speak(language)
    page, code = boss.page, f"B-{uuid4().hex[:6].upper()}"
    page.on("dialog", lambda dialog: dialog.accept())

    def choose(what: str, *rows: tuple[object, ...]) -> None:
        file = tmp_path / f"{uuid4().hex}.xlsx"
        file.write_bytes(a_sheet(*rows))
        boss.to("/admin/import")
        page.set_input_files(f"#file-{what}", file)
        page.locator(f"#{what} form button").click()
        page.wait_for_url(f"**/admin/import/{what}/trial")

    wrong_lesson = ("SCH-06", "XX-9", "下周二", "早上", "没有的教室", Formula("=2*3"), "LEC-999")
    nowhere = ("SCH-99", "RV-T03", date(2027, 1, 12), time(8, 30), "VEN-06", 60, "")
    choose("bookings", LESSONS, wrong_lesson, nowhere)
    assert page.locator("tr.row-wrong").count() == 2
    seen = shots(page, "administrator.import.wrong", language) + axe(page)

    school = (code, "示例镇党校", "示例镇", 39.1, 117.05, 5, 500)
    choose("schools", SCHOOLS, school, (f"{code}X", "没有坐标", "示例镇"))
    assert page.locator("form[hx-post='/admin/import/schools']").count() == 0
    choose("schools", SCHOOLS, school)
    seen += shots(page, "administrator.import.right", language) + axe(page)
    page.locator("form[hx-post='/admin/import/schools'] button").click()
    page.wait_for_url("**/admin/import")
    boss.to("/admin/schools")
    page.locator("td a", has_text=code).click()
    page.wait_for_url("**/admin/schools/*-*")

    assert page.locator("input[name='targets.0.person_times']").input_value() == "500"
    assert seen == []
    boss.speak("zh")
