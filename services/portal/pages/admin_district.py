"""Portal: the numbers of the district."""

from typing import Any

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages.admin_numbers import GROUPS, NUMBERS, check
from services.portal.pages.frame import Page, pages

router = pages("/admin", Role.ADMINISTRATOR)


@router.get("/numbers")
async def numbers(page: Page, format: str = "") -> Response:
    found = await page.get("booking", "/numbers")
    values = found["values"]
    if format == "xlsx":
        words = page._
        rows = [{"name": name, "value": value} for name, value in sorted(values.items())]
        columns: list[Any] = [
            (
                words("参数"),
                lambda row: (
                    words(NUMBERS[row["name"]].title) if row["name"] in NUMBERS else row["name"]
                ),
            ),
            (words("值"), "value"),
            (
                words("单位"),
                lambda row: words(NUMBERS[row["name"]].unit) if row["name"] in NUMBERS else "",
            ),
        ]
        return page.excel(words("区级参数"), columns, rows)
    others = sorted(set(values) - set(NUMBERS))
    return await page.show(
        "admin/numbers.html", values=values, groups=GROUPS, numbers=NUMBERS, others=others
    )


@router.post("/numbers/{name}")
async def number(page: Page, name: str) -> Response:
    value = page.form["value"]
    check(name, value)
    await page.put(
        "booking", f"/numbers/{name}", {"value": value, "source": page.form.get("source", "")}
    )
    title = page._(NUMBERS[name].title) if name in NUMBERS else name
    return await page.go(
        "/admin/numbers", done=page._("“%(name)s”已改为 %(value)s。", name=title, value=value)
    )
