"""Portal: one's own API keys, channels and calendar address."""

from uuid import UUID

from fastapi import Response

from services.portal.pages.account_home import shown
from services.portal.pages.frame import Page, pages

router = pages("/account")


@router.post("/keys")
async def add_key(page: Page) -> Response:
    """The secret is shown on the page that follows, this once."""
    made = await page.post("portal", "/api_keys", {"name": page.form["name"]})
    return await shown(page, new_key=made)


@router.post("/keys/{client_id}/revoke")
async def revoke_key(page: Page, client_id: UUID) -> Response:
    await page.post("portal", f"/api_keys/{client_id}/revoke")
    return await page.go("/account#keys", done=page._("密钥已撤销。"))


@router.post("/feed")
async def make_feed(page: Page) -> Response:
    """A new address in place of the one before; it is shown this once."""
    made = await page.post("notify", "/feeds")
    return await shown(page, new_feed=made)


@router.post("/feed/{id}/revoke")
async def revoke_feed(page: Page, id: UUID) -> Response:
    await page.post("notify", f"/feeds/{id}/revoke")
    return await page.go("/account#calendar", done=page._("订阅链接已停用。"))


@router.post("/channels")
async def channels(page: Page) -> Response:
    """What is read on these pages is always on; mail as the person wants it."""
    on, quiet = page.form.get("email") == "on", page.form.get("quiet") == "on"
    await page.put(
        "notify",
        "/preferences",
        {"items": [{"channel": "email", "on": on, "quiet_hours": quiet}]},
        if_match=page.form.version or None,
    )
    return await page.go("/account#channels", done=page._("已保存。"))
