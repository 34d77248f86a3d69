"""Portal: another password, and the browsers somebody is signed in with."""

import asyncio

from fastapi import Response

from services.kit import clock
from services.portal import accounts, rules, sessions
from services.portal.pages.frame import Page, pages
from services.portal.pages.upstream import Refused

router = pages("/account")
_hashers = asyncio.Semaphore(1)  # three rounds of argon2 inside one transaction


@router.get("/password")
async def password_page(page: Page) -> Response:
    return await page.show(
        "account/password.html",
        must=page.visitor.must_change_password,
        shortest=rules.SHORTEST_PASSWORD,
        login=page.visitor.login,
    )


@router.post("/password")
async def password(page: Page) -> Response:
    """Every other browser is signed out by it."""
    new = page.form["new"]
    if new != page.form["again"]:
        raise Refused(422, "passwords_differ", {})
    visitor, at, real = page.visitor, clock.now(), clock.real()
    sent = {"current": page.form["current"], "new": new}
    async with _hashers:
        await page.write(
            lambda s: accounts.change_password(
                s, **sent, by=visitor.caller, at=at, real=real, here=visitor.session
            )
        )
    where = "/" if visitor.must_change_password else "/account"
    return await page.go(where, done=page._("密码已修改，其他设备已退出登录。"))


@router.post("/sessions/{mark}/end")
async def end_session(page: Page, mark: str) -> Response:
    id, at = page.visitor.id, clock.real()
    await page.write(lambda s: sessions.end_one(s, id, mark, at=at))
    return await page.go("/account#browsers", done=page._("该设备已退出登录。"))
