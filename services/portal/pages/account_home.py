"""Portal: one's own account: facts, channels, calendar address, keys and open browsers."""

import asyncio
from typing import Any

from fastapi import Response

from services.kit import clock
from services.portal import sessions, totp
from services.portal.pages.frame import Page, pages

router = pages("/account")


# Each names the ones before it as well: the first that fits is meant.
BROWSERS = (
    *(("MicroMessenger", "WeChat"), ("DingTalk", "DingTalk"), ("Edg", "Edge")),
    *(("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")),
)
SYSTEMS = (
    *(("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad")),
    *(("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux")),
)


@router.get("")
async def home(page: Page) -> Response:
    return await shown(page)


async def shown(page: Page, **more: Any) -> Response:
    """The page; `more` is what is shown this once: a key's secret, a calendar's address."""
    account, keys, preferences, feeds = await page.gather(
        page.get("portal", "/me"),
        page.get("portal", "/api_keys"),
        page.get_or(None, "notify", "/preferences"),
        page.get_or(None, "notify", "/feeds"),
    )
    id, real = page.visitor.id, clock.real()
    browsers, two_steps = await asyncio.gather(
        page.read(lambda s: sessions.listed(s, id, real=real)),
        page.read(lambda s: totp.is_on(s, id)),
    )
    live = [feed for feed in (feeds or {"items": []})["items"] if not feed["revoked_at"]]
    known: dict[str, Any] = {"new_key": None, "new_feed": None, **more}
    return await page.show(
        "account/home.html",
        account=account,
        keys=keys["items"],
        preferences=preferences,
        feed=live[0] if live else None,
        feeds_known=feeds is not None,
        browsers=browsers,
        two_steps=two_steps,
        device=device,
        **known,
    )


def device(agent: str) -> str:
    """What a browser calls itself, as people say it: `Chrome · Windows`; all of it when unknown."""
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    return " · ".join(name for name in (browser, system) if name) or agent
