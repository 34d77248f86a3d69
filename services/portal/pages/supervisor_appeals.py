"""Portal: appeals of lecturers against a no-show (申诉), and what was closed reopened (重开)."""

from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages.desk_lessons import sheet
from services.portal.pages.desk_lists import asked, given, listed, wants_sheet
from services.portal.pages.desk_offers import promise_sheet
from services.portal.pages.frame import Page, pages
from services.portal.pages.sheets import Column

router = pages("/supervisor", Role.SUPERVISOR)

# Of which service, where, in which state, and its name.
LISTS = {
    "missed": ("lecturer", "/assignments", "no_show", "未到的申诉"),
    "closed": ("booking", "/orders", "closed", "已办结的邀请函"),
    "verified": ("booking", "/lessons", "verified", "已核实的课次"),
}


@router.get("/appeals")
async def appeals(page: Page) -> Response:
    """One of three lists: lecturers who did not come, closed letters, verified lessons."""
    kind = page.request.query_params.get("list", "")
    kind = kind if kind in LISTS else "missed"
    service, path, state, name = LISTS[kind]
    query = {} if kind == "missed" else asked(page, "q")
    found = await listed(page, service, path, {"state": state, **query})
    if wants_sheet(page):
        columns = {"missed": promise_sheet, "closed": letter_sheet, "verified": sheet}[kind]
        return page.excel(page._(name), columns(page), found["items"])
    return await page.show(
        "supervisor/appeals.html",
        kind=kind,
        tabs=[(code, page._(row[3])) for code, row in LISTS.items()],
        rows=found["items"],
        next=found["next"],
    )


@router.post("/appeals/{promise_id}")
async def uphold(page: Page, promise_id: UUID) -> Response:
    body = given(note=page.form.get("note"))
    await page.post("lecturer", f"/assignments/{promise_id}/appeal_upheld", body)
    return await page.go("/supervisor/appeals", done=page._("申诉成立，这次未到不再计入。"))


@router.post("/letters/{order_id}/reopen")
async def reopen(page: Page, order_id: UUID) -> Response:
    body = {"reason": page.form.get("reason", "")}
    await page.post("booking", f"/orders/{order_id}/reopen", body)
    return await page.go(
        "/supervisor/appeals?list=closed", done=page._("邀请函已重新打开，可以改动其中的课次。")
    )


def letter_sheet(page: Page) -> list[Column]:
    return [
        (page._("编号"), "number"),
        (page._("学校"), "school_name"),
        (page._("标题"), "title"),
        (page._("课次"), "line_count"),
        (page._("提交时间"), lambda row: page._.moment(row["submitted_at"])),
    ]
