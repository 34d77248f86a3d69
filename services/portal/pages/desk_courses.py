"""Portal: the courses (课程) and their versions: written, tried, approved, published, retired."""

from typing import Any
from uuid import UUID, uuid4

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages.desk_lists import asked, given, listed, number, wants_sheet
from services.portal.pages.frame import Page, pages

router = pages("/desk/courses", Role.SCHEDULER)

FILTERS = ("state", "q", "module", "category", "pool", "audience", "delivery")
KINDS = ("module", "category", "format", "audience", "delivery", "pool", "equipment")
PLAIN = ("label", "title", "summary", "kind", "module", "category", "format", "class_hours")
NUMBERS = ("minutes", "min_attendees", "max_attendees")
LISTS = ("audience", "deliveries", "eligible_pools", "equipment")
MAYBE = ("site_id", "prerequisite_id", "valid_from", "valid_until")
DONE = {
    "trial": "已转为试讲。",
    "approve": "已审定，内容不能再改。",
    "publish": "已上架，学校可以点单了。",
    "retire": "已下架，已经点过的课不受影响。",
}


@router.get("")
async def courses(page: Page) -> Response:
    filters = asked(page, *FILTERS)
    # `format` in an address asks for a sheet, on every page.
    filters |= given(format=asked(page, "shape").get("shape"))
    found = await listed(page, "catalog", "/courses", {"state": "all", **filters})
    if wants_sheet(page):
        return page.excel(page._("课程"), sheet(page), found["items"])
    return await page.show("desk/courses.html", courses=found["items"], next=found["next"])


@router.get("/new")
async def new(page: Page) -> Response:
    return await _form(page, uuid4(), None, None)


@router.get("/{course_id}")
async def course(page: Page, course_id: UUID) -> Response:
    found = await page.get("catalog", f"/courses/{course_id}")
    return await page.show("desk/course.html", course=found, versions=found["versions"])


@router.get("/{course_id}/edit")
async def edit(page: Page, course_id: UUID) -> Response:
    """The draft there is, or a new version made from the newest one."""
    found = await page.get("catalog", f"/courses/{course_id}")
    drafts = [v for v in found["versions"] if v["state"] in ("draft", "trial")]
    return await _form(page, course_id, found, drafts[0] if drafts else None)


@router.post("/{course_id}/put")
async def put(page: Page, course_id: UUID) -> Response:
    form = page.form
    body: dict[str, Any] = {"code": form.get("code", "")}
    body |= {name: form.get(name, "") for name in PLAIN}
    body |= given(**{name: number(form.get(name)) for name in NUMBERS})
    body |= {name: page.lists(name) for name in LISTS}
    body |= given(**{name: form.get(name) for name in MAYBE})
    version = number(form.get("version"))
    match = version if isinstance(version, int) else None
    await page.put("catalog", f"/courses/{course_id}", body, if_match=match)
    done = page._("已存为草稿；审定并上架后学校才能看到。")
    return await page.go(f"/desk/courses/{course_id}", done=done)


@router.post("/{course_id}/{verb}")
async def say(page: Page, course_id: UUID, verb: str) -> Response:
    where = f"/desk/courses/{course_id}"
    if verb not in DONE:
        return await page.go(where)
    body = given(version_id=page.form.get("version_id"))
    await page.post("catalog", f"/courses/{course_id}/{verb}", body)
    return await page.go(where, done=page._(DONE[verb]))


async def _form(
    page: Page, id: UUID, course: dict[str, Any] | None, draft: dict[str, Any] | None
) -> Response:
    choices = await page.get("catalog", "/desk")
    words: dict[str, list[tuple[str, str]]] = {kind: [] for kind in KINDS}
    for code in choices["codes"]:
        name = code["name_en"] if page.visitor.language == "en" else code["name"]
        words.setdefault(code["kind"], []).append((code["code"], name))
    versions = course["versions"] if course else []
    newest = versions[0] if versions else None
    return await page.show(
        "desk/course_form.html",
        id=id,
        course=course,
        draft=draft,
        shown=draft or newest or {},
        words=words,
        courses=[(c["id"], f"{c['code']} {c['name']}") for c in choices["courses"]],
        sites=[(s["id"], s["name"]) for s in choices["sites"]],
    )


def sheet(page: Page) -> list[Any]:
    word = page._.word

    def words(kind: str, name: str) -> Any:
        return lambda row: "、".join(word(kind, code) for code in row[name])

    return [
        (page._("编号"), "code"),
        (page._("版本"), "label"),
        (page._("名称"), "title"),
        (page._("状态"), lambda row: word("state.course", row["state"])),
        (page._("模块"), lambda row: word("module", row["module"])),
        (page._("类别"), lambda row: word("category", row["category"])),
        (page._("形式"), lambda row: word("format", row["format"])),
        (page._("分钟"), "minutes"),
        (page._("学时"), "class_hours"),
        (page._("对象"), words("audience", "audience")),
        (page._("授课形式"), words("delivery", "deliveries")),
        (page._("师资类别"), words("pool", "eligible_pools")),
        (page._("人数下限"), "min_attendees"),
        (page._("人数上限"), "max_attendees"),
        (page._("有效期起"), "valid_from"),
        (page._("有效期止"), "valid_until"),
    ]
