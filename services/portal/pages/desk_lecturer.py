"""Portal: one lecturer: profile, load, letters, leave, half-days, courses, and what happened."""

from typing import Any
from uuid import UUID, uuid4

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import desk_history
from services.portal.pages.desk_lists import given, number
from services.portal.pages.frame import Page, pages

router = pages("/desk/lecturers", Role.SCHEDULER)

DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
HALVES = ("AM", "PM", "EVE")
PROFILE = ("code", "name", "pool", "identity", "title", "phone", "email")


@router.get("/new")
async def new(page: Page) -> Response:
    empty: dict[str, Any] = {"items": []}
    schools = await page.get_or(empty, "booking", "/schools")
    return await page.show(
        "desk/lecturer_form.html",
        lecturer=None,
        id=uuid4(),
        schools=[(s["id"], s["name"]) for s in schools["items"]],
    )


@router.get("/{lecturer_id}")
async def lecturer(page: Page, lecturer_id: UUID) -> Response:
    whole, promises, schools, choices = await page.gather(
        page.get("lecturer", f"/lecturers/{lecturer_id}/whole"),
        page.get(
            "lecturer",
            "/assignments",
            **{"lecturer_id": lecturer_id, "from": page.now.isoformat(), "limit": 20},
        ),
        page.get_or({"items": []}, "booking", "/schools"),
        page.get_or({"courses": []}, "catalog", "/desk"),
    )
    names = {s["id"]: s["name"] for s in schools["items"]}
    return await page.show(
        "desk/lecturer.html",
        **{name: whole[name] for name in ("lecturer", "load", "appointments", "leave")},
        half_days=set(whole["half_days"]),
        courses=whole["courses"],
        can_teach={course["id"] for course in whole["courses"]},
        all_courses=choices["courses"],
        history=desk_history.together(desk_history.of_lecturer(whole["history"], page._)),
        promises=promises["items"],
        school=names.get(whole["lecturer"]["home_school_id"]),
        days=DAYS,
        halves=HALVES,
    )


@router.get("/{lecturer_id}/edit")
async def edit(page: Page, lecturer_id: UUID) -> Response:
    found, schools = await page.gather(
        page.get("lecturer", f"/lecturers/{lecturer_id}"),
        page.get_or({"items": []}, "booking", "/schools"),
    )
    return await page.show(
        "desk/lecturer_form.html",
        lecturer=found,
        id=lecturer_id,
        schools=[(s["id"], s["name"]) for s in schools["items"]],
    )


@router.post("/{lecturer_id}/put")
async def put(page: Page, lecturer_id: UUID) -> Response:
    form = page.form
    version = number(form.get("version"))
    if isinstance(version, int):
        now = await page.get("lecturer", f"/lecturers/{lecturer_id}")
        body = body_of_lecturer(form, now)
        await page.put("lecturer", f"/lecturers/{lecturer_id}", body, if_match=version)
    else:
        await page.put("lecturer", f"/lecturers/{lecturer_id}", body_of_lecturer(form))
    return await page.go(f"/desk/lecturers/{lecturer_id}", done=page._("已保存。"))


@router.post("/{lecturer_id}/half_days")
async def half_days(page: Page, lecturer_id: UUID) -> Response:
    body = {"half_days": page.lists("half_day")}
    path = f"/lecturers/{lecturer_id}/availability"
    await page.put("lecturer", path, body, if_match=_version(page))
    return await _back(page, lecturer_id, page._("可用时间已保存；已承诺的课不变。"))


@router.post("/{lecturer_id}/courses")
async def courses(page: Page, lecturer_id: UUID) -> Response:
    body = {"courses": page.lists("course")}
    path = f"/lecturers/{lecturer_id}/qualifications"
    await page.put("lecturer", path, body, if_match=_version(page))
    return await _back(page, lecturer_id, page._("可授课程已保存。"))


@router.post("/{lecturer_id}/appointments")
async def appoint(page: Page, lecturer_id: UUID) -> Response:
    form = page.form
    body = given(**{name: form.get(name) for name in ("number", "scope", "starts_on", "ends_on")})
    path = f"/lecturers/{lecturer_id}/appointments/{uuid4()}"
    await page.put("lecturer", path, body)
    return await _back(page, lecturer_id, page._("聘书已登记。"))


@router.post("/{lecturer_id}/appointments/{letter_id}/{verb}")
async def letter(page: Page, lecturer_id: UUID, letter_id: UUID, verb: str) -> Response:
    form = page.form
    if verb == "renew":
        body = given(number=form.get("number"), ends_on=form.get("ends_on"))
        done = page._("已续聘。")
    else:
        verb, done = "revoke", page._("已解聘。")
        body = {"reason": form.get("reason", ""), **given(on=form.get("on"))}
        body["force"] = form.get("force") == "true"
    await page.post("lecturer", f"/appointments/{letter_id}/{verb}", body)
    return await _back(page, lecturer_id, done)


@router.post("/{lecturer_id}/leave/{leave_id}/undo")
async def undo_leave(page: Page, lecturer_id: UUID, leave_id: UUID) -> Response:
    reason = page.form.get("reason") or page._("撤销")
    path = f"/lecturers/{lecturer_id}/leave/{leave_id}/undo"
    await page.post("lecturer", path, {"reason": reason})
    return await _back(page, lecturer_id, page._("请假已撤销；因请假失去的课不会自动回来。"))


@router.post("/{lecturer_id}/cap")
async def cap(page: Page, lecturer_id: UUID) -> Response:
    form = page.form
    body: dict[str, Any] = {"cap": form.get("cap", ""), "reason": form.get("reason", "")}
    verb = "reset_cap"
    if form.get("limit"):
        verb, body["limit"] = "raise_cap", number(form["limit"])
    await page.post("lecturer", f"/lecturers/{lecturer_id}/{verb}", body)
    return await _back(page, lecturer_id, page._("课量上限已调整。"))


@router.post("/{lecturer_id}/{verb}")
async def say(page: Page, lecturer_id: UUID, verb: str) -> Response:
    """Out of the pools and back."""
    form = page.form
    body: dict[str, Any] = {"reason": form.get("reason", "")}
    if verb == "deactivate":
        body["force"] = form.get("force") == "true"
        done = page._("已停用，不再派单给他。")
    else:
        verb, done = "activate", page._("已重新启用。")
    await page.post("lecturer", f"/lecturers/{lecturer_id}/{verb}", body)
    return await _back(page, lecturer_id, done)


def body_of_lecturer(form: dict[str, str], now: dict[str, Any] | None = None) -> dict[str, Any]:
    """A lecturer as the service wants him; what the form does not ask stays as it is."""
    kept = {name: (now or {}).get(name) for name in ("home_lat", "home_lon")}
    body = {name: form.get(name, "") for name in PROFILE}
    home = {"home_school_id": form.get("home_school_id")}
    week = {"max_sessions_per_week": number(form.get("max_sessions_per_week"))}
    return body | given(**kept, **home, **week)


def _version(page: Page) -> int | None:
    version = number(page.form.get("version"))
    return version if isinstance(version, int) else None


async def _back(page: Page, lecturer_id: UUID, done: str) -> Response:
    return await page.go(f"/desk/lecturers/{lecturer_id}", done=done)
