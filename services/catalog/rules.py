"""Catalog's rules: what a version must be, which of several is valid, when a site is open."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time, timedelta
from typing import Protocol

from services.catalog.states import VersionState
from services.kit.errors import Conflict, Invalid

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
OPEN_RULE = re.compile(r"([A-Z]{3})(?:-([A-Z]{3}))? (\d\d:\d\d)-(\d\d:\d\d)")
CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,31}")

LISTS = {
    "audience": "audience",
    "deliveries": "delivery",
    "eligible_pools": "pool",
    "equipment": "equipment",
}
SINGLES = ("module", "category", "format")


class Valid(Protocol):
    """What is looked at of a version."""

    label: str
    state: str
    valid_from: date
    valid_until: date | None


def check_code(code: str) -> None:
    if not CODE.fullmatch(code):
        raise Invalid("code_invalid", given=code, pattern=CODE.pattern)


def check_version(
    *,
    kind: str,
    format: str,
    valid_from: date,
    valid_until: date | None,
    min_attendees: int,
    max_attendees: int,
) -> None:
    """422: a camp is a programme of lessons and nothing else is; bounds stand in order."""
    if (kind == "programme") != (format == "camp"):
        raise Invalid("kind_not_of_format", kind=kind, format=format)
    if valid_until is not None and valid_until < valid_from:
        raise Invalid("validity_backwards")
    if max_attendees < min_attendees:
        raise Invalid("attendees_backwards")


def is_valid_on(version: Valid, on: date) -> bool:
    return version.valid_from <= on and (version.valid_until is None or on <= version.valid_until)


def make_room(new: Valid, others: Iterable[Valid]) -> list[tuple[Valid, date]]:
    """What publishing `new` does to the published others: whose end is moved to which day.

    At most one published version of a course is valid on any day. One that starts earlier ends
    the day before `new` starts, and does not come back when `new` ends. One that starts on the
    same day or later is in the way: 409 `version_overlaps`; retire it, or choose another start.
    """
    cuts = []
    for other in others:
        if other.state != VersionState.PUBLISHED or not _overlap(new, other):
            continue
        if other.valid_from >= new.valid_from:
            raise Conflict(
                "version_overlaps", label=other.label, valid_from=other.valid_from.isoformat()
            )
        cuts.append((other, new.valid_from - timedelta(days=1)))
    return cuts


def _overlap(one: Valid, other: Valid) -> bool:
    last = date.max
    return one.valid_from <= (other.valid_until or last) and other.valid_from <= (
        one.valid_until or last
    )


def check_open_rule(rule: str) -> str:
    """`TUE-SUN 09:00-17:00` or `SAT 09:00-12:00`, several joined by `;`; in one spelling."""
    parts = [" ".join(part.split()) for part in rule.split(";")]
    if not all(_is_open_part(part) for part in parts):
        raise Invalid("open_rule_invalid", example="TUE-FRI 09:00-16:00; SAT 09:00-12:00")
    return "; ".join(parts)


def _is_open_part(part: str) -> bool:
    found = OPEN_RULE.fullmatch(part)
    if found is None or not {found[1], found[2] or found[1]} <= set(WEEKDAYS):
        return False
    days = WEEKDAYS.index(found[1]) <= WEEKDAYS.index(found[2] or found[1])
    try:
        return days and time.fromisoformat(found[3]) < time.fromisoformat(found[4])
    except ValueError:
        return False


def check_codes(known: Mapping[str, Sequence[str]], wanted: Mapping[str, Sequence[str]]) -> None:
    """422 `code_unknown` for the first word that is not in the district's lists."""
    for kind, codes in wanted.items():
        for code in codes:
            if code not in known.get(kind, ()):
                raise Invalid("code_unknown", kind=kind, given=code)
