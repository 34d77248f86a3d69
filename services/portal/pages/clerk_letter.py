"""Portal: writing a letter (约课邀请函): one page, saved as it is typed."""

import re
from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.kit.ids import uuid7
from services.portal.pages import clerk_lines, clerk_seasons, clerk_words, refusals
from services.portal.pages.clerk_home import meter
from services.portal.pages.clerk_lines import Line
from services.portal.pages.frame import Page, pages
from services.portal.pages.upstream import Refused

router = pages("/clerk/letters", Role.TOWNSHIP)

EDITED = ("draft", "returned")
NUMBERED = re.compile(r"(copy|remove|up|down):(\d{1,3})")


@router.get("/new")
async def new(page: Page) -> Response:
    """An empty letter; it is kept from the first thing that is typed."""
    home, sites, seasons = await page.gather(
        page.get("booking", "/clerk/school"),
        page.get_or({"items": []}, "catalog", "/sites", state="open", limit=100),
        clerk_seasons.current(page),
    )
    order = {
        "id": str(uuid7()),
        "version": 0,
        "state": "draft",
        "number": None,
        "title": "",
        "contact_name": home["school"]["liaison"],
        "contact_phone": home["school"]["contact_phone"],
        "notes": "",
        "urgent": False,
        "urgent_reason": "",
        "fix_fields": [],
        "reason": None,
        "fix_due_at": None,
        "moves": [],
        "lines": [],
        "problems": [],
        "warnings": [],
    }
    known = form_of(page, order, home, sites)
    return await page.show("clerk/letter.html", **known, seasons=collecting(seasons))


@router.post("")
async def start(page: Page) -> Response:
    """A letter with a line for each course of the basket."""
    ids = page.lists("course")[:100]
    home, menu = await page.gather(
        page.get("booking", "/clerk/school"),
        page.get("catalog", "/courses", limit=100) if ids else _nothing(),
    )
    lines = _added([], ids, menu["items"], home)
    body = {**_head(home), "title": page.form.get("title", ""), "lines": lines}
    order = await page.put("booking", f"/orders/{uuid7()}", body)
    return await page.go(f"/clerk/letters/{order['id']}", done=page._("已从课程篮建立草稿。"))


@router.post("/{id}/copy")
async def copy(page: Page, id: UUID) -> Response:
    """The same letter again, without its dates."""
    old = await page.get("booking", f"/orders/{id}")
    same = ("title", "contact_name", "contact_phone", "notes")
    body = {
        **{name: old[name] for name in same},
        "lines": [clerk_lines.of_order(line, keep_dates=False) for line in old["lines"]],
    }
    order = await page.put("booking", f"/orders/{uuid7()}", body)
    return await page.go(
        f"/clerk/letters/{order['id']}", done=page._("已照旧单建立草稿，请填写新的时间。")
    )


@router.post("/{id}/save")
async def save(page: Page, id: UUID) -> Response:
    """Keep what was typed, and do what was asked with the lines. Only then are the lines drawn
    anew: what somebody is typing in is left alone."""
    body, act = clerk_lines.sent(page.form), page.form.get("act", "")
    home: dict[str, Any] | None = None
    sites: dict[str, Any] = {"items": []}
    if act:
        home, menu, sites = await page.gather(
            page.get("booking", "/clerk/school"),
            page.get("catalog", "/courses", limit=100) if act == "add" else _nothing(),
            page.get_or({"items": []}, "catalog", "/sites", state="open", limit=100),
        )
        body["lines"] = _changed(body["lines"], act, page.lists("course"), menu["items"], home)
    version = page.form.version
    order = await page.put("booking", f"/orders/{id}", body, if_match=version or None)
    known = form_of(page, order, home, sites)
    response = page.fragment("clerk/letter_saved.html", **known, act=act)
    if not version:
        response.headers["HX-Replace-Url"] = f"/clerk/letters/{id}"
    return response


@router.post("/{id}/submit")
async def submit(page: Page, id: UUID) -> Response:
    """Keep it, then send it. What stands against it is shown beside the fields."""
    body = clerk_lines.sent(page.form)
    version = page.form.version
    order = await page.put("booking", f"/orders/{id}", body, if_match=version or None)
    verb = "resubmit" if order["state"] == "returned" else "submit"
    try:
        done = await page.post("booking", f"/orders/{id}/{verb}")
    except Refused as refused:
        # What was typed is kept under a new version already: the page has to know it.
        order["problems"] = refused.facts.get("errors", order["problems"])
        known = form_of(page, order, None, {"items": []})
        known["refused"] = refusals.sentence(refused, page._)
        return page.fragment("clerk/letter_saved.html", **known, act="")
    said = page._("%(number)s 已提交，等待审单。", number=done["number"])
    if "withdraw" not in done["moves"]:
        return await page.go(f"/clerk/letters/{id}", done=said)
    return await page.go(
        f"/clerk/letters/{id}", done=said, undo=(f"/clerk/letters/{id}/withdraw", {})
    )


