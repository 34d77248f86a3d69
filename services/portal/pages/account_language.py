"""Portal: the language of one's own pages and messages."""

from fastapi import Response

from services.kit import clock
from services.portal import accounts
from services.portal.pages.frame import Page, pages
from services.portal.pages.visit import inside

router = pages("/account")


@router.post("/language")
async def language(page: Page) -> Response:
    chosen, by, at = page.form.get("language", "zh"), page.visitor.caller, clock.now()
    await page.write(lambda s: accounts.choose_language(s, language=chosen, by=by, at=at))
    return await page.go(inside(page.form.get("back", "")) or "/")
