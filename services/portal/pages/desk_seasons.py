"""Portal: season windows (季度征集) on the desk: opened, watched while wishes come, allocated."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import desk_words
from services.portal.pages.desk_lists import asked, moment, wants_sheet
from services.portal.pages.desk_plans import DEGREES, WEIGHTS, options
from services.portal.pages.frame import Page, pages
from services.portal.pages.words import Words

router = pages("/desk/seasons", Role.SCHEDULER, Role.SUPERVISOR)

QUARTER = 3  # months
BEFORE = timedelta(days=14)  # proposed between the closing and the first day
CLOSING = "18:00"
STEPS = {
    "collecting": "征集中",
    "closed": "截止",
    "allocating": "统一分配",
    "allocated": "分配完成",
}
# What happened to a season, by its fact.
TOLD = {
    "opened": "开始征集",
    "extended": "改了截止时间",
    "closing_soon": "提醒各校即将截止",
    "closed": "征集截止",
    "reopened": "重新开放征集",
    "allocating": "开始统一分配",
    "allocated": "分配方案已发布",
    "cancelled": "取消征集",
}
# From which difference to the average on one says so.
LEAST = 1.0


@router.get("")
async def seasons(page: Page) -> Response:
    filters = asked(page, "state")
    cursor = page.request.query_params.get("cursor")
    found = await page.get("booking", "/seasons", **filters, cursor=cursor)
    first, last = next_quarter(page.now.date())
    quarter = {"year": first.year, "n": first.month // QUARTER + 1}
    return await page.show(
        "desk/seasons.html",
        seasons=found["items"],
        next=found["next"],
        proposed={
            "name": page._("%(year)s年第%(n)s季度征集", **quarter),
            "first": first.isoformat(),
            "last": last.isoformat(),
            "closes": f"{max(first - BEFORE, page.now.date() + timedelta(days=1))}T{CLOSING}",
        },
    )


@router.post("")
async def open_one(page: Page) -> Response:
    form = page.form
    body = {
        "name": form.get("name", "").strip(),
        "first_on": form.get("first_on", ""),
        "last_on": form.get("last_on", ""),
        "closes_at": moment(form.get("closes_at")),
    }
    made = await page.post("booking", "/seasons", body)
    said = page._("征集已开始，各校会收到通知。")
    return await page.go(f"/desk/seasons/{made['id']}", done=said)


@router.get("/{season_id:uuid}")
async def season(page: Page, season_id: UUID) -> Response:
    """How many lessons of which schools and courses, and what each school was given before and
    is given now; who did what."""
    found, past = await page.gather(
        page.get("booking", f"/seasons/{season_id}"),
        page.get("booking", "/happened", key=season_id, limit=50),
    )
    rows = [{**one, "sentence": sentence(page, one["before"], found)} for one in found["schools"]]
    if wants_sheet(page):
        return page.excel(page._("季度征集"), sheet(page), rows)
    return await page.show(
        "desk/season.html",
        season=found,
        schools=[one for one in rows if one["lessons"]],
        silent=[one for one in rows if not one["lessons"]],
        most=max([one["after"] for one in rows], default=0),
        steps=steps(page, found["state"]),
        past=[
            {**row, "who": desk_words.by(page._, row["by"]), "what": told(row, page._)}
            for row in past["items"]
        ],
        weights=[(name, page._(text)) for name, text in WEIGHTS.items()],
        degrees=[(code, page._(text)) for code, text in DEGREES.items()],
    )


@router.post("/{season_id:uuid}/extend")
async def extend(page: Page, season_id: UUID) -> Response:
    return await _until(page, season_id, "extend", page._("截止时间已改，各校会收到通知。"))


@router.post("/{season_id:uuid}/reopen")
async def reopen(page: Page, season_id: UUID) -> Response:
    return await _until(page, season_id, "reopen", page._("征集重新开放，各校会收到通知。"))


@router.post("/{season_id:uuid}/close")
async def close(page: Page, season_id: UUID) -> Response:
    await page.post("booking", f"/seasons/{season_id}/close")
    return await page.go(f"/desk/seasons/{season_id}", done=page._("征集已截止，可以统一分配。"))


@router.post("/{season_id:uuid}/allocate")
async def allocate(page: Page, season_id: UUID) -> Response:
    """To the draft, which is read, edited and published as any other."""
    body = {"options": options(page.form)}
    made = await page.post("booking", f"/seasons/{season_id}/allocate", body)
    return await page.go(f"/desk/plans/{made['plan_id']}")


@router.post("/{season_id:uuid}/cancel")
async def cancel(page: Page, season_id: UUID) -> Response:
    reason = page.form.get("reason", "")
    await page.post("booking", f"/seasons/{season_id}/cancel", {"reason": reason} if reason else {})
    return await page.go(f"/desk/seasons/{season_id}", done=page._("征集已取消，各校会收到通知。"))


def sentence(page: Page, before: int, season: dict[str, Any]) -> str:
    """Where a school stands, and what follows from it."""
    average = season["average_before"]
    facts = {"n": before, "average": f"{average:g}"}
    if average - before >= LEAST:
        return page._("今年已落实 %(n)s 课次，少于平均的 %(average)s，同等条件下优先", **facts)
    if before - average >= LEAST:
        return page._("今年已落实 %(n)s 课次，多于平均的 %(average)s，同等条件下靠后", **facts)
    return page._("今年已落实 %(n)s 课次，与平均的 %(average)s 相当", **facts)


def told(row: dict[str, Any], words: Words) -> str:
    """What was done, in the past."""
    text = TOLD.get(str(row["fact"]))
    return words(text) if text else str(row["fact"])


def steps(page: Page, state: str) -> list[tuple[str, str]]:
    """The way of a season as words: what is over, where it is, what comes."""
    names = list(STEPS)
    now = names.index(state) if state in names else -1
    kinds = [
        "done" if n < now or state == "allocated" else "now" if n == now else "todo"
        for n in range(len(names))
    ]
    return [(kind, page._(STEPS[name])) for kind, name in zip(kinds, names, strict=True)]


def next_quarter(today: date) -> tuple[date, date]:
    """The first and the last day of the quarter after this one."""
    month = today.month - (today.month - 1) % QUARTER + QUARTER
    first = date(today.year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    after = first.month + QUARTER
    following = date(first.year + (after - 1) // 12, (after - 1) % 12 + 1, 1)
    return first, following - timedelta(days=1)


def sheet(page: Page) -> list[Any]:
    return [
        (page._("学校"), "name"),
        (page._("收集课次"), "lessons"),
        (page._("其中待审"), "unreviewed"),
        (page._("此前已落实"), "before"),
        (page._("本次排上"), "given"),
        (page._("分配之后"), "after"),
        (page._("说明"), "sentence"),
    ]


async def _until(page: Page, season_id: UUID, verb: str, done: str) -> Response:
    body = {"closes_at": moment(page.form.get("closes_at"))}
    await page.post("booking", f"/seasons/{season_id}/{verb}", body)
    return await page.go(f"/desk/seasons/{season_id}", done=done)
