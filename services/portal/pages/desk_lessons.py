"""Portal: all lessons of the district (课次), and all changes (改期单)."""

from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import desk_lists
from services.portal.pages.desk_lists import asked, given, listed, moment, wants_sheet
from services.portal.pages.frame import Page, pages

router = pages("/desk", Role.SCHEDULER)

FILTERS = (
    *("state", "q", "school_id", "from", "to", "category", "course_id", "place_id"),
    *("lecturer_id", "order_id", "overdue", "conflict"),
)


@router.get("/lessons")
async def lessons(page: Page) -> Response:
    filters = asked(page, *FILTERS)
    found, schools = await page.gather(
        listed(page, "booking", "/lessons", filters), page.get("booking", "/schools")
    )
    if wants_sheet(page):
        return page.excel(page._("课次"), sheet(page), found["items"])
    return await page.show(
        "desk/lessons.html",
        lessons=found["items"],
        next=found["next"],
        schools=[(s["id"], s["name"]) for s in schools["items"]],
        narrowed=[
            name
            for name in ("course_id", "place_id", "lecturer_id", "order_id", "conflict", "overdue")
            if name in filters
        ],
    )


@router.get("/changes")
async def changes(page: Page) -> Response:
    filters = asked(page, "state", "school_id", "proposed_by")
    found, schools = await page.gather(
        listed(page, "booking", "/changes", filters), page.get("booking", "/schools")
    )
    names = {s["id"]: s["name"] for s in schools["items"]}
    if wants_sheet(page):
        return page.excel(page._("改期单"), change_sheet(page, names), found["items"])
    return await page.show(
        "desk/changes.html",
        changes=found["items"],
        next=found["next"],
        schools=list(names.items()),
        names=names,
    )


@router.post("/changes/{change_id}/{verb}")
async def answer(page: Page, change_id: UUID, verb: str) -> Response:
    """The district's answer to a proposal, or its own taken back."""
    form = page.form
    back = form.get("back") or "/desk/changes"
    if verb == "accept":
        body: dict[str, Any] = given(note=form.get("note"))
        body["lose_holder"] = form.get("lose_holder") == "true"
        done = page._("已同意改期。")
    elif verb == "counter":
        body = given(starts_at=moment(form.get("starts_at")), reason=form.get("note"))
        done = page._("已另提时间，等学校答复。")
    elif verb == "withdraw":
        body, done = given(note=form.get("note")), page._("已撤回改期提议。")
    else:
        verb, body = "reject", given(note=form.get("note"))
        done = page._("已答复：不同意改期，一切照旧。")
    await page.post("booking", f"/changes/{change_id}/{verb}", body)
    return await page.go(back if back.startswith("/desk/") else "/desk/changes", done=done)


def sheet(page: Page) -> list[Any]:
    word, moment_of = page._.word, page._.moment
    return [
        (page._("编号"), "order_number"),
        (page._("行"), "line"),
        (page._("学校"), "school_name"),
        (page._("课程编号"), "course_code"),
        (page._("课程"), "course_title"),
        (page._("类别"), lambda row: word("category", row["category"])),
        (page._("形式"), lambda row: word("format", row["format"])),
        (page._("开始"), lambda row: moment_of(row["starts_at"])),
        (page._("结束"), lambda row: moment_of(row["ends_at"])),
        (page._("地点"), lambda row: desk_lists.place_of(row["place"])),
        (page._("讲师"), lambda row: (row["staffing"] or {}).get("holder_name") or ""),
        (page._("人数"), "attendees"),
        (page._("状态"), lambda row: word("state.lesson", row["state"])),
        (page._("核实分钟"), "verified_minutes"),
        (page._("人次"), "attendance"),
        (page._("责任"), lambda row: word("fault", row["fault"])),
    ]


def change_sheet(page: Page, names: dict[str, str]) -> list[Any]:
    word, moment_of = page._.word, page._.moment
    return [
        (page._("学校"), lambda row: names.get(row["school_id"], "")),
        (page._("提出"), lambda row: word("role", row["proposed_by"])),
        (page._("原时间"), lambda row: moment_of(row["old_starts_at"])),
        (page._("新时间"), lambda row: moment_of(row["starts_at"])),
        (page._("原因"), "reason"),
        (page._("状态"), lambda row: word("state.change", row["state"])),
        (page._("答复时限"), lambda row: moment_of(row["due_at"])),
    ]
