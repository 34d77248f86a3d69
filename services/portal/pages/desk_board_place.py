"""Portal: a lesson is dropped on a lecturer's half-day: what stands against it, what else would
do, and then placing it and sending the offers."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import desk_board_view as view
from services.portal.pages import desk_board_words as said
from services.portal.pages.desk_lists import real
from services.portal.pages.frame import Page, pages
from services.portal.pages.upstream import Refused
from services.portal.pages.words import ZONE, instant

router = pages("/desk/board", Role.SCHEDULER)

NOBODY: dict[str, Any] = {"items": [], "next": None}
MODES = ("only", "in_turn", "parallel", "open")
ALTERNATIVES = 3
EVERYBODY = 300
Asked = dict[str, Any]


@router.get("/drop")
async def drop(
    page: Page,
    lesson: UUID,
    lecturer: UUID,
    on: str,
    half: str = "am",
    at: str | None = None,
    closed: str = "",
    plan: UUID | None = None,
) -> Response:
    """Can it be there and then? If not: who is in the way, and three other ways. The form to place
    it and to ask; of a draft plan, to pin it there."""
    day = view.day_asked(on, page.now.date())
    picked = await page.get("booking", f"/lessons/{lesson}")
    wishes = [wish["starts_at"] for wish in picked["wishes"]]
    days = view.days_of(day, "week")
    board, venues, sites = await page.gather(
        page.get(
            "lecturer",
            f"/seats/{lesson}/board",
            from_=days[0].isoformat(),
            to=days[-1].isoformat(),
            starts=wishes,
            limit=EVERYBODY,
        ),
        page.get("booking", f"/plans/{plan}/progress")
        if plan
        else page.get_or(NOBODY, "booking", "/venues", school_id=picked["school_id"], limit=100),
        page.get_or(NOBODY, "catalog", "/sites", limit=100),
    )
    drafted, venues = (venues, NOBODY) if plan else (None, venues)
    starts_at = _moment(day, at) or _usual(board, day, half)
    line = next((o for o in board["items"] if o["lecturer"]["id"] == str(lecturer)), None)
    if line is None or starts_at is None:
        raise Refused(404, "not_found", {})
    found = await page.get(
        "lecturer",
        f"/seats/{lesson}/candidates",
        starts_at=starts_at,
        ends_at=view.ends_of(picked, starts_at),
    )
    able = next((o for o in found["items"] if o["lecturer_id"] == str(lecturer)), None)
    out = next((o for o in found["excluded"] if o["lecturer_id"] == str(lecturer)), None)
    here = (day.isoformat(), half)
    shut, past = view.is_closed(closed, day, half), view.is_past(starts_at, page.now)
    never = shut or past
    return page.fragment(
        "desk/board_drop.html",
        picked=picked,
        person=line["lecturer"],
        starts=starts_at,
        ends=view.ends_of(picked, starts_at),
        day=day.isoformat(),
        half=half,
        able=None if past else able,
        said=said.terms(able, page._) if able else [],
        careful=[said.warning(one, page._) for one in able["warnings"]] if able else [],
        reasons=[_reason(page, one, line) for one in out["reasons"]] if out else [],
        others=_others(
            board, line, {**found, "items": [] if never else found["items"]}, here, closed
        ),
        closed=shut,
        past=past,
        same=_same_time(picked, starts_at),
        venues=[(f"venue:{v['id']}", v["name"]) for v in venues["items"]],
        sites=[(f"site:{s['id']}", s["name"]) for s in sites["items"]],
        plan=drafted,
        wished=any(_inside(wish, starts_at) for wish in picked["wishes"]),
    )


@router.post("/place")
async def place(page: Page) -> Response:
    """Time and place are taken, and the offers go out in the way chosen. A lesson that stands at
    this time already is offered to this lecturer as well."""
    form = page.form
    lesson, lecturer = _id(form, "lesson"), _id(form, "lecturer")
    mode = form.get("mode", "in_turn") if form.get("mode") in MODES else "in_turn"
    starts_at = _moment(view.day_asked(form.get("on"), page.now.date()), form.get("time"))
    if starts_at is None:
        raise Refused(422, "invalid_body", {"errors": [{"field": "time", "code": "missing"}]})
    picked = await page.get("booking", f"/lessons/{lesson}")
    where = _where(form, picked)
    if picked["state"] in ("tentative", "at_risk") and not where and _same_time(picked, starts_at):
        ways = {} if mode == "only" else {"mode": mode}
        await page.post("lecturer", f"/seats/{lesson}/offers", {"lecturer_ids": [lecturer], **ways})
        return await page.go(_back(form), done=page._("已加派给这位讲师，等待答复。"))
    if picked["state"] == "tentative":
        await page.post("booking", f"/lessons/{lesson}/unplace", {"note": page._("改排")})
    # Somebody who cannot be asked is not wished for: the others are asked instead.
    wished = form.get("able") == "1"
    body: Asked = {
        "starts_at": starts_at,
        **where,
        "mode": "in_turn" if mode == "only" else mode,
        "lecturers": [lecturer] if wished else None,
        "wanted_only": wished and mode == "only",
        "override": form.get("override") or None,
    }
    placed = await page.post("booking", f"/lessons/{lesson}/place", body)
    text = page._(
        "已排：%(title)s，%(when)s，派单正在发出。",
        title=placed["course_title"],
        when=page._.span(placed["starts_at"], placed["ends_at"]),
    )
    notes = [said.warning(one, page._) for one in placed["warnings"]]
    undo = ("/desk/board/unplace", {"lesson": lesson, "back": _back(form)})
    return await page.go(_back(form), done=" ".join([text, *notes]), undo=undo)


@router.post("/unplace")
async def unplace(page: Page) -> Response:
    """Time and place are given back, and what was offered is called back."""
    lesson = _id(page.form, "lesson")
    await page.post("booking", f"/lessons/{lesson}/unplace", {})
    return await page.go(_back(page.form), done=page._("已取消排课，课次回到待排。"))


@router.post("/start")
async def start(page: Page) -> Response:
    """The lesson keeps its time; the offers go out anew in the way chosen, nobody named."""
    lesson = _id(page.form, "lesson")
    mode = page.form.get("mode", "in_turn")
    await page.post(
        "lecturer", f"/seats/{lesson}/offers", {"mode": mode if mode in MODES[1:] else "in_turn"}
    )
    return await page.go(_back(page.form), done=page._("已按所选方式派单。"))


def _reason(page: Page, of: Asked, line: Asked) -> Asked:
    """With the lessons that are in the way, as far as his week knows them."""
    week = [one for one in line["assignments"] if one["state"] in view.HELD]
    if of["code"] not in ("week_cap", "month_cap"):
        week = [one for one in week if one["lesson_id"] == of.get("lesson_id")]
    return {**said.reason(of, page._), "held": week}


def _others(
    board: Asked, line: Asked, found: Asked, here: tuple[str, str], closed: str
) -> list[Asked]:
    """Three other ways: the same lecturer at another time, others at this time, others at another
    time."""
    own = [_at(line, one) for one in view.places_free(board, line, here, closed)]
    now = [
        {"lecturer": one["lecturer_id"], "name": one["name"], "rank": one["rank"]}
        for one in found["items"]
        if one["lecturer_id"] != line["lecturer"]["id"]
    ]
    some = now[: max(ALTERNATIVES - 1, ALTERNATIVES - len(own))]
    ways = [*own[: ALTERNATIVES - len(some)], *some]
    for other in board["items"]:
        if len(ways) >= ALTERNATIVES or other["rank"] is None:
            break
        if other is not line:
            ways += [_at(other, one) for one in view.places_free(board, other, here, closed)[:1]]
    return ways


def _at(line: Asked, column: Asked) -> Asked:
    """A lecturer in a half-day that is free."""
    who = line["lecturer"]
    return {**column, "starts": column["starts_at"], "lecturer": who["id"], "name": who["name"]}


def _usual(board: Asked, day: date, half: str) -> str | None:
    """When a lesson would be held in this half-day: the wished time, or the opening."""
    for column in board["columns"]:
        if (column["on"], column["half"]) == (day.isoformat(), half):
            return str(column["starts_at"])
    return None


def _moment(day: date, clock: str | None) -> str | None:
    try:
        return datetime.fromisoformat(f"{day}T{(clock or '')[:5]}").replace(tzinfo=ZONE).isoformat()
    except ValueError:
        return None


def _same_time(picked: Asked, starts_at: str) -> bool:
    return bool(picked["starts_at"]) and instant(picked["starts_at"]) == instant(starts_at)


def _inside(wish: Asked, starts_at: str) -> bool:
    first, at, last = instant(wish["starts_at"]), instant(starts_at), instant(wish["ends_at"])
    return first is not None and at is not None and last is not None and first <= at < last


def _where(form: dict[str, str], picked: Asked) -> Asked:
    """`venue:<id>`, `site:<id>` or `address:` of the form; nothing means where the school wished.
    An address without a position is where the lesson is now, if that is an address."""
    kind, _, id = form.get("place", "").partition(":")
    if kind == "address":
        there = picked["place"] if (picked["place"] or {}).get("kind") == "address" else {}
        position = {name: real(form.get(name)) for name in ("lat", "lon") if form.get(name)}
        position = position or {name: there.get(name) for name in ("lat", "lon")}
        return {"address": form.get("address", ""), **position}
    return {f"{kind}_id": id} if kind in ("venue", "site") and id else {}


def _id(form: dict[str, str], name: str) -> str:
    try:
        return str(UUID(form.get(name, "")))
    except ValueError as error:
        raise Refused(404, "not_found", {}) from error


def _back(form: dict[str, str]) -> str:
    """The board as it was; only addresses of the board."""
    back = form.get("back", "")
    return back if back.startswith("/desk/board") else "/desk/board"
