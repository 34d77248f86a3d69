"""Portal: lists of the district: filters from the address, pages, and all rows for a sheet."""

import math
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from services.portal.pages.forms import whole
from services.portal.pages.frame import Page
from services.portal.pages.words import ZONE

MOST_ROWS = 5000  # of a sheet
A_PAGE = 100


def asked(page: Page, *names: str) -> dict[str, Any]:
    """These filters as the address has them; several values of one are joined by commas."""
    query = page.request.query_params
    found = {name: query.get(name, "").strip() for name in names}
    return {
        name: value.split(",") if "," in value else value for name, value in found.items() if value
    }


def wants_sheet(page: Page) -> bool:
    return page.request.query_params.get("format") == "xlsx"


async def listed(page: Page, service: str, path: str, filters: dict[str, Any]) -> dict[str, Any]:
    """One page of rows, or all of them (at most 5000) when a sheet is asked for."""
    if not wants_sheet(page):
        cursor = page.request.query_params.get("cursor")
        found: dict[str, Any] = await page.get(service, path, **filters, cursor=cursor)
        return found
    rows: list[Any] = []
    cursor = None
    while len(rows) < MOST_ROWS:
        found = await page.get(service, path, **filters, limit=A_PAGE, cursor=cursor)
        rows += found["items"]
        cursor = found.get("next")
        if cursor is None:
            break
    return {"items": rows, "next": None}


def moment(text: str | None) -> str | None:
    """What <input type=datetime-local> sent, as an instant of the district; None when empty."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZONE).isoformat()
    except ValueError:
        return text


def midnight(text: str | None, *, after: bool = False) -> str | None:
    """The beginning of a day, or its end (`after`), as an instant."""
    if not text:
        return None
    try:
        on = date.fromisoformat(text) + timedelta(days=after)
    except (ValueError, OverflowError):
        return text
    return datetime.combine(on, time(), ZONE).isoformat()


def number(text: str | None) -> int | str | None:
    """A whole number; what is none is sent as it stands, so that it is refused beside its field."""
    if not text:
        return None
    found = whole(text.strip().removeprefix("-"))
    return text if found is None else -found if text.strip().startswith("-") else found


def real(text: str | None) -> float | str | None:
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        return text
    return found if math.isfinite(found) else text


def given(**facts: Any) -> dict[str, Any]:
    """Without what was left empty."""
    return {name: value for name, value in facts.items() if value not in (None, "")}


def place_of(place: dict[str, Any] | None) -> str:
    """A place in a sheet."""
    return "" if not place else str(place.get("name") or place.get("address") or place["kind"])


def join(words: Sequence[str]) -> str:
    return "、".join(word for word in words if word)
