"""Portal: 派单台, the board: what waits on the left, everybody's weeks on the right."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import desk_board_plan as board_plan
from services.portal.pages import desk_board_view as view
from services.portal.pages import desk_board_words as said
from services.portal.pages import desk_sheets
from services.portal.pages.desk_lists import MOST_ROWS, wants_sheet
from services.portal.pages.frame import Page, pages
from services.portal.pages.upstream import Refused

router = pages("/desk/board", Role.SCHEDULER, Role.SUPERVISOR, Role.ADMINISTRATOR)

FIRST_ROWS = 30
MOST_PENDING = 100
A_SHEET = 300  # lecturers read at once
RANKED = 8  # shown beside the lesson; the rest is in the rows
NOBODY: dict[str, Any] = {"items": [], "next": None}
Asked = dict[str, Any]


@router.get("")
async def board(
    page: Page,
    day: str | None = None,
    pool: str | None = None,
    course: str | None = None,
    q: str | None = None,
    lesson: str | None = None,
    at: str | None = None,
    plan: str | None = None,
) -> Response:
    """The week (or one day by the minute), thirty lecturers at first; with a lesson picked, the
    best for it first, and every half-day in the colour of what is possible. With a draft plan its
    lessons stand in the cells, to be pinned somewhere else."""
    drafted = await _drafted(page, plan)
    if drafted is not None and day is None:
        day = _first_day(drafted)
    asked = _asked(page, day, pool, course, q)
    if wants_sheet(page):
        return await _sheet(page, asked)
    waiting, courses = await page.gather(
        _waiting(page, drafted), page.get_or(NOBODY, "catalog", "/courses", limit=100)
    )
    pending = view.pending(waiting["items"])
    picked = await _picked(page, [] if drafted else pending, lesson)
    if drafted is not None:
        pending, picked = (
            board_plan.cards(drafted, asked["days"]),
            board_plan.picked(picked, drafted),
        )
    starts_at = view.slot_of(picked, at, page.now.isoformat()) if picked else None
    rows, found, closed = await page.gather(
        _rows(page, asked, picked, None, limit=A_SHEET if drafted else FIRST_ROWS),
        _candidates(page, picked, starts_at),
        _closed(page, picked),
    )
    if drafted is not None:
        used = board_plan.lecturers(drafted, asked["days"])
        shown = board_plan.shown_first(rows["items"], used, picked is not None)
        rows = {"items": shown, "next": None}
    lines = view.rows(rows["items"], asked["days"], closed)
    if drafted is not None:
        board_plan.haunt(lines, drafted)
    context = {
        **asked,
        "pending": pending,
        "more_pending": waiting["next"] is not None,
        "courses": [(one["id"], one["title"]) for one in courses["items"]],
        "picked": picked,
        "slot": starts_at,
        "ranked": _ranked(page, found),
        "found": found,
        "closed": closed,
        "rows": lines,
        "cursor": rows["next"],
        "can_place": page.has(Role.SCHEDULER) and (not drafted or "pin" in drafted["moves"]),
        "plan": drafted,
    }
    if page.wants_fragment and "hx-history-restore-request" not in page.request.headers:
        return page.fragment("desk/board_main.html", **context)
    return await page.show("desk/board.html", **context)


@router.get("/rows")
async def more(
    page: Page,
    cursor: str,
    day: str | None = None,
    pool: str | None = None,
    course: str | None = None,
    q: str | None = None,
    lesson: str | None = None,
) -> Response:
    """The next thirty, when the last ones come into sight."""
    asked = _asked(page, day, pool, course, q)
    picked = await _picked(page, [], lesson)
    rows, closed = await page.gather(_rows(page, asked, picked, cursor), _closed(page, picked))
    shown = view.rows(rows["items"], asked["days"], closed)
    return page.fragment(
        "desk/board_rows.html", **asked, picked=picked, rows=shown, cursor=rows["next"]
    )


@router.get("/colours")
async def colours(page: Page, lesson: UUID, day: str | None = None) -> dict[str, Any]:
    """What each half-day of everybody is for a lesson that is being dragged."""
    asked = _asked(page, day, None, None, None)
    found = await page.get("booking", f"/lessons/{lesson}")
    rows, closed = await page.gather(
        _rows(page, asked, found, None, limit=300), _closed(page, found)
    )
    known = view.colours(rows, closed) if "columns" in rows else {}
    return {"lesson": str(lesson), "rows": known}


@router.get("/why")
async def why(page: Page, lecturer: UUID, lesson: str = "", at: str | None = None) -> Response:
    """One lecturer: who he is, and why or why not he may take the lesson that is picked."""
    picked = await _picked(page, [], lesson)
    starts_at = view.slot_of(picked, at, page.now.isoformat()) if picked else None
    person, found = await page.gather(
        page.get("lecturer", f"/lecturers/{lecturer}"), _candidates(page, picked, starts_at)
    )
    return page.fragment(
        "desk/board_why.html",
        person=person,
        picked=picked,
        slot=starts_at,
        one=_judged(page, found, str(lecturer)),
    )


@router.get("/nobody")
async def nobody(page: Page, lesson: UUID, at: str | None = None) -> Response:
    """Everybody who may not, and every reason, with what would help."""
    picked = await page.get("booking", f"/lessons/{lesson}")
    starts_at = view.slot_of(picked, at, page.now.isoformat())
    found = await _candidates(page, picked, starts_at)
    excluded = [
        {**out, "reasons": [said.reason(one, page._) for one in out["reasons"]]}
        for out in found["excluded"]
    ]
    # Who is nearest to being possible comes first.
    excluded.sort(key=lambda out: (len(out["reasons"]), out["code"]))
    return page.fragment(
        "desk/board_nobody.html",
        picked=picked,
        slot=starts_at,
        excluded=excluded,
        counts=[
            (said.label(code, page._), count)
            for code, count in sorted(found["counts"].items(), key=lambda pair: -pair[1])
        ],
    )


async def _drafted(page: Page, plan: str | None) -> Asked | None:
    """The draft plan to be seen on the board."""
    wanted = _uuid(plan)
    found: Asked | None = await page.get("booking", f"/plans/{wanted}") if wanted else None
    return found


def _first_day(plan: Asked) -> str:
    """The first day the draft gives anything."""
    starts = [line["starts_at"] for line in plan["lines"] if line["starts_at"]]
    return min(starts)[:10] if starts else str(plan["first_on"])


async def _waiting(page: Page, drafted: Asked | None) -> Asked:
    """What waits; beside a draft only its own lessons are shown."""
    if drafted is not None:
        return NOBODY
    found: Asked = await page.get(
        "booking", "/lessons", state=list(view.PENDING), limit=MOST_PENDING
    )
    return found


def _asked(
    page: Page, day: str | None, pool: str | None, course: str | None, q: str | None
) -> Asked:
    """What of the address says which rows and days; unknown words are left aside."""
    kind = "day" if page.request.query_params.get("view") == "day" else "week"
    first = view.day_asked(day, page.now.date())
    days = view.days_of(first, kind)
    step = timedelta(days=1 if kind == "day" else 7)
    return {
        "kind": kind,
        "first": first,
        "days": days,
        "before": (days[0] - step).isoformat(),
        "after": (days[0] + step).isoformat(),
        "pool": pool if pool in ("lead_study", "professional", "backbone") else None,
        "course": _uuid(course),
        "q": (q or "").strip()[:100] or None,
    }


async def _sheet(page: Page, asked: Asked) -> Response:
    """The same days of everybody the filters leave."""
    found: list[Asked] = []
    cursor: str | None = None
    while len(found) < MOST_ROWS:
        part = await _rows(page, asked, None, cursor, limit=A_SHEET)
        found += view.rows(part["items"], asked["days"])
        cursor = part["next"]
        if cursor is None:
            break
    return page.excel(page._("派单台"), desk_sheets.board(page._, asked["days"]), found)


async def _picked(page: Page, pending: list[Asked], lesson: str | None) -> Asked | None:
    """The lesson picked; one that is pending is known already."""
    wanted = _uuid(lesson)
    if wanted is None:
        return None
    for one in pending:
        if one["id"] == wanted:
            return one
    found: Asked | None = await page.get_or(None, "booking", f"/lessons/{wanted}")
    return found


async def _rows(
    page: Page, asked: Asked, picked: Asked | None, cursor: str | None, limit: int = FIRST_ROWS
) -> Any:
    """The calendar of the lecturers; for a picked lesson the lines of its board."""
    span = {"from_": asked["days"][0].isoformat(), "to": asked["days"][-1].isoformat()}
    which = {"pool": asked["pool"], "q": asked["q"], "cursor": cursor, "limit": limit}
    if picked is not None:
        wishes = [wish["starts_at"] for wish in picked["wishes"]]
        path = f"/seats/{picked['id']}/board"
        found = await page.get_or(None, "lecturer", path, **span, **which, starts=wishes)
        if found is not None:
            return found
    return await page.get(
        "lecturer", "/calendar", **span, **which, course_id=asked["course"], status="active"
    )


async def _closed(page: Page, picked: Asked | None) -> str:
    """When the school of the lesson takes none."""
    if picked is None or page.calls.count["booking"] > 1:
        return ""
    return view.closed_to(await page.get_or(None, "booking", f"/schools/{picked['school_id']}"))


async def _candidates(page: Page, picked: Asked | None, starts_at: str | None) -> Any:
    """Everybody for the lesson at that time, with reasons; empty when it has none."""
    if picked is None or starts_at is None:
        return {"items": [], "excluded": [], "counts": {}}
    try:
        return await page.get(
            "lecturer",
            f"/seats/{picked['id']}/candidates",
            starts_at=starts_at,
            ends_at=view.ends_of(picked, starts_at),
        )
    except Refused as refused:
        if refused.status not in (404, 422):
            raise
        return {"items": [], "excluded": [], "counts": {}}


def _ranked(page: Page, found: Any) -> list[Asked]:
    return [
        {
            **one,
            "said": said.terms(one, page._),
            "careful": [said.warning(warning, page._) for warning in one["warnings"]],
        }
        for one in found["items"][:RANKED]
    ]


def _judged(page: Page, found: Any, lecturer: str) -> Asked | None:
    """What is said of one lecturer: his rank and terms, or all that speaks against him."""
    for one in found["items"]:
        if one["lecturer_id"] == lecturer:
            terms = said.terms(one, page._)
            careful = [said.warning(warning, page._) for warning in one["warnings"]]
            return {**one, "able": True, "said": terms, "careful": careful}
    for out in found["excluded"]:
        if out["lecturer_id"] == lecturer:
            why_not = [said.reason(one, page._) for one in out["reasons"]]
            return {**out, "able": False, "reasons": why_not, "offer": None}
    return None


def _uuid(text: str | None) -> str | None:
    try:
        return str(UUID(text or ""))
    except ValueError:
        return None
