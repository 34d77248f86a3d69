"""Portal: the district's workbench (工作台): what waits, each number with the list it opens."""

from typing import Any
from urllib.parse import urlencode

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import desk_words
from services.portal.pages.frame import Page, pages

router = pages("/desk", Role.SCHEDULER)


@router.get("")
async def home(page: Page) -> Response:
    today = page.now.date().isoformat()
    away: dict[str, Any] = {"items": []}
    mine, theirs, lessons = await page.gather(
        page.get_or(away, "booking", "/desk"),
        page.get_or(away, "lecturer", "/desk"),
        page.get_or(away, "booking", "/lessons", **{"from": today, "to": today, "limit": 50}),
    )
    return await page.show(
        "desk/home.html",
        groups=groups(page, mine["items"] + theirs["items"]),
        lessons=lessons["items"],
        is_partial=away in (mine, theirs, lessons),
    )


def groups(page: Page, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The numbers as cards, in the order people look at them."""
    found = {item["code"]: item for item in items}
    return [
        {
            "title": page._(title),
            "tone": tone,
            "cards": [{**card(page, found[code]), "tone": tone} for code in codes if code in found],
        }
        for title, tone, codes in desk_words.GROUPS
    ]


def card(page: Page, item: dict[str, Any]) -> dict[str, Any]:
    name, hint = desk_words.COUNTS[item["code"]]
    return {
        "code": item["code"],
        "name": page._(name),
        "hint": page._(hint),
        "count": item["count"],
        "url": link(item),
    }


def link(item: dict[str, Any]) -> str:
    """The list that shows just these rows."""
    pairs = {
        name: ",".join(value) if isinstance(value, list) else str(value).lower()
        if isinstance(value, bool) else value
        for name, value in item["filter"].items()
    }  # fmt: skip
    if item["door"] == "lessons" and item["code"] == "at_risk":
        return "/desk/rescue"
    return f"{desk_words.DOORS[item['door']]}?{urlencode(pairs)}"
