"""Portal: the second step of signing in, on and off."""

import io

import segno
from fastapi import Response
from markupsafe import Markup

from services.kit import clock
from services.portal import totp
from services.portal.pages.frame import Page, pages

router = pages("/account/two-steps")


@router.post("/begin")
async def begin(page: Page) -> Response:
    """A picture for the phone; nothing changes until a code of it was typed."""
    by = page.visitor.caller
    secret = await page.write(lambda s: totp.begin(s, by=by))
    uri = totp.uri(secret, page.visitor.login)
    return await page.show("account/two_steps.html", secret=secret, picture=picture(uri))


@router.post("/confirm")
async def confirm(page: Page) -> Response:
    code, by, at, real = page.form["code"], page.visitor.caller, clock.now(), clock.real()
    codes = await page.write(lambda s: totp.confirm(s, code, by=by, at=at, real=real))
    return await page.show("account/recovery.html", codes=codes)


@router.post("/off")
async def off(page: Page) -> Response:
    code, by, at, real = page.form["code"], page.visitor.caller, clock.now(), clock.real()
    await page.write(lambda s: totp.turn_off(s, code, by=by, at=at, real=real))
    return await page.go("/account#two-steps", done=page._("两步验证已关闭。"))


def picture(uri: str) -> Markup:
    """A QR code as SVG that needs no style of its own."""
    file = io.BytesIO()
    segno.make(uri, error="m").save(
        file, kind="svg", xmldecl=False, svgns=False, nl=False, omitsize=True, svgclass="qr"
    )
    return Markup(file.getvalue().decode())
