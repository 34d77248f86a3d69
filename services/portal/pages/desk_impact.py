"""Portal: changes of the ground (变更). What a leave, a closed site, a withdrawn course or days
without lessons would touch is shown first; only then it is saved."""

from typing import Any
from uuid import UUID, uuid4

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import desk_ground_saving as saving
from services.portal.pages import desk_lists
from services.portal.pages.desk_lists import asked, given, moment, wants_sheet
from services.portal.pages.frame import Page, pages

router = pages("/desk/impact", Role.SCHEDULER)


@router.get("")
async def impact(page: Page) -> Response:
    """The question as the address has it; without one, the forms to ask it."""
    query = asked(page, "lecturer_id", "site_id", "course_id", "version_id", "school_id")
    query |= asked(page, "appointment_id", "on", "from", "to", "starts_at", "ends_at", "reason")
    kind = kind_of(query)
    choices, schools = await page.gather(
        page.get_or({"sites": [], "courses": []}, "catalog", "/desk"),
        page.get_or({"items": []}, "booking", "/schools"),
    )
    found = await _found(page, kind, query)
    if found and wants_sheet(page):
        return page.excel(page._("影响"), sheet(page), rows(found))
    person = None
    if kind == "leave" and not found:
        person = await page.get("lecturer", f"/lecturers/{query['lecturer_id']}")
    return await page.show(
        "desk/impact.html",
        kind=kind,
        query=query,
        found=found,
        person=person,
        sites=[(s["id"], f"{s['code']} {s['name']}") for s in choices["sites"]],
        courses=[(c["id"], f"{c['code']} {c['name']}") for c in choices["courses"]],
        schools=[(s["id"], s["name"]) for s in schools["items"]],
    )


@router.post("/leave/{lecturer_id}")
async def leave(page: Page, lecturer_id: UUID) -> Response:
    form = page.form
    body = given(starts_at=moment(form.get("starts_at")), ends_at=moment(form.get("ends_at")))
    body |= {"reason": form.get("reason", ""), "force": form.get("force") == "true"}
    id = form.id("once") if form.get("once") else uuid4()
    await saving.leave(page, str(lecturer_id), id, body)
    where = f"/desk/lecturers/{lecturer_id}"
    done = page._("请假已登记，空出来的席位正在重新派单。")
    undo = (f"{where}/leave/{id}/undo", {"reason": page._("撤销")})
    return await page.go(where, done=done, undo=undo)


@router.post("/site/{site_id}")
async def site(page: Page, site_id: UUID) -> Response:
    """Closed for good until it opens again, or on these days only."""
    form, where = page.form, f"/desk/sites/{site_id}"
    first, last = form.get("from", ""), form.get("to", "")
    await saving.site(page, str(site_id), first, last, form.get("reason", ""))
    if first and last:
        return await page.go(where, done=page._("这几天已设为不开放。"))
    done = page._("已暂停开放；受影响的课次列在“冲突”里。")
    return await page.go("/desk/lessons?conflict=true", done=done, undo=(f"{where}/reopen", {}))


@router.post("/course/{course_id}")
async def course(page: Page, course_id: UUID) -> Response:
    body = given(version_id=page.form.get("version_id"))
    await page.post("catalog", f"/courses/{course_id}/retire", body)
    return await page.go(
        f"/desk/courses/{course_id}", done=page._("已下架，已经点过的课不受影响。")
    )


@router.post("/days")
async def days_out(page: Page) -> Response:
    """No lessons on these days: at one school, or at every school of the district."""
    form = page.form
    asked_for = (form.get(name, "") for name in ("school_id", "from", "to", "reason"))
    await saving.days_out(page, *asked_for)
    done = page._("已设为不排课；受影响的课次列在“冲突”里。")
    return await page.go("/desk/lessons?conflict=true", done=done)


def kind_of(query: dict[str, Any]) -> str | None:
    kinds = (("appointment_id", "appointment"), ("lecturer_id", "leave"))
    for name, kind in (*kinds, ("site_id", "site"), ("course_id", "course")):
        if name in query:
            return kind
    return "days" if {"on", "from", "to"} & query.keys() else None


async def _found(page: Page, kind: str | None, query: dict[str, Any]) -> dict[str, Any] | None:
    if kind is None:
        return None
    if kind == "appointment":
        path = f"/appointments/{query['appointment_id']}/revoke_impact"
        ended: dict[str, Any] = await page.get("lecturer", path, on=query.get("on"))
        return ended
    if kind == "leave":
        starts, ends = moment(query.get("starts_at")), moment(query.get("ends_at"))
        if starts is None or ends is None:
            return None
        path = f"/lecturers/{query['lecturer_id']}/leave_impact"
        found: dict[str, Any] = await page.get("lecturer", path, starts_at=starts, ends_at=ends)
        return found
    names = ("site_id", "course_id", "school_id", "on", "from", "to")
    wanted = {name: query[name] for name in names if name in query}
    found = await page.get("booking", "/impact", **wanted)
    return found


def rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Touched lessons as rows of a sheet, of either service."""
    if "placed" in found:
        return [*found["placed"], *found["waiting"]]
    return [
        {
            **one["assignment"],
            "school_name": one["assignment"]["seat"]["school_name"],
            "course_title": one["assignment"]["seat"]["course_title"],
            "place": one["assignment"]["seat"]["place"],
            "contact_name": one["assignment"]["seat"]["contact_name"],
            "contact_phone": one["assignment"]["seat"]["contact_phone"],
        }
        for one in found["lessons"]
    ]


def sheet(page: Page) -> list[Any]:
    return [
        (page._("学校"), "school_name"),
        (page._("课程"), "course_title"),
        (page._("开始"), lambda row: page._.moment(row["starts_at"])),
        (page._("结束"), lambda row: page._.moment(row["ends_at"])),
        (page._("地点"), lambda row: desk_lists.place_of(row["place"])),
        (page._("联系人"), "contact_name"),
        (page._("联系电话"), "contact_phone"),
    ]
