"""Portal: messages: what reached me, read or not, and what I object to."""

from uuid import UUID

from fastapi import Response
from fastapi.responses import JSONResponse

from services.portal.pages.frame import Page, pages

router = pages("/messages")


@router.get("")
async def messages(page: Page, unread: str = "", cursor: str | None = None) -> Response:
    found = await page.get("notify", "/messages", unread=unread == "1", cursor=cursor, limit=30)
    return await page.show("account/messages.html", found=found, unread=unread == "1")


@router.get("/unread")
async def unread(page: Page) -> Response:
    """For the number in the bar; 0 while notify is away."""
    found = await page.get_or({"unread": 0}, "notify", "/messages", limit=1)
    return JSONResponse({"unread": found["unread"]}, headers={"Cache-Control": "no-store"})


@router.post("/read-all")
async def read_all(page: Page) -> Response:
    await page.post("notify", "/messages/read_all")
    return await page.go("/messages", done=page._("全部标为已读。"))


@router.post("/{id}/read")
async def read(page: Page, id: UUID) -> Response:
    """Read, and on to what it is about when it was opened by its title."""
    message = await page.post("notify", f"/messages/{id}/read")
    return await page.go(message["link"] if page.form.get("open") else back(page))


@router.post("/{id}/object")
async def object_to(page: Page, id: UUID) -> Response:
    await page.post("notify", f"/messages/{id}/object", {"text": page.form["text"]})
    return await page.go(back(page), done=page._("异议已送达排课员。"))


def back(page: Page) -> str:
    return "/messages?unread=1" if page.form.get("unread") == "1" else "/messages"
