"""Portal: one's own account."""

from fastapi import Response

from services.portal.pages.frame import Page, pages

router = pages("/account")


@router.get("")
async def home(page: Page) -> Response:
    account = await page.get("portal", "/me")
    return await page.show("account/home.html", account=account)
