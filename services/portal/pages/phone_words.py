"""Portal: what a lecturer's pages say about codes only they show, and addresses of places."""

import hashlib
import json
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from services.portal.pages.visit import Visit
from services.portal.pages.words import ZONE, instant

PARTS = ("am", "pm", "eve")
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
# Why an offer ended without the lecturer's doing.
ENDED = {
    "overlapping": "您已接下同一时间的另一课次。",
    "no_answer": "在答复期限内没有收到您的答复。",
    "seat_filled_by_other": "这一课次已由其他讲师承担。",
    "lesson_revised": "课次的时间或地点已调整，这张派课单作废。",
    "lesson_cancelled_or_suspended": "课次已取消或暂缓。",
    "retime_dropped": "改期已撤回，仍按原时间上课。",
    "holder_lost": "您已不再承担这一课次。",
    "revoke": "排课员撤回了这张派课单。",
    "not_available": "与您的请假或不可用时间冲突。",
    "appointment_not_valid": "上课当天聘任书已不在有效期内。",
    "not_qualified": "您不再讲授这门课程。",
    "lecturer_inactive": "您的讲师身份已停用。",
    "already_teaching": "与您已承诺的课次时间冲突。",
    "travel_buffer": "与前后课次之间来不及赶路。",
}
# What happened to a promise, in its history.
TOLD = {
    "committed": "已承诺",
    "retimed": "已改期",
    "reconfirmed": "已再次确认",
    "reconfirm_missed": "没有再次确认",
    "not_checked_in": "到点未签到",
    "released": "已退出",
    "release_requested": "申请退出",
    "release_refused": "未同意退出",
    "release_withdrawn": "撤回退出申请",
    "replaced": "已改派",
    "voided": "已作废",
    "checked_in": "已签到",
    "fulfilled": "已签退",
    "partial": "部分授课",
    "no_show": "未到",
    "appeal_upheld": "申诉成立",
}
# The work calendar's days, as the reference data names them.
HOLIDAYS = {
    "new year's day": "元旦",
    "spring festival": "春节",
    "tomb-sweeping day": "清明",
    "labour day": "五一",
    "dragon boat festival": "端午",
    "mid-autumn festival": "中秋",
    "national day": "国庆",
}


def digest(*answers: Any) -> str:
    """Whether a page that looks again would see anything new."""
    said = json.dumps(answers, sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def map_url(place: dict[str, Any]) -> str | None:
    """A web map everybody has; on a phone it opens the map application."""
    if place.get("lat") is None or place.get("lon") is None:
        return None
    where = {
        "position": f"{place['lon']:.6f},{place['lat']:.6f}",
        "name": place.get("name") or place.get("address") or "",
        "coordinate": "wgs84",
        "callnative": "1",
    }
    return f"https://uri.amap.com/marker?{urlencode(where)}"


def geo_url(place: dict[str, Any]) -> str | None:
    """For the map application the phone itself prefers."""
    if place.get("lat") is None or place.get("lon") is None:
        return None
    at = f"{place['lat']:.6f},{place['lon']:.6f}"
    return f"geo:{at}?q={at}"


def local(text: str) -> datetime | None:
    """What an <input type=datetime-local> or type=date holds; None when it is no moment."""
    try:
        return instant(datetime.fromisoformat(text)) if text else None
    except ValueError:
        return None


def on(text: str) -> date | None:
    """A day as an <input type=date> holds it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def hours(day: date, part: tuple[str, str] | list[str]) -> tuple[datetime, datetime]:
    """A half-day as two instants."""
    opens, closes = (time.fromisoformat(text) for text in part)
    return datetime.combine(day, opens, ZONE), datetime.combine(day, closes, ZONE)


def overlaps(row: dict[str, Any], first: datetime, last: datetime) -> bool:
    """Does a lesson or a leave touch this time?"""
    starts_at, ends_at = instant(row["starts_at"]), instant(row["ends_at"])
    return starts_at is not None and ends_at is not None and starts_at < last and ends_at > first


def said(page: Visit, row: dict[str, Any]) -> str:
    """A lesson in one breath, for what is said after an answer."""
    when = page._.span(row["starts_at"], row["ends_at"])
    return page._("%(when)s《%(course)s》", when=when, course=row["lesson"]["course_title"])


def holidays(rows: list[dict[str, Any]]) -> dict[str, str]:
    """The free days with a name: ISO day to Chinese name, or the name as it stands."""
    free = (row for row in rows if not row["is_workday"])
    return {
        row["on"]: HOLIDAYS.get(row["holiday_name"].casefold(), row["holiday_name"]) for row in free
    }


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
