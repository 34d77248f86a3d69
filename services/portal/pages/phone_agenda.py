"""Portal: a lecturer's agenda, as a list by day and a picture of the month."""

from calendar import Calendar
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import phone_words
from services.portal.pages.frame import Page, pages
from services.portal.pages.sheets import Column
from services.portal.pages.words import ZONE, instant

router = pages("/phone/agenda", Role.LECTURER)

FIRST_YEAR, LAST_YEAR = 2001, 2199


@router.get("")
async def agenda(page: Page, month: str = "", format: str = "") -> Response:
    first = _first(month, page.now.date())
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    found = await page.get("lecturer", "/agenda", from_=first, to=last)
    items = found["items"]
    if format == "xlsx":
        return _excel(page, first, items)
    today = page.now.date()
    days: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for item in items:
        days[_day(item)].append(item)
    following = instant(found["next"])
    return await page.show(
        "phone/agenda.html",
        month=first,
        before=(first - timedelta(days=1)).replace(day=1),
        after=last + timedelta(days=1),
        is_now=(today.year, today.month) == (first.year, first.month),
        today=today,
        weeks=_weeks(first, days, found),
        past=[(day, days[day]) for day in sorted(days) if day < today],
        coming=[(day, days[day]) for day in sorted(days) if day >= today],
        following=following,
        map_url=phone_words.map_url,
    )


def _weeks(
    first: date, days: dict[date, list[dict[str, Any]]], found: dict[str, Any]
) -> list[list[dict[str, Any]]]:
    """The month as a calendar shows it: full weeks from Monday."""
    named = phone_words.holidays(found["days"])

    def cell(day: date) -> dict[str, Any]:
        begins = datetime.combine(day, datetime.min.time(), ZONE)
        ends = begins + timedelta(days=1)
        return {
            "on": day,
            "inside": day.month == first.month,
            "lessons": days.get(day, []),
            "away": any(phone_words.overlaps(row, begins, ends) for row in found["leave"]),
            "holiday": named.get(day.isoformat(), ""),
        }

    weeks = Calendar().monthdatescalendar(first.year, first.month)
    return [[cell(day) for day in week] for week in weeks]


def _excel(page: Page, first: date, items: list[dict[str, Any]]) -> Response:
    columns: list[Column] = [
        (page._("日期"), lambda row: _day(row).isoformat()),
        (page._("开始"), lambda row: page._.clock(row["starts_at"])),
        (page._("结束"), lambda row: page._.clock(row["ends_at"])),
        (page._("课程"), lambda row: row["lesson"]["course_title"]),
        (page._("学校"), lambda row: row["lesson"]["school_name"]),
        (page._("地点"), lambda row: row["place"].get("name") or row["place"].get("address")),
        (page._("人数"), lambda row: row["lesson"]["attendees"]),
        (page._("联系人"), lambda row: row["lesson"]["contact_name"]),
        (page._("电话"), lambda row: row["lesson"]["contact_phone"]),
        (page._("状态"), lambda row: page._.word("state.assignment", row["state"])),
        (page._("实授分钟"), "minutes_taught"),
    ]
    return page.excel(f"{page._('日程')} {first:%Y-%m}", columns, items)


def _day(item: dict[str, Any]) -> date:
    starts_at = instant(item["starts_at"])
    assert starts_at is not None
    return starts_at.date()


def _first(month: str, today: date) -> date:
    """The first day of `2026-12`; of this month when it is no month."""
    day = phone_words.on(f"{month}-01") if month else None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        return today.replace(day=1)
    return day
