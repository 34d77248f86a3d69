"""Portal: the menu of courses (课程菜单) with a basket that says what a letter of it would give."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from services.kit.auth import Role
from services.portal.pages.clerk_home import meter
from services.portal.pages.frame import Page, pages
from services.portal.pages.sheets import Column

router = pages("/clerk/menu", Role.TOWNSHIP)


@router.get("")
async def menu(
    page: Page,
    q: str = "",
    module: str = "",
    category: str = "",
    length: str = "",
    audience: str = "",
    delivery: str = "",
    pool: str = "",
    cursor: str | None = None,
    format: str = "",
) -> Response:
    """What can be ordered today. The basket is asked for by the browser that keeps it."""
    wanted = {
        "q": q,
        "module": module,
        "category": category,
        "format": length,
        "audience": audience,
        "delivery": delivery,
        "pool": pool,
    }
    if format == "xlsx":
        found = await page.get("catalog", "/courses", **wanted, limit=100)
        return page.excel(page._("课程菜单"), _columns(page), found["items"])
    found, sites = await page.gather(
        page.get("catalog", "/courses", **wanted, cursor=cursor, limit=24),
        page.get_or({"items": []}, "catalog", "/sites", limit=100),
    )
    return await page.show(
        "clerk/menu.html",
        courses=found["items"],
        next=found["next"],
        sites={site["id"]: site["name"] for site in sites["items"]},
        chosen={**wanted, "length": length},
        filtered=any((*wanted.values(), cursor)),
    )


@router.get("/basket")
async def basket(
    page: Page, course: Annotated[list[UUID] | None, Query(max_length=100)] = None
) -> Response:
    """The basket: its courses, its meter, the hours it gives, and what would close the gap."""
    found = await page.get("booking", "/mix/preview", course_id=course or [])
    return page.fragment(
        "clerk/basket.html",
        basket=found,
        letter=meter(found["letter"], page),
        year=meter(found["year"], page),
    )


@router.get("/{id:uuid}")
async def course(page: Page, id: UUID) -> Response:
    """All there is to know of one course, for the drawer."""
    found = await page.get("catalog", f"/courses/{id}")
    shown: dict[str, Any] = next(
        (one for one in found["versions"] if one["state"] == "published"), found["versions"][0]
    )
    return page.fragment("clerk/course.html", course={**shown, "id": str(id)})


def _columns(page: Page) -> list[Column]:
    _ = page._
    return [
        (_("编号"), "code"),
        (_("课程"), "title"),
        (_("模块"), lambda row: _.word("module", row["module"])),
        (_("类别"), lambda row: _.word("category", row["category"])),
        (_("时长"), lambda row: _.word("format", row["format"])),
        (_("学时"), lambda row: float(row["class_hours"])),
        (_("对象"), lambda row: [_.word("audience", one) for one in row["audience"]]),
        (_("形式"), lambda row: [_.word("delivery", one) for one in row["deliveries"]]),
        (_("最少人数"), "min_attendees"),
        (_("最多人数"), "max_attendees"),
        (_("有效至"), "valid_until"),
    ]
