"""Portal: the clerk's letters (我的约课): the list, a letter and its lessons, what can be said."""

from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import clerk_letter, clerk_lines, clerk_seasons, clerk_words
from services.portal.pages.frame import Page, pages
from services.portal.pages.sheets import Column
from services.portal.pages.upstream import Refused

router = pages("/clerk/letters", Role.TOWNSHIP)

# Tabs of the list: the states behind each.
TABS: dict[str, tuple[str, ...]] = {
    "": (),
    "mine": ("draft", "returned"),
    "going": ("submitted", "approved"),
    "over": ("closed", "cancelled", "withdrawn", "rejected", "expired"),
}
MOST_IN_A_SHEET = 1000
A_PART = 50  # lines of a letter shown at once, as booking counts them out
A_DRAWER = 50  # rows of what happened


@router.get("")
async def letters(
    page: Page,
    tab: str = "",
    state: str = "",
    q: str = "",
    first: str = "",
    last: str = "",
    cursor: str | None = None,
    format: str = "",
) -> Response:
    """Letters, each with its line of five words."""
    states = [state] if state else list(TABS.get(tab, ()))
    wanted: dict[str, Any] = {"state": states, "q": q, "from_": first, "to": last}
    wanted["discarded"] = state == "withdrawn"
    if format == "xlsx":
        return await _sheet(page, wanted)
    found = await page.get("booking", "/orders", **wanted, cursor=cursor, limit=30)
    return await page.show(
        "clerk/letters.html",
        letters=found["items"],
        next=found["next"],
        tab="" if state else tab,
        state=state,
        filtered=any((tab, state, q, first, last, cursor)),
    )


@router.get("/{id:uuid}")
async def letter(
    page: Page, id: UUID, line: int | None = None, lesson: UUID | None = None
) -> Response:
    """A draft is a form; so is a letter that came back. Anything else is read, fifty lines at a
    time: from `line` on, or those among which `lesson` is."""
    found, seasons = await page.gather(
        page.get("booking", f"/clerk/letters/{id}", line=line, lesson_id=lesson),
        clerk_seasons.current(page),
    )
    order = found["order"]
    if order["state"] in clerk_letter.EDITED:
        return await clerk_letter.edit(page, order, found["home"], seasons)
    touched = clerk_seasons.touching(seasons, order)
    return await page.show("clerk/read.html", **reading(page, found), seasons=touched)


@router.get("/{id:uuid}/drawer")
async def drawer(page: Page, id: UUID, cursor: str | None = None) -> Response:
    """What happened to a letter and all its lessons, the newest first; what is older follows where
    it is asked for."""
    path = f"/orders/{id}/history"
    found = await page.get("booking", path, newest=True, cursor=cursor, limit=A_DRAWER)
    known = {"rows": found["items"], "older": found["next"], "id": id, "first": cursor is None}
    return page.fragment("clerk/history.html", **known)


@router.get("/{id:uuid}/mend")
async def mending(page: Page, id: UUID) -> Response:
    """Returned lines with exactly the fields to mend."""
    found, sites = await page.gather(
        page.get("booking", f"/clerk/letters/{id}"),
        page.get_or({"items": []}, "catalog", "/sites", state="open", limit=100),
    )
    lines = [one for one in clerk_lines.shown(found["order"]["lines"], page._) if _to_mend(one)]
    if not lines:
        raise Refused(409, "line_not_returned", {})
    return await page.show(
        "clerk/mend.html",
        order=found["order"],
        lines=lines,
        home=found["home"],
        sites=sites["items"],
        is_open=lambda name: _opened(name, lines),
        fix_label=lambda name: clerk_words.field(name, page._),
    )


@router.post("/{id:uuid}/amend_lines")
async def amend_lines(page: Page, id: UUID) -> Response:
    """The whole line again, with what was mended."""
    order = await page.get("booking", f"/orders/{id}")
    given = {str(one.get("line")): one for one in clerk_lines.given(page.form)}
    lines = [
        {"line": line["line"], **_mended(line, given[str(line["line"])])}
        for line in order["lines"]
        if str(line["line"]) in given
    ]
    await page.post("booking", f"/orders/{id}/amend_lines", {"lines": lines})
    return await page.go(f"/clerk/letters/{id}", done=page._("补正已送出，等待复审。"))


@router.post("/{id:uuid}/urge")
async def urge(page: Page, id: UUID) -> Response:
    await page.post("booking", f"/orders/{id}/urge", _reason(page))
    return await page.go(_back(page, id), done=page._("已催办，区里会收到提醒。"))


