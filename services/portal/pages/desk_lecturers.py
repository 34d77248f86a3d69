"""Portal: the pools (师资库) with their load, and letters of appointment renewed together."""

from typing import Any

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages.desk_lists import asked, given, listed, number, wants_sheet
from services.portal.pages.frame import Page, pages
from services.portal.pages.upstream import Refused

router = pages("/desk", Role.SCHEDULER)

PLACE = "{n}"


@router.get("/lecturers")
async def lecturers(page: Page) -> Response:
    filters = asked(page, "pool", "status", "q", "appointed", "course_id")
    found, loads = await page.gather(
        listed(page, "lecturer", "/lecturers", filters),
        page.get_or({"items": []}, "lecturer", "/load"),
    )
    load = {row["lecturer_id"]: row for row in loads["items"]}
    rows = [{**row, "load": load.get(row["id"])} for row in found["items"]]
    if wants_sheet(page):
        return page.excel(page._("师资库"), sheet(page), rows)
    return await page.show("desk/lecturers.html", lecturers=rows, next=found["next"])


@router.get("/letters")
async def letters(page: Page) -> Response:
    filters = asked(page, "expiring", "ends_before")
    found = await listed(page, "lecturer", "/appointments", filters)
    if wants_sheet(page):
        return page.excel(page._("聘书"), letter_sheet(page), found["items"])
    return await page.show(
        "desk/letters.html",
        letters=found["items"],
        next=found["next"],
        pattern=page._("聘字〔%(year)s〕{n}号", year=page.year),
    )


@router.post("/letters/renew")
async def renew(page: Page) -> Response:
    """The chosen letters, numbered one after another."""
    chosen, form = page.lists("letter"), page.form
    if not chosen:
        raise Refused(422, "invalid_body", {"errors": []})
    numbers = numbered(form.get("pattern", ""), form.get("first", ""), len(chosen))
    items = [{"id": id, "number": name} for id, name in zip(chosen, numbers, strict=True)]
    body = {"letters": items, **given(ends_on=form.get("ends_on"), scope=form.get("scope"))}
    found = await page.post("lecturer", "/appointments/renew_many", body)
    done = page._("已续聘 %(n)s 位讲师，聘书编号到 %(last)s。", n=len(chosen), last=numbers[-1])
    return await page.go("/desk/letters", done=done if found else "")


def numbered(pattern: str, first: str, count: int) -> list[str]:
    """`聘字〔2028〕{n}号` from 1: 聘字〔2028〕001号, 002 and so on; without a place, at the end."""
    start = number(first)
    begin = start if isinstance(start, int) and start > 0 else 1
    width = max(3, len(first.strip()))
    shape = pattern if PLACE in pattern else f"{pattern}{PLACE}"
    return [shape.replace(PLACE, f"{begin + n:0{width}}") for n in range(count)]


def sheet(page: Page) -> list[Any]:
    word = page._.word

    def load(name: str) -> Any:
        return lambda row: (row["load"] or {}).get(name, 0)

    return [
        (page._("编号"), "code"),
        (page._("姓名"), "name"),
        (page._("师资类别"), lambda row: word("pool", row["pool"])),
        (page._("身份"), "identity"),
        (page._("职称"), "title"),
        (page._("电话"), "phone"),
        (page._("邮箱"), "email"),
        (page._("聘期至"), "appointed_until"),
        (page._("本周"), load("week")),
        (page._("本月"), load("month")),
        (page._("本年"), load("year")),
        (page._("已授"), load("given")),
        (page._("待授"), load("to_come")),
        (
            page._("状态"),
            lambda row: page._("在库") if row["status"] == "active" else page._("停用"),
        ),
    ]


def letter_sheet(page: Page) -> list[Any]:
    word = page._.word
    return [
        (page._("聘书编号"), "number"),
        (page._("讲师"), "lecturer_name"),
        (page._("范围"), "scope"),
        (page._("起"), "starts_on"),
        (page._("止"), "valid_until"),
        (page._("状态"), lambda row: word("state.appointment", row["status"])),
    ]
