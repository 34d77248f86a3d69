"""Portal: what a clerk says of one lesson: another time, no, it was held, it was not."""

from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from fastapi import Query, Response

from services.kit.auth import Role
from services.portal.pages import refusals
from services.portal.pages.clerk_picking import calendar_of
from services.portal.pages.forms import whole
from services.portal.pages.frame import Page, pages
from services.portal.pages.upstream import Refused
from services.portal.pages.words import ZONE

router = pages("/clerk/lessons", Role.TOWNSHIP)

# Said with nothing but a note.
PLAIN = ("downgrade_agreed", "accept_as_is")


@router.get("/{id:uuid}/change")
async def changing(page: Page, id: UUID, counter: UUID | None = None) -> Response:
    """Another time or place: proposed to the district, or instead of what the district proposed."""
    lesson, home = await page.gather(
        page.get("booking", f"/lessons/{id}"), page.get("booking", "/clerk/school")
    )
    return page.fragment("clerk/act_change.html", lesson=lesson, home=home, counter=counter)


@router.get("/{id:uuid}/calendar")
async def calendar(
    page: Page,
    id: UUID,
    course: UUID,
    place: str = "",
    lat: str = "",
    lon: str = "",
    first: Annotated[date | None, Query(alias="from")] = None,
) -> Response:
    """Half-days for that other time; lessons already agreed need no lead time."""
    known = await calendar_of(page, course, place=place, lat=lat, lon=lon, first=first, urgent=True)
    return page.fragment("clerk/act_calendar.html", **known, id=id, course=course, place=place)


@router.post("/{id:uuid}/change")
async def change(page: Page, id: UUID) -> Response:
    body = _proposed(page)
    if page.form.get("counter"):
        done = await page.post("booking", f"/changes/{page.form.id('counter')}/counter", body)
    else:
        done = await page.post("booking", f"/lessons/{id}/changes", body)
    said = page._("改期已提出，请区里答复；在此之前原时间不变。")
    return await page.go(_to(page, done["order_id"], id), done=said)


@router.get("/{id:uuid}/answer")
async def answering(page: Page, id: UUID) -> Response:
    """A change that waits for an answer, beside what is arranged now."""
    lesson = await page.get("booking", f"/lessons/{id}")
    if lesson["change_id"] is None:
        raise Refused(409, "already_settled", {})
    found = await page.get("booking", f"/changes/{lesson['change_id']}")
    return page.fragment("clerk/act_answer.html", lesson=lesson, change=found)


@router.post("/{id:uuid}/answer")
async def answer(page: Page, id: UUID) -> Response:
    """Yes, no, or one's own proposal taken back."""
    verb, note = page.form.get("verb", ""), page.form.get("note", "")
    if verb not in ("accept", "reject", "withdraw"):
        raise Refused(404, "not_found", {})
    said = {
        "accept": page._("已同意改期。有讲师的，等讲师答复后生效。"),
        "reject": page._("已答复不同意，原时间不变。"),
        "withdraw": page._("改期提议已撤回，原时间不变。"),
    }
    change = page.form.id("change")
    done = await page.post("booking", f"/changes/{change}/{verb}", {"note": note} if note else {})
    return await page.go(_to(page, done["order_id"], id), done=said[verb])


@router.get("/{id:uuid}/cancel")
async def cancelling(page: Page, id: UUID) -> Response:
    """What cancelling it now would mean."""
    means = await page.get("booking", f"/lessons/{id}/cancelling")
    return page.fragment("clerk/act_cancel.html", means=means, lesson=means["lesson"])


@router.post("/{id:uuid}/cancel")
async def cancel(page: Page, id: UUID) -> Response:
    body = {"reason": page.form.get("reason", "")}
    if not body["reason"]:
        raise Refused(422, "invalid_body", {"errors": [{"field": "reason", "code": "missing"}]})
    done = await page.post("booking", f"/lessons/{id}/cancel", body)
    said = page._("课次已取消，有关的人会收到通知。")
    return await page.go(_to(page, done["order_id"], id), done=said)


