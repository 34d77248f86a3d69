"""Portal: the administrator's schools: added, written anew, closed; with their yearly targets."""

from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.kit.ids import uuid7
from services.portal.pages.desk_lists import number, real
from services.portal.pages.frame import Page, pages

router = pages("/admin/schools", Role.ADMINISTRATOR)

TEXTS = (
    *("code", "name", "township", "kind", "address"),
    *("liaison", "contact_phone", "contact_email", "brand"),
)
MOST_TARGETS = 20


@router.get("")
async def schools(page: Page, q: str = "", format: str = "") -> Response:
    found = await page.get("booking", "/schools")
    rows = [
        {**one, "target": target_of(one, page.year)}
        for one in found["items"]
        if q.strip() in f"{one['name']} {one['code']} {one['liaison']}"
    ]
    if format == "xlsx":
        return page.excel(page._("学校"), sheet(page), rows)
    return await page.show("admin/schools.html", schools=rows, q=q)


@router.get("/new")
async def new(page: Page) -> Response:
    return await page.show(
        "admin/school.html", school=None, id=str(uuid7()), targets=targets_shown(None, page.year)
    )


@router.get("/{id}")
async def school(page: Page, id: UUID) -> Response:
    found = await page.get("booking", f"/schools/{id}")
    return await page.show(
        "admin/school.html", school=found, id=id, targets=targets_shown(found, page.year)
    )


@router.post("/{id}")
async def save(page: Page, id: UUID) -> Response:
    form = page.form
    body: dict[str, Any] = {name: form.get(name, "") for name in TEXTS}
    body |= {name: real(form.get(name)) for name in ("lat", "lon") if form.get(name)}
    body["evening_class"] = form.get("evening") == "on"
    body["saturday_class"] = form.get("saturday") == "on"
    body["targets"] = targets_sent(form)
    await page.put("booking", f"/schools/{id}", body, if_match=form.version or None)
    done = page._("%(name)s已保存。", name=form["name"])
    if not form.version:
        done = page._("%(name)s已建立。下一步请为它的联络员开账号。", name=form["name"])
    return await page.go(f"/admin/schools/{id}", done=done)


@router.post("/{id}/close")
async def close(page: Page, id: UUID) -> Response:
    await page.post("booking", f"/schools/{id}/close")
    undo: tuple[str, dict[str, Any]] = (f"/admin/schools/{id}/reopen", {})
    done = page._("学校已停用，不再收新的邀请函；已有的照常进行。")
    return await page.go(f"/admin/schools/{id}", done=done, undo=undo)


@router.post("/{id}/reopen")
async def reopen(page: Page, id: UUID) -> Response:
    await page.post("booking", f"/schools/{id}/reopen")
    return await page.go(f"/admin/schools/{id}", done=page._("学校已恢复，可以提交新的邀请函。"))


def target_of(school: dict[str, Any], year: int) -> dict[str, Any] | None:
    return next((one for one in school["targets"] if one["year"] == year), None)


def targets_shown(school: dict[str, Any] | None, year: int) -> list[dict[str, Any]]:
    """This year and the next to be filled in, then what is known of others, newest first."""
    known = {one["year"]: one for one in school["targets"]} if school else {}
    empty = {"sessions": "", "person_times": ""}
    others = sorted(set(known) - {year, year + 1}, reverse=True)
    years = (year, year + 1, *others[: MOST_TARGETS - 2])
    return [{**empty, **known.get(of, {}), "year": of} for of in years]


def targets_sent(form: dict[str, str]) -> list[dict[str, Any]]:
    """The years with anything filled in; a year with half of it is refused beside the gap."""
    found = []
    for place in range(MOST_TARGETS):
        both = ("sessions", "person_times")
        said = {name: number(form.get(f"targets.{place}.{name}")) for name in both}
        if any(value is not None for value in said.values()):
            found.append({"year": number(form.get(f"targets.{place}.year")), **said})
    return found


def sheet(page: Page) -> list[Any]:
    words = page._
    yes, no = words("是"), words("否")

    def wanted(name: str) -> Any:
        return lambda row: row["target"][name] if row["target"] else ""

    return [
        (words("编号"), "code"),
        (words("学校"), "name"),
        (words("街镇"), "township"),
        (words("类别"), lambda row: words.word("school_kind", row["kind"])),
        (words("地址"), "address"),
        (words("纬度"), "lat"),
        (words("经度"), "lon"),
        (words("联络员"), "liaison"),
        (words("电话"), "contact_phone"),
        (words("邮箱"), "contact_email"),
        (words("晚上可上课"), lambda row: yes if row["evening_class"] else no),
        (words("周六可上课"), lambda row: yes if row["saturday_class"] else no),
        (words("目标课次"), wanted("sessions")),
        (words("目标人次"), wanted("person_times")),
        (words("状态"), lambda row: words("已停用") if row["closed_at"] else words("启用")),
    ]
