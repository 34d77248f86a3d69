"""The script that looks at pages sees what it is there to see, and nothing else."""

import pytest
from playwright.sync_api import Browser

from tests.browser.look import INSPECT, axe

PAGE = """<!doctype html><html lang="zh"><head><title>试</title><style>
body {{ margin: 0; font: 14px "Noto Sans CJK SC", sans-serif; }}
.box {{ width: 100px; border: 1px solid; }}
</style></head><body><main><h1>试</h1>{}</main></body></html>"""
CLEAN = """
<div class="box">一张表放得下</div>
<div class="box" style="overflow-x: auto"><div style="width: 300px">可以横向滚动的表格</div></div>
<div class="box" title="全文在提示里" style="overflow: hidden; white-space: nowrap;
  text-overflow: ellipsis">很长很长很长很长很长的题目</div>
<span style="position: absolute; width: 1px; height: 1px; overflow: hidden">只给读屏软件</span>
<svg width="60" height="20" viewBox="0 0 60 20"><text x="2" y="14">星期一</text></svg>
"""
WRONG = {
    "the page is": '<div style="width: 3000px">宽</div>',
    "text is cut:": '<div class="box" style="overflow: hidden; white-space: nowrap">'
    "很长很长很长很长很长的题目</div>",
    "text is cut in height": '<div class="box" style="overflow: hidden; height: 9px">字</div>',
    "text leaves its box": '<div class="box" style="white-space: nowrap">很长很长很长的题目</div>',
    "leaves its container": '<div class="box"><p style="width: 180px">宽</p></div>',
    "text on text": '<p>上课时间</p><p style="margin-top: -33px">讲师姓名</p>',
    "the value is cut": '<input aria-label="题" style="width: 40px" value="很长很长的题目">',
    "the choice is cut": '<select aria-label="题" style="width: 50px"><option>很长的题目',
    "no glyph for": "<p>\U000e01f0 \U0001fbff0 \U0010fff0</p>",
}


def test_a_clean_page_is_clean(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 800, "height": 600})
    page.set_content(PAGE.format(CLEAN))

    assert page.evaluate(INSPECT) == []
    page.close()


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_seen(what: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 800, "height": 600})
    page.set_content(PAGE.format(WRONG[what]))

    found = page.evaluate(INSPECT)

    assert any(line.startswith(what) for line in found), found
    page.close()


def test_axe_is_there_and_speaks(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(PAGE.format('<img src="x.png">'))

    assert any("image-alt" in line for line in axe(page))
    page.close()
