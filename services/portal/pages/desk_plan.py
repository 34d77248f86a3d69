"""Portal: one draft plan: what is served, what is not and why; edited, published or given up."""

from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import desk_board_words, desk_words, refusals
from services.portal.pages import desk_plan_words as said
from services.portal.pages.desk_board_view import ends_of
from services.portal.pages.desk_lists import moment, wants_sheet
from services.portal.pages.desk_plans import DEGREES, USUAL, WEIGHTS, options
from services.portal.pages.frame import Page, pages
from services.portal.pages.upstream import Refused
from services.portal.pages.words import is_moment

router = pages("/desk/plans/{plan_id:uuid}", Role.SCHEDULER, Role.SUPERVISOR)

A_PAGE = 100  # lines
SHOWN = {
    "": "全部",
    "served": "已排",
    "unserved": "未排",
    "pinned": "已钉住",
    "moved": "与上一草案不同",
    "skipped": "发布时未成",
}
PAST = 50  # things that happened to it, the newest
STARTS = 30  # times offered to choose from
REASONED = 60  # lecturers whose reasons are listed


@router.get("")
async def plan(page: Page, plan_id: UUID) -> Response:
    found, past = await page.gather(
        page.get("booking", f"/plans/{plan_id}"),
        page.get_or({"items": []}, "booking", "/happened", key=str(plan_id), limit=PAST),
    )
    wanted = page.request.query_params.get("show", "")
    begins = page.request.query_params.get("from", "0")
    first = int(begins) if begins.isdecimal() and len(begins) < 6 else 0
    differences = found["differences"] or {"added": [], "moved": [], "lost": []}
    other = {*differences["added"], *differences["moved"], *differences["lost"]}
    lines = [
        {**line, "headline": said.headline(line["why"], page._), **_why(page, line)}
        for line in found["lines"]
        if _belongs(line, wanted, other)
    ]
    if wants_sheet(page):
        return page.excel(page._("排课方案"), sheet(page), lines)
    return await page.show(
        "desk/plan.html",
        plan=found,
        gap=said.gap(found),
        proof=page._(said.STATUS[found["status"]]) if found["status"] else "",
        refusal=_failed(page, found),
        terms=[(page._(text), found["terms"].get(name, 0)) for name, text in said.TERMS.items()],
        lines=lines[first : first + A_PAGE],
        first=first,
        more=first + A_PAGE if first + A_PAGE < len(lines) else None,
        count=len(lines),
        shown=[(code, page._(text)) for code, text in SHOWN.items()],
        show=wanted,
        differences=differences,
        lecturers=len({one["lecturer_id"] for one in found["lines"] if one["starts_at"]}),
        weights=[(name, page._(text)) for name, text in WEIGHTS.items()],
        degrees=[(code, page._(text)) for code, text in DEGREES.items()],
        usual=USUAL,
        past=_past(page, past["items"], found["lines"]),
        may_open=page.has(Role.SCHEDULER),
    )


@router.post("/replan")
async def replan(page: Page, plan_id: UUID) -> Response:
    """A new draft around what is pinned."""
    made = await page.post("booking", f"/plans/{plan_id}/replan", {"options": options(page.form)})
    return await page.go(f"/desk/plans/{made['id']}")


@router.post("/retry")
async def retry(page: Page, plan_id: UUID) -> Response:
    await page.post("booking", f"/plans/{plan_id}/retry")
    return await page.go(f"/desk/plans/{plan_id}")


@router.post("/publish")
async def publish(page: Page, plan_id: UUID) -> Response:
    await page.post("booking", f"/plans/{plan_id}/publish")
    return await page.go(f"/desk/plans/{plan_id}")


@router.post("/discard")
async def discard(page: Page, plan_id: UUID) -> Response:
    await page.post("booking", f"/plans/{plan_id}/discard")
    return await page.go("/desk/plans", done=page._("草案已弃用，没有通知任何人。"))


