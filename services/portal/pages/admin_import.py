"""Portal: sheets of lecturers, courses, schools and agreed lessons: a trial with what is wrong in
which row, then for good."""

import asyncio
import json
from typing import Any

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import admin_sheets, clerk_words, refusals, sheets
from services.portal.pages.admin_import_kinds import BOOKINGS, KINDS, Kind
from services.portal.pages.admin_sheets import Sheet
from services.portal.pages.frame import Page, pages
from services.portal.pages.sentences import SENTENCES
from services.portal.pages.upstream import Refused

router = pages("/admin/import", Role.ADMINISTRATOR)

MOST_MEGABYTES = admin_sheets.MOST_BYTES // 1024 // 1024
WHO = "lecturer_id"  # a code in the sheet, an id for booking


@router.get("")
async def form(page: Page) -> Response:
    return await page.show("admin/import.html", kinds=KINDS.values(), megabytes=MOST_MEGABYTES)


@router.get("/{what}/template")
async def template(page: Page, what: str) -> Response:
    """A sheet with the right columns and one row to show how, in the reader's language."""
    kind = kind_of(what)
    columns: list[sheets.Column] = [(page._(one.title), one.name) for one in kind.columns]
    example = {
        one.name: admin_sheets.example(one.kind, one.example, page._) for one in kind.columns
    }
    name = page._("%(what)s导入模板", what=page._(kind.title))
    return page.excel(name, columns, [example])


@router.post("/{what}/trial")
async def trial(page: Page, what: str) -> Response:
    """What would become of the sheet; nothing is changed."""
    kind = kind_of(what)
    body = await page.file("file", most=admin_sheets.MOST_BYTES)
    if not body:
        raise Refused(422, "file_missing", {})
    read = await asyncio.to_thread(admin_sheets.read, body, kind.columns, most=kind.most)
    written = [dict(row) for row in read.rows]
    unknown = await _lecturers(page, read) if kind is BOOKINGS else []
    found = await _tried(page, kind, read.rows)
    errors = _by_line(page, kind, [*read.errors, *unknown, *found["errors"]])
    return await page.show(
        "admin/import_trial.html",
        kind=kind,
        columns=[one for one in kind.columns if one.shown],
        written=written,
        rows=read.rows,
        found=found,
        errors=errors,
        warnings=_by_line(page, kind, found["warnings"]),
    )


@router.post("/{what}")
async def confirm(page: Page, what: str) -> Response:
    """The rows of the trial, which come back from the page as they were read."""
    kind = kind_of(what)
    try:
        rows = json.loads(page.form["rows"])
    except ValueError as error:
        raise Refused(400, "malformed", {}) from error
    made = await page.post(kind.service, kind.path, _body(page, kind, rows, dry_run=False))
    done = page._(
        "已导入：新增 %(new)s 行，更新 %(old)s 行，%(same)s 行没有变化。",
        new=made["created"],
        old=made["changed"],
        same=made["same"],
    )
    return await page.go("/admin/import", done=done)


def kind_of(what: str) -> Kind:
    if what not in KINDS:
        raise Refused(404, "not_found", {})
    return KINDS[what]


def _body(page: Page, kind: Kind, rows: Any, *, dry_run: bool) -> dict[str, Any]:
    body = {"rows": rows, "dry_run": dry_run}
    if kind is BOOKINGS:
        body["title"] = page._("电话商定的课（由管理员导入）")
    return body


async def _lecturers(page: Page, read: Sheet) -> list[dict[str, Any]]:
    """Codes become ids, in one question; who is unknown, or would not be asked about this course,
    is told by row."""
    codes = sorted({str(row[WHO]) for row in read.rows if WHO in row})
    known: dict[str, dict[str, Any]] = {}
    if codes:
        found = await page.get("lecturer", "/codes", code=codes)
        known = {one["code"]: one for one in found["items"]}
    errors = []
    for row in read.rows:
        if (code := row.pop(WHO, None)) is None:
            continue
        if problem := _not_him(known.get(code), row.get("course")):
            errors.append({"line": row["line"], "field": WHO, "code": problem})
        else:
            row[WHO] = known[code]["id"]
    return errors


def _not_him(lecturer: dict[str, Any] | None, course: str | None) -> str | None:
    """Why this lecturer is asked about no lesson of the course at any time."""
    if lecturer is None:
        return "lecturer_unknown"
    if lecturer["status"] != "active":
        return "lecturer_inactive"
    return None if course in lecturer["courses"] else "not_qualified"


async def _tried(page: Page, kind: Kind, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The service's own words on every row. Rows it cannot even read have their fields named, and
    the others are asked about without them."""
    found: dict[str, Any] = {"errors": [], "warnings": []}
    try:
        body = _body(page, kind, rows, dry_run=True)
        found = await page.post(kind.service, kind.path, body)
    except Refused as refused:
        unread = _unread(refused, rows)
        lines = {error["line"] for error in unread}
        if rest := [row for row in rows if row["line"] not in lines]:
            body = _body(page, kind, rest, dry_run=True)
            found = await page.post(kind.service, kind.path, body)
        found["errors"] = [*unread, *found["errors"]]
    return found


def _unread(refused: Refused, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Line and column of what the service could not read; any other refusal is raised again."""
    errors = []
    for error in refused.facts.get("errors", []) if refused.code == "invalid_body" else []:
        parts = str(error.get("field", "")).split(".")
        if len(parts) > 2 and parts[0] == "rows" and parts[1].isdigit():
            row = rows[int(parts[1])]
            errors.append({"line": row["line"], "field": parts[2], "code": error["code"]})
    if not errors:
        raise refused
    return errors


def _by_line(
    page: Page, kind: Kind, told: list[dict[str, Any]]
) -> dict[int, list[tuple[str, str]]]:
    """Column and sentence of everything about each line, each said once."""
    found: dict[int, list[tuple[str, str]]] = {}
    titles = {column.name: page._(column.title) for column in kind.columns}
    for one in told:
        say = clerk_words.problem if one["code"] in SENTENCES else refusals.beside
        said = (titles.get(str(one.get("field")), ""), say(one, page._))
        sentences = found.setdefault(int(one["line"]), [])
        if said not in sentences:
            sentences.append(said)
    return found
