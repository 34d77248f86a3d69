"""Portal: appeals of lecturers against a no-show (申诉), and what was closed reopened (重开)."""

from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages.desk_lists import asked, given
from services.portal.pages.frame import Page, pages

router = pages("/supervisor", Role.SUPERVISOR)


@router.get("/appeals")
async def appeals(page: Page) -> Response:
    """Three lists: lecturers who did not come, closed letters, verified lessons."""
    query = asked(page, "q")
    missed, closed, verified = await page.gather(
        page.get_or({"items": []}, "lecturer", "/assignments", state="no_show", limit=50),
        page.get("booking", "/orders", state="closed", limit=20, **query),
        page.get("booking", "/lessons", state="verified", limit=20, **query),
    )
    return await page.show(
        "supervisor/appeals.html",
        missed=missed["items"],
        closed=closed["items"],
        verified=verified["items"],
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
        "/supervisor/appeals", done=page._("邀请函已重新打开，可以改动其中的课次。")
    )
