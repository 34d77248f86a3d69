"""Portal: a repair (补救方案): what could be done about a leave, a letter that ends, a closed site
or days without lessons; all, some or none of it is taken when the thing itself is saved."""

from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import desk_board_words, refusals
from services.portal.pages import desk_ground_saving as saving
from services.portal.pages import desk_repair_words as said
from services.portal.pages.desk_lists import given, moment, wants_sheet
from services.portal.pages.frame import Page, pages
from services.portal.pages.upstream import Refused

router = pages("/desk/impact/repairs", Role.SCHEDULER)


@router.get("")
async def repairs(page: Page) -> Response:
    """The newest first."""
    cursor = page.request.query_params.get("cursor")
    found = await page.get("booking", "/repairs", cursor=cursor)
    items = [{**one, "what": said.cause(one["cause"], page._)} for one in found["items"]]
    return await page.show("desk/repairs.html", repairs=items, next=found["next"])


@router.post("")
async def make(page: Page) -> Response:
    """From the impact, before anything is saved."""
    made = await page.post("booking", "/repairs", {"cause": await _cause(page)})
    return await page.go(f"/desk/impact/repairs/{made['id']}")


@router.get("/{repair_id:uuid}")
async def repair(page: Page, repair_id: UUID) -> Response:
    found = await page.get("booking", f"/repairs/{repair_id}")
    if page.wants_fragment and found["state"] != "running":
        return Response(headers={"HX-Refresh": "true"})  # there is more to see than was asked for
    lines = [{**line, **_words(page, line)} for line in found["lines"]]
    if wants_sheet(page):
        return page.excel(page._("补救方案"), sheet(page), lines)
    failed = None
    if found["state"] == "failed":
        failed = refusals.sentence(Refused(503, found["code"] or "refused", {}), page._)
    return await page.show(
        "desk/repair.html",
        repair=found,
        lines=lines,
        what=said.cause(found["cause"], page._),
        who=next((o["before"]["lecturer_name"] for o in lines if said.about_one(found)), None),
        means=said.means(found, page._),
        back=said.back(found["cause"]),
        failed=failed,
    )


@router.post("/{repair_id:uuid}/save")
async def save(page: Page, repair_id: UUID) -> Response:
    """The cause is saved where it belongs, then what was ticked is done; nothing ticked: only the
    cause. Said again after something went wrong in between, it goes on from there."""
    found = await page.get("booking", f"/repairs/{repair_id}")
    ticked = set(page.lists("lesson")) if page.form.get("what") == "chosen" else set()
    chosen = [line for line in found["lines"] if line["lesson_id"] in ticked]
    try:
        await _save_cause(page, found, said.first_asked(chosen))
    except Refused as refused:
        raise _who_may_not(page, refused, found) from refused
    where = f"/desk/impact/repairs/{repair_id}"
    if not chosen:
        await page.post("booking", f"/repairs/{repair_id}/discard")
        return await page.go(where, done=page._("已保存，没有采用补救方案。"))
    body: dict[str, Any] = {"lesson_ids": [line["lesson_id"] for line in chosen]}
    body |= {"reason": said.to_schools(found["cause"], page._)}
    await page.post("booking", f"/repairs/{repair_id}/adopt", body)
    return await page.go(where, done=page._("已保存，并采用了 %(n)s 项。", n=len(chosen)))


@router.post("/{repair_id:uuid}/retry")
async def retry(page: Page, repair_id: UUID) -> Response:
    """On what is known now."""
    await page.post("booking", f"/repairs/{repair_id}/retry")
    return await page.go(f"/desk/impact/repairs/{repair_id}")


@router.post("/{repair_id:uuid}/discard")
async def discard(page: Page, repair_id: UUID) -> Response:
    await page.post("booking", f"/repairs/{repair_id}/discard")
    return await page.go("/desk/impact", done=page._("什么都没有保存，也没有通知任何人。"))


