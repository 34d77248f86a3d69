"""Notify: facts become sentences, in the reader's language and the district's time.

Chinese is what the sentences are written in (`templates.py`); `locale/<language>/LC_MESSAGES/
notify.po` has the others, read as text, so that nothing compiled is kept.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.messages.pofile import read_po

from services.notify.templates import CODES, DETAILS, FRAGMENTS, ITEMS, TEMPLATES, UNKNOWN

LOCALES = {"zh": "zh_Hans_CN", "en": "en_GB"}
LANGUAGES = tuple(LOCALES)
FOLDER = Path(__file__).parent / "locale"
DAY = {"zh": "y年M月d日（EEE）", "en": "EEE d MMM y"}
MOMENT = {"zh": "M月d日（EEE）HH:mm", "en": "EEE d MMM, HH:mm"}


class Words:
    """The words of one reader: a language and a time zone."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.language = language if language in LOCALES else "zh"
        self.zone = zone
        self.locale = Locale.parse(LOCALES[self.language])

    def of(self, kind: str, facts: Mapping[str, Any]) -> tuple[str, str]:
        """Title and body of a message. What nobody knows is left out or said to be unknown; a kind
        this version has no sentence for says its name, so that no message is ever lost."""
        template = TEMPLATES.get(kind)
        if template is None:
            return kind, ""
        known = self._spoken(facts)
        body = self._fill(template.body, known)
        if "recorded_by" in facts and kind != "objection_raised":
            body += self._fragment("recorded", known)
        return self._fill(template.title, known), body

    def items(self, kind: str, facts: Mapping[str, Any]) -> list[str]:
        """What a message about several things says of each of them."""
        text = ITEMS.get(kind)
        return [self._fill(text, self._spoken(one)) for one in facts.get("items", ()) if text]

    def say(self, msgid: str, **values: Any) -> str:
        """One phrase."""
        return self.translate(msgid).format(**values)

    def translate(self, msgid: str) -> str:
        return catalogue(self.language).get(msgid) or msgid

    def slot(self, facts: Mapping[str, Any], prefix: str = "") -> str | None:
        """12月3日（周四）14:00–17:00; the day is said twice only when it ends on another one."""
        if not facts.get(f"{prefix}starts_at"):
            return None
        starts, ends = (self._local(facts[f"{prefix}{end}"]) for end in ("starts_at", "ends_at"))
        if starts.date() == ends.date():
            return f"{self._moment(starts)}–{format_time(ends, 'HH:mm', locale=self.locale)}"
        return f"{self._moment(starts)} – {self._moment(ends)}"

    def place(self, facts: Mapping[str, Any]) -> str | None:
        """Name and address, without saying one of them twice."""
        name, address = facts.get("place", ""), facts.get("address", "")
        if facts.get("place_kind") == "online" and not name:
            name = self.translate(CODES["online"])
        if address and address not in name:
            name = f"{name} {address}".strip()
        return name or None

    def details(self, facts: Mapping[str, Any]) -> str:
        """What a calendar says below the title."""
        known = self._spoken(facts)
        return "\n".join(self._fill(d, known) for d in DETAILS if fields(d) <= known.keys())

    def _spoken(self, facts: Mapping[str, Any]) -> dict[str, str]:
        """Every fact as people say it. A fact that is missing is missing here too."""
        known = {
            name: self._one(name, value)
            for name, value in facts.items()
            if isinstance(value, str | int | float) and value != ""
        }
        reason = facts.get("reason") or facts.get("reason_code")
        derived = {
            "when": self.slot(facts),
            "other_when": self.slot(facts, "other_"),
            "where": self.place(facts),
            "reason": self._code(reason) if reason else None,
            "channel": self._code(facts.get("recorded_channel") or ""),
            "waived": self._several(facts.get("waived")),
            "excluded_reasons": self._several(facts.get("excluded")),
            "skipped_reasons": self._several(facts.get("skipped_why")),
        }
        return known | {name: value for name, value in derived.items() if value}

    def _one(self, name: str, value: Any) -> str:
        if name.endswith("_at"):
            return self._moment(self._local(value))
        if name.endswith("_on"):
            return format_date(date.fromisoformat(value), DAY[self.language], locale=self.locale)
        if name in ("act", "site_state"):
            return self._code(str(value))
        return str(value)

    def _code(self, code: str) -> str:
        return self.translate(CODES.get(code, code))

    def _several(self, codes: list[str] | dict[str, int] | None) -> str | None:
        if not codes:
            return None
        counts = codes if isinstance(codes, dict) else dict.fromkeys(codes, 0)
        said = (self._code(code) + (f" {count}" if count else "") for code, count in counts.items())
        return self.translate("、").join(said)

    def _fill(self, msgid: str, known: Mapping[str, str]) -> str:
        values = {name: self._piece(name, known) for name in fields(msgid)}
        return self.translate(msgid).format_map(values)

    def _piece(self, name: str, known: Mapping[str, str]) -> str:
        if name in known:
            return known[name]
        if name in FRAGMENTS:
            return self._fragment(name, known)
        return self.translate(UNKNOWN[name]) if name in UNKNOWN else ""

    def _fragment(self, name: str, known: Mapping[str, str]) -> str:
        needed = fields(FRAGMENTS[name]) - UNKNOWN.keys() - FRAGMENTS.keys()
        if name == "with_lecturer":
            needed = frozenset({"lecturer"})
        return self._fill(FRAGMENTS[name], known) if needed <= known.keys() else ""

    def _local(self, at: str) -> datetime:
        return datetime.fromisoformat(at).astimezone(self.zone)

    def _moment(self, at: datetime) -> str:
        return format_datetime(at, MOMENT[self.language], tzinfo=self.zone, locale=self.locale)


@lru_cache
def catalogue(language: str) -> dict[str, str]:
    """What a language says for each sentence; Chinese says the sentence itself."""
    path = FOLDER / language / "LC_MESSAGES" / "notify.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        messages = read_po(file, locale=LOCALES[language], abort_invalid=True)
    return {str(m.id): str(m.string) for m in messages if m.id and m.string and not m.fuzzy}


@lru_cache
def fields(msgid: str) -> frozenset[str]:
    """What stands in braces."""
    return frozenset(name for _, name, _, _ in Formatter().parse(msgid) if name)


def is_quiet(at: datetime, hours: str, zone: ZoneInfo) -> bool:
    """Does this moment fall into quiet hours such as `21:00-07:30`, by the district's clock?"""
    first, last = (_minutes(end) for end in hours.split("-"))
    local = at.astimezone(zone)
    now = timedelta(hours=local.hour, minutes=local.minute)
    return first <= now < last if first <= last else now >= first or now < last


def _minutes(text: str) -> timedelta:
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
