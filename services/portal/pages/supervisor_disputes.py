"""Portal: disputes (异议) to be settled, and a lesson as the supervisor sees it."""

from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import desk_history
from services.portal.pages.desk_lessons import sheet
from services.portal.pages.desk_lists import asked, given, listed, number, wants_sheet
from services.portal.pages.frame import Page, pages

router = pages("/supervisor", Role.SUPERVISOR)

DONE = {
    "resolve_verified": "已裁定：核实，计入学时。",
    "resolve_written_off": "已裁定：核销，不计学时。",
    "reopen": "已重新打开，请裁定。",
}


@router.get("/disputes")
async def disputes(page: Page) -> Response:
    filters = asked(page, "state", "q", "school_id", "from", "to", "overdue")
    found, schools = await page.gather(
        listed(page, "booking", "/lessons", {"state": "disputed", **filters}),
        page.get("booking", "/schools"),
    )
    if wants_sheet(page):
        return page.excel(page._("异议"), sheet(page), found["items"])
    return await page.show(
        "supervisor/disputes.html",
        lessons=found["items"],
        next=found["next"],
        schools=[(s["id"], s["name"]) for s in schools["items"]],
    )


@router.get("/lessons/{lesson_id}")
async def lesson(page: Page, lesson_id: UUID) -> Response:
    found, told = await page.gather(
        page.get("booking", f"/lessons/{lesson_id}/whole"),
        page.get_or({"items": []}, "lecturer", f"/seats/{lesson_id}/history"),
    )
    return await page.show(
        "supervisor/lesson.html",
        lesson=found["lesson"],
        moves=found["lesson"]["moves"],
        history=desk_history.together(
            desk_history.of_booking(found["history"], page._),
            desk_history.of_lecturer(told["items"], page._),
        ),
    )


@router.post("/lessons/{lesson_id}/{verb}")
async def say(page: Page, lesson_id: UUID, verb: str) -> Response:
    form, where = page.form, f"/supervisor/lessons/{lesson_id}"
    if verb not in DONE:
        return await page.go(where)
    body: dict[str, Any] = {"resolution": form.get("resolution", "")}
    if verb == "resolve_verified":
        body |= given(
            attendance=number(form.get("attendance")), minutes=number(form.get("minutes"))
        )
    elif verb == "resolve_written_off":
        body |= given(fault=form.get("fault"))
    else:
        body = {"reason": form.get("reason", "")}
    await page.post("booking", f"/lessons/{lesson_id}/{verb}", body)
    return await page.go(where, done=page._(DONE[verb]))
