"""Portal: the district reviews letters (审单): the queue, and a letter line by line."""

from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import desk_history, desk_lists, desk_words, refusals
from services.portal.pages.desk_lists import asked, given, listed, moment, wants_sheet
from services.portal.pages.frame import Page, pages
from services.portal.pages.upstream import Refused

router = pages("/desk/review", Role.SCHEDULER)

FILTERS = ("state", "q", "school_id", "from", "to", "overdue", "mended", "urgent")
AT_ONCE = 20


@router.get("")
async def queue(page: Page) -> Response:
    """Letters to review; with no filter those that wait."""
    filters = asked(page, *FILTERS) or {"state": "submitted"}
    if filters.get("state") == "all":
        filters.pop("state")
    found, schools = await page.gather(
        listed(page, "booking", "/orders", filters), page.get("booking", "/schools")
    )
    if wants_sheet(page):
        return page.excel(page._("审单"), sheet(page), found["items"])
    return await page.show(
        "desk/review.html",
        letters=found["items"],
        next=found["next"],
        schools=[(s["id"], s["name"]) for s in schools["items"]],
        filters=filters,
    )


@router.post("/approve")
async def approve_many(page: Page) -> Response:
    """All lines of the chosen letters; one that cannot be approved does not stop the others."""
    done, kept = 0, []
    for id in page.lists("order")[:AT_ONCE]:
        try:
            await page.post("booking", f"/orders/{UUID(id)}/approve")
            done += 1
        except (Refused, ValueError) as error:
            kept.append(error)
    if done == 0 and kept and isinstance(kept[0], Refused):
        raise kept[0]
    said = page._("已批准 %(n)s 份邀请函。", n=done)
    if kept:
        said += page._("另有 %(n)s 份没有办成，请逐份打开查看。", n=len(kept))
    return await page.go("/desk/review", done=said)


@router.get("/{order_id}")
async def letter(page: Page, order_id: UUID) -> Response:
    found, history = await page.gather(
        page.get("booking", f"/review/{order_id}"),
        page.get("booking", f"/orders/{order_id}/history", newest=True, limit=30),
    )
    order = found["order"]
    mix = found["mix"]
    basis = mix[mix["basis"]] if mix["basis"] in ("hours", "count") else mix["hours"]
    meter = [
        (page._.word("category", name), float(share) / 100, float(mix["targets"][name]) / 100)
        for name, share in basis["shares"].items()
        if name in mix["targets"]
    ]
    warnings: dict[Any, list[dict[str, Any]]] = {}
    for warning in order["warnings"]:
        warnings.setdefault(warning["line"], []).append(warning)
    return await page.show(
        "desk/letter.html",
        order=order,
        mix=mix,
        meter=meter,
        warnings=warnings,
        waiting=found["waiting"],
        previous=found["previous"],
        following=found["next"],
        open_lines=open_lines(order),
        sentence=lambda said: refusals.of_code(said["code"], said, page._),
        fields=[(code, page._(name)) for code, name in desk_words.LINE_FIELDS.items()],
        letter_fields=[(code, page._(name)) for code, name in desk_words.LETTER_FIELDS.items()],
        history=desk_history.together(desk_history.of_booking(history["items"], page._)),
    )


@router.post("/{order_id}")
async def decide(page: Page, order_id: UUID) -> Response:
    """Line by line: approve, return with the fields and a deadline, refuse with a reason."""
    verb = "review_lines" if page.form.get("verb") == "review_lines" else "approve"
    lines = [said for number in page.lists("line") if (said := decision(page, number))]
    await page.post("booking", f"/orders/{order_id}/{verb}", {"lines": lines})
    return await _next(page, page._("已审单。"))


@router.post("/{order_id}/return_for_fix")
async def return_for_fix(page: Page, order_id: UUID) -> Response:
    due = moment(page.form.get("due_at"))
    body = given(fields=page.lists("fields"), reason=page.form.get("reason"), due_at=due)
    await page.post("booking", f"/orders/{order_id}/return_for_fix", {"reason": "", **body})
    return await _next(page, page._("已整单退回，学校会收到通知。"))


@router.post("/{order_id}/reject")
async def reject(page: Page, order_id: UUID) -> Response:
    body = {"reason": page.form.get("reason", "")}
    await page.post("booking", f"/orders/{order_id}/reject", body)
    return await _next(page, page._("已驳回，学校会收到通知。"))


@router.post("/{order_id}/cancel_order")
async def cancel_order(page: Page, order_id: UUID) -> Response:
    body = given(reason=page.form.get("reason"), fault=page.form.get("fault"))
    await page.post("booking", f"/orders/{order_id}/cancel_order", {"reason": "", **body})
    return await page.go(f"/desk/review/{order_id}", done=page._("已取消整单及其课次。"))


def open_lines(order: dict[str, Any]) -> list[int]:
    """Lines that can be decided now: all of a submitted letter; afterwards those sent back."""
    if "approve" in order["moves"]:
        return [line["line"] for line in order["lines"]]
    if "review_lines" in order["moves"]:
        return [line["line"] for line in order["lines"] if line["review"] == "returned"]
    return []


def decision(page: Page, number: str) -> dict[str, Any] | None:
    """What was chosen for one line; None when it was left for later."""
    chosen = page.form.get(f"decision-{number}", "")
    if chosen not in ("approve", "return", "refuse"):
        return None
    said: dict[str, Any] = {"line": desk_lists.number(number), "decision": chosen}
    if chosen != "approve":
        said |= given(reason=page.form.get(f"reason-{number}"))
    if chosen == "return":
        said |= given(due_at=moment(page.form.get(f"due-{number}")))
        said["fields"] = page.lists(f"fields-{number}")
    return said


async def _next(page: Page, done: str) -> Response:
    """To the letter after this one, or back to the queue."""
    following = page.form.get("following")
    return await page.go(f"/desk/review/{following}" if following else "/desk/review", done=done)


def sheet(page: Page) -> list[Any]:
    word = page._.word
    return [
        (page._("编号"), "number"),
        (page._("学校"), "school_name"),
        (page._("标题"), "title"),
        (page._("课次数"), "line_count"),
        (page._("状态"), lambda row: word("state.order", row["state"])),
        (page._("进度"), lambda row: word("progress", row["progress"])),
        (page._("加急"), lambda row: page._("是") if row["urgent"] else ""),
        (page._("提交时间"), lambda row: page._.moment(row["submitted_at"])),
        (page._("审单时限"), lambda row: page._.moment(row["review_due_at"])),
    ]
