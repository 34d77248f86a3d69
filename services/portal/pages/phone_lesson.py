"""Portal: one lesson of a lecturer: where, who, how to get there, and everything he may do."""

from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import phone_calendar, phone_words
from services.portal.pages.frame import Page, pages
from services.portal.pages.upstream import Refused
from services.portal.pages.words import instant

router = pages("/phone/lessons", Role.LECTURER)


@router.get("/{id}")
async def lesson(page: Page, id: UUID) -> Response:
    return await page.show("phone/lesson.html", **await _lesson(page, id))


@router.get("/{id}/card")
async def card(page: Page, id: UUID, seen: str = "") -> Response:
    """The lesson again, for a page that looks again; nothing when nothing has changed."""
    found = await _lesson(page, id)
    if found["seen"] == seen:
        return Response(status_code=204)
    return page.fragment("phone/lesson_card.html", **found)


@router.get("/{id}/calendar.ics")
async def calendar(page: Page, id: UUID) -> Response:
    """The lesson for the calendar of the phone."""
    found = await page.get("lecturer", f"/agenda/{id}")
    text = phone_calendar.one(found, account_id=page.visitor.id, at=page.now, _=page._)
    name = quote(f"{found['lesson']['course_title']}.ics")
    disposition = f"attachment; filename=\"lesson.ics\"; filename*=UTF-8''{name}"
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return Response(text, headers=headers, media_type="text/calendar; charset=utf-8")


@router.post("/{id}/check_in")
async def check_in(page: Page, id: UUID) -> Response:
    done = await page.post("lecturer", f"/assignments/{id}/check_in", {})
    at = page._.clock(done["checked_in_at"])
    return await _back(page, id, page._("已签到（%(at)s）。下课后请签退。", at=at))


@router.post("/{id}/check_out")
async def check_out(page: Page, id: UUID) -> Response:
    done = await page.post("lecturer", f"/assignments/{id}/check_out", {})
    taught = page._.minutes(done["minutes_taught"])
    return await _back(page, id, page._("已签退，实授 %(time)s。辛苦了。", time=taught))


@router.post("/{id}/abort")
async def abort(page: Page, id: UUID) -> Response:
    body = {
        "minutes_taught": page.form.get("minutes_taught", ""),
        "reason": page.form.get("reason", ""),
        "fault": page.form.get("fault") or "none",
    }
    done = await page.post("lecturer", f"/assignments/{id}/abort", body)
    taught = page._.minutes(done["minutes_taught"] or 0)
    return await _back(page, id, page._("已记录中止授课，实授 %(time)s。", time=taught))


@router.post("/{id}/release")
async def release(page: Page, id: UUID) -> Response:
    """Early it takes effect at once; late it is a request that can be taken back."""
    reason, note = page.form.get("reason", ""), page.form.get("note") or None
    if not reason:
        raise Refused(422, "invalid_body", {"errors": [{"field": "reason", "code": "enum"}]})
    body = {"reason": reason, "note": note}
    done = await page.post("lecturer", f"/assignments/{id}/release", body)
    if done["state"] == "released":
        return await _back(page, id, page._("已退出这一课次，排课员会另请讲师。"))
    return await _back(
        page,
        id,
        page._("已提交退出申请。在排课员同意或替补到位之前，您仍需到场。"),
        undo=(f"/phone/lessons/{id}/withdraw_request", {}),
    )


@router.post("/{id}/withdraw_request")
async def withdraw_request(page: Page, id: UUID) -> Response:
    await page.post("lecturer", f"/assignments/{id}/withdraw_request", {})
    return await _back(page, id, page._("已撤回申请，您继续承担这一课次。"))


@router.post("/{id}/reconfirm")
async def reconfirm(page: Page, id: UUID) -> Response:
    done = await page.post("lecturer", f"/assignments/{id}/reconfirm", {})
    when = page._.moment(done["starts_at"])
    return await page.go(
        "/phone" if page.form.get("from") == "todo" else f"/phone/lessons/{id}",
        done=page._("已再次确认：%(when)s 准时到课。", when=when),
    )


async def _back(
    page: Page, id: UUID, done: str, undo: tuple[str, dict[str, Any]] | None = None
) -> Response:
    return await page.go(f"/phone/lessons/{id}", done=done, undo=undo)


async def _lesson(page: Page, id: UUID) -> dict[str, Any]:
    found, told = await page.gather(
        page.get("lecturer", f"/agenda/{id}"),
        page.get_or({"items": []}, "lecturer", f"/assignments/{id}/history"),
    )
    opens, ends = instant(found["check_in_opens_at"]), instant(found["ends_at"])
    starts = instant(found["starts_at"])
    assert opens is not None and ends is not None and starts is not None
    can_check_in = "check_in" in found["moves"] and opens <= page.now <= ends
    can_check_out = "check_out" in found["moves"] and page.now > starts
    question = found["question"]
    if question is not None:
        question = {**question, "rivals": 0, "choices": [], "minutes": 0}
    return {
        "lesson": found,
        "question": question,
        "history": [{**one, "what": _what(page, one)} for one in told["items"]],
        "can_check_in": can_check_in,
        "can_check_out": can_check_out,
        "taught": _minutes(starts, page.now),
        "longest": _minutes(starts, ends),
        "seen": phone_words.digest(
            found, len(told["items"]), can_check_in, can_check_out, page.visitor.language
        ),
        "ended": phone_words.ENDED,
        "map_url": phone_words.map_url,
        "geo_url": phone_words.geo_url,
    }


def _what(page: Page, happened: dict[str, Any]) -> str:
    fact = happened["subject"].rpartition(".")[2]
    return page._(phone_words.TOLD[fact]) if fact in phone_words.TOLD else fact


def _minutes(first: datetime, last: datetime) -> int:
    return max(0, int((last - first).total_seconds() // 60))
