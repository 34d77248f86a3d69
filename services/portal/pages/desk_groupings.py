"""Portal: lessons that could be taught together (拼班) or on one way (送教路线), and the proposals
sent to schools."""

from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import grouping_words as said
from services.portal.pages.desk_lists import asked, given, listed, place_of, wants_sheet
from services.portal.pages.frame import Page, pages

router = pages("/desk/groupings", Role.SCHEDULER, Role.SUPERVISOR)

TABS = {"merge": "可以拼班", "route": "可以同路", "sent": "已发出的提议"}


@router.get("")
async def groupings(page: Page, show: str = "merge") -> Response:
    """What could be proposed now, by kind; or what was proposed and how it stands."""
    show = show if show in TABS else "merge"
    tabs = [(code, page._(text)) for code, text in TABS.items()]
    if show == "sent":
        filters = asked(page, "state", "kind")
        found = await listed(page, "booking", "/groupings", filters)
        if wants_sheet(page):
            return page.excel(page._("拼班与送教"), sheet(page), found["items"])
        rows = [said.spoken(one, page._) for one in found["items"]]
        return await page.show(
            "desk/groupings_sent.html", rows=rows, next=found["next"], tabs=tabs, show=show
        )
    found = await page.get("booking", "/groupings/found", kind=show)
    if wants_sheet(page):
        return page.excel(page._("拼班与送教"), sheet(page), found["items"])
    return await page.show(
        "desk/groupings.html",
        rows=found["items"],
        tabs=tabs,
        show=show,
        may=page.has(Role.SCHEDULER),
        people=sum(one["guest"]["attendees"] for one in found["items"]),
        minutes=sum(one["gain"]["minutes"] for one in found["items"]),
    )


@router.post("")
async def propose(page: Page) -> Response:
    """Ask the schools."""
    form = page.form
    body = given(
        kind=form.get("kind"),
        host_id=form.get("host_id"),
        guest_id=form.get("guest_id"),
        starts_at=form.get("starts_at"),
        note=form.get("note"),
    )
    await page.post("booking", "/groupings", body)
    return await page.go("/desk/groupings?show=sent", done=page._("已发给学校，等待答复。"))


@router.post("/{grouping_id:uuid}/withdraw")
async def withdraw(page: Page, grouping_id: UUID) -> Response:
    body = given(reason=page.form.get("reason"))
    await page.post("booking", f"/groupings/{grouping_id}/withdraw", body)
    return await page.go("/desk/groupings?show=sent", done=page._("提议已撤回，各自照原安排。"))


def sheet(page: Page) -> list[Any]:
    _ = page._
    return [
        (_("方式"), lambda row: _.word("grouping", row["kind"])),
        (_("课程"), lambda row: row["guest"]["course_title"]),
        (_("主场学校"), lambda row: row["host"]["school_name"]),
        (_("参加或改期的学校"), lambda row: row["guest"]["school_name"]),
        (_("时间"), lambda row: _.span(row["starts_at"], row["ends_at"])),
        (_("地点"), lambda row: place_of(row["place"])),
        (_("公里"), lambda row: row["gain"]["km"]),
        (_("人数"), lambda row: row["gain"]["people"]),
        (_("讲师"), lambda row: row["host"]["holder_name"]),
        (_("状态"), lambda row: _.word("state.grouping", row["state"]) if "state" in row else ""),
    ]
