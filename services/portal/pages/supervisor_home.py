"""Portal: the supervisor's overview (总览): all lessons of a year by school, category and state."""

from collections import Counter
from typing import Any

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import desk_words
from services.portal.pages.desk_lists import number, wants_sheet
from services.portal.pages.frame import Page, pages
from services.portal.pages.vocabulary import WORDS

router = pages("/supervisor", Role.SUPERVISOR)

NUMBERS = ("disputed", "overdue", "at_risk", "conflicts", "review_overdue", "delivered", "no_show")
CATEGORIES = ("political_theory", "grassroots_practice", "exemplary_model", "mixed")
# The states of a lesson as four things a supervisor tells apart.
STAGES = {
    "待排": ("requested", "unplaced", "waitlisted", "suspended"),
    "待授": ("tentative", "joined", "confirmed", "at_risk", "in_progress"),
    "已授": ("delivered", "verified"),
    "有问题": ("partially_delivered", "not_delivered", "disputed", "written_off"),
}


@router.get("")
async def overview(page: Page) -> Response:
    wanted = number(page.request.query_params.get("year"))
    year = wanted if isinstance(wanted, int) else page.year
    empty: dict[str, Any] = {"items": []}
    found, mine, theirs = await page.gather(
        page.get("booking", "/overview", year=year),
        page.get_or(empty, "booking", "/desk"),
        page.get_or(empty, "lecturer", "/desk"),
    )
    schools = by_school(found["items"])
    if wants_sheet(page):
        return page.excel(page._("总览"), sheet(page), found["items"])
    counts = {item["code"]: item["count"] for item in mine["items"] + theirs["items"]}
    return await page.show(
        "supervisor/home.html",
        year=found["year"],
        years=[(y, str(y)) for y in range(page.year - 2, page.year + 2)],
        numbers=[
            (code, page._(desk_words.COUNTS[code][0]), page._(desk_words.COUNTS[code][1]), count)
            for code in NUMBERS
            if (count := counts.get(code)) is not None
        ],
        schools=schools,
        goals_of=found["schools"],
        all_goals=all_goals(found["schools"]),
        stages=[page._(name) for name in STAGES],
        categories=[(code, page._.word("category", code)) for code in CATEGORIES],
        total=sum(row["count"] for row in found["items"] if row["state"] != "cancelled"),
        charts=charts(page, schools, found["items"]),
    )


def by_school(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per school: lessons by stage, hours by category; cancelled ones apart."""
    of_state = {state: name for name, states in STAGES.items() for state in states}
    found: dict[str, dict[str, Any]] = {}
    for item in items:
        row = found.setdefault(
            item["school_id"],
            {
                "id": item["school_id"],
                "name": item["school_name"],
                "stages": Counter(),
                "hours": Counter(),
                "cancelled": 0,
                "count": 0,
            },
        )
        if item["state"] == "cancelled":
            row["cancelled"] += item["count"]
            continue
        row["count"] += item["count"]
        row["stages"][of_state[item["state"]]] += item["count"]
        row["hours"][item["category"]] += float(item["hours"])
    for row in found.values():
        row["stages_in_order"] = [row["stages"][name] for name in STAGES]
    return list(found.values())


def all_goals(schools: list[dict[str, Any]]) -> dict[str, tuple[int, int | None]]:
    """The district's sums: what is verified, and the targets of the schools that have one."""
    found = {}
    for name in ("sessions", "person_times"):
        wanted = [row[f"target_{name}"] for row in schools if row[f"target_{name}"] is not None]
        found[name] = (sum(row[name] for row in schools), sum(wanted) if wanted else None)
    return found


def charts(
    page: Page, schools: list[dict[str, Any]], items: list[dict[str, Any]]
) -> dict[str, Any]:
    """What the pictures draw; the tables below say the same in figures."""
    states: Counter[str] = Counter()
    for item in items:
        states[item["state"]] += item["count"]
    return {
        "schools": [row["name"] for row in schools],
        "stages": [
            {"name": page._(name), "data": [row["stages"][name] for row in schools]}
            for name in STAGES
        ],
        "mix": [
            {
                "name": page._.word("category", code),
                "data": [round(row["hours"][code], 2) for row in schools],
            }
            for code in CATEGORIES
        ],
        "states": [
            {"name": page._.word("state.lesson", state), "value": states[state]}
            for state in WORDS["state.lesson"]
            if states[state]
        ],
    }


def sheet(page: Page) -> list[Any]:
    word = page._.word
    return [
        (page._("学校编号"), "school_code"),
        (page._("学校"), "school_name"),
        (page._("类别"), lambda row: word("category", row["category"])),
        (page._("状态"), lambda row: word("state.lesson", row["state"])),
        (page._("课次数"), "count"),
        (page._("学时"), lambda row: float(row["hours"])),
    ]