@router.get("/lines/{lesson_id:uuid}")
async def line(page: Page, plan_id: UUID, lesson_id: UUID) -> Response:
    """To pin a lesson by hand: the times its school wishes for, and at the chosen one everybody
    who could take it, and why the others cannot."""
    found, lesson = await page.gather(
        page.get("booking", f"/plans/{plan_id}/progress"),
        page.get("booking", f"/lessons/{lesson_id}"),
    )
    query = page.request.query_params
    wishes = [wish["starts_at"] for wish in lesson["wishes"]][:STARTS]
    asked = moment(query.get("own")) or query.get("starts_at") or "".join(wishes[:1])
    starts = asked if is_moment(asked) else ""
    people: dict[str, Any] = {"items": [], "excluded": []}
    refusal = None
    if starts:
        try:
            people = await page.get(
                "lecturer",
                f"/seats/{lesson_id}/candidates",
                starts_at=starts,
                ends_at=ends_of(lesson, starts),
            )
        except Refused as refused:
            refusal = refusals.sentence(refused, page._)
    return page.fragment(
        "desk/plan_line.html",
        plan=found,
        lesson=lesson,
        starts=starts,
        wish_choices=[(at, page._.moment(at)) for at in wishes],
        refusal=refusal,
        pinned=query.get("pinned") == "1",
        people=[{**one, "said": desk_board_words.terms(one, page._)} for one in people["items"]],
        excluded=[
            {**out, "reasons": [desk_board_words.reason(one, page._) for one in out["reasons"]]}
            for out in people["excluded"][:REASONED]
        ],
    )


@router.post("/lines/{lesson_id:uuid}")
async def edit(page: Page, plan_id: UUID, lesson_id: UUID) -> Response:
    """Pinned to a lecturer and a time, let go again, or left out."""
    form = page.form
    what = form.get("what", "pin")
    body: dict[str, Any] = {"pinned": what == "pin", "left_out": what == "leave_out"}
    if what == "pin":
        body |= {"lecturer_id": form.get("lecturer", ""), "starts_at": form.get("starts_at")}
    path = f"/plans/{plan_id}/lines/{lesson_id}"
    try:
        await page.put("booking", path, body, if_match=form.version)
    except Refused as refused:
        if refused.code != "not_eligible":
            raise
        return _not_eligible(page, refused)
    done = {
        "pin": page._("已钉住。重新优化时它留在这里。"),
        "unpin": page._("已松开，重新优化时可以变动。"),
        "leave_out": page._("这次不排这一课次。"),
    }
    back = form.get("back", "")
    to = back if back.startswith("/desk/board?") else f"/desk/plans/{plan_id}"
    return await page.go(to, done=done.get(what, ""))


def _not_eligible(page: Page, refused: Refused) -> Response:
    """Everything that stands against him, beside the form."""
    answer = page.fragment(
        "desk/plan_refused.html",
        lecturer=refused.facts.get("lecturer", ""),
        reasons=[desk_board_words.reason(one, page._) for one in refused.facts["reasons"]],
    )
    answer.status_code = refused.status
    answer.headers["HX-Retarget"] = "#pin-refused"
    answer.headers["HX-Reswap"] = "innerHTML"
    return answer


def _past(
    page: Page, rows: list[dict[str, Any]], lines: list[dict[str, Any]]
) -> list[dict[str, str]]:
    titles = {
        line["lesson_id"]: f"{line['course_title']} · {line['school_name']}" for line in lines
    }
    return [
        {
            "at": row["at"],
            "who": desk_words.by(page._, row["by"]),
            "what": said.told(row, page._),
            "about": said.about(row, titles, page._),
        }
        for row in rows
    ]


def _belongs(line: dict[str, Any], show: str, other: set[str]) -> bool:
    served = line["starts_at"] is not None
    match show:
        case "served":
            return served
        case "unserved":
            return not served
        case "pinned":
            return bool(line["pinned"])
        case "moved":
            return line["lesson_id"] in other
        case "skipped":
            return str(line["outcome"]) == "skipped"
    return True


def _why(page: Page, line: dict[str, Any]) -> dict[str, Any]:
    skipped = None
    if line["outcome"] == "skipped":
        refused = Refused(409, line["outcome_code"] or "refused", line["outcome_facts"])
        skipped = refusals.sentence(refused, page._)
    return {
        "reasons": said.counts(line["why"], page._),
        "change": said.change(line["why"], page._),
        "took": len((line["why"] or {}).get("took", ())),
        "skipped": skipped,
    }


def _failed(page: Page, plan: dict[str, Any]) -> str | None:
    if plan["state"] != "failed":
        return None
    return refusals.sentence(Refused(503, plan["code"] or "refused", plan["facts"]), page._)


def sheet(page: Page) -> list[Any]:
    span = page._.span
    return [
        (page._("学校"), "school_name"),
        (page._("邀请函"), "order_number"),
        (page._("课程"), "course_title"),
        (page._("时间"), lambda row: span(row["starts_at"], row["ends_at"])),
        (page._("讲师"), "lecturer_name"),
        (page._("钉住"), lambda row: page._("是") if row["pinned"] else ""),
        (page._("未排原因"), lambda row: "" if row["starts_at"] else row["headline"]),
        (page._("最小改动"), "change"),
        (page._("发布结果"), lambda row: row["skipped"] or ""),
    ]
