"""Portal: what the board shows: weeks, rows and cells, from what the services answered. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from services.portal.pages.live_patches import half_of
from services.portal.pages.words import instant, is_moment

Shown = dict[str, Any]
HALVES = ("am", "pm", "eve")
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
# The day view: from eight in the morning to nine in the evening, a unit a minute.
OPENS, CLOSES = 8 * 60, 21 * 60
PENDING = ("at_risk", "unplaced", "waitlisted", "tentative")
HELD = ("committed", "release_requested", "checked_in", "fulfilled", "partial", "no_show")
STATE_CLASS = {"free": "s-f", "best": "s-b", "busy": "s-x", "off": "s-o"}


def days_of(first: date, view: str) -> list[date]:
    """Seven days from the Monday on, or the one day."""
    if view == "day":
        return [first]
    monday = first - timedelta(days=first.weekday())
    return [monday + timedelta(days=number) for number in range(7)]


def day_asked(text: str | None, usual: date) -> date:
    """A day of the address; a wrong one is today."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return usual
    return found if 2000 < found.year < 2199 else usual


def closed_to(school: Shown | None) -> str:
    """When the school takes no lessons: some of `eve,sat,sun`."""
    if school is None:
        return ""
    never = {"eve": not school["evening_class"], "sat": not school["saturday_class"], "sun": True}
    return ",".join(name for name, closed in never.items() if closed)


def is_closed(closed: str, on: date, half: str) -> bool:
    names = {half, WEEKDAYS[on.weekday()].lower()}
    return bool(names & set(closed.split(",")))


def is_past(starts_at: str, now: datetime) -> bool:
    starts = instant(starts_at)
    return starts is not None and starts <= now


def rows(items: Iterable[Shown], days: Sequence[date], closed: str = "") -> list[Shown]:
    """Lecturers with one cell for each half-day. `items`: the calendar's entries, or the lines of
    a lesson's board, which say what each cell is for the lesson as well."""
    return [_row(item, days, closed) for item in items]


def _row(item: Shown, days: Sequence[date], closed: str) -> Shown:
    chips = _chips(item)
    usual = set(item["half_days"])
    states = item.get("cells") or []
    cells = []
    for number, on in enumerate(days):
        for part, half in enumerate(HALVES):
            away = _away(item["leave"], on, half)
            shut = f"{WEEKDAYS[on.weekday()]}_{half.upper()}" not in usual
            look = "away" if away else "shut" if shut else ""
            if states:
                state = "off" if is_closed(closed, on, half) else states[number * 3 + part]["state"]
                look = STATE_CLASS[state]
            cells.append(
                {
                    "on": on.isoformat(),
                    "half": half,
                    "chips": chips.get((on.isoformat(), half), []),
                    "look": look,
                    "away": away,
                }
            )
    return {**item, "row": cells, "chips": [chip for some in chips.values() for chip in some]}


def _chips(item: Shown) -> dict[tuple[str, str], list[Shown]]:
    """What he has promised and what he is asked, by day and half-day."""
    found: dict[tuple[str, str], list[Shown]] = {}
    both = [("a", one) for one in item["assignments"]] + [
        ("o", one) for one in item.get("offers", ()) if one.get("kind", "seat") == "seat"
    ]
    for kind, one in both:
        starts, ends = instant(one["starts_at"]), instant(one["ends_at"])
        if starts is None or ends is None:
            continue
        chip = {
            "kind": kind,
            "id": one["id"],
            "lesson": one["lesson_id"],
            "version": one.get("version", 0),
            "state": one["state"],
            "starts": f"{starts:%H:%M}",
            "ends": f"{ends:%H:%M}",
            "x": max(0, starts.hour * 60 + starts.minute - OPENS),
            "width": max(10, int((ends - starts).total_seconds() // 60)),
            "on": f"{starts:%Y-%m-%d}",
            "school": one.get("school_name") or "",
            "title": one.get("course_title") or "",
        }
        found.setdefault((chip["on"], half_of(starts.hour)), []).append(chip)
    return found


def _away(leave: Iterable[Shown], on: date, half: str) -> bool:
    first, last = {"am": ("08:30", "12:00"), "pm": ("13:30", "17:00"), "eve": ("18:00", "21:00")}[
        half
    ]
    starts, ends = instant(f"{on}T{first}:00+08:00"), instant(f"{on}T{last}:00+08:00")
    assert starts is not None and ends is not None
    for away in leave:
        begins, over = instant(away["starts_at"]), instant(away["ends_at"])
        if begins is not None and over is not None and begins < ends and over > starts:
            return True
    return False


def pending(lessons: Iterable[Shown]) -> list[Shown]:
    """What waits for the desk: at risk first, then what has no time yet, then the rest; each by
    its first wished day."""
    waiting = [one for one in lessons if one["state"] in PENDING]

    def order(one: Shown) -> tuple[int, str, str]:
        when = one["starts_at"] or (one["wishes"][0]["starts_at"] if one["wishes"] else "9")
        return PENDING.index(one["state"]), str(when), str(one["id"])

    return sorted(waiting, key=order)


def slot_of(lesson: Shown, at: str | None, now: str) -> str | None:
    """When a lesson is looked at: as asked, as it stands, or at its first wish still to come."""
    if at and is_moment(at):
        return at
    if lesson["starts_at"]:
        return str(lesson["starts_at"])
    wishes = [wish["starts_at"] for wish in lesson["wishes"]]
    return next((str(wish) for wish in wishes if instant(wish) > instant(now)), None)  # type: ignore[operator]


def ends_of(lesson: Shown, starts_at: str) -> str:
    """A lesson that begins then, ends then."""
    starts = instant(starts_at)
    assert starts is not None
    return (starts + timedelta(minutes=int(lesson["minutes"]))).isoformat()


def colours(board: Shown, closed: str) -> dict[str, str]:
    """For a lesson that is being dragged: one letter per half-day, by lecturer."""
    letters = {"free": "f", "best": "b", "busy": "x", "off": "o"}
    never = [is_closed(closed, date.fromisoformat(c["on"]), c["half"]) for c in board["columns"]]
    return {
        item["lecturer"]["id"]: "".join(
            "o" if shut else letters[cell["state"]]
            for cell, shut in zip(item["cells"], never, strict=True)
        )
        for item in board["items"]
    }


def places_free(board: Shown, line: Shown, but: tuple[str, str], closed: str) -> list[Shown]:
    """The half-days in which this lecturer could take it, the best first."""
    found = [
        {**column, "state": cell["state"]}
        for column, cell in zip(board["columns"], line["cells"], strict=True)
        if cell["state"] in ("free", "best")
        and (column["on"], column["half"]) != but
        and not is_closed(closed, date.fromisoformat(column["on"]), column["half"])
    ]
    return sorted(found, key=lambda one: (one["state"] != "best", one["starts_at"]))
