"""Portal: the lines of a letter as the form sends them and as it shows them."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from services.portal.pages import clerk_words
from services.portal.pages.forms import whole
from services.portal.pages.upstream import Refused
from services.portal.pages.words import Words, instant

Line = dict[str, Any]
HEAD = ("title", "contact_name", "contact_phone", "notes", "urgent_reason")
MOST_WISHES = 3
USUAL_ATTENDEES = 60
PLACED: Line = {"venue_id": None, "site_id": None, "address": "", "lat": None, "lon": None}


def sent(form: Mapping[str, str]) -> dict[str, Any]:
    """The body of a PUT, from the fields of the page."""
    return {
        **{name: form.get(name, "") for name in HEAD},
        "urgent": form.get("urgent") == "true",
        "lines": [line(one) for one in given(form)],
    }


def given(form: Mapping[str, str]) -> list[dict[str, Any]]:
    """The lines of the form, as clerk.js collected them."""
    try:
        found = json.loads(form.get("lines") or "[]")
    except (ValueError, RecursionError) as error:
        raise Refused(422, "invalid_body", {}) from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Refused(422, "invalid_body", {})
    return found


def line(one: Mapping[str, Any]) -> Line:
    """One line of the form; the choice of place is one field there and five in the letter."""
    kind, _, id = str(one.get("place", "")).partition(":")
    placed: Line = dict(PLACED)
    if kind in ("venue", "site") and id:
        placed[f"{kind}_id"] = id
    if kind == "address":
        placed |= {
            "address": str(one.get("address", "")).strip(),
            "lat": _number(one.get("lat")),
            "lon": _number(one.get("lon")),
        }
    return {
        "course_id": one.get("course_id"),
        "delivery": one.get("delivery"),
        "wishes": [_wish(wish) for wish in _list(one, "wishes")][:20],
        **placed,
        "audience": _list(one, "audience"),
        "expected_attendees": _whole(one.get("expected_attendees")),
        "preferred_lecturers": [id for id in _list(one, "preferred_lecturers") if id],
        "notes": str(one.get("notes", "")).strip(),
    }


def of_order(one: Mapping[str, Any], *, keep_dates: bool = True) -> Line:
    """A line of a letter as a line of another one."""
    same = ("course_id", "delivery", "audience", "expected_attendees", "preferred_lecturers")
    found = {name: one[name] for name in (*same, *PLACED, "notes")}
    wishes = [{name: w[name] for name in ("starts_at", "ends_at")} for w in one["wishes"]]
    return {**found, "wishes": wishes if keep_dates else []}


def fresh(course: Mapping[str, Any], home: Mapping[str, Any], lines: Sequence[Line] = ()) -> Line:
    """A new line for a course: its own form; people, room and number as in the lines before, as
    far as they fit."""
    like = lines[-1] if lines else None
    delivery = course["deliveries"][0]
    found: Line = {
        "course_id": str(course["id"]),
        "delivery": delivery,
        "wishes": [],
        **PLACED,
        "audience": list(course["audience"]),
        "expected_attendees": 0,
        "preferred_lecturers": [],
        "notes": "",
    }
    open_rooms = [room for room in home["venues"] if room["state"] == "open"]
    capacity = None
    if delivery == "on_site":
        found["site_id"] = course.get("site_id")
    elif delivery != "online":
        before = [room for room in open_rooms if like and room["id"] == like["venue_id"]]
        room = (before or open_rooms or [None])[0]
        if room is not None:
            found["venue_id"], capacity = room["id"], room["capacity"]
    wanted = {code for line in lines for code in line["audience"]}
    found["audience"] = [c for c in course["audience"] if c in wanted] or found["audience"]
    most = min(course["max_attendees"], capacity or course["max_attendees"])
    usual = like["expected_attendees"] if like else USUAL_ATTENDEES
    found["expected_attendees"] = max(course["min_attendees"], min(usual, most))
    return found


def shown(lines: Sequence[Mapping[str, Any]], words: Words) -> list[dict[str, Any]]:
    """Lines of an answer, with what the page needs of each."""
    return [
        {
            **one,
            "wishes": [
                {
                    "value": f"{wish['starts_at']}|{wish['ends_at']}",
                    "label": wish_label(wish["starts_at"], wish["ends_at"], words),
                }
                for wish in one["wishes"]
            ],
            "place": _place(one),
        }
        for one in lines
    ]


def wish_label(starts_at: str, ends_at: str, words: Words) -> str:
    """12月8日 周二 上午 08:30–11:30."""
    starts, ends = instant(starts_at), instant(ends_at)
    if starts is None or ends is None:
        return ""
    if starts.date() != ends.date():
        return words.span(starts, ends)
    half = words.word("half", "am" if starts.hour < 12 else "pm" if starts.hour < 18 else "eve")
    return f"{words.day(starts)} {half} {starts:%H:%M}–{ends:%H:%M}"


def problems(found: Sequence[Mapping[str, Any]], words: Words) -> list[dict[str, Any]]:
    """What stands against the letter, each with the input it belongs to."""
    made = []
    for one in found:
        part = str(one.get("field", "")).split(".")[0]
        part = {"site_id": "venue_id", "address": "venue_id"}.get(part, part)
        name = f"lines.{one['line'] - 1}.{part}" if one.get("line") else part
        where = clerk_words.field(name, words)
        if str(one.get("field", "")).startswith("wishes."):
            where += words("（第 %(n)s 志愿）", n=str(one["field"]).split(".")[1])
        made.append({"name": name, "where": where, "text": clerk_words.problem(one, words)})
    return made


def warnings(found: Sequence[Mapping[str, Any]], words: Words) -> list[str]:
    return [
        (words("第 %(n)s 课次：", n=one["line"]) if one.get("line") else "")
        + clerk_words.problem(one, words)
        for one in found
    ]


def _place(one: Mapping[str, Any]) -> str:
    for kind in ("venue", "site"):
        if one.get(f"{kind}_id"):
            return f"{kind}:{one[f'{kind}_id']}"
    return "address" if one.get("address") or one.get("lat") is not None else ""


def _wish(value: Any) -> dict[str, str]:
    starts, _, ends = str(value).partition("|")
    return {"starts_at": starts, "ends_at": ends}


def _list(one: Mapping[str, Any], name: str) -> list[Any]:
    found = one.get(name)
    return found if isinstance(found, list) else []


def _whole(value: Any) -> int:
    text = str(value if value is not None else "").strip()
    return min(whole(text) or 0, 100_000)


def _number(value: Any) -> float | None:
    try:
        found = float(str(value))
    except ValueError:
        return None
    return found if math.isfinite(found) else None
