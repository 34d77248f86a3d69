"""Portal: the teaching sites (现场教学点): written down, changed, closed, opened again."""

from typing import Any
from uuid import UUID, uuid4

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages.desk_lists import asked, given, listed, number, real, wants_sheet
from services.portal.pages.frame import Page, pages

router = pages("/desk/sites", Role.SCHEDULER)

TEXTS = ("code", "name", "kind", "township", "address", "open_rule")
NUMBERS = ("capacity", "visit_minutes", "advance_booking_days")


@router.get("")
async def sites(page: Page) -> Response:
    found = await listed(page, "catalog", "/sites", asked(page, "state", "q"))
    if wants_sheet(page):
        return page.excel(page._("教学点"), sheet(page), found["items"])
    return await page.show("desk/sites.html", sites=found["items"], next=found["next"])


@router.get("/new")
async def new(page: Page) -> Response:
    return await page.show("desk/site.html", site=None, id=uuid4())


@router.get("/{site_id}")
async def site(page: Page, site_id: UUID) -> Response:
    found = await page.get("catalog", f"/sites/{site_id}")
    return await page.show("desk/site.html", site=found, id=site_id)


@router.post("/{site_id}/put")
async def put(page: Page, site_id: UUID) -> Response:
    form = page.form
    body: dict[str, Any] = {name: form.get(name, "") for name in TEXTS}
    body |= given(**{name: number(form.get(name)) for name in NUMBERS})
    body |= given(lat=real(form.get("lat")), lon=real(form.get("lon")))
    body |= given(owner_school_id=form.get("owner_school_id"))
    body["needs_guide"] = form.get("needs_guide") == "true"
    body["closed_on"] = days(form.get("closed_on", ""))
    version = number(form.get("version"))
    match = version if isinstance(version, int) else None
    await page.put("catalog", f"/sites/{site_id}", body, if_match=match)
    return await page.go(f"/desk/sites/{site_id}", done=page._("已保存。"))


@router.post("/{site_id}/reopen")
async def reopen(page: Page, site_id: UUID) -> Response:
    await page.post("catalog", f"/sites/{site_id}/reopen")
    return await page.go(f"/desk/sites/{site_id}", done=page._("已重新开放，可以排课了。"))


def days(text: str) -> list[str]:
    """Days written one after another, by blanks, commas or lines."""
    for sign in "、，,；;\n":
        text = text.replace(sign, " ")
    return text.split()


def sheet(page: Page) -> list[Any]:
    word = page._.word
    return [
        (page._("编号"), "code"),
        (page._("名称"), "name"),
        (page._("类型"), "kind"),
        (page._("街镇"), "township"),
        (page._("地址"), "address"),
        (page._("容量"), "capacity"),
        (page._("开放时间"), "open_rule"),
        (page._("不开放的日子"), "closed_on"),
        (page._("提前预约天数"), "advance_booking_days"),
        (page._("状态"), lambda row: word("state.site", row["state"])),
        (page._("关闭原因"), "closed_because"),
    ]
