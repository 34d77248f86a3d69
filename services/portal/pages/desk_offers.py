"""Portal: offers (派课单) and promises (授课承诺), and answers given by phone (电话代答)."""

from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages.desk_lists import (
    asked,
    given,
    listed,
    midnight,
    moment,
    number,
    place_of,
    wants_sheet,
)
from services.portal.pages.frame import Page, pages

router = pages("/desk", Role.SCHEDULER)

# What a lecturer says himself, and somebody may say for him; the rest is the scheduler's own.
HIS_OFFER = ("accept", "decline", "counter", "withdraw_counter")
OWN_OFFER = ("revoke", "adopt_counter", "refuse_counter")
HIS_PROMISE = ("check_in", "check_out", "reconfirm", "release", "withdraw_request", "abort")
OWN_PROMISE = ("grant", "refuse", "replace", "handover")


@router.get("/offers")
async def offers(page: Page) -> Response:
    filters = asked(page, "state", "kind", "lecturer_id", "lesson_id", "expires_before")
    if not filters:
        filters = {"state": "pending"}
    if filters.get("state") == "all":
        filters.pop("state")
    found = await listed(page, "lecturer", "/offers", filters)
    if wants_sheet(page):
        return page.excel(page._("派课单"), offer_sheet(page), found["items"])
    return await page.show(
        "desk/offers.html", offers=found["items"], next=found["next"], filters=filters
    )


@router.get("/promises")
async def promises(page: Page) -> Response:
    filters = asked(page, "state", "lecturer_id", "lesson_id", "not_reconfirmed", "not_checked_in")
    days = asked(page, "from", "to")
    filters |= given(
        **{
            "from": midnight(days.get("from")),
            "to": midnight(days.get("to"), after=True),
        }
    )
    found = await listed(page, "lecturer", "/assignments", filters)
    if wants_sheet(page):
        return page.excel(page._("授课承诺"), promise_sheet(page), found["items"])
    return await page.show("desk/promises.html", promises=found["items"], next=found["next"])


@router.get("/offers/{offer_id}/answer")
async def answer_offer(page: Page, offer_id: UUID) -> Response:
    """The form for one offer, in a drawer."""
    offer = await page.get("lecturer", f"/offers/{offer_id}")
    return page.fragment(
        "desk/answer_offer.html",
        offer=offer,
        his=[verb for verb in HIS_OFFER if verb in offer["moves_on_behalf"]],
        own=[verb for verb in OWN_OFFER if verb in offer["moves"]],
        back=page.request.query_params.get("back", "/desk/offers"),
    )


@router.post("/offers/{offer_id}/{verb}")
async def say_offer(page: Page, offer_id: UUID, verb: str) -> Response:
    form = page.form
    if verb in HIS_OFFER:
        body = spoken(form)
        if verb == "accept":
            body["revision"] = number(form.get("revision"))
        elif verb == "decline":
            body["reason"] = form.get("why")
        elif verb == "counter":
            times = {name: moment(form.get(name)) for name in ("starts_at", "ends_at")}
            body |= given(**times)
        done = page._("已代讲师记下答复，并通知本人。")
    elif verb in OWN_OFFER:
        body = given(note=form.get("note"))
        if verb == "adopt_counter":
            body |= given(revision=number(form.get("revision")), channel=form.get("channel"))
        done = page._("已办理。")
    else:
        return await page.go("/desk/offers")
    await page.post("lecturer", f"/offers/{offer_id}/{verb}", body)
    return await page.go(back(form, "/desk/offers"), done=done)


