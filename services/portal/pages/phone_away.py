"""Portal: when a lecturer cannot be asked: half-days of the coming weeks, leave, his week."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.kit.ids import uuid7
from services.portal.pages import phone_words
from services.portal.pages.frame import Page, pages
from services.portal.pages.phone_words import PARTS, WEEKDAYS
from services.portal.pages.upstream import Refused
from services.portal.pages.words import ZONE, instant

router = pages("/phone/away", Role.LECTURER)

WEEKS = 6
MOST_WEEKS = 52
LONGEST_PREVIEW = 90  # days


@router.get("")
async def away(page: Page, start: str = "") -> Response:
    first = _first(start, page.now.date())
    found = await _agenda(page, first, first + timedelta(days=7 * WEEKS - 1))
    leaves = [row for row in found["leave"] if _long(row)]
    return await page.show(
        "phone/away.html",
        weeks=[_week(page, found, first + timedelta(days=7 * n)) for n in range(WEEKS)],
        first=first,
        this_monday=phone_words.monday(page.now.date()),
        before=first - timedelta(days=7 * WEEKS),
        after=first + timedelta(days=7 * WEEKS),
        leaves=leaves,
        half_days=set(found["half_days"]),
        version=found["version"],
        parts=PARTS,
        weekdays=WEEKDAYS,
        today=page.now.date(),
    )


@router.post("/take")
async def take(page: Page) -> Response:
    """One half-day, at once; what is said can be undone for five seconds, and by another tap."""
    on, part = _half_day(page)
    starts_at, ends_at = _hours(page)
    leave = uuid7()
    body = {"starts_at": starts_at, "ends_at": ends_at, "reason": page._("个人安排")}
    await page.put("lecturer", _leave(page, leave), body)
    text = page._("%(when)s已设为不可用。", when=_named(page, on, part))
    undo = {"url": "/phone/away/give_back", "leave": leave, **_sent(page)}
    return await _shown(page, on, part, text, undo)


@router.post("/give_back")
async def give_back(page: Page) -> Response:
    """Not away after all."""
    on, part = _half_day(page)
    reason = {"reason": page._("恢复可用")}
    await page.post("lecturer", f"{_leave(page, _uuid(page))}/undo", reason)
    text = page._("%(when)s已恢复。", when=_named(page, on, part))
    return await _shown(
        page, on, part, text, {"url": "/phone/away/take", "leave": "", **_sent(page)}
    )


@router.get("/preview")
async def preview(page: Page, first: str = "", last: str = "") -> Response:
    """The lessons promised between two days, before anything is saved."""
    from_on, to_on = phone_words.on(first), phone_words.on(last)
    wrong = ""
    if from_on is None or to_on is None:
        wrong = page._("请选好开始和结束日期。")
    elif to_on < from_on:
        wrong = page._("结束日期不能早于开始日期。")
    elif (to_on - from_on).days >= LONGEST_PREVIEW:
        wrong = page._("一次最多请假 %(n)s 天。", n=LONGEST_PREVIEW)
    if wrong or from_on is None or to_on is None:
        return page.fragment("phone/preview.html", wrong=wrong, days=0, lessons=[])
    found = await page.get("lecturer", "/agenda", from_=from_on, to=to_on)
    live = [p for p in found["items"] if "release" in p["moves"] or p["state"] == "checked_in"]
    days = (to_on - from_on).days + 1
    return page.fragment("phone/preview.html", wrong="", days=days, lessons=live)


@router.post("/leave")
async def leave(page: Page) -> Response:
    """Several days, from the first morning to the last evening."""
    from_on, to_on = phone_words.on(page.form["first"]), phone_words.on(page.form["last"])
    reason = page.form.get("reason", "")
    missing = [("first", from_on), ("last", to_on), ("reason", reason)]
    errors = [{"field": name, "code": "missing"} for name, value in missing if not value]
    if errors or from_on is None or to_on is None:
        raise Refused(422, "invalid_body", {"errors": errors})
    id = uuid7()
    body = {
        "starts_at": datetime.combine(from_on, datetime.min.time(), ZONE),
        "ends_at": datetime.combine(to_on + timedelta(days=1), datetime.min.time(), ZONE),
        "reason": reason,
    }
    await page.put("lecturer", _leave(page, id), body)
    days = page._("%(first)s–%(last)s", first=page._.day(from_on), last=page._.day(to_on))
    return await page.go(
        f"/phone/away?start={phone_words.monday(from_on)}",
        done=page._("已请假：%(days)s。", days=days),
        undo=("/phone/away/undo", {"leave": str(id)}),
    )


@router.post("/undo")
async def undo(page: Page) -> Response:
    """A longer leave, all of it."""
    reason = {"reason": page._("取消请假")}
    await page.post("lecturer", f"{_leave(page, _uuid(page))}/undo", reason)
    return await page.go("/phone/away", done=page._("已取消这段请假。"))


@router.post("/week")
async def week(page: Page) -> Response:
    """His weekly pattern."""
    if "version" not in page.form:
        raise Refused(412, "version_stale", {})
    chosen, before = page.lists("half_days"), page.form.get("before", "")
    if joined := page.form.get("joined"):
        chosen = joined.split(",") if joined != "-" else []
    path = f"/lecturers/{page.visitor.lecturer_id}/availability"
    done = await page.put("lecturer", path, {"half_days": chosen}, if_match=page.form.version)
    was = {"joined": before or "-", "version": done["version"]}
    return await page.go(
        "/phone/away", done=page._("每周可排时间已保存。"), undo=("/phone/away/week", was)
    )


async def _shown(page: Page, on: date, part: str, text: str, undo: dict[str, Any]) -> Response:
    """The week that was tapped, anew, and what may be undone."""
    first = phone_words.monday(on)
    found = await _agenda(page, first, first + timedelta(days=6))
    return page.fragment(
        "phone/away_week.html",
        week=_week(page, found, first),
        parts=PARTS,
        said=text,
        undo={**undo, "on": on, "part": part},
    )


async def _agenda(page: Page, first: date, last: date) -> dict[str, Any]:
    found: dict[str, Any] = await page.get("lecturer", "/agenda", from_=first, to=last)
    leave = [{**row, "named": _days(page, row)} for row in found["leave"]]
    return {**found, "leave": leave}


def _week(page: Page, found: dict[str, Any], first: date) -> dict[str, Any]:
    """Seven days of three half-days, each free, off (not in his week), away, taken or past."""
    days = [first + timedelta(days=n) for n in range(7)]
    named = phone_words.holidays(found["days"])
    rows = [[_cell(page, found, day, part) for day in days] for part in PARTS]
    return {
        "first": first,
        "last": days[-1],
        "days": [{"on": day, "holiday": named.get(day.isoformat(), "")} for day in days],
        "rows": list(zip(PARTS, rows, strict=True)),
    }


def _cell(page: Page, found: dict[str, Any], on: date, part: str) -> dict[str, Any]:
    starts_at, ends_at = phone_words.hours(on, found["parts"][part])

    def within(name: str) -> list[dict[str, Any]]:
        return [row for row in found[name] if phone_words.overlaps(row, starts_at, ends_at)]

    lessons, leaves = within("items"), within("leave")
    usual = f"{WEEKDAYS[on.weekday()]}_{part.upper()}" in found["half_days"]
    if ends_at <= page.now:
        state = "past"
    elif lessons:
        state = "taken"
    elif leaves:
        state = "away"
    else:
        state = "free" if usual else "off"
    return {
        "on": on,
        "part": part,
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "state": state,
        "lessons": lessons,
        "leave": leaves[0] if leaves else None,
        "long": bool(leaves) and _long(leaves[0]),
        "name": _named(page, on, part),
    }


def _long(row: dict[str, Any]) -> bool:
    """More than one half-day: taken and given back as a whole."""
    starts_at, ends_at = instant(row["starts_at"]), instant(row["ends_at"])
    return starts_at is None or ends_at is None or ends_at - starts_at > timedelta(hours=6)


def _days(page: Page, row: dict[str, Any]) -> str:
    """A leave of whole days is named by its days, another one by its hours."""
    starts_at, ends_at = instant(row["starts_at"]), instant(row["ends_at"])
    assert starts_at is not None and ends_at is not None
    last = ends_at - timedelta(seconds=1)
    if (starts_at.hour, starts_at.minute, last.hour, last.minute) != (0, 0, 23, 59):
        return page._.span(starts_at, ends_at)
    if starts_at.date() == last.date():
        return page._.day(starts_at)
    return page._("%(first)s–%(last)s", first=page._.day(starts_at), last=page._.day(last))


def _half_day(page: Page) -> tuple[date, str]:
    on, part = phone_words.on(page.form.get("on", "")), page.form.get("part", "")
    if on is None or part not in PARTS:
        raise Refused(404, "not_found", {})
    return on, part


def _hours(page: Page) -> tuple[datetime, datetime]:
    """When the half-day begins and ends, as its cell said."""
    starts_at, ends_at = (phone_words.local(text) for text in _sent(page).values())
    if starts_at is None or ends_at is None:
        raise Refused(404, "not_found", {})
    return starts_at, ends_at


def _sent(page: Page) -> dict[str, str]:
    return {name: page.form.get(name, "") for name in ("starts_at", "ends_at")}


def _uuid(page: Page) -> UUID:
    try:
        return UUID(page.form.get("leave", ""))
    except ValueError:
        raise Refused(404, "not_found", {}) from None


def _leave(page: Page, id: UUID) -> str:
    return f"/lecturers/{page.visitor.lecturer_id}/leave/{id}"


def _named(page: Page, on: date, part: str) -> str:
    return page._("%(day)s%(half)s", day=page._.day(on), half=page._.word("half", part))


def _first(start: str, today: date) -> date:
    """A Monday, not before this week and not later than in a year."""
    wanted = phone_words.on(start) or today
    latest = today + timedelta(weeks=MOST_WEEKS)
    return phone_words.monday(min(max(wanted, today), latest))
