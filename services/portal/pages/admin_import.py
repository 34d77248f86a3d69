"""Portal: lecturers from an Excel sheet: a trial with what is wrong in which row, then for good."""

import io
import json
import re
from datetime import date, datetime
from typing import Any

from fastapi import Response
from python_calamine import CalamineWorkbook

from services.kit.auth import Role
from services.portal.pages import refusals, sheets
from services.portal.pages.frame import Page, pages
from services.portal.pages.upstream import Refused
from services.portal.pages.vocabulary import WORDS

router = pages("/admin/import", Role.ADMINISTRATOR)

MOST_BYTES, MOST_ROWS = 2 * 1024 * 1024, 500
# Title of a column, the field it fills, whether it has to be there.
COLUMNS: tuple[tuple[str, str, bool], ...] = (
    ("编号", "code", True),
    ("姓名", "name", True),
    ("师资库", "pool", True),
    ("单位与身份", "identity", False),
    ("职称", "title", False),
    ("电话", "phone", False),
    ("邮箱", "email", False),
    ("每周上限", "max_sessions_per_week", False),
    ("可授课程编号", "courses", False),
    ("聘书编号", "appointment_no", False),
    ("聘期开始", "appointment_start", False),
    ("聘期结束", "appointment_end", False),
)
EXAMPLE = {
    "code": "LEC-241",
    "name": "示例讲师（请删除本行）",
    "pool": "骨干讲师团",
    "identity": "某镇党校",
    "title": "讲师",
    "phone": "000-0000-0000",
    "email": "name@example.cn",
    "max_sessions_per_week": 2,
    "courses": "RV-T01 GG-T05",
    "appointment_no": "聘字〔2026〕241号",
    "appointment_start": "2026-03-01",
    "appointment_end": "2028-02-29",
}
POOLS = {word: code for code, word in WORDS["pool"].items()}


@router.get("")
async def form(page: Page) -> Response:
    return await page.show("admin/import.html", most_rows=MOST_ROWS)


@router.get("/template")
async def template(page: Page) -> Response:
    """An empty sheet with the right columns and one row to show how."""
    columns: list[sheets.Column] = [(title, name) for title, name, _ in COLUMNS]
    return page.excel(page._("讲师导入模板"), columns, [EXAMPLE])


@router.post("/trial")
async def trial(page: Page) -> Response:
    """What would become of the sheet; nothing is changed."""
    body = await page.file("file", most=MOST_BYTES)
    if not body:
        raise Refused(422, "file_missing", {})
    rows = read(body)
    found = await _tried(page, rows)
    errors: dict[int, list[str]] = {}
    for error in found["errors"]:
        errors.setdefault(int(error["line"]), []).append(said(page, error))
    return await page.show(
        "admin/import_trial.html", rows=rows, found=found, errors=errors, titles=COLUMNS[:4]
    )


@router.post("")
async def confirm(page: Page) -> Response:
    """The rows of the trial, which come back from the page as they were shown."""
    try:
        rows = json.loads(page.form["rows"])
    except ValueError as error:
        raise Refused(400, "malformed", {}) from error
    made = await page.post("lecturer", "/import", {"rows": rows, "dry_run": False})
    done = page._(
        "已导入：新增 %(new)s 人，更新 %(old)s 人。", new=made["created"], old=made["changed"]
    )
    return await page.go("/admin/import", done=done)


async def _tried(page: Page, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The service's own words on every row; a row it cannot even read has its fields named."""
    try:
        found: dict[str, Any] = await page.post(
            "lecturer", "/import", {"rows": rows, "dry_run": True}
        )
    except Refused as refused:
        if refused.code != "invalid_body":
            raise
        errors = []
        for error in refused.facts.get("errors", []):
            parts = str(error.get("field", "")).split(".")
            if len(parts) > 2 and parts[0] == "rows" and parts[1].isdigit():
                row = rows[int(parts[1])]
                errors.append({"line": row["line"], "field": parts[2], "code": error["code"]})
        if not errors:
            raise
        return {"created": 0, "changed": 0, "errors": errors}
    return found


def said(page: Page, error: dict[str, Any]) -> str:
    title = next((title for title, name, _ in COLUMNS if name == error.get("field")), "")
    what = refusals.beside(error, page._)
    return f"{page._(title)}：{what}" if title else what


def read(body: bytes) -> list[dict[str, Any]]:
    """The first sheet's rows by field; 422 for a file that is none, or not like the template."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(body))
        table = book.get_sheet_by_index(0).to_python(skip_empty_area=False, nrows=MOST_ROWS + 2)
    except Exception as error:  # whatever a file can be
        raise Refused(422, "file_unreadable", {}) from error
    titles = [str(cell).strip() for cell in table[0]] if table else []
    if missing := [title for title, _, must in COLUMNS if must and title not in titles]:
        raise Refused(422, "columns_missing", {"columns": missing})
    places = [(titles.index(title), name) for title, name, _ in COLUMNS if title in titles]
    rows = [
        {"line": line, **{name: cell(name, cells[at]) for at, name in places if at < len(cells)}}
        for line, cells in enumerate(table[1:], 2)
        if any(str(one).strip() for one in cells)
    ]
    if len(rows) > MOST_ROWS:
        raise Refused(422, "too_many_rows", {"most": MOST_ROWS})
    if not rows:
        raise Refused(422, "file_missing", {})
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def cell(name: str, value: Any) -> Any:
    """As the service wants it; what cannot be that stays as written, and is refused there."""
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    if name == "pool":
        return POOLS.get(text, text)
    if name == "courses":
        return re.split(r"[\s、,，|]+", text) if text else []
    if name in ("max_sessions_per_week", "appointment_no", "appointment_start", "appointment_end"):
        return text or None
    return text
