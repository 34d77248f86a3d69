"""Portal: what waits for a lecturer: offers, questions about another time, lessons at hand."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import phone_words
from services.portal.pages.forms import whole
from services.portal.pages.frame import Page, pages
from services.portal.pages.upstream import Refused
from services.portal.pages.words import instant

router = pages("/phone", Role.LECTURER)


@router.get("")
async def todo(page: Page) -> Response:
    return await page.show("phone/todo.html", **await _todo(page))


@router.get("/cards")
async def cards(page: Page, seen: str = "") -> Response:
    """The cards again, for a page that looks again; nothing when nothing has changed."""
    found = await _todo(page)
    if found["seen"] == seen:
        return Response(status_code=204)
    return page.fragment("phone/cards.html", **found)


@router.get("/offers/{id}")
async def offer(page: Page, id: UUID) -> Response:
    """One offer, for a link that leads to it."""
    found = await page.get("lecturer", f"/todo/{id}")
    return await page.show("phone/offer.html", offer=_with_choices(page, found), **_words())


@router.post("/offers/{id}/accept")
async def accept(page: Page, id: UUID) -> Response:
    body = {"revision": page.form.get("revision", "")}
    done = await page.post("lecturer", f"/offers/{id}/accept", body)
    said = _said(page, done)
    if done["kind"] == "retime":
        return await page.go("/phone", done=page._("已同意改期：%(lesson)s。", lesson=said))
    return await page.go("/phone", done=page._("已接单：%(lesson)s，已列入您的日程。", lesson=said))


@router.post("/offers/{id}/decline")
async def decline(page: Page, id: UUID) -> Response:
    body = {"reason": page.form.get("reason", ""), "note": page.form.get("note") or None}
    done = await page.post("lecturer", f"/offers/{id}/decline", body)
    reason = page._.word("decline", done["reason"])
    if done["kind"] == "retime":
        text = page._("未同意改期（%(reason)s），课次仍按原时间进行。", reason=reason)
    else:
        text = page._("已婉拒（%(reason)s）：%(lesson)s。", reason=reason, lesson=_said(page, done))
    return await page.go("/phone", done=text)


@router.post("/offers/{id}/counter")
async def counter(page: Page, id: UUID) -> Response:
    """Another start; the lesson keeps its length."""
    starts_at = phone_words.local(page.form.get("starts_at", ""))
    minutes = whole(page.form.get("minutes", ""))
    if starts_at is None or minutes is None:
        wrong = {"field": "starts_at", "code": "datetime_parsing"}
        raise Refused(422, "invalid_body", {"errors": [wrong]})
    body = {
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=min(minutes, 24 * 60)),
        "note": page.form.get("note") or None,
    }
    done = await page.post("lecturer", f"/offers/{id}/counter", body)
    when = page._.span(done["counter"]["starts_at"], done["counter"]["ends_at"])
    return await page.go(
        "/phone",
        done=page._("已提出改在 %(when)s，等排课员答复。", when=when),
        undo=(f"/phone/offers/{id}/withdraw_counter", {}),
    )


@router.post("/offers/{id}/withdraw_counter")
async def withdraw_counter(page: Page, id: UUID) -> Response:
    await page.post("lecturer", f"/offers/{id}/withdraw_counter", {})
    return await page.go("/phone", done=page._("已撤回所提时间，请对原时间作答。"))


async def _todo(page: Page) -> dict[str, Any]:
    found = await page.get("lecturer", "/todo")
    offers = [_with_choices(page, offer) for offer in found["offers"]]
    waiting = [offer for offer in offers if "accept" in offer["moves"]]
    for offer in waiting:
        slot = _slot(offer)
        offer["rivals"] = sum(
            other is not offer and phone_words.overlaps(other, *slot) for other in waiting
        )
    seen = phone_words.digest(found, str(page.now.date()), page.visitor.language)
    return {**found, "offers": offers, "seen": seen, **_words()}


def _with_choices(page: Page, offer: dict[str, Any]) -> dict[str, Any]:
    """Times that are often meant when another one is proposed."""
    starts_at, ends_at = _slot(offer)
    minutes = int((ends_at - starts_at).total_seconds() // 60)
    later = [starts_at + timedelta(days=days) for days in (1, 2, 7)]
    choices = [moment for moment in later if moment > page.now]
    return {**offer, "minutes": minutes, "choices": choices, "rivals": 0}


def _slot(offer: dict[str, Any]) -> tuple[datetime, datetime]:
    starts_at, ends_at = instant(offer["starts_at"]), instant(offer["ends_at"])
    assert starts_at is not None and ends_at is not None
    return starts_at, ends_at


def _said(page: Page, offer: dict[str, Any]) -> str:
    lesson = {"course_title": offer["seat"]["course_title"]}
    return phone_words.said(page, {**offer, "lesson": lesson})


def _words() -> dict[str, Any]:
    return {
        "ended": phone_words.ENDED,
        "map_url": phone_words.map_url,
        "geo_url": phone_words.geo_url,
    }
