"""Portal: words, dates and numbers in the reader's language.

Pages are written in Chinese; `locale/en/*.po` has the English, read as text.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton
from babel.messages.pofile import read_po

from services.portal.pages.vocabulary import WORDS

ZONE = ZoneInfo("Asia/Shanghai")  # one time zone in the whole country
FOLDER = Path(__file__).parents[1] / "locale"
LOCALES = {"zh": "zh_Hans_CN", "en": "en_GB"}
HTML_LANG = {"zh": "zh-Hans", "en": "en"}
WEEKDAYS = "一二三四五六日"


@lru_cache
def catalogue(language: str) -> dict[str, str]:
    """Chinese sentence to its translation; empty for Chinese itself."""
    found: dict[str, str] = {}
    for path in sorted((FOLDER / language).glob("*.po")):
        with path.open("rb") as file:
            found |= {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string}
    return found


class Words:
    """One reader's language."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LOCALES else "zh"
        self.locale = LOCALES[self.language]
        self.html_lang = HTML_LANG[self.language]

    def __call__(self, sentence: str, **values: Any) -> str:
        text = catalogue(self.language).get(sentence, sentence) if sentence else ""
        return text % values if values else text

    def word(self, kind: str, code: Any) -> str:
        """The word for a code of a kind (`state.lesson`, `confirmed`); the code itself when this
        version has none."""
        if code is None or code == "":
            return ""
        found = WORDS.get(kind, {}).get(str(code))
        return self(found) if found else str(code)

    def day(self, value: Any) -> str:
        """12月3日 周四; Thu 3 Dec. With the year when it is not the present one."""
        on = _date(value)
        if on is None:
            return ""
        if self.language == "zh":
            year = f"{on.year}年" if on.year != datetime.now(ZONE).year else ""
            return f"{year}{on.month}月{on.day}日 周{WEEKDAYS[on.weekday()]}"
        skeleton = "EEE d MMM" if on.year == datetime.now(ZONE).year else "EEE d MMM y"
        return format_date(on, skeleton, locale=self.locale)

    def short_day(self, value: Any) -> str:
        """12/3."""
        on = _date(value)
        return "" if on is None else f"{on.month}/{on.day}"

    def weekday(self, value: Any) -> str:
        on = _date(value)
        if on is None:
            return ""
        return f"周{WEEKDAYS[on.weekday()]}" if self.language == "zh" else f"{on:%a}"

    def month(self, value: Any) -> str:
        on = _date(value)
        if on is None:
            return ""
        return str(format_skeleton("yMMM", on, locale=self.locale))

    def clock(self, value: Any) -> str:
        """14:00."""
        at = instant(value)
        return "" if at is None else f"{at:%H:%M}"

    def moment(self, value: Any) -> str:
        """12月3日 周四 14:00."""
        at = instant(value)
        return "" if at is None else f"{self.day(at)} {at:%H:%M}"

    def span(self, start: Any, end: Any) -> str:
        """12月3日 周四 14:00–17:00."""
        begins, ends = instant(start), instant(end)
        if begins is None or ends is None:
            return self.moment(start)
        if begins.date() == ends.date():
            return f"{self.moment(begins)}–{ends:%H:%M}"
        return f"{self.moment(begins)} – {self.moment(ends)}"

    def left(self, value: Any, now: datetime) -> str:
        """How long until then: 还有 3 小时, or 已过 20 分钟."""
        at = instant(value)
        if at is None:
            return ""
        gap = at - now
        amount = self.lasting(abs(gap))
        return (
            self("还有 %(time)s", time=amount)
            if gap >= timedelta()
            else self("已过 %(time)s", time=amount)
        )

    def lasting(self, gap: timedelta) -> str:
        minutes = int(gap.total_seconds() // 60)
        if minutes < 60:
            return self("%(n)s 分钟", n=minutes)
        if minutes < 48 * 60:
            return self("%(n)s 小时", n=minutes // 60)
        return self("%(n)s 天", n=minutes // (24 * 60))

    def minutes(self, value: Any) -> str:
        """180 minutes as 3 小时; 15 as 15 分钟."""
        if value in (None, ""):
            return ""
        count = int(value)
        if count >= 60 and count % 30 == 0:
            return self("%(n)s 小时", n=f"{count / 60:g}")
        return self("%(n)s 分钟", n=count)


@lru_cache
def words(language: str) -> Words:
    return Words(language)


def is_moment(text: str) -> bool:
    """Whether an address or a form says a moment: what it says may be anything."""
    try:
        return instant(text) is not None
    except (ValueError, OverflowError):
        return False


def instant(value: Any) -> datetime | None:
    """A moment in the district's time, from a datetime or RFC 3339 text."""
    if not value:
        return None
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at.astimezone(ZONE) if at.tzinfo else at.replace(tzinfo=ZONE)


def _date(value: Any) -> date | None:
    if not value:
        return None
    if isinstance(value, str) and len(value) == 10:
        return date.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    at = instant(value)
    return at.date() if at else None
