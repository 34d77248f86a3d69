"""Portal: the day of the lessons (上课当天): who is there, how many came, was it held."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from services.kit.auth import Role
from services.portal.pages.desk_lists import number
from services.portal.pages.frame import Page, pages
from services.portal.pages.upstream import Refused
from services.portal.pages.words import ZONE

router = pages("/clerk/today", Role.TOWNSHIP)

OVER = ("cancelled", "written_off")
AWAITED = ("delivered", "partially_delivered")
PRESENCE = ("check_in", "check_out", "abort")


@router.get("")
async def today(page: Page, on: Annotated[date | None, Query()] = None) -> Response:
    """Lessons of a day with their lecturers' promises, and earlier ones nobody has attested."""
    day = on or page.now.date()
    opens = datetime.combine(day, time(), ZONE)
    lessons, waiting, promises = await page.gather(
        page.get("booking", "/lessons", from_=day, to=day, limit=100),
        page.get("booking", "/lessons", state=AWAITED, limit=50),
        page.get_or(
            None,
            "lecturer",
            "/assignments",
            from_=opens.isoformat(),
            to=(opens + timedelta(days=1)).isoformat(),
            limit=100,
        ),
    )
    shown = [one for one in lessons["items"] if one["state"] not in OVER]
    known = {one["id"] for one in shown}
    return await page.show(
        "clerk/today.html",
        day=day,
        lessons=[{**one, "promise": promise_of(one, promises)} for one in shown],
        waiting=[one for one in waiting["items"] if one["id"] not in known],
        away=promises is None,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        today=page.now.date(),
    )


@router.get("/{verb}/{id:uuid}")
async def asking(page: Page, verb: str, id: UUID) -> Response:
    """Written down for the lecturer: he is told of it and may object."""
    if verb not in PRESENCE:
        raise Refused(404, "not_found", {})
    promise = await page.get("lecturer", f"/assignments/{id}")
    return page.fragment("clerk/act_presence.html", promise=promise, verb=verb)


@router.post("/{verb}/{id:uuid}")
async def presence(page: Page, verb: str, id: UUID) -> Response:
    if verb not in PRESENCE:
        raise Refused(404, "not_found", {})
    form = page.form
    body: dict[str, Any] = {
        "on_behalf_of": form.get("lecturer", ""),
        "channel": form.get("channel", ""),
        "note": form.get("note", ""),
    }
    if verb == "abort":
        body |= {
            "minutes_taught": number(form.get("minutes_taught")),
            "reason": form.get("reason", ""),
            "fault": form.get("fault", "none"),
        }
    done = await page.post("lecturer", f"/assignments/{id}/{verb}", body)
    said = {
        "check_in": page._("已代讲师签到。"),
        "check_out": page._("已代讲师签退，请评单。"),
        "abort": page._("已登记中途结束。"),
    }
    day = datetime.fromisoformat(done["starts_at"]).astimezone(ZONE).date()
    url = f"/clerk/today?on={day}&lesson={done['lesson_id']}"
    return await page.go(url, done=said[verb])


def promise_of(lesson: dict[str, Any], promises: dict[str, Any] | None) -> dict[str, Any] | None:
    """The promise to teach a lesson that still lives, the newest first."""
    found = [
        one
        for one in (promises or {"items": []})["items"]
        if one["lesson_id"] == lesson["id"]
        and one["state"] in ("committed", "release_requested", "checked_in", "fulfilled", "partial")
    ]
    return max(found, key=lambda one: str(one["committed_at"]), default=None)
