"""Portal: the clerk's own school (本校): rooms, days without lessons, times, who answers for it."""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.kit.ids import uuid7
from services.portal.pages.clerk_words import EQUIPMENT
from services.portal.pages.desk_lists import number
from services.portal.pages.frame import Page, pages

router = pages("/clerk/school", Role.TOWNSHIP)


@router.get("")
async def school(page: Page) -> Response:
    """Two questions to booking."""
    home, fair = await page.gather(
        page.get("booking", "/clerk/school"), page.get_or(None, "booking", "/ledger")
    )
    today = page.now.date().isoformat()
    return await page.show(
        "clerk/school.html",
        home=home,
        fair=fair,
        coming=[one for one in reversed(home["blocked"]) if one["on"] >= today],
        equipment=list(EQUIPMENT),
        new_id=str(uuid7()),
    )


@router.post("/contacts")
async def contacts(page: Page) -> Response:
    form = page.form
    names = ("liaison", "contact_phone", "contact_email", "brand")
    body = {name: form.get(name, "") for name in names}
    await page.put(
        "booking",
        f"/schools/{page.visitor.school_id}/contacts",
        body,
        if_match=form.version,
    )
    return await page.go("/clerk/school", done=page._("联系方式已更新。"))


@router.post("/venues/{id:uuid}")
async def venue(page: Page, id: UUID) -> Response:
    """A new room, or a room as it is now."""
    form = page.form
    body: dict[str, Any] = {
        "name": form.get("name", ""),
        "address": form.get("address", ""),
        "capacity": number(form.get("capacity")),
        "equipment": page.lists("equipment"),
        "ground_floor": form.get("ground_floor") == "true",
        "state": "open" if form.get("open") == "true" else "closed",
    }
    for name in ("lat", "lon"):
        if form.get(name):
            body[name] = form[name]
    version = form.version
    await page.put("booking", f"/venues/{id}", body, if_match=version or None)
    return await page.go("/clerk/school", done=page._("场地已保存。"))


@router.post("/blocked")
async def block(page: Page) -> Response:
    """From now on nothing is wished or placed on that day."""
    on, reason = page.form.get("on", ""), page.form.get("reason", "")
    day = date.fromisoformat(on) if is_day(on) else on or "-"
    url = f"/schools/{page.visitor.school_id}/blocked/{day}"
    await page.put("booking", url, {"reason": reason})
    return await page.go(
        "/clerk/school",
        done=page._("%(on)s 不再排课；已排好的课次不受影响。", on=page._.day(on)),
        undo=(f"/clerk/school/unblock/{on}", {}),
    )


@router.post("/unblock/{on}")
async def unblock(page: Page, on: date) -> Response:
    await page.delete("booking", f"/schools/{page.visitor.school_id}/blocked/{on}")
    return await page.go(
        "/clerk/school", done=page._("%(on)s 又可以排课了。", on=page._.day(on.isoformat()))
    )


def is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