async def _cause(page: Page) -> dict[str, Any]:
    """What is about to be saved, as the form of the impact has it."""
    form = page.form
    kind, reason = form.get("kind", ""), {"reason": form.get("reason", "")}
    match kind:
        case "leave":
            span = {name: moment(form.get(name)) for name in ("starts_at", "ends_at")}
            return {"kind": kind, "lecturer_id": form.get("lecturer_id"), **span, **reason}
        case "appointment":
            path = f"/appointments/{form.id('appointment_id')}/revoke_impact"
            found = await page.get("lecturer", path, on=form.get("on"))
            ids = [one["assignment"]["lesson_id"] for one in found["lessons"]]
            letter = {"appointment_id": form.get("appointment_id"), "on": found["starts_at"][:10]}
            whose = {"lecturer_id": found["lecturer_id"], "lesson_ids": ids}
            return {"kind": kind, **letter, **whose, **reason}
        case "site":
            days = given(first_on=form.get("from"), last_on=form.get("to"))
            return {"kind": kind, "site_id": form.get("site_id"), **days, **reason}
    days = {"first_on": form.get("from", ""), "last_on": form.get("to") or form.get("from", "")}
    return {"kind": "days", **days, **given(school_id=form.get("school_id")), **reason}


async def _save_cause(page: Page, repair: dict[str, Any], first: saving.Substitutes) -> None:
    cause = repair["cause"]
    reason = cause["reason"]
    match cause["kind"]:
        case "leave":
            said_now = {name: cause[name] for name in ("starts_at", "ends_at", "reason")}
            body = {**said_now, "force": True}
            await saving.leave(page, cause["lecturer_id"], UUID(repair["id"]), body, first)
        case "appointment":
            ends = {"reason": reason, "on": cause["on"]}
            await saving.letter(page, cause["appointment_id"], ends, first)
        case "site":
            days = (cause["first_on"] or "", cause["last_on"] or "")
            await saving.site(page, cause["site_id"], *days, reason)
        case "days":
            days = (cause["first_on"], cause["last_on"])
            await saving.days_out(page, cause["school_id"] or "", *days, reason)


def _who_may_not(page: Page, refused: Refused, repair: dict[str, Any]) -> Refused:
    """Who of the substitutes may not, and why, by name."""
    if refused.code != "not_eligible" or not isinstance(refused.facts.get("lessons"), dict):
        return refused
    names = {o["lesson_id"]: (o["after"] or {}).get("lecturer_name") for o in repair["lines"]}
    parts = []
    for lesson_id, reasons in refused.facts["lessons"].items():
        why = [desk_board_words.reason(one, page._)["text"] for one in reasons]
        parts.append(f"{names.get(lesson_id) or ''}（{'、'.join(why)}）")
    return Refused(409, "substitute_not_eligible", {"who": "、".join(parts)})


def _words(page: Page, line: dict[str, Any]) -> dict[str, Any]:
    skipped = None
    if line["outcome"] == "skipped":
        refused = Refused(409, line["outcome_code"] or "refused", line["outcome_facts"])
        skipped = refusals.sentence(refused, page._)
    return {
        "does": said.action(line, page._),
        "because": said.why(line, page._),
        "skipped": skipped,
        "became": said.outcome(line, page._),
    }


def sheet(page: Page) -> list[Any]:
    span = page._.span

    def stands(row: dict[str, Any] | None) -> str:
        if not row:
            return ""
        return f"{span(row['starts_at'], row['ends_at'])} {row['lecturer_name'] or ''}".strip()

    return [
        (page._("学校"), "school_name"),
        (page._("联系人"), "contact_name"),
        (page._("联系电话"), "contact_phone"),
        (page._("课程"), "course_title"),
        (page._("现在"), lambda row: stands(row["before"])),
        (page._("补救后"), lambda row: stands(row["after"])),
        (page._("办法"), "does"),
        (page._("说明"), "because"),
        (page._("结果"), lambda row: row["skipped"] or row["became"]),
    ]
