"""Portal: 告急台: lessons about to fail, with a clock, and who could be there soonest."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import desk_board_words as said
from services.portal.pages import desk_sheets
from services.portal.pages.desk_lists import wants_sheet
from services.portal.pages.frame import Page, pages
from services.portal.pages.upstream import Refused
from services.portal.pages.words import instant

router = pages("/desk/rescue", Role.SCHEDULER, Role.SUPERVISOR, Role.ADMINISTRATOR)

SOON = timedelta(hours=24)
AT_ONCE = 3  # offers that one click sends
MOST = 100
SHOWN = 20
Asked = dict[str, Any]


@router.get("")
async def rescue(page: Page, lesson: str | None = None, cursor: str | None = None) -> Response:
    """Lessons at risk, and tentative ones that begin within a day; for the one chosen (at first
    the most pressing) everybody who could stand in."""
    found = await page.get("booking", "/lessons", state=["at_risk", "tentative"], limit=MOST)
    lessons = [one for one in found["items"] if _pressing(page, one)]
    lessons.sort(key=lambda one: (one["state"] != "at_risk", one["starts_at"]))
    chosen = next((one for one in lessons if one["id"] == lesson), lessons[0] if lessons else None)
    limit = MOST if wants_sheet(page) else SHOWN
    seat, substitutes = await page.gather(
        _seat(page, chosen), _substitutes(page, chosen, cursor, limit)
    )
    at_risk = chosen is not None and chosen["state"] == "at_risk"
    people = [
        {**one, "waived": [said.label(code, page._) for code in one["waive"]]}
        for one in substitutes["items"]
        # Rules are dropped only while it is at risk; who held it and left is not asked again.
        if one["offer"] != "accepted" and (not one["waive"] or at_risk)
    ]
    if wants_sheet(page) and chosen is not None:
        columns = desk_sheets.substitutes(page._, chosen)
        return page.excel(page._("可替补的讲师"), columns, people)
    able = [one for one in people if not one["waive"] and one["offer"] is None]
    context = {
        "lessons": lessons,
        "chosen": chosen,
        "seat": seat,
        "people": people,
        "next": substitutes["next"],
        "first": able[:AT_ONCE],
        "can_send": page.has(Role.SCHEDULER),
    }
    if page.wants_fragment and "hx-history-restore-request" not in page.request.headers:
        return page.fragment("desk/rescue_main.html", **context)
    return await page.show("desk/rescue.html", **context)


@router.post("/send")
async def send(page: Page) -> Response:
    """Offers to all who were chosen at once; the first who accepts holds the seat. Rules that are
    waived for them are named, with the reason, and the school is asked."""
    if not page.has(Role.SCHEDULER):
        raise Refused(403, "not_yours", {})
    lesson = _id(page.form.get("lesson", ""))
    chosen = [_id(text.partition("|")[0]) for text in page.lists("lecturer")]
    if not chosen:
        raise Refused(422, "invalid_body", {"errors": [{"field": "lecturer", "code": "missing"}]})
    waive = {
        code
        for text in page.lists("lecturer")
        for code in text.partition("|")[2].split(",")
        if code
    }
    body: Asked = {"lecturer_ids": list(dict.fromkeys(chosen))}
    if waive:
        body |= {"waive": sorted(waive), "reason": page.form.get("reason") or None}
    await page.post("lecturer", f"/seats/{lesson}/offers", body)
    done = page._("已同时派给 %(n)s 位讲师，先接先得。", n=len(body["lecturer_ids"]))
    return await page.go(f"/desk/rescue?lesson={lesson}", done=done)


def _pressing(page: Page, one: Asked) -> bool:
    starts_at = instant(one["starts_at"])
    if starts_at is None:
        return False
    return one["state"] == "at_risk" or page.now < starts_at < page.now + SOON


async def _seat(page: Page, chosen: Asked | None) -> Asked | None:
    """Who has been asked, and until when."""
    if chosen is None:
        return None
    found: Asked | None = await page.get_or(None, "lecturer", f"/seats/{chosen['id']}")
    return found


async def _substitutes(page: Page, chosen: Asked | None, cursor: str | None, limit: int) -> Any:
    nobody: Asked = {"items": [], "next": None}
    if chosen is None:
        return nobody
    path = f"/seats/{chosen['id']}/substitutes"
    return await page.get_or(nobody, "lecturer", path, limit=limit, cursor=cursor)


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError as error:
        raise Refused(404, "not_found", {}) from error