@router.get("/{id:uuid}/attest")
async def attesting(page: Page, id: UUID) -> Response:
    """How many came, how long it was taught."""
    lesson = await page.get("booking", f"/lessons/{id}")
    return page.fragment("clerk/act_attest.html", lesson=lesson)


@router.post("/{id:uuid}/attest")
async def attest(page: Page, id: UUID) -> Response:
    body: dict[str, Any] = {"attendance": _whole(page.form.get("attendance", ""))}
    if page.form.get("minutes"):
        body["minutes"] = _whole(page.form["minutes"])
    if page.form.get("note"):
        body["note"] = page.form["note"]
    done = await page.post("booking", f"/lessons/{id}/attest", body)
    said = page._("已评单，从现在起计入学时。")
    return await page.go(_to(page, done["order_id"], id), done=said)


@router.get("/{id:uuid}/dispute")
async def disputing(page: Page, id: UUID) -> Response:
    lesson = await page.get("booking", f"/lessons/{id}")
    return page.fragment("clerk/act_dispute.html", lesson=lesson)


@router.post("/{id:uuid}/dispute")
async def dispute(page: Page, id: UUID) -> Response:
    body = {"reason": page.form.get("reason", "")}
    done = await page.post("booking", f"/lessons/{id}/dispute", body)
    said = page._("异议已提出，由督导处理；处理前不计学时。")
    return await page.go(_to(page, done["order_id"], id), done=said)


@router.get("/{id:uuid}/{verb}")
async def asking(page: Page, id: UUID, verb: str) -> Response:
    """What a plain yes means."""
    if verb not in PLAIN:
        raise Refused(404, "not_found", {})
    lesson = await page.get("booking", f"/lessons/{id}")
    rules = (lesson["staffing"] or {}).get("waived", [])
    waived = "、".join(refusals.of_code(rule, {}, page._).rstrip("。.") for rule in rules)
    return page.fragment("clerk/act_plain.html", lesson=lesson, verb=verb, waived=waived)


@router.post("/{id:uuid}/{verb}")
async def plain(page: Page, id: UUID, verb: str) -> Response:
    if verb not in PLAIN:
        raise Refused(404, "not_found", {})
    note = page.form.get("note", "")
    done = await page.post("booking", f"/lessons/{id}/{verb}", {"note": note} if note else {})
    return await page.go(_to(page, done["order_id"], id), done=page._("已确认。"))


def _proposed(page: Page) -> dict[str, Any]:
    """Another start (the length follows from the course), another place, and why."""
    body: dict[str, Any] = {"reason": page.form.get("reason", "")}
    starts = page.form.get("starts_at", "")
    if starts:
        try:
            body["starts_at"] = datetime.fromisoformat(starts).replace(tzinfo=ZONE).isoformat()
        except ValueError as error:
            wrong = [{"field": "starts_at", "code": "datetime_parsing"}]
            raise Refused(422, "invalid_body", {"errors": wrong}) from error
    kind, _, id = page.form.get("place", "").partition(":")
    if kind in ("venue", "site") and id:
        body[f"{kind}_id"] = id
    return body


def _whole(text: str) -> int | str:
    """A whole number; anything else as it is, for the service to say what is wrong."""
    found = whole(text)
    return text if found is None else found


def _to(page: Page, order_id: str, lesson_id: UUID) -> str:
    """Back to where it was said: the day, or the letter."""
    came = urlsplit(page.request.headers.get("hx-current-url", ""))
    if came.path == "/clerk/today":
        kept = {**dict(parse_qsl(came.query)), "lesson": str(lesson_id)}
        return f"/clerk/today?{urlencode(kept)}"
    return f"/clerk/letters/{order_id}?lesson={lesson_id}"
