"""Portal: what a letter is filled in with: courses to add, dates to wish for, lecturers to name."""

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from services.kit.auth import Role
from services.portal.pages import clerk_words
from services.portal.pages.clerk_lines import MOST_WISHES, wish_label
from services.portal.pages.frame import Page, pages

router = pages("/clerk/letters", Role.TOWNSHIP)

WEEKS = 4
HALVES = ("am", "pm", "eve")


@router.get("/courses")
async def courses(
    page: Page, q: str = "", category: str = "", module: str = "", format: str = ""
) -> Response:
    """Courses to add, as a list with a button each."""
    found = await page.get(
        "catalog", "/courses", q=q, category=category, module=module, format=format, limit=50
    )
    return page.fragment("clerk/add_list.html", courses=found["items"])


@router.get("/lecturers")
async def lecturers(
    page: Page,
    course: UUID,
    n: int = 0,
    chosen: Annotated[list[UUID] | None, Query()] = None,
    closed: str = "",
) -> Response:
    """Up to three lecturers wished for, of those who teach the course."""
    found = await page.get("lecturer", "/lecturers", course_id=course, status="active", limit=100)
    wanted = [str(id) for id in chosen or []][:MOST_WISHES]
    return page.fragment(
        "clerk/lecturers.html",
        lecturers=found["items"],
        wanted=[*wanted, *[""] * (MOST_WISHES - len(wanted))],
        n=n,
        closed=bool(closed),
    )


@router.get("/heat")
async def heat(
    page: Page,
    course: UUID,
    place: str = "",
    lat: str = "",
    lon: str = "",
    from_: Annotated[date | None, Query(alias="from")] = None,
    urgent: bool = False,
    n: int = 0,
    of: int = 0,
    follow: str = "",
    taken: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """Four weeks of half-days: what is against each, and how many lecturers could be asked."""
    known = await calendar_of(
        page, course, place=place, lat=lat, lon=lon, first=from_, urgent=urgent, taken=taken
    )
    return page.fragment("clerk/heat.html", **known, n=n, of=of, follow=bool(follow))


async def calendar_of(
    page: Page,
    course: UUID,
    *,
    place: str = "",
    lat: str = "",
    lon: str = "",
    first: date | None = None,
    urgent: bool = False,
    taken: list[str] | None = None,
) -> dict[str, Any]:
    """Weeks of half-days from both services; without the lecturers' it is still a calendar."""
    today = page.now.date()
    start = max(first or today, today)
    start -= timedelta(days=start.weekday())
    last = start + timedelta(days=7 * WEEKS - 1)
    kind, _, id = place.partition(":")
    halves, numbers, menu = await page.gather(
        page.get(
            "booking",
            "/clerk/half_days",
            course_id=course,
            from_=start,
            to=last,
            site_id=id if kind == "site" else None,
            urgent=urgent,
        ),
        page.get_or(
            None,
            "lecturer",
            "/heat",
            course_id=course,
            from_=max(start, today),
            to=last,
            lat=lat or None,
            lon=lon or None,
        ),
        page.get_or(None, "catalog", f"/courses/{course}"),
    )
    free = {(one["on"], one["half"]): one for one in (numbers or {"items": []})["items"]}
    wished = set(taken or [])
    cells = {(one["on"], one["half"]): _cell(page, one, free, wished) for one in halves["items"]}
    return {
        "weeks": _weeks(start, cells),
        "title": menu["versions"][0]["title"] if menu else "",
        "known": numbers is not None,
        "start": start,
        "back": start - timedelta(days=7 * WEEKS) if start > today else None,
        "on": start + timedelta(days=7 * WEEKS),
    }


def _cell(
    page: Page,
    one: dict[str, Any],
    free: dict[tuple[str, str], dict[str, Any]],
    wished: set[str],
) -> dict[str, Any]:
    found = free.get((one["on"], one["half"]))
    count = found["free"] if found else None
    return {
        **one,
        "label": wish_label(one["starts_at"], one["ends_at"], page._),
        "short": clerk_words.short(one["problems"][0], page._) if one["problems"] else "",
        "why": "；".join(clerk_words.problem(p, page._) for p in one["problems"]),
        "free": count,
        "best": found["best"] if found else 0,
        "warmth": _warmth(count),
        "wished": one["starts_at"] in wished,
    }


def _warmth(free: int | None) -> str:
    """Five shades of how many could be asked."""
    if free is None:
        return "unknown"
    return "none" if free == 0 else "few" if free < 3 else "some" if free < 8 else "many"


def _weeks(start: date, cells: dict[tuple[str, str], dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a table: the halves and days on which anything can be wished for at all."""
    shown = [
        h for h in HALVES if any(half == h and not c["problems"] for (_, half), c in cells.items())
    ]
    halves = shown or [h for h in HALVES[:2] if any(half == h for _, half in cells)]
    weekend = {
        date.fromisoformat(on).weekday() for (on, _), cell in cells.items() if not cell["problems"]
    } & {5, 6}
    days = [*range(5), *sorted(weekend)]
    return [
        {
            "days": [start + timedelta(days=7 * week + day) for day in days],
            "rows": [
                {
                    "half": half,
                    "cells": [
                        cells.get(((start + timedelta(days=7 * week + day)).isoformat(), half))
                        for day in days
                    ],
                }
                for half in halves
            ],
        }
        for week in range(WEEKS)
    ]
