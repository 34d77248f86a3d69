"""Portal: draft plans of the season (排课方案): made, watched while they run, compared."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import Response
from fastapi.responses import StreamingResponse

from services.kit.auth import Role
from services.portal.pages import desk_plan_words as said
from services.portal.pages.desk_lists import asked, number
from services.portal.pages.frame import Page, pages
from services.portal.pages.upstream import Refused
from services.portal.pages.vocabulary import WORDS

router = pages("/desk/plans", Role.SCHEDULER, Role.SUPERVISOR)

WEEKS = 4  # proposed for a new plan
LOOK = 0.5  # seconds between two looks at a run
LONGEST = 300.0  # seconds a page watches; browsers come back by themselves
WEIGHTS = {
    "wish": "尽量满足第一志愿时间",
    "request": "尽量请到意向讲师",
    "travel": "少跑路",
    "fairness": "讲师课量均衡",
    "pool": "按师资库先后",
    "stability": "与上一草案保持一致",
}
# Points of each, as booking has them when nothing is said.
USUAL = {"wish": 6, "request": 20, "travel": 1, "fairness": 3, "pool": 1, "stability": 5}
# How much each of them counts, as people say it.
DEGREES = {"0": "不考虑", "1": "照常", "3": "更看重"}


@router.get("")
async def plans(page: Page) -> Response:
    filters = asked(page, "state")
    cursor = page.request.query_params.get("cursor")
    found = await page.get("booking", "/plans", **filters, cursor=cursor)
    monday = page.now.date() + timedelta(days=7 - page.now.weekday())
    return await page.show(
        "desk/plans.html",
        plans=[{**one, "gap": said.gap(one)} for one in found["items"]],
        next=found["next"],
        first=monday.isoformat(),
        last=(monday + timedelta(weeks=WEEKS, days=-1)).isoformat(),
        weights=[(name, page._(text)) for name, text in WEIGHTS.items()],
        degrees=[(code, page._(text)) for code, text in DEGREES.items()],
        may_plan=page.has(Role.SCHEDULER),
    )


@router.post("")
async def make(page: Page) -> Response:
    form = page.form
    body = {
        "first_on": form.get("first_on", ""),
        "last_on": form.get("last_on", ""),
        "options": options(form),
    }
    made = await page.post("booking", "/plans", body)
    return await page.go(f"/desk/plans/{made['id']}")


def options(form: Any) -> dict[str, Any]:
    """The policy: each weight in its usual strength, left out, or three times as strong."""
    first = form.get("pool_first", "")
    times = {name: number(form.get(name, "1")) for name in USUAL}
    return {
        "weights": {name: points * _times(times[name]) for name, points in USUAL.items()},
        "pools": [first, *(code for code in WORDS["pool"] if code != first)] if first else [],
        "seconds": number(form.get("seconds", "30")),
    }


def _times(said_times: Any) -> int:
    return said_times if isinstance(said_times, int) and 0 <= said_times <= 9 else 1


@router.get("/compare")
async def compare(page: Page, a: UUID, b: UUID) -> Response:
    """Two drafts side by side: how good each is, and the lessons they give otherwise."""
    one, other = await page.gather(
        page.get("booking", f"/plans/{a}"), page.get("booking", f"/plans/{b}")
    )
    theirs = {line["lesson_id"]: line for line in other["lines"]}
    rows = [
        (line, theirs.get(line["lesson_id"]))
        for line in one["lines"]
        if where(line) != where(theirs.get(line["lesson_id"]))
    ]
    mine = {line["lesson_id"] for line in one["lines"]}
    more = [(None, line) for id, line in theirs.items() if id not in mine and where(line)]
    names = sorted({*one["terms"], *other["terms"]}, key=list(said.TERMS).index)
    return await page.show(
        "desk/plan_compare.html",
        a={**one, "gap": said.gap(one)},
        b={**other, "gap": said.gap(other)},
        rows=[*rows, *more],
        terms=[
            (page._(said.TERMS[name]), one["terms"].get(name, 0), other["terms"].get(name, 0))
            for name in names
        ],
    )


def where(line: dict[str, Any] | None) -> tuple[str, str] | None:
    """When and by whom a plan gives a lesson; None when it does not."""
    if line is None or line["starts_at"] is None:
        return None
    return line["starts_at"], line["lecturer_id"]


@router.get("/{plan_id:uuid}/stream")
async def stream(page: Page, plan_id: UUID) -> Response:
    """How far a run or a publishing is, twice a second (server-sent events); `over` at its end."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    first = await page.get("booking", f"/plans/{plan_id}/progress")
    return StreamingResponse(
        _watch(page, plan_id, first), media_type="text/event-stream", headers=headers
    )


async def _watch(page: Page, plan_id: UUID, now: dict[str, Any]) -> AsyncIterator[str]:
    loop, hub = asyncio.get_running_loop(), page.request.app.state.live
    ends, told = loop.time() + LONGEST, ""
    while loop.time() < ends and not hub.ending:
        if now["state"] not in ("running", "publishing"):
            yield "event: over\ndata: {}\n\n"
            return
        if (shown := json.dumps(progress(page, now), ensure_ascii=False)) != told:
            told = shown
            yield f"event: progress\ndata: {shown}\n\n"
        await asyncio.sleep(LOOK)
        try:
            now = await page.get("booking", f"/plans/{plan_id}/progress")
        except Refused:
            yield "event: over\ndata: {}\n\n"  # the page says what is wrong
            return


def progress(page: Page, now: dict[str, Any]) -> dict[str, Any]:
    """What a person sees of a run: words, and how full the bar is."""
    if now["state"] == "publishing":
        done, all_ = now["placed"] + now["skipped"], max(1, now["served"])
        text = page._("已处理 %(n)s / %(all)s 课次", n=done, all=all_)
        return {"phase": page._("逐课次排定并派单"), "text": text, "share": done / all_}
    best, bound = now["best"], now["bound"]
    parts = [page._("已用 %(n)s 秒", n=round(now["seconds"]))]
    if best:
        parts.append(page._("目前未排权重 %(n)s", n=best["unserved"]))
    if bound:
        parts.append(page._("至少 %(n)s", n=bound["unserved"]))
    return {"phase": said.phase(now["phase"], page._), "text": " · ".join(parts), "share": None}
