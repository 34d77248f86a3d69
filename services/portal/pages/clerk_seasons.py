"""Portal: season windows (季度征集) for a school: until when, what of its own is in it, and what
was served and why not."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import desk_plan_words, refusals
from services.portal.pages.desk_board_words import LABELS
from services.portal.pages.desk_seasons import sentence, steps
from services.portal.pages.frame import Page, pages
from services.portal.pages.upstream import Refused
from services.portal.pages.words import instant

router = pages("/clerk/seasons", Role.TOWNSHIP)

NEWS = timedelta(days=14)  # so long a result stands on the desk
NOTHING: dict[str, Any] = {"items": []}


@router.get("")
async def seasons(page: Page) -> Response:
    cursor = page.request.query_params.get("cursor")
    found = await page.get("booking", "/seasons", cursor=cursor)
    return await page.show("clerk/seasons.html", seasons=found["items"], next=found["next"])


@router.get("/{season_id:uuid}")
async def season(page: Page, season_id: UUID) -> Response:
    """The school's own lessons, and what became of each."""
    found = await page.get("booking", f"/seasons/{season_id}")
    own = next(iter(found["schools"]), None)
    return await page.show(
        "clerk/season.html",
        season=found,
        school=own,
        sentence=sentence(page, own["before"], found) if own else "",
        lessons=[{**one, **result(page, one, found["state"])} for one in found["own"]],
        steps=steps(page, found["state"]),
    )


async def current(page: Page) -> list[dict[str, Any]]:
    """What a school has to know of now: windows that are not allocated yet, and fresh results."""
    found = await page.get_or(NOTHING, "booking", "/seasons", current=True)
    return [one for one in found["items"] if _is_news(page, one)]


def touching(seasons: list[dict[str, Any]], order: dict[str, Any]) -> list[dict[str, Any]]:
    """Those whose days the letter wishes for."""
    days = {
        str(wish["starts_at"])[:10]
        for line in order["lines"]
        for wish in line["wishes"]
        if line.get("review") != "refused"
    }
    return [one for one in seasons if any(one["first_on"] <= d <= one["last_on"] for d in days)]


def result(page: Page, lesson: dict[str, Any], state: str) -> dict[str, Any]:
    """In words what became of a lesson; before the allocation nothing has."""
    if state != "allocated":
        return {"said": "", "tone": "wait"}
    if lesson["outcome"] == "placed":
        return {"said": page._("已排上"), "tone": "good"}
    if lesson["outcome"] == "skipped":
        code, facts = lesson["outcome_code"] or "refused", lesson["outcome_facts"]
        why = refusals.sentence(Refused(409, code, facts), page._)
    elif lesson["left_out"]:
        why = page._("这次没有安排。")
    else:
        why = _why(page, lesson["why"])
    return {"said": why, "tone": "warn"}


def _why(page: Page, why: dict[str, Any] | None) -> str:
    """Most reasons are the lecturers'; a school has to be told whose they are."""
    text = desk_plan_words.headline(why, page._)
    of_lecturers = (why or {}).get("headline") in LABELS
    return page._("合适的讲师：%(why)s", why=text) if of_lecturers else text


def _is_news(page: Page, season: dict[str, Any]) -> bool:
    if season["state"] != "allocated":
        return True
    ended = instant(season["ended_at"])
    return bool(season["lessons"]) and ended is not None and page.now - ended < NEWS
