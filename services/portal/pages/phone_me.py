"""Portal: a lecturer about himself: his letter, his year, how he hears, his calendar address."""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages.forms import whole
from services.portal.pages.frame import Page, pages
from services.portal.pages.ledger import CARRIED, sentence

router = pages("/phone/me", Role.LECTURER)

NEAR = 60  # days before a letter ends: worth a word
# Height of the picture, in its own units.
HIGH, WIDE, GAP = 60, 18, 6


@router.get("")
async def me(page: Page, year: str = "") -> Response:
    asked = whole(year) or 0
    wanted = asked if 2000 <= asked < 2200 else page.year
    found, fair, ways, feeds = await page.gather(
        page.get("lecturer", "/year", year=wanted),
        page.get_or(None, "lecturer", "/ledger", year=wanted),
        page.get_or(None, "notify", "/preferences"),
        page.get_or({"items": []}, "notify", "/feeds"),
    )
    hour = found["minutes_per_class_hour"]
    months = found["months"]
    letter = next((one for one in found["appointments"] if one["status"] == "valid"), None)
    return await page.show(
        "phone/me.html",
        me=found["lecturer"],
        letter=letter,
        letters=found["appointments"],
        days_left=_days_left(page, letter),
        near=NEAR,
        shown_year=wanted,
        bars=_bars(months, hour),
        months=months,
        total={name: sum(m[name] for m in months) for name in months[0] if name != "month"},
        hour=hour,
        fair=_fair(page, fair),
        ways=ways,
        feed=next((one for one in feeds["items"] if one["revoked_at"] is None), None),
        high=HIGH,
        wide=12 * (WIDE + GAP) + GAP,
    )


def _fair(page: Page, fair: dict[str, Any] | None) -> dict[str, Any] | None:
    """His own year beside the average of his pool; None while nobody can say."""
    if fair is None or not fair["items"]:
        return None
    [own] = fair["items"]
    average = next(one for one in fair["averages"] if one["pool"] == own["pool"])
    return {
        "rows": [
            (page._(word), f"{own[name]:g}", f"{average[name]:g}")
            for name, (word, _) in CARRIED.items()
        ],
        "sentence": sentence(page, own, average),
        **{name: fair[name] for name in ("far_km", "notice_hours")},
    }


@router.post("/channels")
async def channels(page: Page) -> Response:
    """How messages reach him; each channel of the form is either on or off."""
    on, quiet = page.lists("on"), page.lists("quiet")
    items = [
        {"channel": name, "on": name in on, "quiet_hours": name in quiet}
        for name in page.lists("channel")
    ]
    match = page.form.version or None
    await page.put("notify", "/preferences", {"items": items}, if_match=match)
    return await page.go("/phone/me", done=page._("消息方式已保存。"))


@router.post("/feed")
async def feed(page: Page) -> Response:
    """A new secret address, shown this once; the one before stops."""
    made = await page.post("notify", "/feeds", {})
    return page.fragment("phone/feed.html", feed=made, url=made["url"])


@router.post("/feed/{id}/revoke")
async def revoke(page: Page, id: UUID) -> Response:
    await page.post("notify", f"/feeds/{id}/revoke", {})
    return page.fragment("phone/feed.html", feed=None, url="", done=page._("订阅地址已停用。"))


def _days_left(page: Page, letter: dict[str, Any] | None) -> int | None:
    if letter is None:
        return None
    return (date.fromisoformat(letter["valid_until"]) - page.now.date()).days


def _bars(months: list[dict[str, int]], hour: int) -> list[dict[str, Any]]:
    """Each month's class hours, given below and to come on top."""
    most = max((m["minutes"] + m["minutes_to_come"] for m in months), default=0) or hour
    bars = []
    for number, month in enumerate(months):
        given = round(month["minutes"] * HIGH / most, 1)
        to_come = round(month["minutes_to_come"] * HIGH / most, 1)
        bars.append(
            {
                "month": month["month"],
                "x": GAP + number * (WIDE + GAP),
                "width": WIDE,
                "given": given,
                "to_come": to_come,
                "given_y": HIGH - given,
                "to_come_y": round(HIGH - given - to_come, 1),
                "hours": round((month["minutes"] + month["minutes_to_come"]) / hour, 1),
            }
        )
    return bars
