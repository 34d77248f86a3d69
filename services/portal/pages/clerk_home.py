"""Portal: the clerk's desk (工作台)."""

from typing import Any

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import clerk_seasons, clerk_words
from services.portal.pages.frame import Page, pages

router = pages("/clerk", Role.TOWNSHIP)

CATEGORIES = ("political_theory", "grassroots_practice", "exemplary_model")
PICTURES = {
    "answer_change": "arrow-left-right",
    "answer_grouping": "people",
    "agree_substitute": "person-check",
    "mend_letter": "pencil-square",
    "mend_line": "pencil-square",
    "decide": "signpost-split",
    "attest": "check2-square",
    "receive": "person-badge",
    "draft": "file-earmark-text",
}


@router.get("")
async def desk(page: Page) -> Response:
    """What to do, the year, the coming week; the season windows there are."""
    found, seasons = await page.gather(
        page.get("booking", "/clerk", days=14), clerk_seasons.current(page)
    )
    todo = [
        {**one, "url": where(one), "label": page._(clerk_words.TODO.get(one["kind"], "待办"))}
        for one in found["todo"]
    ]
    return await page.show(
        "clerk/home.html",
        todo=todo,
        seasons=seasons,
        pictures=PICTURES,
        year=found["year"],
        coming=found["coming"],
        meter=meter(found["year"]["mix"], page),
    )


def where(todo: dict[str, Any]) -> str:
    """The page on which a thing is done."""
    if todo["kind"] in ("receive", "attest", "decide"):
        day = f"?on={todo['starts_at'][:10]}" if todo["starts_at"] else ""
        return f"/clerk/today{day}#lesson-{todo['lesson_id']}"
    if todo["kind"] == "answer_grouping":
        return "/clerk/groupings"
    lesson = todo["lesson_id"]
    there = f"?lesson={lesson}#lesson-{lesson}" if lesson else ""
    return f"/clerk/letters/{todo['order_id']}{there}"


def meter(mix: dict[str, Any], page: Page) -> dict[str, Any]:
    """The 40/40/20 meter as the bars want it: on the governing basis."""
    basis = mix["hours"] if mix["basis"] == "hours" else mix["count"]
    return {
        "parts": [
            (
                page._.word("category", name),
                float(basis["shares"][name]) / 100,
                float(mix["targets"][name]) / 100,
            )
            for name in CATEGORIES
        ],
        "total": float(basis["total"]),
        "hours": float(mix["hours"]["total"]),
        "count": int(float(mix["count"]["total"])),
        "gap": basis["gap"],
        "best": mix["best_reachable"],
        "tolerance": mix["tolerance"],
        "within": mix["within"],
    }