@router.get("/promises/{promise_id}/answer")
async def answer_promise(page: Page, promise_id: UUID) -> Response:
    """The form for one promise, in a drawer; for a change of lecturer with those who could."""
    promise = await page.get("lecturer", f"/assignments/{promise_id}")
    own = [verb for verb in OWN_PROMISE if verb in promise["moves"]]
    others: list[Any] = []
    if {"replace", "handover"} & set(own):
        empty: dict[str, Any] = {"items": []}
        path = f"/seats/{promise['lesson_id']}/candidates"
        others = (await page.get_or(empty, "lecturer", path))["items"]
    return page.fragment(
        "desk/answer_promise.html",
        promise=promise,
        his=[verb for verb in HIS_PROMISE if verb in promise["moves_on_behalf"]],
        own=own,
        others=[
            (one["lecturer_id"], f"{one['name']}（{page._.word('pool', one['pool'])}）")
            for one in others
            if one["lecturer_id"] != promise["lecturer_id"]
        ],
        back=page.request.query_params.get("back", "/desk/promises"),
    )


@router.post("/promises/{promise_id}/{verb}")
async def say_promise(page: Page, promise_id: UUID, verb: str) -> Response:
    form = page.form
    if verb in HIS_PROMISE:
        body = spoken(form)
        if verb == "release":
            body |= given(reason=form.get("reason"))
        elif verb == "abort":
            body |= given(
                minutes_taught=number(form.get("minutes_taught")),
                reason=form.get("reason"),
                fault=form.get("fault"),
            )
        done = page._("已代讲师记下，并通知本人。")
    elif verb in ("replace", "handover"):
        names = ("lecturer_id", "channel", "note")
        body = {name: form.get(name, "") for name in names}
        if verb == "handover":
            body |= given(minutes_taught=number(form.get("minutes_taught")))
        done = page._("已改派，两位讲师都会收到通知。")
    elif verb in OWN_PROMISE:
        body, done = given(note=form.get("note")), page._("已办理。")
    else:
        return await page.go("/desk/promises")
    await page.post("lecturer", f"/assignments/{promise_id}/{verb}", body)
    return await page.go(back(form, "/desk/promises"), done=done)


def spoken(form: dict[str, str]) -> dict[str, Any]:
    """For whom, reached how, and what he said."""
    names = ("on_behalf_of", "channel", "note")
    return {name: form.get(name) for name in names}


def back(form: dict[str, str], otherwise: str) -> str:
    wanted = form.get("back", "")
    return wanted if wanted.startswith("/desk/") else otherwise


def _whose(page: Page) -> list[Any]:
    """Columns of an offer and of a promise alike: who, what, when, where."""
    moment_of = page._.moment
    return [
        (page._("讲师"), "lecturer_name"),
        (page._("课程"), lambda row: row["seat"]["course_title"]),
        (page._("学校"), lambda row: row["seat"]["school_name"]),
        (page._("开始"), lambda row: moment_of(row["starts_at"])),
        (page._("结束"), lambda row: moment_of(row["ends_at"])),
        (page._("地点"), lambda row: place_of(row["seat"]["place"])),
    ]


def offer_sheet(page: Page) -> list[Any]:
    word, moment_of = page._.word, page._.moment
    return [
        *_whose(page),
        (page._("状态"), lambda row: word("state.offer", row["state"])),
        (page._("发出"), lambda row: moment_of(row["sent_at"])),
        (page._("时限"), lambda row: moment_of(row["expires_at"])),
        (page._("答复"), lambda row: moment_of(row["answered_at"])),
        (page._("原因"), lambda row: word("decline", row["reason"])),
        (page._("怎么联系上的"), lambda row: word("channel", row["channel"])),
        (page._("说明"), "note"),
    ]


def promise_sheet(page: Page) -> list[Any]:
    word, moment_of = page._.word, page._.moment
    return [
        *_whose(page),
        (page._("状态"), lambda row: word("state.assignment", row["state"])),
        (page._("签到"), lambda row: moment_of(row["checked_in_at"])),
        (page._("签退"), lambda row: moment_of(row["checked_out_at"])),
        (page._("实授分钟"), "minutes_taught"),
        (page._("责任"), lambda row: word("fault", row["fault"])),
    ]