@router.post("/{id}/discard")
async def discard(page: Page, id: UUID) -> Response:
    if not page.form.version:
        return await page.go("/clerk/letters")  # nothing was kept yet
    await page.post("booking", f"/orders/{id}/discard")
    return await page.go("/clerk/letters", done=page._("草稿已删除。"))


async def edit(
    page: Page, order: dict[str, Any], home: dict[str, Any], seasons: list[dict[str, Any]]
) -> Response:
    """The form for a letter that exists."""
    nowhere: dict[str, Any] = {"items": []}
    sites = await page.get_or(nowhere, "catalog", "/sites", state="open", limit=100)
    known = form_of(page, order, home, sites)
    return await page.show("clerk/letter.html", **known, seasons=collecting(seasons))


def collecting(seasons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For whoever writes a letter: the windows it can still be in time for."""
    return [one for one in seasons if one["state"] == "collecting"]


def form_of(
    page: Page, order: dict[str, Any], home: dict[str, Any] | None, sites: dict[str, Any]
) -> dict[str, Any]:
    """What the form shows; `home` is only needed where lines are drawn."""
    lines = clerk_lines.shown(order["lines"], page._)
    return {
        "order": order,
        "lines": lines,
        "home": home,
        "sites": sites["items"],
        "problems": clerk_lines.problems(order["problems"], page._),
        "warnings": clerk_lines.warnings(order["warnings"], page._),
        "is_open": lambda name: _is_open(name, order),
        "fix_label": lambda name: _fix_label(name, page),
        "hours": sum(float(line["course"].get("class_hours", 0)) for line in lines),
        "refused": "",
        "mix": meter_of(order, page),
    }


def meter_of(order: dict[str, Any], page: Page) -> dict[str, Any] | None:
    """The meter of the letter, as booking worked it out."""
    return meter(order["mix"], page) if order.get("mix") else None


def _fix_label(name: str, page: Page) -> str:
    """What the district wants mended; it counts lines from 1."""
    parts = name.split(".")
    if len(parts) > 1:
        parts[1] = str(int(parts[1]) - 1)
    return clerk_words.field(".".join(parts), page._)


def _is_open(name: str, order: dict[str, Any]) -> bool:
    """A draft is open; of a returned letter what the district named (nothing named: all)."""
    fields = order["fix_fields"]
    if order["state"] != "returned" or not fields:
        return True
    parts = name.split(".")
    if parts[0] == "lines" and len(parts) > 1:
        parts[1] = str(int(parts[1]) + 1)  # the district counts from 1
    ways = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
    if parts[-1] == "venue_id":
        stem = ".".join(parts[:-1])
        ways |= {f"{stem}.{other}" for other in clerk_lines.PLACED}
    return bool(ways & set(fields))


def _changed(
    lines: list[Line], act: str, ids: list[str], menu: list[dict[str, Any]], home: dict[str, Any]
) -> list[Line]:
    """The lines after what was asked; what does not fit changes nothing."""
    if act == "add":
        return _added(lines, ids, menu, home)
    if act == "clear_dates":
        return [{**line, "wishes": []} for line in lines]
    found = NUMBERED.fullmatch(act)
    place = int(found[2]) - 1 if found else -1
    if found is None or not 0 <= place < len(lines):
        return lines
    made = list(lines)
    match found[1]:
        case "copy":
            made.insert(place + 1, {**lines[place], "wishes": []})
        case "remove":
            del made[place]
        case "up" if place > 0:
            made[place - 1], made[place] = made[place], made[place - 1]
        case "down" if place + 1 < len(made):
            made[place + 1], made[place] = made[place], made[place + 1]
    return made


def _added(
    lines: list[Line], ids: list[str], menu: list[dict[str, Any]], home: dict[str, Any]
) -> list[Line]:
    known = {course["id"]: course for course in menu}
    made = list(lines)
    for id in ids:
        if id in known:
            made.append(clerk_lines.fresh(known[id], home, made))
    return made


def _head(home: dict[str, Any]) -> dict[str, Any]:
    return {
        "contact_name": home["school"]["liaison"],
        "contact_phone": home["school"]["contact_phone"],
    }


async def _nothing() -> dict[str, Any]:
    return {"items": []}