@router.post("/{id:uuid}/withdraw")
async def withdraw(page: Page, id: UUID) -> Response:
    await page.post("booking", f"/orders/{id}/withdraw", _reason(page))
    return await page.go(f"/clerk/letters/{id}", done=page._("已撤回。需要时可以照此再写一份。"))


@router.get("/{id:uuid}/cancel_order")
async def cancelling(page: Page, id: UUID) -> Response:
    """What cancelling the whole letter means."""
    means = await page.get("booking", f"/orders/{id}/cancelling")
    return page.fragment("clerk/cancel_order.html", means=means, id=id)


@router.post("/{id:uuid}/cancel_order")
async def cancel_order(page: Page, id: UUID) -> Response:
    body = {"reason": page.form.get("reason", "")}
    await page.post("booking", f"/orders/{id}/cancel_order", body)
    return await page.go(f"/clerk/letters/{id}", done=page._("整单已取消，讲师和区里会收到通知。"))


def reading(page: Page, found: dict[str, Any]) -> dict[str, Any]:
    """Lines with their lessons, and each lesson with the change that is talked about."""
    order = found["order"]
    changes = {one["lesson_id"]: one for one in found["changes"]}
    of_line: dict[int, list[dict[str, Any]]] = {}
    for one in found["lessons"]:
        of_line.setdefault(one["line"], []).append({**one, "change": changes.get(one["id"])})
    lines = clerk_lines.shown(order["lines"], page._)
    first, last = found["line"], (found["next"] or len(lines) + 1) - 1
    return {
        "order": order,
        "lines": [
            {**line, "full": of_line.get(line["line"], [])} for line in lines[first - 1 : last]
        ],
        "count": len(lines),
        "first": first,
        "last": last,
        "before": max(1, first - A_PART) if first > 1 else None,
        "next": found["next"],
        "to_answer": [one for one in changes.values() if "accept" in one["moves"]],
        "to_mend": [line for line in lines if _to_mend(line)],
        "mix": clerk_letter.meter_of(order, page),
        "field_word": lambda name: clerk_words.field(name, page._),
    }


def _opened(name: str, lines: list[dict[str, Any]]) -> bool:
    """`lines.0.wishes`: of the returned lines as they are shown. No field named: all of them."""
    _, _, rest = name.partition(".")
    n, _, field = rest.partition(".")
    if not field:
        return False
    opened = set(lines[int(n)]["review_fields"])
    if field == "venue_id" and opened & clerk_lines.PLACED.keys():
        return True
    return not opened or field in opened


def _to_mend(line: dict[str, Any]) -> bool:
    return bool(line["review"] == "returned" and line["mended_at"] is None)


def _mended(line: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """As it was, but for what the district opened."""
    before, now = clerk_lines.of_order(line), clerk_lines.line(given)
    fields = set(line["review_fields"])
    if fields & clerk_lines.PLACED.keys():
        fields |= clerk_lines.PLACED.keys()
    opened = now.keys() & fields if fields else now.keys() - {"course_id"}
    return {**before, **{name: now[name] for name in opened}}


def _reason(page: Page) -> dict[str, str]:
    reason = page.form.get("reason", "")
    return {"reason": reason} if reason else {}


def _back(page: Page, id: UUID) -> str:
    return "/clerk/letters" if page.form.get("from") == "list" else f"/clerk/letters/{id}"


async def _sheet(page: Page, wanted: dict[str, Any]) -> Response:
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while len(rows) < MOST_IN_A_SHEET:
        found = await page.get("booking", "/orders", **wanted, cursor=cursor, limit=100)
        rows += found["items"]
        cursor = found["next"]
        if cursor is None:
            break
    _ = page._
    columns: list[Column] = [
        (_("编号"), "number"),
        (_("标题"), "title"),
        (_("状态"), lambda row: _.word("state.order", row["state"])),
        (_("进展"), lambda row: _.word("stage", _now_at(row))),
        (_("课次"), "line_count"),
        (_("退回课次"), "lines_returned"),
        (_("提交时间"), lambda row: _.moment(row["submitted_at"])),
        (_("建立时间"), lambda row: _.moment(row["created_at"])),
    ]
    return page.excel(_("我的约课"), columns, rows)


def _now_at(row: dict[str, Any]) -> str:
    return next((one["step"] for one in row["steps"] if one["state"] in ("now", "ended")), "")
