"""Portal: who did what (审计): the history of one service, filtered, to read or to keep."""

from typing import Any

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import desk_plan_words, desk_seasons, desk_words, refusals
from services.portal.pages.desk_lists import asked, given, listed, midnight, wants_sheet
from services.portal.pages.frame import Page, pages

desk = pages("/desk", Role.SCHEDULER)
supervisor = pages("/supervisor", Role.SUPERVISOR)
admin = pages("/admin", Role.ADMINISTRATOR)

SERVICES = {
    "booking": "约课与课次",
    "lecturer": "师资",
    "catalog": "课程与教学点",
    "portal": "账号",
}


@desk.get("/audit")
@supervisor.get("/audit")
@admin.get("/audit")
async def audit(page: Page) -> Response:
    query = asked(page, "service", "person", "subject", "key", "from", "to")
    service = str(query.get("service", "booking"))
    if service not in SERVICES:
        service = "booking"
    filters = given(
        person=query.get("person"),
        subject=query.get("subject"),
        key=query.get("key"),
        **{
            "from": midnight(query.get("from")),
            "to": midnight(query.get("to"), after=True),
        },
    )
    found = await listed(page, service, "/happened", filters)
    rows = [told(page, row) for row in found["items"]]
    if wants_sheet(page):
        return page.excel(page._("审计"), sheet(page), rows)
    return await page.show(
        "desk/audit.html",
        rows=rows,
        next=found["next"],
        service=service,
        services=[(code, page._(name)) for code, name in SERVICES.items()],
        subjects=[
            (code, page._(name))
            for code, name in desk_words.ABOUT.items()
            if code.startswith(f"{service}.")
        ],
    )


def told(page: Page, row: dict[str, Any]) -> dict[str, Any]:
    """A row in words: when, who, what, of what, from where to where."""
    noun = row["about"].partition(".")[2]
    facts = row["facts"]
    about = [facts.get(name) for name in ("order_number", "number", "code", "course_title")]
    note = row["note"] or facts.get("reason") or ""
    if row["about"] == "booking.plan":
        note, about = note or _code(page, facts), [facts["first_on"], "–", facts["last_on"]]
    names = [facts.get(name) for name in ("title", "school_name", "lecturer_name", "name", "login")]
    return {
        **row,
        "noun": noun,
        "who": desk_words.by(page._, row["by"]),
        "what": _what(page, row),
        "on": page._(desk_words.ABOUT.get(row["about"], row["about"])),
        "of": " ".join(str(part) for part in [*about, *names] if part),
        "why": desk_words.told(page._, note) if note in desk_words.TOLD else note,
    }


def _what(page: Page, row: dict[str, Any]) -> str:
    if row["about"] == "booking.plan":
        return desk_plan_words.told(row, page._)
    if row["about"] == "booking.season":
        return desk_seasons.told(row, page._)
    return desk_words.told(page._, row["verb"], row["fact"])


def _code(page: Page, facts: dict[str, Any]) -> str:
    """Why a plan failed, as the page of the plan says it."""
    code = facts.get("reason_code")
    return refusals.of_code(code, {}, page._) if code else ""


def sheet(page: Page) -> list[Any]:
    word = page._.word

    def state(name: str) -> Any:
        return lambda row: word(f"state.{row['noun']}", row[name])

    return [
        (page._("时间"), lambda row: row["at"]),
        (page._("谁"), "who"),
        (page._("做了什么"), "what"),
        (page._("关于"), "on"),
        (page._("内容"), "of"),
        (page._("原状态"), state("was")),
        (page._("现状态"), state("state")),
        (page._("说明"), "why"),
        (page._("编号"), "key"),
        (page._("版本"), "version"),
        (page._("请求编号"), "request_id"),
    ]
