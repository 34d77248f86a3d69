"""Portal: what the district proposes to a school: a lesson together with another school (拼班), or
on another day on a lecturer's way (送教路线)."""

from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import grouping_words as said
from services.portal.pages.desk_groupings import sheet
from services.portal.pages.desk_lists import asked, given, listed, wants_sheet
from services.portal.pages.frame import Page, pages

router = pages("/clerk/groupings", Role.TOWNSHIP)

DONE = {
    "applied": "已落实。时间和地点见“我的约课”。",
    "agreed": "已同意，正在征求讲师意见；讲师同意后生效。",
    "proposed": "已同意，等待另一所学校答复。",
    "lapsed": "已同意，但现在落实不了，一切照原安排。原因见下。",
}


@router.get("")
async def groupings(page: Page) -> Response:
    """What waits for the school's word first, then the others."""
    found = await listed(page, "booking", "/groupings", asked(page, "state"))
    if wants_sheet(page):
        return page.excel(page._("拼班与送教"), sheet(page), found["items"])
    school = str(page.visitor.school_id)
    rows = [
        {**said.spoken(one, page._), "hosting": one["host"]["school_id"] == school}
        for one in found["items"]
    ]
    return await page.show(
        "clerk/groupings.html",
        asked=[one for one in rows if "agree" in one["moves"]],
        others=[one for one in rows if "agree" not in one["moves"]],
        next=found["next"],
    )


@router.post("/{grouping_id:uuid}/agree")
async def agree(page: Page, grouping_id: UUID) -> Response:
    done = await page.post("booking", f"/groupings/{grouping_id}/agree")
    return await page.go("/clerk/groupings", done=page._(DONE[done["state"]]))


@router.post("/{grouping_id:uuid}/decline")
async def decline(page: Page, grouping_id: UUID) -> Response:
    body = given(reason=page.form.get("reason"))
    await page.post("booking", f"/groupings/{grouping_id}/decline", body)
    return await page.go("/clerk/groupings", done=page._("已答复不同意，一切照原安排。"))
