"""Portal: the administrator's schools and the numbers of the district."""

from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages.admin_numbers import GROUPS, NUMBERS, check
from services.portal.pages.frame import Page, pages

router = pages("/admin", Role.ADMINISTRATOR)


@router.get("/schools")
async def schools(page: Page, q: str = "", format: str = "") -> Response:
    found = await page.get("booking", "/schools")
    rows = [s for s in found["items"] if q.strip() in f"{s['name']} {s['code']} {s['liaison']}"]
    if format == "xlsx":
        words = page._
        yes, no = words("是"), words("否")
        columns: list[Any] = [
            (words("编号"), "code"),
            (words("学校"), "name"),
            (words("街镇"), "township"),
            (words("联络员"), "liaison"),
            (words("电话"), "contact_phone"),
            (words("邮箱"), "contact_email"),
            (words("晚上可上课"), lambda row: yes if row["evening_class"] else no),
            (
                words("周六可上课"),
                lambda row: words("是") if row["saturday_class"] else words("否"),
            ),
        ]
        return page.excel(words("学校"), columns, rows)
    return await page.show("admin/schools.html", schools=rows, q=q)


@router.post("/schools/{id}/times")
async def times(page: Page, id: UUID) -> Response:
    body = {
        "evening_class": page.form.get("evening") == "on",
        "saturday_class": page.form.get("saturday") == "on",
    }
    version = int(page.form.get("version", "0") or 0)
    await page.put("booking", f"/schools/{id}/times", body, if_match=version)
    return await page.go("/admin/schools", done=page._("已保存。"))


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
